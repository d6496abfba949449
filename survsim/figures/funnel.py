"""Funnel plot: effect against standard error, with the region where studies lie if they do not differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.figures import placing
from survsim.figures.style import GRID, PALETTE, SOFT, new_axes, styled


@styled
def draw_funnel(result: Any, ax: Any = None, *, xlabel: str = "Effect (log scale)") -> Any:
    """Draw the studies of `SmallStudyTests`; studies that trim-and-fill added are open.

    Parameters
    ----------
    result : SmallStudyTests.
    ax : axes to draw in; made if None.
    xlabel : text.
    """
    ax = new_axes(5.2, 4.0) if ax is None else ax
    filled = result.filled
    real = ~np.array([label.startswith("filled ") for label in filled.labels])
    y, s, centre = filled.study_estimate, filled.study_std_error, filled.estimate
    deepest = 1.08 * float(s.max())
    depth = np.array([0.0, deepest])
    ax.fill_betweenx(depth, centre - 1.96 * depth, centre + 1.96 * depth, color=GRID, lw=0, zorder=0)
    ax.axvline(centre, color=SOFT, lw=0.9, ls=(0, (4, 3)), zorder=1)
    ax.scatter(y[real], s[real], s=22, color=PALETTE[0], zorder=3, label="studies")
    if (~real).any():
        ax.scatter(
            y[~real], s[~real], s=24, facecolors="white", edgecolors=PALETTE[1], zorder=3, label="filled in"
        )
        placing.legend(ax)
    ax.set_ylim(deepest, 0.0)
    ax.set_xlabel(xlabel)
    ax.set_ylabel("Standard error")
    return ax
