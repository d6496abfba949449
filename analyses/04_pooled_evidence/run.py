"""Published survival of carcinosarcoma in one model: by site and extent, for a new study, for a new site."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import survsim

SLUG = "04_pooled_evidence"
SCENARIO = survsim.report.read_yaml(Path(__file__).with_name("scenario.yml"))
PROTOCOL = Path(__file__).with_name("protocol.yml")
UNIT, HORIZONS = SCENARIO["unit"], SCENARIO["horizons"]
ALL = "nothing"
"""Of the studies, what is left out first."""


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Fit, predict and write; quick draws fewer curves and refits once."""
    evidence = survsim.load_evidence()
    mode = "quick" if quick else "full"
    ledger = survsim.Ledger(analysis=SLUG, seed=0, mode=mode, data_checksum=evidence.checksum)
    survsim.report.count_protocol(ledger, evidence, PROTOCOL, results)
    terms = collect(ledger, evidence, results)
    model = survsim.evidence_model(
        terms, "advanced + recurrent", unit=UNIT, breaks=SCENARIO["breaks"], **SCENARIO["priors"]
    )
    describe(ledger, model, results)
    draws = 500 if quick else SCENARIO["draws"]
    predict(ledger, model, results, draws=draws)
    influence(ledger, model, results, draws=draws, most=0 if quick else 5)
    trials(ledger, evidence, results)
    without_model(ledger, evidence, results)
    ledger.save(results / "summary.json")


def collect(
    ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path
) -> list[survsim.joint_model.EvidenceTerm]:
    """Patients, cases and summaries; what was left out and why goes to a table."""
    found = survsim.evidence.read_protocol(PROTOCOL, "summaries").select(evidence)
    summaries = survsim.scenario.summary_terms(found, SCENARIO["stages"], by="stage", unit=UNIT)
    cases = evidence.cases()
    single = survsim.scenario.case_terms(
        cases[cases["strict_cns"] == "yes"], {"advanced": 1.0, "recurrent": 0.0}, site=SCENARIO["cns_site"],
        without=SCENARIO["index_case"], unit=UNIT, approximate=SCENARIO["approximate_months"],
    )  # fmt: skip
    surv = evidence.surv(SCENARIO["dataset"], endpoint=SCENARIO["endpoint"], unit=UNIT)
    stage = evidence.patients(SCENARIO["dataset"], endpoint=SCENARIO["endpoint"])["figo_stage_group"]
    rows = pd.DataFrame(
        {"advanced": stage.map(SCENARIO["stage_of_patients"]).astype(float), "recurrent": 0.0}
    )
    own = survsim.joint_model.patients_term(surv, rows, study=SCENARIO["dataset"], site="uterus")
    for name, made in (("summaries", summaries), ("cases", single)):
        ledger.record(f"terms.{name}", len(made.terms), provenance=made)
        ledger.record(f"terms.{name}.left_out", len(made.left_out), provenance=made)
    with_interval = sum(
        "se_cloglog" in t.payload or t.payload.get("se_log") is not None for t in summaries.terms
    )
    ledger.record("terms.summaries.with_interval", with_interval, provenance=summaries)
    ledger.record("terms.patients", len(surv), provenance=survsim.Provenance.of("count", surv))
    out = pd.DataFrame([*summaries.left_out, *single.left_out], columns=["row", "reason"])
    out.to_csv(results / "left_out.csv", index=False)
    return [own, *summaries.terms, *single.terms]


def describe(ledger: survsim.Ledger, model: survsim.joint_model.EvidenceModel, results: Path) -> None:
    """Parameters, site effects and what each term contributes."""
    table = model.to_frame()
    for row in table.itertuples():
        if row.block != "baseline":
            ledger.record(f"model.{row.block}.{row.parameter}", row.estimate, conf_low=row.conf_low,
                          conf_high=row.conf_high, unit="log hazard", provenance=model)  # fmt: skip
    for name in ("advanced", "recurrent"):
        row = table[table["parameter"] == name].iloc[0]
        ledger.record(f"model.hazard_ratio.{name}", float(np.exp(row["estimate"])), provenance=model,
                      conf_low=float(np.exp(row["conf_low"])), conf_high=float(np.exp(row["conf_high"])))  # fmt: skip
    ledger.record("model.studies", len({t.study for t in model.terms}), provenance=model)
    table.to_csv(results / "model.csv", index=False)
    effects = model.effects()
    effects.to_csv(results / "effects.csv", index=False)
    share = model.contributions()
    share.to_csv(results / "contributions.csv", index=False)
    by_kind = share.groupby("kind")["share"].sum()
    for kind, value in by_kind.items():
        ledger.record(f"share.{kind}", float(value), provenance=model)
    ledger.record("share.events", float(share["information"].sum()), unit="events", provenance=model)


def predict(
    ledger: survsim.Ledger, model: survsim.joint_model.EvidenceModel, results: Path, *, draws: int
) -> None:
    """Survival in a new study of a known site, and of a new site with the transport variance turned."""
    curves = []
    for name, group in SCENARIO["predict"].items():
        covariates = {k: float(group[k]) for k in ("advanced", "recurrent")}
        curves.append(record_prediction(ledger, f"new_study.{name}", model.predict(
            covariates, site=group["site"], draws=draws, seed=0)).assign(group=name))  # fmt: skip
    for extra in SCENARIO["transport_varied"]:
        key = "new_site.transport_" + f"{extra:g}".replace(".", "_")
        found = model.predict(
            {"advanced": 1.0, "recurrent": 0.0}, new_site=True, transport_sd=extra, draws=draws, seed=0
        )
        frame = record_prediction(ledger, key, found)
        ledger.record(f"{key}.extra_sd", extra, unit="log hazard", provenance=assumed("transport_varied"))
        if extra == SCENARIO["transport_sd"]:
            curves.append(frame.assign(group="new_site"))
            record_next_patient(ledger, found)
    pd.concat(curves).to_csv(results / "predictions.csv", index=False)


def record_next_patient(ledger: survsim.Ledger, found: survsim.joint_model.EvidencePrediction) -> None:
    """Survival of the next patient, averaged over studies: to the time of the index case, and when it is one half."""
    time = case_time()
    row = found.at([time]).to_frame().iloc[0]
    ledger.record("new_site.next_patient.longer", row["predictive"], conf_low=row["conf_low"],
                  conf_high=row["conf_high"], provenance=found)  # fmt: skip
    case = survsim.Provenance.of("as_printed", "cases:index_case")
    ledger.record("new_site.next_patient.time", time, unit=UNIT, provenance=case)
    mean = found.at(np.linspace(1.0, 60.0, 591)).to_frame()
    half = float(np.interp(-0.5, -mean["predictive"], mean["time"]))
    ledger.record("new_site.next_patient.half", half, unit=UNIT, provenance=found)


def case_time() -> float:
    """The printed survival of the index case, in months."""
    cases = survsim.load_evidence().cases().set_index("case_id")
    return float(cases.loc["index_case", "survival_from_cns_months"])


def assumed(name: str) -> survsim.Provenance:
    """A setting of the scenario, not a finding."""
    return survsim.Provenance.of("assumed", f"assumption:{SLUG}/{name}")


def record_prediction(
    ledger: survsim.Ledger, key: str, found: survsim.joint_model.EvidencePrediction
) -> pd.DataFrame:
    """Median survival and survival at the horizons; returns the curve."""
    middle, low, high = found.median()
    ledger.record(f"{key}.median", middle, conf_low=low, conf_high=high, unit=UNIT, provenance=found)
    for row in found.at(HORIZONS).to_frame().itertuples():
        ledger.record(f"{key}.at_{row.time:g}", row.survival, conf_low=row.conf_low, conf_high=row.conf_high,
                      provenance=found)  # fmt: skip
    return found.to_frame()


def influence(
    ledger: survsim.Ledger,
    model: survsim.joint_model.EvidenceModel,
    results: Path,
    *,
    draws: int,
    most: int,
) -> None:
    """The prediction for a new site without the cohort of patients, and without each study that contributes most."""
    share = model.contributions().groupby("study")["share"].sum().sort_values(ascending=False)
    studies = list(share.index[:most])
    if SCENARIO["dataset"] not in studies:
        studies.append(SCENARIO["dataset"])
    rows, curves = [], []
    for study in [ALL, *studies]:
        left = model if study == ALL else survsim.joint_model.without_study(model, study)
        found = left.predict(
            {"advanced": 1.0, "recurrent": 0.0}, new_site=True, transport_sd=SCENARIO["transport_sd"],
            draws=draws, seed=0,
        )  # fmt: skip
        middle, low, high = found.median()
        at = found.at([12]).to_frame().iloc[0]
        advanced = left.to_frame().set_index("parameter").loc["advanced"]
        row = {
            "left_out": study, "share": share.get(study, np.nan), "median": middle, "conf_low": low, "conf_high": high,
            "at_12": at["survival"], "ratio_advanced": float(np.exp(advanced["estimate"])),
        }  # fmt: skip
        rows.append(row)
        if study in (ALL, SCENARIO["dataset"]):
            curves.append(found.to_frame().assign(group=study))
        if study != ALL:
            record_without(ledger, study, row, found, advanced)
    moved = {row["left_out"]: row["median"] for row in rows if row["left_out"] != ALL}
    of_all = survsim.Provenance.of("range", model)
    ledger.record("without.lowest", min(moved.values()), unit=UNIT, provenance=of_all)
    ledger.record("without.highest", max(moved.values()), unit=UNIT, provenance=of_all)
    ledger.record("without.moves_most", max(moved, key=lambda s: abs(np.log(moved[s] / rows[0]["median"]))),
                  provenance=of_all)  # fmt: skip
    pd.DataFrame(rows).to_csv(results / "influence.csv", index=False)
    pd.concat(curves).to_csv(results / "influence_curves.csv", index=False)


def record_without(
    ledger: survsim.Ledger,
    study: str,
    row: Mapping[str, Any],
    found: survsim.joint_model.EvidencePrediction,
    advanced: pd.Series,
) -> None:
    """What is left when one study is not there."""
    key = f"without.{study}"
    ledger.record(f"{key}.median", row["median"], conf_low=row["conf_low"], conf_high=row["conf_high"], unit=UNIT,
                  provenance=found)  # fmt: skip
    ledger.record(f"{key}.at_12", row["at_12"], provenance=found)
    ledger.record(f"{key}.share", row["share"], provenance=found)
    ledger.record(f"{key}.ratio_advanced", row["ratio_advanced"], conf_low=float(np.exp(advanced["conf_low"])),
                  conf_high=float(np.exp(advanced["conf_high"])), provenance=found)  # fmt: skip


def trials(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
    """Randomised hazard ratios of chemotherapy as a prior for a new trial, robust and not."""
    ratio: dict[str, Any] = SCENARIO["ratio"]
    found = survsim.evidence.read_protocol(PROTOCOL, "trials").select(evidence)
    effects = survsim.effect_sizes(found.records)
    prior = survsim.map_prior(
        effects.log_hazard_ratio,
        effects.std_error,
        tau_scale=ratio["tau_scale"],
        labels=effects.studies,
        source=effects.sources,
    )
    table = prior.to_frame()
    table.to_csv(results / "trial_prior.csv", index=False)
    for row in table.itertuples():
        ledger.record(f"trials.{row.quantity.replace(' ', '_')}", row.median, conf_low=row.q025, conf_high=row.q975,
                      unit="log hazard ratio", provenance=prior)  # fmt: skip
    ledger.record("trials.studies", len(effects.effects), provenance=prior)
    size = survsim.borrowing.effective_sample_size(prior, unit_sd=ratio["unit_sd"])
    ledger.record("trials.ess", size, unit="events", provenance=prior)
    ledger.record("trials.vague_weight", ratio["robust_weight"], provenance=assumed("ratio.robust_weight"))
    robust = survsim.robust_map_prior(prior, weight=ratio["robust_weight"], vague_sd=ratio["unit_sd"])
    for name, value in (("same", float(np.median(effects.log_hazard_ratio))), ("opposite", 0.5)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", survsim.errors.EvidenceWarning)  # the conflict is what is shown
            after = survsim.borrow(robust, value, 0.2, unit_sd=ratio["unit_sd"])
        ledger.record(f"trials.new_{name}.vague_weight", after.vague_weight, provenance=after)
        ledger.record(f"trials.new_{name}.estimate", after.estimate, conf_low=after.conf_low,
                      conf_high=after.conf_high, unit="log hazard ratio", provenance=after)  # fmt: skip


def without_model(ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, results: Path) -> None:
    """What the published points and the stages of one cohort say when nothing but pooling is done to them."""
    plain: dict[str, Any] = SCENARIO["without_model"]
    found = survsim.evidence.read_protocol(PROTOCOL, "points").select(evidence)
    with warnings.catch_warnings():
        # which errors rest on numbers of patients alone, and on too few studies, is said in the report
        warnings.simplefilter("ignore", survsim.errors.EvidenceWarning)
        warnings.simplefilter("ignore", survsim.errors.SmallSampleWarning)
        points = survsim.synthesis.pool_survival_points(found.records, unit=UNIT, unusable="leave_out")
    table = points.to_frame()
    table.to_csv(results / "pooled_points.csv", index=False)
    for row in table.itertuples():
        key = f"points.{row.time:g}"
        ledger.record(key, row.estimate, conf_low=row.conf_low, conf_high=row.conf_high, provenance=points)
        ledger.record(f"{key}.new_study", row.estimate, conf_low=row.prediction_low, conf_high=row.prediction_high,
                      provenance=points)  # fmt: skip
        ledger.record(f"{key}.studies", int(row.n_study), provenance=points)
    curve = stages_pooled(evidence, plain["curve"])
    curve.save(results / "pooled_curve.csv")
    curve.save(results / "pooled_curve.json")
    for row in curve.to_frame().itertuples():
        ledger.record(f"stages.{row.time:g}", row.survival, conf_low=row.conf_low, conf_high=row.conf_high,
                      provenance=curve)  # fmt: skip


def stages_pooled(
    evidence: survsim.evidence.EvidenceStore, times: list[float]
) -> survsim.synthesis.PooledSurvivalCurve:
    """The stages of the patient-level cohort, each as if it were a study."""
    name, endpoint = SCENARIO["dataset"], SCENARIO["endpoint"]
    surv = evidence.surv(name, endpoint=endpoint, unit=UNIT)
    stage = evidence.patients(name, endpoint=endpoint)["figo_stage_group"].to_numpy()
    groups = {f"stage {s}": surv.take(stage == s) for s in SCENARIO["stage_of_patients"]}
    return survsim.pooled_survival_curve(patients=groups, time=times, seed=20140213)
