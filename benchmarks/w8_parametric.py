"""W8: parametric fits beside lifelines and R's survreg, in one run; prints seconds and ratios.

    python -m benchmarks.w8_parametric [--large]

Weibull with three covariates, generalised gamma, and Royston-Parmar with 3 df, at n = 1,000 and, with
--large, at 100,000. Answers are compared too: log-likelihoods must agree, ours may be higher. lifelines
has no Royston-Parmar model, and its generalised gamma takes over a minute at 100,000: left out there.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from survsim import Surv, parametric_survival, royston_parmar

R_CODE = """
suppressPackageStartupMessages({library(survival); library(jsonlite)})
d <- read.csv(commandArgs(TRUE)[1]); repeats <- as.integer(commandArgs(TRUE)[2])
one <- function() survreg(Surv(time, event) ~ x0 + x1 + x2, d, dist = "weibull")
fit <- one()
seconds <- sapply(seq_len(repeats), function(i) system.time(one(), gcFirst = FALSE)[["elapsed"]])
cat(toJSON(list(seconds = median(seconds), log_likelihood = fit$loglik[2]), digits = 12, auto_unbox = TRUE))
"""


def patients(n: int) -> tuple[Surv, np.ndarray, pd.DataFrame]:
    """Weibull times with three covariates, about 45 % censored."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=(n, 3))
    time_ = np.exp(3.0 + x @ [0.3, -0.2, 0.1] + 0.7 * np.log(rng.exponential(size=n)))
    end = rng.exponential(30.0, n)
    stop, event = np.minimum(time_, end), time_ <= end
    frame = pd.DataFrame(x, columns=["x0", "x1", "x2"]).assign(time=stop, event=event.astype(int))
    return Surv.right(stop, event, unit="months"), x, frame


def clock(function: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Median seconds after one warm-up, and the answer."""
    answer = function()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), answer


def r_weibull(frame: pd.DataFrame, repeats: int) -> tuple[float, float] | None:
    """survreg on the same rows, or None without R."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path, script = Path(folder) / "rows.csv", Path(folder) / "fit.R"
        frame.to_csv(path, index=False)
        script.write_text(R_CODE)
        done = subprocess.run(
            ["Rscript", str(script), str(path), str(repeats)], capture_output=True, text=True, check=True
        )
    found = json.loads(done.stdout)
    return found["seconds"], found["log_likelihood"]


def lifelines_fit(name: str, frame: pd.DataFrame) -> Any:
    """One lifelines fit with its own defaults."""
    import lifelines

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(lifelines, name)().fit(frame, "time", "event")


def line(what: str, n: int, ours: float, peer: str, theirs: float, gap: float) -> None:
    """One row: seconds, ratio, and our log-likelihood minus the peer's."""
    print(
        f"{what:20s} n={n:<7d} survsim {ours * 1e3:9.1f} ms   {peer:9s} {theirs * 1e3:9.1f} ms   "
        f"ratio {theirs / ours:7.1f}x   log-likelihood difference {gap:+.2e}"
    )


def compare(n: int, repeats: int) -> None:
    """All rows of one size."""
    surv, x, frame = patients(n)
    seconds, fit = clock(lambda: parametric_survival(surv, "weibull", None, x), repeats)
    peer, answer = clock(lambda: lifelines_fit("WeibullAFTFitter", frame), min(repeats, 3))
    line("Weibull", n, seconds, "lifelines", peer, fit.log_likelihood - answer.log_likelihood_)
    if (found := r_weibull(frame, repeats)) is not None:
        line("Weibull", n, seconds, "survreg", found[0], fit.log_likelihood - found[1])
    seconds, fit = clock(lambda: parametric_survival(surv, "generalised_gamma", None, x), repeats)
    if n <= 1000:
        regressors = {"mu_": "x0 + x1 + x2", "sigma_": "1", "lambda_": "1"}
        peer, answer = clock(lambda: lifelines_gamma(frame, regressors), 1)
        line("generalised gamma", n, seconds, "lifelines", peer, fit.log_likelihood - answer.log_likelihood_)
    else:
        print(f"{'generalised gamma':20s} n={n:<7d} survsim {seconds * 1e3:9.1f} ms")
    seconds, fit = clock(lambda: royston_parmar(surv, None, x, df=3), repeats)
    print(
        f"{'Royston-Parmar 3 df':20s} n={n:<7d} survsim {seconds * 1e3:9.1f} ms   (no peer in Python or base R)"
    )


def lifelines_gamma(frame: pd.DataFrame, regressors: dict[str, str]) -> Any:
    """lifelines' generalised gamma regression with covariates on mu only."""
    from lifelines import GeneralizedGammaRegressionFitter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return GeneralizedGammaRegressionFitter().fit(frame, "time", "event", regressors=regressors)


if __name__ == "__main__":
    compare(1_000, 7)
    if "--large" in sys.argv:
        compare(100_000, 5)
