"""From her progression on: under other structures, one parameter at a time, and where the answer turns."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

import survsim

from .next_step import record_implied_ratio
from .structure import record_answers, record_first, record_neutral, record_one_way, structure_sizes

FROM_PROGRESSION = (
    "second_control", "performance_status_acts", "respiratory_by_level", "withdrawal_takes_weeks", "walking_regained",
    "utilities_of_one_instrument", "effects_while_on", "effects_always", "no_reirradiation_effect",
    "reirradiation_does_nothing", "neutral_priors", "much_frailty",
)  # fmt: skip
"""Structural alternatives that are asked from her progression too."""
ACTING = (
    "hr_focal_radiotherapy", "hr_craniospinal", "hr_anlotinib_progressed", "tumour_death_rate", "other_death_rate",
    "other_death_ratio_progressed", "frailty_variance", "progression_shape", "progression_scale", "p_fatal_checkpoint",
    "p_fatal_antiangiogenic", "p_immune_toxicity", "toxicity_onset_rate", "reirradiation_delay", "progression_at",
)  # fmt: skip
"""What may act from progression on, by itself or by what her history says of her hidden factor; the rest is over."""
TURNED = {
    "hr_focal_radiotherapy": (0.3, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.2),
    "hr_craniospinal": (0.3, 0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.2),
    "hr_anlotinib_progressed": (0.4, 0.6, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5),
}
"""Ratios that are held at each of these values, from far benefit to harm."""


def record_next_structure(
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
    """The answer from her progression under the structures that may turn it."""
    sizes = structure_sizes(scenario, quick=quick)
    tau = scenario.content.outcomes.decision_tau
    table = survsim.scenario.structural_sensitivity(
        scenario, alternatives=FROM_PROGRESSION, calibration=calibration, recalibrated=others, execution=execution,
        evidence=evidence, history="at_progression", **sizes,
    )  # fmt: skip
    table.save(results / "next_structure.json")
    record_first(ledger, table, "next.structure.", first=tau)
    record_answers(ledger, table, "next.structure.", tau)
    record_neutral(ledger, table, scenario, "from_progression", tau)
    second = scenario.overridden("second_control")
    drawn = survsim.scenario.scenario_parameters(
        second, draws=sizes["draws"], evidence=evidence, calibration=calibration
    )
    acted = survsim.simulate(
        second, patients=sizes["patients"], parameters=drawn, execution=execution, history="at_progression"
    )
    record_implied_ratio(ledger, acted, "second_control")
    columns = ["label", "strategy", "gain", "gain_low", "gain_high", "probability_best", "rank", "quality_gain", "time_in_walking"]  # fmt: skip
    shown = table.to_frame().query(
        f"tau == {tau} and strategy in ['reirradiation_alone', 'reirradiation_drugs']"
    )
    names = dict(zip(table.strategies, (s.label for s in scenario.strategies)))
    shown[columns].assign(strategy=shown["strategy"].map(names)).to_csv(
        results / "next_structure.csv", index=False
    )


def record_turns(
    ledger: survsim.Ledger,
    scenario: survsim.Scenario,
    favoured: str,
    calibration: survsim.calibration.EvidenceCalibration,
    execution: survsim.Execution,
    evidence: survsim.evidence.EvidenceStore,
    results: Path,
    *,
    quick: bool,
) -> None:
    """One parameter at a time at its ends, and the value of each ratio at which the answer turns."""
    sizes: dict[str, Any] = {"patients": 512, "draws": 20} if quick else {"patients": 256, "draws": 100}
    common = {"calibration": calibration, "execution": execution, "evidence": evidence, "history": "at_progression"}  # fmt: skip
    fewer = sizes if quick else sizes | {"patients": 128}  # as in the bars from surgery
    bars = survsim.scenario.one_way_runs(scenario, strategy=favoured, names=ACTING, **common, **fewer)
    record_one_way(ledger, bars, "next.one_way", results / "next_one_way.json")
    found = survsim.scenario.turning_points(scenario, TURNED, **common, **sizes)
    found.save(results / "next_turning.json")
    names = dict(zip(found.strategies, (s.label for s in scenario.strategies)))
    record_turning(ledger, found, favoured, names)
    told = found.turns().replace(
        {"strategy": names, "below": names, "above": names, "parameter": meanings(scenario)}
    )
    told.to_csv(results / "next_turns.csv", index=False)


def record_turning(
    ledger: survsim.Ledger, found: survsim.scenario.TurningPoints, favoured: str, names: dict[str, str]
) -> None:
    """Of each ratio the turn below and the turn above what is believed, nearest to it, or a note that there is none."""
    turns = found.turns()
    words = {
        "another is favoured": "turn",
        "gain changes sign": "sign",
        "favoured in half of the draws": "half",
    }
    every = [(*one, *word) for one in zip(found.names, found.values, found.drawn) for word in words.items()]
    for name, held, drawn, what, word in every:
        mine = turns[(turns["parameter"] == name) & (turns["what"] == what) & (turns["strategy"] == favoured)]
        middle = float(np.median(drawn))
        sides = {"below": mine[mine["at"] <= middle].tail(1), "above": mine[mine["at"] > middle].head(1)}
        for side, place in sides.items():
            key, end = f"next.{word}.{name}.{side}", held[0 if side == "below" else -1]
            note = f"nowhere {side} what is believed, as far as {end:g}"
            at, error, beyond = place.iloc[0][["at", "at_error", "beyond"]] if len(place) else (math.nan,) * 3
            ledger.record(key, at, mc_std_error=error, note=note, provenance=found)
            ledger.record(f"{key}.beyond", beyond, note=note, provenance=found)
            other = names.get(place.iloc[0][side], place.iloc[0][side]) if len(place) else "nobody"
            ledger.record(f"{key}.other", other, provenance=found)


def meanings(scenario: survsim.Scenario) -> dict[str, str]:
    """What each parameter is, in words."""
    return {name: one.meaning for name, one in scenario.content.parameters.items()}
