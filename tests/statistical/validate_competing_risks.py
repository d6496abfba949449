"""Size of Gray's test and coverage of the interval of a cumulative incidence, by simulation.

``python -m tests.statistical.validate_competing_risks`` writes the record of the whole grid.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from survsim import Surv, aalen_johansen, gray_test

SIZES = (20, 50, 100)
CENSORED = (0.3, 0.7)
AT = 1.0
"""Time of the incidence; hazards 0.6 (the cause) and 0.4 (the other) per month."""
TRUTH = 0.6 * (1.0 - np.exp(-AT))
RATES = {0.3: 0.44, 0.7: 2.33}
"""Rate of exponential censoring that leaves the share of `CENSORED`: c / (1 + c)."""


def draw(rng: np.random.Generator, n: int, rate: float) -> tuple[np.ndarray, np.ndarray]:
    time, gone = rng.exponential(1.0, n), rng.exponential(1.0 / rate, n)
    cause = np.where(rng.random(n) < 0.6, 1, 2)
    return np.minimum(time, gone), np.where(time <= gone, cause, 0)


def cell(n: int, censored: float, repeats: int, seed: int) -> dict[str, float]:
    """Shares of Gray's tests that reject at 5% and of intervals that hold the truth, one size and censoring.

    An interval counts when the cause was seen and follow-up reached the time.
    """
    rng = np.random.default_rng(seed)
    rejects, tests, used = 0, 0, 0
    held = {"jackknife": 0, "aalen": 0}
    by = np.arange(n) % 2
    for _ in range(repeats):
        time, cause = draw(rng, n, RATES[censored])
        if not (cause == 1).any():
            continue
        surv = Surv.competing(time, cause, unit="months")
        tests += 1
        rejects += gray_test(surv, by, cause=1).p_value < 0.05
        if time.max() < AT or not (cause[time <= AT] == 1).any():
            continue
        used += 1
        row = int(np.searchsorted(np.sort(np.unique(time)), AT, side="right")) - 1
        for variance in held:
            found = aalen_johansen(surv, variance=variance)
            held[variance] += bool(found.conf_low[0, row] <= TRUTH <= found.conf_high[0, row])
    return {
        "n": n, "censored": censored, "repeats": repeats, "tests": tests, "gray_rejects": rejects / tests,
        "used": used, "jackknife_coverage": held["jackknife"] / used, "aalen_coverage": held["aalen"] / used,
    }  # fmt: skip


def main() -> None:
    cells = [cell(n, c, 4000, 100 + i) for i, (n, c) in enumerate((n, c) for n in SIZES for c in CENSORED)]
    record = {
        "claim": "Gray's test rejects 5% under equal incidences; 95% log-log intervals of F(1) hold the truth",
        "call": "python -m tests.statistical.validate_competing_risks",
        "truth": TRUTH,
        "cells": cells,
    }
    path = Path(__file__).parent / "records" / "competing_risks.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
