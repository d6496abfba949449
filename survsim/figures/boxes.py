"""Diagrams of boxes with words: how wide the sheet is in inches, and words in lines that fit their box."""

from __future__ import annotations

from typing import Any

from survsim.figures import sheet, style
from survsim.figures.layout import EDGE, renderer_of
from survsim.figures.notes import Notes, measure, notes_of

LEADING = 1.38
"""Height of a line, in letters."""
LEAST_LETTERS = 4.0
"""Points; on axes of the user's that are too low letters become smaller, down to this."""


def inner_width(ax: Any, usual: float) -> float:
    """Width (inches) for a diagram in data coordinates of inches: of a new sheet, or of the user's axes."""
    if ax is not None:
        return float(ax.get_window_extent().width) / ax.figure.figure.dpi
    return sheet.width_for(usual, style.current()) - 2 * EDGE / 72.0


def diagram_axes(ax: Any, width: float, height: float) -> tuple[Any, float]:
    """Axes without lines whose coordinates are inches from the upper left corner, and the size of their letters.

    On the user's axes the diagram is as wide as they are, and its letters shrink if it is higher.
    """
    size = style.small()
    if ax is None:
        ax = style.new_axes(width + 2 * EDGE / 72.0, height + 2 * EDGE / 72.0)
        notes_of(ax).ratio = height / width
    else:
        there = float(ax.get_window_extent().height) / ax.figure.figure.dpi
        size = max(LEAST_LETTERS, size * min(1.0, there / height))
    ax.set(xlim=(0.0, width), ylim=(-height, 0.0))
    ax.set_axis_off()
    return ax, size


def in_lines(ax: Any, words: str, width: float, *, weight: str = "normal", most: int = 12) -> list[str]:
    """The words in lines no wider than `width` inches; `ax` may be None before there are axes."""
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    root = Figure() if ax is None else ax.figure.figure
    sample = Text(0, 0, "", fontsize=style.small(), weight=weight, figure=root)
    pixels = width * root.dpi
    return Notes().broken(words, sample, pixels, renderer_of(root), most).split("\n")


def width_of(ax: Any, words: str) -> float:
    """Width (inches) of the words in small letters."""
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    root = Figure() if ax is None else ax.figure.figure
    sample = Text(0, 0, "", fontsize=style.small(), figure=root)
    return measure(sample, renderer_of(root))(words) / root.dpi


def line_height() -> float:
    """Inches of a line of small letters."""
    return LEADING * style.small() / 72.0
