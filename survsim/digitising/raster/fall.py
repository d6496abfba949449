"""The last stroke of a curve that ends on its way down: a line to the axis with no level after it, which no way through columns sees."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from survsim.digitising.raster.arm import Arm, run_length
from survsim.digitising.raster.kinds import Flags
from survsim.digitising.raster.levels import Steps

_LEAST = 3.0
"""Widths of the line that a stroke reaches below the last level to be more than its corner or a short mark."""


@dataclass(frozen=True, slots=True)
class Fall:
    """The stroke below the end of a curve: its column, the row where its ink ends, and whether that is the row of the axis."""

    column: float
    row: float
    reached: bool


def ended(arm: Arm, steps: Steps, foot: float) -> tuple[Steps, float | None, str]:
    """The steps of a curve, the row to which it falls at its end (None if it ends on its level), and what must be said."""
    own = arm.way.start + int(np.flatnonzero(arm.way.own)[-1]) + 1 if arm.way.own.any() else arm.way.stop
    if arm.way.stop - own > 3 * arm.ink.width:
        # Where a curve crosses another one on its way to the axis, the way runs on under the other one.
        at = int(np.searchsorted(steps.x, own - arm.ink.width - 2, side="right")) - 1
        fall = last_fall(arm, float(steps.y[max(at, 0)]), own, foot)
        if fall is not None and fall.reached:
            keep = steps.x < fall.column - arm.ink.width
            keep[0] = True
            short = Steps(steps.x[keep], steps.y[keep], steps.unsure[keep], fall.column)
            return short, foot, ""
    fall = last_fall(arm, float(steps.y[-1]), arm.way.stop, foot)
    if fall is None:
        return steps, None, ""
    if fall.reached:
        return replace(steps, end=fall.column), foot, ""
    return (
        steps,
        None,
        " ends in a stroke that does not reach the axis: its last fall was left out; look at the overlay.",
    )


def last_fall(arm: Arm, level: float, stop: int, foot: float) -> Fall | None:
    """The stroke that hangs from the end of a curve, None where there is none; the curve falls to the right.

    Parameters
    ----------
    level : row of the last level.
    stop : first column after it.
    foot : row where the curve cannot fall further: that of survival 0 (of incidence 1).
    """
    ink, way, width = arm.ink.solid, arm.way, arm.ink.width
    height, wide = ink.shape
    reach = int(np.ceil(width + 2))
    gap = int(np.ceil(3 * width + (1.5 * run_length(way) if way.own.mean() < 0.9 else 0)))
    low, high = max(stop - 1 - reach, 0), min(stop + reach, wide)
    below = int(np.ceil(level + width / 2 + 1))
    if below >= height or low >= high:
        return None
    columns = ink[below : min(below + 2 * gap, height), low:high].sum(axis=0)
    column = low + int(np.argmax(columns))
    side = max(1, round(width / 2))
    stroke = ink[:, max(column - side, 0) : column + side + 1].max(axis=1) > 0.4
    end = _end(stroke, below, 1, gap)
    above = level - width / 2 - 1 - _end(stroke, int(np.floor(level - width / 2 - 1)), -1, 2)
    fallen = end - below + 1
    deepest = min(foot, height - 1)
    # A censor mark stands on both sides of the level, and the rim of a band closes above the curve as well as below.
    if above > 0.5 * fallen or fallen < min(_LEAST * width, 0.5 * (deepest - level)):
        return None
    part = ink[below : end + 1, max(column - side, 0) : column + side + 1].sum(axis=0)
    centre = float(max(column - side, 0) + np.sum(np.arange(part.size) * part) / max(float(part.sum()), 1e-9))
    # Of the drawn stroke the last pixels may lie under the line of the axis.
    return Fall(centre, float(end), bool(end >= foot - width - 2.5))


def _end(stroke: Flags, start: int, step: int, gap: int) -> int:
    """The last row of ink from `start` on; gaps of up to `gap` rows, where other lines cross, are bridged."""
    row, missed, last = start, 0, start - step
    while 0 <= row < len(stroke) and missed <= gap:
        if stroke[row]:
            last, missed = row, 0
        else:
            missed += 1
        row += step
    return last
