"""The answer from surgery under other structures, and one parameter at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

import survsim

from .words import SHORT

NOT_ON_SURVIVAL = ("utility", "not_walking", "progressed_share", "p_walks", "walking_loss", "hr_walking", "p_withdrawal", "respiratory_share")  # fmt: skip
"""How the names of parameters begin that say how patients live or of what they die, not how long."""
HORIZONS = (12.0, 24.0, 60.0)
COMPARED = (
    "early_immunotherapy", "surgery_radiotherapy_chemotherapy_reirradiation", "surgery_radiotherapy_reirradiation", "as_treated",
)  # fmt: skip
"""The strategies that come first or second under some structure, and the one that she had."""


def structure_sizes(scenario: survsim.Scenario, *, quick: bool) -> dict[str, int]:
    """The draws of the answer itself: with fewer, the row "as declared" could put another strategy first."""
    return (
        {"patients": 1024, "draws": 20} if quick else {"patients": 128, "draws": scenario.content.full.draws}
    )


def record_structure(
    ledger: survsim.Ledger,
    scenario: survsim.Scenario,
    calibration: survsim.calibration.EvidenceCalibration,
    others: dict[str, tuple[str, survsim.calibration.EvidenceCalibration]],
    execution: survsim.Execution,
    evidence: survsim.evidence.EvidenceStore,
    results: Path,
    *,
    quick: bool,
) -> None:
    """The answer under every structural alternative, and one parameter at a time at its ends, on the same patients."""
    sizes = structure_sizes(scenario, quick=quick)
    table = survsim.scenario.structural_sensitivity(
        scenario, taus=HORIZONS, calibration=calibration, recalibrated=others, execution=execution,
        evidence=evidence, **sizes,
    )  # fmt: skip
    table.save(results / "structure.json")
    record_answers(ledger, table, "structure.", 24.0)
    record_first(ledger, table, "structure.", first=24.0, first_12=12.0)
    record_neutral(ledger, table, scenario, "from_surgery", 24.0)
    frame = table.to_frame()
    ranks = [wide(frame, "rank", tau, table.labels) for tau in HORIZONS]
    pd.concat(ranks).to_csv(results / "ranks.csv", index=False)
    labels = {s.name: s.label for s in scenario.strategies}
    told = [horizons(frame, name, table.labels).assign(strategy=labels[name]) for name in COMPARED]
    pd.concat(told).to_csv(results / "horizons_by_structure.csv", index=False)
    bars = survsim.scenario.one_way_runs(
        scenario, strategy="early_immunotherapy", calibration=calibration, execution=execution, evidence=evidence,
        patients=sizes["patients"], draws=sizes["draws"] // 3,
        names=[n for n, p in scenario.content.parameters.items() if moves(n, p)],
    )  # fmt: skip
    record_one_way(ledger, bars, "one_way", results / "one_way.json")


def record_answers(ledger: survsim.Ledger, table: Any, prefix: str, tau: float) -> None:
    """Gain, rank, P(best), quality and walking of each strategy under each structure."""
    for row in table.to_frame().query(f"tau == {tau}").itertuples():
        key = f"{prefix}{row.alternative}.{row.strategy}"
        ledger.record(
            key, row.gain, conf_low=row.gain_low, conf_high=row.gain_high, mc_std_error=row.gain_error,
            unit=table.unit, provenance=table,
        )  # fmt: skip
        for name in ("rank", "probability_best", "quality_gain", "time_in_walking"):
            ledger.record(f"{key}.{name}", getattr(row, name), provenance=table)


def record_first(ledger: survsim.Ledger, table: Any, prefix: str, **horizons: float) -> None:
    """Under how many structures each strategy comes first, and of how many."""
    for word, tau in horizons.items():
        for name, number in table.first(tau).items():
            ledger.record(f"{prefix}{word}.{name}", number, provenance=table)
    ledger.record(f"{prefix}structures", len(table.votes), provenance=table)


def record_neutral(
    ledger: survsim.Ledger, table: Any, scenario: survsim.Scenario, question: str, tau: float
) -> None:
    """Who comes first when no treatment is believed to help beforehand, and with what gain."""
    mine = table.to_frame().query(f"tau == {tau} and alternative == 'neutral_priors'")
    first = mine.loc[mine["mean"].idxmax()]
    labels = {s.name: s.label for s in scenario.strategies}
    ledger.record(f"neutral.{question}", labels[first["strategy"]], provenance=table)
    ledger.record(
        f"neutral.gain.{question}", first["gain"], conf_low=first["gain_low"], conf_high=first["gain_high"],
        mc_std_error=first["gain_error"], unit=table.unit, provenance=table,
    )  # fmt: skip
    ledger.record(f"neutral.p_best.{question}", first["probability_best"], provenance=table)


def record_one_way(ledger: survsim.Ledger, bars: survsim.simulation.Tornado, prefix: str, path: Path) -> None:
    """Gains with one parameter at its ends, widest first."""
    bars.save(path)
    for name, low, high in zip(bars.names, bars.gain_low, bars.gain_high):
        ledger.record(f"{prefix}.{name}.low", low, unit=bars.unit, provenance=bars)
        ledger.record(f"{prefix}.{name}.high", high, unit=bars.unit, provenance=bars)


def wide(frame: pd.DataFrame, column: str, tau: float, labels: tuple[str, ...]) -> pd.DataFrame:
    """One measure at one horizon, a structure a row and a strategy a column."""
    found = frame[frame["tau"] == tau].pivot(index="label", columns="strategy", values=column)
    made = found.reindex(list(labels))[list(SHORT)].rename(columns=SHORT).reset_index(names="structure")
    return made.assign(horizon=f"to {tau:g} months")


def horizons(frame: pd.DataFrame, strategy: str, labels: tuple[str, ...]) -> pd.DataFrame:
    """A strategy against surgery alone at each horizon, with P(best) and rank, one structure a row."""
    mine = frame[frame["strategy"] == strategy].set_index(["label", "tau"])
    columns = {
        "gain": "gain", "gain_low": "low", "gain_high": "high", "probability_best": "best", "rank": "rank",
    }  # fmt: skip
    made = {
        f"{word}_{tau:g}": mine.xs(tau, level="tau")[name]
        for tau in HORIZONS
        for name, word in columns.items()
    }
    return pd.DataFrame(made).reindex(list(labels)).reset_index()


def moves(name: str, one: Any) -> bool:
    """Whether a parameter varies by itself and may change how long patients live."""
    fixed = getattr(getattr(one, "distribution", None), "law", "") == "fixed"
    return one.source != "derived" and not fixed and not name.startswith(NOT_ON_SURVIVAL)
