"""Tells a curve drawn without steps from a step function.

Over a dozen columns a smooth curve is a straight slope to a small part of a pixel; a step function stands level and then jumps.
Steps too small to be seen (thousands of patients) look smooth at first, but not where few patients are left.
"""

from __future__ import annotations

import numpy as np

from survsim.digitising.raster.follow import Way
from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.levels import centres

_SPAN = 12
_LEAST_WINDOWS = 12


def is_smooth(share: Pixels, way: Way, width: float) -> bool:
    """Whether nearly all stretches that fall are straight slopes, also in the last third of the curve."""
    centre = centres(share, way, width)
    place, straight = [], []
    line = np.arange(_SPAN) - (_SPAN - 1) / 2
    for i in range(0, len(centre) - _SPAN, _SPAN // 2):
        part = centre[i : i + _SPAN]
        if np.isfinite(part).sum() < _SPAN:
            continue
        slope = float((part * line).sum() / (line * line).sum())
        if not 0.06 < slope < 2.0:
            continue
        rest = part - part.mean() - slope * line
        place.append(i)
        straight.append(float(np.sqrt(np.mean(rest**2))) < 0.12 + 0.03 * slope * _SPAN)
    if len(straight) < _LEAST_WINDOWS:
        return False
    late = np.array(straight)[np.array(place) > 0.6 * len(centre)]
    return bool(np.mean(straight) > 0.85 and (not len(late) or late.mean() > 0.8))
