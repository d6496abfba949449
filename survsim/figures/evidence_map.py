"""Where evidence is and where it is not: site by treatment, one block an endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.errors import InputError
from survsim.evidence.ask.evidence_map import DESIGN_ORDER
from survsim.figures import style

if TYPE_CHECKING:
    import pandas as pd

    from survsim.evidence.ask.evidence_map import EvidenceMap

WORDS = {
    "rct": "randomised trial",
    "phase2_single_arm": "single-arm phase II",
    "meta_analysis": "meta-analysis",
    "retrospective_cohort": "cohort",
    "case_series": "case series",
    "cns": "central nervous system",
    "rt": "radiotherapy",
    "chemo": "chemotherapy",
    "chemo_rt": "chemo-radiotherapy",
    "targeted": "targeted drug",
    "mixed": "whole cohort or prognostic",
    "not_stated": "not stated",
    "ovary_tube": "ovary, tube",
    "liver_pancreas_biliary": "liver, pancreas, biliary",
    "gynaecological_mixed": "uterus and ovary together",
}
COLOUR = dict(zip(DESIGN_ORDER, (style.MARK, *style.PALETTE[:5])))
GAP = "#f0f2f4"
BLOCK_GAP = 0.7
LARGEST, SMALLEST = 0.30, 0.09
FULL = 2000.0
"""Patients of a full circle: area is patients between the smallest that can be seen (180) and here; the legend says so."""
SIZES = (180, 700, 2000)
RING = 0.18
CELL = 0.42
MARGIN = (2.0, 1.95, 2.0, 0.45)


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
    shown = result.endpoints[:endpoints] if isinstance(endpoints, int) else tuple(endpoints)
    unknown = [e for e in shown if e not in result.endpoints]
    if unknown:
        raise InputError(f"endpoints must be among {', '.join(result.endpoints)}; got {unknown[0]!r}.")
    rows, columns = len(result.sites), len(result.treatments)
    width = len(shown) * (columns + BLOCK_GAP)
    ax = _own_axes(width, rows) if ax is None else ax
    for block, endpoint in enumerate(shown):
        left = block * (columns + BLOCK_GAP)
        _block(ax, result, endpoint, left)
        ax.text(left + (columns - 1) / 2, -0.85, _word(endpoint), ha="center", va="bottom", fontweight="bold")
    ticks = [b * (columns + BLOCK_GAP) + c for b in range(len(shown)) for c in range(columns)]
    ax.set_xticks(ticks, [_word(t) for t in result.treatments] * len(shown), rotation=90)
    ax.set_yticks(range(rows), [_word(s) for s in result.sites])
    ax.set(xlim=(-0.8, width - BLOCK_GAP - 0.2), ylim=(rows - 0.4, -1.0))
    ax.set_aspect("equal", anchor="W")
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    _legends(ax, result)
    return ax


def _own_axes(width: float, rows: int) -> Any:
    """Axes whose cells are `CELL` inches wide, with room for names at the left, below and for the legends."""
    inside = (CELL * width, CELL * (rows + 0.6))
    whole = (MARGIN[0] + inside[0] + MARGIN[1], MARGIN[2] + inside[1] + MARGIN[3])
    ax = style.new_axes(*whole)
    ax.set_position((MARGIN[0] / whole[0], MARGIN[2] / whole[1], inside[0] / whole[0], inside[1] / whole[1]))
    return ax


def _block(ax: Any, result: EvidenceMap, endpoint: str, left: float) -> None:
    from matplotlib.patches import Circle, Rectangle

    here = result.cells[result.cells["endpoint"] == endpoint]
    by_cell = {key: part for key, part in here.groupby(["site_group", "treatment"])}
    for y, site in enumerate(result.sites):
        for x, treatment in enumerate(result.treatments):
            name = f"{site}|{treatment}|{endpoint}"
            cell = by_cell.get((site, treatment))
            if cell is None:
                square = Rectangle((left + x - 0.46, y - 0.46), 0.92, 0.92, color=GAP, linewidth=0)
                square.set_gid(f"gap:{name}")
                ax.add_patch(square)
                continue
            for (design, n), (dx, dy) in zip(*_placed(cell)):
                circle = Circle(
                    (left + x + dx, y + dy),
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
    first = ax.legend(
        dots, labels, loc="upper left", bbox_to_anchor=(1.01, 1.0), title="design", alignment="left"
    )
    ax.add_artist(first)
    # An added legend would be measured as clipped to the axes, and cut off when the figure is saved tightly.
    first.set_clip_on(False)
    points = CELL * 72.0
    rings = [
        Line2D([], [], marker="o", linestyle="", color=style.SOFT, markersize=2 * points * _radius(s))
        for s in SIZES
    ]
    names = [f"{SIZES[0]:,} or fewer", *(f"{s:,}" for s in SIZES[1:-1]), f"{SIZES[-1]:,} or more"]
    ax.legend(
        rings,
        names,
        loc="upper left",
        bbox_to_anchor=(1.01, 0.08),
        title="patients",
        alignment="left",
        labelspacing=0.9,
    )


def _word(name: str) -> str:
    return WORDS.get(name, name.replace("_", " "))
