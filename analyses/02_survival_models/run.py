"""Survival in the TCGA cohort of uterine carcinosarcoma: curves, tests, a Cox model and its check."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

import survsim

SLUG = "02_survival_models"
SCENARIO = survsim.read_yaml(Path(__file__).with_name("scenario.yml"))
DATASET, UNIT, HORIZONS = SCENARIO["dataset"], SCENARIO["unit"], SCENARIO["horizons"]
HISTOLOGY, STAGE = SCENARIO["groups"]["histology"], SCENARIO["groups"]["stage"]


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Estimate and write; quick and full are the same, as nothing here takes time."""
    evidence = survsim.load_evidence()
    ledger = survsim.Ledger(analysis=SLUG, mode="quick" if quick else "full", data_checksum=evidence.checksum)
    describe_cohort(ledger, evidence)
    overall_survival(ledger, evidence, results)
    progression(ledger, evidence)
    regression(ledger, evidence, results)
    treated(ledger, evidence, results)
    ledger.save(results / "summary.json")


def describe_cohort(ledger: survsim.Ledger, evidence: survsim.EvidenceStore) -> None:
    """Who the patients are."""
    patients = evidence.patients(DATASET)
    count = survsim.Provenance.of("count", f"patients:{DATASET}")
    ledger.record("cohort.patients", len(patients), provenance=count)
    ledger.record("cohort.age.median", float(patients["age_years"].median()), unit="years", provenance=count)
    ledger.record("cohort.age.low", float(patients["age_years"].min()), unit="years", provenance=count)
    ledger.record("cohort.age.high", float(patients["age_years"].max()), unit="years", provenance=count)
    for column, prefix in (
        (STAGE, "cohort.stage"),
        (HISTOLOGY, "cohort.histology"),
        ("histologic_subtype", "cohort.histology_registry"),
    ):
        for label, n in patients[column].value_counts().items():
            ledger.record(f"{prefix}.{label}", int(n), provenance=count)


def overall_survival(ledger: survsim.Ledger, evidence: survsim.EvidenceStore, results: Path) -> None:
    """Kaplan-Meier overall, by stage and by histology, and where the index case's 11 months fall."""
    surv = evidence.surv(DATASET, endpoint="overall_survival", unit=UNIT)
    patients = evidence.patients(DATASET, endpoint="overall_survival")
    whole = survsim.kaplan_meier(surv)
    record_curves(ledger, "os", whole, times=HORIZONS["overall_survival"])
    case = SCENARIO["index_case"]
    lived = float(evidence.cases().set_index("case_id").loc[case, "survival_from_cns_months"])
    at_case = whole.survival_at([lived])
    ledger.record("os.at_index_case", at_case.estimate[0], conf_low=at_case.conf_low[0],
                  conf_high=at_case.conf_high[0], provenance=survsim.Provenance.of(
                      "survival_at", whole, f"cases:{case}", times=[lived]))  # fmt: skip
    ledger.record("index_case.survival", lived, unit=UNIT,
                  provenance=survsim.Provenance.of("as_printed", f"cases:{case}"))  # fmt: skip
    follow_up = survsim.reverse_kaplan_meier(surv).median()
    ledger.record("os.follow_up", follow_up.estimate[0], unit=UNIT, conf_low=follow_up.conf_low[0],
                  conf_high=follow_up.conf_high[0], provenance=follow_up)  # fmt: skip
    whole.save(results / "os_curve.csv")
    for name, column in SCENARIO["groups"].items():
        curves = survsim.kaplan_meier(surv, by=patients[column])
        record_curves(ledger, f"os.{name}", curves, times=HORIZONS["by_group"])
        test = survsim.logrank_test(surv, by=patients[column])
        ledger.record(f"os.{name}.chi2", test.chi2, provenance=test)
        ledger.record(f"os.{name}.df", test.df, provenance=test)
        ledger.record(f"os.{name}.p_value", test.p_value, provenance=test)
        curves.save(results / f"os_by_{name}.csv")


def progression(ledger: survsim.Ledger, evidence: survsim.EvidenceStore) -> None:
    """The progression-free interval, and the derived progression-free survival beside it."""
    for endpoint, prefix in (("progression_free_interval", "pfi"), ("progression_free_survival", "pfs")):
        surv = evidence.surv(DATASET, endpoint=endpoint, unit=UNIT)
        record_curves(ledger, prefix, survsim.kaplan_meier(surv), times=HORIZONS["progression"])


def regression(ledger: survsim.Ledger, evidence: survsim.EvidenceStore, results: Path) -> None:
    """Cox model of overall survival on age, advanced stage and heterologous histology, with its check."""
    surv, covariates = model_data(evidence)
    covariates.to_csv(results / "covariates.csv", index=False, lineterminator="\n")
    fit = survsim.cox_ph(surv, SCENARIO["formula"], covariates)
    ledger.record("cox.formula", SCENARIO["formula"], provenance=fit)
    frame = fit.to_frame()
    for row in frame.itertuples():
        ledger.record(f"cox.{row.term}", row.hazard_ratio, conf_low=row.conf_low, conf_high=row.conf_high,
                      provenance=fit)  # fmt: skip
        ledger.record(f"cox.{row.term}.p_value", row.p_value, provenance=fit)
    ledger.record("cox.n_event", fit.n_event, provenance=fit)
    ledger.record("cox.terms", len(fit.terms), provenance=fit)
    ledger.record("cox.events_per_term", fit.n_event / len(fit.terms), provenance=fit)
    check = fit.proportional_hazards_test()
    for row in check.to_frame().itertuples():
        ledger.record(f"ph.{row.term}.p_value", row.p_value, provenance=check)
    fit.save(results / "cox.csv")
    check.save(results / "proportional_hazards.csv")


def model_data(evidence: survsim.EvidenceStore) -> tuple[survsim.Surv, pd.DataFrame]:
    """Response and covariates of the Cox model, in one order."""
    patients = evidence.patients(DATASET, endpoint="overall_survival")
    covariates = pd.DataFrame(
        {
            "age_decades": patients["age_years"] / 10.0,
            "advanced": patients[STAGE].isin(SCENARIO["advanced_stages"]).astype(float),
            "heterologous": (patients[HISTOLOGY] == "heterologous").astype(float),
        }
    )
    return evidence.surv(DATASET, endpoint="overall_survival", unit=UNIT), covariates


def treated(ledger: survsim.Ledger, evidence: survsim.EvidenceStore, results: Path) -> None:
    """The split by the postoperative drug flag, with what contradicts it: a warning, not an effect."""
    surv = evidence.surv(DATASET, endpoint="overall_survival", unit=UNIT)
    patients = evidence.patients(DATASET, endpoint="overall_survival")
    flag = patients["postoperative_drug_therapy"].fillna("")
    known = (flag != "").to_numpy()
    curves = survsim.kaplan_meier(surv.take(known), by=flag[known])
    record_curves(ledger, "drug_flag", curves, times=HORIZONS["drug_flag"])
    count = survsim.Provenance.of("count", f"patients:{DATASET}")
    has_record = patients["drug_records_n"].fillna(0) > 0
    ledger.record("drug_flag.unanswered", int((~known).sum()), provenance=count)
    ledger.record("drug_flag.no_with_records", int(((flag == "no") & has_record).sum()), provenance=count)
    ledger.record("drug_flag.unanswered_with_records", int((~known & has_record).sum()), provenance=count)
    drugs = evidence.timelines("drugs", DATASET)
    first = drugs.groupby("patient_id")["start_day"].min().dropna()
    starts = survsim.Provenance.of("count", f"patients:{DATASET}", "drugs:*")
    ledger.record("drug_flag.first_day", float(first.median()), unit="days", provenance=starts)
    curves.save(results / "os_by_drug_flag.csv")


def record_curves(
    ledger: survsim.Ledger, prefix: str, curves: survsim.KaplanMeier, *, times: list[float]
) -> None:
    """Record patients, events, median and survival at some times of each curve."""
    median = curves.median()
    for g, group in enumerate(curves.groups):
        key = prefix if group == "all" else f"{prefix}.{group}"
        ledger.record(f"{key}.patients", int(curves.n_patients[g]), provenance=curves)
        ledger.record(f"{key}.events", int(curves.n_events[g]), provenance=curves)
        ledger.record(f"{key}.median", median.estimate[g], unit=curves.unit, conf_low=median.conf_low[g],
                      conf_high=median.conf_high[g], note=reached(median.estimate[g]), provenance=median)  # fmt: skip
        inside = [t for t in times if t <= curves.time[curves.rows(group)].max()]
        at = curves.survival_at(inside)
        for row in at.to_frame().itertuples():
            if row.group == group:
                ledger.record(f"{key}.at_{row.time:g}", row.estimate, conf_low=row.conf_low,
                              conf_high=row.conf_high, provenance=at)  # fmt: skip


def reached(value: float) -> str:
    """The note of a median."""
    return "" if math.isfinite(value) else "not reached"
