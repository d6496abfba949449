"""Melded limits of a difference, a ratio and an odds ratio from the confidence laws of two groups (Fay, Proschan & Brittain 2015)."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.tails import two_tails

Law = tuple[float, float] | FloatArray
"""Beta parameters; (nan, 0) is the point 0 and (nan, 1) the point 1. Or a sorted sample."""
Laws = tuple[Law, Law]
"""The (upper, lower) confidence law of one group."""
Pair = tuple[Law, Law, tuple[FloatArray, FloatArray]]
"""A law of the second group, one of the first, and the points and weights that integrate over the latter."""
NODES, THINNED = 256, 2000
FARTHEST = 60.0
"""Logarithm of a ratio beyond which a limit is 0 or infinite."""


def _by_difference(first: FloatArray, value: float) -> FloatArray:
    return first + value


def _by_ratio(first: FloatArray, value: float) -> FloatArray:
    return first * np.exp(value)


def _by_odds_ratio(first: FloatArray, value: float) -> FloatArray:
    lifted = first * np.exp(value)
    return lifted / (1.0 - first + lifted)


EDGES: dict[str, Callable[[FloatArray, float], FloatArray]] = {
    "difference": _by_difference, "ratio": _by_ratio, "odds ratio": _by_odds_ratio,
}  # fmt: skip
"""By measure the S2 at which S2 and `first` have that difference, or the ratio or odds ratio exp(value)."""


def melded_limits(
    first: Laws, second: Laws, conf_level: float, measure: str, *, mid_p: bool = False
) -> tuple[float, float]:
    """Limits of the second group's survival against the first's.

    The lower limit is the quantile of the measure of lower law 2 against upper law 1, the upper one that of upper law
    2 against lower law 1, the laws being independent. `mid_p`: of the half-and-half mixtures of a group's two laws. A
    ratio of 0 to 0 counts as 0 for the lower limit and as infinite for the upper.
    """
    tail = (1.0 - conf_level) / 2
    low = _quantile(_pairs(first, second, "low", mid_p), measure, tail, closed=True)
    high = _quantile(_pairs(first, second, "high", mid_p), measure, 1.0 - tail, closed=False)
    return low, high


def melded_p(first: Laws, second: Laws, *, mid_p: bool = False) -> float:
    """Two-sided p-value of equal survival, the same for every measure."""
    greater = _cdf(_pairs(first, second, "low", mid_p), "difference", 0.0, closed=True)
    if mid_p:
        open_ = _cdf(_pairs(first, second, "low", mid_p), "difference", 0.0, closed=False)
        greater = 0.5 * (greater + open_)
        return two_tails(greater, 1.0 - greater)
    less = 1.0 - _cdf(_pairs(first, second, "high", mid_p), "difference", 0.0, closed=False)
    return two_tails(greater, less)


def _pairs(first: Laws, second: Laws, end: str, mid_p: bool) -> list[Pair]:
    """Laws of the second group with those of the first and their points, all pairs alike in weight."""
    if mid_p:
        return [(law, other, _points(other)) for law in second for other in first]
    law, other = (second[1], first[0]) if end == "low" else (second[0], first[1])
    return [(law, other, _points(other))]


def _points(law: Law) -> tuple[FloatArray, FloatArray]:
    """Quantiles and weights that integrate over the law."""
    from scipy.special import betaincinv

    if isinstance(law, np.ndarray):
        # Order statistics at even steps: as good as all of them, and a hundred times faster.
        step = max(1, law.size // THINNED)
        kept = law[step // 2 :: step]
        return kept, np.full(kept.size, 1.0 / kept.size)
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


def _cdf(pairs: list[Pair], measure: str, at: float, *, closed: bool) -> float:
    """Share of pairs whose measure is at most `at`, or below it when not `closed`."""
    return sum(_one_cdf(pair, measure, at, closed) for pair in pairs) / len(pairs)


def _one_cdf(pair: Pair, measure: str, at: float, closed: bool) -> float:
    from scipy.special import betainc

    law, other, points = pair
    edge = EDGES[measure](points[0], at)
    if isinstance(law, np.ndarray):
        return float(points[1] @ (np.searchsorted(law, edge, "right" if closed else "left") / law.size))
    if not np.isnan(law[0]):
        return float(points[1] @ betainc(law[0], law[1], np.clip(edge, 0.0, 1.0)))
    if isinstance(other, np.ndarray) or np.isnan(other[0]):
        return float(points[1] @ (edge >= law[1] if closed else edge > law[1]))
    # A point against a continuous law: the same event seen from the first group, where it needs no quadrature.
    back = EDGES[measure](np.array([law[1]]), -at)
    return float(1.0 - betainc(other[0], other[1], np.clip(back, 0.0, 1.0))[0])


def _quantile(pairs: list[Pair], measure: str, p: float, *, closed: bool) -> float:
    """The smallest value with a share of p at most there; ratios are sought on the logarithmic scale."""
    ratio = measure != "difference"
    low, high = (-FARTHEST, FARTHEST) if ratio else (-1.0, 1.0)
    if ratio and _cdf(pairs, measure, low, closed=closed) >= p:
        return 0.0
    if ratio and _cdf(pairs, measure, high, closed=closed) < p:
        return float("inf")
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _cdf(pairs, measure, middle, closed=closed) < p else (low, middle)
    middle = 0.5 * (low + high)
    return float(np.exp(middle)) if ratio else middle
