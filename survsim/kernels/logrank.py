"""Observed, expected and covariance of the weighted log-rank statistic for g groups."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def scores(n_risk: Array, n_event: Array, weight: Array | None) -> tuple[Array, Array, Array]:
    """Observed (g,), expected (g,), covariance (g, g) of the weighted sums of events.

    `n_risk`, `n_event` (g, k): groups by pooled event times; `weight` (k,), None for ones. Covariance is
    that of the multivariate hypergeometric law: w^2 d (n-d)/(n-1) (p - p p'), p = n_g/n (Mantel 1966).
    """
    n, d = n_risk.sum(axis=0), n_event.sum(axis=0)
    c = n - d
    c *= d
    c /= np.maximum(n - 1.0, 1.0)
    if weight is not None:
        c *= weight**2
        d = weight * d
    observed = n_event.sum(axis=1) if weight is None else n_event @ weight
    if n_risk.shape[0] == 2:
        share = n_risk[1] / n
        second = float(share @ d)
        c *= share
        # 1 - share is exactly 0 where one group is alone: what rounding leaves of a difference of sums would pass for a variance.
        v = float(c @ (1.0 - share))
        return observed, np.array([d.sum() - second, second]), np.array([[v, -v], [-v, v]])
    share = n_risk / n
    scaled = share * c
    covariance = -(scaled @ share.T)
    np.fill_diagonal(covariance, (scaled * (1.0 - share)).sum(axis=1))
    return observed, share @ d, covariance


def survival_before(n_risk: Array, n_event: Array) -> Array:
    """Pooled product-limit estimate just before each event time, S(t-), from totals (k,)."""
    s = np.cumprod(1.0 - n_event / n_risk)
    return np.concatenate([[1.0], s])[:-1]


def combined_scores(n_risk: Array, n_event: Array, weights: Array) -> tuple[Array, Array]:
    """Scores (k,) of the second of two groups under k weightings (k, m), and their covariance (k, k)."""
    n, d = n_risk.sum(axis=0), n_event.sum(axis=0)
    share = n_risk[1] / n
    v = d * (n - d) / np.maximum(n - 1.0, 1.0) * share * (1.0 - share)
    return weights @ (n_event[1] - share * d), (weights * v) @ weights.T


def row_scores(
    time: Array, event: Array, entry: Array | None, at: Array, jump: Array, weight: Array
) -> Array:
    """Each row's part a_i of the weighted log-rank score: a group's score is the sum over its rows.

    a_i = w(T_i) event_i - sum over pooled event times u at which i is at risk of w(u) d(u)/n(u); `at` (k,)
    are those times, `jump` d/n and `weight` w there.
    """
    running = np.concatenate([[0.0], np.cumsum(weight * jump)])
    score = -running[np.searchsorted(at, time, side="right")]
    if entry is not None:
        score += running[np.searchsorted(at, entry, side="right")]
    if at.size:
        score += np.where(event, weight[np.minimum(np.searchsorted(at, time), at.size - 1)], 0.0)
    return score
