"""Looking at a figure: which of its texts lie on one another, and which leave the sheet."""

from __future__ import annotations

from typing import Any


def _boxes(ax: Any, renderer: Any) -> list[tuple[str, Any]]:
    legends = [child for child in ax.get_children() if type(child).__name__ == "Legend"]
    every = [*ax.texts, ax.title, ax._left_title, ax._right_title]
    if ax.axison:
        every += [ax.xaxis.label, ax.yaxis.label, *_shown(ax.xaxis), *_shown(ax.yaxis)]
    for legend in legends:
        every += [*legend.get_texts(), legend.get_title()]
    return [(t.get_text(), t.get_window_extent(renderer)) for t in every if t.get_text() and t.get_visible()]


def _shown(axis: Any) -> list[Any]:
    """Labels of the ticks inside the limits: matplotlib keeps some outside, and does not draw them."""
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    return [lab for t in ticks if low - 1e-9 <= t.get_loc() <= high + 1e-9 for lab in (t.label1, t.label2)]


def _drawn(figure: Any, dpi: float | None = None) -> Any:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure.set_dpi(dpi or figure.dpi)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas.get_renderer()


def overlapping_texts(ax: Any) -> list[tuple[str, str]]:
    """Pairs of texts of the axes whose boxes overlap as drawn."""
    boxes = _boxes(ax, _drawn(ax.figure.figure))
    return _pairs(boxes)


def _pairs(boxes: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    return [
        (a, b)
        for i, (a, first) in enumerate(boxes)
        for b, second in boxes[i + 1 :]
        if first.shrunk(0.9, 0.8).overlaps(second.shrunk(0.9, 0.8))
    ]


def faults(figure: Any, dpi: float | None = None) -> list[str]:
    """What is wrong with a whole figure as drawn: texts on one another or off the sheet, a legend on the curves."""
    renderer = _drawn(figure, dpi)
    sheet, found = figure.bbox, []
    boxes = [pair for ax in figure.axes for pair in _boxes(ax, renderer)]
    found += [f"{a!r} lies on {b!r}" for a, b in _pairs(boxes)]
    for words, box in boxes:
        if box.x0 < sheet.x0 - 1 or box.y0 < sheet.y0 - 1 or box.x1 > sheet.x1 + 1 or box.y1 > sheet.y1 + 1:
            found.append(f"{words!r} leaves the sheet")
    for ax in figure.axes:
        others = [other.get_window_extent() for other in figure.axes if other is not ax]
        for words, box in _boxes(ax, renderer):
            if any(box.shrunk(0.9, 0.8).overlaps(other) for other in others):
                found.append(f"{words!r} lies on another panel")
        for legend in [child for child in ax.get_children() if type(child).__name__ == "Legend"]:
            frame = legend.get_window_extent(renderer)
            for other in figure.axes:
                if frame.shrunk(0.98, 0.9).overlaps(other.get_window_extent()):
                    found.append("a legend lies on the curves")
            if frame.x1 > sheet.x1 + 1 or frame.x0 < sheet.x0 - 1:
                found.append("a legend leaves the sheet")
    return found
