"""One contestant in a process of its own: ``python -m benchmarks.child ROW NAME``; speaks lines with `contest.py`.

READY and the answer after a first call; then for each line "go" one measurement: processor and wall seconds a call.
Calls of under 20 ms are made several times a measurement.
"""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
import warnings
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from benchmarks.row import Timed

PACKAGES = {"survival-rs": "survival", "scikit-survival": "scikit-survival"}
SHORT = 0.02


def main(row: str, name: str) -> None:
    """Take part until told to end."""
    warnings.filterwarnings("ignore")
    told = importlib.import_module(f"benchmarks.rows.{row}").ROW
    call, answer = told.contestants[name](told.data())
    cpu, wall, result = measured(call)
    ready: dict[str, Any] = {"answer": [float(x) for x in answer(result)], "version": version_of(name)}
    again = cpu
    if not told.once:
        again = measured(call)[0] if cpu < 5.0 else cpu
    timed = isinstance(result, Timed)
    del result  # what is no longer asked for would be in the way of those who follow
    say(ready | {"first": [cpu, wall]})
    repeats = max(1, min(2000, int(SHORT / max(again, 1e-6))))
    while sys.stdin.readline().strip() == "go":
        if timed and not told.once:
            cpu, wall, _ = measured(call)
        elif not told.once:
            start, clock = time.process_time(), time.perf_counter()
            for _ in range(repeats):
                call()
            cpu = (time.process_time() - start) / repeats
            wall = (time.perf_counter() - clock) / repeats
        say({"cpu": cpu, "wall": wall, "mib": peak()})


def measured(call: Any) -> tuple[float, float, Any]:
    """Processor seconds (children included), wall seconds, and what was answered."""
    before, start, clock = children(), time.process_time(), time.perf_counter()
    result = call()
    cpu, wall = time.process_time() - start + children() - before, time.perf_counter() - clock
    return (result.cpu, result.wall, result) if isinstance(result, Timed) else (cpu, wall, result)


def children() -> float:
    """Processor seconds of processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def peak() -> float:
    """Largest memory so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def version_of(name: str) -> str:
    """The version of the package behind a contestant."""
    try:
        return version(PACKAGES.get(name, name))
    except PackageNotFoundError:
        return ""


def say(what: dict[str, Any]) -> None:
    print("BENCH " + json.dumps(what), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
