"""All reports of the study, none of whose results is taken as made: what `make report` does after the environment."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.row import Goal, Row, Timed

ROOT = Path(__file__).parents[2]


def spent() -> float:
    """Processor seconds of the programs that this one has started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def survsim(data: dict[str, Any]) -> Any:
    folder = ROOT / "build" / "bench" / "reports"
    variables = {
        k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    } | {"MPLBACKEND": "Agg"}

    def in_copy(*module: str) -> None:
        subprocess.run(
            [sys.executable, "-m", *module], cwd=folder, env=variables, check=True, capture_output=True
        )

    def call() -> Timed:
        shutil.rmtree(folder, ignore_errors=True)
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        for name in filter(None, listed.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, folder / name)
        in_copy("survsim.kernels.warm")  # the environment's part
        cpu, wall = spent(), time.perf_counter()
        in_copy("survsim", "data", "check")
        in_copy("survsim", "report")
        cpu, wall = spent() - cpu, time.perf_counter() - wall
        pages = len(list((folder / "build" / "reports").glob("*.html")))
        return Timed(cpu, wall, [float(pages)])

    return call, lambda timed: timed.answer


ROW = Row(
    "all reports, from data to pages",
    dict,
    {"survsim": survsim},
    (Goal(limit=120.0, measure="wall", unit="s of waiting"),),
    once=True,
)
