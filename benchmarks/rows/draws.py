"""A thousand parameter draws of ten thousand patients under six strategies with every rule.

Fifty draws are run on one core and their processor time is multiplied: draws are independent of one another, and every core
takes its share. Both engines give the means of the
same measures, their covariances between strategies and the states on the grid; what is compared are means over the draws, at
one per cent, for each engine has luck of its own.
"""

from __future__ import annotations

from typing import Any

from benchmarks.row import Goal, Row
from benchmarks.rows.scenario import rules, simulated

DRAWS, PATIENTS, STRATEGIES = 50, 10_000, 6
COMPARED = {
    "survival_time@24": 0, "progression_free_time@24": 1, "quality_adjusted_time@24": 2, "time_in/walking@24": 3, "cord_dose": 4,
    "toxicity_grade_3": 5, "line/radiotherapy": 12, "line/chemotherapy": 13, "line/reirradiation": 14, "line/maintenance": 15,
    "irradiated/once": 18, "irradiated/again": 19, "myelopathy_risk/lyman_burman_1991/again": 26,
}  # fmt: skip
"""Measures whose means must agree, and the places where the hand-written engine has them."""


def model() -> dict[str, Any]:
    """The model, made before anything is timed."""
    return {"model": rules(1000, STRATEGIES)}


def survsim(data: dict[str, Any]) -> Any:
    def answer(found: Any) -> list[float]:
        means = found.means.mean(axis=0)
        return [float(v) for name in COMPARED for v in means[found.measures.index(name)]]

    return simulated(data["model"], PATIENTS, DRAWS), answer


def hand(data: dict[str, Any]) -> Any:
    from benchmarks.hand.draws import simulate

    parameters = data["model"].parameters
    simulate(parameters, 1, 100, 1)

    def answer(found: Any) -> list[float]:
        means = found["means"].mean(axis=0)
        return [float(v) for place in COMPARED.values() for v in means[:, place]]

    return lambda: simulate(parameters, DRAWS, PATIENTS, 1), answer


ROW = Row(
    "1,000 draws x 10,000 x 6 strategies, all rules",
    model,
    {"survsim": survsim, "hand": hand},
    (Goal("hand", 4.0),),
    tolerance=0.01,
    share={"survsim": DRAWS / 1000, "hand": DRAWS / 1000},
    rounds=3,
)
