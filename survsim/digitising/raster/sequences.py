"""Finds the labels of an axis: numbers in a row (or column) whose values grow in proportion to their places.

One digit misread breaks the proportion, so it is left out instead of bending the axis.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.numbers import Number


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one axis.

    Attributes
    ----------
    numbers : those that agree, in order of place.
    slope, intercept : value = intercept + slope * place, from the centres of the labels.
    across : True for a horizontal axis.
    others : how many numbers among them did not agree.
    """

    numbers: tuple[Number, ...]
    slope: float
    intercept: float
    across: bool
    others: int

    @property
    def places(self) -> Pixels:
        """Centres along the axis, in pixels."""
        return np.array([each.x if self.across else each.y for each in self.numbers])

    @property
    def values(self) -> Pixels:
        """What is printed."""
        return np.array([each.value for each in self.numbers])

    @property
    def line(self) -> float:
        """Where the row or column stands on the other axis: the median of its centres."""
        return float(np.median([each.y if self.across else each.x for each in self.numbers]))

    @property
    def height(self) -> float:
        """Height of the digits."""
        return float(np.median([each.word.height for each in self.numbers]))


def find_labels(numbers: list[Number], across: bool) -> list[Labels]:
    """All runs of at least three numbers in proportion to their places, the longest of each row or column first."""
    left = [each for each in numbers if each.sure > 0.3]
    found: list[Labels] = []
    for line in _lines(left, across):
        rest = line
        while len(rest) >= 3:
            best = _longest(_pointed(rest), across)
            if best is None:
                break
            found.append(best)
            words = {id(each.word) for each in best.numbers}
            low, high = best.places.min(), best.places.max()
            inside = [n for n in rest if id(n.word) not in words and low < (n.x if across else n.y) < high]
            rest = [n for n in rest if id(n.word) not in words and n not in inside]
    return found


def _lines(numbers: list[Number], across: bool) -> list[list[Number]]:
    """Numbers that share a row (their centres agree) or a column (their right ends or centres agree), of one height."""
    lines: list[list[Number]] = []
    used: set[tuple[int, ...]] = set()
    for first in numbers:
        same = [each for each in numbers if _beside(first, each, across)]
        key = tuple(sorted(id(each) for each in same))
        if len(same) >= 3 and key not in used:
            used.add(key)
            lines.append(sorted(same, key=lambda n: n.x if across else n.y))
    lines.sort(key=len, reverse=True)
    taken: set[int] = set()
    kept = []
    for line in lines:
        fresh = [each for each in line if id(each) not in taken]
        if len(fresh) >= 3:
            kept.append(fresh)
            taken.update(id(each) for each in fresh)
    return kept


def _beside(first: Number, other: Number, across: bool) -> bool:
    a, b = first.word, other.word
    tall = max(a.height, b.height)
    if tall > 1.35 * min(a.height, b.height) + 2:
        return False
    if across:
        return abs(first.y - other.y) < 0.35 * tall
    overlap = min(a.x1, b.x1) - max(a.x0, b.x0) > 0.3 * min(a.x1 - a.x0, b.x1 - b.x0)
    # Signs of a turned title that stuck to one label must not draw the whole title into the column of the labels.
    return overlap and min(abs(a.x1 - b.x1), abs(a.x - b.x)) < 0.8 * tall


def _pointed(numbers: list[Number]) -> list[Number]:
    """Points that were lost are put back: "00 02 10" beside a leading nought can only be "0.0 0.2 1.0"."""
    lost = [n for n in numbers if "." not in n.text and len(n.text) > 1 and n.text.startswith("0")]
    if len(lost) < 0.45 * len(numbers):  # one digit misread before another must not shift the points of all
        return numbers
    decimals = len(lost[0].text) - 1
    fixed = []
    for each in numbers:
        plain = each.text.lstrip("-")
        if "." not in plain and len(plain) == decimals + 1:
            fixed.append(replace(each, text=each.text[: -decimals or None] + "." + each.text[-decimals:]))
        else:
            fixed.append(each)
    return fixed


def _longest(numbers: list[Number], across: bool) -> Labels | None:
    place = np.array([n.x if across else n.y for n in numbers])
    value = np.array([n.value for n in numbers])
    height = float(np.median([n.word.height for n in numbers]))
    best = np.zeros(len(numbers), dtype=bool)
    for i in range(len(numbers)):
        for j in range(i + 1, len(numbers)):
            apart, grown = place[j] - place[i], value[j] - value[i]
            if apart < 0.8 * height or grown == 0 or (grown > 0) != across:
                continue
            slope = grown / apart
            off = np.abs((value - value[i]) / slope - (place - place[i]))
            agrees = off < max(0.3 * height, 2.5)
            if agrees.sum() > best.sum():
                best = agrees
    if best.sum() < 3:
        return None
    marked = np.array([n.percent for n in numbers])
    if (
        0 < marked[best].mean() < 0.6
    ):  # a percent sign on some labels only is a nought or another digit taken for one
        best &= ~marked
        if best.sum() < 3:
            return None
    slope, intercept = np.polyfit(place[best], value[best], 1)
    low, high = place[best].min(), place[best].max()
    others = int(np.sum(~best & (place > low) & (place < high)))
    if best.sum() < others + 2:
        return None
    kept = tuple(n for n, good in zip(numbers, best) if good)
    return Labels(kept, float(slope), float(intercept), across, others)


def logarithmic(numbers: list[Number], across: bool) -> bool:
    """Whether a row (column) of at least three numbers grows by a constant factor over equal distances, and not by a constant step."""
    for line in _lines(numbers, across):
        value = np.array([n.value for n in line])
        place = np.array([n.x if across else n.y for n in line])
        positive = value > 0
        if positive.sum() < 3:
            continue
        value, place = np.log(value[positive]), place[positive]
        if len(np.unique(value)) < 3:
            continue
        slope, intercept = np.polyfit(place, value, 1)
        off = np.abs((value - intercept) / slope - place) if slope else np.array([np.inf])
        height = float(np.median([n.word.height for n in line]))
        steps = np.exp(np.abs(np.diff(value)))
        if off.max() < max(0.3 * height, 3.0) and (slope > 0) == across and steps.min() > 1.9:
            return True
    return False
