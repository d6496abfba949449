"""Many small Cox fits in one call: resamples of one data set (as counts) or simulated trials.

Rows of a data set are sorted by stratum, then by time, latest first. A resample is a vector of counts,
a row drawn c times being c tied rows, as if the rows were copied. One pass a Newton step; sums over the
risk set are kept as the walk adds patients and, with delayed entry, takes them off again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from survsim.kernels._jit import compiled
from survsim.kernels.threads import map_threads

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Counts = NDArray[np.int32]
Bools = NDArray[np.bool_]

CONVERGED, NOT_CONVERGED, MONOTONE, NO_INFORMATION = 0, 1, 2, 3

_WALK = "(f8[:, ::1], f8[::1], b1[::1], f8[::1], b1[::1], f8[::1], i8[::1], i4[::1], b1, f8[::1], f8[::1], f8[:, ::1])"


@compiled("f8(f8[:, ::1], i8, f8[::1])")
def predictor(x: Floats, i: int, beta: Floats) -> float:
    """x_i'beta."""
    eta = 0.0
    for a in range(beta.size):
        eta += x[i, a] * beta[a]
    return eta


@compiled("void(f8[:, ::1], i8, f8, f8[::1], f8[:, ::1])")
def add_row(x: Floats, i: int, r: float, s1: Floats, s2: Floats) -> None:
    """s1 += r x_i, s2 += r x_i x_i' (lower triangle)."""
    for a in range(s1.size):
        ra = r * x[i, a]
        s1[a] += ra
        for b in range(a + 1):
            s2[a, b] += ra * x[i, b]


@compiled("f8(i8, f8, b1, f8, f8, f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], f8[:, ::1])")
def share_events(
    d: int, dw: float, efron: bool, s0: float, e0: float, s1: Floats, e1: Floats, s2: Floats, e2: Floats,
    mean: Floats, gradient: Floats, inform: Floats,
) -> float:  # fmt: skip
    """Part of one event time with d events of total weight dw, shared as Efron or Breslow say."""
    value = 0.0
    steps = d if efron else 1
    weight = dw / steps
    for l in range(steps):
        c = l / d
        z = s0 - c * e0
        if not z > 0.0:  # all hazards at risk came out as 0: too far a step, which the search takes back
            return np.nan
        v = 1.0 / z
        value -= weight * np.log(z)
        for a in range(mean.size):
            mean[a] = (s1[a] - c * e1[a]) * v
            gradient[a] -= weight * mean[a]
            for b in range(a + 1):
                inform[a, b] += weight * ((s2[a, b] - c * e2[a, b]) * v - mean[a] * mean[b])
    return value


@compiled("f8" + _WALK)
def derivatives(
    x: Floats, time: Floats, event: Bools, weight: Floats, fresh: Bools, entry: Floats, late: Ints,
    count: Counts, efron: bool, beta: Floats, gradient: Floats, inform: Floats,
) -> float:  # fmt: skip
    """Log partial likelihood; fills gradient (p,) and information (p, p)."""
    n, p = x.shape
    s1, e1, mean = np.zeros(p), np.zeros(p), np.zeros(p)
    s2, e2 = np.zeros((p, p)), np.zeros((p, p))
    gradient[:] = 0.0
    inform[:] = 0.0
    value = s0 = 0.0
    i = j = 0
    while i < n:
        if fresh[i]:
            s0 = 0.0
            s1[:] = 0.0
            s2[:] = 0.0
            j = i
        t, first, d, dw, e0 = time[i], i, 0, 0.0, 0.0
        e1[:] = 0.0
        e2[:] = 0.0
        while i < n and time[i] == t and (i == first or not fresh[i]):
            if count[i] > 0:
                eta = predictor(x, i, beta)
                w = count[i] * weight[i]
                r = w * np.exp(eta)
                s0 += r
                add_row(x, i, r, s1, s2)
                if event[i]:
                    d += count[i]
                    dw += w
                    value += w * eta
                    e0 += r
                    add_row(x, i, r, e1, e2)
                    for a in range(p):
                        gradient[a] += w * x[i, a]
            i += 1
        if d == 0:
            continue
        while j < late.size and (j < i or not fresh[j]) and entry[late[j]] >= t:
            k = late[j]
            r = count[k] * weight[k] * np.exp(predictor(x, k, beta))
            s0 -= r
            add_row(x, k, -r, s1, s2)
            j += 1
        value += share_events(d, dw, efron, s0, e0, s1, e1, s2, e2, mean, gradient, inform)
    return value


@compiled("b1(f8[:, ::1], f8[:, ::1])")
def cholesky(matrix: Floats, root: Floats) -> bool:
    """Lower Cholesky root of the lower triangle of `matrix`; False when it is not positive definite."""
    p = matrix.shape[0]
    for a in range(p):
        for b in range(a + 1):
            total = matrix[a, b]
            for k in range(b):
                total -= root[a, k] * root[b, k]
            if a == b:
                if not total > 1e-11 * matrix[a, a] or not total > 0.0:
                    return False
                root[a, a] = np.sqrt(total)
            else:
                root[a, b] = total / root[b, b]
    return True


@compiled("void(f8[:, ::1], f8[::1], f8[::1])")
def root_solve(root: Floats, vector: Floats, out: Floats) -> None:
    """Solve root root' out = vector."""
    p = vector.size
    for a in range(p):
        total = vector[a]
        for k in range(a):
            total -= root[a, k] * out[k]
        out[a] = total / root[a, a]
    for a in range(p - 1, -1, -1):
        total = out[a]
        for k in range(a + 1, p):
            total -= root[k, a] * out[k]
        out[a] = total / root[a, a]


@compiled("i8(f8[:, ::1], f8[::1], b1[::1], f8[::1], b1[::1], f8[::1], i8[::1], i4[::1], b1, f8[::1],"
          " i8, f8, f8[::1], f8[:, ::1], f8[::1])")  # fmt: skip
def newton(
    x: Floats, time: Floats, event: Bools, weight: Floats, fresh: Bools, entry: Floats, late: Ints,
    count: Counts, efron: bool, span: Floats, max_iter: int, tolerance: float, beta: Floats, root: Floats,
    values: Floats,
) -> int:  # fmt: skip
    """One fit from beta = 0: fills beta, the Cholesky root of the information and values; gives the status."""
    p = beta.size
    gradient, new_gradient, step, trial = np.zeros(p), np.zeros(p), np.zeros(p), np.zeros(p)
    inform, new_inform = np.zeros((p, p)), np.zeros((p, p))
    beta[:] = 0.0
    value = derivatives(x, time, event, weight, fresh, entry, late, count, efron, beta, gradient, inform)
    values[0] = value
    values[1] = value
    values[2] = np.nan
    for iteration in range(max_iter):
        if not cholesky(inform, root):
            if iteration == 0:
                return NO_INFORMATION
            return run_away(beta, step * span, 0.01)
        root_solve(root, gradient, step)
        decrement = (step * gradient).sum()
        if iteration == 0:
            values[2] = decrement
        if decrement < 1e3 * tolerance and np.abs(step * span).max() > 0.05:
            return run_away(beta, step * span, 0.01)
        if decrement < tolerance:
            beta += step
            return CONVERGED
        new = -np.inf
        for _ in range(20):
            trial[:] = beta + step
            new = derivatives(
                x, time, event, weight, fresh, entry, late, count, efron, trial, new_gradient, new_inform
            )
            if new >= value - 1e-12 * abs(value):
                break
            step *= 0.5
        beta[:] = trial
        gradient[:] = new_gradient
        inform[:] = new_inform
        value = new
        values[1] = value
    return NOT_CONVERGED


@compiled("i8(f8[::1], f8[::1], f8)")
def run_away(beta: Floats, move: Floats, least: float) -> int:
    """Send the coefficients that still move to plus or minus infinity."""
    for a in range(beta.size):
        if abs(move[a]) > least:
            beta[a] = np.inf if move[a] > 0 else -np.inf
    return MONOTONE


@compiled(
    "void(f8[:, :, ::1], f8[:, ::1], b1[:, ::1], f8[:, ::1], b1[::1], f8[::1], i8[::1], i4[:, ::1], b1, f8[::1],"
    " i8, f8, i8, i8, f8[:, ::1], f8[:, :, ::1], f8[:, ::1], i8[::1])"
)
def fit_range(
    x: Floats, time: Floats, event: Bools, weight: Floats, fresh: Bools, entry: Floats, late: Ints,
    count: Counts, efron: bool, span: Floats, max_iter: int, tolerance: float, begin: int, end: int,
    estimate: Floats, covariance: Floats, values: Floats, status: Ints,
) -> None:  # fmt: skip
    """Fits begin..end-1. values (B, 3): log likelihood at 0, at the estimate, score statistic."""
    p = x.shape[2]
    root, unit, column = np.zeros((p, p)), np.zeros(p), np.zeros(p)
    for r in range(begin, end):
        s = r if x.shape[0] > 1 else 0
        c = r if count.shape[0] > 1 else 0
        status[r] = newton(
            x[s], time[s], event[s], weight[s], fresh, entry, late, count[c], efron, span, max_iter, tolerance,
            estimate[r], root, values[r],
        )  # fmt: skip
        if status[r] == NO_INFORMATION:
            estimate[r] = np.nan
        if status[r] >= MONOTONE:
            covariance[r] = np.nan
            continue
        for a in range(p):
            unit[:] = 0.0
            unit[a] = 1.0
            root_solve(root, unit, column)
            covariance[r, :, a] = column


def fit_batch(
    x: Floats,
    time: Floats,
    event: Bools,
    weight: Floats,
    fresh: Bools,
    entry: Floats,
    late: Ints,
    count: Counts,
    *,
    efron: bool,
    max_iter: int = 40,
    tolerance: float = 1e-12,
    workers: int | None = None,
) -> tuple[Floats, Floats, Floats, Ints]:
    """All fits, on threads: estimates (B, p), covariances (B, p, p), values (B, 3), status (B,).

    x (T, n, p), time, event, weight (T, n) with T = 1 data set and count (B, n), or T = B trials and
    count (1, n). fresh (n,) marks the first row of each stratum; entry (n,) and late (n,), the rows by
    entry, latest first within each stratum, are empty without delayed entry. Status: 0 converged, 1 not,
    2 monotone likelihood (estimates +-inf), 3 no information (NaN).
    """
    size, p = max(x.shape[0], count.shape[0]), x.shape[2]
    out = (np.empty((size, p)), np.empty((size, p, p)), np.empty((size, 3)), np.empty(size, np.int64))
    span = np.maximum(np.ptp(x, axis=(0, 1)), 1e-300)
    pieces = max(1, min(16, size // 64))
    bounds = np.linspace(0, size, pieces + 1).astype(np.int64)

    def run(piece: int) -> None:
        fit_range(
            x, time, event, weight, fresh, entry, late, count, efron, span, max_iter, tolerance,
            bounds[piece], bounds[piece + 1], *out,
        )  # fmt: skip

    map_threads(run, range(pieces), workers)
    return out
