"""The inside of a panel: what lies within its spines, or, without spines, what its labels span and a margin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.raster.panels import Pair
from survsim.digitising.raster.ticks import Placed


@dataclass(frozen=True, slots=True)
class Inside:
    """Whole pixels: columns x0 to x1 and rows y0 to y1 (the ends are not part of it)."""

    x0: int
    y0: int
    x1: int
    y1: int


def find_inside(ink: FloatArray, pair: Pair, x: Placed, y: Placed) -> Inside:
    """The rectangle in which curves may be drawn."""
    height, width = ink.shape
    margin_x, margin_y = 0.06 * np.ptp(pair.x.places), 0.06 * np.ptp(pair.y.places)
    x0, x1 = float(pair.x.places.min()) - margin_x, float(pair.x.places.max()) + margin_x
    y0, y1 = float(pair.y.places.min()) - margin_y, float(pair.y.places.max()) + margin_y
    step_x = np.ptp(pair.x.places) / max(round(np.ptp(pair.x.values) / np.median(np.diff(pair.x.values))), 1)
    if x.spine is not None:
        x0 = min(x0, x.spine.left)
        x1 = max(x1, min(x.spine.right + 1, x1 + step_x))
        y1 = x.spine.top
    if y.spine is not None:
        y0 = min(y0, y.spine.left)
        y1 = max(y1, y.spine.right + 1) if x.spine is None else y1
        x0 = width - 1 - y.spine.top + 1
    x0 = max(x0, max(n.word.x1 for n in pair.y.numbers) + 1, 0)
    y1 = min(y1, min(n.word.y0 for n in pair.x.numbers) - 1, height)
    inside = Inside(int(x0), int(max(y0, 0)), int(min(x1, width)), int(y1))
    return _within_lines(ink, inside)


def _within_lines(ink: FloatArray, box: Inside) -> Inside:
    """Cuts off the lines of a frame along the edges, and what lies beyond them."""
    dark = ink[box.y0 : box.y1, box.x0 : box.x1] > 0.3
    tall, wide = dark.shape
    rows, columns = dark.mean(axis=1) > 0.8, dark.mean(axis=0) > 0.8
    top = _last(rows[: max(1, tall // 6)])
    bottom = _last(rows[::-1][: max(1, tall // 12)])
    left = _last(columns[: max(1, wide // 12)])
    right = _last(columns[::-1][: max(1, wide // 6)])
    return Inside(box.x0 + left, box.y0 + top, box.x1 - right, box.y1 - bottom)


def _last(flags: FloatArray) -> int:
    hits = np.flatnonzero(flags)
    return int(hits[-1]) + 1 if len(hits) else 0
