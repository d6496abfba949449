"""Risk-set sums of Cox fits in compiled passes: each covariate is read once, and nothing is written between.

Four covariates are summed side by side: a sum alone waits for its last addition, four keep the processor busy. Small fits
take these passes where numba is loaded already, and numpy where it is not: half a second of loading is five hundred of
them. Both roads add the same numbers in the same order, so that which was taken shows in no bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from survsim.kernels._jit import COMPILED_FROM, at_hand, compiled, jit_disabled
from survsim.kernels.threads import map_threads

Array = NDArray[Any]
THREADED = 2_000_000
"""Numbers in a pass from which threads pay; each takes covariates of its own, so that no bit depends on how many."""

SAVES = 1e-5
"""Seconds that a compiled pass of a small fit saves, about."""


def pays(m: int) -> bool:
    """Whether a fit with `m` rows at risk uses the compiled passes; half of the rows may leave before the first event."""
    return 2 * m >= COMPILED_FROM and not jit_disabled()


@compiled("void(f8[:,::1], f8[::1], i8[::1], i8[::1], f8[:,::1], i8, i8)")
def read_sums(x: Array, r: Array, end: Array, times: Array, out: Array, first: int, last: int) -> None:
    """out[j, times[q]] = sum of x[j, i] r[i] over i < end[q] for covariates first <= j < last; `end` ascends."""
    j, four = first, last - first >= 4
    while four and j < last:
        j = min(j, last - 4)  # the last four may have been summed in part: again costs less than one by one
        xa, xb, xc, xd = x[j], x[j + 1], x[j + 2], x[j + 3]
        a, b, c, d, begin = 0.0, 0.0, 0.0, 0.0, 0
        for q in range(end.size):
            for i in range(begin, end[q]):
                w = r[i]
                a += xa[i] * w
                b += xb[i] * w
                c += xc[i] * w
                d += xd[i] * w
            begin = max(begin, end[q])
            k = times[q]
            out[j, k], out[j + 1, k], out[j + 2, k], out[j + 3, k] = a, b, c, d
        j += 4
    while j < last:
        a, begin, xa = 0.0, 0, x[j]
        for q in range(end.size):
            for i in range(begin, end[q]):
                a += xa[i] * r[i]
            begin = max(begin, end[q])
            out[j, times[q]] = a
        j += 1


@compiled("void(f8[:,::1], f8[::1], i8[::1], i8[::1], f8[:,::1], i8, i8)")
def event_sums(x: Array, r: Array, rows: Array, start: Array, out: Array, first: int, last: int) -> None:
    """out[j, t] = sum of x[j, i] r[i] over i in rows[start[t] : start[t + 1]], first <= j < last."""
    j, four = first, last - first >= 4
    while four and j < last:
        j = min(j, last - 4)
        xa, xb, xc, xd = x[j], x[j + 1], x[j + 2], x[j + 3]
        for t in range(start.size):
            stop = start[t + 1] if t + 1 < start.size else rows.size
            a, b, c, d = 0.0, 0.0, 0.0, 0.0
            for f in range(start[t], stop):
                i = rows[f]
                w = r[i]
                a += xa[i] * w
                b += xb[i] * w
                c += xc[i] * w
                d += xd[i] * w
            out[j, t], out[j + 1, t], out[j + 2, t], out[j + 3, t] = a, b, c, d
        j += 4
    while j < last:
        xj = x[j]
        for t in range(start.size):
            stop = start[t + 1] if t + 1 < start.size else rows.size
            a = 0.0
            for f in range(start[t], stop):
                a += xj[rows[f]] * r[rows[f]]
            out[j, t] = a
        j += 1


@compiled("void(f8[:,::1], i8[::1], f8[:,::1], i8, i8)")
def gather(matrix: Array, rows: Array, out: Array, first: int, last: int) -> None:
    """out[:, i] = matrix[rows[i], :] for first <= i < last, a few rows at a time."""
    for begin in range(first, last, 32):
        stop = min(begin + 32, last)
        for j in range(matrix.shape[1]):
            for i in range(begin, stop):
                out[j, i] = matrix[rows[i], j]


@compiled(
    "void(f8[::1], f8[::1], f8[::1], i8[::1], i8[::1], i8[::1], f8[::1], f8[::1], f8[:,::1], f8[:,::1], f8[::1])",
    error_model="numpy",
)
def add_shares(
    s0: Array, e0: Array, time_weight: Array, many: Array, of: Array, time: Array, fraction: Array, weight: Array,
    by_time: Array, by_tied: Array, left: Array,
) -> None:  # fmt: skip
    """The columns of `Shares`, written: by_time (2, K) a and a0, by_tied (3, T) b, a1, a2."""
    for k in range(s0.size):
        by_time[0, k] = time_weight[k] / s0[k]
        by_time[1, k] = by_time[0, k] / s0[k]
    for t in many:
        by_time[0, t] = by_time[1, t] = 0.0
    by_tied[:] = 0.0
    for f in range(of.size):
        t, k, c = of[f], time[f], fraction[f]
        left[f] = s0[k] - c * e0[t]
        v = weight[f] / left[f]
        vv = v / left[f]
        by_time[0, k] += v
        by_time[1, k] += vv
        by_tied[0, t] += c * v
        by_tied[1, t] += c * vv
        by_tied[2, t] += c * (c * vv)


@compiled("void(f8[::1], f8[::1], i8[::1], i8[::1], i8[::1], i8[::1], f8[::1])")
def add_lived(a: Array, own: Array, high: Array, low: Array, row: Array, of: Array, out: Array) -> None:
    """The hazard of `lived`, written."""
    total = np.empty(a.size + 1)
    total[0] = 0.0
    for k in range(a.size):
        total[k + 1] = total[k] + a[k]
    for i in range(high.size):
        out[i] = total[high[i] + 1] - total[low[i]]
    for f in range(row.size):
        out[row[f]] -= own[of[f]]


@compiled(
    "void(f8[:,::1], f8[::1], i8[::1], i8[::1], i8[::1], i8[::1], f8[::1], i8[::1], i8[::1], i8[::1], f8[::1], f8[::1], i8[::1], "
    "i8[::1], f8[:,::1], f8[:,::1], f8[:,::1], f8[:,::1], f8[::1], f8[::1])"
)
def add_evaluation(
    x: Array, r: Array, end: Array, times: Array, row: Array, start: Array, time_weight: Array, many: Array, of: Array,
    time: Array, fraction: Array, weight: Array, high: Array, low: Array,
    sums: Array, tied: Array, by_time: Array, by_tied: Array, left: Array, hazard: Array,
) -> None:  # fmt: skip
    """The four passes of an evaluation one after another: a call costs a small fit as much as what it does."""
    read_sums(x, r, end, times, sums, 0, x.shape[0])
    event_sums(x, r, row, start, tied, 0, x.shape[0])
    add_shares(sums[0], tied[0], time_weight, many, of, time, fraction, weight, by_time, by_tied, left)
    add_lived(by_time[0], by_tied[0], high, low, row, of, hazard)


def by_covariates(kernel: Callable[..., Any], x: Array, columns: int, *given: Array) -> Array:
    """Run a kernel over the covariates of x (p, m), on threads where that pays: (p, columns)."""
    out = np.zeros((x.shape[0], columns))

    def part(first: int) -> None:
        kernel(x, *given, out, first, min(first + 4, x.shape[0]))

    firsts = range(0, x.shape[0], 4)
    map_threads(part, firsts, None if x.size >= THREADED else 1)
    return out


def gathered(matrix: Array, rows: Array) -> Array:
    """(p, m) contiguous copy of the rows asked for."""
    out = np.empty((matrix.shape[1], rows.size))
    step = 65_536
    map_threads(
        lambda begin: gather(matrix, rows, out, begin, min(begin + step, rows.size)),
        range(0, rows.size, step),
        None if out.size >= THREADED else 1,
    )
    return out


def by_place(values: Array, of: Array, size: int) -> Array:
    """Sums (k, size) of values (k, f) by the places `of` (f,), one addition after another."""
    places = of + size * np.arange(values.shape[0])[:, None]
    found = np.bincount(places.ravel(), values.ravel(), len(places) * size).reshape(len(places), size)
    return found.astype(np.float64, copy=False)  # without values bincount counts


def tied_sums(x: Array, r: Array, row: Array, start: Array, of: Array) -> Array:
    """Sums (p, T) of x (p, m) times r (m,) over the tied events, `row` (f,), of each of T times, `of` (f,)."""
    if at_hand(SAVES):
        out = np.empty((x.shape[0], start.size))
        event_sums(x, r, row, start, out, 0, x.shape[0])
        return out
    tied = x.take(row, axis=1)
    tied *= r.take(row)
    return by_place(tied, of, start.size)


class Shares(NamedTuple):
    """With v = 1/(S0 - c E0): sums of v by event time (K,), of c v by tied time (T,), of v^2 (K,), of c v^2 and c^2 v^2 (T,), each
    times the mean weight; left (f,) S0 - c E0 of each tied event."""

    a: Array
    b: Array
    a0: Array
    a1: Array
    a2: Array
    left: Array


def shares(
    s0: Array, e0: Array, time_weight: Array, many: Array, of: Array, time: Array, c: Array, weight: Array
) -> Shares:
    """What each event takes of the hazard: S0 (K,), E0 (T,), weights of the times (K,); T times `many` with several events, the
    places `of` them among those and `time` among all (f,), Efron's fractions c and weights (f,)."""
    if at_hand(SAVES):
        by_time, by_tied, left = np.empty((2, s0.size)), np.empty((3, many.size)), np.empty(of.size)
        add_shares(s0, e0, time_weight, many, of, time, c, weight, by_time, by_tied, left)
        return Shares(by_time[0], by_tied[0], by_time[1], by_tied[1], by_tied[2], left)
    a = time_weight / s0
    a0 = a / s0
    left = s0.take(time) - c * e0.take(of)
    v = weight / left
    vv = v / left
    a[many], b, a0[many], a1, a2 = by_place(np.stack([v, c * v, vv, c * vv, c * (c * vv)]), of, many.size)
    return Shares(a, b, a0, a1, a2, left)


class Evaluation(NamedTuple):
    """Sums of r (K,) and r x (p, K) over those at risk, (T,) and (p, T) over tied events; shares of the hazard, and what rows live
    through of it, (m,)."""

    s0: Array
    s1: Array
    e0: Array
    e1: Array
    shares: Shares
    lived: Array


def at_once(
    x: Array, r: Array, end: Array, times: Array, row: Array, start: Array, time_weight: Array, many: Array, of: Array,
    time: Array, fraction: Array, weight: Array, high: Array, low: Array,
) -> Evaluation:  # fmt: skip
    """All of a small fit's sums at one coefficient vector, in one compiled call; x (p, m) has the row of ones first."""
    p = x.shape[0]
    sums, tied = np.empty((p, end.size)), np.empty((p, start.size))
    by_time, by_tied = np.empty((2, end.size)), np.empty((3, start.size))
    left, hazard = np.empty(of.size), np.empty(r.size)
    add_evaluation(
        x, r, end, times, row, start, time_weight, many, of, time, fraction, weight, high, low,
        sums, tied, by_time, by_tied, left, hazard,
    )  # fmt: skip
    shares = Shares(by_time[0], by_tied[0], by_time[1], by_tied[1], by_tied[2], left)
    return Evaluation(sums[0], sums[1:], tied[0], tied[1:], shares, hazard)


def lived(increments: Array, own: Array, high: Array, low: Array, row: Array, of: Array) -> Array:
    """Hazard (m,) that each row lives through: increments (K,) over low..high, less `own` (T,) of the times `of` (f,) for the
    tied events, `row` (f,)."""
    if at_hand(SAVES):
        found = np.empty(high.size)
        add_lived(increments, own, high, low, row, of, found)
        return found
    total = np.empty(increments.size + 1)
    total[0] = 0.0
    increments.cumsum(out=total[1:])
    found = total.take(high + 1)
    found -= total.take(low)
    found[row] -= own.take(of)
    return found
