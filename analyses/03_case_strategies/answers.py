"""What each strategy comes to, which is favoured, and what the choice hangs on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import survsim

from .rows import limits
from .words import VALUES

TURNED = "hr_antiangiogenic"


def record_outcomes(
    ledger: survsim.Ledger, simulation: survsim.simulation.SimulationResult, scenario: survsim.Scenario
) -> None:
    """Means of every measure, medians, and differences from the reference, by strategy."""
    for row in simulation.to_frame().itertuples():
        at = "" if np.isnan(row.time) else f"_{row.time:g}"
        ledger.record(
            f"{row.measure}{at}.{row.strategy}",
            row.estimate,
            **limits(row),
            unit=scenario.time_unit if row.measure.endswith("_time") else "",
            provenance=simulation,
        )
    for row in simulation.medians().itertuples():
        ledger.record(
            f"median.{row.strategy}",
            row.estimate,
            **limits(row),
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
            **limits(row),
            unit=scenario.time_unit,
            provenance=comparison,
        )
        if row.strategy != comparison.reference:
            ledger.record(f"pairing_{tau}.{row.strategy}", row.variance_reduction, provenance=comparison)


def record_place(
    ledger: survsim.Ledger, simulation: survsim.simulation.SimulationResult, months: float
) -> None:
    """Share of patients treated as she was who have died by the time she did: where one patient stands among them.

    The interval of expected survival is one of means over draws and says nothing of where a single patient may lie.
    """
    curve = simulation.survival()
    i, j = curve.strategies.index("as_treated"), int(np.abs(curve.time - months).argmin())
    if abs(curve.time[j] - months) > 1e-9:
        raise survsim.errors.InputError(
            f"survival is counted every {curve.time[1]:g} months, and not at {months:g}."
        )
    ledger.record(
        "index_case.dead_by_then", 1.0 - curve.estimate[i, j], conf_low=1.0 - curve.conf_high[i, j],
        conf_high=1.0 - curve.conf_low[i, j], mc_std_error=curve.mc_std_error[i, j], provenance=curve,
    )  # fmt: skip


def decision_table(decision: survsim.simulation.Decision) -> pd.DataFrame:
    """Months, P(best) and loss of each strategy, and how far each end of an interval may be off by simulation."""
    low, high = survsim.simulation.interval_errors(decision.by_draw)
    frame = decision.to_frame().assign(label=decision.labels, low_error=low, high_error=high)
    return frame[
        ["label", "strategy", "expected", "mc_std_error", "conf_low", "low_error", "conf_high", "high_error",
         "probability_best", "expected_regret", "mean_rank"]
    ]  # fmt: skip


def horizons_table(
    simulation: survsim.simulation.SimulationResult, taus: tuple[float, ...], reference: str
) -> pd.DataFrame:
    """Gain of each strategy over the reference to each horizon, with interval, its errors, P(best) and rank."""
    against = simulation.strategies.index(reference)
    made = []
    for tau in taus:
        decision = simulation.decision(tau)
        gain = decision.by_draw - decision.by_draw[against]
        low, high = np.quantile(gain, [0.025, 0.975], axis=1)
        low_error, high_error = survsim.simulation.interval_errors(gain)
        rank = 1 + (decision.expected[None, :] > decision.expected[:, None]).sum(axis=1)
        part = {
            "horizon": f"to {tau:g} months", "strategy": list(simulation.labels), "gain": gain.mean(axis=1), "low": low,
            "low_error": low_error, "high": high, "high_error": high_error, "best": decision.probability_best,
            "rank": rank,
        }  # fmt: skip
        made.append(pd.DataFrame(part).drop(index=against))
    return pd.concat(made)


def record_decision(ledger: survsim.Ledger, decision: survsim.simulation.Decision, path: Path) -> None:
    """Which strategy is best in expectation, how often it is best, what a wrong choice costs."""
    table = decision_table(decision)
    table.to_csv(path, index=False)
    worst = float(table[["low_error", "high_error"]].to_numpy().max())
    ledger.record("interval_error.from_surgery", worst, unit=decision.time_unit, provenance=decision)
    best = decision.strategies.index(decision.best)
    ledger.record("decision.best", decision.labels[best], provenance=decision)
    ledger.record("decision.p_best", decision.probability_best[best], provenance=decision)
    for row in decision.to_frame().itertuples():
        ledger.record(f"p_best.{row.strategy}", row.probability_best, provenance=decision)
        ledger.record(
            f"regret.{row.strategy}", row.expected_regret, unit=decision.time_unit, provenance=decision
        )


def record_values(
    ledger: survsim.Ledger,
    simulation: survsim.simulation.SimulationResult,
    tau: float,
    reference: str,
    path: Path,
    prefix: str = "",
) -> None:
    """Months alive, walking and quality-adjusted of each strategy, each with its interval, gain and P(best)."""
    rows = []
    against = simulation.strategies.index(reference)
    for outcome, word in VALUES.items():
        decision = simulation.decision(tau, outcome=outcome)
        gain = decision.by_draw - decision.by_draw[against]
        low, high = np.quantile(gain, [0.025, 0.975], axis=1)
        low_error, high_error = survsim.simulation.interval_errors(gain)
        frame = decision.to_frame().assign(label=decision.labels, outcome=word, gain=gain.mean(axis=1))
        rows.append(frame.assign(gain_low=low, low_error=low_error, gain_high=high, high_error=high_error))
        for row in rows[-1].itertuples():
            ledger.record(
                f"{prefix}{word}.{row.strategy}", row.expected, **limits(row), unit="months", provenance=decision,
            )  # fmt: skip
            ledger.record(
                f"{prefix}{word}_gain.{row.strategy}", row.gain, conf_low=row.gain_low, conf_high=row.gain_high,
                unit="months", provenance=decision,
            )  # fmt: skip
            ledger.record(f"{prefix}{word}_best.{row.strategy}", row.probability_best, provenance=decision)
    made = pd.concat(rows)
    made.to_csv(path, index=False)
    worst = float(made[["low_error", "high_error"]].to_numpy().max())
    ledger.record(f"{prefix}interval_error.gains", worst, unit="months", provenance=simulation)


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
