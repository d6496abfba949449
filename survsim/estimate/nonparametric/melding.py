"""Melded limits of a difference from the confidence laws of two groups (Fay, Proschan & Brittain 2015)."""

from __future__ import annotations

import functools

import numpy as np

from survsim.core.checks import FloatArray

Law = tuple[float, float]
"""Beta parameters; (nan, 0) is the point 0 and (nan, 1) the point 1."""
NODES = 256


def difference_limits(
    first: tuple[Law, Law], second: tuple[Law, Law], conf_level: float
) -> tuple[float, float, float]:
    """Limits of S2 - S1 and the two-sided p-value of no difference.

    Each group comes as its (upper, lower) confidence law. The lower limit is the quantile of lower law 2
    minus upper law 1, the upper one that of upper law 2 minus lower law 1, the laws being independent.
    """
    tail = (1.0 - conf_level) / 2
    upper2, lower2 = second
    upper1, lower1 = _points(first[0]), _points(first[1])
    low = _quantile(lower2, upper1, tail)
    high = _quantile(upper2, lower1, 1.0 - tail)
    greater = _cdf(lower2, upper1, 0.0)
    less = 1.0 - _cdf(upper2, lower1, 0.0, closed=False)
    return low, high, float(min(1.0, 2 * min(greater, less)))


def _points(law: Law) -> tuple[FloatArray, FloatArray]:
    """Quantiles and weights that integrate over the law."""
    from scipy.special import betaincinv

    if np.isnan(law[0]):
        return np.array([law[1]]), np.ones(1)
    u, w = _rule()
    return betaincinv(law[0], law[1], u), w


@functools.cache
def _rule() -> tuple[FloatArray, FloatArray]:
    # Gauss-Legendre, crowded towards 0 and 1, where quantiles are steep; an eigenvalue problem: done once.
    x, w = np.polynomial.legendre.leggauss(NODES)
    v = 0.5 * (x + 1.0)
    return v**3 * (10 - 15 * v + 6 * v * v), 0.5 * w * 30 * v**2 * (1 - v) ** 2


def _cdf(x: Law, points: tuple[FloatArray, FloatArray], at: float, *, closed: bool = True) -> float:
    """P(X - Y <= at), or < at when not `closed`, Y as its `_points`."""
    from scipy.special import betainc

    edge = at + points[0]
    if np.isnan(x[0]):
        return float(points[1] @ (edge >= x[1] if closed else edge > x[1]))
    return float(points[1] @ betainc(x[0], x[1], np.clip(edge, 0.0, 1.0)))


def _quantile(x: Law, points: tuple[FloatArray, FloatArray], p: float) -> float:
    low, high = -1.0, 1.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _cdf(x, points, middle) < p else (low, middle)
    return 0.5 * (low + high)
