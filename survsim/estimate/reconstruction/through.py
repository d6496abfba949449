"""Pseudo patients whose curve goes through printed points: the axis of time is stretched between them.

A product-limit curve knows the order of its times only. A stretched axis leaves every level, every death and every number at risk
as it is, and moves the drop that reaches a printed level to the printed time.
"""

from __future__ import annotations

import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.estimate.reconstruction.patients import product_limit

LAST_BITS = 1e-9


def through(
    time: FloatArray, event: BoolArray, at: FloatArray, level: FloatArray, median: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Where times go (`stretched`) so that the curve has at `at` (p,) the level it has nearest to `level`, and what it misses (p,).

    median : (p,) points where the curve must have its median, the middle of a stretch at 0.5 as `KaplanMeier.median` has it.
    missed : (p,) distance of the levels; infinite where a median is not reached, or two points ask for one drop.
    """
    drops, after = product_limit(time, event, None)
    begin, levels = np.append(0.0, drops), np.append(1.0, after)
    end = np.append(drops, time.max())
    missed = np.full(at.size, np.inf)
    knots: list[tuple[float, float]] = [(0.0, 0.0)]
    for j, (t, s) in enumerate(zip(at.tolist(), level.tolist())):
        if median[j]:
            reached = np.flatnonzero(levels <= 0.5 + LAST_BITS)
            if not reached.size:
                continue
            k = int(reached[0])
            pair = _at_drop(begin[k], end[k], t, flat=levels[k] >= 0.5 - LAST_BITS)
        else:
            k = int(np.abs(levels - s).argmin())
            pair = _at_level(begin[k], end[k], t)
        if all(a > b for a, b in zip(pair[0], knots[-1])):
            knots += pair
            missed[j] = 0.0 if median[j] else abs(float(levels[k]) - s)
    return np.array(knots), missed


def stretched(time: FloatArray, knots: FloatArray) -> FloatArray:
    """Times moved from knots (q, 2) to knots, evenly between them and in proportion beyond the last."""
    source, target = knots.T
    moved = np.interp(time, source, target)
    return np.where(time > source[-1], time * (target[-1] / source[-1] if source[-1] > 0.0 else 1.0), moved)


def _at_drop(begin: float, end: float, t: float, *, flat: bool) -> list[tuple[float, float]]:
    """From where to where, for a median: its drop, or both ends of the stretch at 0.5 whose middle it is."""
    if not flat or end <= begin:
        return [(begin, t)]
    share = (end - begin) / (end + begin)
    return [(begin, t * (1.0 - share)), (end, t * (1.0 + share))]


def _at_level(begin: float, end: float, t: float) -> list[tuple[float, float]]:
    """The same for a level: its own time where the curve has it there, else the next at which the curve has it."""
    if begin <= t < end:
        return [(t, t)]
    return [(begin if t < begin else 0.5 * (begin + end), t)]
