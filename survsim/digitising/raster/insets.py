"""Small axes drawn inside a panel, told by their closed frame: they are painted over, whether their labels can be read or not."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from survsim.digitising.raster.kinds import Flags, Pixels
from survsim.digitising.raster.numbers import Number
from survsim.digitising.raster.sequences import find_labels
from survsim.digitising.raster.sheet import Sheet
from survsim.digitising.raster.ticks import find_spine, lying, run
from survsim.digitising.raster.words import Word

_DARK, _PALE = 0.3, 0.2
_WIDE, _TALL = (0.12, 0.6), (0.08, 0.6)
"""Of the panel that an inset lies in, in width and height."""
_CLOSED = 0.95
"""Share of each side of a frame that is inked."""
_MOST_LINES, _EMPTY = 400, 0.5
"""Level lines in a panel from which they are the rows of areas (bars); share of ink within a frame that is none of those."""
_NEAR = 3
"""Pixels of the sheet by which corners may miss each other, and behind the line of a frame where one looks for what crosses it."""
_THROUGH = 0.03
"""Of the panel: what reaches so far out of a frame is no tick of its axes but a line that runs through it."""
_TICK = 0.06
"""Of the width of an inset: its ticks reach out so far, in the row of its lower line too."""
_BESIDE = 3.0
"""Heights of a label between it and the frame it belongs to."""

LEFT_OUT = "an inset was left out."


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Whole pixels, the lines of the frame included."""

    left: int
    top: int
    right: int
    bottom: int


def without_frames(
    sheet: Sheet, words: list[Word], numbers: list[Number]
) -> tuple[Sheet, list[Number], list[str]]:
    """The sheet with small framed axes inside its panels painted over, the numbers that are not theirs, and what must be said."""
    panels = _panels(sheet.ink, numbers)
    # Thin lines of small pictures are pale where they lie between two rows of pixels.
    dark = cv2.dilate((sheet.ink > _PALE).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    found = [frame for panel in panels for frame in closed_frames(dark, panel)]
    if not found:
        return sheet, numbers, []
    rgb, ink = sheet.rgb.copy(), sheet.ink.copy()
    gone = set()
    for frame in found:
        labels = [word for word in words if _belongs(word, frame)]
        gone |= {(word.x0, word.y0) for word in labels}
        ground = np.median(rgb[frame.top : frame.bottom, frame.left : frame.right].reshape(-1, 3), axis=0)
        for x0, y0, x1, y1 in [
            _with_ticks(frame),
            *((w.x0 - 1, w.y0 - 1, w.x1 + 1, w.y1 + 1) for w in labels),
        ]:
            place = np.s_[max(y0, 0) : y1, max(x0, 0) : x1]
            rgb[place], ink[place] = ground, 0
    kept = [number for number in numbers if (number.word.x0, number.word.y0) not in gone]
    return replace(sheet, rgb=rgb, ink=ink), kept, [LEFT_OUT]


def _panels(ink: Pixels, numbers: list[Number]) -> list[Rectangle]:
    """What the line of each horizontal axis and the upright one that stands on its end enclose."""
    found = []
    for labels in find_labels(numbers, True):
        view, edge = lying(ink, labels)
        spine = find_spine(view, edge, labels)
        if spine is None or spine.right - spine.left < 10:
            continue
        # A tick of the upright axis may stand in the row of the level one, left of where both meet.
        reach = round(_THROUGH * (spine.right - spine.left)) + _NEAR
        foot = ink[: spine.top + 1, max(spine.left - _NEAR, 0) : spine.left + reach] > _DARK
        tops = [run(np.asarray(column, dtype=bool), spine.top, -1) for column in foot.T]
        if spine.top - min(tops) > 0.3 * (spine.right - spine.left):
            left = max(spine.left - _NEAR, 0) + int(np.argmin(tops))
            found.append(Rectangle(left, min(tops), spine.right, spine.top))
    return found


def closed_frames(dark: Flags, panel: Rectangle) -> list[Rectangle]:
    """Rectangles of four straight lines well inside a panel, through which no other line runs."""
    wide, tall = panel.right - panel.left, panel.bottom - panel.top
    levels = _level_lines(dark, panel, wide)
    if len(levels) > _MOST_LINES:
        return []
    found: list[Rectangle] = []
    for i, (top, left, right) in enumerate(levels):
        for bottom, other_left, other_right in levels[i + 1 :]:
            frame = Rectangle(max(left, other_left), top, min(right, other_right), bottom)
            if (
                abs(left - other_left) <= _NEAR + _TICK * (right - left)
                and abs(right - other_right) <= _NEAR
                and _TALL[0] * tall <= bottom - top <= _TALL[1] * tall
                and _upright(dark, frame, frame.left)
                and _upright(dark, frame, frame.right)
                and dark[top:bottom, left:right].mean() < _EMPTY
                and not _crossed(dark, frame, wide, tall)
            ):
                found.append(frame)
    return [frame for frame in found if not any(_inside(frame, other) for other in found)]


def _level_lines(dark: Flags, panel: Rectangle, wide: int) -> list[tuple[int, int, int]]:
    """Row, first and last column of unbroken level lines as wide as an inset may be, away from the edges of the panel."""
    margin = _NEAR + 2
    found: list[tuple[int, int, int]] = []
    for row in range(panel.top + margin, panel.bottom - margin):
        line = dark[row, panel.left + margin : panel.right - margin + 1]
        edge = np.diff(np.pad(line.astype(np.int8), 1))
        for start, stop in zip(np.flatnonzero(edge == 1), np.flatnonzero(edge == -1), strict=True):
            if _WIDE[0] * wide <= stop - start <= _WIDE[1] * wide:
                first = panel.left + margin + int(start)
                found.append((row, first, first + int(stop - start) - 1))
    return found


def _upright(dark: Flags, frame: Rectangle, column: int) -> bool:
    sides = dark[frame.top : frame.bottom + 1, max(column - _NEAR, 0) : column + _NEAR + 1]
    return bool(sides.mean(axis=0).max() >= _CLOSED)


def _crossed(dark: Flags, frame: Rectangle, wide: int, tall: int) -> bool:
    """Whether a line comes into the frame from the left or above, or leaves it to the right or below."""
    inner = dark[frame.top : frame.bottom + 1, frame.left : frame.right + 1]
    depth = 2 * _NEAR
    across, down = max(round(_THROUGH * wide), depth + 1), max(round(_THROUGH * tall), depth + 1)
    rows = slice(frame.top + depth, frame.bottom + 1 - depth)
    columns = slice(frame.left + depth, frame.right + 1 - depth)
    inside = (
        inner[depth:-depth, _NEAR:depth].any(axis=1), inner[depth:-depth, -depth:-_NEAR].any(axis=1),
        inner[_NEAR:depth, depth:-depth].any(axis=0), inner[-depth:-_NEAR, depth:-depth].any(axis=0),
    )  # fmt: skip
    outside = (
        dark[rows, max(frame.left - across, 0) : frame.left - _NEAR].all(axis=1),
        dark[rows, frame.right + _NEAR + 1 : frame.right + depth + 1].all(axis=1),
        dark[max(frame.top - depth, 0) : frame.top - _NEAR, columns].all(axis=0),
        dark[frame.bottom + _NEAR + 1 : frame.bottom + down, columns].all(axis=0),
    )
    return any(bool((a & b).any()) for a, b in zip(inside, outside, strict=True))


def _inside(frame: Rectangle, other: Rectangle) -> bool:
    """Whether one of two rectangles lies in the other; of the lines of one frame the outermost are taken."""
    smaller = (frame.right - frame.left) * (frame.bottom - frame.top) < (other.right - other.left) * (
        other.bottom - other.top
    )
    x, y = (frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2
    return smaller and other.left < x < other.right and other.top < y < other.bottom


def _belongs(word: Word, frame: Rectangle) -> bool:
    """Whether a word stands in a frame, or beside or below it as a label of its axes does."""
    reach = _BESIDE * word.height
    return frame.left - reach < word.x1 and word.x0 < frame.right + reach and (
        frame.top - word.height < word.y < frame.bottom + reach
    ) and word.x < frame.right + word.height  # fmt: skip


def _with_ticks(frame: Rectangle) -> tuple[int, int, int, int]:
    tick = max(round(_TICK * (frame.right - frame.left)), 4)
    return frame.left - tick, frame.top - 2, frame.right + 3, frame.bottom + tick
