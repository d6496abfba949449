"""The index case on the predictive distributions of others, and what selection could do to the answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

import survsim

SLUG = "05_case_in_context"
HERE = Path(__file__).parent
SCENARIO = survsim.report.read_yaml(HERE / "scenario.yml")
POOLED = survsim.report.read_yaml(HERE.parent / "04_pooled_evidence" / "scenario.yml")
CASE, UNIT = SCENARIO["case"], SCENARIO["unit"]
ADVANCED = {"advanced": 1.0, "recurrent": 0.0}
CNS, POOL = "Published CNS cases", "All sites, carried to a new site"


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Fit the references, place the case, turn the selection."""
    evidence = survsim.load_evidence()
    mode = "quick" if quick else "full"
    ledger = survsim.Ledger(analysis=SLUG, seed=0, mode=mode, data_checksum=evidence.checksum)
    draws = 500 if quick else SCENARIO["draws"]
    model = pooled(evidence)
    table = model.to_frame()
    study_sd = float(
        table.loc[(table["block"] == "sd") & (table["parameter"] == "study"), "estimate"].iloc[0]
    )
    ledger.record("tcga.study_sd", study_sd, unit="log hazard", provenance=model)
    references = {
        CNS: cns(ledger, evidence, draws),
        POOL: model.predict(
            ADVANCED, new_site=True, transport_sd=POOLED["transport_sd"], draws=draws, seed=0
        ),
        **by_stage(evidence, study_sd, draws),
    }
    cases = evidence.cases().set_index("case_id")
    time = float(cases.loc[CASE, "survival_from_cns_months"])
    ledger.record(
        "case.time", time, unit=UNIT, provenance=survsim.Provenance.of("as_printed", f"cases:{CASE}")
    )
    context = survsim.case_in_context(
        time, references, unit=UNIT, event=cases.loc[CASE, "status"] == "dead", label="The index case",
        origin=SCENARIO["origin"], landmarks=SCENARIO["landmarks"], shifts=SCENARIO["shifts"],
        horizon=SCENARIO["horizon"], source=f"cases:{CASE}",
        course=pd.read_csv(HERE.parent / "03_case_strategies" / "course.csv"),
    )  # fmt: skip
    record(ledger, context, results)
    tip(ledger, references, time, results)
    ledger.save(results / "summary.json")


def cns(
    ledger: survsim.Ledger, evidence: survsim.evidence.EvidenceStore, draws: int
) -> survsim.joint_model.EvidencePrediction:
    """The other published patients, alone."""
    made = cns_terms(evidence, {})
    status = [t.payload["status"] for t in made.terms]
    for name in survsim.joint_model.CASE_STATUS:
        ledger.record(f"cns.{name}", status.count(name), provenance=made)
    ledger.record("cns.deaths", sum(s != "right" for s in status), provenance=made)
    ledger.record("cns.patients", len(made.terms), provenance=made)
    ledger.record("cns.without_time", len(made.left_out) - 1, provenance=made)
    model = survsim.evidence_model(
        made.terms, unit=UNIT, breaks=SCENARIO["breaks_few"], study_scale=SCENARIO["study_scale"], label=CNS
    )
    return model.predict(draws=draws, seed=0)


def cns_terms(
    evidence: survsim.evidence.EvidenceStore, covariates: Mapping[str, float]
) -> survsim.scenario.EvidenceTerms:
    """Cases of the central nervous system other than the index case."""
    cases = evidence.cases()
    return survsim.scenario.case_terms(
        cases[cases["strict_cns"] == "yes"], covariates, without=CASE, site=POOLED["cns_site"], unit=UNIT,
        approximate=POOLED["approximate_months"],
    )  # fmt: skip


def pooled(evidence: survsim.evidence.EvidenceStore) -> survsim.joint_model.EvidenceModel:
    """The model of analysis 04."""
    found = evidence.select(
        endpoint=POOLED["endpoint"], measure=POOLED["measures"], allow_mixed=POOLED["allow_mixed"]
    )
    surv, rows = patients(evidence)
    rows = pd.DataFrame(
        {"advanced": rows["stage"].map(POOLED["stage_of_patients"]).astype(float), "recurrent": 0.0}
    )
    terms = [
        survsim.joint_model.patients_term(surv, rows, study=POOLED["dataset"], site="uterus"),
        *survsim.scenario.summary_terms(found, extent, unit=UNIT).terms,
        *cns_terms(evidence, ADVANCED).terms,
    ]
    return survsim.evidence_model(
        terms, "advanced + recurrent", unit=UNIT, breaks=POOLED["breaks"], label=POOL, **POOLED["priors"]
    )


def extent(record: survsim.evidence.Estimate) -> Mapping[str, float]:
    """Shares of advanced and recurrent disease that a printed stage stands for."""
    advanced, recurrent = POOLED["stages"].get(record.stage, POOLED["stage_default"])
    return {"advanced": float(advanced), "recurrent": float(recurrent)}


def patients(evidence: survsim.evidence.EvidenceStore) -> tuple[survsim.Surv, pd.DataFrame]:
    """The TCGA cohort with its stages."""
    name, endpoint = POOLED["dataset"], POOLED["endpoint"]
    surv = evidence.surv(name, endpoint=endpoint, unit=UNIT)
    stage = evidence.patients(name, endpoint=endpoint)["figo_stage_group"]
    return surv, pd.DataFrame({"stage": stage.to_numpy()})


def by_stage(
    evidence: survsim.evidence.EvidenceStore, study_sd: float, draws: int
) -> dict[str, survsim.joint_model.EvidencePrediction]:
    """TCGA-UCS by stage: the next patient of another cohort, as far from it as studies are from one another."""
    surv, rows = patients(evidence)
    model = survsim.evidence_model(
        [survsim.joint_model.patients_term(surv, rows, study=POOLED["dataset"])], "stage", unit=UNIT,
        breaks=SCENARIO["breaks_patients"], study_scale=None,
    )  # fmt: skip
    return {
        f"TCGA uterus, stage {s}": model.predict({"stage": s}, transport_sd=study_sd, draws=draws, seed=0)
        for s in SCENARIO["stages"]
    }


def record(ledger: survsim.Ledger, context: survsim.scenario.CaseInContext, results: Path) -> None:
    """Percentiles, conditional survival and the origin of time."""
    keys = {name: key_of(name) for name in context.names}
    for row in context.to_frame().itertuples():
        for name in ("percentile", "longer", "median"):
            ledger.record(f"{keys[row.reference]}.{name}", getattr(row, name), unit=UNIT if name == "median" else "",
                          conf_low=getattr(row, f"{name}_low"), conf_high=getattr(row, f"{name}_high"),
                          provenance=context)  # fmt: skip
    for row in context.conditional_frame().itertuples():
        ledger.record(f"{keys[row.reference]}.alive_at_{row.alive_at:g}", row.survival, conf_low=row.conf_low,
                      conf_high=row.conf_high, provenance=context)  # fmt: skip
    origin = context.origin_frame()
    for reference, part in origin.groupby("reference", sort=False):
        ledger.record(f"{keys[reference]}.origin_low", part["percentile"].min(), provenance=context)
        ledger.record(f"{keys[reference]}.origin_high", part["percentile"].max(), provenance=context)
    survsim.write_result(context, results / "context.json")
    context.to_frame().to_csv(results / "percentiles.csv", index=False)
    context.conditional_frame().to_csv(results / "conditional.csv", index=False)
    origin.to_csv(results / "origin.csv", index=False)


def key_of(name: str) -> str:
    """A short dotted key of a reference."""
    return {CNS: "cns_cases", POOL: "all_sites"}.get(name, name.replace("TCGA uterus, stage ", "tcga_stage_"))


def tip(
    ledger: survsim.Ledger,
    references: Mapping[str, survsim.joint_model.EvidencePrediction],
    time: float,
    results: Path,
) -> None:
    """Strength of selection that would overturn the conclusion."""
    setting = SCENARIO["tipping"]
    for name in (CNS, POOL):
        found = survsim.joint_model.tipping_point(
            references[name], time, threshold=setting["threshold"], conclusion=setting["conclusion"],
            source=f"cases:{CASE}", label=name,
        )  # fmt: skip
        key = key_of(name)
        nearest = found.tipping[0] if found.tipping else float("nan")
        ledger.record(
            f"{key}.tipping", nearest, provenance=found, note="" if found.tipping else "none up to 32-fold"
        )
        survsim.write_result(found, results / f"tipping_{key}.json")
