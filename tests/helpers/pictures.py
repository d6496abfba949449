"""Looking at a figure: which of its texts lie on one another."""

from __future__ import annotations

from typing import Any


def overlapping_texts(ax: Any) -> list[tuple[str, str]]:
    """Pairs of texts of the axes whose boxes overlap as drawn."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(ax.figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    legend = ax.get_legend()
    every = [*ax.texts, ax.xaxis.label, ax.yaxis.label, ax.title, ax._left_title]
    every += [*ax.get_xticklabels(), *ax.get_yticklabels(), *(legend.get_texts() if legend else [])]
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in every if t.get_text() and t.get_visible()]
    return [
        (a, b)
        for i, (a, first) in enumerate(boxes)
        for b, second in boxes[i + 1 :]
        if first.shrunk(0.9, 0.8).overlaps(second.shrunk(0.9, 0.8))
    ]
