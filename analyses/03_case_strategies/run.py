"""Calibrate the course of the disease, simulate from surgery and from progression, and write down every number."""

from __future__ import annotations

import shutil
from pathlib import Path

import survsim

from .answers import (
    horizons_table,
    record_decision,
    record_information,
    record_outcomes,
    record_place,
    record_values,
)
from .calibrated import record_calibration, record_leaning, record_parameters
from .calibrations import other_calibrations
from .harm import record_harm
from .next_step import record_next_step
from .next_turns import record_next_structure, record_turns
from .structure import HORIZONS, record_structure

SLUG = "03_case_strategies"
READS = ("04_pooled_evidence",)
FOLDER = Path(__file__).parent


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Calibrate, draw parameters, simulate both questions, and ask what the answers hang on."""
    evidence = survsim.load_evidence()
    scenario = survsim.Scenario.from_yaml(FOLDER / "scenario.yml")
    next_step = survsim.Scenario.from_yaml(FOLDER / "next_step.yml")
    effort = scenario.content.quick if quick else scenario.content.full
    execution = survsim.Execution(executor="processes" if workers > 1 else "local", workers=workers)
    plan = survsim.scenario.read_calibration(scenario.calibration_path)
    size = 400 if quick else None
    calibration = plan.run(evidence, size=size, workers=2)
    others = other_calibrations(plan, evidence, quick=quick, size=size, workers=workers)
    ledger = survsim.Ledger(
        analysis=SLUG,
        seed=scenario.content.seed,
        mode="quick" if quick else "full",
        data_checksum=evidence.checksum,
    )
    case = survsim.Provenance.of("as_printed", "cases:index_case")
    ledger.record("index_case.survival", case_survival(evidence), unit="months", provenance=case)
    record_calibration(ledger, plan, calibration, results)
    parameters = survsim.scenario.scenario_parameters(
        scenario, draws=effort.draws, evidence=evidence, calibration=calibration
    )
    simulation = survsim.simulate(
        scenario, patients=effort.patients, parameters=parameters, execution=execution
    )
    record_parameters(ledger, parameters)
    record_leaning(ledger, calibration, scenario, parameters)
    record_outcomes(ledger, simulation, scenario)
    record_place(ledger, simulation, case_survival(evidence))
    decision = simulation.decision(scenario.content.outcomes.decision_tau)
    reference = scenario.content.outcomes.reference
    record_decision(ledger, decision, results / "decision.csv")
    horizons_table(simulation, HORIZONS, reference).to_csv(results / "horizons.csv", index=False)
    record_values(ledger, simulation, 24.0, reference, results / "values.csv")
    record_information(ledger, decision, parameters, scenario, results)
    record_harm(ledger, simulation, scenario, parameters, evidence, results)
    simulation.save(results / "simulation")
    parameters.save(results / "parameters.csv")
    favoured = record_next_step(ledger, next_step, calibration, effort, execution, evidence, results)
    record_structure(ledger, scenario, calibration, others, execution, evidence, results, quick=quick)
    record_next_structure(ledger, next_step, calibration, others, execution, evidence, results, quick=quick)
    record_turns(ledger, next_step, favoured, calibration, execution, evidence, results, quick=quick)
    explorer = survsim.scenario.Explorer(
        scenario, evidence=evidence, parameters=parameters, patients=100 if quick else 1000
    )
    survsim.report.explorer_page(
        explorer, results / "explorer.json", steps=3 if quick else 5, execution=execution
    )
    for name in ("course.csv", "labels.yml"):
        shutil.copy(FOLDER / name, results / name)
    ledger.save(results / "summary.json")


def case_survival(evidence: survsim.evidence.EvidenceStore) -> float:
    """The printed survival of the index case, in months."""
    cases = evidence.cases().set_index("case_id")
    return float(cases.loc["index_case", "survival_from_cns_months"])
