"""W3, W4, W5: Cox fits beside lifelines, statsmodels, scikit-survival (where installed) and R, in one run.

    python -m benchmarks.w3_cox [--large] [--repeats N]

Single fits at n = 1,000 and, with --large, at 100,000 (days, continuous, 50 covariates, start-stop,
strata with cluster-robust variance); 1,000 bootstrap fits of n = 200; 10,000 trials of n = 100. survsim's
seconds include the checks of the response and the result object. Prints seconds, ratios to survsim, and
the largest difference of the coefficients from R's. Peers that take over a minute are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from survsim import Surv, cox_ph
from survsim.cox import cox_resamples, cox_trials

R_CODE = """
suppressPackageStartupMessages({library(survival); library(jsonlite)})
a <- commandArgs(TRUE); d <- read.csv(a[1]); repeats <- as.integer(a[2]); kind <- a[3]
x <- grep("^x", names(d), value = TRUE)
left <- if (kind == "start-stop") "Surv(entry, time, event)" else "Surv(time, event)"
f <- as.formula(paste(left, "~", paste(x, collapse = "+"), if (kind == "strata + cluster") "+ strata(stratum)"))
control <- suppressWarnings(coxph.control(eps = 1e-12))
one <- function(...) if (kind == "strata + cluster") coxph(f, d, cluster = cluster, ...) else coxph(f, d, ...)
seconds <- sapply(seq_len(repeats), function(i) system.time(one(), gcFirst = FALSE)[["elapsed"]])
fit <- suppressWarnings(one(control = control))
cat(toJSON(list(seconds = median(seconds), estimate = unname(coef(fit)), std_error = unname(sqrt(diag(fit$var)))),
  digits = 14))
"""

R_MANY = """
suppressPackageStartupMessages(library(survival))
a <- commandArgs(TRUE); set.seed(1); control <- coxph.control()
if (a[1] == "W4") {
  n <- 200; x <- matrix(rnorm(3 * n), n); t <- ceiling(rexp(n) * 500); e <- as.integer(runif(n) < 0.7)
  seconds <- system.time(for (b in 1:1000) { i <- sample(n, replace = TRUE)
    coxph.fit(x[i, ], Surv(t[i], e[i]), NULL, NULL, NULL, control, NULL, "efron", rownames = NULL) })
} else {
  n <- 100; z <- matrix(rep(c(0, 1), 50)); t <- matrix(rexp(n * 10000), n); c <- matrix(runif(n * 10000, 0.5, 2), n)
  y <- pmin(t, c); e <- t <= c
  seconds <- system.time(for (b in 1:10000)
    coxph.fit(z, Surv(y[, b], e[, b]), NULL, NULL, NULL, control, NULL, "efron", rownames = NULL))
}
cat(seconds[["elapsed"]])
"""


def patients(n: int, p: int, kind: str) -> pd.DataFrame:
    """Exponential times in days, half censored, effects from -0.5 to 0.5."""
    rng = np.random.default_rng([3, n, p])
    x = rng.normal(size=(n, p))
    event_time = rng.exponential(1000.0 * np.exp(-x @ np.linspace(-0.5, 0.5, p) / np.sqrt(p / 10)))
    end = rng.uniform(0, 3650, n)
    stop = np.minimum(event_time, end)
    frame = pd.DataFrame(x, columns=[f"x{j}" for j in range(p)])
    frame["time"] = stop if kind == "continuous" else np.floor(stop) + 1
    frame["event"] = (event_time <= end).astype(int)
    if kind == "start-stop":
        frame["entry"] = np.floor(frame.time * rng.random(n) * 0.9)
    if kind == "strata + cluster":
        frame["stratum"], frame["cluster"] = rng.integers(0, 20, n), rng.integers(0, n // 10, n)
    return frame


def clock(function: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Median seconds after one warm-up, and the answer."""
    answer = function()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), answer


def ours(frame: pd.DataFrame, x: np.ndarray, kind: str) -> Any:
    """survsim, from plain columns."""
    more = {name: frame[name].to_numpy() for name in ("entry", "stratum", "cluster") if name in frame}
    return cox_ph(Surv.right(frame.time.to_numpy(), frame.event.to_numpy(), unit="days", **more), None, x)


def peers(frame: pd.DataFrame, x: np.ndarray, kind: str) -> dict[str, Callable[[], Any]]:
    """Calls of the Python peers that fit this kind; each returns coefficients."""
    from lifelines import CoxPHFitter
    from statsmodels.duration.hazard_regression import PHReg

    columns = {
        "start-stop": {"entry_col": "entry"},
        "strata + cluster": {"strata": "stratum", "cluster_col": "cluster"},
    }
    extra = {
        "start-stop": {"entry": frame.get("entry")},
        "strata + cluster": {"strata": frame.get("stratum")},
    }
    slow = len(frame) >= 100_000
    found: dict[str, Callable[[], Any]] = {}
    if not (slow and kind in ("start-stop", "strata + cluster")):
        found["lifelines"] = lambda: (
            CoxPHFitter().fit(frame, "time", "event", **columns.get(kind, {})).params_.to_numpy()
        )
    if not slow:
        found["statsmodels"] = lambda: PHReg(
            frame.time, x, status=frame.event, ties="efron", **extra.get(kind, {})
        ).fit().params  # fmt: skip
    if importlib.util.find_spec("sksurv") and kind in ("days", "continuous") and not slow:
        from sksurv.linear_model import CoxPHSurvivalAnalysis
        from sksurv.util import Surv as Structured

        y = Structured.from_arrays(frame.event.astype(bool), frame.time)
        found["scikit-survival"] = lambda: CoxPHSurvivalAnalysis(ties="efron").fit(x, y).coef_
    return found


def run_r(code: str, *arguments: str) -> str | None:
    """Output of an R program, or None where R is not installed."""
    if shutil.which("Rscript") is None:
        return None
    done = subprocess.run(["Rscript", "-e", code, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def single(n: int, p: int, kind: str, repeats: int) -> None:
    """One row: seconds, ratios, agreement with R."""
    frame = patients(n, p, kind)
    x = frame[[f"x{j}" for j in range(p)]].to_numpy()
    base, fit = clock(lambda: ours(frame, x, kind), repeats)
    print(f"\nCox, n={n:,}, p={p}, {kind}: survsim {base:.4f} s")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        frame.to_csv(path, index=False)
        text = run_r(R_CODE, str(path), str(max(1, repeats // 2)), kind)
    if text is not None:
        r = json.loads(text)
        error = fit.std_error if fit.robust_std_error is None else fit.robust_std_error
        print(
            f"  {'R survival':16s} {r['seconds'][0]:9.4f} s  {r['seconds'][0] / base:7.1f}x   coefficients differ by "
            f"{np.abs(fit.estimate - r['estimate']).max():.1e}, standard errors by {np.abs(error / r['std_error'] - 1).max():.1e} relative"
        )
    for name, call in peers(frame, x, kind).items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seconds, answer = clock(call, max(1, repeats // 4))
        print(
            f"  {name:16s} {seconds:9.4f} s  {seconds / base:7.1f}x   differs from survsim by {np.abs(answer - fit.estimate).max():.1e}"
        )


def many(repeats: int) -> None:
    """Bootstrap and simulated trials."""
    rng = np.random.default_rng(4)
    x, n = rng.normal(size=(200, 3)), 200
    surv = Surv.right(np.ceil(rng.exponential(500, n)), rng.random(n) < 0.7, unit="days")
    counts = rng.multinomial(n, np.full(n, 1 / n), size=1000)
    time_, stop = rng.exponential(size=(10_000, 100)), rng.uniform(0.5, 2, size=(10_000, 100))
    rows = {
        "W4": ("1,000 bootstrap fits, n=200, p=3", lambda: cox_resamples(surv, x, counts)),
        "W5": (
            "10,000 trials, n=100",
            lambda: cox_trials(np.minimum(time_, stop), time_ <= stop, np.arange(100) % 2),
        ),
    }
    for name, (what, call) in rows.items():
        base, _ = clock(call, repeats)
        print(f"\n{name}, {what}: survsim {base:.4f} s")
        text = run_r(R_MANY, name)
        if text is not None:
            print(f"  {'R coxph.fit':16s} {float(text):9.4f} s  {float(text) / base:7.1f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also n = 100,000")
    parser.add_argument("--repeats", type=int, default=8)
    options = parser.parse_args()
    cells = [(1_000, 10, kind) for kind in ("days", "continuous", "start-stop", "strata + cluster")]
    if options.large:
        cells += [(100_000, 10, kind) for kind in ("days", "continuous", "start-stop", "strata + cluster")]
        cells += [(100_000, 50, "days")]
    for n, p, kind in cells:
        single(n, p, kind, options.repeats if n < 10_000 else max(2, options.repeats // 3))
    many(options.repeats)


if __name__ == "__main__":
    main()
