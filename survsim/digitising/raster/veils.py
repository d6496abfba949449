"""Translucent bands: their colours are no colours of lines, and a line that runs under one is seen in two shades.

A band of colour v and opacity a turns a line b into (1 - a) b + a v and the ground g behind it into (1 - a) g + a v. The way
from the ground to the line keeps its direction and only becomes shorter; the colour itself may be any. By this, pieces of one
line under the band of another arm are put together again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from survsim.digitising.raster.inks import Ink, find_colours, line_width
from survsim.digitising.raster.kinds import Flags, Pixels
from survsim.digitising.raster.sheet import largest

_AREA = 0.02
"""Of the panel's height: what is even over as much in both directions is an area; lines are thinner."""
_OVERLAPPING = 4
"""Areas from which bands may overlap: the paper, two bands, and what is common to them."""
_EVEN = 10
"""Difference of a channel (of 255) within an even area; JPEG leaves some grain."""
_EVERY = 7
"""Of so many even pixels one is looked at."""
_SHARE = 0.002
"""Of the panel, from which an area counts."""
_SAME = 16.0
"""Difference of a channel up to which two colours of lines are one."""
_SAME_AREA = 9.0
"""The same for areas, whose colour is plain."""
_COLOURED = 20.0
"""Difference between the channels of a colour that is no grey."""
_ELSEWHERE, _FAR = 0.3, 4.0
"""Share of the columns in which two pieces of one line may show at two heights, and how far apart these are, in widths."""
_SHORTER = (0.45, 0.93)
"""What a band leaves of the way from the ground to a line: bands of a tenth to about a half."""
_ALIGNED = 0.985
"""Cosine of two ways that have one direction."""
_VISIBLE = 30.0
"""Largest difference of a channel between the colour of a band and the paper from which it can be seen at all."""


@dataclass(frozen=True, slots=True)
class Veiled:
    """Colour number `part` is colour number `base` seen through a band."""

    base: int
    part: int


def area_colours(rgb: Pixels) -> list[Pixels]:
    """Colours that fill areas wider than any line: the paper, bands, and where bands overlap; the commonest first."""
    size = int(max(9, round(_AREA * rgb.shape[0]))) | 1
    plain = np.clip(rgb, 0, 255).astype(np.uint8)
    kernel = np.ones((size, size), np.uint8)
    even = largest(cv2.morphologyEx(plain, cv2.MORPH_GRADIENT, kernel)) <= _EVEN
    colours = plain[even][::_EVERY]
    found: list[Pixels] = []
    least = _SHARE * rgb.shape[0] * rgb.shape[1] / _EVERY
    while len(colours) > least and len(found) < 24:
        bins = colours.astype(np.int32) >> 3
        common = int(np.argmax(np.bincount((bins[:, 0] << 10) | (bins[:, 1] << 5) | bins[:, 2])))
        centre = np.array([common >> 10, (common >> 5) & 31, common & 31]) * 8 + 4
        near = largest(np.abs(colours.astype(np.int16) - centre)) <= _SAME_AREA
        if near.sum() > least:
            found.append(np.median(colours[near], axis=0).astype(np.float32))
        colours = colours[~near]
    return found


def colours_by_ground(rgb: Pixels, ground: Pixels, contrast: Pixels, areas: Sequence[Pixels]) -> list[Pixels]:
    """The colours of thin things; where bands overlap they are looked for on each ground by itself.

    A line and its own shade under another band may be so alike that together they would be taken for one colour between both.
    """
    if len(areas) < _OVERLAPPING:
        return find_colours(rgb, contrast)
    nearest = np.argmin([largest(np.abs(ground - area)) for area in areas], axis=0)
    found: list[Pixels] = []
    for k in range(len(areas)):
        own = find_colours(rgb, np.where(nearest == k, contrast, 0).astype(np.float32))
        found += [each for each in own if all(apart(each, other) for other in found)]
    return found


def without_areas(colours: Sequence[Pixels], areas: Sequence[Pixels]) -> list[Pixels]:
    """Colours of lines without those of areas: narrow strips of a band between two lines are ground all the same."""
    return [each for each in colours if all(apart(each, area) for area in areas)]


def apart(a: Pixels, b: Pixels) -> bool:
    """Whether two colours are not one."""
    return bool(np.abs(a - b).max() > _SAME)


def arms_behind(areas: Sequence[Pixels]) -> int:
    """How many bands at least make so many areas: k bands over each other have 2^k - 1 colours."""
    return int(np.ceil(np.log2(max(len(areas), 1))))


def veiled(rgb: Pixels, ground: Pixels, core: Flags, colours: Sequence[Pixels]) -> list[Veiled]:
    """Which colours are others seen through a band, strongest bases first; a colour is part of one base at most."""
    if len(colours) < 2:
        return []
    behind = _grounds(rgb, ground, core, colours)
    paper = np.median(ground[::7, ::7].reshape(-1, 3), axis=0)
    found = []
    for part in range(len(colours)):
        options = [
            (-cosine, base)
            for base in range(len(colours))
            if base != part and (cosine := _veil(colours, behind, base, part, paper)) > 0
        ]
        if options:
            found.append(Veiled(min(options)[1], part))
    parts = {each.part for each in found}
    return [each for each in found if each.base not in parts]


def _grounds(rgb: Pixels, ground: Pixels, core: Flags, colours: Sequence[Pixels]) -> list[Pixels | None]:
    """The usual ground behind each colour, None where it is hardly seen."""
    pixels, behind = rgb[core], ground[core]
    away = np.array([np.abs(pixels - colour).max(axis=1) for colour in colours])
    nearest = np.argmin(away, axis=0)
    found: list[Pixels | None] = []
    for k in range(len(colours)):
        mine = (nearest == k) & (away[k] < _SAME)
        found.append(np.median(behind[mine], axis=0) if mine.sum() >= 20 else None)
    return found


def _veil(
    colours: Sequence[Pixels], behind: Sequence[Pixels | None], base: int, part: int, paper: Pixels
) -> float:
    """How well one colour is another one through a band (cosine of their ways from the ground), 0 where it is not."""
    first, second = behind[base], behind[part]
    if first is None or second is None:
        return 0.0
    whole, short = first - colours[base], second - colours[part]
    lengths = float(np.linalg.norm(whole)), float(np.linalg.norm(short))
    if min(lengths) < 1.0:
        return 0.0
    cosine, left = float(whole @ short) / (lengths[0] * lengths[1]), lengths[1] / lengths[0]
    if cosine < _ALIGNED or not _SHORTER[0] <= left <= _SHORTER[1]:
        return 0.0
    band = (second - left * first) / (1 - left)
    possible = bool((band > -45).all() and (band < 300).all())
    seen = float(np.abs(np.clip(band, 0, 255) - paper).max()) > _VISIBLE
    moved = float(np.abs(second - first).max()) > 6
    # All greys lie in one direction: of a grey line under a grey band nothing could be told.
    told = max(float(np.ptp(whole)), float(np.ptp(np.clip(band, 0, 255)))) > _COLOURED
    return cosine if possible and seen and moved and told else 0.0


def of_one_line(inks: Sequence[Ink], pairs: Sequence[Veiled]) -> list[Veiled]:
    """The pairs whose two colours do not run side by side: a line is in one column at one height."""
    return [pair for pair in pairs if not _side_by_side(inks[pair.base], inks[pair.part])]


def _side_by_side(base: Ink, part: Ink) -> bool:
    first, second = base.solid > 0.5, part.solid > 0.5
    rows = np.arange(first.shape[0], dtype=np.float32)[:, None]
    both = first.any(axis=0) & second.any(axis=0)
    shown = int(second.any(axis=0).sum())
    if not both.any() or shown == 0:
        return False
    heights = [(mask[:, both] * rows).sum(axis=0) / mask[:, both].sum(axis=0) for mask in (first, second)]
    far = np.abs(heights[0] - heights[1]) > _FAR * max(base.width, part.width, 2.0)
    return bool(far.sum() > _ELSEWHERE * shown)


def put_together(inks: Sequence[Ink], pairs: Sequence[Veiled]) -> list[Ink]:
    """The inks with what is seen of them through bands."""
    parts = {each.part for each in pairs}
    kept = []
    for k, ink in enumerate(inks):
        if k in parts:
            continue
        own = [inks[each.part] for each in pairs if each.base == k]
        share = np.maximum.reduce([ink.share, *(each.share for each in own)])
        solid = np.maximum.reduce([ink.solid, *(each.solid for each in own)])
        kept.append(replace(ink, share=share, solid=solid, width=line_width(solid)) if own else ink)
    return kept
