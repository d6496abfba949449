"""W1: Kaplan-Meier with log-log interval beside lifelines, statsmodels, scikit-survival and R.

    python -m benchmarks.w1_kaplan_meier [--large]

survsim's time includes the checks of `Surv` and the result object; statsmodels gives no interval.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.data import have, median_seconds, patients, run_r, table
from survsim import Surv, kaplan_meier

R_CODE = """
t <- column("time"); e <- column("event")
f <- function() survfit(Surv(t, e) ~ 1, conf.type = "log-log")
fit <- f()
cat(toJSON(list(seconds = median_seconds(f, as.integer(a[2])), last = tail(fit$surv, 1),
                low = min(fit$lower, na.rm = TRUE)), digits = NA, auto_unbox = TRUE))
"""
GOALS = {
    (1000, True): {"lifelines": 30, "statsmodels (no interval)": 0},
    (1_000_000, True): {"lifelines": 8, "statsmodels (no interval)": 6},
    (1_000_000, False): {"lifelines": 10, "statsmodels (no interval)": 1.5},
}


def peers(time: np.ndarray, event: np.ndarray) -> dict[str, tuple[Callable[[], Any], Callable[[Any], float]]]:
    """Name -> (fit, last value of the curve from what it returns)."""
    found: dict[str, Any] = {}
    if have("lifelines"):
        from lifelines import KaplanMeierFitter

        found["lifelines"] = (
            lambda: KaplanMeierFitter().fit(time, event),
            lambda fit: float(fit.survival_function_.iloc[-1, 0]),
        )
    if have("statsmodels"):
        from statsmodels.duration.survfunc import SurvfuncRight

        found["statsmodels (no interval)"] = (
            lambda: SurvfuncRight(time, event.astype(float)),
            lambda fit: float(fit.surv_prob[-1]),
        )
    if have("sksurv"):
        from sksurv.nonparametric import kaplan_meier_estimator

        found["scikit-survival"] = (
            lambda: kaplan_meier_estimator(event, time, conf_type="log-log"),
            lambda fit: float(fit[1][-1]),
        )
    return found


def measure(n: int, whole_days: bool) -> None:
    """One table; raises if two curves end apart."""
    time, event, _ = patients(n, whole_days=whole_days)
    repeats = 50 if n <= 10_000 else 5
    km = kaplan_meier(Surv.right(time, event, unit="days"))
    # The last event time with S > 0 is what all of them report.
    own = float(km.estimate[-1])
    seconds = {"survsim": median_seconds(lambda: kaplan_meier(Surv.right(time, event, unit="days")), repeats)}
    for name, (fit, last) in peers(time, event).items():
        assert np.isclose(last(fit()), own, rtol=1e-6, atol=1e-12), name
        seconds[name] = median_seconds(fit, min(repeats, 10))
    from_r = run_r(R_CODE, {"time": time, "event": event}, 10 if n <= 10_000 else 2)
    if from_r:
        assert np.isclose(from_r["last"], own, rtol=1e-9, atol=1e-12)
        assert np.isclose(from_r["low"], km.conf_low[km.conf_low > 0].min(), rtol=1e-6)
        seconds["R survival"] = from_r["seconds"]
    kind = "whole days" if whole_days else "continuous"
    table(f"W1 Kaplan-Meier, n = {n:,}, {kind}", seconds, GOALS.get((n, whole_days)))


def main(large: bool = False) -> None:
    """All sizes; n = 1e6 with `large`."""
    for n in (1000, 100_000, *((1_000_000,) if large else ())):
        for whole_days in (True, False):
            measure(n, whole_days)


if __name__ == "__main__":
    main("--large" in sys.argv)
