"""Censor marks: short strokes, pluses and dots that stand out above and below a level stretch of a curve.

A step leaves its level to one side only; a mark stands out to both, and all marks of a figure are of one height.
"""

from __future__ import annotations

import numpy as np

from survsim.digitising.raster.follow import Way
from survsim.digitising.raster.kinds import Flags, Pixels

_SURELY, _MANY, _LEAST_LINE = 3, 8, 1.6
"""Marks on level stretches from which those at steps are believed too; small marks; width of a line on which small ones show."""


def find_marks(share: Pixels, way: Way, width: float) -> Pixels:
    """Columns of the censor marks on a way."""
    up, down = _reach(share, way, -1), _reach(share, way, 1)
    usual = _found(up, down, way, width, width / 2 + max(2.2, 0.6 * width), _SURELY)
    # Small dots and ticks stand out by little: they are looked for where nothing larger is, and must be many and alike.
    line = _line(up, down, way, width)
    small = _found(up, down, way, line, line / 2 + max(1.4, 0.25 * line), _MANY)
    seen = line >= _LEAST_LINE and len(small) >= _MANY and len(small) > 2 * len(usual)
    return small if seen else usual


def end_at_mark(share: Pixels, way: Way, width: float, marks: Pixels) -> float:
    """Column where a curve ends: at a last mark of which one half runs on beyond it, else in its last column."""
    end = float(way.stop - 1)
    if not marks.size:
        return end
    last = float(marks.max())
    near = slice(max(round(last) - way.start - 1, 0), round(last) - way.start + 2)
    up, down = _reach(share, way, -1)[near], _reach(share, way, 1)[near]
    half = float(np.minimum(up, down).max(initial=0.0))
    return last if end - last <= half + width / 2 + 1 else end


def _line(up: Pixels, down: Pixels, way: Way, width: float) -> float:
    """Width of the bare line: where many dots sit on a curve, its usual thickness is theirs."""
    thick = (up + down + 1.0)[way.own]
    return max(min(width, float(np.quantile(thick, 0.2))), 1.0) if thick.size else width


def _found(up: Pixels, down: Pixels, way: Way, width: float, least: float, surely: int) -> Pixels:
    """Columns of marks that stand out by at least `least` from the middle of the line, all of one size.

    Those at steps are believed where at least `surely` on level stretches have given the size.
    """
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
    alike = max(1.6, 0.25 * size)
    fits = level & (np.abs(heights - size) <= alike) & (even <= max(1.6, 0.3 * size))
    beyond = np.array([_beyond(up, down, way, a, b, side) for a, b in groups])
    if fits.sum() >= surely:
        fits |= np.abs(beyond - size) <= alike
    elif surely > _SURELY:
        return np.zeros(0)
    marks: list[float] = []
    for (a, b), good in zip(groups, fits):
        if good:
            marks += _centres(both[a:b], way.start + a, least, size, width)
    return np.array(marks)


def _beyond(up: Pixels, down: Pixels, way: Way, a: int, b: int, side: int) -> float:
    """How far ink stands out above the upper and below the lower level around it: of a mark at a step its half height, of steps 0."""
    around = way.rows[max(a - side, 0) : b + side]
    own = way.rows[a:b]
    above = float(around.min() - (own - up[a:b]).min())
    below = float((own + down[a:b]).max() - around.max())
    return min(above, below)


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
