"""A curve that ends, and a piece of other ink beyond a gap to which its way was drawn on: the key of a legend, the end of another arm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from survsim.digitising.raster.arm import Arm
from survsim.digitising.raster.believable import GAP, MISSING
from survsim.digitising.raster.follow import Way

_SHORT = 0.1
"""Share of the ink of a curve that such a piece has at most."""


def without_tails(arms: list[Arm]) -> tuple[list[Arm], list[str]]:
    """The arms, cut off before a gap with little behind it, and what must be said of those."""
    cut = [_cut(arm) for arm in arms]
    said = [
        f"A short piece of ink beyond a gap of {gap} pixels was not taken for the end of a curve; look at the overlay."
        for _, gap in cut
        if gap
    ]
    return [arm for arm, _ in cut], said


def _cut(arm: Arm) -> tuple[Arm, int]:
    way = arm.way
    empty = ~way.own & ~way.hidden
    edge = np.diff(np.pad(empty.astype(np.int8), 1))
    starts, stops = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    for start, stop in zip(starts, stops, strict=True):
        gap = int(stop - start)
        behind = float(way.own[stop:].sum()) / max(int(way.own.sum()), 1)
        if gap > max(GAP * arm.ink.width, MISSING * len(way.rows), 6.0) and behind < _SHORT:
            return replace(arm, way=_until(way, int(start))), gap
    return arm, 0


def _until(way: Way, stop: int) -> Way:
    return replace(way, rows=way.rows[:stop], own=way.own[:stop], hidden=way.hidden[:stop])
