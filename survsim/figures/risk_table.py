"""The table below the curves: who is at risk at each tick, and who was censored or had the event by then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.errors import InputError
from survsim.core.times import meet
from survsim.figures import placing, style
from survsim.figures.layout import renderer_of
from survsim.figures.notes import measure

if TYPE_CHECKING:
    from survsim.estimate.nonparametric.kaplan_meier import KaplanMeier

ROWS = ("at risk", "censored", "events")
BESIDE = 0.24
"""The share of the width that names may take beside their numbers; longer ones have a line of their own."""


def counts(km: KaplanMeier, index: int, times: FloatArray, row: str) -> FloatArray:
    """Numbers (k,) of one row of the table: at risk at the times, or censored or with the event by then."""
    if row == "at risk":
        return np.asarray(km.at_risk(times)[index], float)
    where = km.rows(km.groups[index])
    number = (km.n_event if row == "events" else km.n_censor)[where]
    upto = np.searchsorted(km.time[where], meet(times, km.time[where]), side="right")
    return np.concatenate([[0.0], np.cumsum(number)])[upto]


def place_risk_table(
    ax: Any, km: KaplanMeier, shown: Mapping[Any, str], *, rows: Sequence[str] = ("at risk",)
) -> None:
    """Note the lines of the table for the layout: a head, and for each group one line a row."""
    wanted = [rows] if isinstance(rows, str) else list(rows)
    if not wanted:
        raise InputError(f"the table has no rows; name some of {', '.join(ROWS)}.")
    for row in wanted:
        one_of("risk_table", row, ROWS)
    head = "Number at risk" if wanted == ["at risk"] else "Number " + ", ".join(wanted)
    many = len(km.groups) > 1
    side = wanted if len(wanted) > 1 else [shown[g] for g in km.groups] if many else []
    beside = _fit_beside(ax, side)
    placing.row_below(ax, [placing.text_below(ax, 0.0, head, across=True, ha="left", weight="bold")])
    for index, group in enumerate(km.groups):
        colour = style.colour(index)
        if many and (len(wanted) > 1 or not beside):
            name = placing.text_below(ax, 0.0, shown[group], across=True, ha="left", colour=colour)
            placing.row_below(ax, [name], gap=1.0)
        for row in wanted:
            label = row if len(wanted) > 1 else shown[group] if many and beside else ""
            placing.row_below(ax, _maker(km, index, row, label, colour, first=row == wanted[0]))


def _maker(
    km: KaplanMeier, index: int, row: str, label: str, colour: str, *, first: bool
) -> Callable[[Any], list[Any]]:
    group = km.groups[index]
    kind = {"at risk": "risk", "censored": "censored-by", "events": "events-by"}[row]

    def make(ax: Any) -> list[Any]:
        ticks = np.asarray(ax.get_xticks(), float)
        texts = [
            placing.text_below(ax, tick, _whole(n), colour=colour, gid=f"{kind}:{group}:{tick:g}")
            for tick, n in zip(ticks, counts(km, index, ticks, row))
        ]
        if label:
            texts.append(
                placing.text_below(ax, 0.0, label, across=True, shift=-20.0, ha="right", colour=colour)
            )
        return texts

    return make


def _fit_beside(ax: Any, labels: Sequence[str]) -> bool:
    """Whether the names are short enough to stand beside the numbers."""
    if not labels:
        return True
    root = ax.figure.figure
    sample = placing.text_below(ax, 0.0, "", across=True)
    width = measure(sample, renderer_of(root))
    longest = max(width(label) for label in labels) / root.dpi * 72.0
    sample.remove()
    return longest <= BESIDE * placing.room(ax)


def _whole(count: float) -> str:
    return f"{count:.0f}" if count == round(count) else f"{count:.1f}"
