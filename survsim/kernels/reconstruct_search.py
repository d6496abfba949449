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

REACH = 4
STEPS = 3 * 3 * (2 * REACH + 1)

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


@compiled("b1(i8[::1],i8[::1],i8[::1],i8[::1],b1[::1],i8,i8,i8,i8)")
def possible(
    d: Any, c: Any, cmin: Any, interval: Any, may_die: Any, a: Any, kind: Any, b: Any, to: Any
) -> bool:
    """Whether a patient can leave state `kind` at knot a for state `to` at knot b.

    States: 0 a death at the knot, 1 a censoring after it, 2 alive at the end (of the last interval, named by b = a).
    """
    K = d.size
    if b < 0 or b >= K or interval[b] != interval[a] or (kind == to and (a == b or kind == 2)):
        return False
    if (kind == 2 or to == 2) and (interval[a] != interval[K - 1] or (to == 2 and a != b)):
        return False
    if (kind == 0 and d[a] == 0) or (kind == 1 and c[a] <= cmin[a]):
        return False
    return to != 0 or may_die[b]


@compiled("void(i8[::1],i8[::1],i8,i8,i8,i8,i8)")
def shift(d: Any, c: Any, a: Any, kind: Any, b: Any, to: Any, many: Any) -> None:
    """`many` patients from one state to another."""
    if kind == 0:
        d[a] -= many
    elif kind == 1:
        c[a] -= many
    if to == 0:
        d[b] += many
    elif to == 1:
        c[b] += many


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
    D : total of deaths, or -1; what each patient off it costs is `price` times the square. rounds : most over all knots.
    """
    K = d.size
    n = np.empty(K + 1, np.int64)
    km, head = np.empty(K), np.empty(K + 1)
    A, B, C = np.empty(K + 1), np.empty(K + 1), np.empty(K + 1)
    total = d.sum()
    best = tabulate(d, c, S, w, cbar, cvar, n0, n, km, head, A, B, C)
    off = 0.0 if D < 0 else price * (total - D) ** 2
    for _ in range(rounds):
        moved = False
        for move in range(K * STEPS):
            # From a state at knot a to one at most REACH knots away: 3 states x 3 states x 9 places.
            a, code = move // STEPS, move % STEPS
            kind, to, b = code // 27, (code // 9) % 3, a + code % 9 - REACH
            if not possible(d, c, cmin, interval, may_die, a, kind, b, to):
                continue
            step = int(to == 0) - int(kind == 0)
            off_now = 0.0 if D < 0 else price * (total + step - D) ** 2
            if off_now - off > best:
                continue
            shift(d, c, a, kind, b, to, 1)
            cost = misfit(d, c, S, w, cbar, cvar, n0, n, km, head, A, B, C, min(a, b), max(a, b))
            if cost + off_now < best + off - 1e-9:
                total, off, moved = total + step, off_now, True
                best = tabulate(d, c, S, w, cbar, cvar, n0, n, km, head, A, B, C)
            else:
                shift(d, c, a, kind, b, to, -1)
        if not moved:
            break
    return best + off
