"""Predicted survival of several groups in small panels, each with its predictive band."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import between, number_columns, require_columns
from survsim.core.errors import InputError
from survsim.core.names import readable
from survsim.core.units import check_unit
from survsim.figures import placing, style
from survsim.figures.panels import fitting
from survsim.figures.time_axis import label_time, set_time_ticks

if TYPE_CHECKING:
    import pandas as pd

PANEL = 2.0
"""Inches a panel takes at the least."""


@style.styled
def prediction_curves(
    frame: pd.DataFrame,
    *,
    unit: str,
    until: float,
    columns: int = 3,
    labels: Mapping[Any, str] | None = None,
    origin: str = "",
) -> Any:
    """Draw one panel a group.

    Parameters
    ----------
    frame : columns group, time, survival, conf_low, conf_high.
    unit, until : of the time axis.
    labels : group -> title of its panel; origin : what time counts from.

    Returns
    -------
    (k,) list of axes; curves carry ``gid`` "curve:<group>", bands "band:<group>".

    Raises
    ------
    InputError : an unknown unit, a column that is missing, `until` or `columns` that are not positive.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim.figures import prediction_curves
    >>> frame = pd.DataFrame({"group": "all", "time": [0.0, 6.0], "survival": [1.0, 0.5], "conf_low": [1.0, 0.4],
    ...     "conf_high": [1.0, 0.6]})
    >>> len(prediction_curves(frame, unit="months", until=12))
    1
    """
    require_columns(frame, ["group"], "frame")
    number_columns(frame, ["time", "survival", "conf_low", "conf_high"])
    check_unit(unit)
    between("until", until, 0.0, np.inf)
    whole = between("columns", columns, 1, 20, open_ends=False)
    if whole != np.floor(whole):
        raise InputError(f"columns must be a whole number; got {columns!r}.")
    groups = list(dict.fromkeys(frame["group"]))
    columns = min(int(columns), len(groups), fitting(PANEL, 7.2))
    rows = -(-len(groups) // columns)
    first = style.new_axes(7.2, 2.5 * rows)
    figure = first.figure
    first.remove()
    panels = []
    for i, group in enumerate(groups):
        ax = figure.add_subplot(rows, columns, i + 1)
        part = frame[(frame["group"] == group) & (frame["time"] <= until)]
        colour = style.colour(i)
        ax.fill_between(
            part["time"],
            part["conf_low"],
            part["conf_high"],
            color=colour,
            alpha=0.15,
            linewidth=0,
            gid=f"band:{group}",
        )
        ax.plot(part["time"], part["survival"], color=colour, gid=f"curve:{group}")
        ax.set_ylim(0, 1.02)
        ax.set_xlim(0, until)
        set_time_ticks(ax, until, unit)
        placing.title(ax, str((labels or {}).get(group, readable(group))))
        if i % columns == 0:
            ax.set_ylabel("Survival (proportion)")
        if i >= len(groups) - columns:
            label_time(ax, unit, origin)
        panels.append(ax)
    return panels
