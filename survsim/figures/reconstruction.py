"""A published curve and the patients reconstructed from it: both curves, their difference, the numbers at risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.figures import placing, style
from survsim.figures.time_axis import label_time, set_time_ticks

if TYPE_CHECKING:
    from survsim.estimate.reconstruction.result import ReconstructedIPD


@style.styled
def draw_reconstruction(result: ReconstructedIPD, ax: Any = None, *, title: str = "") -> Any:
    """The readings and the reconstructed curve, the residuals below, and the numbers at risk printed and reconstructed.

    Parameters
    ----------
    title : above the curve.

    Returns
    -------
    Axes of the curve; its line has ``gid`` "reconstructed", the readings "readings", the residuals below "residuals", counts
    "printed:<time>" and "fitted:<time>".
    """
    ax = style.new_axes(6.4, 5.4) if ax is None else ax
    end = float(max(result.time.max(), result.click_time[-1]))
    drops, level = result.curve()
    ax.plot(
        result.click_time,
        result.click_survival,
        "o",
        color=style.PALETTE[1],
        markersize=3,
        label="readings",
        gid="readings",
    )
    ax.step(
        np.concatenate([[0.0], drops, [end]]), np.concatenate([[1.0], level, [np.append(1.0, level)[-1]]]),
        where="post", color=style.PALETTE[0], linewidth=1.4, label="reconstructed", gid="reconstructed",
    )  # fmt: skip
    ax.set_ylim(0, 1.03)
    ax.set_xlim(0, end * 1.03)
    ax.set_ylabel("Survival")
    placing.legend(ax)
    placing.title(ax, title)
    narrow = ax.figure.get_size_inches()[0] < 4.5
    below = ax.inset_axes([0.0, -0.36, 1.0, 0.26])
    given = result.click_survival if result.click_given is None else result.click_given
    residual = result.fitted_survival - given
    below.vlines(result.click_time, 0.0, residual, color=style.PALETTE[0], linewidth=1.0).set_gid("residuals")
    below.axhline(0.0, color=style.SOFT, linewidth=0.8)
    reach = max(float(np.abs(residual).max()) * 1.2, 0.005)
    below.set_ylim(-reach, reach)
    below.set_xlim(0, end * 1.03)
    below.set_ylabel("Residual")
    ax.tick_params(labelbottom=False)
    set_time_ticks(ax, end, result.unit, 6 if narrow else 9)
    set_time_ticks(below, end, result.unit, 6 if narrow else 9)
    ax.tick_params(labelbottom=False)
    label_time(below, result.unit)
    _counts(ax, result, end, 5 if narrow else 9)
    ax.figure.subplots_adjust(left=0.24 if narrow else 0.17, right=0.96, top=0.93, bottom=0.50)
    return ax


def _counts(ax: Any, result: ReconstructedIPD, end: float, most: int) -> None:
    """Two rows of numbers below the residuals, thinned where they would run into one another."""
    shown = np.arange(result.at_risk_times.size)[:: max(-(-result.at_risk_times.size // most), 1)]
    where = ax.get_xaxis_transform()
    ax.text(
        0.0,
        -0.66,
        "At risk",
        transform=ax.transAxes,
        fontsize="small",
        fontweight="bold",
        va="center",
        clip_on=False,
    )
    for row, (name, numbers) in enumerate((("printed", result.at_risk), ("fitted", result.fitted_at_risk))):
        y = -0.74 - 0.075 * row
        ax.annotate(
            name, (0, y), xycoords="axes fraction", xytext=(-14, 0), textcoords="offset points", fontsize="small",
            ha="right", va="center", annotation_clip=False,
        )  # fmt: skip
        for i in shown:
            if result.at_risk_times[i] <= end:
                ax.text(
                    float(result.at_risk_times[i]), y, f"{numbers[i]}", transform=where, fontsize="small", ha="center",
                    va="center", clip_on=False, gid=f"{name}:{result.at_risk_times[i]:g}",
                )  # fmt: skip
