"""R's flexsurv as a contestant, where R and the package are there."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.row import Timed

CODE = """
a <- commandArgs(TRUE); suppressPackageStartupMessages(library(flexsurv))
column <- function(name) { f <- file.path(a[1], name); readBin(f, "double", file.size(f) / 8) }
d <- data.frame(time = column("time"), event = column("event"))
one <- function() flexsurvreg(Surv(time, event) ~ 1, data = d, dist = "gengamma")
fit <- one(); spent <- system.time(for (i in 1:5) one(), gcFirst = FALSE) / 5
cat(sprintf("[%.9g, %.9g, %.12g]", spent[["user.self"]] + spent[["sys.self"]], spent[["elapsed"]], fit$loglik))
"""


def flexsurv(data: dict[str, Any]) -> tuple[Callable[[], Timed], Callable[[Timed], list[float]]]:
    """Fits of one R process, timed by R."""
    if shutil.which("Rscript") is None:
        raise SystemExit("absent: R")
    known = subprocess.run(
        ["Rscript", "-e", "cat(requireNamespace('flexsurv', quietly = TRUE))"], capture_output=True
    )
    if known.stdout != b"TRUE":
        raise SystemExit("absent: R's flexsurv is not installed, and Debian 12 has no package of it")

    def call() -> Timed:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("time", "event"):
                np.asarray(data[name], "<f8").tofile(Path(folder) / name)
            script = Path(folder) / "fit.R"
            script.write_text(CODE, encoding="utf-8")
            done = subprocess.run(
                ["Rscript", str(script), folder], capture_output=True, text=True, check=True
            )
        cpu, wall, value = json.loads(done.stdout)
        return Timed(cpu, wall, [value])

    return call, lambda timed: timed.answer
