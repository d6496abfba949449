"""The course of one patient: treatments as bars, events as marks, assumed dates drawn as uncertain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import one_of, require_columns
from survsim.core.errors import InputError
from survsim.core.units import check_unit
from survsim.figures import placing, style
from survsim.figures.time_axis import label_time, set_time_ticks

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("label", "kind", "start", "stop", "assumed")
KINDS = ("course", "event")


@style.styled
def swimmer(
    course: pd.DataFrame,
    ax: Any = None,
    *,
    unit: str,
    end: float,
    end_label: str = "",
    origin: str = "",
    title: str = "",
) -> Any:
    """Draw one patient's course, one row a treatment or event, in the order given.

    Parameters
    ----------
    course : frame with columns label, kind ("course" with start and stop, or "event" with start), start,
        stop, assumed (True where no source gives the date), and if wanted group (sets the colour), detail
        (text beside the mark), start_low and start_high (range over which an assumed date is varied).
    ax : axes to draw on; made if None.
    unit : of the times.
    end, end_label : end of follow-up and what happened then.
    origin : what time counts from.
    title : of the axes.

    Returns
    -------
    Axes; bars and marks carry ``gid`` "row:<position>", ranges "range:<position>".

    Raises
    ------
    InputError : a column that is missing, a kind other than "course" and "event", an unknown unit, times beyond `end`.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim.figures import swimmer
    >>> course = pd.DataFrame({"label": ["Radiotherapy", "Progression"], "kind": ["course", "event"], "start": [1.0, 6.0],
    ...     "stop": [2.5, float("nan")], "assumed": [False, True]})
    >>> [text.get_text() for text in swimmer(course, unit="months", end=9.0).get_yticklabels()]
    ['Radiotherapy', 'Progression']
    """
    check_unit(unit)
    _check(course, end)
    ax = _axes_for(course) if ax is None else ax
    groups = list(dict.fromkeys(_column(course, "group", "")))
    for y, row in enumerate(course.to_dict("records")):
        colour = style.colour(groups.index(row.get("group", "")))
        _draw_row(ax, y, row, colour, end)
    ax.axvline(end, color=style.INK, linewidth=1.2, gid="end", zorder=1)
    if end_label:
        ax.annotate(
            end_label,
            xy=(end, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha="right",
            fontsize=style.small(),
            annotation_clip=False,
        )
    ax.set_ylim(len(course) - 0.4, -0.6)
    ax.set_xlim(0, end * 1.02)
    ax.set_yticks(range(len(course)), [str(v) for v in course["label"]])
    ax.tick_params(axis="y", length=0, pad=8)
    ax.spines["left"].set_visible(False)
    ax.hlines(np.arange(len(course)) + 0.5, 0, end, color=style.GRID, linewidth=0.6, zorder=0)
    set_time_ticks(ax, end, unit)
    label_time(ax, unit, origin)
    placing.title(ax, title)
    _draw_key(ax, course)
    return ax


def _check(course: pd.DataFrame, end: float) -> None:
    require_columns(course, COLUMNS, "the course")
    if len(course) == 0:
        raise InputError("the course has no rows; give at least one treatment or event.")
    if not end > 0:
        raise InputError(f"end must be positive; got {end!r}.")
    for position, row in enumerate(course.to_dict("records")):
        one_of(f"kind in row {position}", row["kind"], KINDS)
        start = float(row["start"])
        stop = float(row["stop"]) if row["kind"] == "course" else start
        if not 0 <= start <= stop <= end:
            raise InputError(
                f"row {position} ({row['label']}) runs from {start:g} to {stop:g}; times must rise and lie "
                f"between 0 and the end, {end:g}."
            )


def _draw_row(ax: Any, y: int, row: dict[Any, Any], colour: str, end: float) -> None:
    assumed = bool(row["assumed"])
    start = float(row["start"])
    if row["kind"] == "course":
        stop = float(row["stop"])
        ax.barh(
            y,
            # A course of a day is still to be seen.
            max(stop - start, end * 0.006),
            left=start,
            height=0.56,
            facecolor="white" if assumed else colour,
            edgecolor=colour,
            linewidth=0.9,
            linestyle=(0, (3, 2)) if assumed else "-",
            hatch="////" if assumed else None,
            gid=f"row:{y}",
            zorder=2,
        )
    else:
        stop = start
        ax.plot(
            [start],
            [y],
            marker="D",
            markersize=7,
            markerfacecolor="white" if assumed else colour,
            markeredgecolor=colour,
            linestyle="none",
            clip_on=False,
            gid=f"row:{y}",
            zorder=3,
        )
    low, high = float(row.get("start_low", np.nan)), float(row.get("start_high", np.nan))
    if assumed and np.isfinite(low) and np.isfinite(high):
        ax.errorbar(
            [0.5 * (low + high)],
            [y],
            xerr=[[0.5 * (high - low)]] * 2,
            fmt="none",
            ecolor=style.INK,
            elinewidth=0.9,
            capsize=2.5,
            gid=f"range:{y}",
            zorder=4,
        )
    detail = row.get("detail")
    if isinstance(detail, str) and detail:
        first, last = (min(start, low), max(stop, high)) if np.isfinite(low + high) else (start, stop)
        _draw_detail(ax, y, detail, first, last)


def _draw_detail(ax: Any, y: int, words: str, first: float, last: float) -> None:
    """Beside the mark, on the side that has room."""
    text = ax.annotate(
        words,
        xy=(last, y),
        xytext=(8, 0),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=style.small(),
        color=style.INK,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85},
        zorder=5,
    )
    placing.beside(ax, text, first, last)


def _draw_key(ax: Any, course: pd.DataFrame) -> None:
    from matplotlib.patches import Patch

    known = Patch(facecolor=style.SOFT, edgecolor=style.SOFT, label="date stated in the source")
    guess = Patch(
        facecolor="white",
        edgecolor=style.SOFT,
        hatch="////",
        linestyle=(0, (3, 2)),
        label="date assumed (whisker: range varied)",
    )
    kinds = {bool(v) for v in course["assumed"]}
    handles = [h for h, wanted in ((known, False in kinds), (guess, True in kinds)) if wanted]
    placing.legend(ax, handles, where="below", columns=2)


def _column(frame: pd.DataFrame, name: str, default: Any) -> list[Any]:
    return list(frame[name]) if name in frame.columns else [default] * len(frame)


def _axes_for(course: pd.DataFrame) -> Any:
    return style.new_axes(7.4, 1.65 + 0.34 * len(course), rows=len(course), row=0.34)
