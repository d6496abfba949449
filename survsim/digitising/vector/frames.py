"""Pairs of axes on a page: which row of numbers belongs to which column, and the rectangle they stand around."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from survsim.digitising.found import Box
from survsim.digitising.vector.clips import shared
from survsim.digitising.vector.drawing import Drawing, Stroke, is_step
from survsim.digitising.vector.scales import Scale

SMALLEST = 30.0
"""A rectangle narrower than this many page units holds no curve."""
_CUT_OFF = 0.7
"""Share of what a line is cut off with that lies in an inset, above which the line is one of the inset."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Two scales and their rectangle; `drawn` where the rectangle is a line or an area of the drawing."""

    box: Box
    x: Scale
    y: Scale
    drawn: bool


def frames(drawing: Drawing, rows: Sequence[Scale], columns: Sequence[Scale]) -> list[Frame]:
    """Every pair of axes, in reading order; an inset stands behind what it lies in."""
    rectangles = _rectangles(drawing)
    pairs = _pairs(rows, columns, drawing)
    found = [_frame(row, column, rectangles, pairs) for row, column in pairs]
    found += _sharing(found, rectangles, rows, columns)
    distinct: list[Frame] = []
    for frame in found:
        if not any(_overlap(frame.box, other.box) > 0.8 for other in distinct):
            distinct.append(frame)
    return sorted(distinct, key=lambda f: (_inside_any(f, distinct), round(f.box.y0 / 40), f.box.x0))


def inside(inner: Box, outer: Box, slack: float = 1.0) -> bool:
    """Whether one rectangle lies within another."""
    return (
        inner.x0 >= outer.x0 - slack and inner.x1 <= outer.x1 + slack
        and inner.y0 >= outer.y0 - slack and inner.y1 <= outer.y1 + slack
    )  # fmt: skip


def without_insets(drawing: Drawing, frame: Frame, found: Sequence[Frame]) -> Drawing:
    """The drawing without the lines of small axes inside a frame, which are no lines of the large ones."""
    insets = [f.box for f in found if f is not frame and inside(f.box, frame.box)]
    if not insets:
        return drawing
    kept = tuple(s for s in drawing.strokes if not any(_shown_in(s, inset) for inset in insets))
    return replace(drawing, strokes=kept)


def _shown_in(stroke: Stroke, inset: Box) -> bool:
    """Whether a line lies in an inset, or runs out of it but was cut off there, as a zoomed curve is."""
    if inside(stroke.box, inset):
        return True
    common = None if stroke.clip is None else shared(stroke.clip, inset)
    if common is None or stroke.clip is None or common.x1 <= common.x0 or common.y1 <= common.y0:
        return False
    return _area(common) > _CUT_OFF * _area(stroke.clip)


def _inside_any(frame: Frame, others: Sequence[Frame]) -> bool:
    return any(o is not frame and inside(frame.box, o.box) for o in others)


def _rectangles(drawing: Drawing) -> list[Box]:
    """Rectangles with sides along the page, lines or areas, large enough for curves and smaller than the page."""
    found = [
        s.box
        for s in drawing.strokes
        if s.straight and 4 <= s.points.shape[0] <= 6 and (s.closed or np.allclose(s.points[0], s.points[-1]))
        and is_step(s.points, 0.1)
    ]  # fmt: skip
    return [
        b for b in found
        if b.x1 - b.x0 > SMALLEST and b.y1 - b.y0 > SMALLEST
        and not (b.x1 - b.x0 > 0.97 * drawing.width and b.y1 - b.y0 > 0.97 * drawing.height)
    ]  # fmt: skip


def _pairs(rows: Sequence[Scale], columns: Sequence[Scale], drawing: Drawing) -> list[tuple[Scale, Scale]]:
    """Each row with the column nearest to its left end; of rows below each other the upper one."""
    found: list[tuple[float, Scale, Scale]] = []
    for row in rows:
        best = min(((_distance(row, c, drawing), k) for k, c in enumerate(columns)), default=(np.inf, 0))
        if best[0] < np.inf:
            found.append((best[0], row, columns[best[1]]))
    found.sort(key=lambda item: item[0])
    kept: list[tuple[Scale, Scale]] = []
    for _, row, column in found:
        rivals = [r for r, c in kept if c is column and _shared(r, row) > 0.3]
        if not rivals:
            kept.append((row, column))
    return kept


def _distance(row: Scale, column: Scale, drawing: Drawing) -> float:
    """How far the corner that a row and a column make is from being one; infinite if it is none."""
    # Scales that a person gave have no labels, and stand wherever they are given.
    across = float(row.places.min()) - column.end if column.labels else 0.0
    down = row.start - float(column.places.max()) if row.labels else 0.0
    step = float(np.ptp(row.places)) / max(row.places.size - 1, 1)
    if (
        across < -1.2 * column.size
        or down < -0.6 * row.size
        or column.places.max() < column.places.min() + 20
    ):
        return float("inf")
    if down > max(0.25 * drawing.height, 6 * row.size) or np.ptp(row.places) < 20:
        return float("inf")
    rough = 0.0 if row.exact and column.exact else 8 * row.size
    # A time axis that starts at a tick far to the right of its column belongs to another panel, or shares this one.
    return max(across, 0.0) + max(down, 0.0) + rough + (3 * across if across > 3 * step else 0.0)


def _shared(a: Scale, b: Scale) -> float:
    """Share of the shorter row that lies above or below the other."""
    low, high = max(a.places.min(), b.places.min()), min(a.places.max(), b.places.max())
    return float(max(high - low, 0.0) / max(min(np.ptp(a.places), np.ptp(b.places)), 1e-9))


def _frame(
    row: Scale, column: Scale, rectangles: Sequence[Box], pairs: Sequence[tuple[Scale, Scale]]
) -> Frame:
    slack = 2.0
    x0, x1 = float(row.places.min()), float(row.places.max())
    y0, y1 = float(column.places.min()), float(column.places.max())
    fits = [
        b for b in rectangles
        if b.x0 <= x0 + slack and b.x1 >= x1 - slack and b.y0 <= y0 + slack and b.y1 >= y1 - slack
        and b.y1 <= row.start + row.size and b.x0 >= column.end - column.size
    ]  # fmt: skip
    if fits:
        return Frame(box=min(fits, key=_area), x=row, y=column, drawn=True)
    step_x = (x1 - x0) / max(row.places.size - 1, 1)
    step_y = (y1 - y0) / max(column.places.size - 1, 1)
    others = [c.start for r, c in pairs if c is not column and c.start > x1 and _level(c, column)]
    right = min([x1 + 1.05 * step_x, *(s - 1.0 for s in others)])
    left = max(min(x0 - 0.5 * step_x, x0), column.end) if column.end < x0 else x0
    box = Box(x0=left, y0=y0 - 0.4 * step_y, x1=right, y1=max(y1, min(y1 + 0.4 * step_y, row.start)))
    return Frame(box=box, x=row, y=column, drawn=False)


def _level(a: Scale, b: Scale) -> bool:
    return bool(a.places.min() < b.places.max() and b.places.min() < a.places.max())


def _sharing(
    found: Sequence[Frame], rectangles: Sequence[Box], rows: Sequence[Scale], columns: Sequence[Scale]
) -> list[Frame]:
    """Panels that use the row or the column of a neighbour in the same grid."""
    extra: list[Frame] = []
    drawn = [f for f in found if f.drawn]
    for box in rectangles:
        if any(_overlap(box, f.box) > 0.5 for f in [*found, *extra]):
            continue
        above = next((f for f in drawn if _same(box.x0, f.box.x0) and _same(box.x1, f.box.x1)), None)
        beside = next((f for f in drawn if _same(box.y0, f.box.y0) and _same(box.y1, f.box.y1)), None)
        column = _own(columns, box, 1) or (beside.y if beside else None)
        row = _own(rows, box, 0) or (above.x if above else None)
        if row is not None and column is not None and (above or beside):
            if above is None and not _covers(row, box):
                continue
            extra.append(Frame(box=box, x=row, y=column, drawn=True))
    return extra


def _own(scales: Sequence[Scale], box: Box, side: int) -> Scale | None:
    """The scale that stands at a rectangle."""
    if side == 0:
        near = [s for s in scales if _covers(s, box) and -s.size < s.start - box.y1 < 4 * s.size]
        return min(near, key=lambda s: s.start, default=None)
    near = [
        s for s in scales
        if -s.size < box.x0 - s.end < 4 * s.size and s.places.min() > box.y0 - 3 and s.places.max() < box.y1 + 3
    ]  # fmt: skip
    return max(near, key=lambda s: s.end, default=None)


def _covers(row: Scale, box: Box) -> bool:
    return bool(row.places.min() > box.x0 - 3 and row.places.max() < box.x1 + 3)


def _same(a: float, b: float) -> bool:
    return abs(a - b) < 1.0


def _area(b: Box) -> float:
    return (b.x1 - b.x0) * (b.y1 - b.y0)


def _overlap(a: Box, b: Box) -> float:
    """Shared area as a share of the larger."""
    wide = min(a.x1, b.x1) - max(a.x0, b.x0)
    tall = min(a.y1, b.y1) - max(a.y0, b.y0)
    return max(wide, 0.0) * max(tall, 0.0) / max(_area(a), _area(b), 1e-9)
