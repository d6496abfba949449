"""A strategy as a drawing: its lines in order as boxes, when each starts, what ends it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from survsim.figures import style
from survsim.simulation.declared.explain import clause_text

if TYPE_CHECKING:
    from survsim.simulation.declared.strategy import Line, Strategy

WIDTH = 62
"""Characters of a line of text in a box."""


@style.styled
def draw_strategy(strategy: Strategy, ax: Any = None, *, time_unit: str = "time units") -> Any:
    """Draw the lines of a strategy from top to bottom.

    Returns
    -------
    Axes; boxes carry ``gid`` "line:<line>".
    """
    texts = [_box_text(line, time_unit) for line in strategy.lines] or [["no further treatment"]]
    heights = [0.26 * len(text) + 0.22 for text in texts]
    total = sum(heights) + 0.42 * (len(heights) - 1) + 0.5
    ax = style.new_axes(6.6, total * 0.62 + 0.3) if ax is None else ax
    ax.set_xlim(0.0, 10.0)
    ax.set_ylim(total, 0.0)
    ax.axis("off")
    ax.text(0.1, 0.22, strategy.title, weight="bold", va="center", size=10)
    top = 0.5
    names = [line.line for line in strategy.lines] or ["none"]
    for i, (name, text, height) in enumerate(zip(names, texts, heights)):
        _draw_box(ax, name, text, top, height, style.colour(i))
        top += height
        if i + 1 < len(texts):
            ax.annotate(
                "",
                (0.9, top + 0.42),
                (0.9, top),
                arrowprops={"arrowstyle": "-|>", "color": style.SOFT, "linewidth": 1.0},
            )
            top += 0.42
    return ax


def _draw_box(ax: Any, name: str, text: list[str], top: float, height: float, colour: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    box = FancyBboxPatch(
        (0.1, top),
        9.8,
        height,
        boxstyle="round,pad=0,rounding_size=0.08",
        linewidth=1.1,
        edgecolor=colour,
        facecolor="white",
        gid=f"line:{name}",
    )
    ax.add_patch(box)
    for row, content in enumerate(text):
        weight = "bold" if row == 0 else "normal"
        y = top + 0.11 + 0.26 * (row + 0.5)
        ax.text(
            0.3, y, content, va="center", weight=weight, color=colour if row == 0 else style.INK, size=8.5
        )


def _box_text(line: Line, unit: str) -> list[str]:
    given = " + ".join(t.replace("_", " ") for t in line.treatments)
    rows = textwrap.wrap(f"{line.line.replace('_', ' ')}: {given}", WIDTH)
    for number, clauses in enumerate(line.alternatives()):
        opening = "starts once " if number == 0 else "or once "
        conditions = " and ".join(clause_text(c, unit) for c in clauses) or "no other line runs"
        rows += textwrap.wrap(opening + conditions, WIDTH + 6)
    ends = [
        r.on.replace("_", " ") + (f" of grade {r.grade_at_least}+" if r.on == "toxicity" else "")
        for r in line.stop
    ]
    if ends:
        rows += textwrap.wrap("ends early at " + ", ".join(ends), WIDTH + 6)
    return rows
