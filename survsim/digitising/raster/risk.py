"""Reads a table of numbers at risk below an axis: rows of whole numbers that stand under its ticks."""

from __future__ import annotations

import numpy as np

from survsim.digitising.found import RiskTable
from survsim.digitising.raster.numbers import Number
from survsim.digitising.raster.ocr import read_line
from survsim.digitising.raster.panels import Pair
from survsim.digitising.raster.sheet import Sheet
from survsim.digitising.raster.words import Word

_SURE = 0.75
_FAR = 22  # heights of a label below the axis, beyond which nothing belongs to it
_KEY_WITHIN = 12
"""Heights of a label left of the first number, within which the key of a row stands."""
_INKED, _COLOURED, _LEAST_PIXELS, _ONE = 0.35, 70.0, 12, 40.0
"""Ink of a pixel that counts; what its channels differ by where it is no grey; how many; how far they lie from their middle."""


def find_risk_table(
    sheet: Sheet, pair: Pair, numbers: list[Number], words: list[Word], foot: float
) -> RiskTable | None:
    """The table under a panel, None where no row has numbers under at least half the ticks.

    Parameters
    ----------
    foot : the row of the sheet below which the next panel begins.
    """
    place, value = pair.x.places, pair.x.values
    step = float(np.median(np.diff(place)))
    top, height = pair.x.line + 0.8 * pair.x.height, pair.x.height
    below = [n for n in numbers if top < n.y < min(foot, top + _FAR * height) and n.text.isdigit()]
    rows, labels, colours = [], [], []
    for row in _rows([n for n in below if np.abs(place - n.x).min() < 0.3 * step], height):
        counts = np.full(len(place), -1.0)
        for number in row:
            if number.sure >= _SURE:
                counts[int(np.argmin(np.abs(place - number.x)))] = number.value
        seen = counts >= 0
        if seen.sum() < max(3, 0.5 * len(place)) or np.array_equal(counts[seen], value[seen]):
            continue
        rows.append(counts)
        labels.append(_label(sheet, row, words))
        colours.append(_colour(sheet, row, pair))
    if not rows:
        return None
    return RiskTable(
        labels=tuple(labels), times=np.asarray(value, dtype=np.float64), numbers=np.array(rows), colours=tuple(colours)
    )  # fmt: skip


UNREAD_TABLE = (
    "numbers below the time axis were seen and not read as numbers at risk (they stand under too few of its ticks, or too many are "
    "unsure); write them into the RISK.csv of survsim reconstruct --at-risk (at_risk= in Python)."
)


def unread_rows(pair: Pair, numbers: list[Number], foot: float) -> bool:
    """Whether a row of numbers below the labels of the axis was left unread."""
    top, height = pair.x.line + 0.8 * pair.x.height, pair.x.height
    left, right = float(pair.x.places.min()), float(pair.x.places.max())
    slack = 0.5 * (right - left) / max(len(pair.x.places) - 1, 1)
    below = [
        n for n in numbers
        if top < n.y < min(foot, top + _FAR * height) and n.text.isdigit() and left - slack < n.x < right + slack
    ]  # fmt: skip
    return any(len(row) >= 3 for row in _rows(below, height))


def _rows(numbers: list[Number], height: float) -> list[list[Number]]:
    rows: list[list[Number]] = []
    for number in sorted(numbers, key=lambda n: n.y):
        if rows and abs(number.y - float(np.mean([n.y for n in rows[-1]]))) < 0.45 * height:
            rows[-1].append(number)
        else:
            rows.append([number])
    return rows


def _colour(sheet: Sheet, row: list[Number], pair: Pair) -> tuple[float, float, float] | None:
    """The one colour of the numbers of a row, else of what stands left of them (a key, a label); None where there is none."""
    top, bottom = min(n.word.y0 for n in row), max(n.word.y1 for n in row)
    first = min(n.word.x0 for n in row)
    left = max(int(first - _KEY_WITHIN * pair.x.height), 0)
    for x0, x1 in ((first, max(n.word.x1 for n in row)), (left, first)):
        pixels = sheet.rgb[top:bottom, x0:x1][sheet.ink[top:bottom, x0:x1] > _INKED]
        pixels = pixels[np.ptp(pixels, axis=1) > _COLOURED] if len(pixels) else pixels
        if len(pixels) >= _LEAST_PIXELS:
            plain = np.median(pixels, axis=0)
            if np.abs(pixels - plain).max(axis=1).mean() < _ONE:
                red, green, blue = (
                    float(c) for c in np.clip((255 - plain if sheet.inverted else plain) / 255, 0, 1)
                )
                return red, green, blue
    return None


def _label(sheet: Sheet, row: list[Number], words: list[Word]) -> str:
    """The print to the left of a row, as far as tesseract is there to read it."""
    first = min(row, key=lambda n: n.x)
    left = [w for w in words if w.x1 < first.word.x0 - 2 and abs(w.y - first.y) < 0.7 * first.word.height]
    if not left:
        return ""
    x0, x1 = min(w.x0 for w in left), max(w.x1 for w in left)
    y0, y1 = min(w.y0 for w in left), max(w.y1 for w in left)
    return read_line(sheet.ink[max(y0 - 4, 0) : y1 + 4, max(x0 - 4, 0) : x1 + 4])
