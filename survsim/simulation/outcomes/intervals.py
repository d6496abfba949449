"""Intervals over parameter draws."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray


def draw_interval(values: FloatArray, conf_level: float) -> tuple[FloatArray, FloatArray]:
    """Central interval over the last axis; with one draw there is none and both ends are NaN.

    Values may be infinite ("not reached"): then the ends are order statistics, not interpolated.
    """
    if values.shape[-1] < 2:
        none = np.full(values.shape[:-1], np.nan)
        return none, none.copy()
    tails = np.array([0.5 * (1.0 - conf_level), 0.5 * (1.0 + conf_level)])
    if np.isfinite(values).all():
        low, high = np.quantile(values, tails, axis=-1)
    else:
        low, high = np.quantile(values, tails, axis=-1, method="inverted_cdf")
    return low, high
