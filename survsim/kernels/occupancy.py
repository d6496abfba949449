"""State occupancy of any multi-state process by the product integral, with two variances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Sojourns(NamedTuple):
    """Stays in a state: (n,) entry, exit, source and target states (-1: censored), weight, cluster 0..c-1."""

    entry: Array
    exit: Array
    source: Array
    target: Array
    weight: Array
    cluster: Array


def at_risk(stays: Sojourns, times: Array, n_states: int) -> Array:
    """Weighted numbers (S, m) in each state just before each time, ``entry < t <= exit``."""
    found = np.zeros((n_states, times.size))
    for state in range(n_states):
        mine = stays.source == state
        for when, sign in ((stays.exit[mine], 1.0), (stays.entry[mine], -1.0)):
            order = np.argsort(when, kind="stable")
            above = np.concatenate([np.cumsum(stays.weight[mine][order][::-1])[::-1], [0.0]])
            found[state] += sign * above[np.searchsorted(when[order], times, side="left")]
    return found


def transitions_at(stays: Sojourns, times: Array, n_states: int) -> Array:
    """Weighted transitions (m, S, S) at each of the times; every transition's time must be among them."""
    moved = stays.target >= 0
    counts = np.zeros((times.size, n_states, n_states))
    slot = np.searchsorted(times, stays.exit[moved])
    np.add.at(counts, (slot, stays.source[moved], stays.target[moved]), stays.weight[moved])
    return counts


def steps(n_risk: Array, counts: Array) -> Array:
    """Transition matrices I + dA (m, S, S) from numbers at risk (S, m) and transitions (m, S, S)."""
    n = n_risk.T[:, :, None]
    moved = np.where(n > 0, counts / np.where(n > 0, n, 1.0), 0.0)
    stay = 1.0 - moved.sum(axis=2)
    stay[np.abs(stay) < 1e-12] = 0.0
    rows = np.arange(moved.shape[1])
    moved[:, rows, rows] += stay
    return moved


def occupancy(start: Array, matrices: Array) -> Array:
    """p(t) = p(0) prod (I + dA), (m, S) (Aalen & Johansen 1978)."""
    found, now = np.empty(matrices.shape[:2]), start
    for i in range(matrices.shape[0]):
        now = now @ matrices[i]
        found[i] = now
    return found


def multinomial_variance(start: Array, matrices: Array, n_risk: Array) -> Array:
    """Covariance (m, S, S) of p(t) with p(0) known, V(t) = T' V(t-) T + sum_j p_j^2 (diag(T_j) - T_j T_j')/n_j.

    Andersen, Borgan, Gill & Keiding 1993, equation 4.4.20, with multinomial increments.
    """
    m, size, _ = matrices.shape
    found, now, v = np.empty((m, size, size)), start, np.zeros((size, size))
    for i in range(m):
        t = matrices[i]
        v = t.T @ v @ t
        for j in np.flatnonzero((n_risk[:, i] > 0) & (now > 0)):
            v = v + now[j] ** 2 / n_risk[j, i] * (np.diag(t[j]) - np.outer(t[j], t[j]))
        now = now @ t
        found[i] = v
    return found


def jackknife_variance(
    stays: Sojourns, start: Array, start_influence: Array, table: tuple[Array, Array, Array]
) -> Array:
    """Infinitesimal-jackknife variance (m, S) of p(t), clusters kept together; O(n m)."""
    return np.array([(u**2).sum(axis=0) for u in influences(stays, start, start_influence, table)])


def mean_times(
    stays: Sojourns, start: Array, start_influence: Array, table: tuple[Array, Array, Array], tau: float
) -> tuple[Array, Array]:
    """Mean time (S,) in each state to `tau`, the integral of p(t), and its infinitesimal-jackknife variance (S,)."""
    times, _, matrices = table
    ends = np.minimum(np.append(times, np.inf), tau)
    width = np.diff(ends)
    mean = start * ends[0] + width @ occupancy(start, matrices)
    effect = start_influence * ends[0]
    for w, u in zip(width, influences(stays, start, start_influence, table)):
        if w > 0:
            effect = effect + w * u
    return mean, (effect**2).sum(axis=0)


def influences(
    stays: Sojourns, start: Array, start_influence: Array, table: tuple[Array, Array, Array]
) -> Iterator[Array]:
    """The influence (c, S) of each cluster on p(t), one time after the other.

    The influence U (c, S) of the clusters obeys U(t) = U(t-) T(t) + p_j(t-) w (e_k - T_j)/n_j for a stay at
    risk in j that moves to k (k = j if it does not). `table`: times (m,), n_risk (S, m), matrices (m, S, S).
    """
    times, n_risk, matrices = table
    now, u = start, start_influence.copy()
    for i in range(times.size):
        t = matrices[i]
        busy = np.flatnonzero((np.diag(t) < 1.0) & (n_risk[:, i] > 0) & (now > 0))
        u = u @ t
        if busy.size:
            rows = np.flatnonzero(
                (stays.entry < times[i]) & (times[i] <= stays.exit) & np.isin(stays.source, busy)
            )
            state = stays.source[rows]
            goes = np.where(
                (stays.exit[rows] == times[i]) & (stays.target[rows] >= 0), stays.target[rows], state
            )
            effect = -t[state]
            effect[np.arange(rows.size), goes] += 1.0
            effect *= (stays.weight[rows] * now[state] / n_risk[state, i])[:, None]
            np.add.at(u, stays.cluster[rows], effect)
        now = now @ t
        yield u
