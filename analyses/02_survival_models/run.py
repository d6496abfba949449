"""Survival in the TCGA cohort of uterine carcinosarcoma: curves, tests, a Cox model and its check."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import survsim

SLUG = "02_survival_models"
SCENARIO = survsim.report.read_yaml(Path(__file__).with_name("scenario.yml"))
DATASET, UNIT, HORIZONS = SCENARIO["dataset"], SCENARIO["unit"], SCENARIO["horizons"]
HISTOLOGY, STAGE = SCENARIO["groups"]["histology"], SCENARIO["groups"]["stage"]
CAUSAL = SCENARIO["causal"]


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Estimate and write; quick differs from full in the number of resamples only."""
    evidence = survsim.load_evidence()
    ledger = survsim.Ledger(
        analysis=SLUG,
        seed=CAUSAL["seed"],
        mode="quick" if quick else "full",
        data_checksum=evidence.checksum,
    )
    describe_cohort(ledger, evidence)
    overall_survival(ledger, evidence, results)
    progression(ledger, evidence)
    regression(ledger, evidence, results)
    treated(ledger, evidence, results)
    causal(ledger, evidence, results, quick=quick)
    ledger.save(results / "summary.json")


def describe_cohort(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore) -> None:
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


def overall_survival(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
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
    survsim.kaplan_meier(surv, conf_type="beta-product").save(results / "os_curve.json")
    for name, column in SCENARIO["groups"].items():
        curves = survsim.kaplan_meier(surv, by=patients[column])
        record_curves(ledger, f"os.{name}", curves, times=HORIZONS["by_group"])
        test = survsim.logrank_test(surv, by=patients[column])
        ledger.record(f"os.{name}.chi2", test.chi2, provenance=test)
        ledger.record(f"os.{name}.df", test.df, provenance=test)
        ledger.record(f"os.{name}.p_value", test.p_value, provenance=test)
        curves.save(results / f"os_by_{name}.csv")
        curves.save(results / f"os_by_{name}.json")


def progression(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore) -> None:
    """The progression-free interval, and the derived progression-free survival beside it."""
    for endpoint, prefix in (("progression_free_interval", "pfi"), ("progression_free_survival", "pfs")):
        surv = evidence.surv(DATASET, endpoint=endpoint, unit=UNIT)
        record_curves(ledger, prefix, survsim.kaplan_meier(surv), times=HORIZONS["progression"])


def regression(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
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
    fit.save(results / "cox.json")
    check.save(results / "proportional_hazards.csv")


def model_data(evidence: survsim.evidence.EvidenceStore) -> tuple[survsim.Surv, pd.DataFrame]:
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


def treated(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
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


class Cohort(NamedTuple):
    """Patients whose treatment is dated: response, start of drugs (inf for never), confounders."""

    surv: survsim.Surv
    start: Any
    covariates: pd.DataFrame

    def by(self, time: float) -> Any:
        """Who had started by a time, 0 or 1."""
        return (self.start <= time).astype(int)

    def only(self, kept: Any) -> Cohort:
        """Some of the patients."""
        return Cohort(self.surv.take(kept), self.start[kept], self.covariates[kept].reset_index(drop=True))

    def from_landmark(self, at: float) -> Cohort:
        """Those alive and followed at `at`, time counted from there, starts still from diagnosis."""
        found = survsim.landmark(self.surv, at)
        rest = self.covariates[found.kept].reset_index(drop=True)
        return Cohort(found.surv, self.start[found.kept], rest)


def causal(
    ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path, *, quick: bool
) -> None:
    """Drug therapy by 180 days against none: naive, switching covariate, landmark, weighted, standardised, emulated."""
    cohort, completed = dated_cohort(ledger, evidence)
    resamples = {"n_resamples": CAUSAL["resamples"]["quick" if quick else "full"], "seed": CAUSAL["seed"]}
    line, mark = in_unit(CAUSAL["first_line_days"]), in_unit(CAUSAL["landmark_days"])
    rows = naive(ledger, cohort, line)
    switching(ledger, cohort)
    rows += at_landmark(ledger, cohort, mark, results, resamples)
    for name, days in (
        ("emulated", CAUSAL["first_line_days"]),
        ("emulated_short", CAUSAL["sensitivity_grace_days"]),
    ):
        rows += emulated(ledger, cohort, name, days, resamples)
    rows += emulated(ledger, completed, "emulated_undated", CAUSAL["first_line_days"], resamples)
    adjusted = [row["difference"] for row in rows if row["comparison"] != "naive"]
    whole = survsim.Provenance.of(
        "range", f"patients:{DATASET}", comparisons=[row["comparison"] for row in rows]
    )
    ledger.record("causal.smallest", min(adjusted), unit=UNIT, provenance=whole)
    ledger.record("causal.largest", max(adjusted), unit=UNIT, provenance=whole)
    ledger.record("causal.tau", CAUSAL["tau"], unit=UNIT, provenance=whole)
    pd.DataFrame(rows).to_csv(results / "causal.csv", index=False, lineterminator="\n")


def in_unit(days: Any) -> Any:
    """Days in the unit of the analysis."""
    value = np.atleast_1d(np.asarray(days, dtype=float))
    made = survsim.Surv.right(value, value > 0, unit="days").to_unit(UNIT).time
    return made if np.ndim(days) else float(made[0])


def with_starts(evidence: survsim.evidence.EvidenceStore) -> tuple[Cohort, pd.Series]:
    """All patients with the start of their first drug (NaN where drugs are recorded without a day), and their flag."""
    surv, covariates = model_data(evidence)
    patients = evidence.patients(DATASET, endpoint="overall_survival")
    drugs = evidence.timelines("drugs", DATASET)
    first = patients["patient_id"].map(drugs.groupby("patient_id")["start_day"].min())
    dated, recorded = first.notna().to_numpy(), (patients["drug_records_n"].fillna(0) > 0).to_numpy()
    start = np.where(recorded, np.nan, np.inf)
    start[dated] = in_unit(first[dated].to_numpy())
    return Cohort(surv, start, covariates), patients["postoperative_drug_therapy"].fillna("")


def dated_cohort(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore) -> tuple[Cohort, Cohort]:
    """Patients with treatment defined once, by dated records, and the same with undated starts at the median."""
    whole, flag = with_starts(evidence)
    surv, start = whole.surv, whole.start
    undated, seen = np.isnan(start), surv.time > 0
    line, unflagged = start <= in_unit(CAUSAL["first_line_days"]), (flag == "").to_numpy()
    kept = ~undated & seen
    count = survsim.Provenance.of("count", f"patients:{DATASET}", "drugs:*")
    counts = {
        "patients": kept, "undated": undated, "unseen": ~seen, "treated": line & kept, "untreated": ~line & kept,
        "late": np.isfinite(start) & ~line, "treated_without_flag": line & unflagged,
        "assumed_untreated": np.isinf(start) & unflagged,
    }  # fmt: skip
    for key, rows in counts.items():
        ledger.record(f"causal.{key}", int(rows.sum()), provenance=count)
    middle = float(np.median(start[line]))
    ledger.record("causal.median_start", middle, unit=UNIT, provenance=count)
    filled = np.where(undated, middle, start)
    return whole._replace(start=start).only(kept), whole._replace(start=filled).only(seen)


def naive(ledger: survsim.Ledger, cohort: Cohort, line: float) -> list[dict[str, Any]]:
    """Groups by what happened later, from diagnosis: immortal time and all."""
    z = cohort.by(line)
    record_medians(ledger, "causal.naive", survsim.kaplan_meier(cohort.surv, by=z))
    fit = survsim.cox_ph(cohort.surv, "treated", cohort.covariates.assign(treated=z))
    record_ratio(ledger, "causal.naive", fit)
    return [record_means(ledger, "naive", survsim.rmst_test(cohort.surv, z, CAUSAL["tau"]))]


def switching(ledger: survsim.Ledger, cohort: Cohort) -> None:
    """Cox models in which treatment switches on when it starts."""
    crude = survsim.causal.time_varying_treatment(cohort.surv, cohort.start)
    adjusted = survsim.causal.time_varying_treatment(
        cohort.surv, cohort.start, CAUSAL["confounders"], cohort.covariates
    )
    record_ratio(ledger, "causal.switching", crude)
    record_ratio(ledger, "causal.switching_adjusted", adjusted)


def at_landmark(
    ledger: survsim.Ledger, cohort: Cohort, mark: float, results: Path, resamples: dict[str, Any]
) -> list[dict[str, Any]]:
    """From the landmark on, by what had happened before it: crude, weighted, standardised."""
    there = cohort.from_landmark(mark)
    z, left = there.by(mark), CAUSAL["tau"] - mark
    frame = there.covariates.assign(treated=z)
    frame.to_csv(results / "landmark.csv", index=False, lineterminator="\n")
    record_medians(ledger, "causal.landmark", survsim.kaplan_meier(there.surv, by=z))
    rows = [record_means(ledger, "landmark", survsim.rmst_test(there.surv, z, left))]
    weighted = survsim.ipw_kaplan_meier(there.surv, z, CAUSAL["confounders"], frame, tau=left, **resamples)
    rows.append(record_contrast(ledger, "weighted", weighted))
    fit = survsim.cox_ph(there.surv, f"treated + {CAUSAL['confounders']}", frame)
    record_ratio(ledger, "causal.landmark_adjusted", fit)
    record_ratio(ledger, "causal.weighted", survsim.ipw_cox(there.surv, z, weights=weighted.weights))
    standard = survsim.standardised_survival(fit, frame, "treated", tau=left, **resamples)
    rows.append(record_contrast(ledger, "standardised", standard))
    made = survsim.balance(weighted.weights)
    made.save(results / "balance.csv")
    made.save(results / "balance.json")
    weighted.weights.save(results / "weights.json")
    before, after = np.abs(made.difference_before).max(), np.abs(made.difference_after).max()
    ledger.record("causal.balance.before", float(before), provenance=made)
    ledger.record("causal.balance.after", float(after), provenance=made)
    for g, name in enumerate(("untreated", "treated")):
        ledger.record(f"causal.landmark.{name}", int((z == g).sum()), provenance=weighted)
        ledger.record(f"causal.effective.{name}", float(made.effective_size[g]), provenance=made)
    ledger.record("causal.weight.largest", float(weighted.weights.weight.max()), provenance=weighted.weights)
    ledger.record("causal.outside", weighted.weights.n_outside, provenance=weighted.weights)
    ledger.record("causal.confounders", CAUSAL["confounders"], provenance=weighted.weights)
    ledger.record("causal.landmark.days", CAUSAL["landmark_days"], unit="days", provenance=weighted)
    return rows


def emulated(
    ledger: survsim.Ledger, cohort: Cohort, name: str, days: int, resamples: dict[str, Any]
) -> list[dict[str, Any]]:
    """The target trial: start within the grace period, or do not."""
    trial = survsim.clone_censor_weight(
        cohort.surv, cohort.start, grace=in_unit(days), formula=CAUSAL["confounders"], data=cohort.covariates,
        times=CAUSAL["times"], tau=CAUSAL["tau"], **resamples,
    )  # fmt: skip
    ledger.record(f"causal.{name}.grace", days, unit="days", provenance=trial)
    for time in CAUSAL["times"]:
        for group, word in (("not within grace", "untreated"), ("within grace", "treated")):
            found = trial.row("survival", group, time)
            ledger.record(f"causal.{name}.{word}.at_{time:g}", found["estimate"], conf_low=found["conf_low"],
                          conf_high=found["conf_high"], provenance=trial)  # fmt: skip
    for g, word in enumerate(("untreated", "treated")):
        ledger.record(f"causal.{name}.{word}.after", int(trial.n_after[g]), provenance=trial)
        ledger.record(f"causal.{name}.{word}.effective", float(trial.effective_size[g]), provenance=trial)
        ledger.record(f"causal.{name}.{word}.weight_max", float(trial.weight_max[g]), provenance=trial)
    return [record_contrast(ledger, name, trial)]


def record_means(ledger: survsim.Ledger, name: str, test: survsim.nonparametric.Contrast) -> dict[str, Any]:
    """Difference of restricted means by formula."""
    values = (float(test.contrast_estimate[0]), float(test.conf_low[0]), float(test.conf_high[0]))
    return record_difference(ledger, name, values, test)


def record_contrast(ledger: survsim.Ledger, name: str, made: survsim.causal.CausalContrast) -> dict[str, Any]:
    """Difference of restricted means by bootstrap."""
    row = made.row("rmst", "difference")
    ledger.record(f"causal.{name}.undefined", made.n_undefined, provenance=made)
    return record_difference(ledger, name, (row["estimate"], row["conf_low"], row["conf_high"]), made)


def record_difference(
    ledger: survsim.Ledger, name: str, values: tuple[float, float, float], source: Any
) -> dict[str, Any]:
    """One line of the table of comparisons."""
    ledger.record(f"causal.{name}.difference", values[0], unit=UNIT, conf_low=values[1], conf_high=values[2],
                  provenance=source)  # fmt: skip
    return {"comparison": name, "difference": values[0], "conf_low": values[1], "conf_high": values[2]}


def record_ratio(ledger: survsim.Ledger, key: str, fit: survsim.cox.CoxFit) -> None:
    """Hazard ratio of treatment."""
    row = fit.to_frame().set_index("term").loc["treated"]
    ledger.record(f"{key}.hazard_ratio", float(row["hazard_ratio"]), conf_low=float(row["conf_low"]),
                  conf_high=float(row["conf_high"]), provenance=fit)  # fmt: skip


def record_medians(ledger: survsim.Ledger, key: str, curves: survsim.nonparametric.KaplanMeier) -> None:
    """Median survival of both groups."""
    middle = curves.median()
    for g, word in enumerate(("untreated", "treated")):
        ledger.record(f"{key}.{word}.median", middle.estimate[g], unit=UNIT, conf_low=middle.conf_low[g],
                      conf_high=middle.conf_high[g], note=reached(middle.estimate[g]), provenance=middle)  # fmt: skip


def record_curves(
    ledger: survsim.Ledger, prefix: str, curves: survsim.nonparametric.KaplanMeier, *, times: list[float]
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
