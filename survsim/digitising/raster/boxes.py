"""The inside of a panel: what lies within its spines, or, without spines, what its labels span and a margin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.panels import Pair
from survsim.digitising.raster.sequences import Labels
from survsim.digitising.raster.ticks import Placed


@dataclass(frozen=True, slots=True)
class Inside:
    """Whole pixels: columns x0 to x1 and rows y0 to y1 (the ends are not part of it)."""

    x0: int
    y0: int
    x1: int
    y1: int


def find_inside(ink: Pixels, pair: Pair, x: Placed, y: Placed) -> Inside:
    """The rectangle in which curves may be drawn."""
    height, width = ink.shape
    step_x, step_y = _step(pair.x), _step(pair.y)
    x0, x1 = float(pair.x.places.min()) - step_x, float(pair.x.places.max()) + step_x
    y0, y1 = float(pair.y.places.min()) - step_y, float(pair.y.places.max()) + 1.5 * step_y
    if x.spine is not None:
        x1 = min(x1, max(x.spine.right + 1.0, float(pair.x.places.max()) + 1))
        y1 = float(x.spine.top)
    if y.spine is not None:
        y0 = max(y0, min(float(y.spine.left), float(pair.y.places.min())))
        x0 = float(width - y.spine.top)
    # A label that was not read must not cut the panel short: it reaches to the labels below and beside it.
    x0 = max(x0, max(n.word.x1 for n in pair.y.numbers) + 1, 0)
    y1 = min(y1, min(n.word.y0 for n in pair.x.numbers) - 1, height)
    inside = Inside(int(x0), int(max(y0, 0)), int(min(x1, width)), int(y1))
    return within_lines(ink, inside)


def _step(labels: Labels) -> float:
    """The usual distance between neighbouring labels, in pixels."""
    return float(np.median(np.diff(np.sort(labels.places))))


def within_lines(ink: Pixels, box: Inside) -> Inside:
    """Cuts off the lines of a frame along the edges, and what lies beyond them."""
    dark = ink[box.y0 : box.y1, box.x0 : box.x1] > 0.3
    tall, wide = dark.shape
    rows, columns = dark.mean(axis=1) > 0.8, dark.mean(axis=0) > 0.8
    top = _last(rows[: max(1, tall // 6)])
    bottom = _last(rows[::-1][: max(1, tall // 12)])
    left = _last(columns[: max(1, wide // 12)])
    right = _last(columns[::-1][: max(1, wide // 6)])
    return Inside(box.x0 + left, box.y0 + top, box.x1 - right, box.y1 - bottom)


def _last(flags: Pixels) -> int:
    hits = np.flatnonzero(flags)
    return int(hits[-1]) + 1 if len(hits) else 0
