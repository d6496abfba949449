"""Whole patients behind a curve: steps of one patient that bring the product-limit curve closer to its readings.

Knots j = 0..K-1 are the times of readings and of printed numbers at risk. d_j die at knot j, c_j are censored between it
and the next (fewer than none where more enter than leave), and n_{j+1} = n_j - d_j - c_j. A step within an interval of
the risk table leaves the printed numbers as they are.

The product-limit curve after the knots that a step touches is the old one times a factor, so sums over the rest of the
curve are kept and a step costs as many operations as it touches knots.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.kernels._jit import compiled

_STATE = "i8[::1],i8[::1],f8[::1],f8[::1],f8[::1],f8[::1],i8"
_SUMS = "i8[::1],f8[::1],f8[::1],f8[::1],f8[::1],f8[::1]"


@compiled(f"f8({_STATE},{_SUMS})")
def tabulate(
    d: Any,
    c: Any,
    S: Any,
    w: Any,
    cbar: Any,
    cvar: Any,
    n0: Any,
    n: Any,
    km: Any,
    head: Any,
    A: Any,
    B: Any,
    C: Any,
) -> float:
    """Fills n before and curve after each knot, the misfit so far, and the sums over the rest; the whole misfit."""
    K = d.size
    n[0] = n0
    at, cost = 1.0, 0.0
    for j in range(K):
        if d[j] > 0:
            at *= 1.0 - d[j] / n[j] if n[j] > 0 else 0.0
        km[j] = at
        head[j] = cost
        cost += w[j] * (at - S[j]) ** 2 + (c[j] - cbar[j]) ** 2 / cvar[j]
        n[j + 1] = n[j] - d[j] - c[j]
    head[K] = cost
    A[K] = B[K] = C[K] = 0.0
    for j in range(K - 1, -1, -1):
        A[j] = A[j + 1] + w[j] * km[j] ** 2
        B[j] = B[j + 1] + w[j] * km[j] * S[j]
        C[j] = C[j + 1] + w[j] * S[j] ** 2 + (c[j] - cbar[j]) ** 2 / cvar[j]
    return cost


@compiled(f"f8({_STATE},{_SUMS},i8,i8)")
def misfit(
    d: Any, c: Any, S: Any, w: Any, cbar: Any, cvar: Any, n0: Any, n: Any, km: Any, head: Any, A: Any, B: Any, C: Any,
    low: Any, high: Any,
) -> float:  # fmt: skip
    """Misfit after a change of d and c within knots low..high; infinite where the numbers left cannot be."""
    K = d.size
    left = n[low]
    at = km[low - 1] if low > 0 else 1.0
    cost = head[low]
    j = low
    while j < K and (j <= high or left != n[j]):
        if d[j] > left or d[j] < 0:
            return np.inf
        if d[j] > 0:
            at *= 1.0 - d[j] / left
        cost += w[j] * (at - S[j]) ** 2 + (c[j] - cbar[j]) ** 2 / cvar[j]
        left -= d[j] + c[j]
        if left < 0:
            return np.inf
        j += 1
    if j < K:
        before = km[j - 1]
        if before > 0.0:
            f = at / before
            cost += f * f * A[j] - 2.0 * f * B[j] + C[j]
        elif at == 0.0:
            cost += A[j] - 2.0 * B[j] + C[j]
        else:
            while j < K:
                if d[j] > left:
                    return np.inf
                if d[j] > 0:
                    at *= 1.0 - d[j] / left
                cost += w[j] * (at - S[j]) ** 2 + (c[j] - cbar[j]) ** 2 / cvar[j]
                left -= d[j] + c[j]
                j += 1
    return cost


@compiled(
    "f8(i8[::1],i8[::1],f8[::1],f8[::1],f8[::1],f8[::1],i8,i8[::1],i8[::1],b1[::1],i8,f8,i8)",
)
def polish(
    d: Any, c: Any, S: Any, w: Any, cbar: Any, cvar: Any, n0: Any, cmin: Any, interval: Any, may_die: Any, D: Any,
    price: Any, rounds: Any,
) -> float:  # fmt: skip
    """Takes steps of one patient, in place, while any brings the misfit down; the misfit reached.

    d, c : deaths at and censorings after each knot (K,). S, w : level and weight of a reading (weight 0: none).
    cbar, cvar : expected censorings and their variance. n0 : at risk at the first knot. cmin : least censorings.
    interval : of the risk table, of each knot; the last one may end with any number. may_die : knots with deaths.
    D : total of deaths, or -1; each patient off it costs `price` squared. rounds : most rounds over all knots.
    """
    K = d.size
    n = np.empty(K + 1, np.int64)
    km, head = np.empty(K), np.empty(K + 1)
    A, B, C = np.empty(K + 1), np.empty(K + 1), np.empty(K + 1)
    last = interval[K - 1]
    total = d.sum()
    best = tabulate(d, c, S, w, cbar, cvar, n0, n, km, head, A, B, C)
    off = 0.0 if D < 0 else price * (total - D) ** 2
    for _ in range(rounds):
        moved = False
        for a in range(K):
            # Patient leaves state `a` (kind 0: a death at a; 1: a censoring after a; 2: alive at the end) ...
            for kind in range(3):
                if kind == 2 and interval[a] != last:
                    continue
                if kind == 0 and d[a] == 0:
                    continue
                if kind == 1 and c[a] <= cmin[a]:
                    continue
                # ... and goes to a state near by, of either kind.
                for b in range(max(a - 4, 0), min(a + 5, K)):
                    if interval[b] != interval[a]:
                        continue
                    for to in range(3):
                        if (kind == to and (a == b or kind == 2)) or (
                            to == 2 and (interval[a] != last or a != b)
                        ):
                            continue
                        if to == 0 and not may_die[b]:
                            continue
                        step = (1 if to == 0 else 0) - (1 if kind == 0 else 0)
                        price_now = 0.0 if D < 0 else price * (total + step - D) ** 2
                        if D >= 0 and price_now > off and best < price_now - off:
                            continue
                        low, high = min(a, b), max(a, b)
                        d[a] -= kind == 0
                        c[a] -= kind == 1
                        d[b] += to == 0
                        c[b] += to == 1
                        cost = misfit(d, c, S, w, cbar, cvar, n0, n, km, head, A, B, C, low, high)
                        if cost + price_now < best + off - 1e-9:
                            total += step
                            off = price_now
                            best = tabulate(d, c, S, w, cbar, cvar, n0, n, km, head, A, B, C)
                            moved = True
                        else:
                            d[a] += kind == 0
                            c[a] += kind == 1
                            d[b] -= to == 0
                            c[b] -= to == 1
                        if (kind == 0 and d[a] == 0) or (kind == 1 and c[a] <= cmin[a]):
                            break
                    if (kind == 0 and d[a] == 0) or (kind == 1 and c[a] <= cmin[a]):
                        break
        if not moved:
            break
    return best + off
