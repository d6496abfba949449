"""W4: 1000 bootstrap resamples of n = 200, median and restricted mean, and Cox with three covariates.

    python -m benchmarks.w4_bootstrap

All see the same resamples. Loops of the peers run 50 resamples and are scaled to 1000.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.data import have, median_seconds, patients, run_r, table
from survsim import Surv, bootstrap
from survsim.estimate.resampling.bootstrap import BLOCK, resample_counts

N, RESAMPLES, LOOP, TAU = 200, 1000, 50, 700.0
R_CODE = """
t <- column("time"); e <- column("event"); n <- length(t)
x <- matrix(column("x"), nrow = n, byrow = TRUE)
r <- matrix(column("rows"), ncol = n, byrow = TRUE) + 1
tau <- as.numeric(a[2])
f <- function() sapply(1:50, function(b) { i <- r[b, ]
  s <- survfit(Surv(t[i], e[i]) ~ 1); summary(s, rmean = tau)$table[c("median", "rmean")] })
g <- function() sapply(seq_len(nrow(r)), function(b) { i <- r[b, ]; o <- order(t[i]); i <- i[o]
  coxph.fit(x[i, ], Surv(t[i], e[i]), NULL, NULL, NULL, coxph.control(), NULL, "efron", NULL)$coefficients })
cat(toJSON(list(curve = 20 * median_seconds(f, 1), cox = median_seconds(g, 2), first = g()[, 1],
                rmean = f()["rmean", 1]), digits = NA, auto_unbox = TRUE))
"""


def curve_peers(time: np.ndarray, event: np.ndarray, rows: np.ndarray) -> dict[str, Callable[[], float]]:
    """Loops over LOOP resamples that return the first restricted mean."""
    found: dict[str, Callable[[], float]] = {}
    if have("lifelines"):
        from lifelines import KaplanMeierFitter
        from lifelines.utils import restricted_mean_survival_time

        def by_lifelines() -> float:
            out = []
            for r in rows[:LOOP]:
                fit = KaplanMeierFitter().fit(time[r], event[r])
                out.append((restricted_mean_survival_time(fit, t=TAU), fit.median_survival_time_))
            return float(out[0][0])

        found["lifelines"] = by_lifelines
    if have("statsmodels"):
        from statsmodels.duration.survfunc import SurvfuncRight

        def by_statsmodels() -> float:
            out = []
            for r in rows[:LOOP]:
                fit = SurvfuncRight(time[r], event[r].astype(float))
                edges = np.minimum(
                    np.concatenate([[0.0], fit.surv_times, [max(TAU, fit.surv_times[-1])]]), TAU
                )
                mean = np.concatenate([[1.0], fit.surv_prob]) @ np.diff(edges)
                out.append((mean, fit.quantile(0.5)))
            return float(out[0][0])

        found["statsmodels + own area"] = by_statsmodels
    return found


def main() -> None:
    """Two tables: curves and Cox."""
    time, event, _ = patients(N, whole_days=True, seed=4)
    x = np.random.default_rng(5).standard_normal((N, 3))
    surv = Surv.right(time, event, unit="days")
    step = BLOCK // N
    counts = np.concatenate(
        [
            resample_counts(N, min(step, RESAMPLES - s), 1, stream=f"bootstrap/0/{b}")
            for b, s in enumerate(range(0, RESAMPLES, step))
        ]
    )
    rows = np.array([np.repeat(np.arange(N), row.astype(int)) for row in counts])

    def own_curves() -> None:
        bootstrap(Surv.right(time, event, unit="days"), "median", n_resamples=RESAMPLES)
        bootstrap(Surv.right(time, event, unit="days"), "rmst", at=TAU, n_resamples=RESAMPLES)

    means = bootstrap(surv, "rmst", at=TAU, n_resamples=RESAMPLES).replicates[:, 0]
    seconds = {"survsim": median_seconds(own_curves, 7)}
    for name, loop in curve_peers(time, event, rows).items():
        assert np.isclose(loop(), means[0], rtol=1e-6), name
        seconds[f"{name} (scaled)"] = median_seconds(loop, 1) * RESAMPLES / LOOP
    from_r = run_r(R_CODE, {"time": time, "event": event, "x": x, "rows": rows}, TAU)
    if from_r:
        assert np.isclose(from_r["rmean"], means[0], rtol=1e-8)
        seconds["R survfit (scaled)"] = from_r["curve"]
    table(
        f"W4 median and restricted mean, {RESAMPLES} resamples of n = {N}",
        seconds,
        {"lifelines (scaled)": 300, "statsmodels + own area (scaled)": 3},
    )

    fits = bootstrap(surv, "cox", covariates=x, n_resamples=RESAMPLES).replicates
    seconds = {
        "survsim": median_seconds(
            lambda: bootstrap(
                Surv.right(time, event, unit="days"), "cox", covariates=x, n_resamples=RESAMPLES
            ),
            7,
        )
    }
    if have("lifelines"):
        import pandas as pd
        from lifelines import CoxPHFitter

        frame = pd.DataFrame({"t": time, "e": event, **{f"x{k}": x[:, k] for k in range(3)}})

        def by_lifelines() -> float:
            out = [CoxPHFitter().fit(frame.iloc[r], "t", "e").params_.iloc[0] for r in rows[:10]]
            return float(out[0])

        assert np.isclose(by_lifelines(), fits[0, 0], rtol=1e-3)
        seconds["lifelines (scaled)"] = median_seconds(by_lifelines, 1) * RESAMPLES / 10
    if from_r:
        assert np.allclose(from_r["first"], fits[0], rtol=1e-6)
        seconds["R coxph.fit"] = from_r["cox"]
    table(
        f"W4 Cox, {RESAMPLES} resamples of n = {N}", seconds, {"lifelines (scaled)": 250, "R coxph.fit": 1.7}
    )


if __name__ == "__main__":
    main()
