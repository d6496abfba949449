"""One patient on the predictive distribution: the course above, a curve a reference, the percentiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survsim.figures import placing, style
from survsim.figures.panels import fitting
from survsim.figures.swimlanes import swimmer
from survsim.figures.time_axis import label_time, set_time_ticks

if TYPE_CHECKING:
    from survsim.scenario.patient_in_context import CaseInContext

ROW, PANEL = 0.32, 1.65
"""Inches a row of the course or of the percentiles takes, and a panel at the least."""


@style.styled
def draw_case_in_context(context: CaseInContext, ax: Any = None, *, reference: str | None = None) -> Any:
    """Draw the case: on `ax` one reference's curve, without `ax` the whole figure.

    Parameters
    ----------
    context : result of `case_in_context`.
    ax : axes for one curve panel; None makes a figure with lane, panels and percentiles.
    reference : name of the reference to draw on `ax`; the first by default.

    Returns
    -------
    Axes of the (first) curve panel; curves carry ``gid`` "curve:<reference>", marks "case:<reference>".
    """
    if ax is not None:
        index = 0 if reference is None else context.names.index(reference)
        _panel(ax, context, index)
        return ax
    return _whole_figure(context)


def _whole_figure(context: CaseInContext) -> Any:
    n = len(context.names)
    columns = min(n, 3, fitting(PANEL, 2.9 * 3 + 1.2))
    rows = -(-n // columns)
    lane = 0.0 if context.course is None else ROW * len(context.course) + 1.3
    heights = [*([lane] if lane else []), 2.5 * rows + 0.9 * (rows - 1), ROW * n + 0.9]
    first = style.new_axes(2.9 * columns + 1.2 if columns > 1 else 6.4, sum(heights) + 0.9 * len(heights))
    figure = first.figure
    first.remove()
    # A grid of its own for each part: the names at one need not move the others.
    whole = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    parts = [whole[k, 0] for k in range(len(heights))]
    if lane:
        top = figure.add_subplot(parts[0].subgridspec(1, 1)[0, 0])
        swimmer(
            context.course,
            top,
            unit=context.time_unit,
            end=context.case_time,
            end_label="death" if context.event else "last news",
            origin=context.origin,
            title="Treatment course",
        )
    inside = parts[1 if lane else 0].subgridspec(rows, columns)
    panels: list[Any] = []
    for i in range(n):
        panel = figure.add_subplot(inside[i // columns, i % columns], sharey=panels[0] if panels else None)
        _panel(panel, context, i)
        if i % columns:
            panel.set_ylabel("")
        panels.append(panel)
    _percentiles(figure.add_subplot(parts[-1].subgridspec(1, 1)[0, 0]), context)
    return panels[0]


def _panel(ax: Any, context: CaseInContext, i: int) -> None:
    name, time = context.names[i], context.curve_time
    low, high = context.curves[i, :, 1], context.curves[i, :, 2]
    ax.fill_between(time, low, high, color=style.colour(i), alpha=0.16, linewidth=0, gid=f"band:{name}")
    ax.plot(time, context.curves[i, :, 0], color=style.colour(i), gid=f"curve:{name}")
    height = context.longer[i, 0]
    ax.plot([context.case_time] * 2, [0, height], color=style.MARK, linewidth=1.0)
    ax.plot(
        [context.case_time], [height], "o" if context.event else ">", color=style.MARK, markersize=6,
        gid=f"case:{name}", zorder=4,
    )  # fmt: skip
    words = f"{100 * height:.0f}% live longer ({100 * context.longer[i, 1]:.0f} to {100 * context.longer[i, 2]:.0f})"
    placing.remark(ax, words, colour=style.MARK, gid=f"longer:{name}")
    ax.set_ylim(0, 1.02)
    ax.set_xlim(0, time[-1])
    set_time_ticks(ax, float(time[-1]), context.time_unit)
    # References count from origins of their own: the case's origin stands at its lane only.
    label_time(ax, context.time_unit)
    ax.set_ylabel("Survival (proportion)")
    placing.title(ax, name)


def _percentiles(ax: Any, context: CaseInContext) -> None:
    rows = range(len(context.names))
    for i in rows:
        p = context.percentile[i]
        ax.plot(p[1:], [i, i], color=style.colour(i), linewidth=2.2, alpha=0.5, solid_capstyle="round")
        ax.plot([p[0]], [i], "o", color=style.colour(i), markersize=6, gid=f"percentile:{context.names[i]}")
        ax.annotate(
            f"{p[0]:.0f} ({p[1]:.0f} to {p[2]:.0f})", xy=(1.0, i), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points",
            va="center", fontsize=style.small(), annotation_clip=False,
        )  # fmt: skip
    ax.axvline(50, color=style.SOFT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0)
    ax.set_yticks(rows, list(context.names))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlim(0, 100)
    ax.set_xlabel(
        "Percentile of the case among such patients (predictive, with interval)"
        + ("" if context.event else "; a lower end, the case was alive")
    )
    ax.tick_params(axis="y", length=0)
