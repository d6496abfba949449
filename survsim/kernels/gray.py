"""Score and variance of Gray's test of equal cumulative incidence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def gray_scores(n_risk: Array, own: Array, other: Array, rho: float) -> tuple[Array, Array]:
    """Score (g,) and covariance (g, g) of one stratum from counts (g, m) at the pooled event times.

    The score of group i sums W (d_i - d R_i / R) with R_i = Y_i (1 - F_i-)/S_i-, the risk set of the
    subdistribution, and W = (1 - F-)^rho, F the pooled incidence with jumps d / sum (Y_i / S_i-). Its
    covariance follows from writing the score as a sum of martingale integrals, one a group and cause
    (Gray 1988, section 2), with the hypergeometric factor for ties.
    """
    g = n_risk.shape[0]
    there = n_risk > 0
    y = np.where(there, n_risk, 1.0)
    left = np.where(there, (n_risk - own - other) / y, 1.0)
    after = np.cumprod(left, axis=1)
    before = np.concatenate([np.ones((g, 1)), after[:, :-1]], axis=1)
    s_before = np.where(before > 0, before, 1.0)
    f_group = np.cumsum(np.where(there, before * own / y, 0.0), axis=1)
    f_group = np.concatenate([np.zeros((g, 1)), f_group[:, :-1]], axis=1)
    size = np.where(there, n_risk / s_before, 0.0)
    total = size.sum(axis=0)
    d = own.sum(axis=0)
    f = np.cumsum(d / total)
    f_before = np.concatenate([[0.0], f[:-1]])
    weight = np.maximum(1.0 - f_before, 0.0) ** rho
    adjusted = np.where(there, n_risk * (1.0 - f_group) / s_before, 0.0)
    score = (weight * (own - d * adjusted / adjusted.sum(axis=0))).sum(axis=1)
    # a (g, g, m): effect of group k's hazard at u on the score of group i; c its running mean below.
    share = size / total
    a = weight * size[None] * (np.eye(g)[:, :, None] - share[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = np.where(d > 0, d / (total * (1.0 - f_before)), 0.0)
    c = np.cumsum(a * inner, axis=2)
    return score, _covariance(a, c, (n_risk, own, other), (before, after, there), (f, total, d))


def _covariance(
    a: Array,
    c: Array,
    counts: tuple[Array, Array, Array],
    curves: tuple[Array, ...],
    pooled: tuple[Array, ...],
) -> Array:
    n_risk, _, other = counts
    before, after, there = curves
    f, total, d = pooled
    y = np.where(there, n_risk, 1.0)
    alive = after > 0
    rest = np.where(alive, (1.0 - f) / np.where(alive, after, 1.0), 0.0)
    scale = np.where(there, before, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        tied_own = np.where(d > 1, 1.0 - (d - 1.0) / (total * scale - 1.0), 1.0)
        tied_other = np.where(other > 1, 1.0 - (other - 1.0) / np.maximum(y - 1.0, 1.0), 1.0)
    of_own = np.where(there & (d > 0), tied_own * scale * d / (total * y), 0.0)
    of_other = np.where(there & alive & (other > 0), tied_other * before**2 * other / y**2, 0.0)
    # Effect of an event of group k at u on the final score: x(u) + C p(u), C the last value of c.
    p_own, p_other = np.where(alive, 1.0 - rest, 1.0), -rest
    end = c[:, :, -1][:, :, None]
    move_own = a - p_own * c + p_own * end
    move_other = -p_other * c + p_other * end
    return np.einsum("ikm,jkm,km->ij", move_own, move_own, of_own) + np.einsum(
        "ikm,jkm,km->ij", move_other, move_other, of_other
    )
