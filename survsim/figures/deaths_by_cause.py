"""Who dies of what: one bar for each strategy, divided by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import InputError
from survsim.figures import placing, style

if TYPE_CHECKING:
    from survsim.simulation.outcomes.deaths import DeathsByCause


@style.styled
def draw_deaths_by_cause(
    deaths: DeathsByCause,
    ax: Any = None,
    *,
    time: float | None = None,
    labels: dict[str, str] | None = None,
    title: str = "",
) -> Any:
    """Draw the share of patients dead of each cause by `time`, strategies from top to bottom.

    Parameters
    ----------
    time : one of the times of the result, default the last.
    labels : cause -> words for the legend.
    title : above the axes.

    Returns
    -------
    Axes; bars carry ``gid`` "deaths:<strategy>:<cause>".
    """
    at = deaths.time.size - 1 if time is None else int(np.argmin(np.abs(deaths.time - time)))
    if time is not None and not np.isclose(deaths.time[at], time):
        known = ", ".join(f"{t:g}" for t in deaths.time[:12])
        raise InputError(f"the result has no deaths at {time:g}; its times begin {known}.")
    ax = (
        style.new_axes(6.4, 0.8 + 0.42 * len(deaths.strategies), rows=len(deaths.strategies), row=0.36)
        if ax is None
        else ax
    )
    rows = np.arange(len(deaths.strategies))
    left = np.zeros(rows.size)
    for c, cause in enumerate(deaths.causes):
        width = deaths.estimate[:, c, at]
        words = (labels or {}).get(cause, cause.replace("_", " "))
        bars = ax.barh(
            rows, width, left=left, height=0.62, color=style.colour(c), label=words, edgecolor="white"
        )
        for strategy, bar in zip(deaths.strategies, bars):
            bar.set_gid(f"deaths:{strategy}:{cause}")
        left = left + width
    ax.set_yticks(rows, deaths.labels)
    ax.set_ylim(rows.size - 0.5, -0.5)
    ax.set_xlim(0.0, 1.0)
    ax.set_xlabel(f"Share of all patients dead by {deaths.time[at]:g} {deaths.unit}")
    placing.legend(ax)
    placing.title(ax, title)
    return ax
