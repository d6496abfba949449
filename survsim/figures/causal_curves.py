"""Survival under two treatment strategies with intervals at the times that were compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.names import refuse_unmeant
from survsim.figures import placing, style
from survsim.figures.time_axis import label_time, last_shown, set_time_ticks

if TYPE_CHECKING:
    from survsim.estimate.causal.contrast import CausalContrast


@style.styled
def draw_causal_contrast(
    contrast: CausalContrast,
    ax: Any = None,
    *,
    endpoint: str = "Survival",
    origin: str = "",
    names: Mapping[Any, str] | None = None,
    until: float | None = None,
    title: str = "",
) -> Any:
    """Draw both curves; bars are the intervals of survival at the times asked for, side by side.

    Returns
    -------
    Axes; lines carry ``gid`` "curve:<group>".
    """
    refuse_unmeant("names", names or {}, contrast.groups, "the groups", some=True)
    ax = style.new_axes(6.4, 4.2) if ax is None else ax
    end = last_shown(until, float(contrast.time.max()))
    for g, label in enumerate(contrast.groups):
        curve = contrast.steps(label)
        shown = curve.time <= end
        inside, steps = np.append(curve.time[shown], end), np.append(curve.estimate[shown], curve.at(end))
        ax.plot(
            inside, steps, drawstyle="steps-post", color=style.colour(g), linestyle=style.dash(g), gid=f"curve:{label}",
            label=(names or {}).get(label, str(label)), zorder=3,
        )  # fmt: skip
        rows = [k for k, q in enumerate(contrast.quantity) if q == "survival" and contrast.group[k] == label]
        low, high = contrast.conf_low[rows], contrast.conf_high[rows]
        at = contrast.time[rows] + (g - 0.5) * 0.012 * end
        seen = np.isfinite(low) & np.isfinite(high) & (contrast.time[rows] <= end)
        ax.vlines(at[seen], low[seen], high[seen], color=style.colour(g), linewidth=1.2, alpha=0.8, zorder=2)
    ax.set_xlim(0, end * 1.02)
    ax.set_ylim(0, 1.02)
    ax.set_yticks(np.linspace(0, 1, 6))
    set_time_ticks(ax, end, contrast.unit)
    label_time(ax, contrast.unit, origin)
    ax.set_ylabel(f"{endpoint} (proportion)")
    placing.legend(ax)
    placing.title(ax, title)
    return ax
