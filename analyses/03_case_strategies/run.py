"""Simulate the strategies of the index case and write down every number of the report."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

import survsim

SLUG = "03_case_strategies"
TURNED = "hr_antiangiogenic"
SCENARIO = Path(__file__).parent / "scenario.yml"


def main(*, quick: bool, results: Path, workers: int) -> None:
    """Draw parameters, simulate, decide, ask what it would be worth to know more."""
    evidence = survsim.load_evidence()
    scenario = survsim.Scenario.from_yaml(SCENARIO)
    effort = scenario.content.quick if quick else scenario.content.full
    parameters = survsim.scenario.scenario_parameters(scenario, draws=effort.draws, evidence=evidence)
    simulation = survsim.simulate(
        scenario,
        patients=effort.patients,
        parameters=parameters,
        execution=survsim.Execution(executor="processes" if workers > 1 else "local", workers=workers),
    )
    ledger = survsim.Ledger(
        analysis=SLUG,
        seed=scenario.content.seed,
        mode="quick" if quick else "full",
        data_checksum=evidence.checksum,
    )
    case = survsim.Provenance.of("as_printed", "cases:index_case")
    ledger.record("index_case.survival", case_survival(evidence), unit="months", provenance=case)
    record_parameters(ledger, parameters)
    record_outcomes(ledger, simulation, scenario)
    decision = simulation.decision(scenario.content.outcomes.decision_tau)
    record_decision(ledger, decision)
    record_information(ledger, decision, parameters, scenario, results)
    simulation.save(results / "simulation")
    parameters.save(results / "parameters.csv")
    shutil.copy(Path(__file__).parent / "course.csv", results / "course.csv")
    ledger.save(results / "summary.json")


def case_survival(evidence: survsim.evidence.EvidenceStore) -> float:
    """The printed survival of the index case, in months."""
    cases = evidence.cases().set_index("case_id")
    return float(cases.loc["index_case", "survival_from_cns_months"])


def record_parameters(ledger: survsim.Ledger, parameters: survsim.scenario.Parameters) -> None:
    """Each parameter with its interval and its rows, and how many come from where."""
    for p in parameters.parameters.values():
        low, middle, high = np.quantile(p.draws, [0.025, 0.5, 0.975])
        ledger.record(
            f"parameter.{p.name}", middle, unit=p.unit, conf_low=low, conf_high=high, provenance=p.provenance
        )
    for kind, number in parameters.share_by_source().items():
        ledger.record(f"parameters.{kind}", number, provenance=parameters)


def record_outcomes(
    ledger: survsim.Ledger, simulation: survsim.simulation.SimulationResult, scenario: survsim.Scenario
) -> None:
    """Means of every measure, medians, and differences from the reference, by strategy."""
    for row in simulation.to_frame().itertuples():
        at = "" if np.isnan(row.time) else f"_{row.time:g}"
        ledger.record(
            f"{row.measure}{at}.{row.strategy}",
            row.estimate,
            conf_low=row.conf_low,
            conf_high=row.conf_high,
            mc_std_error=row.mc_std_error,
            unit=scenario.time_unit if row.measure.endswith("_time") else "",
            provenance=simulation,
        )
    for row in simulation.medians().itertuples():
        ledger.record(
            f"median.{row.strategy}",
            row.estimate,
            conf_low=row.conf_low,
            conf_high=row.conf_high,
            mc_std_error=row.mc_std_error,
            unit=scenario.time_unit,
            note="" if np.isfinite(row.estimate) else "not reached within the horizon",
            provenance=simulation,
        )
    comparison = simulation.compare(scenario.content.outcomes.reference)
    paired = comparison.to_frame()
    for row in paired[paired["measure"].str.startswith("survival_time@")].itertuples():
        tau = row.measure.partition("@")[2]
        ledger.record(
            f"gain_{tau}.{row.strategy}",
            row.difference,
            conf_low=row.conf_low,
            conf_high=row.conf_high,
            mc_std_error=row.mc_std_error,
            unit=scenario.time_unit,
            provenance=comparison,
        )
        if row.strategy != comparison.reference:
            ledger.record(f"pairing_{tau}.{row.strategy}", row.variance_reduction, provenance=comparison)


def record_decision(ledger: survsim.Ledger, decision: survsim.simulation.Decision) -> None:
    """Which strategy is best in expectation, how often it is best, what a wrong choice costs."""
    best = decision.strategies.index(decision.best)
    ledger.record("decision.best", decision.labels[best], provenance=decision)
    ledger.record("decision.p_best", decision.probability_best[best], provenance=decision)
    for row in decision.to_frame().itertuples():
        ledger.record(f"p_best.{row.strategy}", row.probability_best, provenance=decision)
        ledger.record(
            f"regret.{row.strategy}", row.expected_regret, unit=decision.time_unit, provenance=decision
        )


def record_information(
    ledger: survsim.Ledger,
    decision: survsim.simulation.Decision,
    parameters: survsim.scenario.Parameters,
    scenario: survsim.Scenario,
    results: Path,
) -> None:
    """Value of information, one-way sensitivity, and the spread of the gain by layer of uncertainty."""
    pd.DataFrame(parameters.independent()).to_parquet(results / "draws.parquet", index=False)
    worth = decision.value_of_information(parameters)
    ledger.record("evpi", worth.evpi, unit=worth.unit, mc_std_error=worth.evpi_std_error, provenance=worth)
    for name, value in zip(worth.names, worth.evppi):
        ledger.record(f"evppi.{name}", value, unit=worth.unit, provenance=worth)
    worth.save(results / "value_of_information.csv")
    reference = scenario.content.outcomes.reference
    bars = decision.tornado(parameters, reference=reference)
    bars.save(results / "tornado.csv")
    bars.save(results / "tornado.json")
    for name, low, high in zip(bars.names, bars.gain_low, bars.gain_high):
        ledger.record(f"tornado.{name}.low", low, unit=bars.unit, provenance=bars)
        ledger.record(f"tornado.{name}.high", high, unit=bars.unit, provenance=bars)
    shares = decision.global_sensitivity(parameters, seed=scenario.content.seed)
    shares.save(results / "global_sensitivity.csv")
    for name, first, spread in zip(shares.names, shares.first_order, shares.pawn):
        ledger.record(f"sobol.{name}", first, provenance=shares)
        ledger.record(f"pawn.{name}", spread, provenance=shares)
    turn = decision.threshold(parameters, TURNED)
    ledger.record(
        f"threshold.{TURNED}",
        turn.turns_at[-1] if turn.turns_at.size else float("nan"),
        note="the decision does not turn within the drawn range",
        provenance=turn,
    )
    shares = decision.variance_by_layer(parameters, reference=reference)
    step = survsim.Provenance.of("variance_by_layer", decision, parameters)
    for layer, share in shares.items():
        ledger.record(f"layer.{layer.replace(' ', '_')}", share, provenance=step)
    pd.DataFrame({"layer": list(shares), "share": list(shares.values())}).to_csv(
        results / "layers.csv", index=False
    )
