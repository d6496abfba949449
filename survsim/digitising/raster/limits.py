"""Confidence limits in the colour of their curve: three ways of one ink, of which the outer two are no arms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.raster.arm import Arm, run_length
from survsim.digitising.raster.dashes import dash_of
from survsim.digitising.raster.follow import Way

_TOGETHER = 0.4
"""Least correlation of the steps of a limit with those of its curve; of arms that step each for itself it is near 0."""
_UNBROKEN = 0.9
_EXCHANGED = 0.35
"""Share of the columns in which unbroken ways that step together may have been exchanged, as happens while they still lie close or
where another colour crosses them."""


def between_limits(found: list[Arm]) -> Arm | None:
    """The middle one of three ways of one ink, with the others as its limits, where that is what they are."""
    if len(found) != 3:
        return None
    length = min(len(each.way.rows) for each in found)
    upper, middle, lower = sorted(found, key=lambda each: float(each.way.rows[:length].mean()))
    if not _nested(upper.way, middle.way, lower.way, length):
        return None
    whole = max(found, key=lambda each: float(each.ink.solid.sum())).ink
    way = _between([upper.way, middle.way, lower.way], length)
    return replace(middle, ink=whole, way=way, shared=False, limits=(upper, lower))


def _between(ways: list[Way], length: int) -> Way:
    """The middle of three ways in each column, wherever two of them were exchanged; behind the shortest the middle one of all."""
    order = np.argsort([way.rows[:length] for way in ways], axis=0, kind="stable")[1]
    columns = np.arange(length)
    rows, own, hidden = (
        np.concatenate([np.array([part[:length] for part in parts])[order, columns], parts[1][length:]])
        for parts in zip(*((way.rows, way.own, way.hidden) for way in ways), strict=True)
    )
    return replace(ways[1], rows=np.maximum.accumulate(rows), own=own, hidden=hidden)


def limits_said(arms: list[Arm]) -> list[str]:
    """What must be said where lines of the colour and dash of a curve were taken as its limits."""
    alike = sum(2 for arm in arms if arm.limits and all(dash_of(each) == "solid" for each in arm.limits))
    return [
        f"{alike} lines that hold a third one of their own colour and dash between them were taken as its confidence limits; look at "
        "the overlay."
    ] if alike else []  # fmt: skip


def _nested(upper: Way, middle: Way, lower: Way, length: int) -> bool:
    """Whether three ways never change their order, the outer ones alike and on both sides of a curve."""
    rows = np.array([way.rows[:length] for way in (upper, middle, lower)])
    ordered = np.sort(rows, axis=0)
    apart = np.abs(rows - ordered).max(axis=0) > 2
    share = (ordered[1] - ordered[0]) / np.maximum(ordered[2] - ordered[0], 1)
    wide = ordered[2] - ordered[0] > 12
    if apart.mean() >= _EXCHANGED or wide.mean() <= 0.3:
        return False
    even = 0.32 < np.median(share[wide]) < 0.68 and np.std(share[wide]) < 0.13
    shown = [_open_share(way) for way in (upper, middle, lower)]
    if min(shown[0], shown[2]) > _UNBROKEN:
        # Runs of unbroken lines end where another colour crosses them and say nothing of a dash: their steps do.
        return bool(even and _together(ordered[0], ordered[1]) and _together(ordered[2], ordered[1]))
    runs = sorted((run_length(upper), run_length(lower)))
    alike = abs(shown[0] - shown[2]) < 0.1 and runs[1] < 1.35 * runs[0] + 1
    # A solid line between two of one dash is an estimate between its limits, wherever these stand.
    return bool(
        apart.mean() < 0.03 and alike and (even or (shown[1] > _UNBROKEN and max(shown[0], shown[2]) < 0.85))
    )


def _together(limit: FloatArray, curve: FloatArray) -> bool:
    """Whether two ways step in the same columns, whatever both do more often early than late."""
    falls = np.array([_falls(limit), _falls(curve)])
    if (falls.std(axis=1) == 0).any():
        return False
    return bool(np.corrcoef(falls)[0, 1] > _TOGETHER)


def _falls(rows: FloatArray) -> FloatArray:
    """Fall around each column, less what is usual in its neighbourhood."""
    falls = np.diff(rows.astype(float))
    near = max(5, len(falls) // 100)
    far = max(8 * near, len(falls) // 6)
    return np.asarray(_mean(falls, near) - _mean(falls, far))


def _mean(values: FloatArray, over: int) -> FloatArray:
    if len(values) <= over:
        return np.full(len(values), float(values.mean()) if len(values) else 0.0)
    return np.asarray(np.convolve(values, np.full(over, 1.0 / over), "same"))


def _open_share(way: Way) -> float:
    """Share of a way on which its own ink is seen, where nothing covers it."""
    return float(way.own.sum()) / max(int((~way.hidden).sum()), 1)
