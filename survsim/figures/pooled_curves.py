"""Pooled survival curve over the curves of the studies, with interval and band for a new study."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.figures.curves import draw_band, draw_line
from survsim.figures.style import PALETTE, SOFT, new_axes, styled
from survsim.figures.time_axis import label_time, set_time_ticks


@styled
def draw_pooled_curve(
    result: Any, ax: Any = None, *, show_studies: bool = True, title: str | None = None
) -> Any:
    """Draw a `PooledSurvivalCurve`.

    Parameters
    ----------
    result : PooledSurvivalCurve.
    ax : axes to draw in; made if None.
    show_studies : draw the readings of each study; a ring marks an imputed number at risk.
    title : text.
    """
    if ax is None:
        ax = new_axes()
        ax.figure.subplots_adjust(left=0.11, right=0.97, bottom=0.13, top=0.93)
    curve = result.steps()
    if show_studies:
        _draw_studies(ax, result.studies, result.unit)
    draw_band(
        ax, result.steps("prediction"), color=PALETTE[0], alpha=0.12, label="new study", gid="band:prediction"
    )
    draw_band(ax, curve, color=PALETTE[0], alpha=0.28, label="pooled mean, interval", gid="band:mean")
    draw_line(ax, curve, color=PALETTE[0], lw=2.0, label="pooled mean", gid="curve:mean", zorder=4)
    t = curve.time
    ax.set_xlim(0.0, float(t[-1]))
    ax.set_ylim(0.0, 1.02)
    set_time_ticks(ax, float(t[-1]), result.unit)
    label_time(ax, result.unit)
    ax.set_ylabel("Survival")
    ax.legend(loc="best")
    if title:
        ax.set_title(title)
    return ax


def _draw_studies(ax: Any, studies: Any, unit: str) -> None:
    first = True
    for k, (row, imputed) in enumerate(zip(studies.survival, studies.is_imputed)):
        draw_line(
            ax, studies.steps(k, unit), color=SOFT, lw=0.8, alpha=0.7, zorder=2, label="studies" if first else None,
            gid=f"study:{studies.labels[k]}",
        )  # fmt: skip
        first = False
        marked = np.isfinite(row) & imputed
        if marked.any():
            ax.plot(studies.time[marked], row[marked], "o", ms=3, mfc="white", mec=SOFT, mew=0.7, zorder=3)
