"""Takes the drawing in a panel apart by colour: what share of each pixel is ink of each colour.

A pixel at the edge of a line mixes the line with the ground; it is measured along the straight way from the ground to the
colour, so that a pale rim of a red line counts as a little red and never as pink.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from survsim.digitising.raster.kinds import Flags, Pixels
from survsim.digitising.raster.sheet import largest

_APART = 17.0
_MOST = 12
_GREY = 20.0
"""Difference between the channels of a colour, below which it is a grey."""
TINTED = 30.0
"""Difference from white of a band that can be seen."""


@dataclass(frozen=True, slots=True)
class Ink:
    """One colour of the drawing.

    Attributes
    ----------
    colour : (3,) 0 to 255, on the light ground.
    share : (h, w) 0 to 1, how much of the pixel it covers.
    solid : (h, w) 0 to 1, the same, sharpened: 1 where a line of this colour surely runs.
    width : width of its lines in pixels.
    ground : (3,) the usual ground behind it.
    """

    colour: Pixels
    share: Pixels
    solid: Pixels
    width: float
    ground: Pixels


def thin_ink(rgb: Pixels) -> tuple[Pixels, Pixels]:
    """The ground behind lines (bands and grey panels belong to it), and how far each pixel is from it (0 to 1)."""
    size = int(max(15, round(0.03 * rgb.shape[0]))) | 1
    ground = cv2.morphologyEx(
        np.clip(rgb, 0, 255).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((size, size), np.uint8)
    )
    ground = ground.astype(np.float32)
    return ground, (largest(np.abs(ground - rgb)) / 255).astype(np.float32)


def find_colours(rgb: Pixels, contrast: Pixels, asked: tuple[Pixels, ...] = ()) -> list[Pixels]:
    """The colours of thin things, the commonest first; those `asked` for are taken as they are."""
    if asked:
        return [np.asarray(each, dtype=np.float32) for each in asked]
    core = cores(contrast)
    colours = rgb[core]
    if len(colours) < 20:
        return []
    if len(colours) > 60_000:
        colours = colours[:: len(colours) // 60_000 + 1]
    share_of_width = rgb.shape[1] * len(colours) / max(int(core.sum()), 1)
    lab = cv2.cvtColor((colours / 255).astype(np.float32)[None], cv2.COLOR_RGB2LAB)[0]
    # Greys differ by lightness alone; in colours lightness is mostly how much of a pixel the line covers.
    grey = 1 - np.minimum(np.hypot(lab[:, 1], lab[:, 2]) / 20, 1)
    lab[:, 0] *= 0.55 + 0.4 * grey
    found: list[Pixels] = []
    left = np.ones(len(lab), dtype=bool)
    while left.sum() > 0.1 * share_of_width and len(found) < 2 * _MOST:
        near = _around_peak(lab[left])
        members = np.flatnonzero(left)[near]
        if len(members) < 0.08 * share_of_width:
            break
        found.append(np.median(colours[members], axis=0).astype(np.float32))
        left[members] = False
    if not found:
        return []
    return _without_fringes(rgb, core, found)[:_MOST]


def cores(contrast: Pixels) -> Flags:
    """The middle of thin things, where their colour is seen unmixed."""
    inner = contrast >= 0.88 * cv2.dilate(contrast, np.ones((3, 3), np.uint8))
    return np.asarray((contrast > 0.16) & inner, dtype=bool)


def _without_fringes(rgb: Pixels, core: Flags, colours: list[Pixels]) -> list[Pixels]:
    """Leaves out colours that are only seen along the edges of stronger ones: rims of lines and the halo of JPEG."""
    rows, columns = np.nonzero(core)
    pixels = rgb[rows, columns]
    nearest = np.argmin([np.sum((pixels - colour) ** 2, axis=1) for colour in colours], axis=0)
    order = sorted(range(len(colours)), key=lambda k: -strength(colours[k]))
    kept: list[int] = []
    seen = np.zeros(core.shape, dtype=np.uint8)
    for k in order:
        mine = nearest == k
        beside = cv2.dilate(seen, np.ones((7, 7), np.uint8))
        alone = beside[rows[mine], columns[mine]] == 0
        if not mine.any() or (kept and alone.mean() < 0.15):
            continue
        kept.append(k)
        seen[rows[mine], columns[mine]] = 1
    return [colours[k] for k in sorted(kept)]


def without_pale_greys(colours: Sequence[Pixels]) -> list[Pixels]:
    """Of all greys only the darkest, with the colours that are none."""
    greys = [each for each in colours if float(np.ptp(each)) < _GREY]
    darkest = max(greys, key=strength, default=None)
    return [each for each in colours if float(np.ptp(each)) >= _GREY or each is darkest]


def strength(colour: Pixels) -> float:
    """How far a colour stands from white, all channels together."""
    return float(np.linalg.norm(255 - colour))


def _around_peak(lab: Pixels) -> Flags:
    bins = np.floor(lab / 7).astype(int)
    _, first, inverse, count = np.unique(
        bins, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    centre = lab[inverse.ravel() == int(np.argmax(count))].mean(axis=0)
    for _ in range(4):
        near = np.sum((lab - centre) ** 2, axis=1) < _APART**2
        centre = lab[near].mean(axis=0) if near.any() else centre
    near = np.sum((lab - centre) ** 2, axis=1) < _APART**2
    if not near.any():
        near[first[np.argmax(count)]] = True
    return near


def split_inks(rgb: Pixels, ground: Pixels, colours: list[Pixels], areas: Sequence[Pixels] = ()) -> list[Ink]:
    """The ink of each colour; shades of one hue (black beside grey) are held apart by how dark the middle of a line is.

    areas : colours of bands, whose edges must not count as pale ink of the line above them.
    """
    away = (ground - rgb).astype(np.float32)
    everything = np.einsum("ijk,ijk->ij", away, away)
    bands = [each for each in areas if float(np.abs(255 - each).max()) > TINTED]
    rival = [_shades(colours, bands, k) for k in range(len(colours))]
    paper = np.median(ground[::7, ::7].reshape(-1, 3), axis=0).astype(np.float32)
    inks = []
    for k, colour in enumerate(colours):
        way = ground - colour
        length = np.maximum(np.einsum("ijk,ijk->ij", way, way), 900.0)
        share = np.einsum("ijk,ijk->ij", away, way) / length
        rest = np.sqrt(np.maximum(everything - share * share * length, 0))
        like = np.exp(-((rest / (0.22 * np.sqrt(length) + 8)) ** 2))
        paler, darker = rival[k]
        low, high = (0.6, 0.85) if paler else (0.28, 0.6)
        solid = np.clip((share - low) / (high - low), 0, 1) * like
        if darker:
            solid = solid * np.clip((1.35 - share) / 0.2, 0, 1)
        share = (np.clip(share, 0, 1) * like).astype(np.float32)
        solid = solid.astype(np.float32)
        inks.append(Ink(colour, share, solid, line_width(solid), paper))
    return [
        _without_rims(ink, [inks[j] for j in darker]) for ink, (_, darker) in zip(inks, rival, strict=True)
    ]


def _without_rims(ink: Ink, darker: Sequence[Ink]) -> Ink:
    """The ink of a pale shade without the rims of darker lines, whose pixels are mixed to the same shade."""
    if not darker:
        return ink
    core = np.maximum.reduce([each.solid for each in darker]) > 0.5
    beside = cv2.dilate(core.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    solid = np.where(beside, 0, ink.solid).astype(np.float32)
    return replace(ink, solid=solid, width=line_width(solid))


def _shades(colours: list[Pixels], bands: list[Pixels], k: int) -> tuple[bool, list[int]]:
    """Whether a paler colour of the same hue is among colours and bands, and which of the colours are darker ones."""
    paler, darker = False, []
    way = 255 - colours[k]
    for j, other in enumerate([*colours, *bands]):
        theirs = 255 - other
        both = float(np.linalg.norm(way) * np.linalg.norm(theirs)) + 1e-9
        if j == k or float(way @ theirs) / both < 0.97:
            continue
        ratio = float(np.linalg.norm(theirs) / np.linalg.norm(way))
        paler |= ratio < 0.9
        if ratio > 1.12 and j < len(colours):
            darker.append(j)
    return paler, darker


def line_width(solid: Pixels) -> float:
    """The commonest height of a run of ink in a column: that of level strokes."""
    mask = solid > 0.5
    edge = np.diff(np.pad(mask.astype(np.int8), ((1, 1), (0, 0))), axis=0)
    column, start = np.nonzero(edge.T == 1)
    _, stop = np.nonzero(edge.T == -1)
    if not len(column):
        return 1.0
    runs = np.bincount(np.minimum(stop - start, 40), minlength=41).astype(float)
    runs[0] = 0
    if not runs[:40].any():
        return 40.0  # nothing but areas: no line has this width
    peak = int(np.argmax(runs[:40]))
    near = np.arange(max(peak - 1, 1), min(peak + 2, 40))
    return float(np.sum(near * runs[near]) / runs[near].sum())
