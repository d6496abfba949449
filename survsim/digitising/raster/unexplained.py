"""Ink of the arms' colours that lies on none of them: a sign of an arm that was lost, or of a figure of another kind."""

from __future__ import annotations

import numpy as np

from survsim.digitising.raster.arm import Arm
from survsim.digitising.raster.erase import erased
from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.words import find_words

_PARTS = 5
_ALL, _EACH = 0.4, 0.12
"""Share of the columns that hold such ink: of all between start and end, and of each fifth of them. Legends and labels lie in
one or two fifths; an arm goes through all."""


def unexplained(arms: list[Arm]) -> list[str]:
    """One sentence where ink is left over from one end of the panel to the other, none elsewhere."""
    colours = {id(arm.ink.colour): arm for arm in arms if not arm.between}
    for key in colours:
        own = [arm for arm in arms if id(arm.ink.colour) == key]
        if any(arm.between for arm in own):
            continue
        left = own[int(np.argmin([float(arm.ink.solid.sum()) for arm in own]))].ink
        for arm in arms:
            left, _ = erased(left, arm.way)
        solid = _without_print(left.solid)
        start, stop = own[0].way.start, max(arm.way.stop for arm in arms)
        inked = (solid[:, start:stop] > 0.5).any(axis=0)
        parts = [float(part.mean()) for part in np.array_split(inked, _PARTS) if part.size]
        if inked.mean() >= _ALL and min(parts) >= _EACH:
            return [
                "Ink of the colour of a curve lies on no curve all across the panel: a curve may be missing, or it is no figure of "
                "curves; look at the overlay."
            ]
    return []


def _without_print(solid: Pixels) -> Pixels:
    """The ink without words of several signs: legends and notes inside the panel."""
    solid = solid.copy()
    for word in find_words(solid):
        if word.x1 - word.x0 > 2.5 * word.height:
            solid[word.y0 : word.y1, word.x0 : word.x1] = 0
    return solid
