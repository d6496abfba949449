"""Published against simulated medians, used targets apart from held-out ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from survsim.core.names import readable
from survsim.figures import placing, style
from survsim.figures.lettering import told_apart

if TYPE_CHECKING:
    from survsim.scenario.targets import TargetCheck


@style.styled
def draw_target_check(
    result: TargetCheck, ax: Any = None, *, labels: Mapping[str, str] | None = None, title: str = ""
) -> Any:
    """One row a target: the predictive interval as a bar, the published value with its interval on it.

    Parameters
    ----------
    labels : row id -> text of the axis; default study and year.

    Returns
    -------
    Axes; bars carry ``gid`` "simulated:<row>", points "published:<row>".
    """
    order = sorted(range(len(result.rows)), key=lambda i: (result.uses[i] != "calibrate", i))
    ax = style.new_axes(7.0, 1.0 + 0.36 * len(order), rows=len(order), row=0.36) if ax is None else ax
    for y, i in enumerate(order):
        held = result.uses[i] == "hold_out"
        colour = style.PALETTE[1] if held else style.PALETTE[0]
        low, high = float(result.simulated_low[i]), float(result.simulated_high[i])
        ax.barh(
            y,
            high - low,
            left=low,
            height=0.5,
            color=colour,
            alpha=0.25,
            linewidth=0,
            gid=f"simulated:{result.rows[i]}",
        )
        ax.plot([result.simulated[i]] * 2, [y - 0.25, y + 0.25], color=colour, linewidth=1.6)
        value = float(result.published[i])
        ends = [[value - float(result.published_low[i])], [float(result.published_high[i]) - value]]
        ax.errorbar(
            [value], [y], xerr=ends, fmt="o", color=style.INK, markersize=4.5, elinewidth=0.9, capsize=2.5,
            gid=f"published:{result.rows[i]}",
        )  # fmt: skip
    ax.set_yticks(range(len(order)), _names(ax, result, labels or {}, order))
    ax.set_ylim(len(order) - 0.5, -0.5)
    ax.set_xlim(left=0)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("Median (months)")
    _key(ax)
    placing.title(ax, title)
    return ax


def _names(ax: Any, result: TargetCheck, labels: Any, order: list[int]) -> list[str]:
    """Words for each row: its label, or study and year; the strategy where two rows would be called alike."""
    names = [readable(labels.get(result.rows[i], result.rows[i])) for i in order]
    apart = told_apart(names, [readable(result.strategies[i]) for i in order])
    return [placing.only_name(ax, words, name) for words, name in zip(apart, names)]


def _key(ax: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=style.PALETTE[0], alpha=0.25, label="simulated, used to calibrate"),
        Patch(facecolor=style.PALETTE[1], alpha=0.25, label="simulated, held out"),
        Line2D([], [], color=style.INK, marker="o", markersize=4.5, linewidth=0.9, label="published"),
    ]
    placing.legend(ax, handles)
