"""The rows of a forest plot: label, square with interval, numbers; shared by all forest figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.errors import InputError
from survsim.figures import placing, style
from survsim.figures.layout import LABEL_SHARE, renderer_of
from survsim.figures.notes import measure
from survsim.figures.ratio_axis import ratio_ticks

LABEL_GAP, NUMBERS_GAP, WEIGHT_GAP = -8.0, 10.0, 14.0
"""Points from the axes to the labels and to the numbers, and from the numbers to the weights."""
LEAST = 95.0
"""Points the axes keep beside all the words; where they would get less, the numbers stand below the labels."""
NARROW_SHARE = 0.47
"""Share of the width for labels with their numbers below."""
RATIO_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
CLOSE_TICKS = (0.1, 0.25, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 4, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """One line of a forest plot.

    Attributes
    ----------
    label : text on the left, shortened where it has no room; after : what stands behind it whatever room there is.
    name : what marks are called for those who read the picture, by default the label.
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
    name: str = ""
    after: str = ""

    @property
    def gid(self) -> str:
        """Name of the row in the picture's marks."""
        return self.name or self.words

    @property
    def words(self) -> str:
        """Label and what stands behind it."""
        return self.label + self.after


def forest_axes(rows: Sequence[ForestRow], ax: Any = None) -> Any:
    """Axes for `rows`; what stands at their sides finds its room in the layout."""
    if ax is not None:
        return ax
    return style.new_axes(7.2, 1.3 + 0.28 * len(rows), rows=len(rows) + 0.5, row=0.28)


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
    limits : of the axis, the lower first, above 0 on an axis of ratios; chosen if None.
    sides : what lies left and right of `null`, for example ("favours combination", "favours control").
    """
    low, high = _limits(rows, null, ratio) if limits is None else _as_asked(limits, ratio)
    if ratio:
        ax.set_xscale("log")
    ax.set_xlim(low, high)
    ax.set_ylim(len(rows) - 0.4, -0.9)
    ax.axvline(null, color=style.SOFT, linewidth=0.8, zorder=1)
    weight_at = _columns(ax, rows)
    for y, row in enumerate(rows):
        _draw_mark(ax, y, row, low, high)
        _write_row(ax, y, row, weight_at)
    if weight_at is not None:
        _head(ax, rows, weight_at)
    if ratio:
        every = np.array(RATIO_TICKS if high / low > 12 else CLOSE_TICKS)
        ratio_ticks(ax, every[(every >= low * 0.999) & (every <= high * 1.001)].tolist())
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(measure + (" (log scale)" if ratio else ""))
    if sides is not None:
        ends = ((0.0, f"← {sides[0]}", "left"), (1.0, f"{sides[1]} →", "right"))
        placing.row_below(
            ax,
            [
                placing.text_below(ax, x, words, across=True, ha=ha, colour=style.SOFT)
                for x, words, ha in ends
            ],
        )


def _columns(ax: Any, rows: Sequence[ForestRow]) -> float | None:
    """Where the weights end (points right of the axes) if all columns fit beside the axes, else None."""
    root = ax.figure.figure
    sample = _text(ax, 0.0, 0.0, 0.0, "", weight="bold")
    width = measure(sample, renderer_of(root))
    sample.remove()
    point = root.dpi / 72.0
    room = placing.room(ax)
    labels = max((width(line) for row in rows for line in row.words.split("\n")), default=0.0) / point
    shown = max((width(_shown(row)) for row in rows), default=0.0) / point
    weights = any(np.isfinite(row.weight) for row in rows if row.kind == "study")
    at = NUMBERS_GAP + max(shown, width("estimate (interval)") / point)
    at += (WEIGHT_GAP + width("weight") / point) if weights else 0.0
    return at if room - min(labels, LABEL_SHARE * room) - at >= LEAST else None


def _shown(row: ForestRow) -> str:
    """What stands beside a row: its numbers, or the detail given instead."""
    if row.detail or row.kind == "heading":
        return row.detail
    if row.kind == "prediction":
        return f"({row.conf_low:.2f} to {row.conf_high:.2f})"
    return numbers(row)


def _write_row(ax: Any, y: int, row: ForestRow, weight_at: float | None) -> None:
    """Label and numbers: in columns, or below each other where the sheet is narrow."""
    bold = "bold" if row.kind == "pooled" or (row.kind == "heading" and not row.detail) else "normal"
    words, shown = row.words, _shown(row)
    weighted = np.isfinite(row.weight) and row.kind == "study"
    if weight_at is None:
        words = "\n".join(filter(None, [words, shown + (f", {row.weight:.0%}" if weighted else "")]))
    placing.only_name(ax, words, row.label)
    text = _text(ax, 0.0, LABEL_GAP, y, words, ha="right", weight=bold)
    placing.left_label(ax, text, share=LABEL_SHARE if weight_at is not None else NARROW_SHARE)
    if weight_at is None:
        return
    soft = style.SOFT if row.kind == "heading" else style.INK
    _text(ax, 1.0, NUMBERS_GAP, y, shown, weight=bold, colour=soft)
    if weighted:
        _text(ax, 1.0, weight_at, y, f"{row.weight:.0%}", ha="right")


def numbers(row: ForestRow) -> str:
    """Estimate and interval as text."""
    digits = 2 if max(abs(row.conf_low), abs(row.conf_high)) < 100 else 1
    return f"{row.estimate:.{digits}f} ({row.conf_low:.{digits}f} to {row.conf_high:.{digits}f})"


def _draw_mark(ax: Any, y: int, row: ForestRow, low: float, high: float) -> None:
    """Square with interval, diamond or bar."""
    if row.kind == "heading":
        return
    if row.kind == "pooled":
        half = 0.26
        ax.fill(
            [row.conf_low, row.estimate, row.conf_high, row.estimate],
            [y, y - half, y, y + half],
            color=style.PALETTE[0],
            linewidth=0,
            gid=f"pooled:{row.gid}",
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
            gid=f"interval:{row.gid}",
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
            gid=f"estimate:{row.gid}",
            zorder=3,
        )


def _head(ax: Any, rows: Sequence[ForestRow], weight_at: float) -> None:
    _text(ax, 1.0, NUMBERS_GAP, -1.0, "estimate (interval)", colour=style.SOFT)
    if any(np.isfinite(row.weight) for row in rows if row.kind == "study"):
        _text(ax, 1.0, weight_at, -1.0, "weight", ha="right", colour=style.SOFT)


def _as_asked(limits: tuple[float, float], ratio: bool) -> tuple[float, float]:
    low, high = map(float, limits)
    if not ((0.0 if ratio else -np.inf) < low < high < np.inf):
        above = "the lower first" + (", both above 0 on an axis of ratios" if ratio else "")
        raise InputError(f"limits must be two finite numbers, {above}; got ({low:g}, {high:g}).")
    return low, high


def _limits(rows: Sequence[ForestRow], null: float, ratio: bool) -> tuple[float, float]:
    ends = np.array([v for row in rows for v in (row.conf_low, row.conf_high, row.estimate)])
    ends = np.append(ends[np.isfinite(ends)], null)
    if not ratio:
        pad = 0.06 * (ends.max() - ends.min() or 1.0)
        return float(ends.min() - pad), float(ends.max() + pad)
    ends = np.clip(ends, 0.02, 50.0)
    return float(min(ends.min() / 1.12, null / 1.5)), float(max(ends.max() * 1.12, null * 1.5))


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
) -> Any:
    """Text in row `y`, `gap` points from the axes' left (x = 0) or right (x = 1) edge."""
    return ax.annotate(
        text,
        xy=(x, y),
        xycoords=("axes fraction", "data"),
        xytext=(gap, 0),
        textcoords="offset points",
        ha=ha,
        va="center",
        fontsize=style.small(),
        weight=weight,
        color=colour,
        annotation_clip=False,
    )
