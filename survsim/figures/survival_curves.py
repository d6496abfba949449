"""Kaplan-Meier curves: interval band, censoring ticks, medians, and the numbers at risk below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError
from survsim.core.result import format_number
from survsim.figures import style
from survsim.figures.curves import draw_band, draw_line
from survsim.figures.time_axis import format_time, label_time, set_time_ticks

if TYPE_CHECKING:
    from survsim.estimate.nonparametric.kaplan_meier import KaplanMeier

ROW_POINTS = 13.0
"""Height of one row of the risk table."""


@style.styled
def draw_kaplan_meier(
    km: KaplanMeier,
    ax: Any = None,
    *,
    endpoint: str = "Survival",
    origin: str = "",
    event_name: str = "events",
    names: Mapping[Any, str] | None = None,
    band: bool = True,
    second_band: KaplanMeier | None = None,
    censor_ticks: bool = True,
    medians: bool = True,
    risk_table: bool = True,
    marker: tuple[float, str] | None = None,
    until: float | None = None,
    title: str = "",
) -> Any:
    """Draw survival curves with the table of numbers at risk below, aligned with the time axis.

    Parameters
    ----------
    km : the curves.
    ax : axes to draw on; made if None.
    endpoint, origin, event_name : words for the axes and the legend ("Overall survival", "diagnosis",
        "deaths").
    names : label to show for each group.
    band, censor_ticks, medians, risk_table : what is drawn.
    second_band : curves of the same groups whose interval is added as dashed lines (another conf_type).
    marker : (time, text) of a vertical mark, for example one patient's survival.
    until : last time shown, in the unit of the curves.

    Returns
    -------
    Axes; lines carry ``gid`` "curve:<group>", the band "band:<group>", counts "risk:<group>:<time>".
    """
    groups = km.groups
    shown = {g: (names or {}).get(g, "all patients" if g == "all" else str(g)) for g in groups}
    table_height = ROW_POINTS * (len(groups) + 1) if risk_table else 0.0
    n_lines = len(groups) + (second_band is not None)
    above = ROW_POINTS * n_lines + (14.0 if marker else 4.0)
    ax = _axes_for(table_height, above + (18.0 if title else 0.0)) if ax is None else ax
    end = float(km.time.max()) if until is None else until
    if end <= 0:
        raise InputError(f"`until` must be positive; got {end:g}.")
    middle = dict(zip(groups, km.median().estimate)) if medians else {}
    for index, group in enumerate(groups):
        _draw_group(
            ax, km, index, group, _legend(km, index, shown[group], event_name, middle), band, censor_ticks
        )
        if second_band is not None:
            _draw_second_band(ax, second_band, index, group)
    ax.set_xlim(0, end)
    ax.set_ylim(0, 1.02)
    if medians:
        _draw_medians(ax, middle, end)
    ticks = set_time_ticks(ax, end, km.unit)
    ax.set_yticks(np.linspace(0, 1, 6))
    ax.set_ylabel(f"{endpoint} (proportion)")
    label_time(ax, km.unit, origin)
    if title:
        ax.set_title(title, pad=above + 6.0)
    if marker is not None:
        _draw_marker(ax, *marker, unit=km.unit)
    _draw_legend(ax, km, second_band, 14.0 if marker else 4.0)
    if risk_table:
        _draw_risk_table(ax, km, shown, ticks)
    return ax


def _axes_for(below: float, above: float) -> Any:
    """Axes of a new figure, with room for `below` and `above` points of text."""
    height = 3.6 + (below + above) / 72.0
    ax = style.new_axes(6.6, height)
    bottom = (0.55 * 72 + below) / (height * 72)
    ax.figure.subplots_adjust(left=0.16, right=0.97, top=1 - (above + 8.0) / (height * 72), bottom=bottom)
    return ax


def _legend(km: KaplanMeier, index: int, name: str, event_name: str, middle: Mapping[Any, float]) -> str:
    text = f"{name}: {km.n_patients[index]} {km.noun}, {km.n_events[index]} {event_name}"
    if km.groups[index] not in middle:
        return text
    value = middle[km.groups[index]]
    return f"{text}, median {'not reached' if np.isinf(value) else format_number(round(value, 1))}"


def _draw_group(
    ax: Any, km: KaplanMeier, index: int, group: Any, label: str, band: bool, ticks: bool
) -> None:
    rows, curve = km.rows(group), km.steps(group)
    colour = style.colour(index)
    draw_line(
        ax, curve, color=colour, linestyle=style.dash(index), label=label, gid=f"curve:{group}", zorder=3
    )
    if band:
        draw_band(
            ax, curve, color=colour, alpha=0.14 if len(km.groups) < 4 else 0.08, gid=f"band:{group}", zorder=1
        )  # fmt: skip
    censored = km.n_censor[rows] > 0
    if ticks and censored.any():
        ax.plot(
            km.time[rows][censored],
            km.estimate[rows][censored],
            linestyle="none",
            marker="|",
            markersize=6,
            markeredgewidth=0.9,
            color=colour,
            gid=f"censored:{group}",
            zorder=4,
        )


def _draw_second_band(ax: Any, other: KaplanMeier, index: int, group: Any) -> None:
    curve = other.steps(group)
    if curve.conf_low is None:
        raise InputError("second_band has no interval (conf_type='none'); give curves with one.")
    for side in ("low", "high"):
        draw_line(
            ax, curve, f"conf_{side}", color=style.colour(index), linestyle=(0, (3, 2)), linewidth=0.9,
            gid=f"second:{side}:{group}",
        )  # fmt: skip


def _draw_medians(ax: Any, middle: Mapping[Any, float], end: float) -> None:
    reached = {g: m for g, m in middle.items() if np.isfinite(m) and m <= end}
    if not reached:
        return
    ax.plot(
        [0, max(reached.values())],
        [0.5, 0.5],
        color=style.SOFT,
        linewidth=0.7,
        linestyle=(0, (1, 2)),
        gid="half",
    )
    for index, group in enumerate(middle):
        if group in reached:
            ax.plot(
                [reached[group]] * 2,
                [0, 0.5],
                color=style.colour(index),
                linewidth=0.8,
                linestyle=(0, (1, 2)),
                gid=f"median:{group}",
            )


def _draw_marker(ax: Any, time: float, text: str, *, unit: str) -> None:
    ax.axvline(time, color=style.MARK, linewidth=1.0, linestyle=(0, (5, 3)), gid="marker", zorder=2)
    ax.annotate(
        f"{text}: {format_time(time)} {unit}",
        xy=(time, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(3, 3),
        textcoords="offset points",
        color=style.MARK,
        fontsize=8.5,
        ha="left",
        va="bottom",
    )


def _draw_legend(ax: Any, km: KaplanMeier, second: KaplanMeier | None, offset: float) -> None:
    """The legend stands above the axes: inside, some curve would always run through it."""
    handles, labels = ax.get_legend_handles_labels()
    if second is not None:
        from matplotlib.lines import Line2D

        handles.append(Line2D([], [], color=style.SOFT, linestyle=(0, (3, 2)), linewidth=0.9))
        labels.append(f"{second.conf_level:.0%} {second.conf_type} limits (shaded: {km.conf_type})")
    height = ax.bbox.height / ax.figure.dpi * 72
    ax.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(0.0, 1 + offset / height),
        borderaxespad=0,
        borderpad=0,
        labelspacing=0.25,
        handlelength=1.8,
    )


def _draw_risk_table(ax: Any, km: KaplanMeier, shown: Mapping[Any, str], ticks: FloatArray) -> None:
    top = -40.0
    counts = km.at_risk(ticks)
    _text_below(ax, 0.0, top, "Number at risk", ha="left", weight="bold", axes_x=True)
    for index, group in enumerate(km.groups):
        y = top - ROW_POINTS * (index + 1)
        colour = style.colour(index)
        if len(km.groups) > 1:
            _text_below(ax, -0.045, y, shown[group], ha="right", colour=colour, axes_x=True)
        for tick, count in zip(ticks, counts[index]):
            whole = f"{count:.0f}" if count == round(count) else f"{count:.1f}"
            _text_below(ax, tick, y, whole, ha="center", colour=colour, gid=f"risk:{group}:{tick:g}")


def _text_below(
    ax: Any,
    x: float,
    points: float,
    text: str,
    *,
    ha: str,
    colour: str = style.INK,
    weight: str = "normal",
    axes_x: bool = False,
    gid: str | None = None,
) -> None:
    ax.annotate(
        text,
        xy=(x, 0),
        xycoords=("axes fraction" if axes_x else "data", "axes fraction"),
        xytext=(0, points),
        textcoords="offset points",
        ha=ha,
        va="center",
        fontsize=8.5,
        color=colour,
        weight=weight,
        annotation_clip=False,
        gid=gid,
    )
