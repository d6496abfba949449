"""Worlds with a known effect of treatment: none but for time, and one confounded at the start."""

from __future__ import annotations

import numpy as np
import pandas as pd

from survsim import Surv


def late_treatment(n: int, rng: np.random.Generator) -> tuple[Surv, np.ndarray, pd.DataFrame]:
    """Treatment that starts after time 0, later in the frail (x = 1), and does nothing."""
    x = rng.integers(0, 2, n).astype(float)
    would = rng.exponential(1 / (0.25 * np.exp(-0.8 * x)))
    death = rng.exponential(1 / (0.06 * np.exp(0.9 * x)))
    end = rng.uniform(24, 60, n)
    time = np.minimum(death, end)
    start = np.where(would < time, would, np.inf)
    return Surv.right(time, death <= end, unit="months"), start, pd.DataFrame({"x": x})


def confounded(n: int, effect: float, rng: np.random.Generator) -> tuple[Surv, pd.DataFrame]:
    """Treatment at time 0, given rather to the frail; exponential hazards."""
    x = rng.integers(0, 2, n).astype(float)
    z = (rng.random(n) < np.where(x == 1, 0.7, 0.35)).astype(float)
    death = rng.exponential(1 / (0.06 * np.exp(0.9 * x + effect * z)))
    end = rng.uniform(14, 40, n)
    return Surv.right(np.minimum(death, end), death <= end, unit="months"), pd.DataFrame({"x": x, "z": z})
