"""Calibrate two small scenarios to some published arms and judge them by others; rebuild published decision models."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import survsim

from .published import record_published

SLUG = "07_scenario_gallery"
READS = ("03_case_strategies",)
HERE = Path(__file__).parent


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Simulate each scenario, weight its draws by the used targets, compare the held-out ones."""
    evidence = survsim.load_evidence()
    ledger = survsim.Ledger(
        analysis=SLUG, seed=70101, mode="quick" if quick else "full", data_checksum=evidence.checksum
    )
    survsim.report.count_protocol(ledger, evidence, HERE / "protocol.yml", results)
    for name, targets in survsim.scenario.read_targets(HERE / "scenario.yml").items():
        scenario = survsim.Scenario.from_yaml(HERE / f"{name}.yml")
        effort = scenario.content.quick if quick else scenario.content.full
        simulation = survsim.simulate(
            scenario,
            patients=effort.patients,
            draws=effort.draws,
            evidence=evidence,
            execution=survsim.Execution(workers=workers),
        )
        before = survsim.check_targets(simulation, targets, evidence.estimate, calibrate=False)
        after = survsim.check_targets(simulation, targets, evidence.estimate)
        record(ledger, name, before, after, evidence)
        survsim.write_result(after, results / f"{name}.json")
        table(after, evidence).to_csv(results / f"{name}.csv", index=False)
    record_published(ledger, results, quick=quick, workers=workers)
    explain(ledger)
    ledger.save(results / "summary.json")


def explain(ledger: survsim.Ledger) -> None:
    """The strategies of the index case in plain sentences."""
    scenario = survsim.Scenario.from_yaml(HERE.parent / "03_case_strategies" / "scenario.yml")
    for strategy in scenario.strategies:
        words = survsim.simulation.explain(
            strategy,
            treatments=scenario.content.treatments,
            time_unit=scenario.time_unit,
            meanings=scenario.meanings,
        )
        step = survsim.Provenance.of("explain", f"strategies:{strategy.name}")
        ledger.record(f"explained.{strategy.name}", words, provenance=step)


def record(
    ledger: survsim.Ledger,
    name: str,
    before: survsim.scenario.TargetCheck,
    after: survsim.scenario.TargetCheck,
    evidence: survsim.evidence.EvidenceStore,
) -> None:
    """Each target published and simulated, and how many held-out ones were hit."""
    ledger.record(f"{name}.effective_draws", after.effective_draws, provenance=after)
    ledger.record(f"{name}.draws", before.effective_draws, provenance=before)
    frame = after.to_frame()
    held = frame[frame["use"] == "hold_out"]
    ledger.record(f"{name}.held_out", len(held), provenance=after)
    ledger.record(f"{name}.held_out_inside", int(held["inside"].sum()), provenance=after)
    arms = (
        held.assign(arm=[evidence.estimate(row).arm_id for row in held["row"]]).groupby("arm")["inside"].all()
    )
    ledger.record(f"{name}.held_out_arms", len(arms), provenance=after)
    ledger.record(f"{name}.held_out_arms_inside", int(arms.sum()), provenance=after)
    for row in frame.itertuples():
        ledger.record(f"{name}.simulated.{row.row}", row.simulated, unit="months", conf_low=row.simulated_low,
                      conf_high=row.simulated_high, provenance=after)  # fmt: skip
        ledger.record(f"{name}.published.{row.row}", row.published, unit="months", provenance=after)


def table(check: survsim.scenario.TargetCheck, evidence: survsim.evidence.EvidenceStore) -> pd.DataFrame:
    """The comparison with the arm and endpoint of each row."""
    frame = check.to_frame()
    records = [evidence.estimate(row) for row in frame["row"]]
    ends = {"overall_survival": "overall survival", "progression_free_survival": "progression-free survival"}
    return frame.assign(
        study=[r.study_id for r in records],
        arm=[r.regimen or r.arm_id for r in records],
        endpoint=[ends[r.endpoint] for r in records],
    )
