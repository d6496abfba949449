"""Titles of a panel and of its axes, where tesseract is there to read them: what is counted, in which unit, by which letter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.digitising.raster.boxes import Inside
from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.ocr import present, read_line
from survsim.digitising.raster.panels import Pair
from survsim.digitising.raster.sheet import Sheet
from survsim.digitising.raster.words import Word, find_words

_BELOW = 3.5
"""Heights of a label below the labels of the time axis, within which its title stands; numbers at risk stand lower."""
_BESIDE = 7.0
"""Heights of a label left of the labels of the vertical axis, within which its title stands."""
_ABOVE = 3.5
"""Heights of a label above the axes, within which the title of the panel stands."""
_LETTERS = 3
"""Letters by which print is a title; an axis of which fewer were read has none."""


@dataclass(frozen=True, slots=True)
class Titles:
    """What was read, "" where nothing was."""

    x: str = ""
    y: str = ""
    panel: str = ""


def find_titles(sheet: Sheet, pair: Pair, inside: Inside, words: list[Word]) -> Titles:
    """The titles of a panel."""
    if not present():
        return Titles()
    return Titles(
        x=_below(sheet, pair, words), y=_beside(sheet, pair, inside), panel=_above(sheet, pair, inside, words)
    )


def _below(sheet: Sheet, pair: Pair, words: list[Word]) -> str:
    """The first line of print under the labels of the time axis, in the middle of it."""
    left, _, right, _ = pair.frame
    top = max(number.word.y1 for number in pair.x.numbers)
    near = [
        w for w in words
        if top <= w.y0 < top + _BELOW * pair.x.height and left < w.x < right and w.height >= 0.5 * pair.x.height
    ]  # fmt: skip
    return _titled(_first_line(sheet.ink, near, from_top=True))


def _above(sheet: Sheet, pair: Pair, inside: Inside, words: list[Word]) -> str:
    """The lowest line of print above the axes."""
    start = min(number.word.x0 for number in pair.y.numbers) - 4 * pair.y.height
    near = [
        w for w in words
        if inside.y0 - _ABOVE * pair.x.height < w.y0 and w.y1 <= inside.y0 and start < w.x < inside.x1
        and w.height >= 0.5 * pair.x.height
    ]  # fmt: skip
    return _titled(_first_line(sheet.ink, near, from_top=False))


def _beside(sheet: Sheet, pair: Pair, inside: Inside) -> str:
    """The print that runs upwards left of the labels of the vertical axis."""
    right = min(number.word.x0 for number in pair.y.numbers) - 1
    left = max(int(right - _BESIDE * pair.y.height), 0)
    tall = inside.y1 - inside.y0
    top, bottom = max(int(inside.y0 - 0.1 * tall), 0), int(inside.y1 + 0.1 * tall)
    strip = sheet.ink[top:bottom, left:right]
    if min(strip.shape, default=0) < 8:
        return ""
    upright = np.ascontiguousarray(np.rot90(strip, -1))
    near = [w for w in find_words(upright) if w.height >= 0.5 * pair.y.height]
    # The line nearest to the labels is the lowest one of the strip set upright.
    return _titled(_first_line(upright, near, from_top=False))


def _first_line(ink: Pixels, words: list[Word], *, from_top: bool) -> str:
    """The text of the uppermost or the lowest line of some words."""
    if not words:
        return ""
    first = min(words, key=lambda w: w.y if from_top else -w.y)
    line = [w for w in words if abs(w.y - first.y) < 0.8 * max(first.height, w.height)]
    x0, x1 = min(w.x0 for w in line), max(w.x1 for w in line)
    y0, y1 = min(w.y0 for w in line), max(w.y1 for w in line)
    return read_line(ink[max(y0 - 4, 0) : y1 + 4, max(x0 - 4, 0) : x1 + 4])


def _titled(text: str) -> str:
    return text if sum(sign.isalpha() for sign in text) >= _LETTERS else ""
