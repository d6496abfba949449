"""Censor marks: ticks, plus signs, crosses and dots on a curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.found import Box
from survsim.digitising.vector.curves import Curve
from survsim.digitising.vector.drawing import Colour, Drawing, Stroke
from survsim.digitising.vector.frames import inside

LARGEST = 16.0
"""Page units that a mark is wide or high at most."""
_ONE = 0.06
"""Marks closer than this are one, as the two lines of a plus sign are."""


@dataclass(frozen=True, slots=True)
class _Mark:
    x: float
    y: float
    low: float
    high: float
    colour: Colour


def marks(drawing: Drawing, box: Box, curves: Sequence[Curve]) -> list[FloatArray]:
    """Places of the marks along the page, for each curve."""
    used = {id(s) for c in curves for s in c.chain.strokes}
    seen = [_of_stroke(s) for s in drawing.strokes if id(s) not in used and _could_be(s, box)]
    seen += [
        _Mark(w.x, w.y, w.y - 0.25 * w.size, w.y + 0.25 * w.size, w.colour)
        for w in drawing.words
        if w.text in ("+", "|", "\N{MULTIPLICATION SIGN}", "x", "o") and inside(w.box, box, 3.0)
    ]
    found: list[list[float]] = [[] for _ in curves]
    for mark in seen:
        owner = _owner(mark, curves)
        if owner is not None:
            found[owner].append(mark.x)
    return [_merged(np.sort(np.array(places, dtype=float))) for places in found]


def _could_be(s: Stroke, box: Box) -> bool:
    b = s.box
    wide, tall = b.x1 - b.x0, b.y1 - b.y0
    if max(wide, tall) > LARGEST or (tall < 1.0 and wide > 2.5) or not inside(b, box, 3.0):
        return False
    tick = s.points.shape[0] == 2 and (
        (
            wide < 0.02
            and min(abs(b.y1 - box.y1), abs(b.y0 - box.y1), abs(b.y0 - box.y0), abs(b.y1 - box.y0)) < 0.05
        )
        or (tall < 0.02)
    )
    return not tick


def _of_stroke(s: Stroke) -> _Mark:
    b = s.box
    colour = s.colour if s.colour is not None else (s.fill or (0.0, 0.0, 0.0))
    return _Mark((b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2, b.y0, b.y1, colour)


def _owner(mark: _Mark, curves: Sequence[Curve]) -> int | None:
    """The curve a mark stands on: one of its own colour, else any; the nearest in height."""
    options = []
    for k, curve in enumerate(curves):
        if not curve.x[0] - 0.5 <= mark.x <= curve.x[-1] + 0.5:
            continue
        high, low = sorted((curve.at(mark.x + 0.05), curve.before(mark.x)))
        away = max(high - mark.y, mark.y - low, 0.0)
        touches = mark.low - 0.4 <= low and mark.high + 0.4 >= high
        same = max(abs(a - b) for a, b in zip(mark.colour, curve.chain.colour, strict=True)) < 0.08
        if touches or away < 0.6:
            options.append((not same, away, k))
    return min(options)[2] if options else None


def _merged(places: FloatArray) -> FloatArray:
    if places.size < 2:
        return places
    new = np.concatenate([[True], np.diff(places) > _ONE])
    return np.asarray(places[new])
