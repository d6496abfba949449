"""The flow of a selection, as PRISMA draws it: what remained down the middle, what was left out at the side."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from survsim.figures import style

if TYPE_CHECKING:
    from survsim.evidence.ask.flow import EvidenceFlow

BOX_WIDTH, SIDE_LEFT, SIDE_WIDTH = 2.75, 3.2, 4.6
LINE, PAD, SPACE = 0.19, 0.24, 0.34
WRAP = 48
"""Narrow enough that the words can be read where a page gives the figure the width of a telephone."""


@style.styled
def draw_evidence_flow(result: EvidenceFlow, ax: Any = None) -> Any:
    """Boxes of what remained, joined by arrows; beside each arrow what the step left out, and why.

    Returns
    -------
    Axes in inches; texts carry ``gid`` "left:<step>" and "out:<step>".
    """
    reasons = [textwrap.wrap(r.partition(";")[0].replace("_", " "), WRAP) for r in result.reasons]
    heights = [2 * PAD + LINE * (len(lines) + 1) for lines in reasons]
    box = PAD + 2 * LINE
    total = box + sum(h + 2 * SPACE + box for h in heights[1:])
    ax = style.new_axes(SIDE_LEFT + SIDE_WIDTH + 0.3, total + 0.3) if ax is None else ax
    ax.set(xlim=(-0.1, SIDE_LEFT + SIDE_WIDTH + 0.1), ylim=(-total - 0.1, 0.1))
    ax.set_axis_off()
    top = 0.0
    for step in range(len(result.reasons)):
        if step:
            height = heights[step]
            bottom = top - height - 2 * SPACE
            _arrow(ax, (BOX_WIDTH / 2, top), (BOX_WIDTH / 2, bottom))
            middle = (top + bottom) / 2
            _arrow(ax, (BOX_WIDTH / 2, middle), (SIDE_LEFT, middle))
            words = "\n".join(
                [
                    *reasons[step],
                    _count(result, "left out", result.numbers_out[step], result.studies_out[step]),
                ]
            )
            _box(ax, (SIDE_LEFT, middle - height / 2), SIDE_WIDTH, height, words, f"out:{step}", style.SOFT)
            top = bottom
        words = _count(result, "", result.numbers_left[step], result.studies_left[step], whole=True)
        _box(ax, (0.0, top - box), BOX_WIDTH, box, words, f"left:{step}", style.INK)
        top -= box
    return ax


def _count(result: EvidenceFlow, what: str, numbers: int, studies: int, *, whole: bool = False) -> str:
    from survsim.evidence.ask.flow import COUNTED

    one, several, group, groups = COUNTED[result.counted]
    head = f"{what}: " if what else ""
    number = one if numbers == 1 else several
    if result.counted == "cases":
        return f"{head}{numbers} {number}"
    study = group if studies == 1 else groups
    tail = f"of {studies} {study}" if whole else f"and {studies} {study} with them"
    return f"{head}{numbers} {number} {tail}"


def _box(
    ax: Any, corner: tuple[float, float], width: float, height: float, words: str, gid: str, edge: str
) -> None:
    from matplotlib.patches import Rectangle

    ax.add_patch(Rectangle(corner, width, height, facecolor="white", edgecolor=edge, linewidth=0.9))
    text = ax.text(corner[0] + 0.12, corner[1] + height / 2, words, va="center", ha="left", linespacing=1.35)
    text.set_gid(gid)


def _arrow(ax: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.annotate(
        "",
        xy=end,
        xytext=start,
        arrowprops={"arrowstyle": "-|>", "color": style.SOFT, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0},
    )
