"""The rows of a forest plot: label, square with interval, numbers; shared by all forest figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.figures import style

LABEL_GAP, NUMBERS_GAP, WEIGHT_GAP = -8.0, 10.0, 158.0
"""Points from the axes to the right end of the labels, the left end of the numbers, the right end of the weights."""
AXES_INCHES = 3.1
CHARACTER_INCHES = 0.074
RATIO_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One line of a forest plot.

    Attributes
    ----------
    label : text on the left.
    kind : "study" (square), "pooled" (diamond), "prediction" (bar) or "heading" (text only).
    estimate, conf_low, conf_high : on the axis's own scale (ratios, not their logarithms).
    weight : share of the pooled estimate, which sets the size of the square; NaN for none.
    detail : text in place of the numbers, if given.
    """

    label: str
    kind: str = "study"
    estimate: float = float("nan")
    conf_low: float = float("nan")
    conf_high: float = float("nan")
    weight: float = float("nan")
    detail: str = ""


def forest_axes(rows: Sequence[ForestRow], ax: Any = None) -> Any:
    """Axes with room on both sides for the text of `rows`."""
    if ax is None:
        longest = max(len(line) for row in rows for line in row.label.split("\n"))
        lines = sum(max(1, row.label.count("\n") + 1) for row in rows)
        weighted = any(np.isfinite(row.weight) for row in rows)
        left = 0.25 + CHARACTER_INCHES * longest
        width = left + AXES_INCHES + (2.45 if weighted else 1.8)
        height = 1.3 + 0.16 * len(rows) + 0.12 * lines
        ax = style.new_axes(width, height)
        ax.figure.subplots_adjust(
            left=left / width,
            right=(left + AXES_INCHES) / width,
            top=1 - 0.42 / height,
            bottom=0.7 / height,
        )
    return ax


def draw_rows(
    ax: Any,
    rows: Sequence[ForestRow],
    *,
    measure: str,
    null: float,
    ratio: bool,
    limits: tuple[float, float] | None = None,
    sides: tuple[str, str] | None = None,
) -> None:
    """Draw the rows from the top down; intervals beyond the axis end in arrows.

    Parameters
    ----------
    ax : axes from `forest_axes`.
    rows : the lines.
    measure : name of what the axis shows.
    null : value of no effect, drawn as a line.
    ratio : True for a logarithmic axis.
    limits : of the axis; chosen if None.
    sides : what lies left and right of `null`, for example ("favours combination", "favours control").
    """
    low, high = limits or _limits(rows, null, ratio)
    if ratio:
        ax.set_xscale("log")
    ax.set_xlim(low, high)
    ax.set_ylim(len(rows) - 0.4, -0.9)
    ax.axvline(null, color=style.SOFT, linewidth=0.8, zorder=1)
    for y, row in enumerate(rows):
        _draw_row(ax, y, row, low, high)
    _head(ax, rows)
    _ticks(ax, low, high, ratio)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(measure + (" (log scale)" if ratio else ""))
    if sides is not None:
        _side(ax, 0.0, f"← {sides[0]}", "left")
        _side(ax, 1.0, f"{sides[1]} →", "right")


def numbers(row: ForestRow) -> str:
    """Estimate and interval as text."""
    digits = 2 if max(abs(row.conf_low), abs(row.conf_high)) < 100 else 1
    return f"{row.estimate:.{digits}f} ({row.conf_low:.{digits}f} to {row.conf_high:.{digits}f})"


def _draw_row(ax: Any, y: int, row: ForestRow, low: float, high: float) -> None:
    bold = "bold" if row.kind == "pooled" or (row.kind == "heading" and not row.detail) else "normal"
    _text(ax, 0.0, LABEL_GAP, y, row.label, ha="right", weight=bold)
    if row.kind == "heading":
        _text(ax, 1.0, NUMBERS_GAP, y, row.detail, colour=style.SOFT)
        return
    if row.kind == "pooled":
        half = 0.26
        ax.fill(
            [row.conf_low, row.estimate, row.conf_high, row.estimate],
            [y, y - half, y, y + half],
            color=style.PALETTE[0],
            linewidth=0,
            gid=f"pooled:{row.label}",
            zorder=3,
        )
    elif np.isfinite(row.conf_low):
        thick = row.kind == "prediction"
        colour = style.MARK if thick else style.INK
        ax.plot(
            [row.conf_low, row.conf_high],
            [y, y],
            color=colour,
            linewidth=2.4 if thick else 1.1,
            gid=f"interval:{row.label}",
            zorder=2,
        )
        for limit, edge, mark in ((row.conf_low, low, "<"), (row.conf_high, high, ">")):
            if (limit < edge) if mark == "<" else (limit > edge):
                ax.plot([edge], [y], marker=mark, markersize=5, color=colour, clip_on=False)
    if row.kind == "study":
        share = row.weight if np.isfinite(row.weight) else 0.15
        ax.plot(
            [row.estimate],
            [y],
            marker="s",
            markersize=3.5 + 9.0 * np.sqrt(share),
            color=style.PALETTE[0],
            linestyle="none",
            gid=f"estimate:{row.label}",
            zorder=3,
        )
    shown = row.detail or numbers(row)
    if row.kind == "prediction" and not row.detail:
        shown = f"({row.conf_low:.2f} to {row.conf_high:.2f})"
    _text(ax, 1.0, NUMBERS_GAP, y, shown, weight=bold)
    if np.isfinite(row.weight) and row.kind == "study":
        _text(ax, 1.0, WEIGHT_GAP, y, f"{row.weight:.0%}", ha="right")


def _head(ax: Any, rows: Sequence[ForestRow]) -> None:
    _text(ax, 1.0, NUMBERS_GAP, -1.0, "estimate (interval)", colour=style.SOFT)
    if any(np.isfinite(row.weight) for row in rows if row.kind == "study"):
        _text(ax, 1.0, WEIGHT_GAP, -1.0, "weight", ha="right", colour=style.SOFT)


def _ticks(ax: Any, low: float, high: float, ratio: bool) -> None:
    if not ratio:
        return
    from matplotlib.ticker import FixedLocator, NullLocator

    every = np.array(
        RATIO_TICKS if high / low > 12 else (0.1, 0.25, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4, 6)
    )
    ticks = every[(every >= low * 0.999) & (every <= high * 1.001)]
    ax.xaxis.set_major_locator(FixedLocator(list(ticks)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticklabels([f"{t:g}" for t in ticks])


def _limits(rows: Sequence[ForestRow], null: float, ratio: bool) -> tuple[float, float]:
    ends = np.array([v for row in rows for v in (row.conf_low, row.conf_high, row.estimate)])
    ends = np.append(ends[np.isfinite(ends)], null)
    if not ratio:
        pad = 0.06 * (ends.max() - ends.min() or 1.0)
        return float(ends.min() - pad), float(ends.max() + pad)
    ends = np.clip(ends, 0.02, 50.0)
    return float(min(ends.min() / 1.12, null / 1.5)), float(max(ends.max() * 1.12, null * 1.5))


def _side(ax: Any, x: float, text: str, ha: str) -> None:
    ax.annotate(
        text,
        xy=(x, 0),
        xycoords="axes fraction",
        xytext=(0, -42),
        textcoords="offset points",
        ha=ha,
        fontsize=8.5,
        color=style.SOFT,
        annotation_clip=False,
    )


def _text(
    ax: Any,
    x: float,
    gap: float,
    y: float,
    text: str,
    *,
    ha: str = "left",
    weight: str = "normal",
    colour: str = style.INK,
) -> None:
    """Text in row `y`, `gap` points from the axes' left (x = 0) or right (x = 1) edge."""
    ax.annotate(
        text,
        xy=(x, y),
        xycoords=("axes fraction", "data"),
        xytext=(gap, 0),
        textcoords="offset points",
        ha=ha,
        va="center",
        fontsize=8.5,
        weight=weight,
        color=colour,
        annotation_clip=False,
    )
