"""Axes of which a person gave two points: calibrated by them, while the panel is what the picture shows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from survsim.digitising.found import AxisPoint, Refused
from survsim.digitising.raster.boxes import Inside, within_lines
from survsim.digitising.raster.kinds import Flags, Pixels
from survsim.digitising.raster.numbers import Number
from survsim.digitising.raster.panels import Pair
from survsim.digitising.raster.refusals import AXES_HELP
from survsim.digitising.raster.sequences import logarithmic
from survsim.digitising.raster.sheet import Sheet
from survsim.digitising.raster.ticks import Placed, Spine, run

_SHRINK = 1.4
"""Of five ticks of a decade the first gap is at least this much wider than the last one; on a linear axis all are equal."""


def given(sheet: Sheet, points: Sequence[AxisPoint]) -> Placed:
    """The axis through points that a person gave."""
    place = sheet.place(np.array([each.place for each in points]))
    value = np.array([each.value for each in points])
    slope, intercept = np.polyfit(place, value, 1)
    error = float(np.abs(intercept + slope * place - value).max())
    ticks = tuple(zip(place.tolist(), value.tolist()))
    return Placed(float(slope), float(intercept), ticks, error, "points given", None)


def span(axis: Placed) -> tuple[float, float]:
    """First and last place of the ticks of an axis."""
    places = [place for place, _ in axis.ticks]
    return min(places), max(places)


def nearest_pair(pairs: Sequence[Pair], x: Placed | None, y: Placed | None) -> list[Pair]:
    """The panel in which most of the points lie, as a list; empty where none holds any."""

    def common(pair: Pair) -> float:
        left, top, right, bottom = pair.frame
        parts = [(x, left, right), (y, top, bottom)]
        shares = []
        for axis, low, high in parts:
            if axis is not None:
                a, b = span(axis)
                shares.append(max(0.0, min(b, high) - max(a, low)) / (b - a))
        return min(shares, default=0.0)

    best = max(pairs, key=common, default=None)
    return [best] if best is not None and common(best) > 0 else []


def spine_below(ink: Pixels, x: Placed, y: Placed) -> Spine | None:
    """The line of the horizontal axis at or below the points given; turn picture and axes for the vertical one."""
    low, high = (int(np.clip(place, 0, ink.shape[1] - 1)) for place in span(x))
    top = max(int(span(y)[1]) - 4, 0)
    dark: Flags = ink[top:] > 0.3
    if not dark.size or high - low < 4:
        return None
    lines = dark[:, low : high + 1].mean(axis=1) > 0.85
    if not lines.any():
        return None
    # A grid line that is dark enough to be seen is lighter than the axis all the same.
    strength = np.where(lines, ink[top:, low : high + 1].mean(axis=1), 0.0)
    first = int(np.flatnonzero(strength > 0.8 * strength.max())[0])
    last = first
    while last + 1 < len(lines) and lines[last + 1]:
        last += 1
    line = np.asarray(dark[first : last + 1].any(axis=0), dtype=bool)
    return Spine(top + first, top + last, run(line, low, -1), run(line, high, 1))


def turned(ink: Pixels, y: Placed, x: Placed) -> tuple[Pixels, Placed, Placed]:
    """The picture in which the vertical axis lies below: columns are rows of the picture, rows count from its right."""
    wide = ink.shape[1]
    across = tuple((wide - 1 - place, value) for place, value in x.ticks)
    return np.ascontiguousarray(ink.T[::-1]), y, Placed(0.0, 0.0, across, 0.0, "turned", None)


def asked_inside(ink: Pixels, x: Placed, y: Placed, below: Spine | None, beside: Spine | None) -> Inside:
    """The panel around the points, as far as the lines of its axes run; what the points span where there are none.

    Raises
    ------
    Refused : no part of the picture lies between the points.
    """
    left, right = span(x)
    top, bottom = span(y)
    if below is not None:
        left, right, bottom = min(left, below.left), max(right, below.right), below.top - 1
    if beside is not None:
        left = ink.shape[1] - beside.top
        top = min(top, beside.left)
        bottom = max(bottom, beside.right - 1) if below is None else bottom
    tall, wide = ink.shape
    box = Inside(max(int(left), 0), max(int(top), 0), min(int(right) + 1, wide), min(int(bottom) + 1, tall))
    if box.x1 - box.x0 < 20 or box.y1 - box.y0 < 20:
        raise Refused("hardly any of the picture lies between the points given for its axes.", AXES_HELP)
    return within_lines(ink, box)


def refuse_unequal(view: Pixels, spine: Spine | None, name: str) -> list[str]:
    """What must be said of the ticks of an axis that is taken as linear.

    Raises
    ------
    Refused : they draw together as those of a logarithmic axis do.
    """
    if spine is None:
        return []
    places = tick_places(view, spine)
    gaps = np.diff(places)
    for five in (gaps[k : k + 4] for k in range(len(gaps) - 3)):
        for four in (five, five[::-1]):
            if all(b < 0.97 * a for a, b in pairwise(four)) and four[0] > _SHRINK * four[-1]:
                raise logarithmic_axis(name)
    if len(gaps) >= 3:
        whole = gaps / gaps.min()
        if np.abs(whole - np.round(whole)).max() > 0.25 and gaps.max() - gaps.min() > 4:
            return [
                f"The ticks of the {name} axis stand at unequal distances, but it was read as linear between the points given: "
                "if it is logarithmic or broken, the curves are wrong."
            ]
    return []


def logarithmic_axis(name: str) -> Refused:
    """The refusal of a logarithmic axis."""
    return Refused(
        f"The {name} axis is logarithmic; curves are read from linear axes only.",
        help="a figure with linear axes",
    )


def tick_places(view: Pixels, spine: Spine) -> Pixels:
    """Centres of the marks that hang from the line of an axis, or stand on it, whichever are more."""
    found = []
    for row in (spine.bottom + 2, spine.top - 2):
        if not 0 <= row < view.shape[0]:
            continue
        line = view[row, spine.left : spine.right + 1] > 0.3
        edge = np.diff(np.pad(line.astype(np.int8), 1))
        begin, stop = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
        thin = stop - begin <= 3 * (spine.bottom - spine.top + 1) + 2
        found.append(spine.left + (begin[thin] + stop[thin] - 1) / 2)
        if len(found[-1]) >= 3:
            break
    return max(found, key=len, default=np.zeros(0))


def refuse_labels(numbers: Sequence[Number], axis: Placed, across: bool, edge: float, name: str) -> list[str]:
    """What must be said of numbers beside an axis that stand elsewhere than the points given put them.

    Parameters
    ----------
    edge : the row below which (the column left of which) the numbers of the axis stand.

    Raises
    ------
    Refused : they grow by a factor over equal distances.
    """
    if across:
        near = [n for n in numbers if 0 < n.y - edge < 3.5 * n.word.height]
    else:
        near = [n for n in numbers if -0.5 * n.word.height < edge - n.word.x1 < 3 * n.word.height]
    if logarithmic(near, across):
        raise logarithmic_axis(name)
    off = []
    for n in (n for n in near if n.sure > 0.6):
        place = n.x if across else n.y
        if abs((n.value - axis.intercept) / axis.slope - place) > max(1.5 * n.word.height, 6):
            off.append(n)
    if len(off) >= 2 and len(off) > 0.5 * len(near):
        seen = ", ".join(n.text for n in sorted(off, key=lambda n: n.x if across else -n.y)[:4])
        return [
            f"The numbers beside the {name} axis ({seen}) stand elsewhere than the points given put them: "
            "check the points, and that the axis is linear."
        ]
    return []
