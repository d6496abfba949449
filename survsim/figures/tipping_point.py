"""How strong selection of published patients would have to be: percentile against strength."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.figures import placing, style
from survsim.figures.ratio_axis import ratio_ticks

if TYPE_CHECKING:
    from survsim.estimate.joint_model.selection_bias import TippingPoint

TICKS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32)


@style.styled
def draw_tipping_point(tipping: TippingPoint, ax: Any = None, *, title: str = "") -> Any:
    """Draw percentile and interval against the strength of selection; crossings are marked.

    Returns
    -------
    Axes; the curve carries ``gid`` "percentile", each crossing "tipping:<index>".
    """
    ax = style.new_axes(6.4, 4.2) if ax is None else ax
    x, y = tipping.strength, tipping.percentile
    ax.fill_between(x, y[:, 1], y[:, 2], color=style.colour(0), alpha=0.16, linewidth=0, gid="band")
    ax.plot(x, y[:, 0], color=style.colour(0), gid="percentile")
    ax.axhline(tipping.conclusion, color=style.SOFT, linewidth=0.9, linestyle=(0, (4, 3)))
    ax.axvline(1.0, color=style.GRID, linewidth=1.0, zorder=0)
    for i, s in enumerate(tipping.tipping):
        ax.plot([s], [tipping.conclusion], "D", color=style.MARK, markersize=7, gid=f"tipping:{i}", zorder=4)
        ax.annotate(
            f"tips at {_ratio(s)}", xy=(s, tipping.conclusion), xytext=(6, -14), textcoords="offset points",
            color=style.MARK, fontsize=style.small(), ha="left",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.85}, zorder=5,
        )  # fmt: skip
    ax.set_xscale("log")
    ticks = [t for t in TICKS if x[0] * 0.99 <= t <= x[-1] * 1.01]
    ratio_ticks(ax, ticks, _ratio)
    ax.xaxis.set_minor_locator(_none())
    ax.set_xlim(x[0], x[-1])
    ax.set_ylim(0, 100)
    ax.set_yticks(np.arange(0, 101, 25))
    past = f"{tipping.threshold:g} {tipping.time_unit}"
    ax.set_xlabel(
        f"Chance of being published, alive past {past} against dead before\n"
        "(left of 1: early deaths are over-reported; right: long survivors)"
    )
    ax.set_ylabel(f"Percentile of the case ({tipping.case_time:g} {tipping.time_unit})")
    placing.title(ax, title or tipping.label)
    return ax


def _ratio(value: float) -> str:
    if value >= 1:
        return f"{value:.2g}"
    inverse = 1 / value
    return f"1/{inverse:.0f}" if abs(inverse - round(inverse)) < 1e-6 else f"{value:.2g}"


def _none() -> Any:
    from matplotlib.ticker import NullLocator

    return NullLocator()
