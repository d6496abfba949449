"""Kaplan-Meier, log-rank and bootstrapped curves by hand: counting passes over whole days."""

# numba's loops are written as loops
from __future__ import annotations

import numpy as np
from numba import njit, prange

Z = 1.959963984540054


@njit(cache=True)
def whole_top(time):
    top = 0.0
    for i in range(len(time)):
        if time[i] != np.floor(time[i]) or time[i] < 0 or time[i] > 1e6:
            return -1
        if time[i] > top:
            top = time[i]
    return int(top)


@njit(cache=True)
def count_curve(time, event, top):
    all_, dead = np.zeros(top + 1, np.int64), np.zeros(top + 1)
    for i in range(len(time)):
        k = int(time[i])
        all_[k] += 1
        dead[k] += event[i]
    at, s, g = np.empty(top + 1), np.empty(top + 1), np.empty(top + 1)
    m, alive, spread, risk = 0, 1.0, 0.0, float(len(time))
    for k in range(top + 1):
        if all_[k] > 0:
            if dead[k] > 0:
                alive *= 1 - dead[k] / risk
                spread += dead[k] / (risk * (risk - dead[k])) if risk > dead[k] else np.inf
            at[m], s[m], g[m] = k, alive, spread
            m += 1
        risk -= all_[k]
    return at[:m], s[:m], g[:m]


def kaplan_meier(time, event):
    at, s, g = count_curve(time, event, whole_top(time))
    with np.errstate(divide="ignore", invalid="ignore"):
        level, error = np.log(-np.log(s)), np.sqrt(g) / np.abs(np.log(s))
        return at, s, np.exp(-np.exp(level + Z * error)), np.exp(-np.exp(level - Z * error))


@njit(cache=True)
def sorted_curve(key, tie, at, s, low, high, left, died, gone, error, variance):
    """From sorted times whose last bit says censored: times, those within `tie` of the one before joined, the curve with its
    log-log band, at risk, events, censored, standard error and the variance of log S, in one pass."""
    n, m, i, alive, spread, time = len(key), 0, 0, 1.0, 0.0, (key >> np.uint64(1)).view(np.float64)
    while i < n:
        first, dead = i, 0
        while i < n and (i == first or time[i] - time[i - 1] <= tie):
            dead += 1 - (key[i] & np.uint64(1))
            i += 1
        risk = float(n - first)
        if dead > 0:
            alive *= 1 - dead / risk
            spread += dead / (risk * (risk - dead)) if risk > dead else np.inf
        at[m], s[m], low[m], high[m] = time[first], alive, 1.0, 1.0
        left[m], died[m], gone[m], error[m], variance[m] = (
            risk,
            dead,
            i - first - dead,
            alive * np.sqrt(spread),
            spread,
        )
        if 0.0 < alive < 1.0:
            log = np.log(alive)
            wide = np.exp(-Z * np.sqrt(spread) / log)
            low[m], high[m] = np.exp(log * wide), np.exp(log / wide)
        m += 1
    return m


def kaplan_meier_continuous(time, event):
    """As `kaplan_meier`, by a sort of whole numbers: the columns of survsim's table, near-ties joined at 1.5e-8 of the mean time."""
    key = (time.view(np.uint64) << np.uint64(1)) | (event == 0)
    key.sort()
    columns = [np.empty(len(time)) for _ in range(9)]
    m = sorted_curve(key, np.sqrt(np.finfo(float).eps) * max(time.mean(), 1.0), *columns)
    return [column[:m] for column in columns]


@njit(cache=True)
def count_logrank(time, event, group, top):
    table = np.zeros((top + 1, 4))
    for i in range(len(time)):
        k = int(time[i])
        table[k, 0] += 1
        table[k, 1] += event[i]
        table[k, 2] += group[i]
        table[k, 3] += event[i] * group[i]
    risk, second, seen, expected, v = float(len(time)), group.sum(), 0.0, 0.0, 0.0
    for k in range(top + 1):
        d = table[k, 1]
        if d > 0:
            share = second / risk
            seen += table[k, 3]
            expected += d * share
            if risk > 1:
                v += d * share * (1 - share) * (risk - d) / (risk - 1)
        risk -= table[k, 0]
        second -= table[k, 2]
    return (seen - expected) ** 2 / v


def logrank(time, event, group):
    return count_logrank(time, event, group, whole_top(time))


@njit(cache=True, parallel=True)
def boot(time, event, counts, tau):
    """Median and restricted mean of each row of multiplicities; time ascending."""
    many, n = counts.shape
    out = np.empty((many, 2))
    for b in prange(many):
        risk, s, last, area, median, i = float(counts[b].sum()), 1.0, 0.0, 0.0, np.inf, 0
        while i < n:
            x, d, m = time[i], 0.0, 0.0
            while i < n and time[i] == x:
                m += counts[b, i]
                d += counts[b, i] * event[i]
                i += 1
            if d > 0:
                if x <= tau:
                    area += s * (x - last)
                    last = x
                s *= 1 - d / risk
                if x <= tau:
                    kept = s
                if s <= 0.5 and median == np.inf:
                    median = x
            risk -= m
        out[b, 0], out[b, 1] = median, area + (kept if last > 0 else 1.0) * (tau - last)
    return out
