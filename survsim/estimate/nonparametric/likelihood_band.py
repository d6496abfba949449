"""Likelihood-ratio interval for a survival curve (Thomas & Grunkemeier 1975)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.estimate.nonparametric.band_scales import Band, normal_quantile

BLOCK = 2_000_000


def likelihood_band(n_risk: FloatArray, n_event: FloatArray, conf_level: float) -> Band:
    """All S(t) whose likelihood ratio against the product-limit estimate stays below chi-square.

    With a multiplier x, S_x(t) = prod (1 - d/(n + x)) and
    -2 log R = 2 sum [ n log(1 + x/n) - (n - d) log(1 + x/(n - d)) ] over event times up to t; the two
    roots x of -2 log R = z^2 give the limits. Where S is 0 the lower limit is 0, where it is 1 so are both.
    """
    at = np.flatnonzero(n_event > 0)
    low, high = np.ones(n_risk.size), np.ones(n_risk.size)
    if at.size == 0:
        return low, high
    n, d = n_risk[at], n_event[at]
    limits = np.empty((2, at.size))
    z2 = normal_quantile(conf_level) ** 2
    step = max(1, BLOCK // at.size)
    for start in range(0, at.size, step):
        rows = np.arange(start, min(start + step, at.size))
        limits[:, rows] = _roots(n[: rows[-1] + 1], d[: rows[-1] + 1], rows, z2)
    through = np.searchsorted(at, np.arange(n_risk.size), side="right") - 1
    seen = through >= 0
    low[seen], high[seen] = limits[0, through[seen]], limits[1, through[seen]]
    return low, high


def _roots(n: FloatArray, d: FloatArray, rows: IntArray, z2: float) -> FloatArray:
    """Lower and upper limits (2, len(rows)) for the curve through event times rows[0], rows[1], ..."""
    inside = np.arange(n.size)[None, :] <= rows[:, None]
    n_, d_ = np.where(inside, n, 1.0), np.where(inside, d, 0.0)
    left = np.where(inside, n_ - d_, 0.0)
    dead = inside & (left <= 0)
    edge = np.max(np.where(inside, d_ - n_, -np.inf), axis=1)

    def excess(x: FloatArray) -> FloatArray:
        x_ = x[:, None]
        alive = left * np.log1p(np.where(left > 0, x_ / np.maximum(left, 0.5), 0.0))
        return 2 * np.sum(n_ * np.log1p(np.where(inside, x_ / n_, 0.0)) - alive, axis=1) - z2

    def survival(x: FloatArray) -> FloatArray:
        return np.prod(np.where(inside, 1.0 - d_ / (n_ + x[:, None]), 1.0), axis=1)

    far = np.ones(rows.size)
    while (excess(far) < 0).any():
        far = np.where(excess(far) < 0, 2 * far, far)
    upper = survival(_bisect(excess, np.zeros(rows.size), far))
    near = edge * (1.0 - 1e-12)
    lower = survival(_bisect(excess, np.zeros(rows.size), near))
    return np.stack([np.where(dead.any(axis=1), 0.0, lower), upper])


def _bisect(function: Callable[[FloatArray], FloatArray], inner: FloatArray, outer: FloatArray) -> FloatArray:
    """Root between `inner` (function below 0) and `outer`, elementwise."""
    for _ in range(70):
        middle = 0.5 * (inner + outer)
        below = function(middle) < 0
        inner, outer = np.where(below, middle, inner), np.where(below, outer, middle)
    return 0.5 * (inner + outer)
