"""Hazard ratios of a Cox regression as a forest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.names import refuse_unmeant
from survsim.figures import placing, style
from survsim.figures.forest_rows import ForestRow, draw_rows, forest_axes

if TYPE_CHECKING:
    from survsim.estimate.cox.result import CoxFit


@style.styled
def draw_cox_fit(
    fit: CoxFit,
    ax: Any = None,
    *,
    names: Mapping[str, str] | None = None,
    limits: tuple[float, float] | None = None,
    sides: tuple[str, str] | None = ("lower hazard", "higher hazard"),
    title: str = "",
) -> Any:
    """Draw each term's hazard ratio with its interval on a logarithmic axis.

    Parameters
    ----------
    fit : the regression.
    ax : axes to draw on; made if None.
    names : labels to show for terms.
    limits, sides, title : of the axes; limits are the lower first, above 0 on an axis of ratios.
    """
    refuse_unmeant("names", names or {}, fit.terms, "the terms", some=True)
    low, high = fit.limits()
    columns = zip(fit.terms, fit.hazard_ratio, np.exp(low), np.exp(high))
    rows = [
        ForestRow(label=(names or {}).get(t, t), estimate=float(e), conf_low=float(a), conf_high=float(b))
        for t, e, a, b in columns
    ]
    ax = forest_axes(rows, ax)
    draw_rows(ax, rows, measure="Hazard ratio", null=1.0, ratio=True, limits=limits, sides=sides)
    placing.title(ax, title)
    return ax
