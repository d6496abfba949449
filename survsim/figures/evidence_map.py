"""Where evidence is and where it is not: site by treatment, one block an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import InputError
from survsim.core.names import readable
from survsim.evidence.ask.evidence_map import DESIGN_ORDER
from survsim.evidence.ask.said_names import WHOLE
from survsim.figures import placing, sheet, style
from survsim.figures.layout import renderer_of
from survsim.figures.notes import notes_of

if TYPE_CHECKING:
    import pandas as pd

    from survsim.evidence.ask.evidence_map import EvidenceMap

WORDS = WHOLE | {
    "retrospective_cohort": "cohort",
    "cns": "central nervous system",
    "rt": "radiotherapy",
    "chemo": "chemotherapy",
    "targeted": "targeted drug",
    "mixed": "whole cohort or prognostic",
}
COLOUR = dict(zip(DESIGN_ORDER, (style.PALETTE[6], *style.PALETTE[:5])))
GAP = "#f0f2f4"
BLOCK_GAP, HEAD = 0.7, 1.9
"""Columns between blocks, and rows for the names above them."""
LARGEST, SMALLEST = 0.30, 0.09
FULL = 2000.0
"""Patients of a full circle: area is patients between the smallest that can be seen (180) and here; the legend says so."""
SIZES = (180, 700, 2000)
RING = 0.18
CELL, SEVERAL, SMALLEST_CELL = 0.42, 0.3, 0.16
"""Inches of a cell, of one where blocks stand below each other, and of the smallest that letters can stand beside."""
NAMES = 2.0
"""Inches kept for names and edges when the cells are sized."""


@style.styled
def draw_evidence_map(result: EvidenceMap, ax: Any = None, *, endpoints: int | tuple[str, ...] = 4) -> Any:
    """Circles by site (rows) and treatment (columns) in one block an endpoint; area is patients, colour design.

    Parameters
    ----------
    endpoints : names of endpoints to show, or how many of those with most numbers.

    Returns
    -------
    Axes; circles carry ``gid`` "site|treatment|endpoint|design", grey squares "gap:site|treatment|endpoint".
    """
    shown = result.endpoints[:endpoints] if isinstance(endpoints, int | np.integer) else tuple(endpoints)
    unknown = [e for e in shown if e not in result.endpoints]
    if unknown:
        raise InputError(f"endpoints must be among {', '.join(result.endpoints)}; got {unknown[0]!r}.")
    rows, columns = len(result.sites), len(result.treatments)
    room = sheet.width_for(12.0, style.current()) if ax is None else placing.room(ax) / 72.0
    beside = min(len(shown), max(1, int((room - NAMES) / (SMALLEST_CELL * 1.25 * (columns + BLOCK_GAP)))))
    down = -(-len(shown) // beside)
    wide = beside * (columns + BLOCK_GAP) - BLOCK_GAP + 0.6
    # Cells are no larger than usual, however few: the rest of the width stays free.
    across = (
        max(wide, (room - NAMES) / (CELL if down == 1 else SEVERAL)) if asked_width() else wide,
        down * (rows + HEAD),
    )
    if ax is None:
        cell = min(CELL if down == 1 else SEVERAL, (room - NAMES) / across[0])
        ax = style.new_axes(min(room, NAMES + cell * across[0]), 2.45 + cell * across[1])
    for block, endpoint in enumerate(shown):
        left, top = (block % beside) * (columns + BLOCK_GAP), (block // beside) * (rows + HEAD)
        _block(ax, result, endpoint, left, top)
        _block_title(ax, _word(endpoint), left, top, columns)
    ticks = [b * (columns + BLOCK_GAP) + c for b in range(beside) for c in range(columns)]
    ax.set_xticks(ticks, [_word(t) for t in result.treatments] * beside, rotation=90)
    levels = [b * (rows + HEAD) + r for b in range(down) for r in range(rows)]
    ax.set_yticks(levels, [_word(s) for s in result.sites] * down)
    ax.set(xlim=(-0.8, across[0] - 0.8), ylim=(across[1] - HEAD - 0.4, -HEAD))
    ax.set_aspect("equal", anchor="W")
    notes_of(ax).ratio = (across[1] - 0.4) / across[0]
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    _legends(ax, result)
    notes_of(ax).after.insert(0, names_in_cells)
    return ax


def names_in_cells(ax: Any) -> None:
    """Names no higher than the columns and rows they stand at."""
    (x0, _), (x1, _) = ax.transData.transform([(0.0, 0.0), (1.0, 0.0)])
    column = (x1 - x0) / ax.figure.figure.dpi * 72.0
    for label in ax.get_xticklabels():
        label.set_fontsize(min(label.get_fontsize(), 0.82 * column))
    for label in ax.get_yticklabels():
        lines = label.get_text().count("\n") + 1
        label.set_fontsize(min(label.get_fontsize(), 0.8 * column / lines))


def asked_width() -> bool:
    """Whether the caller gave the width of the sheet."""
    wanted = sheet.asked()
    return wanted is not None and wanted.width is not None


def _block_title(ax: Any, words: str, left: float, top: float, columns: int) -> None:
    """The endpoint above its block, in lines no wider than the block."""
    title = ax.text(left - 0.5, top - 0.75, words, ha="left", va="bottom", fontweight="bold", in_layout=False)

    def fit(axes: Any) -> None:
        edge = axes.transData.transform([(left - 0.5, 0), (left + columns + BLOCK_GAP - 0.7, 0)])
        notes = notes_of(axes)
        notes.write(title, edge[1][0] - edge[0][0], renderer_of(axes.figure.figure), most=2)
        title.set_in_layout(True)

    notes_of(ax).after.append(fit)


def _block(ax: Any, result: EvidenceMap, endpoint: str, left: float, top: float) -> None:
    from matplotlib.patches import Circle, Rectangle

    here = result.cells[result.cells["endpoint"] == endpoint]
    by_cell = {key: part for key, part in here.groupby(["site_group", "treatment"])}
    for y, site in enumerate(result.sites):
        for x, treatment in enumerate(result.treatments):
            name = f"{site}|{treatment}|{endpoint}"
            cell = by_cell.get((site, treatment))
            if cell is None:
                square = Rectangle((left + x - 0.46, top + y - 0.46), 0.92, 0.92, color=GAP, linewidth=0)
                square.set_gid(f"gap:{name}")
                ax.add_patch(square)
                continue
            for (design, n), (dx, dy) in zip(*_placed(cell)):
                circle = Circle(
                    (left + x + dx, top + y + dy),
                    _radius(n),
                    facecolor=COLOUR[design] if n > 0 else "none",
                    edgecolor="white" if n > 0 else COLOUR[design],
                    linewidth=0.5 if n > 0 else 1.0,
                )
                circle.set_gid(f"{name}|{design}")
                ax.add_patch(circle)


def _placed(cell: pd.DataFrame) -> tuple[list[tuple[str, float]], list[tuple[float, float]]]:
    """Designs of one cell, largest first so that none is hidden, on a small ring when there are several."""
    pairs = sorted(zip(cell["design"], cell["n_patient"].astype(float)), key=lambda p: (-p[1], p[0]))
    if len(pairs) == 1:
        return pairs, [(0.0, 0.0)]
    turns = np.pi + 2 * np.pi * np.arange(len(pairs)) / len(pairs)
    return pairs, [(RING * float(np.cos(t)), RING * float(np.sin(t))) for t in turns]


def _radius(n: float) -> float:
    return max(SMALLEST, LARGEST * float(np.sqrt(min(n, FULL) / FULL)))


def _legends(ax: Any, result: EvidenceMap) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    designs = [d for d in DESIGN_ORDER if d in set(result.cells["design"])]
    dots: list[Any] = [
        Line2D([], [], marker="o", linestyle="", color=COLOUR[d], markersize=6) for d in designs
    ]
    labels = [_word(d) for d in designs]
    if (result.cells["n_patient"] == 0).any():
        dots.append(
            Line2D([], [], marker="o", linestyle="", markerfacecolor="none", color=style.SOFT, markersize=5)
        )
        labels.append("size not stated")
    dots.append(Patch(facecolor=GAP))
    labels.append("no number")
    placing.legend(ax, dots, labels, where="below", heading="Design")
    names = [f"{SIZES[0]:,} patients or fewer", *(f"{s:,}" for s in SIZES[1:-1]), f"{SIZES[-1]:,} or more"]
    placing.legend(ax, _rings, names, where="below", heading="Size")


def _rings(ax: Any) -> list[Any]:
    """Circles of the legend, as large as those drawn."""
    from matplotlib.lines import Line2D

    (x0, _), (x1, _) = ax.transData.transform([(0.0, 0.0), (1.0, 0.0)])
    points = (x1 - x0) / ax.figure.figure.dpi * 72.0
    return [
        Line2D([], [], marker="o", linestyle="", color=style.SOFT, markersize=2 * points * _radius(s))
        for s in SIZES
    ]


def _word(name: str) -> str:
    return WORDS.get(name) or readable(name)
