"""What the literature on carcinosarcoma holds, and one question that it can answer."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

import survsim

SLUG = "01_evidence_base"
SCENARIO, PROTOCOL = (Path(__file__).with_name(f"{n}.yml") for n in ("scenario", "protocol"))
DESIGNS = {
    "rct": "randomised trial",
    "phase2_single_arm": "single-arm phase II trial",
    "meta_analysis": "meta-analysis",
    "registry": "registry",
    "retrospective_cohort": "retrospective cohort",
    "case_series": "case series",
    "prospective_cohort": "prospective cohort",
    "vignette_valuation": "valuation of vignettes",
    "cross_sectional": "cross-sectional study",
}
SHORT = {
    "csi": "craniospinal irradiation",
    "rt": "radiotherapy",
    "srs": "radiosurgery",
    "wbrt": "whole-brain radiotherapy",
}
"""Short words of the table of cases, as a reader says them."""
MEASURES = ("median", "survival_probability", "hazard_ratio", "proportion")
STUDIES = survsim.Provenance.of("count", "studies:*")
NUMBERS = survsim.Provenance.of("count", "estimates:*", "studies:*")


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Count the evidence, pool the randomised comparisons of ifosfamide doublets, write results.

    Quick and full are the same here: nothing takes time, and one process is enough.
    """
    evidence = survsim.load_evidence()
    ledger = survsim.Ledger(analysis=SLUG, mode="quick" if quick else "full", data_checksum=evidence.checksum)
    survsim.report.count_protocol(ledger, evidence, PROTOCOL, results)
    count_evidence(ledger, evidence, results)
    tell_the_field(ledger, evidence, results)
    tell_the_cases(ledger, evidence, results)
    pool_doublets(ledger, evidence, results)
    ledger.save(results / "summary.json")


def count_evidence(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
    """Studies and numbers by population, design, grade, endpoint and measure."""
    studies, estimates = evidence.studies, evidence.estimates
    ledger.record("studies.all", len(studies), provenance=STUDIES)
    ledger.record("studies.with_numbers", estimates["study_id"].nunique(), provenance=NUMBERS)
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


def tell_the_field(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
    """How numbers came in, how complete they are, and what stands between search and selection."""
    found = survsim.evidence.read_protocol(PROTOCOL, "disease").select(evidence)
    flow = evidence.flow_from_search(found.flow())
    flow.save(results / "flow_search.json")
    ledger.record("seen.studies", int(flow.studies_left[0]), provenance=flow)
    ledger.record("seen.studies_out", int(flow.studies_out[1]), provenance=flow)
    ledger.record("disease.numbers", len(found), provenance=flow)
    ledger.record("disease.studies", len(found.study_ids), provenance=flow)
    searches = evidence.searches
    ledger.record("searches.made", len(searches), provenance=survsim.Provenance.of("count", "searches:*"))
    dated = int((searches["date"] != "").sum())
    ledger.record("searches.dated", dated, provenance=survsim.Provenance.of("count", "searches:*"))
    write(results / "searches.csv", searches.replace("not_reported", "no record"))
    complete = evidence.completeness(population="index")
    told = complete.assign(
        field=complete["field"].str.replace("_", " "), percent=(100 * complete["share"]).round()
    )
    write(results / "completeness.csv", told)
    for row in complete.itertuples():
        if row.field in ("origin", "interval", "line"):
            ledger.record(f"complete.{row.field}", row.filled, provenance=NUMBERS)
            ledger.record(f"complete.{row.field}_of", row.rows, provenance=NUMBERS)


def tell_the_cases(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
    """Direct evidence for the nervous system, case by case, as printed."""
    cases = evidence.cases()
    strict = cases[cases["strict_cns"] == "yes"]
    spinal = strict["directness"] == "spinal_canal"
    timed = strict["survival_from_cns_months"].notna()
    alive = strict["last_known_alive_from_cns_months"].notna()
    primary = strict["primary_site"].str.contains("(primary)", regex=False)
    source = survsim.Provenance.of("count", "cases:*")
    counts = {
        "spinal": spinal, "intracranial": ~spinal, "primary": primary, "primary_spinal": primary & spinal,
        "timed_deaths": timed, "alive": alive, "spinal_timed": spinal & timed,
        "without_time": ~timed & ~alive,
        "systemic": strict["systemic_therapy"] != "",
    }  # fmt: skip
    for name, mask in counts.items():
        ledger.record(f"cases.{name}", int(mask.sum()), provenance=source)
    ledger.record("cases.longest_death", float(strict["survival_from_cns_months"].max()), unit="months",
                  provenance=source)  # fmt: skip
    others = strict[strict["case_id"] != "index_case"]["survival_from_cns_months"]
    ledger.record("cases.longest_other_death", float(others.max()), unit="months", provenance=source)
    shown = strict.assign(
        place=["spinal canal" if s else "intracranial" for s in spinal],
        case=[_name(r) for r in strict.to_dict("records")],
        patient=[
            f"{r.age_years:.0f} {r.sex}" if r.age_years == r.age_years else r.sex for r in strict.itertuples()
        ],
        survival=[_survival(r) for r in strict.to_dict("records")],
        systemic=strict["systemic_therapy"].where(strict["systemic_therapy"] != "", "not told"),
        surgery=[_told(w) for w in strict["surgery"]],
        radiotherapy=[_told(w) for w in strict["radiotherapy"]],
    ).sort_values("place", ascending=False, kind="stable")
    write(results / "cases.csv", shown)
    evidence.risk_of_bias(shown["case_id"]).save(results / "case_bias.json")


def _name(case: dict[Any, Any]) -> str:
    if case["case_id"] == "index_case":
        return "the index case"
    year = f" {case['year']:.0f}" if case["year"] == case["year"] else ""
    return f"{case['first_author'] or 'author not printed'}{year}"


def _told(words: str) -> str:
    if words in ("", "unknown", "not stated"):
        return "not told"
    whole = [(w.removesuffix(","), w[len(w.removesuffix(",")) :]) for w in words.replace("_", " ").split()]
    return " ".join(SHORT.get(word, word) + comma for word, comma in whole)


def _survival(case: dict[Any, Any]) -> str:
    """Months from the lesion, with what the report leaves open."""
    dead, alive = case["survival_from_cns_months"], case["last_known_alive_from_cns_months"]
    sign = {"upper_bound": "within", "approximate": "at about"}.get(case["survival_qualifier"], "at")
    if dead == dead:
        return f"dead {sign} {_months(dead)}"
    return f"alive at {_months(alive)}" if alive == alive else "not told"


def _months(time: float) -> str:
    return f"{time:g} month" if time == 1 else f"{time:g} months"


def pool_doublets(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
    """Overall survival on an ifosfamide doublet: against ifosfamide, and with the trial against irradiation."""
    scenario = survsim.report.read_yaml(SCENARIO)
    alone = survsim.evidence.read_protocol(PROTOCOL, "doublet").select(evidence)
    pool_against_ifosfamide(ledger, evidence, alone, scenario, results)
    found = survsim.evidence.read_protocol(PROTOCOL, "doublet_any_control").select(evidence)
    effects = survsim.effect_sizes(found.records)
    pooled = survsim.meta_analysis(effects)
    ledger.record("doublet.k", pooled.k, provenance=pooled)
    ratio(ledger, "doublet.hazard_ratio", pooled.estimate, pooled.conf_low, pooled.conf_high, pooled)
    ratio(ledger, "doublet.new_study", pooled.estimate, pooled.prediction_low, pooled.prediction_high, pooled)
    classical = survsim.meta_analysis(effects, prediction_method="k_minus_2")
    ratio(ledger, "doublet.new_study_k_minus_2", classical.estimate, classical.prediction_low,
          classical.prediction_high, classical)  # fmt: skip
    ledger.record("doublet.log_hazard_ratio", pooled.estimate, provenance=pooled)
    ledger.record("doublet.std_error", pooled.std_error, provenance=pooled)
    ledger.record("doublet.p_value", pooled.p_value, provenance=pooled)
    ledger.record("doublet.tau2", pooled.tau2, provenance=pooled, conf_low=pooled.tau2_conf_low,
                  conf_high=pooled.tau2_conf_high)  # fmt: skip
    ledger.record("doublet.i2", pooled.i2, unit="%", provenance=pooled)
    ledger.record("doublet.q", pooled.q, provenance=pooled)
    normal = survsim.meta_analysis(effects, conf_method="wald")
    ratio(ledger, "doublet.normal", normal.estimate, normal.conf_low, normal.conf_high, normal)
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
    pooled.save(results / "pooled.csv")
    shown_as = survsim.meta_analysis(
        effects.log_hazard_ratio, effects.std_error, source=effects, labels=trials["comparison"]
    )
    shown_as.save(results / "pooled.json")
    evidence.risk_of_bias(found.frame["estimate_id"]).save(results / "bias.json")


def pool_against_ifosfamide(
    ledger: survsim.Ledger,
    evidence: survsim.evidence.EvidenceStore,
    found: survsim.evidence.EvidenceSelection,
    scenario: dict[str, Any],
    results: Path,
) -> None:
    """The two trials with ifosfamide alone as control, beside what a published review made of them; how sure it is."""
    effects = survsim.effect_sizes(found.records)
    with warnings.catch_warnings():
        # Two trials: a prior stands in for what they cannot tell of heterogeneity, and the report says so.
        warnings.simplefilter("ignore", survsim.errors.SmallSampleWarning)
        random = survsim.meta_analysis(effects)
        fixed = survsim.meta_analysis(effects, method="fixed", conf_method="wald")
    ledger.record("alone.k", random.k, provenance=random)
    ratio(ledger, "alone.hazard_ratio", random.estimate, random.conf_low, random.conf_high, random)
    ratio(ledger, "alone.new_study", random.estimate, random.prediction_low, random.prediction_high, random)
    ratio(ledger, "doublet.v_ifosfamide", fixed.estimate, fixed.conf_low, fixed.conf_high, fixed)
    published = evidence.estimate(scenario["published_pool"]["estimate"])
    ledger.record("doublet.published_pool", published.value, conf_low=published.conf_low,
                  conf_high=published.conf_high,
                  provenance=survsim.Provenance.of("as_printed", published))  # fmt: skip
    sure = survsim.scenario.certainty(found, random, evidence.risk_of_bias(found.frame["estimate_id"]))
    sure.save(results / "certainty.csv")
    ledger.record("alone.certainty", sure.level, provenance=sure)


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
