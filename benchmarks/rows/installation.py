"""The environment that `make report` makes first, with nothing downloaded or compiled before; the reports are timed apart."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.row import Goal, Row

ROOT = Path(__file__).parents[2]


def survsim(data: dict[str, Any]) -> Any:
    folder, compiled = ROOT / "build" / "bench" / "venv", ROOT / "build" / "bench" / "compiled"
    variables = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    variables |= {"UV_NO_CACHE": "1", "PIP_NO_CACHE_DIR": "1", "NUMBA_CACHE_DIR": str(compiled)}

    def call() -> None:
        for old in (folder, compiled):
            shutil.rmtree(old, ignore_errors=True)
        subprocess.run(
            ["make", "env", f"VENV={folder}"], cwd=ROOT, env=variables, check=True, capture_output=True
        )

    return call, lambda _: []


ROW = Row(
    "installation: the environment",
    dict,
    {"survsim": survsim},
    (Goal(limit=60.0, measure="wall", unit="s of waiting"),),
    once=True,
)
