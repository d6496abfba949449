"""Finds what may be words: groups of small pieces of ink in a row."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from survsim.core.checks import IntArray
from survsim.digitising.raster.kinds import Pixels

_GAP = 0.4
"""Heights of a sign between two signs, from which they are not of one number."""

_POINT, _PALE = 0.65, 0.1
"""Heights of a sign that hold a point and the space around it; ink from which a point is seen at all."""


@dataclass(frozen=True, slots=True)
class Word:
    """The box of a word in pixels (x1 and y1 are the first pixels outside) and the height of its tallest sign."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def x(self) -> float:
        """Centre across."""
        return (self.x0 + self.x1 - 1) / 2

    @property
    def y(self) -> float:
        """Centre down."""
        return (self.y0 + self.y1 - 1) / 2

    @property
    def height(self) -> int:
        """Height of the box."""
        return self.y1 - self.y0


def pieces(ink: Pixels, cut: float = 0.28) -> IntArray:
    """Connected pieces of ink small enough to be signs: rows of x0, y0, x1, y1."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((ink > cut).astype(np.uint8), connectivity=8)
    stats = stats[1:]
    width, height = stats[:, 2], stats[:, 3]
    most = max(24, 0.06 * max(ink.shape))
    fits = (height <= most) & (width <= 2.5 * most) & (height >= 2) & (width >= 1) & (width < 8 * height + 8)
    kept = stats[fits]
    return np.column_stack([kept[:, 0], kept[:, 1], kept[:, 0] + kept[:, 2], kept[:, 1] + kept[:, 3]])


def find_words(ink: Pixels, reach: float = 0.6) -> list[Word]:
    """Words: signs of at least 7 pixels with what stands within `reach` of their height beside them in the same row."""
    box = pieces(ink)
    order = np.argsort(box[:, 0], kind="stable")
    box = box[order]
    parent = np.arange(len(box))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    height = box[:, 3] - box[:, 1]
    left = box[:, 0]
    for i in range(len(box)):
        if height[i] < 6:
            continue
        stop = np.searchsorted(left, box[i, 2] + reach * height[i], side="right")
        start = np.searchsorted(left, box[i, 0] - (reach + 0.8) * height[i])
        for j in range(start, stop):
            if j == i or height[j] > 1.5 * height[i] or height[i] > 8 * height[j]:
                continue
            gap = max(box[j, 0] - box[i, 2], box[i, 0] - box[j, 2])
            inside = min(box[i, 3], box[j, 3]) - max(box[i, 1], box[j, 1])
            if gap <= reach * height[i] and inside >= 0.5 * height[j]:
                parent[root(j)] = root(i)
    return _boxes(ink, box, np.array([root(i) for i in range(len(box))], dtype=int), height)


def _boxes(ink: Pixels, box: IntArray, group: IntArray, height: IntArray) -> list[Word]:
    words = []
    order = np.argsort(group, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(group[order])) + 1):
        if len(members) and height[members].max() >= 7:
            words += [
                Word(
                    int(part[:, 0].min()), int(part[:, 1].min()), int(part[:, 2].max()), int(part[:, 3].max())
                )
                for part in _parted(ink, box[members])
            ]
    return words


def _parted(ink: Pixels, box: IntArray) -> list[IntArray]:
    """A group cut where a gap is wider than those between the signs of a number, as before a title that stands close."""
    box = box[np.argsort(box[:, 0], kind="stable")]
    reached = np.maximum.accumulate(box[:, 2])
    gaps = box[1:, 0] - reached[:-1]
    height = box[:, 3] - box[:, 1]
    tall = int(height.max())
    # The space around a point, a comma or a minus may be as wide.
    signs = np.minimum(height[1:], height[:-1]) > 0.4 * tall
    wide = np.flatnonzero((gaps > max(_GAP * tall, 3)) & signs)
    cut = [k for k in wide if not _point_between(ink, box[: k + 1], box[k + 1], tall)]
    parts = np.split(box, np.array(cut, dtype=int) + 1)
    return [part for part in parts if (part[:, 3] - part[:, 1]).max() >= 7]


def _point_between(ink: Pixels, before: IntArray, after: IntArray, tall: int) -> bool:
    """Whether a point too pale to be a sign stands at the foot of a gap, with nothing above it."""
    left, right, foot = int(before[:, 2].max()) + 1, int(after[0]) - 1, int(after[3])
    gap = ink[max(foot - tall, 0) : foot + 1, left:right]
    if right - left > _POINT * tall or not gap.size:
        return False
    low = max(round(0.3 * tall), 1)
    return float(gap[-low:].max()) > _PALE > float(gap[:-low].max(initial=0.0))
