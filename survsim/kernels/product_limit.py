"""Product-limit and Nelson-Aalen estimates with their binomial, Poisson and jackknife variances."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
BLOCK = 32_768


def product_limit(n_risk: Array, n_event: Array, *, exact: bool = False) -> tuple[Array, Array]:
    """S(t) = prod (1 - d/n) and Greenwood's variance of log S, sum d/(n (n-d)); inf once S is 0.

    Both (m,) at the times of the table; `exact` when both are counts without rounding. Kaplan & Meier
    1958, equations 2b and 3f.
    """
    s, v = np.empty(n_risk.size), np.empty(n_risk.size)
    alive, spread = 1.0, 0.0
    with np.errstate(divide="ignore"):
        for start in range(0, n_risk.size, BLOCK):  # what lies between stays in the cache
            rows = slice(start, start + BLOCK)
            n, d = n_risk[rows], n_event[rows]
            left = n - d
            if not exact:
                # Weighted sums leave rounding dust where everyone at risk had the event.
                left[left <= 1e-12 * n] = 0.0
            share = left / n
            share[0] *= alive
            np.cumprod(share, out=s[rows])
            left *= n
            step = np.divide(d, left, out=left)
            step[0] += spread
            np.cumsum(step, out=v[rows])
            alive, spread = s[rows][-1], v[rows][-1]
    return s, v


def nelson_aalen(n_risk: Array, n_event: Array, *, tied: bool) -> tuple[Array, Array]:
    """H(t) = sum d/n and its variance sum d/n^2 (Poisson).

    With `tied`, d events at one time count as 1/n + 1/(n-1) + ... + 1/(n-d+1), and their squares in the
    variance (Fleming & Harrington 1984).
    """
    if not tied:
        return np.cumsum(n_event / n_risk), np.cumsum(n_event / n_risk**2)
    d = n_event.astype(np.int64)
    ends = np.cumsum(d)
    steps = np.repeat(n_risk, d) - (np.arange(ends[-1]) - np.repeat(ends - d, d))
    h = np.concatenate([[0.0], np.cumsum(1.0 / steps)])
    v = np.concatenate([[0.0], np.cumsum(1.0 / steps**2)])
    return h[ends], v[ends]


def jackknife_variance(
    table: tuple[Array, Array, Array],
    slots: tuple[Array, Array | None],
    event: Array,
    weight: Array,
    cluster: Array,
    *,
    hazard: bool,
) -> Array:
    """Infinitesimal-jackknife variance (m,) of -log S (or of H with `hazard`), clusters kept together.

    With jumps a = d/(n (n-d)) and b = 1/(n-d) (hazard: a = d/n^2, b = 1/n) row i contributes
    U_i(t) = w_i [ 1(T_i <= t, event) b(T_i) - (A(min(t, T_i)) - A(entry_i)) ], A the running sum of a;
    the variance is the sum over clusters of squared sums of U. A cluster's sum is G + A(t) W with G, W
    piecewise constant, so sums of G^2, G W and W^2 over clusters are updated at changes only.

    Parameters
    ----------
    table : distinct times (m,), weighted at risk, weighted events.
    slots : position of each row's time in the table (n,), and of its entry: the number of distinct times
        at or before it, or None.
    event, weight, cluster : (n,); clusters are 0..c-1.
    """
    time, n_risk, n_event = table
    a, b = _jumps(n_risk, n_event, hazard=hazard)
    running = np.cumsum(a)
    before = np.concatenate([[0.0], running])
    out, late = slots
    into = np.zeros(out.size, np.int64) if late is None else late
    # Two changes a row: it enters (slot `into` distinct times have passed) and it leaves (at its time).
    when = np.concatenate([into, out + 1])
    who = np.concatenate([cluster, cluster])
    dw = np.concatenate([-weight, weight])
    dg = np.concatenate([weight * before[into], weight * (np.where(event, b[out], 0.0) - running[out])])
    order = np.lexsort((when, who))
    when, who, dw, dg = when[order], who[order], dw[order], dg[order]
    first = np.concatenate([[True], who[1:] != who[:-1]])
    g1, w1 = _within(dg, first), _within(dw, first)
    g0, w0 = g1 - dg, w1 - dw
    size = time.size + 1
    sums = [
        np.cumsum(np.bincount(when, change, size))[1:]
        for change in (g1 * g1 - g0 * g0, g1 * w1 - g0 * w0, w1 * w1 - w0 * w0)
    ]
    return np.maximum(sums[0] + 2 * running * sums[1] + running**2 * sums[2], 0.0)


def _jumps(n_risk: Array, n_event: Array, *, hazard: bool) -> tuple[Array, Array]:
    if hazard:
        return n_event / n_risk**2, 1.0 / n_risk
    left = n_risk - n_event
    alive = left > 1e-12 * n_risk  # where the curve reaches 0 nothing is left to vary
    safe = np.where(alive, left, 1.0)
    return np.where(alive, n_event / (n_risk * safe), 0.0), np.where(alive, 1.0 / safe, 0.0)


def _within(change: Array, first: Array) -> Array:
    """Running sums that start anew where `first` is true."""
    total = np.cumsum(change)
    starts = np.flatnonzero(first)
    offset = np.concatenate([[0.0], total[starts[1:] - 1]])
    return total - np.repeat(offset, np.diff(np.append(starts, change.size)))


def restricted_mean(time: Array, s: Array, jumps: Array, tau: float) -> tuple[float, float]:
    """Area under a step curve from 0 to tau and its variance, sum [area beyond u]^2 jump(u) over u < tau.

    `s` (m,) holds from `time` on, `jumps` (m,) is the increment of Var log S (Greenwood) at each time.
    """
    inside = time < tau
    t = np.concatenate([[0.0], time[inside], [tau]])
    pieces = np.concatenate([[1.0], s[inside]]) * np.diff(t)
    beyond = np.cumsum(pieces[::-1])[::-1]
    rest = beyond[1:]
    spread = np.where(rest > 0, np.where(rest > 0, jumps[inside], 0.0) * rest**2, 0.0)
    return float(beyond[0]), float(spread.sum())


def area_beyond(table: tuple[Array, Array, Array], tau: float) -> Array:
    """Area (m,) under S from each time of the table to tau, 0 from tau on: what log S there moves of the restricted mean."""
    t, n_risk, n_event = table
    s, _ = product_limit(n_risk, n_event)
    ends = np.minimum(np.append(t, max(tau, t[-1])), tau)
    area = np.cumsum((s * np.diff(ends))[::-1])[::-1]
    return np.where(t < tau, area, 0.0)


def jackknife_influence(
    table: tuple[Array, Array, Array], time: Array, event: Array, entry: Array | None, height: Array
) -> Array:
    """Derivative by each row's weight, (n,), of the sum over the times u of the table of height(u) times the step of log S.

    Minus the height (m,) times b(u) at the row's event, plus the same times a(u) while at risk: with the area beyond u
    that of the restricted mean, with 1 to t and 0 from there on that of log S(t).
    """
    t, n_risk, n_event = table
    a, b = _jumps(n_risk, n_event, hazard=False)
    running = np.concatenate([[0.0], np.cumsum(a * height)])
    slot = np.searchsorted(t, time)
    value = running[slot + 1] - np.where(event, (b * height)[slot], 0.0)
    if entry is not None:
        value = value - running[np.searchsorted(t, entry, side="right")]
    return value
