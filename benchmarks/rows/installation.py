"""The environment that `make report` makes first, in an empty folder; the reports are timed by `make report` itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.row import Goal, Row

ROOT = Path(__file__).parents[2]


def survsim(data: dict[str, Any]) -> Any:
    folder = ROOT / "build" / "bench" / "venv"

    def call() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(["make", "env", f"VENV={folder}"], cwd=ROOT, check=True, capture_output=True)

    return call, lambda _: []


ROW = Row(
    "installation: the environment",
    dict,
    {"survsim": survsim},
    (Goal(limit=60.0, measure="wall", unit="s of waiting"),),
    once=True,
)
