"""Reading curves between the times of their grid, and solving them for a median, for many parameter sets at once."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray

MEDIAN = float(np.log(0.5))


def at(log_curve: FloatArray, step: float, t: FloatArray) -> FloatArray:
    """(b, k) values of `log_curve` (b, m), given at 0, step, 2 step, ..., at times t (b, k) or (k,).

    Cubic through the four nearest points; beyond the last the slope of the last cell is held.
    """
    size, m = log_curve.shape
    t = np.broadcast_to(t, (size, t.shape[-1]))
    place = t / step
    first = np.clip(np.floor(place).astype(np.int64) - 1, 0, m - 4)
    x = np.minimum(place, m - 1.0) - first
    y = [np.take_along_axis(log_curve, first + j, axis=1) for j in range(4)]
    slope = log_curve[:, -1:] - log_curve[:, -2:-1]
    return _cubic(y, x) + slope * np.maximum(place - (m - 1.0), 0.0)


def _cubic(y: list[FloatArray], x: FloatArray) -> FloatArray:
    """Lagrange's cubic through (0, y0) to (3, y3)."""
    a, b, c, d = x, x - 1.0, x - 2.0, x - 3.0
    return -y[0] * b * c * d / 6.0 + y[1] * a * c * d / 2.0 - y[2] * a * b * d / 2.0 + y[3] * a * b * c / 6.0


def log_time_at(log_curve: FloatArray, step: float, level: float = MEDIAN) -> FloatArray:
    """(b,) logarithm of the time at which each falling curve reaches `level` (a log probability)."""
    m = log_curve.shape[1]
    cell = np.clip((log_curve > level).sum(axis=1) - 1, 0, m - 2)
    first = np.clip(cell - 1, 0, m - 4)
    y = [np.take_along_axis(log_curve, (first + j)[:, None], axis=1)[:, 0] for j in range(4)]
    low = (cell - first).astype(np.float64)
    high = low + 1.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        above = _cubic(y, middle) > level
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    place = first + 0.5 * (low + high)
    # Not reached on the grid: on along the last cell's slope, so that an optimiser still sees where to go.
    last, slope = log_curve[:, -1], log_curve[:, -1] - log_curve[:, -2]
    beyond = m - 1.0 + (level - last) / np.minimum(slope, -1e-12)
    return np.log(np.where(last > level, beyond, place) * step)
