"""Which ways through a panel are arms: colour by colour, and one after the other where several share a colour."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from survsim.digitising.raster.follow import Way, follow
from survsim.digitising.raster.inks import Ink, find_colours, split_inks, thin_ink
from survsim.digitising.raster.kinds import Flags, Pixels

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


def find_arms(rgb: Pixels, start: Start, asked: tuple[Pixels, ...] = ()) -> list[Arm]:
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
    clear = [arm for arm in arms if asked or _contrast(arm) > min(0.25, 0.5 * strongest)]
    return [
        arm
        for arm in clear
        if asked or not (_mixture(arm, strongest) or any(_tint(arm, other) for other in clear))
    ]


def _mixture(arm: Arm, strongest: float) -> bool:
    """Whether a pale colour is hardly seen but beside others: the place where two bands overlap."""
    pale = _contrast(arm) / strongest
    hidden = float(arm.way.hidden.mean())
    return (hidden > 0.6 and pale < 0.65) or (hidden > 0.35 and pale < 0.4)


def _tint(arm: Arm, other: Arm) -> bool:
    """Whether a colour is a paler (or, on a dark slide, a duller) shade of another arm's: the rim of its band, or its halo."""
    a, b = arm.ink.ground - arm.ink.colour, other.ink.ground - other.ink.colour
    alike = float(a @ b) / (float(np.linalg.norm(a) * np.linalg.norm(b)) + 1e-9) > 0.97
    coloured = min(_chroma(a), _chroma(b)) > 0.3
    weaker = arm.way.gain < other.way.gain or _contrast(arm) < 0.75 * _contrast(other)
    return (
        arm is not other
        and alike
        and coloured
        and weaker
        and arm.ink is not other.ink
        and _contrast(arm) < 0.8 * _contrast(other)
    )


def _contrast(arm: Arm) -> float:
    """How far the colour of an arm stands from the ground, 0 to 1; grid lines and the rims of bands are pale."""
    return float(np.abs(arm.ink.ground - arm.ink.colour).max() / 255)


def _follow(ink: Ink, cover: Pixels, start: Start) -> Way | None:
    slack = start.slack + ink.width
    return follow(
        ink.solid, cover, ink.width, start.column, (int(start.row - slack), int(start.row + slack + 1))
    )


def _cover(solids: list[Pixels], k: int) -> Pixels:
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


def _all_along(mask: Flags) -> Flags:
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


def _of_one_colour(ink: Ink, cover: Pixels, start: Start, wide: int) -> list[Arm]:
    found: list[Arm] = []
    left = ink
    for _ in range(_MOST_OF_ONE_COLOUR):
        way = _follow(left, cover, start)
        if way is None or not _credible(way, left, wide):
            break
        if found and (
            way.gain < 0.12 * found[0].way.gain or way.hidden.mean() > 0.6 or way.own.mean() < 0.25
        ):
            break
        found.append(Arm(left, way, bool(found)))
        left, mask = _erased(left, way)
        cover = np.maximum(cover, mask)
    if len(found) == 3 and _nested(found):
        return [_middle(found)]
    return found


def _erased(ink: Ink, way: Way) -> tuple[Ink, Pixels]:
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
    return replace(ink, solid=np.where(gone, 0, ink.solid), share=np.where(gone, 0, ink.share)), gone.astype(
        np.float32
    )


def _trail(shape: tuple[int, ...], way: Way, reach: int) -> Pixels:
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
    upper, lower = arms[order[0]].way, arms[order[2]].way
    runs = sorted((run_length(upper), run_length(lower)))
    alike = abs(upper.own.mean() - lower.own.mean()) < 0.1 and runs[1] < 1.35 * runs[0] + 1
    even = bool(wide.any()) and 0.32 < np.median(middle[wide]) < 0.68 and np.std(middle[wide]) < 0.13
    return bool(alike and even and apart.mean() < 0.03 and wide.mean() > 0.3)


def run_length(way: Way) -> float:
    """Usual length of a run of own ink: that of a dash."""
    edge = np.diff(np.pad(way.own.astype(np.int8), 1))
    runs = np.flatnonzero(edge == -1) - np.flatnonzero(edge == 1)
    return float(np.median(runs)) if len(runs) else 0.0


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
    """Whether what is seen of an arm lies along another one: widely for shades of one hue, closely for different ones."""
    a, b = arm.ink.ground - arm.ink.colour, other.ink.ground - other.ink.colour
    half = (arm.ink.width + other.ink.width) / 2
    same_ink = arm.ink.colour is other.ink.colour
    grey = max(_chroma(a), _chroma(b)) <= 0.3
    alike = float(a @ b) / (float(np.linalg.norm(a) * np.linalg.norm(b)) + 1e-9) > 0.955
    if same_ink or (alike and (not grey or _contrast(arm) < 0.4 * _contrast(other))):
        reach, most = 2.5 * half + 2, 0.7
    elif grey:
        reach, most = half + 2, 0.7
    else:
        reach, most = half + 1, 0.9
    trail = _trail(arm.ink.solid.shape, other.way, int(np.ceil(reach)))
    columns = arm.way.start + np.flatnonzero(arm.way.own)
    near = trail[arm.way.rows[arm.way.own], columns] > 0
    return bool(len(near) and near.mean() > most)


def _chroma(away: Pixels) -> float:
    """How coloured a colour is, by its distance from the ground: 0 grey, 1 full."""
    return float(np.ptp(away)) / (float(np.abs(away).max()) + 1e-9)
