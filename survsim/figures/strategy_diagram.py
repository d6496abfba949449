"""A strategy as a drawing: its lines in order as boxes, when each starts, what ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survsim.figures import style
from survsim.figures.boxes import diagram_axes, in_lines, inner_width, line_height
from survsim.simulation.declared.explain import clause_text

if TYPE_CHECKING:
    from survsim.simulation.declared.strategy import Line, Strategy

USUAL, PAD, ARROW = 6.6, 0.09, 0.28
"""Inches: usual width, around the words of a box, between two boxes."""


@style.styled
def draw_strategy(strategy: Strategy, ax: Any = None, *, time_unit: str = "time units") -> Any:
    """Draw the lines of a strategy from top to bottom.

    Returns
    -------
    Axes; boxes carry ``gid`` "line:<line>".
    """
    width = inner_width(ax, USUAL)
    inside = width - 2 * PAD - 0.04
    sentences = [_box_text(line, time_unit) for line in strategy.lines] or [["no further treatment"]]
    texts = [
        [
            (row, k == 0)
            for k, sentence in enumerate(text)
            for row in in_lines(ax, sentence, inside, weight="bold" if k == 0 else "normal")
        ]
        for text in sentences
    ]
    head = in_lines(ax, strategy.title, inside, weight="bold")
    line = line_height()
    heights = [line * len(text) + 2 * PAD for text in texts]
    total = line * (len(head) + 0.4) + sum(heights) + ARROW * (len(heights) - 1) + 0.04
    ax, size = diagram_axes(ax, width, total)
    for k, words in enumerate(head):
        ax.text(0.02, -line * (k + 0.5), words, weight="bold", va="center", size=size)
    top = -line * (len(head) + 0.4)
    names = [one.line for one in strategy.lines] or ["none"]
    for i, (name, text, height) in enumerate(zip(names, texts, heights)):
        if i:
            ax.annotate(
                "", (0.3, top - ARROW), (0.3, top), arrowprops={"arrowstyle": "-|>", "color": style.SOFT, "linewidth": 1.0}
            )  # fmt: skip
            top -= ARROW
        _draw_box(ax, name, text, (top, height, width - 0.04), style.colour(i), size)
        top -= height
    return ax


def _draw_box(
    ax: Any,
    name: str,
    text: list[tuple[str, bool]],
    place: tuple[float, float, float],
    colour: str,
    size: float,
) -> None:
    from matplotlib.patches import FancyBboxPatch

    top, height, width = place
    box = FancyBboxPatch(
        (0.02, top - height),
        width,
        height,
        boxstyle="round,pad=0,rounding_size=0.05",
        linewidth=1.1,
        edgecolor=colour,
        facecolor="white",
        gid=f"line:{name}",
    )
    ax.add_patch(box)
    line = (height - 2 * PAD) / len(text)
    for row, (content, first) in enumerate(text):
        ax.text(
            0.02 + PAD, top - PAD - line * (row + 0.5), content, va="center", weight="bold" if first else "normal",
            color=colour if first else style.INK, size=size,
        )  # fmt: skip


def _box_text(line: Line, unit: str) -> list[str]:
    given = " + ".join(t.replace("_", " ") for t in line.treatments)
    rows = [f"{line.line.replace('_', ' ')}: {given}"]
    for number, clauses in enumerate(line.alternatives()):
        opening = "starts once " if number == 0 else "or once "
        conditions = " and ".join(clause_text(c, unit) for c in clauses) or "no other line runs"
        rows.append(opening + conditions)
    ends = [
        r.on.replace("_", " ") + (f" of grade {r.grade_at_least}+" if r.on == "toxicity" else "")
        for r in line.stop
    ]
    if ends:
        rows.append("ends early at " + ", ".join(ends))
    return rows
