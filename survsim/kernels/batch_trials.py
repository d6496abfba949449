"""Log-rank and Cox (Efron) for many two-arm trials in one call.

A trial is one row of packed numbers: the bits of a time shifted up, then "censored", then the arm. Sorting
values brings events before censorings at equal times. The lowest bit of the time makes room, so times that
differ in the last bit count as equal.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.kernels._jit import compiled

Array = NDArray[Any]
COLUMNS = ("n_event", "score", "variance", "log_hazard_ratio", "std_error")
STEPS = 40
LIMIT = 15.0


def pack(time: Array, event: Array, arm: Array) -> Array:
    """Sorted packed rows (B, n) from times, events (B, n) and arm 0/1, (n,) or (B, n)."""
    key = (np.ascontiguousarray(time) + 0.0).view(np.uint64) >> np.uint64(1)
    key <<= np.uint64(2)
    key |= np.where(event, np.uint64(0), np.uint64(2))
    key |= np.asarray(arm).astype(np.uint64)
    key.sort(axis=1)
    return key


@compiled("f8[:, ::1](u8[:, ::1])")
def two_arm(key: Array) -> Array:
    """Events, log-rank score and variance, log hazard ratio and its error, (B, 5), for packed trials.

    Score is observed - expected events of arm 1, variance hypergeometric; the log hazard ratio maximises
    Efron's partial likelihood by Newton steps on the counts at each event time, and is +-inf with infinite
    error where one arm has no event or nobody is compared (then NaN).
    """
    trials, n = key.shape
    out = np.empty((trials, 5))
    r0, r1 = np.empty(n), np.empty(n)
    d0, d1 = np.empty(n), np.empty(n)
    for b in range(trials):
        row = key[b]
        one = 0
        for i in range(n):
            one += row[i] & 1
        n1, n0 = float(one), float(n - one)
        k = 0
        events = score = variance = 0.0
        seen0 = seen1 = 0.0
        i = 0
        while i < n:
            stamp = row[i] >> 2
            e0 = e1 = c0 = c1 = 0.0
            while i < n and row[i] >> 2 == stamp:
                if row[i] & 2:
                    if row[i] & 1:
                        c1 += 1.0
                    else:
                        c0 += 1.0
                elif row[i] & 1:
                    e1 += 1.0
                else:
                    e0 += 1.0
                i += 1
            d = e0 + e1
            if d > 0.0:
                at_risk = n0 + n1
                share = n1 / at_risk
                events += d
                score += e1 - d * share
                if at_risk > 1.0:
                    variance += d * (at_risk - d) / (at_risk - 1.0) * share * (1.0 - share)
                if n0 > 0.0 and n1 > 0.0:
                    r0[k], r1[k], d0[k], d1[k] = n0, n1, e0, e1
                    seen0 += e0
                    seen1 += e1
                    k += 1
            n0 -= e0 + c0
            n1 -= e1 + c1
        out[b, 0], out[b, 1], out[b, 2] = events, score, variance
        beta, error = _efron(r0, r1, d0, d1, k, seen0, seen1)
        out[b, 3], out[b, 4] = beta, error
    return out


@compiled("UniTuple(f8, 2)(f8[::1], f8[::1], f8[::1], f8[::1], i8, f8, f8)")
def _efron(
    r0: Array, r1: Array, d0: Array, d1: Array, k: int, seen0: float, seen1: float
) -> tuple[float, float]:
    """Efron's estimate and standard error from counts of two arms at k event times with both at risk."""
    if seen0 + seen1 == 0.0:
        return math.nan, math.nan
    if seen1 == 0.0:
        return -math.inf, math.inf
    if seen0 == 0.0:
        # All events in arm 1 while both are at risk: the likelihood rises without end.
        return math.inf, math.inf
    beta = 0.0
    information = 0.0
    for _ in range(STEPS):
        ratio = math.exp(beta)
        gradient, information = seen1, 0.0
        for j in range(k):
            d = d0[j] + d1[j]
            for l in range(int(d)):
                share = l / d
                a = (r1[j] - share * d1[j]) * ratio
                p = a / (a + r0[j] - share * d0[j])
                gradient -= p
                information += p * (1.0 - p)
        change = gradient / information
        if change > 2.0:
            change = 2.0
        elif change < -2.0:
            change = -2.0
        beta += change
        if abs(change) < 1e-10:
            break
        if abs(beta) > LIMIT:
            return math.copysign(math.inf, beta), math.inf
    return beta, 1.0 / math.sqrt(information)


@compiled("f8[:, ::1](u8[:, ::1], f8, f8)")
def weighted(key: Array, rho: float, gamma: float) -> Array:
    """Weighted log-rank score and its variance, (B, 2), for packed trials.

    An event time counts ``S(t-) ** rho * (1 - S(t-)) ** gamma``, S the Kaplan-Meier curve of both arms together (Fleming,
    Harrington 1991); with 0 and 0 score and variance are those of `two_arm`.
    """
    trials, n = key.shape
    out = np.empty((trials, 2))
    for b in range(trials):
        row = key[b]
        one = 0
        for i in range(n):
            one += row[i] & 1
        n1, n0 = float(one), float(n - one)
        score = variance = 0.0
        survival = 1.0
        i = 0
        while i < n:
            stamp = row[i] >> 2
            e0 = e1 = c0 = c1 = 0.0
            while i < n and row[i] >> 2 == stamp:
                if row[i] & 2:
                    if row[i] & 1:
                        c1 += 1.0
                    else:
                        c0 += 1.0
                elif row[i] & 1:
                    e1 += 1.0
                else:
                    e0 += 1.0
                i += 1
            d = e0 + e1
            if d > 0.0:
                at_risk = n0 + n1
                share = n1 / at_risk
                weight = survival**rho * (1.0 - survival) ** gamma
                score += weight * (e1 - d * share)
                if at_risk > 1.0:
                    variance += weight * weight * d * (at_risk - d) / (at_risk - 1.0) * share * (1.0 - share)
                survival *= 1.0 - d / at_risk
            n0 -= e0 + c0
            n1 -= e1 + c1
        out[b, 0], out[b, 1] = score, variance
    return out
