"""A thousand parameter draws of the model that the twenty seconds were set for: the first of analysis 03, without its later rules.

Fifty draws on one core, their processor time multiplied, as in `draws.py`: forty seconds of it are twenty of waiting on two cores.
"""

from __future__ import annotations

from typing import Any

from benchmarks.row import Goal, Row
from benchmarks.rows.draws import DRAWS, PATIENTS, STRATEGIES
from benchmarks.rows.scenario import rules, simulated

MODEL = "benchmarks/models/first_case_model/scenario.yml"


def model() -> dict[str, Any]:
    """The model, made before anything is timed."""
    return {"model": rules(1000, STRATEGIES, MODEL)}


def survsim(data: dict[str, Any]) -> Any:
    return simulated(data["model"], PATIENTS, DRAWS), lambda found: [*found.means.mean(axis=0)[0]]


ROW = Row(
    "1,000 draws x 10,000 x 6 strategies, first model",
    model,
    {"survsim": survsim},
    (Goal(limit=40.0, unit="s of processor time, 20 s of waiting on two cores"),),
    share={"survsim": DRAWS / 1000},
    rounds=10,
)
