"""A thousand parameter draws of ten thousand patients under six strategies with every rule, on every core.

Half of a thousand draws are run and the time is doubled: draws are independent of one another.
"""

from __future__ import annotations

from typing import Any

from benchmarks.row import Goal, Row
from benchmarks.rows.scenario import rules


def survsim(data: dict[str, Any]) -> Any:
    from survsim.simulation.running.run import simulate_model

    model = rules(1000, 6)
    simulate_model(model, patients=1000, draws=2, seed=1, taus=(24.0,))
    return lambda: simulate_model(model, patients=10_000, draws=500, seed=1, taus=(24.0,)), lambda _: []


ROW = Row(
    "1,000 draws x 10,000 x 6 strategies, all rules",
    dict,
    {"survsim": survsim},
    (Goal(limit=20.0, measure="wall", unit="s of waiting"),),
    share={"survsim": 0.5},
    once=True,
)
