"""A drawing as pixels, for the picture that curves are laid over; letters are shown by their places only."""

from __future__ import annotations

import numpy as np

from survsim.digitising.opening.needs import need
from survsim.digitising.opening.pictures import Pixels
from survsim.digitising.vector.drawing import Colour, Drawing

LONGEST_SIDE = 10_000
"""Pixels a side of the picture at most, however long the page."""
_FINE = 4
"""Bits of fractions that OpenCV draws with."""


def sketched(drawing: Drawing, wide: int = 1400) -> tuple[Pixels, float]:
    """Pixels, and how many of them a page unit has."""
    cv = need("cv2")
    scale = float(np.clip(wide / max(drawing.width, 1.0), 0.2, 8.0))
    scale = min(scale, LONGEST_SIDE / max(drawing.width, drawing.height, 1.0))
    size = max(round(drawing.height * scale), 1), max(round(drawing.width * scale), 1)
    paper = np.full((*size, 3), 255, dtype=np.uint8)
    for stroke in drawing.strokes:
        points = np.round(np.clip(stroke.points * scale, -20000, 20000) * 2**_FINE).astype(np.int32)
        if stroke.fill is not None:
            over = paper.copy()
            cv.fillPoly(over, [points], _ink(stroke.fill), cv.LINE_AA, _FINE)
            mixed = stroke.alpha if stroke.alpha < 1 else 1.0
            paper = cv.addWeighted(over, mixed, paper, 1 - mixed, 0)
        if stroke.colour is not None:
            thick = max(round(stroke.width * scale), 1)
            cv.polylines(paper, [points], False, _ink(stroke.colour), thick, cv.LINE_AA, _FINE)
    for word in drawing.words:
        if abs(word.turned) < 5:
            low = (round(word.box.x0 * scale), round(word.box.y1 * scale))
            plain = word.text.encode("ascii", "replace").decode()
            cv.putText(
                paper,
                plain,
                low,
                cv.FONT_HERSHEY_SIMPLEX,
                0.032 * word.size * scale,
                _ink(word.colour),
                1,
                cv.LINE_AA,
            )
    return paper, scale


def _ink(colour: Colour) -> tuple[int, int, int]:
    return round(colour[0] * 255), round(colour[1] * 255), round(colour[2] * 255)
