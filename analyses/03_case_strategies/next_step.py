"""From her progression on: what each next step could add."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import survsim

from .answers import decision_table, record_values
from .rows import limits


def record_next_step(
    ledger: survsim.Ledger,
    scenario: survsim.Scenario,
    calibration: survsim.calibration.EvidenceCalibration,
    effort: object,
    execution: survsim.Execution,
    evidence: survsim.evidence.EvidenceStore,
    results: Path,
) -> str:
    """The answer from her progression on; the name of the favoured step."""
    parameters = survsim.scenario.scenario_parameters(
        scenario, draws=effort.draws, evidence=evidence, calibration=calibration
    )
    simulation = survsim.simulate(
        scenario, patients=effort.patients, parameters=parameters, execution=execution, history="at_progression"
    )  # fmt: skip
    simulation.save(results / "next_step")
    record_implied_ratio(ledger, simulation, "as_declared")
    for tau in scenario.content.outcomes.tau:
        paired = simulation.compare().to_frame().query(f"measure == 'survival_time@{tau:g}'")
        for row in paired.itertuples():
            ledger.record(
                f"next.gain_{tau:g}.{row.strategy}", row.difference, **limits(row), unit=scenario.time_unit, provenance=simulation,
            )  # fmt: skip
    decision = simulation.decision(scenario.content.outcomes.decision_tau)
    best = decision.strategies.index(decision.best)
    ledger.record("next.favoured", decision.labels[best], provenance=decision)
    table = decision_table(decision)
    table.to_csv(results / "next_decision.csv", index=False)
    worst = float(table[["low_error", "high_error"]].to_numpy().max())
    ledger.record("next.interval_error.months", worst, unit=scenario.time_unit, provenance=decision)
    for row in table.itertuples():
        ledger.record(
            f"next.months.{row.strategy}", row.expected, **limits(row), unit=scenario.time_unit, provenance=decision,
        )  # fmt: skip
        ledger.record(f"next.p_best.{row.strategy}", row.probability_best, provenance=decision)
        ledger.record(
            f"next.loss.{row.strategy}", row.expected_regret, unit=scenario.time_unit, provenance=decision
        )
    reference = scenario.content.outcomes.reference
    record_values(ledger, simulation, 12.0, reference, results / "next_values.csv", prefix="next.")
    alive = simulation.measure("alive", 5.0)
    for name, value, low, high in zip(simulation.strategies, alive.estimate, alive.conf_low, alive.conf_high):
        ledger.record(f"next.alive_5.{name}", value, conf_low=low, conf_high=high, provenance=simulation)
    return decision.best


def record_implied_ratio(
    ledger: survsim.Ledger, simulation: survsim.simulation.SimulationResult, structure: str
) -> None:
    """Ratio of the cumulative hazards of death to six months, re-irradiation against supportive care."""
    alive = dict(zip(simulation.strategies, simulation.measure("alive", 6.0).by_draw))
    kept = (alive["supportive_care"] > 0) & (alive["reirradiation_alone"] > 0)
    ratio = np.log(alive["reirradiation_alone"][kept]) / np.log(alive["supportive_care"][kept])
    low, middle, high = np.quantile(ratio, [0.025, 0.5, 0.975])
    key = f"next.implied_ratio.{structure}"
    ledger.record(key, middle, conf_low=low, conf_high=high, provenance=simulation)
