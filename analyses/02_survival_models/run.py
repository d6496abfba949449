"""Survival in the TCGA cohort of uterine carcinosarcoma: curves, tests, a Cox model and its check."""

from __future__ import annotations

import math
import warnings
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
PLANS = {name: CAUSAL | SCENARIO[name] for name in ("causal", "radiotherapy")}
"""Of each treatment that is compared: what counts as given, and by when. What both share stands under `causal`."""


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Estimate and write; quick differs from full in the number of resamples only."""
    evidence = survsim.load_evidence()
    ledger = survsim.Ledger(
        analysis=SLUG,
        seed=CAUSAL["seed"],
        mode="quick" if quick else "full",
        data_checksum=evidence.checksum,
    )
    survsim.report.count_protocol(ledger, evidence, Path(__file__).with_name("protocol.yml"), results)
    describe_cohort(ledger, evidence)
    overall_survival(ledger, evidence, results)
    causes(ledger, evidence, results)
    families(ledger, evidence, results)
    progression(ledger, evidence)
    regression(ledger, evidence, results)
    treated(ledger, evidence, results)
    for name in PLANS:
        compare_treatment(ledger, evidence, results, name, quick=quick)
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
    trend(ledger, surv, patients[STAGE])


def trend(ledger: survsim.Ledger, surv: survsim.Surv, stage: pd.Series) -> None:
    """Stages are ordered: one degree of freedom in their order in place of three without."""
    test = survsim.logrank_test(surv, by=stage, trend=True)
    ledger.record("os.stage.trend.chi2", test.chi2, provenance=test)
    ledger.record("os.stage.trend.p_value", test.p_value, provenance=test)
    order = stage.map({label: float(k) for k, label in enumerate(sorted(stage.unique()))})
    fit = survsim.cox_ph(surv, "stage", pd.DataFrame({"stage": order}))
    row = fit.to_frame().iloc[0]
    ledger.record("os.stage.trend.hazard_ratio", row["hazard_ratio"], conf_low=row["conf_low"],
                  conf_high=row["conf_high"], provenance=fit)  # fmt: skip
    ledger.record("os.stage.trend.wald_p_value", row["p_value"], provenance=fit)


def causes(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
    """Deaths of the tumour and of other causes, each the other's competing event."""
    surv = evidence.competing(DATASET, unit=UNIT)
    curves = survsim.aalen_johansen(surv)
    count = survsim.Provenance.of("count", curves, f"patients:{DATASET}")
    ledger.record("cause.patients", len(surv), provenance=count)
    everybody = len(evidence.surv(DATASET, endpoint="overall_survival", unit=UNIT))
    ledger.record("cause.unknown", everybody - len(surv), provenance=count)
    for k, cause in enumerate(curves.causes):
        ledger.record(f"cause.{cause}.deaths", int(curves.n_events[0, k]), provenance=curves)
    for row in curves.incidence_at(HORIZONS["overall_survival"]).itertuples():
        ledger.record(f"cause.{row.cause}.at_{row.time:g}", row.estimate, conf_low=row.conf_low,
                      conf_high=row.conf_high, provenance=curves)  # fmt: skip
    curves.save(results / "causes.json")


def families(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
    """Laws that fit what was seen nearly alike, and where they part beyond it."""
    surv = evidence.surv(DATASET, endpoint="overall_survival", unit=UNIT)
    made = survsim.compare_families(surv)
    average = survsim.model_average(made)
    beyond = SCENARIO["extrapolation"]
    table = made.to_frame().set_index("family")
    rows = []
    for fit in made.fits:
        law = fit.distribution()
        at = {f"at_{t:g}": float(law.survival(t)) for t in beyond}
        rows.append({"family": fit.family.replace("_", " "), "delta_aic": table.loc[fit.family, "delta_aic"],
                     "weight_aic": table.loc[fit.family, "weight_aic"], "median": float(law.quantile(0.5))} | at)  # fmt: skip
        for key, value in at.items():
            ledger.record(f"family.{fit.family}.{key}", value, provenance=fit)
    shown = pd.DataFrame(rows).sort_values("delta_aic")
    shown.to_csv(results / "families.csv", index=False, lineterminator="\n")
    for t in beyond:
        values = shown[f"at_{t:g}"]
        ledger.record(f"families.at_{t:g}.low", float(values.min()), provenance=made)
        ledger.record(f"families.at_{t:g}.high", float(values.max()), provenance=made)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", survsim.errors.ExtrapolationWarning)  # it is what is shown
        far = average.predict_survival(times=[float(t) for t in beyond])
    for row in far.to_frame().itertuples():
        ledger.record(f"families.average.at_{row.time:g}", row.survival, conf_low=row.conf_low,
                      conf_high=row.conf_high, provenance=average)  # fmt: skip
    best = made.best().family
    ledger.record("families.best", best.replace("_", "-"), provenance=made)
    ledger.record("families.best.weight", float(table.loc[best, "weight_aic"]), provenance=made)
    ledger.record("families.spread", float(table["delta_aic"].max()), provenance=made)
    ledger.record("families.number", len(made.fits), provenance=made)
    late = int((surv.time > max(HORIZONS["overall_survival"])).sum())
    ledger.record("families.seen_late", late, provenance=made)
    ledger.record("families.end", made.fits[0].end_of_follow_up, unit=UNIT, provenance=made)
    made.save(results / "families.json")


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
    """Patients whose treatment is dated: response, its start (inf for never), confounders, and which it is."""

    surv: survsim.Surv
    start: Any
    covariates: pd.DataFrame
    name: str

    @property
    def plan(self) -> dict[str, Any]:
        """What the scenario says of this treatment."""
        return PLANS[self.name]

    def by(self, time: float) -> Any:
        """Who had started by a time, 0 or 1."""
        return (self.start <= time).astype(int)

    def only(self, kept: Any) -> Cohort:
        """Some of the patients."""
        return Cohort(
            self.surv.take(kept), self.start[kept], self.covariates[kept].reset_index(drop=True), self.name
        )

    def from_landmark(self, at: float) -> Cohort:
        """Those alive and followed at `at`, time counted from there, starts still from diagnosis."""
        found = survsim.landmark(self.surv, at)
        rest = self.covariates[found.kept].reset_index(drop=True)
        return Cohort(found.surv, self.start[found.kept], rest, self.name)


def compare_treatment(
    ledger: survsim.Ledger,
    evidence: survsim.evidence.EvidenceStore,
    results: Path,
    name: str,
    *,
    quick: bool,
) -> None:
    """A treatment by its day against none: naive, switching covariate, landmark, weighted, standardised, emulated."""
    cohort, completed = dated_cohort(ledger, evidence, name)
    plan = cohort.plan
    resamples = {"n_resamples": plan["resamples"]["quick" if quick else "full"], "seed": plan["seed"]}
    line, mark = in_unit(plan["first_line_days"]), in_unit(plan["landmark_days"])
    rows = naive(ledger, cohort, line)
    switching(ledger, cohort)
    rows += at_landmark(ledger, cohort, mark, results, resamples)
    for kind, days in (
        ("emulated", plan["first_line_days"]),
        ("emulated_short", plan["sensitivity_grace_days"]),
    ):
        rows += emulated(ledger, cohort, kind, days, resamples)
    if completed is not None:
        rows += emulated(ledger, completed, "emulated_undated", plan["first_line_days"], resamples)
    adjusted = [row["difference"] for row in rows if row["comparison"] != "naive"]
    whole = survsim.Provenance.of(
        "range", f"patients:{DATASET}", comparisons=[row["comparison"] for row in rows]
    )
    ledger.record(f"{name}.smallest", min(adjusted), unit=UNIT, provenance=whole)
    ledger.record(f"{name}.largest", max(adjusted), unit=UNIT, provenance=whole)
    ledger.record(f"{name}.tau", plan["tau"], unit=UNIT, provenance=whole)
    pd.DataFrame(rows).to_csv(results / f"{name}.csv", index=False, lineterminator="\n")


def in_unit(days: Any) -> Any:
    """Days in the unit of the analysis."""
    value = np.atleast_1d(np.asarray(days, dtype=float))
    made = survsim.Surv.right(value, value > 0, unit="days").to_unit(UNIT).time
    return made if np.ndim(days) else float(made[0])


def with_starts(evidence: survsim.evidence.EvidenceStore, name: str) -> tuple[Cohort, pd.Series]:
    """All patients with the start of their first course (NaN where one is recorded without a day), and their flag."""
    surv, covariates = model_data(evidence)
    patients, given = evidence.patients(DATASET, endpoint="overall_survival"), PLANS[name]["given"]
    courses = evidence.timelines(given["table"], DATASET)
    if "not_target" in given:  # a course for a relapse is not the first treatment
        courses = courses[~courses["target"].isin(given["not_target"])]
    first = patients["patient_id"].map(courses.groupby("patient_id")["start_day"].min())
    dated, recorded = first.notna().to_numpy(), patients["patient_id"].isin(courses["patient_id"]).to_numpy()
    start = np.where(recorded, np.nan, np.inf)
    start[dated] = in_unit(first[dated].to_numpy())
    return Cohort(surv, start, covariates, name), patients[given["flag"]].fillna("")


def dated_cohort(
    ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, name: str
) -> tuple[Cohort, Cohort | None]:
    """Patients with treatment defined once, by dated records, and the same with undated starts at the median, if any."""
    whole, flag = with_starts(evidence, name)
    surv, start, plan = whole.surv, whole.start, whole.plan
    undated, seen = np.isnan(start), surv.time > 0
    line, unflagged = start <= in_unit(plan["first_line_days"]), (flag == "").to_numpy()
    kept = ~undated & seen
    count = survsim.Provenance.of("count", f"patients:{DATASET}", f"{plan['given']['table']}:*")
    counts = {
        "recorded": np.isfinite(start) | undated, "patients": kept, "undated": undated, "unseen": ~seen,
        "treated": line & kept, "untreated": ~line & kept,
        "late": np.isfinite(start) & ~line, "treated_without_flag": line & unflagged,
        "assumed_untreated": np.isinf(start) & unflagged,
    }  # fmt: skip
    for key, rows in counts.items():
        ledger.record(f"{name}.{key}", int(rows.sum()), provenance=count)
    anything = evidence.timelines(plan["given"]["table"], DATASET)["patient_id"].nunique()
    ledger.record(f"{name}.any_record", int(anything), provenance=count)
    middle = float(np.median(start[line]))
    ledger.record(f"{name}.median_start", middle, unit=UNIT, provenance=count)
    filled = whole._replace(start=np.where(undated, middle, start)).only(seen) if undated.any() else None
    return whole.only(kept), filled


def naive(ledger: survsim.Ledger, cohort: Cohort, line: float) -> list[dict[str, Any]]:
    """Groups by what happened later, from diagnosis: immortal time and all."""
    z = cohort.by(line)
    record_medians(ledger, f"{cohort.name}.naive", survsim.kaplan_meier(cohort.surv, by=z))
    fit = survsim.cox_ph(cohort.surv, "treated", cohort.covariates.assign(treated=z))
    record_ratio(ledger, f"{cohort.name}.naive", fit)
    return [
        record_means(ledger, f"{cohort.name}.naive", survsim.rmst_test(cohort.surv, z, cohort.plan["tau"]))
    ]


def switching(ledger: survsim.Ledger, cohort: Cohort) -> None:
    """Cox models in which treatment switches on when it starts."""
    crude = survsim.causal.time_varying_treatment(cohort.surv, cohort.start)
    adjusted = survsim.causal.time_varying_treatment(
        cohort.surv, cohort.start, cohort.plan["confounders"], cohort.covariates
    )
    record_ratio(ledger, f"{cohort.name}.switching", crude)
    record_ratio(ledger, f"{cohort.name}.switching_adjusted", adjusted)


def at_landmark(
    ledger: survsim.Ledger, cohort: Cohort, mark: float, results: Path, resamples: dict[str, Any]
) -> list[dict[str, Any]]:
    """From the landmark on, by what had happened before it: crude, weighted, standardised."""
    own = "" if cohort.name == "causal" else f"{cohort.name}_"
    there = cohort.from_landmark(mark)
    z, left = there.by(mark), cohort.plan["tau"] - mark
    frame = there.covariates.assign(treated=z)
    frame.to_csv(results / f"{own}landmark.csv", index=False, lineterminator="\n")
    record_medians(ledger, f"{cohort.name}.landmark", survsim.kaplan_meier(there.surv, by=z))
    rows = [record_means(ledger, f"{cohort.name}.landmark", survsim.rmst_test(there.surv, z, left))]
    weighted = survsim.ipw_kaplan_meier(
        there.surv, z, cohort.plan["confounders"], frame, tau=left, **resamples
    )
    rows.append(record_contrast(ledger, f"{cohort.name}.weighted", weighted))
    fit = survsim.cox_ph(there.surv, f"treated + {cohort.plan['confounders']}", frame)
    record_ratio(ledger, f"{cohort.name}.landmark_adjusted", fit)
    record_ratio(ledger, f"{cohort.name}.weighted", survsim.ipw_cox(there.surv, z, weights=weighted.weights))
    standard = survsim.standardised_survival(fit, frame, "treated", tau=left, **resamples)
    rows.append(record_contrast(ledger, f"{cohort.name}.standardised", standard))
    made = survsim.balance(weighted.weights)
    made.save(results / f"{own}balance.csv")
    made.save(results / f"{own}balance.json")
    weighted.weights.save(results / f"{own}weights.json")
    before, after = np.abs(made.difference_before).max(), np.abs(made.difference_after).max()
    ledger.record(f"{cohort.name}.balance.before", float(before), provenance=made)
    ledger.record(f"{cohort.name}.balance.after", float(after), provenance=made)
    for g, name in enumerate(("untreated", "treated")):
        ledger.record(f"{cohort.name}.landmark.{name}", int((z == g).sum()), provenance=weighted)
        ledger.record(f"{cohort.name}.effective.{name}", float(made.effective_size[g]), provenance=made)
    ledger.record(
        f"{cohort.name}.weight.largest", float(weighted.weights.weight.max()), provenance=weighted.weights
    )
    ledger.record(f"{cohort.name}.outside", weighted.weights.n_outside, provenance=weighted.weights)
    ledger.record(f"{cohort.name}.confounders", cohort.plan["confounders"], provenance=weighted.weights)
    ledger.record(
        f"{cohort.name}.landmark.days", cohort.plan["landmark_days"], unit="days", provenance=weighted
    )
    return rows


def emulated(
    ledger: survsim.Ledger, cohort: Cohort, name: str, days: int, resamples: dict[str, Any]
) -> list[dict[str, Any]]:
    """The target trial: start within the grace period, or do not."""
    trial = survsim.clone_censor_weight(
        cohort.surv, cohort.start, grace=in_unit(days), formula=cohort.plan["confounders"], data=cohort.covariates,
        times=cohort.plan["times"], tau=cohort.plan["tau"], **resamples,
    )  # fmt: skip
    ledger.record(f"{cohort.name}.{name}.grace", days, unit="days", provenance=trial)
    for time in cohort.plan["times"]:
        for group, word in (("not within grace", "untreated"), ("within grace", "treated")):
            found = trial.row("survival", group, time)
            ledger.record(f"{cohort.name}.{name}.{word}.at_{time:g}", found["estimate"], conf_low=found["conf_low"],
                          conf_high=found["conf_high"], provenance=trial)  # fmt: skip
    for g, word in enumerate(("untreated", "treated")):
        ledger.record(f"{cohort.name}.{name}.{word}.after", int(trial.n_after[g]), provenance=trial)
        ledger.record(
            f"{cohort.name}.{name}.{word}.effective", float(trial.effective_size[g]), provenance=trial
        )
        ledger.record(f"{cohort.name}.{name}.{word}.weight_max", float(trial.weight_max[g]), provenance=trial)
    return [record_contrast(ledger, f"{cohort.name}.{name}", trial)]


def record_means(ledger: survsim.Ledger, key: str, test: survsim.nonparametric.Contrast) -> dict[str, Any]:
    """Difference of restricted means by formula."""
    values = (float(test.contrast_estimate[0]), float(test.conf_low[0]), float(test.conf_high[0]))
    return record_difference(ledger, key, values, test)


def record_contrast(ledger: survsim.Ledger, key: str, made: survsim.causal.CausalContrast) -> dict[str, Any]:
    """Difference of restricted means by bootstrap."""
    row = made.row("rmst", "difference")
    ledger.record(f"{key}.undefined", made.n_undefined, provenance=made)
    return record_difference(ledger, key, (row["estimate"], row["conf_low"], row["conf_high"]), made)


def record_difference(
    ledger: survsim.Ledger, key: str, values: tuple[float, float, float], source: Any
) -> dict[str, Any]:
    """One line of the table of comparisons."""
    ledger.record(f"{key}.difference", values[0], unit=UNIT, conf_low=values[1], conf_high=values[2],
                  provenance=source)  # fmt: skip
    return {
        "comparison": key.partition(".")[2],
        "difference": values[0],
        "conf_low": values[1],
        "conf_high": values[2],
    }


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
