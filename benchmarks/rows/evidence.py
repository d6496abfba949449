"""A million rows of evidence: checked and loaded by one process, then selected from."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

from benchmarks.row import Goal, Row, Timed

ROWS = 1_000_000
FOLDER = Path(__file__).parents[2] / "build" / "bench" / f"evidence_{ROWS}"


def survsim(data: dict[str, Any]) -> Any:
    import survsim as package
    from benchmarks.evidence_100k import enlarged
    from benchmarks.rows.evidence_folder import made

    made(FOLDER, lambda part: enlarged(ROWS, part))

    def call() -> Timed:
        start, clock = time.process_time(), time.perf_counter()
        report = package.check_evidence(FOLDER)
        store = package.load_evidence(FOLDER)
        rows = len(store.estimates)
        cpu, wall = time.process_time() - start, time.perf_counter() - clock
        taken = []
        for _ in range(4):
            begin = time.process_time()
            store.select(
                endpoint="overall_survival", measure="hazard_ratio", interval=True, allow_mixed="any"
            )
            taken.append(time.process_time() - begin)
        mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return Timed(cpu, wall, [1000 * min(taken), mib / 1024, len(report.errors), rows])

    return call, lambda timed: timed.answer


ROW = Row(
    "evidence, 1e6 rows: check and load",
    dict,
    {"survsim": survsim},
    (
        Goal(limit=60.0),
        Goal(limit=100.0, measure=0, unit="ms to select"),
        Goal(limit=3.0, measure=1, unit="GiB"),
    ),
    once=True,
)
