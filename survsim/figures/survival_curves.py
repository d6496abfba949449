"""Kaplan-Meier curves: interval band, censoring ticks, medians, and the numbers at risk below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import InputError
from survsim.core.names import group_words
from survsim.core.result import time_in_words
from survsim.estimate.nonparametric.curves_test import curves_p_value
from survsim.figures import placing, style
from survsim.figures.curves import MANY, draw_band, draw_line
from survsim.figures.lettering import p_words
from survsim.figures.risk_table import place_risk_table
from survsim.figures.time_axis import format_time, label_time, last_shown, set_time_ticks

if TYPE_CHECKING:
    from survsim.estimate.nonparametric.kaplan_meier import KaplanMeier


@style.styled
def draw_kaplan_meier(
    km: KaplanMeier,
    ax: Any = None,
    *,
    endpoint: str = "Survival",
    origin: str = "",
    event_name: str = "events",
    names: Mapping[Any, str] | None = None,
    band: bool | None = None,
    second_band: KaplanMeier | None = None,
    censor_ticks: bool = True,
    medians: bool = True,
    risk_table: bool | Sequence[str] = True,
    marker: tuple[float, str] | None = None,
    until: float | None = None,
    title: str = "",
    p_value: bool = False,
) -> Any:
    """Draw survival curves with the table of numbers at risk below, aligned with the time axis.

    Parameters
    ----------
    km : the curves.
    ax : axes to draw on; made if None.
    endpoint, origin, event_name : words for the axes and the legend ("Overall survival", "diagnosis",
        "deaths").
    names : label to show for each group.
    band : whether the interval is shaded, default for up to eight groups.
    censor_ticks, medians : what is drawn.
    risk_table : whether the numbers at risk stand below; or which rows, among "at risk", "censored", "events"
        (KMunicate's three).
    second_band : curves of the same groups whose interval is added as dashed lines (another conf_type).
    marker : (time, text) of a vertical mark, for example one patient's survival; after the last follow-up it needs `until`.
    p_value : whether the p-value of the unstratified log-rank test of the groups drawn stands above the curves; another
        test is added by `survsim.figures.add_p_value`.
    until : last time shown, in the unit of the curves.

    Returns
    -------
    Axes; lines carry ``gid`` "curve:<group>", the band "band:<group>", counts "risk:<group>:<time>".
    """
    groups = km.groups
    band = len(groups) <= MANY if band is None else band
    shown = group_names(km, names)
    ax = style.new_axes(6.6, 4.55) if ax is None else ax
    end = last_shown(until, float(km.time.max()))
    middle = dict(zip(groups, km.median().estimate)) if medians else {}
    for index, group in enumerate(groups):
        name = shown[group]
        counted = name if len(groups) > MANY else _legend(km, index, name, event_name, middle)
        label = placing.only_name(ax, counted, name)
        _draw_group(ax, km, index, group, label, band, censor_ticks)
        if second_band is not None:
            _draw_second_band(ax, second_band, index, group)
    ax.set_xlim(0, end)
    ax.set_ylim(0, 1.02)
    if medians:
        draw_medians(ax, middle, end)
    set_time_ticks(ax, end, km.unit)
    ax.set_yticks(np.linspace(0, 1, 6))
    ax.set_ylabel(f"{endpoint} (proportion)")
    label_time(ax, km.unit, origin)
    placing.title(ax, title)
    if p_value:
        placing.remark(ax, f"Log-rank {p_words(curves_p_value(km))}", gid="p-value")
    if marker is not None:
        _draw_marker(ax, *marker, unit=km.unit)
    if second_band is not None:
        words = f"{second_band.conf_level:.0%} {second_band.conf_type} limits (shaded: {km.conf_type})"
        ax.plot([], [], color=style.SOFT, linestyle=(0, (3, 2)), linewidth=0.9, label=words)
    placing.legend(ax, columns=2 if len(groups) <= MANY else 6)
    if risk_table is not False:
        place_risk_table(ax, km, shown, rows=("at risk",) if risk_table is True else risk_table)
    return ax


def group_names(km: KaplanMeier, names: Mapping[Any, str] | None) -> dict[Any, str]:
    """Words for each group."""
    return group_words(km.groups, names, "all patients")


def _legend(km: KaplanMeier, index: int, name: str, event_name: str, middle: Mapping[Any, float]) -> str:
    text = f"{name}: {km.n_patients[index]} {km.noun}, {km.n_events[index]} {event_name}"
    if km.groups[index] not in middle:
        return text
    return f"{text}, median {time_in_words(middle[km.groups[index]])}"


def _draw_group(
    ax: Any, km: KaplanMeier, index: int, group: Any, label: str, band: bool, ticks: bool
) -> None:
    curve, colour = km.steps(group), style.colour(index)
    draw_line(
        ax, curve, color=colour, linestyle=style.dash(index), label=label, gid=f"curve:{group}", zorder=3
    )
    if band:
        draw_band(
            ax, curve, color=colour, alpha=0.14 if len(km.groups) < 4 else 0.08, gid=f"band:{group}", zorder=1
        )  # fmt: skip
    if ticks:
        draw_censor_marks(ax, km, index, group)


def draw_censor_marks(ax: Any, km: KaplanMeier, index: int, group: Any) -> None:
    """A short stroke on the curve wherever somebody was censored."""
    rows = km.rows(group)
    censored = km.n_censor[rows] > 0
    if censored.any():
        ax.plot(
            km.time[rows][censored],
            km.estimate[rows][censored],
            linestyle="none",
            marker="|",
            markersize=0.7 * style.small(),
            markeredgewidth=0.9,
            color=style.colour(index),
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


def draw_medians(ax: Any, middle: Mapping[Any, float], end: float) -> None:
    """Dotted lines from the curve at one half down to the time."""
    reached = {g: m for g, m in middle.items() if np.isfinite(m) and m <= end}
    if not reached:
        return
    dots = (0, (1, 2))
    ax.plot(
        [0, max(reached.values())], [0.5, 0.5], color=style.SOFT, linewidth=0.7, linestyle=dots, gid="half"
    )
    for index, group in enumerate(middle):
        if group in reached:
            ax.plot(
                [reached[group]] * 2,
                [0, 0.5],
                color=style.colour(index),
                linewidth=0.8,
                linestyle=dots,
                gid=f"median:{group}",
            )


def _draw_marker(ax: Any, time: float, text: str, *, unit: str) -> None:
    ax.axvline(time, color=style.MARK, linewidth=1.0, linestyle=(0, (5, 3)), gid="marker", zorder=2)
    mark_above(ax, time, f"{text}: {format_time(time)} {unit}")


def mark_above(ax: Any, time: float, words: str) -> None:
    """Words above a vertical line inside the axes, on the side of it where there is more room."""
    low, high = map(float, ax.get_xlim())
    if not low <= time <= high:
        raise InputError(
            f"the time of marker must lie on the time axis, between {low:g} and {high:g}; got {time:g}. "
            "Pass until= for a longer axis."
        )
    right = time > 0.5 * (low + high)
    ax.annotate(
        words,
        xy=(time, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-3 if right else 3, 3),
        textcoords="offset points",
        color=style.MARK,
        fontsize=style.small(),
        ha="right" if right else "left",
        va="bottom",
        annotation_clip=False,
    )
