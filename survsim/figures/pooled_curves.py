"""Pooled survival at its times over the readings of the studies, with interval and limits for a new study."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.steps import Steps
from survsim.figures import placing
from survsim.figures.curves import draw_line
from survsim.figures.style import PALETTE, SOFT, new_axes, styled
from survsim.figures.time_axis import label_time, set_time_ticks


@styled
def draw_pooled_curve(
    result: Any, ax: Any = None, *, show_studies: bool = True, origin: str = "", title: str | None = None
) -> Any:
    """Draw a `PooledSurvivalCurve`.

    Parameters
    ----------
    result : PooledSurvivalCurve.
    ax : axes to draw in; made if None.
    show_studies : draw the readings of each study as dashes; a ring marks an imputed number at risk.
    origin : what time counts from, for the axis.
    title : text.
    """
    ax = new_axes() if ax is None else ax
    curve = result.steps()
    if show_studies:
        _draw_studies(ax, result.studies, result.unit)
    # Survival is pooled at these times and at no other: bars and points, nothing between them.
    _draw_limits(ax, result.steps("prediction"), "new study", "band:prediction", lw=7.0, alpha=0.16)
    _draw_limits(ax, curve, "pooled mean, interval", "band:mean", lw=2.0, alpha=0.9)
    draw_line(
        ax, curve, color=PALETTE[0], ls="none", marker="o", ms=5, label="pooled mean", gid="curve:mean", zorder=4
    )  # fmt: skip
    t = curve.time
    ax.set_xlim(0.0, 1.03 * float(t[-1]))
    ax.set_ylim(0.0, 1.02)
    set_time_ticks(ax, float(t[-1]), result.unit)
    label_time(ax, result.unit, origin)
    ax.set_ylabel("Survival (proportion)")
    placing.legend(ax)
    placing.title(ax, title or "")
    return ax


def _draw_limits(ax: Any, curve: Steps, label: str, gid: str, **look: Any) -> None:
    """The limits at each time after the origin, as a bar."""
    low, high = np.asarray(curve.conf_low)[1:], np.asarray(curve.conf_high)[1:]
    ax.vlines(curve.time[1:], low, high, color=PALETTE[0], label=label, gid=gid, zorder=3, **look)


def _draw_studies(ax: Any, studies: Any, unit: str) -> None:
    first = True
    for k, (row, imputed) in enumerate(zip(studies.survival, studies.is_imputed)):
        draw_line(
            ax, studies.steps(k, unit), color=SOFT, ls="none", marker="_", ms=11, mew=1.1, zorder=5,
            label="studies" if first else None, gid=f"study:{studies.labels[k]}",
        )  # fmt: skip
        first = False
        marked = np.isfinite(row) & imputed
        if marked.any():
            ax.plot(studies.time[marked], row[marked], "o", ms=3, mfc="white", mec=SOFT, mew=0.7, zorder=6)
