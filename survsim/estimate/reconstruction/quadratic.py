"""The quadratic programme: numbers of deaths and censorings, not yet whole, closest to a curve under what is printed.

Unknown are deaths d_j and censorings c_j at each knot, with n_{j+1} = n_j - d_j - c_j at risk. The residual R_j of the
product-limit curve at knot j obeys R_j = R_{j-1} S_j / S_{j-1} - S_{j-1} (d_j - h_j n_j) / n_j with h_j = 1 - S_j / S_{j-1};
with the n_j of the divisor taken from the solution before, it is linear, and two rounds settle it.

References
----------
Titman 2026, Statistics in Medicine, doi 10.1002/sim.70474 (quadratic programme for events and censorings under numbers at
risk, totals and marks; the linearisation in the residual of the curve and the expected censorings are this package's).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.estimate.reconstruction.knots import Knots

ROUNDS = 4
SETTLED = 0.02
"""Rounds end when no number at risk moves by more than this share of the patients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is expected of censoring: c_j is its interval's total times a share, give or take.

    Attributes
    ----------
    share : (K,) of its interval's censorings after each knot. variance : (K,) around that. least : (K,) that there must be.
    total, spread : (r,) censorings of each interval and the variance of that number, large where little is known.
    """

    share: FloatArray
    variance: FloatArray
    least: IntArray
    total: FloatArray
    spread: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Deaths and censorings (K,) as real numbers, and what is expected of the censorings given the totals found."""

    deaths: FloatArray
    censored: FloatArray
    expected: FloatArray


def solve(
    knots: Knots, expected: Expected, n0: int, *, total: float | None, entry: bool, n: FloatArray
) -> Solution | None:
    """The closest real numbers; None where what is printed contradicts itself.

    n : (K,) first guess of the numbers at risk; two rounds settle it unless it was far off.
    """
    found = None
    for _ in range(ROUNDS):
        step = _once(knots, expected, n0, total, entry, n)
        if step is None:
            return found
        found = step
        left = np.maximum(n0 - np.append(0.0, np.cumsum(found.deaths + found.censored)[:-1]), 0.5)
        settled = np.abs(left - n).max() < SETTLED * n0
        n = left
        if settled:
            break
    return found


def _once(
    knots: Knots, expected: Expected, n0: int, total: float | None, entry: bool, n: FloatArray
) -> Solution | None:
    import clarabel
    from scipy import sparse

    K = knots.time.size
    before = np.append(1.0, knots.level[:-1])
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = np.where(before > 0, knots.level / np.maximum(before, 1e-12), 0.0)
    h = 1.0 - kept
    j, one = np.arange(K), np.ones(K)
    d, c, left, miss = j, K + j, 2 * K + j, 3 * K + j
    own = 1.0 / expected.variance
    intervals = expected.total.size
    many, width = 5 * K, 5 * K + intervals
    # x = deaths, censorings, left, miss, odd (censorings off their share), totals of censorings of each interval.
    odd, totals = 4 * K + j, 5 * K + np.arange(intervals)
    free = 1.0 / expected.spread
    P = sparse.diags_array(
        np.concatenate([np.full(K, 1e-6), np.full(2 * K, 1e-9), knots.weight + 1e-6, own, free])
    ).tocsc()
    q = np.concatenate([np.zeros(many), -free * expected.total])
    # left_{j+1} = left_j - d_j - c_j, and left_0 = n0.
    flow = sparse.coo_array(
        (
            np.concatenate([one[1:], -one[1:], one[1:], one[1:], [1.0]]),
            (
                np.concatenate([j[1:], j[1:], j[1:], j[1:], [0]]),
                np.concatenate([left[1:], left[:-1], d[:-1], c[:-1], [left[0]]]),
            ),
        ),
        shape=(K, width),
    )
    pull = before / n
    error = sparse.coo_array(
        (
            np.concatenate([one, -kept[1:], pull, -pull * h]),
            (np.concatenate([j, j[1:], j, j]), np.concatenate([miss, miss[:-1], d, left])),
        ),
        shape=(K, width),
    )
    printed = np.flatnonzero(knots.risk[1:] >= 0) + 1
    shut = np.flatnonzero(~knots.may_die)
    fixed = np.concatenate([left[printed], d[shut]])
    equal = sparse.coo_array((np.ones(fixed.size), (np.arange(fixed.size), fixed)), shape=(fixed.size, width))
    b = [
        np.append(float(n0), np.zeros(K - 1)),
        np.zeros(K),
        knots.risk[printed].astype(float),
        np.zeros(shut.size),
    ]
    apart = sparse.coo_array(
        (
            np.concatenate([one, -one, expected.share]),
            (np.concatenate([j, j, j]), np.concatenate([odd, c, totals[knots.interval]])),
        ),
        shape=(K, width),
    )
    A = [flow, error, equal, apart]
    b.append(np.zeros(K))
    if total is not None:
        A.append(sparse.coo_array((one, (np.zeros(K, int), d)), shape=(1, width)))
        b.append(np.array([float(total)]))
    equalities = sum(part.shape[0] for part in A)
    # d >= 0, c >= least (without late entry), nobody below zero after the last knot.
    bound = d if entry else np.concatenate([d, c])
    A.append(
        sparse.coo_array((-np.ones(bound.size), (np.arange(bound.size), bound)), shape=(bound.size, width))
    )
    b.append(np.zeros(K) if entry else np.concatenate([np.zeros(K), -expected.least.astype(float)]))
    A.append(
        sparse.coo_array(
            (np.array([-1.0, 1.0, 1.0]), (np.zeros(3, int), np.array([left[-1], d[-1], c[-1]]))),
            shape=(1, width),
        )
    )
    b.append(np.zeros(1))
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_iter = 100
    cones = [clarabel.ZeroConeT(equalities), clarabel.NonnegativeConeT(bound.size + 1)]
    answer = clarabel.DefaultSolver(
        P, q, sparse.vstack(A).tocsc(), np.concatenate(b), cones, settings
    ).solve()
    if "Solved" not in str(answer.status):
        return None
    x = np.asarray(answer.x)
    deaths = np.maximum(x[:K], 0.0)
    deaths[shut] = 0.0
    return Solution(deaths=deaths, censored=x[K : 2 * K], expected=expected.share * x[totals][knots.interval])
