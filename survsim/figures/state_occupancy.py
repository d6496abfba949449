"""Simulated survival by strategy, and the share of patients in each state over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import InputError
from survsim.core.names import readable
from survsim.figures import placing, style
from survsim.figures.curves import draw_band, draw_line
from survsim.figures.survival_curves import mark_above
from survsim.figures.time_axis import label_time, last_shown, set_time_ticks

if TYPE_CHECKING:
    from survsim.simulation.outcomes.curves import SimulatedSurvival, StateOccupancy
    from survsim.simulation.outcomes.result import SimulationResult


def chosen(strategies: Sequence[str], wanted: Sequence[str] | None) -> list[int]:
    """Positions of the strategies to draw, in the order asked for."""
    if wanted is None:
        return list(range(len(strategies)))
    unknown = [s for s in wanted if s not in strategies]
    if unknown:
        raise InputError(f"no strategy is called {', '.join(unknown)}; there are: {', '.join(strategies)}.")
    return [list(strategies).index(s) for s in wanted]


@style.styled
def draw_simulated_survival(
    curves: SimulatedSurvival,
    ax: Any = None,
    *,
    strategies: Sequence[str] | None = None,
    band: bool | None = None,
    marker: tuple[float, str] | None = None,
    until: float | None = None,
    origin: str = "",
    title: str = "",
) -> Any:
    """Draw overall survival by strategy; the band is the interval over parameter draws.

    Parameters
    ----------
    strategies : names of those drawn, default all.
    band : whether the interval is shaded, default for up to three strategies (more would hide each other).
    marker : (time, text) of a vertical mark, such as one patient's survival, on the axis that is shown.
    until : last time shown, default the end of following.
    origin : what time counts from, for the axis.

    Returns
    -------
    Axes; lines carry ``gid`` "curve:<strategy>", bands "band:<strategy>".
    """
    ax = style.new_axes(6.4, 4.2) if ax is None else ax
    end = last_shown(until, float(curves.time[-1]))
    shown = chosen(curves.strategies, strategies)
    band = len(shown) <= 3 if band is None else band
    for place, i in enumerate(shown):
        name, colour = curves.strategies[i], style.colour(place)
        curve = curves.steps(name)
        draw_line(
            ax, curve, color=colour, linestyle=style.dash(place), label=curves.labels[i], gid=f"curve:{name}"
        )  # fmt: skip
        if band:
            draw_band(ax, curve, color=colour, alpha=0.10, gid=f"band:{name}")
    if marker is not None:
        ax.axvline(marker[0], color=style.MARK, linewidth=0.9, gid="marker")
    ax.set_ylim(0.0, 1.02)
    ax.set_ylabel("Overall survival (proportion)")
    _time_axis(ax, end, curves.time_unit, origin)
    if marker is not None:
        mark_above(ax, *marker)
    placing.legend(ax)
    placing.title(ax, title)
    return ax


@style.styled
def draw_simulation(
    result: SimulationResult,
    ax: Any = None,
    *,
    strategies: Sequence[str] | None = None,
    band: bool | None = None,
    marker: tuple[float, str] | None = None,
    until: float | None = None,
    origin: str = "",
    title: str = "",
) -> Any:
    """Draw overall survival by strategy, as ``result.survival().plot()`` does.

    Its other pictures are ``.state_occupancy().plot()``, ``.compare(reference).plot()`` and ``.decision(tau).plot()``.

    Parameters
    ----------
    strategies : names of those drawn, default all.
    band : whether the interval is shaded, default for up to three strategies.
    marker : (time, text) of a vertical mark, such as one patient's survival, on the axis that is shown.

    Returns
    -------
    Axes; lines carry ``gid`` "curve:<strategy>", bands "band:<strategy>".
    """
    return draw_simulated_survival(
        result.survival(), ax, strategies=strategies, band=band, marker=marker, until=until, origin=origin, title=title
    )  # fmt: skip


@style.styled
def draw_state_occupancy(
    occupancy: StateOccupancy, ax: Any = None, *, strategy: str | None = None, title: str | None = None
) -> Any:
    """Draw the share of patients in each state as areas that fill the axes, for one strategy.

    Parameters
    ----------
    strategy : its name, default the first.

    Returns
    -------
    Axes; areas carry ``gid`` "state:<state>".
    """
    ax = style.new_axes(6.4, 3.8) if ax is None else ax
    s = chosen(occupancy.strategies, None if strategy is None else [strategy])[0]
    base = np.zeros(occupancy.time.size)
    for k, state in enumerate(occupancy.states):
        top = base + occupancy.estimate[s, k]
        ax.fill_between(
            occupancy.time,
            base,
            top,
            color=style.colour(k),
            alpha=0.75,
            linewidth=0.6,
            edgecolor="white",
            label=readable(state),
            gid=f"state:{state}",
        )
        base = top
    ax.set_ylim(0.0, 1.0)
    ax.set_ylabel("Share of patients")
    _time_axis(ax, float(occupancy.time[-1]), occupancy.time_unit)
    placing.legend(ax)
    placing.title(ax, occupancy.labels[s] if title is None else title)
    return ax


def _time_axis(ax: Any, end: float, unit: str, origin: str = "") -> None:
    ax.set_xlim(0.0, end)
    set_time_ticks(ax, end, unit)
    label_time(ax, unit, origin)
