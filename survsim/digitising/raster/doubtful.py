"""Which ways were no arms after all: rims of bands, halos of lines, grids and frames; what was left out is said."""

from __future__ import annotations

import numpy as np

from survsim.digitising.raster.arm import Arm, chroma_of, contrast_of, run_length

_SHORT_RUN = 8
"""Columns; what shows itself in shorter pieces, and between them only where other lines run, is the edge of those lines."""
_LEVEL = (3, 0.8, 0.5)
"""Pixels within which a line is level; share of its columns that are; its contrast as a share of the strongest."""


def without_grid(arms: list[Arm]) -> tuple[list[Arm], list[Arm]]:
    """The arms, and apart from them the line of a grid at the height where curves begin, if one was followed."""
    strongest = max((contrast_of(arm) for arm in arms), default=0.0)
    grid = [arm for arm in arms if _grid(arm, strongest)]
    return [arm for arm in arms if not any(arm is other for other in grid)], grid


def without_doubtful(arms: list[Arm]) -> tuple[list[Arm], list[str]]:
    """The arms that stand for themselves, and what a person should know about those left out."""
    strongest = max((contrast_of(arm) for arm in arms), default=0.0)
    clear = [arm for arm in arms if contrast_of(arm) > min(0.25, 0.5 * strongest)]
    own = [
        arm for arm in clear if not (_mixture(arm, strongest) or any(_tint(arm, other) for other in clear))
    ]
    most = max((arm.way.gain for arm in own), default=0.0)
    usual = float(np.median([arm.ink.width for arm in own])) if own else 0.0
    kept = [
        arm
        for arm in own
        if not (
            _rim(arm, strongest, usual) or _edge(arm, most) or (arm.way.gain < 0.15 * most and not arm.shared)
        )
    ]
    if len(kept) == len(own):
        return kept, []
    left = len(own) - len(kept)
    return kept, [
        f"{left} faint, broken or short line(s) were left out as rims, limits or frames; see whether the overlay lacks a curve."
    ]


def _rim(arm: Arm, strongest: float, usual: float) -> bool:
    """Whether a pale line is seen in pieces only, or is thinner than the others and hidden in part: the rim of a band."""
    pale = contrast_of(arm) / strongest
    open_share = float(arm.way.own.sum()) / max(int((~arm.way.hidden).sum()), 1)
    thin = arm.ink.width < 0.6 * usual and arm.way.hidden.mean() > 0.1
    return (pale < 0.6 and open_share < 0.9) or (pale < 0.45 and thin)


def _grid(arm: Arm, strongest: float) -> bool:
    """Whether a pale line is level nearly all along: the line of a grid at the height where curves begin, with what it meets at its end."""
    rows = arm.way.rows
    level = float((np.abs(rows - rows[0]) <= _LEVEL[0]).mean())
    return level > _LEVEL[1] and contrast_of(arm) < _LEVEL[2] * strongest


def _edge(arm: Arm, most: float) -> bool:
    """Whether a line is seen in short pieces with nothing but other lines between them: a halo or an edge of those."""
    open_share = float(arm.way.own.sum()) / max(int((~arm.way.hidden).sum()), 1)
    pieces = run_length(arm.way) < _SHORT_RUN and arm.way.hidden.mean() > 0.1 and open_share > 0.9
    return bool(pieces and arm.way.gain < 0.6 * most)


def _mixture(arm: Arm, strongest: float) -> bool:
    """Whether a pale colour is hardly seen but beside others: the place where two bands overlap."""
    pale = contrast_of(arm) / strongest
    hidden = float(arm.way.hidden.mean())
    return (hidden > 0.6 and pale < 0.65) or (hidden > 0.35 and pale < 0.4)


def _tint(arm: Arm, other: Arm) -> bool:
    """Whether a colour is a paler (or, on a dark slide, a duller) shade of another arm's: the rim of its band, or its halo."""
    a, b = arm.ink.ground - arm.ink.colour, other.ink.ground - other.ink.colour
    alike = float(a @ b) / (float(np.linalg.norm(a) * np.linalg.norm(b)) + 1e-9) > 0.97
    coloured = min(chroma_of(a), chroma_of(b)) > 0.3
    weaker = arm.way.gain < other.way.gain or contrast_of(arm) < 0.75 * contrast_of(other)
    return (
        arm is not other
        and alike
        and coloured
        and weaker
        and arm.ink is not other.ink
        and contrast_of(arm) < 0.8 * contrast_of(other)
    )
