"""Cumulative incidence under competing risks, with Aalen's and the jackknife variance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
DUST = 1e-12
"""Share of the risk set below which a weighted remainder counts as nobody left."""


def cumulative_incidence(n_risk: Array, n_event: Array) -> tuple[Array, Array]:
    """S(t) (m,) and F_k(t) = sum over u <= t of S(u-) d_k(u) / n(u), (c, m), from counts (m,) and (c, m).

    Aalen & Johansen 1978. S and the F_k sum to 1 but for rounding.
    """
    left = n_risk - n_event.sum(axis=0)
    left[left <= DUST * n_risk] = 0.0
    s = np.cumprod(left / n_risk)
    before = np.concatenate([[1.0], s[:-1]])
    return s, np.cumsum(before * n_event / n_risk, axis=1)


def aalen_variance(n_risk: Array, n_event: Array, s: Array, f: Array) -> Array:
    """Variance (c, m) of F_k for counts: sum over u <= t of squared effects of each event at u.

    An event of cause k at u moves F_k(t) by S(u-)/n (1 - [F_k(t) - F_k(u)] / S(u)), another cause's by
    S(u-)/n [F_k(t) - F_k(u)] / S(u); d events at one time count d (1 - (d-1)/(n-1)) (Aalen 1978; Gray 1988).
    """
    before = np.concatenate([[1.0], s[:-1]])
    alive = s > 0
    ratio = np.where(alive, 1.0 / np.where(alive, s, 1.0), 0.0)
    fewer = np.maximum(n_risk - 1.0, 1.0)
    own = n_event * np.where(n_event > 1, 1.0 - (n_event - 1.0) / fewer, 1.0) * (before / n_risk) ** 2
    rest = n_event.sum(axis=0) - n_event
    other = np.where(alive, rest * np.where(rest > 1, 1.0 - (rest - 1.0) / fewer, 1.0), 0.0)
    other = other * (before / n_risk) ** 2
    # Both effects read a - F(t) b: expand the square and keep three running sums.
    b, a_other = ratio, f * ratio
    a_own = 1.0 + a_other
    square = np.cumsum(own * a_own**2 + other * a_other**2, axis=1)
    cross = np.cumsum((own * a_own + other * a_other) * b, axis=1)
    last = np.cumsum((own + other) * b**2, axis=1)
    return np.maximum(square - 2.0 * f * cross + f**2 * last, 0.0)


def jackknife_variance(
    table: tuple[Array, Array, Array],
    slots: tuple[Array, Array | None],
    cause: Array,
    weight: Array,
    cluster: Array,
) -> tuple[Array, Array]:
    """Infinitesimal-jackknife variances of S (m,) and of each F_k (c, m), clusters kept together.

    Row i moves log S by -w_i M_i(t), M_i(t) = 1(T_i <= t, event) b(T_i) - [A(min(t, T_i)) - A(entry_i)] with
    the jumps a = d/(n (n-d)) and b = 1/(n-d), and F_k by the sum of -S(u-) M_i(u-) dA_k(u) and its own
    S(u-) (dN_ik - Y_i dA_k)/n. While at risk this is R(t) + g + h F(t), afterwards g' + h' F(t) with R
    common to all: sums over clusters of the six products change only when a row enters or leaves.

    Parameters
    ----------
    table : n_risk (m,), n_event (c, m), s (m,) at the distinct times.
    slots : position of each row's time (n,), and the number of distinct times at or before its entry, or None.
    cause : (n,) 0 censored, k the k-th cause; weight, cluster (n,), clusters 0..c-1.
    """
    n_risk, n_event, s = table
    before = np.concatenate([[1.0], s[:-1]])
    total = n_event.sum(axis=0)
    alive = s > 0
    safe = np.where(alive, n_risk - total, 1.0)
    a = np.where(alive, total / (n_risk * safe), 0.0)
    b = np.where(alive, 1.0 / safe, 0.0)
    run_a = np.concatenate([[0.0], np.cumsum(a)])
    out, late = slots
    into = np.zeros(out.size, np.int64) if late is None else late
    # M_i after leaving, and while at risk minus what was there on entry.
    gone = np.where(cause > 0, b[out], 0.0) - (run_a[out + 1] - run_a[into])
    events = _changes(out, into, weight, cluster)
    one, zero = np.ones(out.size), np.zeros(out.size)
    survived = _quadratic(events, (-run_a[into], one, zero), (-gone, zero, zero), (None, run_a, None))
    variances = np.empty(n_event.shape)
    for k in range(n_event.shape[0]):
        step = before * n_event[k] / n_risk
        f = np.concatenate([[0.0], np.cumsum(step)])
        # R(t): what a row at risk all along does to F through A(u-) and through its place in n.
        r = np.concatenate([[0.0], np.cumsum(step * run_a[:-1] - step / n_risk)])
        entry_h = -run_a[into]
        entry_g = -r[into] + run_a[into] * f[into]
        own = np.where(cause == k + 1, before[out] / n_risk[out], 0.0)
        final = r[out + 1] + entry_g + entry_h * f[out + 1] + own
        leave_h = -gone
        leave_g = final + gone * f[out + 1]
        variances[k] = _quadratic(events, (entry_g, one, entry_h), (leave_g, zero, leave_h), (None, r, f))
    return s**2 * survived, variances


Changes = tuple[Array, Array, Array, Array, int]


def _changes(out: Array, into: Array, weight: Array, cluster: Array) -> Changes:
    """When rows enter and leave, sorted by cluster and time: order, when, first of a cluster, weights, length."""
    when = np.concatenate([into, out + 1])
    who = np.concatenate([cluster, cluster])
    order = np.lexsort((when, who))
    sorted_who = who[order]
    first = np.concatenate([[True], sorted_who[1:] != sorted_who[:-1]])
    return order, when[order], first, weight, int(out.max()) + 2


def _quadratic(
    events: Changes,
    entering: tuple[Array, Array, Array],
    leaving: tuple[Array, Array, Array],
    basis: tuple[Array | None, Array | None, Array | None],
) -> Array:
    """Sum over clusters of (G + W r(t) + H f(t))^2 at times 1..m, G, W, H piecewise constant.

    `entering` holds g, w, h of each row while at risk, `leaving` afterwards; `basis` their functions of
    time (m+1,), None for the constant 1 (unused where the coefficients are 0).
    """
    order, when, first, weight, size = events
    now, change = [], []
    for g_in, g_out in zip(entering, leaving):
        jump = np.concatenate([weight * g_in, weight * (g_out - g_in)])[order]
        now.append(_within(jump, first))
        change.append(jump)
    total = np.zeros(size)
    for i in range(3):
        for j in range(i, 3):
            step = now[i] * now[j] - (now[i] - change[i]) * (now[j] - change[j])
            part = np.cumsum(np.bincount(when, step, size))
            for k in (i, j):
                factor = basis[k]
                part = part if factor is None else part * factor[:size]
            total += part if i == j else 2.0 * part
    return np.maximum(total[1:], 0.0)


def _within(change: Array, first: Array) -> Array:
    """Running sums that start anew where `first` is true."""
    total = np.cumsum(change)
    starts = np.flatnonzero(first)
    offset = np.concatenate([[0.0], total[starts[1:] - 1]])
    return total - np.repeat(offset, np.diff(np.append(starts, change.size)))
