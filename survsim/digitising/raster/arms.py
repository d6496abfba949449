"""Which ways through a panel are arms: colour by colour, and one after the other where several share a colour."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from survsim.digitising.raster.arm import Arm, chroma_of, contrast_of
from survsim.digitising.raster.erase import erased, trail
from survsim.digitising.raster.follow import Way, follow
from survsim.digitising.raster.inks import Ink, cores, split_inks, thin_ink, without_pale_greys
from survsim.digitising.raster.kinds import Flags, Pixels
from survsim.digitising.raster.limits import between_limits
from survsim.digitising.raster.veils import (
    Veiled,
    apart,
    area_colours,
    colours_by_ground,
    of_one_line,
    put_together,
    veiled,
    without_areas,
)

_MOST_OF_ONE_COLOUR = 7
_INKED = 0.4
"""Share of a stroke that is ink at least; a dashed one has about half."""
_STANDING = 0.05
"""Share of the frame before a curve leaves it on which other ink of its colour stands: more are bars."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where curves begin: the column of time 0 and the row of 1 (falling) in the panel, with how far off they may be."""

    column: int
    row: float
    slack: float


def find_arms(rgb: Pixels, start: Start, asked: tuple[Pixels, ...] = (), *, shades: bool = True) -> list[Arm]:
    """All arms of a panel (its curves falling to the right), those that earned most first; greys are one ink without `shades`."""
    inks = [_without_lines(ink, start) for ink in _inks(rgb, asked, shades)]
    if not inks:
        return []
    everything = [ink.solid for ink in inks]
    first = []
    for k, ink in enumerate(inks):
        way = _follow(ink, np.maximum(_cover(everything, k), _framed(ink, start)), start)
        if way is not None and _credible(way, ink, rgb.shape[1]) and _leaves_the_frame(way, ink, start):
            first.append((way.gain, k))
    kept = [inks[k] for _, k in sorted(first, reverse=True)]
    arms: list[Arm] = []
    for k, ink in enumerate(kept):
        cover = np.maximum(_cover([each.solid for each in kept], k), _framed(ink, start))
        arms += _of_one_colour(ink, cover, start, rgb.shape[1])
    return [_known_on_the_frame(arm, start) for arm in _no_ghosts(arms)]


def _framed(ink: Ink, start: Start) -> Pixels:
    """1 in the rows where the line of a frame may cover a curve that has not left its start."""
    framed = np.zeros_like(ink.solid)
    if start.row < 1:
        framed[: int(np.ceil(ink.width / 2)) + 1] = 1
    return framed


def _leaves_the_frame(way: Way, ink: Ink, start: Start) -> bool:
    """Whether a way that lay hidden on the frame falls from it along ink; a curve that rises has no such stroke."""
    framed = _framed(ink, start)
    hidden = np.flatnonzero(way.hidden & (framed[way.rows, 0] > 0))
    if not hidden.size or hidden[-1] + 1 >= len(way.rows):
        return True
    column, side = way.start + int(hidden[-1]), int(np.ceil(ink.width)) + 1
    stroke = ink.solid[
        int(framed[:, 0].sum()) : way.rows[hidden[-1] + 1], max(column - side, 0) : column + side + 1
    ]
    before = ink.solid[int(framed[:, 0].sum()) + 1, way.start : max(column - side, way.start + 1)]
    if float((before > 0.4).mean()) > _STANDING:
        return False
    inked = stroke.max(axis=1) > 0.4
    return inked.size < 2 or bool(inked[: side + 2].all() and inked.mean() >= _INKED)


def _known_on_the_frame(arm: Arm, start: Start) -> Arm:
    """The arm with what the frame hides of it counted as seen: until it falls, a curve lies where all begin."""
    way = arm.way
    known = way.hidden & (_framed(arm.ink, start)[way.rows, 0] > 0)
    seen = replace(way, own=way.own | known, hidden=way.hidden & ~known)
    return replace(arm, way=seen, framed=int(np.flatnonzero(known)[-1]) + 1 if known.any() else 0)


def _inks(rgb: Pixels, asked: tuple[Pixels, ...], shades: bool) -> list[Ink]:
    """The inks of the lines of a panel; of those asked for also what is seen of them through bands."""
    ground, contrast = thin_ink(rgb)
    areas = area_colours(rgb)
    found = without_areas(colours_by_ground(rgb, ground, contrast, areas), areas)
    found = found if shades else without_pale_greys(found)
    colours = [*asked, *(each for each in found if not asked or all(apart(each, one) for one in asked))]
    pairs = veiled(rgb, ground, cores(contrast), colours)
    if asked:
        pairs = [pair for pair in pairs if pair.base < len(asked)]
        wanted = [*range(len(asked)), *(pair.part for pair in pairs)]
        colours = [colours[k] for k in wanted]
        pairs = [Veiled(pair.base, len(asked) + k) for k, pair in enumerate(pairs)]
    inks = split_inks(rgb, ground, colours, areas)
    good = of_one_line(inks, pairs)
    others = {pair.part for pair in pairs if asked and pair not in good}
    whole = put_together(inks, good)
    return [ink for ink in whole if not any(ink is inks[k] for k in others)]


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
    rows, columns = all_along(mask), all_along(mask.T)
    rows[max(int(start.row - start.slack), 0) : int(start.row + start.slack) + 1] = False
    if not rows.any() and not columns.any():
        return ink
    solid = ink.solid.copy()
    solid[rows] = 0
    solid[:, columns] = 0
    return replace(ink, solid=solid)


def all_along(mask: Flags) -> Flags:
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
        if way is None or not _credible(way, left, wide) or not _leaves_the_frame(way, left, start):
            break
        if found and (not _earns(way, found[0].way) or way.hidden.mean() > 0.6 or way.own.mean() < 0.25):
            break
        found.append(Arm(left, way, bool(found)))
        left, mask = erased(left, way)
        cover = np.maximum(cover, mask)
    curve = between_limits(found)
    return found if curve is None else [curve]


def _earns(way: Way, first: Way) -> bool:
    """Whether a further way of one ink earned enough; a dotted line pays for its gaps and earns little at its best."""
    share = way.gain / max(first.gain, 1e-9)
    return share >= 0.12 or (share >= 0.05 and way.own.mean() >= 0.4 and way.hidden.mean() < 0.1)


def _no_ghosts(arms: list[Arm]) -> list[Arm]:
    """Leaves out a way that lies on another one of the same hue: its rim, or the shadow of its band."""
    kept: list[Arm] = []
    for arm in sorted(arms, key=lambda each: -each.way.gain * contrast_of(each)):
        if not any(_on(arm, other) for other in kept):
            kept.append(arm)
    return kept


def _on(arm: Arm, other: Arm) -> bool:
    """Whether what is seen of an arm lies along another one or its limits: widely for shades of one hue, closely for different ones."""
    a, b = arm.ink.ground - arm.ink.colour, other.ink.ground - other.ink.colour
    half = (arm.ink.width + other.ink.width) / 2
    same_ink = arm.ink.colour is other.ink.colour
    grey = max(chroma_of(a), chroma_of(b)) <= 0.3
    alike = float(a @ b) / (float(np.linalg.norm(a) * np.linalg.norm(b)) + 1e-9) > 0.955
    if same_ink or (alike and (not grey or contrast_of(arm) < 0.4 * contrast_of(other))):
        reach, most = 2.5 * half + 2, 0.7
    elif grey:
        reach, most = half + 2, 0.7
    else:
        reach, most = half + 1, 0.9
    ways = [other.way, *(limit.way for limit in other.limits)]
    along = np.maximum.reduce([trail(arm.ink.solid.shape, way, int(np.ceil(reach))) for way in ways])
    columns = arm.way.start + np.flatnonzero(arm.way.own)
    near = along[arm.way.rows[arm.way.own], columns] > 0
    return bool(len(near) and near.mean() > most)
