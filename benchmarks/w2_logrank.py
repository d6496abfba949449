"""W2: log-rank test of two groups beside lifelines, statsmodels, scikit-survival and R.

python -m benchmarks.w2_logrank [--large]
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from benchmarks.data import have, median_seconds, patients, run_r, table
from survsim import Surv, logrank_test

R_CODE = """
t <- column("time"); e <- column("event"); g <- column("group")
f <- function() survdiff(Surv(t, e) ~ g)
cat(toJSON(list(seconds = median_seconds(f, as.integer(a[2])), chi2 = f()$chisq), digits = NA, auto_unbox = TRUE))
"""
GOALS = {
    (1_000_000, True): {"lifelines": 12, "statsmodels": 8},
    (1_000_000, False): {"lifelines": 15, "statsmodels": 1.5},
}


def peers(time: np.ndarray, event: np.ndarray, group: np.ndarray) -> dict[str, Callable[[], float]]:
    """Name -> function that returns chi-square."""
    found: dict[str, Callable[[], float]] = {}
    if have("lifelines"):
        from lifelines.statistics import logrank_test as lifelines_logrank

        one = group == 1

        def by_lifelines() -> float:
            return float(lifelines_logrank(time[one], time[~one], event[one], event[~one]).test_statistic)

        found["lifelines"] = by_lifelines
    if have("statsmodels"):
        from statsmodels.duration.survfunc import survdiff

        found["statsmodels"] = lambda: float(survdiff(time, event.astype(float), group)[0])
    if have("sksurv") and time.size <= 100_000:
        from sksurv.compare import compare_survival

        y = np.array(list(zip(event, time)), dtype=[("event", bool), ("time", float)])
        found["scikit-survival"] = lambda: float(compare_survival(y, group)[0])
    return found


def measure(n: int, whole_days: bool) -> None:
    """One table; raises if two statistics differ."""
    time, event, group = patients(n, whole_days=whole_days)
    repeats = 50 if n <= 10_000 else 5
    chi2 = logrank_test(Surv.right(time, event, unit="days"), group).chi2
    seconds = {
        "survsim": median_seconds(lambda: logrank_test(Surv.right(time, event, unit="days"), group), repeats)
    }
    for name, test in peers(time, event, group).items():
        # Near-ties are joined by survsim and R only: 1e-6 on continuous times.
        assert np.isclose(test(), chi2, rtol=1e-6), name
        seconds[name] = median_seconds(test, min(repeats, 10))
    from_r = run_r(R_CODE, {"time": time, "event": event, "group": group}, 10 if n <= 10_000 else 2)
    if from_r:
        assert np.isclose(from_r["chi2"], chi2, rtol=1e-8)
        seconds["R survival"] = from_r["seconds"]
    kind = "whole days" if whole_days else "continuous"
    table(f"W2 log-rank, n = {n:,}, {kind}", seconds, GOALS.get((n, whole_days)))


def main(large: bool = False) -> None:
    """All sizes; n = 1e6 with `large`."""
    for n in (1000, *((1_000_000,) if large else (100_000,))):
        for whole_days in (True, False):
            measure(n, whole_days)


if __name__ == "__main__":
    main("--large" in sys.argv)
