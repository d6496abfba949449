"""Risk-set sums of large Cox fits in compiled passes: each covariate is read once, and nothing is written between.

Four covariates are summed side by side: a sum alone waits for its last addition, four keep the processor busy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.kernels._jit import COMPILED_FROM, compiled, jit_disabled
from survsim.kernels.threads import map_threads

Array = NDArray[Any]
THREADED = 2_000_000
"""Numbers in a pass from which threads pay; each takes covariates of its own, so that no bit depends on how many."""


def pays(m: int) -> bool:
    """Whether a fit with `m` rows at risk uses the compiled passes; half of the rows may leave before the first event."""
    return 2 * m >= COMPILED_FROM and not jit_disabled()


@compiled("void(f8[:,::1], f8[::1], i8[::1], i8[::1], f8[:,::1], i8, i8)")
def read_sums(x: Array, r: Array, end: Array, times: Array, out: Array, first: int, last: int) -> None:
    """out[j, times[q]] = sum of x[j, i] r[i] over i < end[q] for covariates first <= j < last; `end` ascends."""
    j = first
    while j + 4 <= last:
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
    for j in range(first, last):
        xj = x[j]
        for t in range(start.size):
            stop = start[t + 1] if t + 1 < start.size else rows.size
            a = 0.0
            for f in range(start[t], stop):
                a += xj[rows[f]] * r[rows[f]]
            out[j, t] = a


@compiled("void(f8[:,::1], i8[::1], f8[:,::1], i8, i8)")
def gather(matrix: Array, rows: Array, out: Array, first: int, last: int) -> None:
    """out[:, i] = matrix[rows[i], :] for first <= i < last, a few rows at a time."""
    for begin in range(first, last, 32):
        stop = min(begin + 32, last)
        for j in range(matrix.shape[1]):
            for i in range(begin, stop):
                out[j, i] = matrix[rows[i], j]


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
