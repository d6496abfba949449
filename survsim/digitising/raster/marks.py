"""Censor marks: short strokes, pluses and dots that stand out above and below a level stretch of a curve.

A step leaves its level to one side only; a mark stands out to both, and all marks of a figure are of one height.
"""

from __future__ import annotations

import numpy as np

from survsim.digitising.raster.follow import Way
from survsim.digitising.raster.kinds import Flags, Pixels


def find_marks(share: Pixels, way: Way, width: float) -> Pixels:
    """Columns of the censor marks on a way."""
    up, down = _reach(share, way, -1), _reach(share, way, 1)
    least = width / 2 + max(2.2, 0.6 * width)
    both = np.minimum(up, down)
    candidate = both > least
    if not candidate.any():
        return np.zeros(0)
    groups = _groups(candidate)
    heights = np.array([both[a:b].max() for a, b in groups])
    size = float(np.median(heights))
    even = np.array([abs(float(np.median(up[a:b] - down[a:b]))) for a, b in groups])
    side = int(np.ceil(width / 2)) + 1
    last = len(way.rows) - 1
    drop = np.array([way.rows[min(b + side, last)] - way.rows[max(a - side, 0)] for a, b in groups])
    # Two steps close together also stand out to both sides, but the curve is lower behind them by what they measure.
    level = drop < 0.6 * size
    fits = level & (np.abs(heights - size) <= max(1.6, 0.25 * size)) & (even <= max(1.6, 0.3 * size))
    marks: list[float] = []
    for (a, b), good in zip(groups, fits):
        if good:
            marks += _centres(both[a:b], way.start + a, least, size, width)
    return np.array(marks)


def _reach(share: Pixels, way: Way, step: int) -> Pixels:
    """How far ink runs on from the way in each column, up (-1) or down (1)."""
    height, most = share.shape[0], 40
    columns = way.start + np.arange(len(way.rows))
    reach = np.zeros(len(way.rows))
    running = np.ones(len(way.rows), dtype=bool)
    for k in range(1, most):
        rows = way.rows + step * k
        inside = (rows >= 0) & (rows < height)
        ink = np.where(inside, share[np.clip(rows, 0, height - 1), columns], 0.0)
        running &= ink > 0.3
        reach += np.where(running, 1.0, 0.0)
    return reach


def _groups(flags: Flags) -> list[tuple[int, int]]:
    edge = np.diff(np.pad(flags.astype(np.int8), 1))
    return list(zip(np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist()))


def _centres(both: Pixels, first: int, least: float, size: float, width: float) -> list[float]:
    """One mark a group; a group wider than a mark holds several that touch, and its peaks are taken."""
    weight = np.clip(both - least + 0.5, 0.1, None)
    whole = float(first + np.sum(np.arange(len(both)) * weight) / weight.sum())
    if len(both) <= max(2.2 * width, 2.4 * size, 4):
        return [whole]
    count = max(1, round(len(both) / max(1.5 * width, 3)))
    return [float(first + (k + 0.5) * len(both) / count - 0.5) for k in range(count)]
