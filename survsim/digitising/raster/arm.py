"""An arm as it is followed, and what tells it from rims and remains: contrast, colour, the length of its dashes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.digitising.raster.follow import Way
from survsim.digitising.raster.inks import Ink
from survsim.digitising.raster.kinds import Pixels


@dataclass(frozen=True, slots=True)
class Arm:
    """A curve that was followed: its ink (with what belongs to others taken out) and its way.

    `shared` where an earlier arm has the same ink, `limits` are those of its interval where they have it too; in the first
    `framed` columns it lies on the frame.
    """

    ink: Ink
    way: Way
    shared: bool = False
    limits: tuple[Arm, ...] = ()
    framed: int = 0


def contrast_of(arm: Arm) -> float:
    """How far the colour of an arm stands from the ground, 0 to 1; grid lines and the rims of bands are pale."""
    return float(np.abs(arm.ink.ground - arm.ink.colour).max() / 255)


def chroma_of(away: Pixels) -> float:
    """How coloured a colour is, by its distance from the ground: 0 grey, 1 full."""
    return float(np.ptp(away)) / (float(np.abs(away).max()) + 1e-9)


def run_length(way: Way) -> float:
    """Usual length of a run of own ink: that of a dash."""
    edge = np.diff(np.pad(way.own.astype(np.int8), 1))
    runs = np.flatnonzero(edge == -1) - np.flatnonzero(edge == 1)
    return float(np.median(runs)) if len(runs) else 0.0
