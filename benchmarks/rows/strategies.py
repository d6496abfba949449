"""What a strategy costs when there are 30, 100 and 1,000 of them, 16,384 patients each."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.row import Goal, Row, Timed
from benchmarks.rows.scenario import repeated


def survsim(data: dict[str, Any]) -> Any:
    from benchmarks.w6_semi_markov import model
    from survsim import Execution
    from survsim.simulation.running.run import simulate_model

    def cost(strategies: int) -> float:
        many = repeated(model(), strategies)
        start = time.process_time()
        simulate_model(many, patients=16_384, draws=1, seed=1, execution=Execution(workers=1))
        return (time.process_time() - start) / strategies

    def call() -> Timed:
        start, clock = time.process_time(), time.perf_counter()
        cost(3)
        few = min(cost(30) for _ in range(3))
        some, many = min(cost(100) for _ in range(2)), cost(1000)
        cpu, wall = time.process_time() - start, time.perf_counter() - clock
        return Timed(cpu, wall, [some / few, many / few, 1000 * few, 1000 * some, 1000 * many])

    return call, lambda timed: timed.answer


ROW = Row(
    "cost of a strategy, 30 to 100 and 1,000",
    dict,
    {"survsim": survsim},
    (
        Goal(limit=1.2, measure=0, unit="x the cost at 30, at 100"),
        Goal(limit=1.2, measure=1, unit="x the cost at 30, at 1,000"),
    ),
    once=True,
)
