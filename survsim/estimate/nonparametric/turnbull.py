"""Turnbull's estimate, which survsim leaves to lifelines, and the intervals that it can give probability to."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray


def turnbull_survival(low: FloatArray, high: FloatArray) -> FloatArray:
    """Survival (k,) after each of the k innermost intervals, from closed intervals coded as whole numbers.

    lifelines closes its intervals at both ends; the caller codes half-open ones so that this is harmless.
    """
    from lifelines import KaplanMeierFitter

    fitter = KaplanMeierFitter(label="npmle").fit_interval_censoring(low, high, tol=1e-11)
    ends = innermost_intervals(low, high)[1]
    return np.asarray(fitter.survival_function_.loc[ends, "npmle_lower"], dtype=np.float64)


def innermost_intervals(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Left and right ends (k,) of the intervals that can hold probability: a left end met by a right one."""
    value = np.concatenate([low, high])
    right = np.repeat([0, 1], [low.size, high.size])
    order = np.lexsort((right, value))
    value, right = value[order], right[order]
    meet = np.flatnonzero((right[:-1] == 0) & (right[1:] == 1))
    return value[meet], value[meet + 1]
