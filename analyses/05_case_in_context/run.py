"""The index case on the predictive distributions of others, and what selection could do to the answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

import survsim

SLUG = "05_case_in_context"
READS = ("03_case_strategies", "04_pooled_evidence")
HERE = Path(__file__).parent
SCENARIO = survsim.report.read_yaml(HERE / "scenario.yml")
POOLED = survsim.report.read_yaml(HERE.parent / "04_pooled_evidence" / "scenario.yml")
PROTOCOL = HERE / "protocol.yml"
CASE, UNIT = SCENARIO["case"], SCENARIO["unit"]
ADVANCED = {"advanced": 1.0, "recurrent": 0.0}
CNS, POOL = "Published CNS cases", "All sites, carried to a new site"


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Fit the references, place the case, turn the selection."""
    evidence = survsim.load_evidence()
    mode = "quick" if quick else "full"
    ledger = survsim.Ledger(analysis=SLUG, seed=0, mode=mode, data_checksum=evidence.checksum)
    survsim.report.count_protocol(ledger, evidence, PROTOCOL, results)
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
    }
    cases = evidence.cases().set_index("case_id")
    time = float(cases.loc[CASE, "survival_from_cns_months"])
    references |= by_stage(ledger, evidence, study_sd, draws, time, results)
    listed(ledger, cases, results)
    ledger.record(
        "case.time", time, unit=UNIT, provenance=survsim.Provenance.of("as_printed", f"cases:{CASE}")
    )
    context = survsim.case_in_context(
        time, references, unit=UNIT, event=cases.loc[CASE, "status"] == "dead", label="The index case",
        origin=SCENARIO["origin"], landmarks=SCENARIO["landmarks"], shifts=SCENARIO["shifts"],
        horizon=SCENARIO["horizon"], source=f"cases:{CASE}",
        course=pd.read_csv(HERE.parent / "03_case_strategies" / "course.csv"),
    )  # fmt: skip
    record(ledger, context, references, results)
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
    found = survsim.evidence.read_protocol(PROTOCOL, "all_sites").select(evidence)
    surv, rows = patients(evidence)
    rows = pd.DataFrame(
        {"advanced": rows["stage"].map(POOLED["stage_of_patients"]).astype(float), "recurrent": 0.0}
    )
    terms = [
        survsim.joint_model.patients_term(surv, rows, study=POOLED["dataset"], site="uterus"),
        *survsim.scenario.summary_terms(found, POOLED["stages"], by="stage", unit=UNIT).terms,
        *cns_terms(evidence, ADVANCED).terms,
    ]
    return survsim.evidence_model(
        terms, "advanced + recurrent", unit=UNIT, breaks=POOLED["breaks"], label=POOL, **POOLED["priors"]
    )


def patients(evidence: survsim.evidence.EvidenceStore) -> tuple[survsim.Surv, pd.DataFrame]:
    """The TCGA cohort with its stages."""
    name, endpoint = POOLED["dataset"], POOLED["endpoint"]
    surv = evidence.surv(name, endpoint=endpoint, unit=UNIT)
    stage = evidence.patients(name, endpoint=endpoint)["figo_stage_group"]
    return surv, pd.DataFrame({"stage": stage.to_numpy()})


def listed(ledger: survsim.Ledger, cases: pd.DataFrame, results: Path) -> None:
    """Every published patient with a time, one a row, as printed."""
    strict = cases[(cases["strict_cns"] == "yes") & (cases.index != CASE)]
    died = strict[strict["survival_from_cns_months"].notna()]
    alive = strict[strict["last_known_alive_from_cns_months"].notna() & ~strict.index.isin(died.index)]
    before = {"exact": " at ", "upper_bound": " by ", "approximate": " at about "}
    rows = [
        {"months": r.survival_from_cns_months, "time": f"died{before[r.survival_qualifier]}"
         f"{r.survival_from_cns_months:g}", "case": name} for name, r in died.iterrows()
    ] + [
        {"months": r.last_known_alive_from_cns_months, "time": f"alive at {r.last_known_alive_from_cns_months:g}",
         "case": name} for name, r in alive.iterrows()
    ]  # fmt: skip
    found = pd.DataFrame(rows).sort_values(["months", "case"]).set_index("case")
    told = ["age_years", "sex", "primary_site", "cns_site", "surgery", "radiotherapy", "cause_of_death"]
    found = found.join(strict[told].replace("_", " ", regex=True).replace("", pd.NA)).reset_index()
    found["sex"] = found["sex"].map({"F": "woman", "M": "man"})
    found.to_csv(results / "cns_cases.csv", index=False)
    rows_of = {name: survsim.Provenance.of("as_printed", *[f"cases:{c}" for c in part]) for name, part in
               (("died", died.index), ("alive", alive.index))}  # fmt: skip
    last = died["survival_from_cns_months"].max()
    ledger.record("cns.last_death", float(last), unit=UNIT, provenance=rows_of["died"])
    seen = alive["last_known_alive_from_cns_months"]
    ledger.record("cns.alive_low", float(seen.min()), unit=UNIT, provenance=rows_of["alive"])
    ledger.record("cns.alive_high", float(seen.max()), unit=UNIT, provenance=rows_of["alive"])
    nearest = SCENARIO["analogue"]
    ledger.record("analogue.time", float(died.loc[nearest, "survival_from_cns_months"]), unit=UNIT,
                  provenance=survsim.Provenance.of("as_printed", f"cases:{nearest}"))  # fmt: skip


def by_stage(
    ledger: survsim.Ledger,
    evidence: survsim.evidence.EvidenceStore,
    study_sd: float,
    draws: int,
    time: float,
    results: Path,
) -> dict[str, survsim.joint_model.EvidencePrediction]:
    """TCGA-UCS, each stage on its own: the next patient of another cohort, as far from it as studies are apart.

    One model over the stages would hold their hazards proportional. Where that fails is written down beside it.
    """
    surv, rows = patients(evidence)
    together = stage_model(surv, rows, "stage")
    found, compared = {}, []
    for stage in SCENARIO["stages"]:
        mine = (rows["stage"] == stage).to_numpy()
        own = stage_model(surv.take(mine), rows[mine])
        alone = own.predict(transport_sd=study_sd, draws=draws, seed=0)
        joined = together.predict({"stage": stage}, transport_sd=study_sd, draws=draws, seed=0)
        found[f"TCGA uterus, stage {stage}"] = alone
        compared.append(against_observed(ledger, f"tcga_stage_{stage}", surv.take(mine), time, alone, joined)
                        | {"stage": stage})  # fmt: skip
    pd.DataFrame(compared).to_csv(results / "stages.csv", index=False)
    fit = survsim.cox_ph(surv, "C(stage)", rows)
    test = fit.proportional_hazards_test()
    for row in test.to_frame().itertuples():
        if row.term == "GLOBAL":
            ledger.record("tcga.proportional.p_value", row.p_value, provenance=test)
    return found


def stage_model(
    surv: survsim.Surv, rows: pd.DataFrame, formula: str | None = None
) -> survsim.joint_model.EvidenceModel:
    """Patients of one cohort alone."""
    given = rows if formula else None
    term = survsim.joint_model.patients_term(surv, given, study=POOLED["dataset"])
    options = {
        "unit": UNIT,
        "breaks": SCENARIO["breaks_patients"],
        "study_scale": None,
        "walk_sd": SCENARIO["walk_sd"],
    }
    return survsim.evidence_model([term], *([formula] if formula else []), **options)


def against_observed(
    ledger: survsim.Ledger,
    key: str,
    surv: survsim.Surv,
    time: float,
    alone: survsim.joint_model.EvidencePrediction,
    joined: survsim.joint_model.EvidencePrediction,
) -> dict[str, float]:
    """Share dead by the case's time: seen, by the stage alone, and by one model with proportional stages."""
    curve = survsim.kaplan_meier(surv, conf_type="beta-product")
    at = curve.survival_at([time])
    dead = int((surv.event.astype(bool) & (surv.time <= time)).sum())
    ledger.record(f"{key}.patients", len(surv), provenance=curve)
    ledger.record(f"{key}.dead", dead, provenance=curve)
    first = float(surv.time[surv.event.astype(bool)].min())
    ledger.record(f"{key}.first_death", first, unit=UNIT, provenance=curve)
    ledger.record(f"{key}.observed", 100 * (1 - at.estimate[0]), conf_low=100 * (1 - at.conf_high[0]),
                  conf_high=100 * (1 - at.conf_low[0]), provenance=at)  # fmt: skip
    by_model = {
        name: float(100 * (1 - p.predictive_survival(time)))
        for name, p in (("alone", alone), ("joined", joined))
    }
    ledger.record(f"{key}.proportional", by_model["joined"], provenance=joined)
    return {"patients": len(surv), "dead": dead, "observed": 100 * (1 - at.estimate[0]),
            "observed_low": 100 * (1 - at.conf_high[0]), "observed_high": 100 * (1 - at.conf_low[0]), **by_model}  # fmt: skip


def record(
    ledger: survsim.Ledger,
    context: survsim.scenario.CaseInContext,
    references: Mapping[str, survsim.joint_model.EvidencePrediction],
    results: Path,
) -> None:
    """Percentiles, medians as analysis 04 has them, conditional survival and the origin of time."""
    keys = {name: key_of(name) for name in context.names}
    table = context.to_frame()
    # the median of a new study of each reference, the number that analysis 04 prints
    table[["median", "median_low", "median_high"]] = [
        references[name].median() for name in table["reference"]
    ]
    for row in table.itertuples():
        for name in ("percentile", "longer", "median"):
            source = references[row.reference] if name == "median" else context
            ledger.record(f"{keys[row.reference]}.{name}", getattr(row, name), unit=UNIT if name == "median" else "",
                          conf_low=getattr(row, f"{name}_low"), conf_high=getattr(row, f"{name}_high"),
                          provenance=source)  # fmt: skip
    for row in context.conditional_frame().itertuples():
        ledger.record(f"{keys[row.reference]}.alive_at_{row.alive_at:g}", row.survival, conf_low=row.conf_low,
                      conf_high=row.conf_high, provenance=context)  # fmt: skip
    origin = context.origin_frame()
    for reference, part in origin.groupby("reference", sort=False):
        ledger.record(f"{keys[reference]}.origin_low", part["percentile"].min(), provenance=context)
        ledger.record(f"{keys[reference]}.origin_high", part["percentile"].max(), provenance=context)
    survsim.write_result(context, results / "context.json")
    table.to_csv(results / "percentiles.csv", index=False)
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
