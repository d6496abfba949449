"""Places an axis to a fraction of a pixel: by tick marks outside or inside, by grid lines, or by the centres of its labels.

Everything here sees an axis lying down, with its labels below; a vertical axis is turned so that it does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.digitising.raster.kinds import Flags, Pixels
from survsim.digitising.raster.sequences import Labels


@dataclass(frozen=True, slots=True)
class Spine:
    """The line of an axis in the turned view: rows `top` to `bottom` (inclusive), from column `left` to `right`."""

    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Placed:
    """value = intercept + slope * place; `ticks` are (place, value) pairs; `how` says what they were placed by."""

    slope: float
    intercept: float
    ticks: tuple[tuple[float, float], ...]
    error: float
    how: str
    spine: Spine | None


def lying(ink: Pixels, labels: Labels) -> tuple[Pixels, int]:
    """The view in which the axis lies down with its labels below, and the row where its labels begin."""
    if labels.across:
        return ink, min(n.word.y0 for n in labels.numbers)
    return np.ascontiguousarray(ink.T[::-1]), ink.shape[1] - max(n.word.x1 for n in labels.numbers)


def place_axis(ink: Pixels, labels: Labels) -> Placed:
    """The axis of these labels, from the best marks there are."""
    view, edge = lying(ink, labels)
    height = labels.height
    spine = find_spine(view, edge, labels)
    if spine is not None:
        strips = [
            (view[spine.bottom + 2 : max(edge - 1, spine.bottom + 3)], "ticks outside"),
            (view[max(spine.top - max(3, round(0.5 * height)), 0) : spine.top - 1], "ticks inside"),
        ]
    else:
        strips = [(view[max(edge - max(4, round(0.7 * height)), 0) : edge - 1], "ticks outside")]
    strips.append((view[max(edge - round(8 * height), 0) : max(edge - round(2 * height), 1)], "grid lines"))
    for strip, how in strips:
        if strip.shape[0] >= 1:
            placed = _by_marks(strip, labels, how, spine)
            if placed is not None:
                return placed
    return _fitted(labels.places, labels.values, "labels", spine)


def find_spine(view: Pixels, edge: int, labels: Labels) -> Spine | None:
    """The dark line nearest above the labels that runs along most of them."""
    low, high = int(labels.places.min()), int(labels.places.max()) + 1
    top = max(edge - round(4.5 * labels.height), 0)
    dark = view[top:edge] > 0.3
    share = dark[:, low:high].mean(axis=1)
    rows = np.flatnonzero(share > 0.85)
    if not len(rows):
        return None
    last = int(rows[-1])
    first = last
    while first - 1 in rows:
        first -= 1
    if last - first > 0.8 * labels.height:
        return None
    line = np.asarray(dark[first : last + 1].any(axis=0), dtype=bool)
    left, right = run(line, low, -1), run(line, high - 1, 1)
    return Spine(top + first, top + last, left, right)


def run(line: Flags, start: int, step: int) -> int:
    """The end of the run of ink from `start`; gaps of up to two pixels are bridged."""
    place, gap, last = start, 0, start
    while 0 <= place < len(line) and gap <= 2:
        if line[place]:
            last, gap = place, 0
        else:
            gap += 1
        place += step
    return last


def _by_marks(strip: Pixels, labels: Labels, how: str, spine: Spine | None) -> Placed | None:
    profile = np.median(strip, axis=0) if how == "grid lines" else strip.mean(axis=0)
    reach = max(3, round(0.35 * labels.height))
    found = [_peak(profile, place, reach, 0.015 if how == "grid lines" else 0.12) for place in labels.places]
    seen = np.isfinite(found)
    if seen.sum() < max(2, 0.6 * len(found)):
        return None
    places, values = np.array(found)[seen], labels.values[seen]
    if len(places) < 3:
        return None
    for _ in range(3):
        slope, intercept = np.polyfit(values, places, 1)
        off = np.abs(places - intercept - slope * values)
        if off.max() < 0.75 + 0.0005 * np.ptp(places):
            return _fitted(places, values, how, spine)
        keep = off < off.max()
        if keep.sum() < max(3, 0.6 * len(found)):
            return None
        places, values = places[keep], values[keep]
    return None


def _peak(profile: Pixels, place: float, reach: int, least: float) -> float:
    """The centre of the narrow line near a place, NaN where there is none."""
    low, high = max(round(place) - 2 * reach, 0), min(round(place) + 2 * reach + 1, len(profile))
    window = profile[low:high].astype(float)
    if len(window) < 5:
        return float("nan")
    lifted = np.abs(window - np.median(window))
    near = np.abs(np.arange(low, high) - place) <= reach
    best = int(np.argmax(np.where(near, lifted, -1)))
    if lifted[best] < least:
        return float("nan")
    above = lifted > 0.25 * lifted[best]
    a = b = best
    while a > 0 and above[a - 1]:
        a -= 1
    while b < len(window) - 1 and above[b + 1]:
        b += 1
    if b - a + 1 > reach + 1:
        return float("nan")
    a, b = max(a - 1, 0), min(b + 1, len(window) - 1)
    weight = lifted[a : b + 1]
    return float(low + np.sum(np.arange(a, b + 1) * weight) / weight.sum())


def _fitted(places: Pixels, values: Pixels, how: str, spine: Spine | None) -> Placed:
    slope, intercept = np.polyfit(places, values, 1)
    error = float(np.abs(intercept + slope * places - values).max())
    return Placed(
        float(slope), float(intercept), tuple(zip(places.tolist(), values.tolist())), error, how, spine
    )
