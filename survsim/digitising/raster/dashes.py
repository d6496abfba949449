"""The dash of a line that was followed, by the runs of its own ink."""

from __future__ import annotations

import numpy as np

from survsim.digitising.raster.arm import Arm


def dash_of(arm: Arm) -> str:
    """Whether the line is solid, dashed or dotted, by the runs of its own ink."""
    seen = arm.way.own[~arm.way.hidden]
    if not len(seen) or seen.mean() > 0.9:
        return "solid"
    edge = np.diff(np.pad(seen.astype(np.int8), 1))
    runs = np.flatnonzero(edge == -1) - np.flatnonzero(edge == 1)
    if np.median(runs) < 2.2 * arm.ink.width:
        return "dotted"
    return (
        "dashdot" if np.quantile(runs, 0.25) < 2 * arm.ink.width < np.quantile(runs, 0.75) / 1.5 else "dashed"
    )
