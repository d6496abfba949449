"""Pairs rows of labels with columns of labels: each pair that faces each other is a panel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.numbers import Number, read_number
from survsim.digitising.raster.sequences import Labels, find_labels
from survsim.digitising.raster.words import Word, find_words


@dataclass(frozen=True, slots=True)
class Pair:
    """The labels of a panel: those of the horizontal axis and those of the vertical one."""

    x: Labels
    y: Labels

    @property
    def frame(self) -> tuple[float, float, float, float]:
        """What the labels span: left, top, right, bottom."""
        return (
            float(self.x.places.min()),
            float(self.y.places.min()),
            float(self.x.places.max()),
            float(self.y.places.max()),
        )


def read_numbers(ink: Pixels) -> tuple[list[Word], list[Number]]:
    """All words of the page and the numbers among them."""
    words = find_words(ink)
    read = (read_number(ink, word) for word in words)
    return words, [each for each in read if each is not None]


def pair_labels(ink: Pixels, numbers: list[Number]) -> list[Pair]:
    """The panels, from left to right in rows from the top."""
    across, down = find_labels(numbers, True), find_labels(numbers, False)
    pairs = _facing(across, down)
    if across and not pairs:
        pairs = _facing(across, turned_labels(ink))
    return sorted(pairs, key=lambda pair: (round(pair.frame[1] / (0.1 * ink.shape[0])), pair.frame[0]))


def turned_labels(ink: Pixels) -> list[Labels]:
    """Columns of labels that are printed from the bottom to the top, as R does by default."""
    turned = np.ascontiguousarray(np.rot90(ink, -1))
    _, numbers = read_numbers(turned)
    found = []
    last = ink.shape[0] - 1
    for row in find_labels(numbers, True):
        back = tuple(
            Number(
                n.text,
                n.y,
                last - n.x,
                Word(n.word.y0, last + 1 - n.word.x1, n.word.y1, last + 1 - n.word.x0),
                n.sure,
                n.percent,
            )
            for n in row.numbers[::-1]
        )
        found.append(Labels(back, -row.slope, row.intercept + row.slope * last, False, row.others))
    return found


def _facing(across: list[Labels], down: list[Labels]) -> list[Pair]:
    pairs = []
    for row in across:
        left, right = row.places.min(), row.places.max()
        able = []
        for column in down:
            top, bottom = column.places.min(), column.places.max()
            reach_x, reach_y = 0.35 * (right - left), 0.35 * (bottom - top)
            if column.line > left + 0.02 * (right - left) or row.line < bottom - 0.02 * (bottom - top):
                continue
            able.append((row.line - bottom, left - column.line, reach_x, reach_y, column))
        pairs += [Pair(row, each[4]) for each in able if _nearest(row, each[4], across, down)]
    return [pair for pair in pairs if not _mixed(pair, pairs)]


def _mixed(pair: Pair, pairs: list[Pair]) -> bool:
    """Whether a pair takes one axis of a small panel drawn inside a large one, and the other axis of the large one."""
    same_row = [each.y for each in pairs if each.x is pair.x]
    same_column = [each.x for each in pairs if each.y is pair.y]
    small_column = any(_holds(pair.x, row) for row in same_column) and any(
        _holds(c, pair.y) for c in same_row
    )
    small_row = any(_holds(row, pair.x) for row in same_column) and any(_holds(pair.y, c) for c in same_row)
    return small_column or small_row


def _holds(outer: Labels, inner: Labels) -> bool:
    """Whether the labels of one axis lie strictly within the span of another."""
    a, b = outer.places, inner.places
    return outer is not inner and bool(
        a.min() < b.min() and b.max() < a.max() and np.ptp(b) < 0.8 * np.ptp(a)
    )


def _nearest(row: Labels, column: Labels, across: list[Labels], down: list[Labels]) -> bool:
    """No other labels stand between the two: none beside this column nearer to the row, none above this row nearer to the column."""
    left, bottom = row.places.min(), column.places.max()
    for other in down:
        overlaps = min(other.places.max(), bottom) - max(other.places.min(), column.places.min())
        within = overlaps > 0.5 * (bottom - column.places.min())
        if other is not column and within and column.line < other.line < left + 1:
            return False
    for other in across:
        overlaps = min(other.places.max(), row.places.max()) - max(other.places.min(), left)
        within = overlaps > 0.5 * (row.places.max() - left)
        if other is not row and within and bottom - 1 < other.line < row.line:
            return False
    return True
