"""Reads letters that a drawing holds as nameless outlines: each is drawn large and given to the reader of printed digits.

What is no number goes, the whole text at once, to tesseract where that is on the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.digitising.opening.needs import need

TALL = 48
"""Pixels of the tallest letter as it is drawn."""
SURE = 0.6
BENDS = 8
"""Points by which a bend is drawn."""
Outline = Sequence[FloatArray]


@lru_cache(maxsize=512)
def flattened(data: str) -> tuple[FloatArray, ...]:
    """The closed lines of path data with bends drawn through; none where it is no path data."""
    from svgelements import Close, CubicBezier, Move, Path, QuadraticBezier

    found: list[list[tuple[float, float]]] = []
    try:
        for part in Path(data):
            if isinstance(part, Move):
                found.append([])
            elif isinstance(part, Close):
                continue
            if not found or part.end is None:
                continue
            along = (
                np.linspace(0.0, 1.0, BENDS + 1)[1:]
                if isinstance(part, CubicBezier | QuadraticBezier)
                else [1.0]
            )
            ends = [part.point(t) for t in along] if len(along) > 1 else [part.end]
            found[-1] += [(float(p.x), float(p.y)) for p in ends]
    except (ValueError, IndexError, TypeError, AttributeError):
        return ()
    return tuple(np.array(line) for line in found if len(line) > 2)


def read_text(letters: Sequence[tuple[Outline, float]]) -> str:
    """The text of a run of letters, "" where it cannot be told.

    Parameters
    ----------
    letters : of each its outline upright and in page units (y downwards, its origin on the line of writing at 0), and how far
        it stands from the first.
    """
    try:
        cv2 = need("cv2")
    except InputError:
        return ""
    inked = [letter for letter in letters if len(letter[0])]
    tallest = max((np.ptp(np.concatenate(list(o))[:, 1]) for o, _ in inked), default=0.0)
    if tallest <= 0.0:
        return ""
    signs = [_sign(cv2, outline, float(tallest)) for outline, _ in inked]
    if all(signs) and any(sign.isdigit() for sign in signs):
        return "".join(signs)
    return _words(cv2, inked, float(tallest))


def _sign(cv2: Any, outline: Outline, tallest: float) -> str:
    """A digit, a point, a comma or a minus; "" for any other letter."""
    flat = np.concatenate(list(outline))
    low, high = flat.min(axis=0), flat.max(axis=0)
    wide, tall = (high - low).tolist()
    if tall < 0.3 * tallest:
        if wide > 1.8 * tall:
            return "-" if high[1] < -0.15 * tallest else ""
        return "." if -0.1 * tallest < high[1] < 0.12 * tallest else ""
    if tall < 0.45 * tallest and high[1] > 0.05 * tallest and wide < 0.6 * tall:
        return ","
    if tall < 0.8 * tallest:
        return ""
    digit, sure = _digit(cv2, outline, low, TALL / tall)
    return str(digit) if digit < 10 and sure > SURE else ""


def _digit(cv2: Any, outline: Outline, low: FloatArray, scale: float) -> tuple[int, float]:
    from survsim.digitising.raster.digits import glyph_tile, read_digits

    ink = _drawn(cv2, [(outline, 0.0)], low, scale)
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.3), np.flatnonzero(ink.max(axis=0) > 0.3)
    if not rows.size:
        return 10, 0.0
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    digits, sure = read_digits(np.array([glyph_tile(cut)]))
    return int(digits[0]), float(sure[0])


def _words(cv2: Any, letters: Sequence[tuple[Outline, float]], tallest: float) -> str:
    """All letters drawn in a row and read as a line of print."""
    from survsim.digitising.raster.ocr import present, read_line

    if not present():
        return ""
    low = np.min(
        [np.concatenate(list(o)).min(axis=0) + np.array([along, 0.0]) for o, along in letters], axis=0
    )
    return read_line(_drawn(cv2, letters, low, TALL / tallest))


def _drawn(cv2: Any, letters: Sequence[tuple[Outline, float]], low: FloatArray, scale: float) -> Any:
    """Ink from 0 to 1 of letters at places along a line."""
    moved = [
        [(line + np.array([along, 0.0]) - low) * scale + 3.0 for line in outline]
        for outline, along in letters
    ]
    high = np.max([line.max(axis=0) for lines in moved for line in lines], axis=0)
    page = np.zeros((int(high[1]) + 5, min(int(high[0]) + 5, 8000)), np.uint8)
    for lines in moved:
        # All lines of a letter at once: the inner ones cut their holes.
        cv2.fillPoly(
            page, [np.round(line * 16).astype(np.int32) for line in lines], 255, lineType=cv2.LINE_AA, shift=4
        )
    return page.astype(np.float32) / 255.0
