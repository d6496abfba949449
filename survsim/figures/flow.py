"""The flow of a selection, as PRISMA draws it: what remained down the middle, what was left out at the side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from survsim.figures import style
from survsim.figures.boxes import diagram_axes, in_lines, inner_width, line_height

if TYPE_CHECKING:
    from survsim.evidence.ask.flow import EvidenceFlow

USUAL = 6.4
BOX, SIDE = 0.36, 0.44
"""Shares of the width: how wide the boxes of what remained are, and where those at the side begin."""
PAD, SPACE = 0.09, 0.16
"""Inches above and below the words of a box, and of an arrow before and after a box at the side."""

IN_WORDS = {
    "population is not index": "not the disease under study",
    "design is not rct": "not a randomised trial",
}
"""Reasons of a selection that stand in codes, as a reader says them."""


@style.styled
def draw_evidence_flow(result: EvidenceFlow, ax: Any = None) -> Any:
    """Boxes of what remained, joined by arrows; beside each arrow what the step left out, and why.

    Returns
    -------
    Axes in inches; texts carry ``gid`` "left:<step>" and "out:<step>".
    """
    width = inner_width(ax, USUAL)
    box, side = BOX * width, (1.0 - SIDE) * width
    steps = range(len(result.reasons))
    out = [_left_out(ax, result, step, side - 2 * PAD) if step else [] for step in steps]
    left = [
        in_lines(
            ax, _count(result, "", result.numbers_left[s], result.studies_left[s], whole=True), box - 2 * PAD
        )
        for s in steps
    ]
    line = line_height()
    high = [2 * PAD + line * len(words) for words in left]
    aside = [2 * PAD + line * len(words) for words in out]
    total = sum(high) + sum(a + 2 * SPACE for a in aside[1:])
    ax, size = diagram_axes(ax, width, total + 0.02)
    top = -0.01
    for step in steps:
        if step:
            bottom = top - aside[step] - 2 * SPACE
            middle = (top + bottom) / 2
            _arrow(ax, (box / 2, top), (box / 2, bottom))
            _arrow(ax, (box / 2, middle), (SIDE * width, middle))
            corner = (SIDE * width, middle - aside[step] / 2)
            _box(ax, corner, side - 0.01, aside[step], out[step], f"out:{step}", style.SOFT, size)
            top = bottom
        _box(ax, (0.01, top - high[step]), box, high[step], left[step], f"left:{step}", style.INK, size)
        top -= high[step]
    return ax


def _left_out(ax: Any, result: EvidenceFlow, step: int, width: float) -> list[str]:
    reason = result.reasons[step].partition(";")[0].replace("_", " ")
    reason = IN_WORDS.get(reason, reason)
    words = _count(result, "left out", result.numbers_out[step], result.studies_out[step])
    return [*in_lines(ax, reason, width), *in_lines(ax, words, width)]


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
    ax: Any,
    corner: tuple[float, float],
    width: float,
    height: float,
    lines: list[str],
    gid: str,
    edge: str,
    size: float,
) -> None:
    from matplotlib.patches import Rectangle

    ax.add_patch(Rectangle(corner, width, height, facecolor="white", edgecolor=edge, linewidth=0.9))
    text = ax.text(
        corner[0] + PAD, corner[1] + height / 2, "\n".join(lines), va="center", ha="left", linespacing=1.2, size=size
    )  # fmt: skip
    text.set_gid(gid)


def _arrow(ax: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.annotate(
        "",
        xy=end,
        xytext=start,
        arrowprops={"arrowstyle": "-|>", "color": style.SOFT, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0},
    )
