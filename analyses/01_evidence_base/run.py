"""What the literature on carcinosarcoma holds, and one question that it can answer."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import pandas as pd

import survsim

SLUG = "01_evidence_base"
SCENARIO = Path(__file__).with_name("scenario.yml")
DESIGNS = {
    "rct": "randomised trial",
    "phase2_single_arm": "single-arm phase II trial",
    "meta_analysis": "meta-analysis",
    "registry": "registry",
    "retrospective_cohort": "retrospective cohort",
    "case_series": "case series",
}
MEASURES = ("median", "survival_probability", "hazard_ratio", "proportion")
STUDIES = survsim.Provenance.of("count", "studies:*")
NUMBERS = survsim.Provenance.of("count", "estimates:*", "studies:*")


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Count the evidence, pool the randomised comparisons of ifosfamide doublets, write results.

    Quick and full are the same here: nothing takes time, and one process is enough.
    """
    evidence = survsim.load_evidence()
    ledger = survsim.Ledger(analysis=SLUG, mode="quick" if quick else "full", data_checksum=evidence.checksum)
    count_evidence(ledger, evidence, results)
    pool_doublets(ledger, evidence, results)
    ledger.save(results / "summary.json")


def count_evidence(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
    """Studies and numbers by population, design, grade, endpoint and measure."""
    studies, estimates = evidence.studies, evidence.estimates
    ledger.record("studies.all", len(studies), provenance=STUDIES)
    ledger.record("estimates.all", len(estimates), provenance=NUMBERS)
    ledger.record("cases.all", len(evidence.cases()), provenance=survsim.Provenance.of("count", "cases:*"))
    strict = int((evidence.cases()["strict_cns"] == "yes").sum())
    ledger.record("cases.strict_cns", strict, provenance=survsim.Provenance.of("count", "cases:*"))
    for value, n in studies["population"].value_counts().items():
        ledger.record(f"studies.{value}", int(n), provenance=STUDIES)
    disease = studies[studies["population"] == "index"]
    randomised = int((disease["design"] == "rct").sum())
    ledger.record("studies.index_randomised", randomised, provenance=STUDIES)
    full_text = int((studies["read_what"] == "full_text").sum())
    ledger.record("studies.read_in_full", full_text, provenance=STUDIES)
    of_disease = estimates[estimates["population"] == "index"]
    ratios = of_disease[of_disease["measure"] == "hazard_ratio"]
    ledger.record("ratios.index", len(ratios), provenance=NUMBERS)
    ledger.record("ratios.index_randomised", int((ratios["design"] == "rct").sum()), provenance=NUMBERS)
    whole = ratios["conf_low"].notna() & ratios["conf_high"].notna()
    ledger.record("ratios.index_with_interval", int(whole.sum()), provenance=NUMBERS)
    shares = of_disease[of_disease["measure"] == "survival_probability"]
    banded = shares["conf_low"].notna() & shares["conf_high"].notna()
    ledger.record("probabilities.index", len(shares), provenance=NUMBERS)
    ledger.record("probabilities.index_with_interval", int(banded.sum()), provenance=NUMBERS)
    ledger.record("overlaps.clusters", evidence.overlaps["cluster_id"].nunique(),
                  provenance=survsim.Provenance.of("count", "overlaps:*"))  # fmt: skip
    ledger.record(
        "curves.points", len(evidence.curves), provenance=survsim.Provenance.of("count", "curves:*")
    )
    write(results / "designs.csv", designs_table(studies))
    write(results / "coverage.csv", coverage_table(of_disease))


def designs_table(studies: pd.DataFrame) -> pd.DataFrame:
    """Studies by design and by what they are about."""
    counted = pd.crosstab(studies["design"], studies["population"])
    counted = counted.assign(all=counted.sum(axis=1)).sort_values("all", ascending=False).reset_index()
    return counted.replace({"design": DESIGNS})


def coverage_table(estimates: pd.DataFrame) -> pd.DataFrame:
    """Numbers of the disease by endpoint and measure."""
    counted = pd.crosstab(estimates["endpoint"], estimates["measure"])
    shown = counted.reindex(columns=list(MEASURES), fill_value=0)
    shown = shown.assign(other=counted.sum(axis=1) - shown.sum(axis=1), all=counted.sum(axis=1))
    shown = shown.sort_values("all", ascending=False).reset_index()
    return shown.assign(endpoint=shown["endpoint"].str.replace("_", " "))


def pool_doublets(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
    """Overall survival on an ifosfamide doublet against its randomised control, uterus."""
    scenario = survsim.report.read_yaml(SCENARIO)
    found = evidence.select(**scenario["question"])
    effects = survsim.effect_sizes(found.records)
    pooled = survsim.meta_analysis(
        effects.log_hazard_ratio, effects.std_error, labels=effects.labels, source=effects
    )
    ledger.record("doublet.k", pooled.k, provenance=pooled)
    ratio(ledger, "doublet.hazard_ratio", pooled.estimate, pooled.conf_low, pooled.conf_high, pooled)
    ratio(ledger, "doublet.new_study", pooled.estimate, pooled.prediction_low, pooled.prediction_high, pooled)
    ledger.record("doublet.log_hazard_ratio", pooled.estimate, provenance=pooled)
    ledger.record("doublet.std_error", pooled.std_error, provenance=pooled)
    ledger.record("doublet.p_value", pooled.p_value, provenance=pooled)
    ledger.record("doublet.tau2", pooled.tau2, provenance=pooled, conf_low=pooled.tau2_conf_low,
                  conf_high=pooled.tau2_conf_high)  # fmt: skip
    ledger.record("doublet.i2", pooled.i2, unit="%", provenance=pooled)
    ledger.record("doublet.q", pooled.q, provenance=pooled)
    normal = survsim.meta_analysis(
        effects.log_hazard_ratio,
        effects.std_error,
        labels=effects.labels,
        source=effects,
        conf_method="wald",
    )
    ratio(ledger, "doublet.normal", normal.estimate, normal.conf_low, normal.conf_high, normal)
    reviewed = scenario["published_pool"]
    single = survsim.effect_sizes([r for r in found.records if r.comparator == reviewed["comparator"]])
    with warnings.catch_warnings():
        # Two trials by the method of the published review, for comparison with it and for nothing else.
        warnings.simplefilter("ignore", survsim.errors.SmallSampleWarning)
        fixed = survsim.meta_analysis(
            single.log_hazard_ratio, single.std_error, labels=single.labels, source=single, method="fixed",
            conf_method="wald",
        )  # fmt: skip
    ratio(ledger, "doublet.v_ifosfamide", fixed.estimate, fixed.conf_low, fixed.conf_high, fixed)
    published = evidence.estimate(reviewed["estimate"])
    ledger.record("doublet.published_pool", published.value, conf_low=published.conf_low,
                  conf_high=published.conf_high,
                  provenance=survsim.Provenance.of("as_printed", published))  # fmt: skip
    shown = pooled.to_frame()
    for record, effect, row in zip(found.records, effects.effects, shown.itertuples()):
        ratio(ledger, f"trial.{record.study_id}", row.estimate, row.conf_low, row.conf_high, effect)
    cited = evidence.studies[evidence.studies["study_id"].isin(found.study_ids)]
    names = {s.study_id: f"{s.first_author.split()[0]} {s.year:.0f}" for s in cited.itertuples()}
    trials = found.frame.assign(
        trial=[names[s] for s in found.frame["study_id"]],
        route=[e.route for e in effects.effects],
        control=found.frame["comparator"].map(scenario["control_names"]),
    )
    trials["comparison"] = trials["trial"] + ": " + trials["arm_label"] + "\nv " + trials["control"]
    write(results / "trials.csv", trials)
    write(
        results / "left_out.csv",
        found.left_out.groupby("reason", sort=False).size().reset_index(name="numbers"),
    )
    pooled.save(results / "pooled.csv")
    shown_as = survsim.meta_analysis(
        effects.log_hazard_ratio, effects.std_error, source=effects, labels=trials["comparison"]
    )
    shown_as.save(results / "pooled.json")


def ratio(
    ledger: survsim.Ledger, key: str, log_value: float, low: float, high: float, source: object
) -> None:
    """Record a hazard ratio from its logarithm."""
    ledger.record(
        key, math.exp(log_value), conf_low=math.exp(low), conf_high=math.exp(high), provenance=source
    )


def write(path: Path, frame: pd.DataFrame) -> None:
    """Write a table."""
    frame.to_csv(path, index=False, lineterminator="\n")
