"""Ink that lies on no arm, of their colours or of any: a sign of an arm that was lost, or of a figure of another kind."""

from __future__ import annotations

import numpy as np

from survsim.digitising.raster.arm import Arm
from survsim.digitising.raster.arms import all_along
from survsim.digitising.raster.erase import erased, trail
from survsim.digitising.raster.inks import TINTED, thin_ink
from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.veils import area_colours
from survsim.digitising.raster.words import find_words

_PARTS = 5
_ALL, _EACH = 0.4, 0.12
"""Share of the columns that hold such ink: of all between start and end, and of each fifth of them. Legends and labels lie in
one or two fifths; an arm goes through all."""
_PALE = 0.12
"""Distance from the ground at which something is seen at all; a line of half grey keeps half of it."""
_MARKS = 0.03
"""How far marks stand out of their curve, as a share of the panel's height."""
_OFTEN = (0.2, 0.75)
"""Arms begin together, and one may end before the others do."""
_LINE = (0.5, 0.3, 1)
"""As `_ALL` and `_EACH`, for ink of any colour, in all fifths but one: a dashed line has as much, the edges of marks have less, and
where curves cross the one that was followed hides the other."""


def unexplained(arms: list[Arm]) -> list[str]:
    """One sentence where ink is left over from one end of the panel to the other, none elsewhere."""
    colours = {id(arm.ink.colour): arm for arm in arms if not arm.limits}
    for key in colours:
        own = [arm for arm in arms if id(arm.ink.colour) == key]
        if any(arm.limits for arm in own):
            continue
        left = own[int(np.argmin([float(arm.ink.solid.sum()) for arm in own]))].ink
        for arm in arms:
            left, _ = erased(left, arm.way)
        solid = _without_print(left.solid)
        start, stop = own[0].way.start, max(arm.way.stop for arm in arms)
        if _all_across(solid, start, stop):
            return [
                "Ink of the colour of a curve lies on no curve all across the panel: a curve may be missing, or it is no figure of "
                "curves; look at the overlay."
            ]
    return []


def other_ink(rgb: Pixels, arms: list[Arm], grid: list[Arm] | None = None) -> list[str]:
    """One sentence where a thin line of any colour runs on no curve from one end of the panel to the other, none elsewhere.

    Lines that are inked all along (grids, references), those of a `grid` that were followed and words do not count, nor limits that were told from a curve; beside bands
    their edges would, and bands are counted instead.
    """
    if not arms or any(arm.limits for arm in arms) or _tinted(rgb):
        return []
    _, contrast = thin_ink(rgb)
    solid = np.clip((contrast - _PALE) / _PALE, 0, 1)
    mask = solid > 0.5
    solid[all_along(mask)] = 0
    solid[:, all_along(mask.T)] = 0
    for arm in [*arms, *(grid or ())]:
        reach = int(np.ceil(arm.ink.width / 2 + _MARKS * solid.shape[0])) + 2
        solid[trail(solid.shape, arm.way, reach) > 0] = 0
    solid = _without_print(solid)
    start, stop = min(a.way.start for a in arms), max(a.way.stop for a in arms)
    first, last = (int(start + share * (stop - start)) for share in _OFTEN)
    if _all_across(solid, first, last, _LINE):
        return [
            "A line that lies on no curve runs all across the panel: a pale or dotted curve may be missing; look at the overlay and "
            "name the colour of each arm, as in arms={'A': 'black', 'B': 'grey'}."
        ]
    return []


def _tinted(rgb: Pixels) -> bool:
    return any(float(np.abs(255 - each).max()) > TINTED for each in area_colours(rgb))


def _all_across(
    solid: Pixels, start: int, stop: int, least: tuple[float, float, int] = (_ALL, _EACH, 0)
) -> bool:
    inked = (solid[:, start:stop] > 0.5).any(axis=0)
    parts = [float(part.mean()) for part in np.array_split(inked, _PARTS) if part.size]
    return bool(inked.mean() >= least[0] and sorted(parts)[least[2]] >= least[1])


def _without_print(solid: Pixels) -> Pixels:
    """The ink without words of several signs: legends and notes inside the panel."""
    solid = solid.copy()
    for word in find_words(solid):
        if word.x1 - word.x0 > 2.5 * word.height:
            solid[word.y0 : word.y1, word.x0 : word.x1] = 0
    return solid
