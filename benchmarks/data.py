"""Data and timing shared by the benchmarks: seeded, so that every peer sees the same patients."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def patients(n: int, *, whole_days: bool, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times in days (n,), events, and two groups with hazard ratio 0.8; about 45% censored."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 2, n)
    life = rng.exponential(np.where(group == 1, 1000.0, 800.0))
    censor = rng.exponential(1000.0, n)
    time_ = np.minimum(life, censor)
    return np.floor(time_) + 1.0 if whole_days else time_, life <= censor, group


def median_seconds(function: Callable[[], Any], repeats: int) -> float:
    """Median wall time after one warm-up call."""
    function()
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return float(np.median(found))


def have(module: str) -> bool:
    """True when a peer can be imported."""
    return importlib.util.find_spec(module) is not None


def run_r(code: str, columns: dict[str, np.ndarray], *arguments: Any) -> Any | None:
    """JSON that an R script prints; the script gets a folder of float64 .bin columns. None without R."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for name, values in columns.items():
            np.asarray(values, dtype="<f8").tofile(Path(folder) / f"{name}.bin")
        script = Path(folder) / "bench.R"
        script.write_text(
            "suppressPackageStartupMessages({library(survival); library(jsonlite)})\n"
            "a <- commandArgs(TRUE)\n"
            'column <- function(name) { f <- file.path(a[1], paste0(name, ".bin")); '
            'readBin(f, "double", file.size(f) / 8) }\n'
            "median_seconds <- function(f, k) { f(); median(sapply(seq_len(k), function(i) "
            "system.time(f(), gcFirst = FALSE)[['elapsed']])) }\n" + code
        )
        call = ["Rscript", str(script), folder, *map(str, arguments)]
        return json.loads(subprocess.run(call, capture_output=True, text=True, check=True).stdout)


def table(title: str, seconds: dict[str, float], goals: dict[str, float] | None = None) -> None:
    """Print seconds and how many times longer than survsim each peer takes, beside the goal."""
    print(f"\n{title}")
    own = seconds["survsim"]
    for name, value in seconds.items():
        goal = (goals or {}).get(name)
        note = f"   goal {goal:g}x" if goal else ""
        print(f"  {name:<34}{value:>12.6f} s {value / own:>10.2f}x{note}")
