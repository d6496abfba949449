"""Whether what was followed is a line with steps: dots of a scatter plot, bars and sloping lines are told from curves.

A way through the pixels is found in any drawing; these signs say that it is no curve. They were set where figures of many
styles (dashes, marks, bands, scans) stay far away: gaps of at most two widths, lines under one hundredth of the height.
"""

from __future__ import annotations

import numpy as np

from survsim.digitising.found import Refused
from survsim.digitising.raster.arm import Arm
from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.levels import Steps
from survsim.digitising.raster.refusals import COLOURS_HELP

GAP = 6.0
"""Widths of the line: the longest gap of a dash is four."""
MISSING = 0.03
_THICK, _BROKEN = 0.014, 0.05
"""A line thicker than this share of the panel's height and broken is a row of dots."""
_BARS = 4
"""Strokes from a curve down to its axis: one or two lead to a median, more are the sides of bars."""
_RAMP = (30, 0.25, 0.2, 6.0, 2.5)
"""Corners; how unlike a plateau is its neighbour, in length and in height; usual length and height in pixels of the sheet. Steps
of one death each are alike too, but taller than the one or two pixels by which a slope goes down."""
_SEEN = 0.2
"""Share of its own ink of the only curve: less, and something else was taken for one."""
_HELP = f"a figure with the Kaplan-Meier or Aalen-Johansen steps, or {COLOURS_HELP}"


def refuse_no_curve(arms: list[Arm], steps: list[Steps], foot: float) -> None:
    """Raises `Refused` where what was followed is no step function.

    Parameters
    ----------
    steps : of each arm.
    foot : row of the axis on which bars stand.
    """
    for arm, corners in zip(arms, steps, strict=True):
        width, tall = arm.ink.width, arm.ink.solid.shape[0]
        missing, broken = _gaps(arm)
        hidden = len(arms) == 1 and float(arm.way.own[arm.framed :].sum()) < _SEEN * (
            len(arm.way.own) - arm.framed
        )
        if missing > MISSING or hidden or (width > _THICK * tall and broken > _BROKEN):
            raise Refused(
                "What was followed has gaps that no dashes have: dots of a scatter plot, boxes, bars, or a line that goes up and "
                "down; a curve of survival falls without a break.",
                help=_HELP,
            )
        if _to_the_foot(arm, corners, foot) >= _BARS:
            raise Refused(
                "The steps stand on the axis as bars do: a bar chart or a histogram, no curve.", help=_HELP
            )
        if _ramps(corners):
            raise Refused(
                "The line slopes evenly from point to point: it is drawn through points or smoothed, and holds no times of events.",
                help=_HELP,
            )


def _gaps(arm: Arm) -> tuple[float, float]:
    """Share of the way beside the frame that lies in long gaps, and in any; what lies hidden under others is none."""
    open_ = (~arm.way.own & ~arm.way.hidden)[arm.framed :]
    edge = np.diff(np.pad(open_.astype(np.int8), 1))
    runs = np.flatnonzero(edge == -1) - np.flatnonzero(edge == 1)
    long = runs[runs > max(GAP * arm.ink.width, 6.0)].sum()
    return (float(long) / len(open_), float(open_.mean())) if len(open_) else (0.0, 0.0)


def _to_the_foot(arm: Arm, steps: Steps, foot: float) -> int:
    """Columns with a stroke from well below the curve to the axis, where the curve is high above it."""
    solid, way, width = arm.ink.solid, arm.way, arm.ink.width
    deepest = int(min(foot, solid.shape[0] - 1) - 2 * width)
    count, last = 0, -10.0 * width
    for i in range(len(way.rows)):
        top = int(max(way.rows[max(i - int(width) - 1, 0) : i + int(width) + 2]) + 2 * width)
        column = way.start + i
        if deepest - top < 6 * width or column - last < 2 * width:
            continue
        if float(_inked(solid, top, deepest, column)) > 0.97:
            count, last = count + 1, float(column)
    return count


def _inked(solid: Pixels, top: int, bottom: int, column: int) -> float:
    return float((solid[top:bottom, max(column - 1, 0) : column + 2].max(axis=1) > 0.4).mean())


def _ramps(steps: Steps) -> bool:
    """Whether plateau follows plateau with hardly a difference in length and height, as pixels of a slope do."""
    least, lengths, heights, short, low = _RAMP
    length, height = np.diff(steps.x), np.abs(np.diff(steps.y))
    if length.size < least or float(np.median(length)) > short or float(np.median(height)) > low:
        return False
    return _unlike(length) < lengths and _unlike(height) < heights


def _unlike(values: Pixels) -> float:
    return float(np.median(np.abs(values[1:] - values[:-1]) / (values[1:] + values[:-1] + 1e-9)))
