"""A thousand parameter draws of ten thousand patients under six strategies with every rule.

Fifty draws are run on one core and their processor time is multiplied: draws are independent of one another, every core
takes its share, and forty seconds of processor time are twenty of waiting on two cores.
"""

from __future__ import annotations

from typing import Any

from benchmarks.row import Goal, Row
from benchmarks.rows.scenario import rules


def survsim(data: dict[str, Any]) -> Any:
    from survsim import Execution
    from survsim.simulation.running.run import simulate_model

    model, alone = rules(1000, 6), Execution(workers=1)
    simulate_model(model, patients=1000, draws=2, seed=1, taus=(24.0,), execution=alone)
    return lambda: simulate_model(
        model, patients=10_000, draws=50, seed=1, taus=(24.0,), execution=alone
    ), lambda _: []


ROW = Row(
    "1,000 draws x 10,000 x 6 strategies, all rules",
    dict,
    {"survsim": survsim},
    (Goal(limit=40.0, unit="s of processor time, 20 s of waiting on two cores"),),
    share={"survsim": 0.05},
    once=True,
)
