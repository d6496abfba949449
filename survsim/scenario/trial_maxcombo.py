"""MaxCombo over simulated trials: the one test without a batch kernel, one trial after another."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.core.surv import Surv
from survsim.estimate.nonparametric.maxcombo import maxcombo_test


def maxcombo_rejections(
    time: FloatArray, event: BoolArray, here: BoolArray, arm: np.ndarray, unit: str, alpha: float
) -> BoolArray:
    """Whether MaxCombo rejects in each trial (B,); a trial without events in both arms does not."""
    rejected = np.zeros(time.shape[0], dtype=bool)
    for b in range(time.shape[0]):
        rows = here[b]
        if (event[b] & rows).any() and np.unique(arm[b, rows]).size == 2:
            surv = Surv.right(time[b, rows], event[b, rows], unit=unit)
            rejected[b] = maxcombo_test(surv, arm[b, rows]).p_value <= alpha
    return rejected
