"""Axes whose labels were not read, but whose ticks draw together as those of a logarithmic axis do: said before help is asked for."""

from __future__ import annotations

import numpy as np

from survsim.digitising.raster.asked import refuse_unequal
from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.ticks import Spine

_LONG = 0.4


def refuse_logarithms(ink: Pixels) -> None:
    """Raises `Refused` where the longest line across, or upright, has the ticks of a logarithmic axis."""
    for view, name in ((ink, "horizontal"), (np.ascontiguousarray(ink.T[::-1]), "vertical")):
        spine = _lowest_line(view)
        if spine is not None:
            refuse_unequal(view, spine, name)


def _lowest_line(view: Pixels) -> Spine | None:
    """The lowest line that runs across a good part of the picture."""
    dark = view > 0.3
    edges = np.diff(np.pad(dark.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    for row in range(view.shape[0] - 1, view.shape[0] // 4, -1):
        begin, stop = np.flatnonzero(edges[row] == 1), np.flatnonzero(edges[row] == -1)
        if begin.size and (stop - begin).max() > _LONG * view.shape[1]:
            k = int((stop - begin).argmax())
            top = row
            while top > 0 and dark[top - 1, begin[k] : stop[k]].mean() > 0.85:
                top -= 1
            return Spine(top, row, int(begin[k]), int(stop[k]) - 1)
    return None
