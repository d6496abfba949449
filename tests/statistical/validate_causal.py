"""Worlds with a known effect of treatment: immortal time without any effect, and coverage of the intervals.

Run as a module (``python -m tests.statistical.validate_causal``) to write the record.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import numpy as np

import survsim
from survsim.errors import SmallSampleWarning
from tests.helpers.causal_worlds import confounded, late_treatment

RECORD = Path(__file__).parent / "records" / "causal_truths.json"
SIZES = (60, 200)
EFFECTS = (0.0, -0.7)
HORIZON = 12.0
METHODS = ("ipw_robust", "ipw_bootstrap", "standardised", "emulated")
COLUMNS = ("naive", "landmark", "weighted_landmark", "switching", "cloned", "emulated")


def immortal(n: int, seed: int) -> list[float]:
    """Differences of mean survival (log hazard ratio for "switching") by each method; the truth is 0."""
    surv, start, frame = late_treatment(n, np.random.default_rng([seed, 1]))
    naive = survsim.rmst_test(surv, np.isfinite(start).astype(int), 20).contrast_estimate[0]
    there = survsim.landmark(surv, 6.0)
    z, rest = (start[there.kept] <= 6).astype(int), frame[there.kept].reset_index(drop=True)
    crude = survsim.rmst_test(there.surv, z, 14).contrast_estimate[0]
    fit = survsim.ipw_kaplan_meier(there.surv, z, "x", rest, tau=14, interval="robust")
    switching = survsim.causal.time_varying_treatment(surv, start, "x", frame).estimate[0]
    options = {"grace": 6.0, "tau": 20.0, "n_resamples": 0}
    cloned = survsim.clone_censor_weight(surv, start, **options)
    trial = survsim.clone_censor_weight(surv, start, formula="x", data=frame, **options)
    means = [made.row("rmst", "difference")["estimate"] for made in (fit, cloned, trial)]
    return [float(v) for v in (naive, crude, means[0], switching, means[1], means[2])]


def truth(effect: float) -> float:
    """Difference of mean survival to the horizon, treated minus untreated, over both kinds of patients."""
    rates = 0.06 * np.exp(np.array([0.0, 0.9]))

    def mean(rate: np.ndarray) -> float:
        return float(np.mean((1 - np.exp(-rate * HORIZON)) / rate))

    return mean(rates * np.exp(effect)) - mean(rates)


def intervals(
    n: int, effect: float, seed: int, methods: tuple[str, ...], n_resamples: int
) -> dict[str, dict]:
    """Estimate and interval of the difference by each method, on one data set."""
    surv, frame = confounded(n, effect, np.random.default_rng([seed, n, 2]))
    made = {}
    options = {"tau": HORIZON, "n_resamples": n_resamples, "seed": seed}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        for name in methods:
            if name.startswith("ipw"):
                fit = survsim.ipw_kaplan_meier(
                    surv,
                    frame["z"],
                    "x",
                    frame,
                    interval=name.removeprefix("ipw_"),
                    separation="firth",
                    **options,
                )
            elif name == "standardised":
                model = survsim.cox_ph(surv, "z + x", frame)
                fit = survsim.standardised_survival(model, frame, "z", **options)
            else:
                start = np.where(frame["z"] == 1, 0.0, np.inf)
                grace = min(0.01, float(surv.time.min()) / 2)
                fit = survsim.clone_censor_weight(
                    surv,
                    start,
                    grace=grace,
                    formula="x",
                    data=frame,
                    n_intervals=1,
                    separation="firth",
                    **options,
                )
            made[name] = fit.row("rmst", "difference")
    return made


def coverage(
    n: int, effect: float, repeats: int, methods: tuple[str, ...], n_resamples: int, first: int = 0
) -> list[dict]:
    """Bias and coverage of each method over data sets `first`, `first` + 1, ..."""
    rows = [intervals(n, effect, first + k, methods, n_resamples) for k in range(repeats)]
    value = truth(effect)
    cells = []
    for name in methods:
        estimate = np.array([r[name]["estimate"] for r in rows])
        held = [r[name]["conf_low"] <= value <= r[name]["conf_high"] for r in rows]
        cells.append(
            {
                "method": name, "n": n, "log_hazard_ratio": effect, "repeats": repeats, "n_resamples": n_resamples,
                "truth": value, "bias": float(estimate.mean() - value),
                "mc_std_error": float(estimate.std(ddof=1) / repeats**0.5), "coverage": float(np.mean(held)),
            }
        )  # fmt: skip
    return cells


def main() -> None:
    bootstrapped = tuple(m for m in METHODS if m != "ipw_robust")
    values = np.array([immortal(300, k) for k in range(200)])
    cells = []
    for n in SIZES:
        for effect in EFFECTS:
            cells += coverage(n, effect, 500, ("ipw_robust",), 2)
            cells += coverage(n, effect, 100, bootstrapped, 99)
            print(cells[-4:], file=sys.stderr, flush=True)
    record = {
        "about": "differences of mean survival; immortal time: n = 300, no effect, truth 0",
        "immortal": {
            name: {
                "mean": float(values[:, k].mean()),
                "mc_std_error": float(values[:, k].std(ddof=1) / 200**0.5),
            }
            for k, name in enumerate(COLUMNS)
        },
        "coverage": cells,
    }
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
