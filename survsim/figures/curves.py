"""Drawing a curve exactly as its result gives it: the line, and the band where both limits exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from survsim.core.errors import InputError
from survsim.core.names import refuse_unmeant
from survsim.core.steps import Steps
from survsim.figures import placing, style
from survsim.figures.time_axis import label_time, last_shown, set_time_ticks

MANY = 8
"""More curves than this cannot be told apart."""


def draw_line(ax: Any, curve: Steps, of: str = "estimate", **look: Any) -> Any:
    """The curve, or one of its limits, as a line."""
    shape = "steps-post" if curve.joined == "steps" else "default"
    return ax.plot(curve.time, getattr(curve, of), drawstyle=shape, **look)[0]


def draw_band(ax: Any, curve: Steps, **look: Any) -> Any:
    """The area between the limits wherever both exist, each step in its whole length."""
    if curve.conf_low is None or curve.conf_high is None:
        return None
    (time, low), (_, high) = curve.corners("conf_low"), curve.corners("conf_high")
    there = np.isfinite(low) & np.isfinite(high)
    return ax.fill_between(time, low, high, where=there, **({"linewidth": 0} | look)) if there.any() else None


@style.styled
def draw_curves(
    result: Any,
    ax: Any = None,
    *,
    groups: Sequence[Any] | None = None,
    names: Mapping[Any, str] | None = None,
    band: bool | None = None,
    origin: str = "",
    until: float | None = None,
    title: str = "",
) -> Any:
    """Draw one line a group (stratum, patient), from the origin of each.

    Parameters
    ----------
    result : any result with `steps` and groups.
    ax : axes to draw on; made if None.
    groups : those drawn, default all (up to eight).
    names : label to show for each group.
    band : whether the interval is shaded; default for up to three curves, more would hide each other.
    origin : what time counts from, for the axis.
    until : last time shown, in the unit of the curves.
    title : words above.

    Returns
    -------
    Axes; lines carry ``gid`` "curve:<group>", bands "band:<group>".
    """
    have = list(result.curve_groups())
    wanted = have if groups is None else list(groups)
    if len(wanted) > MANY:
        raise InputError(
            f"{len(wanted)} curves cannot be told apart; name up to {MANY} of them in groups=[...]."
        )
    refuse_unmeant("names", names or {}, have, "the groups", some=True)
    ax = style.new_axes(6.4, 4.0) if ax is None else ax
    curves = [result.steps(group) for group in wanted]
    end = last_shown(until, max(float(c.time[-1]) for c in curves))
    shaded = len(wanted) <= 3 if band is None else band
    for k, (group, curve) in enumerate(zip(wanted, curves)):
        look = {
            "color": style.colour(k),
            "linestyle": style.dash(k),
            "label": (names or {}).get(group, str(group)),
        }
        draw_line(ax, curve, gid=f"curve:{group}", zorder=3, **look)
        if shaded:
            draw_band(ax, curve, color=style.colour(k), alpha=0.14, gid=f"band:{group}", zorder=1)
    ax.set_xlim(0.0, end)
    rises = type(result).__name__ == "NelsonAalen"
    ax.set_ylim(0.0, None if rises else 1.02)
    ax.set_ylabel("Cumulative hazard" if rises else "Survival (proportion)")
    set_time_ticks(ax, end, curves[0].unit)
    label_time(ax, curves[0].unit, origin)
    if len(wanted) > 1 or names:
        placing.legend(ax)
    placing.title(ax, title)
    return ax
