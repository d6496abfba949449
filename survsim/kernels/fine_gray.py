"""Sums over the weighted risk sets of the subdistribution hazard, in O(n) after sorting.

Patient i is at risk at event time t_k with weight 1 while ``entry < t_k <= T_i`` and, after an event of
another cause at T_i, with weight G(t_k-) H(t_k) / [G(T_i-) H(T_i)]: G the law of censoring, H that of
delayed entry (Fine & Gray 1999; Geskus 2011). One stratum at a time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class RiskSets(NamedTuple):
    """One stratum. times (K,) of the cause; n rows; r groups of censoring.

    into, out (n,) numbers of event times up to entry and up to T_i; competing (n,) bool; group (n,);
    curve (r, K) the weights' numerator at the event times; share (n,) one over it at T_i (0 unless
    competing); d (K,) weighted events; event, slot: rows with the event and their time.
    """

    times: Array
    into: Array
    out: Array
    competing: Array
    group: Array
    curve: Array
    share: Array
    d: Array
    event: Array
    slot: Array


def gather(at: RiskSets, values: Array) -> Array:
    """Sum over the risk set at each event time: values (n, q) to (K, q)."""
    size = at.times.size + 1
    # Summed from the last time back: taking the large hazards of those who left off a sum leaves their rounding.
    leaving = np.zeros((size, values.shape[1]))
    np.add.at(leaving, at.out, values)
    total = np.cumsum(leaving[::-1], axis=0)[-2::-1]
    late = at.into > 0
    if late.any():
        entering = np.zeros((size, values.shape[1]))
        np.add.at(entering, at.into[late], values[late])
        total = total - np.cumsum(entering[::-1], axis=0)[-2::-1]
    for g in range(at.curve.shape[0]):
        rows = at.competing & (at.group == g)
        later = np.zeros((size, values.shape[1]))
        np.add.at(later, at.out[rows], values[rows] * at.share[rows, None])
        total += np.cumsum(later, axis=0)[:-1] * at.curve[g][:, None]
    return total


def spread(at: RiskSets, values: Array) -> Array:
    """Sum over the event times at which each row is at risk, weighted: values (K, q) to (n, q)."""
    total = _running(values)
    found = total[at.out] - total[at.into]
    for g in range(at.curve.shape[0]):
        rows = np.flatnonzero(at.competing & (at.group == g))
        weighted = _running(values * at.curve[g][:, None])
        found[rows] += (weighted[-1] - weighted[at.out[rows]]) * at.share[rows, None]
    return found


def _running(values: Array) -> Array:
    return np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])


class Sums(NamedTuple):
    """At one coefficient vector: r (n,) relative hazards times case weights, s0 (K,), mean (K, p), jump (K,)
    hazard increments for covariates 0, at_risk (n,) sums of them over a row's risk sets."""

    log_likelihood: float
    r: Array
    s0: Array
    mean: Array
    jump: Array
    at_risk: Array


def sums(at: RiskSets, x: Array, eta: Array, weight: Array) -> Sums:
    """Risk-set sums and Breslow's partial log-likelihood; x (n, p), eta (n,) less its largest."""
    r = weight * np.exp(eta)
    both = gather(at, np.column_stack([r, r[:, None] * x]))
    s0 = both[:, 0]
    jump = at.d / s0
    value = float((weight * eta)[at.event].sum() - at.d @ np.log(s0))
    return Sums(value, r, s0, both[:, 1:] / s0[:, None], jump, spread(at, jump[:, None])[:, 0])


def derivatives(at: RiskSets, x: Array, weight: Array, now: Sums) -> tuple[Array, Array]:
    """Score (p,) and information (p, p)."""
    gradient = (weight[:, None] * x)[at.event].sum(axis=0) - at.d @ now.mean
    information = (x * (now.r * now.at_risk)[:, None]).T @ x - (now.mean * at.d[:, None]).T @ now.mean
    return gradient, information


def score_residuals(at: RiskSets, x: Array, weight: Array, now: Sums) -> Array:
    """Each row's part of the score, (n, p), case weight included."""
    part = -now.r[:, None] * (x * now.at_risk[:, None] - spread(at, now.mean * now.jump[:, None]))
    part[at.event] += weight[at.event, None] * (x[at.event] - now.mean[at.slot])
    return part


def censoring_influence(
    at: RiskSets, x: Array, now: Sums, group: int, clock: tuple[Array, Array, Array]
) -> Array:
    """Change of the score by the hazard of censoring at each time u, (U, p): Fine & Gray's q(u).

    `clock` holds the censoring times u (U,) of the group, and for its rows the position of T_i among them:
    the number of u before T_i, as the weight of row i counts censorings from T_i on. Third: the number of
    event times up to each u.
    """
    u, first, passed = clock
    rows = at.competing & (at.group == group)
    values = (now.r * at.share)[rows, None] * np.column_stack([np.ones(rows.sum()), x[rows]])
    size = u.size + 1
    total = np.zeros((size, values.shape[1]))
    np.add.at(total, first[rows], values)
    so_far = np.cumsum(total, axis=0)[:-1]
    hazard = at.curve[group] * now.jump
    ahead = _running(np.column_stack([hazard, hazard[:, None] * now.mean]))
    rest = ahead[-1] - ahead[passed]
    return so_far[:, 1:] * rest[:, :1] - so_far[:, :1] * rest[:, 1:]
