"""Which ways through a panel are arms: colour by colour, and one after the other where several share a colour."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.digitising.raster.follow import Way, follow
from survsim.digitising.raster.inks import Ink, find_colours, split_inks, thin_ink

_MOST_OF_ONE_COLOUR = 7


@dataclass(frozen=True, slots=True)
class Arm:
    """A curve that was followed: its ink (with what belongs to others taken out) and its way."""

    ink: Ink
    way: Way
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Start:
    """Where curves begin: the column of time 0 and the row of 1 (falling) in the panel, with how far off they may be."""

    column: int
    row: float
    slack: float


def find_arms(rgb: FloatArray, start: Start, asked: tuple[FloatArray, ...] = ()) -> list[Arm]:
    """All arms of a panel (its curves falling to the right), those that earned most first."""
    ground, contrast = thin_ink(rgb)
    inks = [_without_lines(ink, start) for ink in split_inks(rgb, ground, find_colours(rgb, contrast, asked))]
    if not inks:
        return []
    everything = [ink.solid for ink in inks]
    first = []
    for k, ink in enumerate(inks):
        way = _follow(ink, _cover(everything, k), start)
        if way is not None and _credible(way, ink, rgb.shape[1]):
            first.append((way.gain, k))
    kept = [inks[k] for _, k in sorted(first, reverse=True)]
    arms: list[Arm] = []
    for k, ink in enumerate(kept):
        cover = _cover([each.solid for each in kept], k)
        arms += _of_one_colour(ink, cover, start, rgb.shape[1])
    arms = _no_ghosts(arms)
    strongest = max((_contrast(arm) for arm in arms), default=0.0)
    return [arm for arm in arms if asked or _contrast(arm) > min(0.25, 0.5 * strongest)]


def _contrast(arm: Arm) -> float:
    """How far the colour of an arm stands from white, 0 to 1; grid lines and the rims of bands are pale."""
    return float((255 - arm.ink.colour).max() / 255)


def _follow(ink: Ink, cover: FloatArray, start: Start) -> Way | None:
    slack = start.slack + ink.width
    return follow(ink.solid, cover, ink.width, start.column, (int(start.row - slack), int(start.row + slack + 1)))


def _cover(solids: list[FloatArray], k: int) -> FloatArray:
    others = [each for j, each in enumerate(solids) if j != k]
    if not others:
        return np.zeros_like(solids[k])
    return cv2.dilate(np.maximum.reduce(others), np.ones((3, 3), np.uint8))


def _without_lines(ink: Ink, start: Start) -> Ink:
    """Takes out grid and reference lines: rows and columns inked all along, whether solid or dashed."""
    mask = ink.solid > 0.4
    rows, columns = _all_along(mask), _all_along(mask.T)
    rows[max(int(start.row - start.slack), 0) : int(start.row + start.slack) + 1] = False
    if not rows.any() and not columns.any():
        return ink
    solid = ink.solid.copy()
    solid[rows] = 0
    solid[:, columns] = 0
    return replace(ink, solid=solid)


def _all_along(mask: BoolArray) -> BoolArray:
    """Lines of the mask with ink in a good part of each twelfth of their length."""
    parts = np.array_split(mask, 12, axis=1)
    least = np.min([part.mean(axis=1) for part in parts], axis=0)
    return (least > 0.3) & (mask.mean(axis=1) > 0.4)


def _credible(way: Way, ink: Ink, wide: int) -> bool:
    """A curve shows its own ink over a tenth of the panel and in a third of the columns where nothing covers it.

    What runs level from one side to the other is the line of an axis, of a grid or of a frame.
    """
    own, open_columns = int(way.own.sum()), int((~way.hidden).sum())
    thick = ink.width > 0.03 * ink.solid.shape[0] + 6
    if way.rows[-1] - way.rows[0] <= 3 and len(way.rows) > 0.95 * (wide - way.start):
        return False
    return not thick and own >= 0.1 * wide and own >= 0.36 * open_columns and own >= 0.12 * len(way.rows)


def _of_one_colour(ink: Ink, cover: FloatArray, start: Start, wide: int) -> list[Arm]:
    found: list[Arm] = []
    left = ink
    for _ in range(_MOST_OF_ONE_COLOUR):
        way = _follow(left, cover, start)
        if way is None or not _credible(way, left, wide):
            break
        if found and (way.gain < 0.12 * found[0].way.gain or way.hidden.mean() > 0.6 or way.own.mean() < 0.25):
            break
        found.append(Arm(left, way, bool(found)))
        left, mask = _erased(left, way)
        cover = np.maximum(cover, mask)
    if len(found) == 3 and _nested(found):
        return [_middle(found)]
    return found


def _erased(ink: Ink, way: Way) -> tuple[Ink, FloatArray]:
    """The ink without a way that was followed and what sticks to it (marks, rims), and where it was."""
    mask = _trail(ink.solid.shape, way, int(np.ceil(ink.width / 2 + 1)))
    reach = int(0.035 * ink.solid.shape[0] + ink.width + 4)
    gone = mask > 0
    upright = np.ones((3, 1), np.uint8)
    inked = (ink.share > 0.2).astype(np.uint8)
    trail = gone.astype(np.uint8)
    grown = trail
    for _ in range(reach):
        grown = cv2.bitwise_or(trail, cv2.bitwise_and(inked, cv2.dilate(grown, upright)))
    gone = cv2.dilate(grown, np.ones((3, 3), np.uint8)) > 0
    return replace(ink, solid=np.where(gone, 0, ink.solid), share=np.where(gone, 0, ink.share)), gone.astype(np.float32)


def _trail(shape: tuple[int, ...], way: Way, reach: int) -> FloatArray:
    """1 within `reach` of a way, upright strokes included."""
    mask = np.zeros(shape, dtype=np.float32)
    last = int(way.rows[0])
    for i, row in enumerate(way.rows):
        mask[max(last - reach, 0) : int(row) + reach + 1, way.start + i] = 1
        last = int(row)
    return cv2.dilate(mask, np.ones((1, 2 * reach + 1), np.uint8))


def _nested(arms: list[Arm]) -> bool:
    """Whether three ways never change their order: a curve between its limits."""
    length = min(len(each.way.rows) for each in arms)
    rows = np.sort(np.array([each.way.rows[:length] for each in arms]), axis=0)
    order = np.argsort([float(each.way.rows[:length].mean()) for each in arms])
    sorted_rows = np.array([arms[k].way.rows[:length] for k in order])
    apart = np.abs(sorted_rows - rows).max(axis=0) > 2
    middle = (rows[1] - rows[0]) / np.maximum(rows[2] - rows[0], 1)
    wide = rows[2] - rows[0] > 12
    return bool(apart.mean() < 0.03 and wide.mean() > 0.3 and 0.3 < np.median(middle[wide]) < 0.7)


def _middle(arms: list[Arm]) -> Arm:
    length = min(len(each.way.rows) for each in arms)
    order = np.argsort([float(each.way.rows[:length].mean()) for each in arms])
    return arms[int(order[1])]


def _no_ghosts(arms: list[Arm]) -> list[Arm]:
    """Leaves out a way that lies on another one of the same hue: its rim, or the shadow of its band."""
    kept: list[Arm] = []
    for arm in sorted(arms, key=lambda each: -each.way.gain):
        if not any(_on(arm, other) for other in kept):
            kept.append(arm)
    return kept


def _on(arm: Arm, other: Arm) -> bool:
    a, b = 255 - arm.ink.colour, 255 - other.ink.colour
    same_hue = float(a @ b) / (float(np.linalg.norm(a) * np.linalg.norm(b)) + 1e-9) > 0.93
    half = (arm.ink.width + other.ink.width) / 2
    trail = _trail(arm.ink.solid.shape, other.way, int(np.ceil(2.5 * half + 2 if same_hue else half + 1)))
    columns = arm.way.start + np.flatnonzero(arm.way.own)
    near = trail[arm.way.rows[arm.way.own], columns] > 0
    return bool(len(near) and near.mean() > (0.7 if same_hue else 0.9))
