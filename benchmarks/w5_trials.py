"""W5: 10,000 simulated two-arm trials of n = 100, log-rank and Cox, beside lifelines, statsmodels and R.

    python -m benchmarks.w5_trials

Loops of the Python peers run 50 trials, R's 2000; both are scaled. Drawing the times is not timed.
"""

from __future__ import annotations

import numpy as np

from benchmarks.data import have, median_seconds, run_r, table
from survsim.trials import analyse_trials

TRIALS, N, LOOP = 10_000, 100, 50
R_CODE = """
n <- 100; k <- 2000
t <- matrix(column("time"), ncol = n, byrow = TRUE); e <- matrix(column("event"), ncol = n, byrow = TRUE)
x <- column("arm")
f <- function() sapply(1:k, function(b) { o <- order(t[b, ])
  m <- coxph.fit(cbind(x[o]), Surv(t[b, o], e[b, o]), NULL, NULL, NULL, coxph.control(), NULL, "efron", NULL)
  c(m$coefficients, m$score) })
out <- f()
cat(toJSON(list(seconds = 5 * median_seconds(f, 1), estimate = out[1, 1:50], score = out[2, 1:50]), digits = NA,
           auto_unbox = TRUE))
"""


def main() -> None:
    """One table; estimates and statistics of the first trials must agree."""
    rng = np.random.default_rng(6)
    arm = np.repeat([0, 1], N // 2)
    life = rng.exponential(np.where(arm == 1, 15.0, 10.0), (TRIALS, N))
    censor = rng.uniform(5, 30, (TRIALS, N))
    time, event = np.minimum(life, censor), life <= censor
    got = analyse_trials(time, event, arm, unit="months")
    seconds = {"survsim": median_seconds(lambda: analyse_trials(time, event, arm, unit="months"), 7)}
    if have("lifelines"):
        import pandas as pd
        from lifelines import CoxPHFitter
        from lifelines.statistics import logrank_test

        def by_lifelines() -> tuple[float, float]:
            out = []
            for b in range(LOOP):
                frame = pd.DataFrame({"t": time[b], "e": event[b], "x": arm})
                cox = CoxPHFitter().fit(frame, "t", "e").params_["x"]
                one = arm == 1
                test = logrank_test(time[b][one], time[b][~one], event[b][one], event[b][~one])
                out.append((cox, test.test_statistic))
            return out[0]

        cox, chi2 = by_lifelines()
        assert np.isclose(cox, got.log_hazard_ratio[0], rtol=1e-4) and np.isclose(
            chi2, got.z[0] ** 2, rtol=1e-6
        )
        seconds["lifelines (scaled)"] = median_seconds(by_lifelines, 1) * TRIALS / LOOP
    if have("statsmodels"):
        from statsmodels.duration.hazard_regression import PHReg
        from statsmodels.duration.survfunc import survdiff

        def by_statsmodels() -> float:
            for b in range(LOOP):
                chi2 = survdiff(time[b], event[b].astype(float), arm)[0]
                PHReg(time[b], arm[:, None].astype(float), status=event[b], ties="efron").fit(disp=0)
            return float(chi2)

        assert np.isclose(by_statsmodels(), got.z[LOOP - 1] ** 2, rtol=1e-6)
        seconds["statsmodels (scaled)"] = median_seconds(by_statsmodels, 1) * TRIALS / LOOP
    from_r = run_r(R_CODE, {"time": time, "event": event, "arm": arm})
    if from_r:
        assert np.allclose(from_r["estimate"], got.log_hazard_ratio[:50], rtol=1e-6)
        assert np.allclose(from_r["score"], got.z[:50] ** 2, rtol=1e-6)
        seconds["R coxph.fit (scaled)"] = from_r["seconds"]
    table(
        f"W5 {TRIALS:,} trials of n = {N}, log-rank and Cox",
        seconds,
        {"lifelines (scaled)": 1500, "R coxph.fit (scaled)": 5},
    )


if __name__ == "__main__":
    main()
