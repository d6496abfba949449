"""What stands above and below axes, one after the other: remarks, legend and title above, tables and legend below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from survsim.figures.notes import Legend, Notes, measure

GAP = 4.0
"""Points between two things that stand above each other."""
BETWEEN = 1.4
"""Spaces between columns of a legend, in letters; the same between its handles and words."""
HANDLE, AFTER_HANDLE = 2.0, 0.7
NARROW = 0.6
"""Axes with less of the width than this have their legend and title start at the edge of the sheet."""


def stack(ax: Any, notes: Notes, region: Sequence[float], renderer: Any) -> None:
    """Place everything that was noted around the axes, from the axes outwards."""
    point = ax.figure.figure.dpi / 72.0
    for legend in notes.drawn_legends:
        if legend.axes is not None:
            legend.remove()
    notes.drawn_legends.clear()
    box = ax.get_window_extent()
    start = _start(box, region, point)
    top = _remarks(ax, notes, box, start, region, renderer, point)
    bottom = _rows_below(ax, notes, box, start, region, renderer, point)
    for wanted in notes.legends:
        above = wanted.where == "above"
        placed = _legend(ax, notes, wanted, start, (top if above else bottom), region, renderer, point)
        if placed is None:
            continue
        extent = placed.get_window_extent(renderer)
        top, bottom = (extent.y1 + GAP * point, bottom) if above else (top, extent.y0 - GAP * point)
    _title(ax, notes, box, start, top, region, renderer, point)


def _start(box: Any, region: Sequence[float], point: float) -> float:
    """Where legend and title start: at the axes, or at the sheet's edge where the axes leave too little."""
    wide = region[2] - box.x0 >= NARROW * (region[2] - region[0])
    return float(box.x0) if wide else float(region[0] + 3.0 * point)


def _remarks(
    ax: Any, notes: Notes, box: Any, start: float, region: Sequence[float], renderer: Any, point: float
) -> float:
    """Lines directly above the axes and whatever is drawn there; returns the height they reach (pixels)."""
    mine = {id(t) for t in notes.remarks}
    others = [t for t in ax.texts if id(t) not in mine and t.get_text() and t.get_visible()]
    high = [t.get_window_extent(renderer).y1 for t in others]
    ticks = ax.xaxis.get_tightbbox(renderer) if ax.xaxis.get_ticks_position() == "top" else None
    top = float(max([box.y1, *high, *([ticks.y1] if ticks is not None else [])])) + GAP * point
    for text in notes.remarks[::-1]:
        notes.write(text, region[2] - start - 3.0 * point, renderer)
        text.xyann = ((start - box.x0) / point, (top - box.y1) / point)
        top = float(text.get_window_extent(renderer).y1) + 0.5 * GAP * point
    return top


def _rows_below(
    ax: Any, notes: Notes, box: Any, start: float, region: Sequence[float], renderer: Any, point: float
) -> float:
    """Lines of texts below the axis and its name; returns the depth they reach (pixels)."""
    axis = ax.xaxis.get_tightbbox(renderer)
    bottom = float(min(box.y0, axis.y0 if axis is not None and ax.axison else box.y0)) - GAP * point
    for row in notes.below:
        bottom -= row.gap * point
        shown = [t for t in row.texts if t.get_visible() and t.get_text()]
        if row.make is None and len(shown) == 1 and shown[0].get_ha() == "left":  # words: they may be many
            notes.write(shown[0], region[2] - start - 3.0 * point, renderer)
            shown[0].xyann = ((start - box.x0) / point, 0.0)
        if len(shown) == 2 and {t.get_ha() for t in shown} == {"left", "right"}:
            bottom = _sides(notes, shown, box, bottom, region, renderer, point)
            continue
        height = max((t.get_window_extent(renderer).height for t in shown), default=0.0)
        for text in row.texts:
            text.xyann = (text.xyann[0], (bottom - 0.5 * height - box.y0) / point)
        bottom -= height + 0.25 * GAP * point
    return bottom - GAP * point


def _sides(
    notes: Notes,
    pair: Sequence[Any],
    box: Any,
    bottom: float,
    region: Sequence[float],
    renderer: Any,
    point: float,
) -> float:
    """What lies left and right of no effect: on one line, or on two where they would meet."""
    left, right = sorted(pair, key=lambda t: t.get_ha())
    notes.write(left, region[2] - box.x0, renderer)
    notes.write(right, box.x1 - region[0], renderer)
    sizes = [t.get_window_extent(renderer) for t in (left, right)]
    meet = sizes[0].width + sizes[1].width + 8.0 * point > box.width
    for text, size in zip((left, right), sizes):
        text.xyann = (text.xyann[0], (bottom - 0.5 * size.height - box.y0) / point)
        if meet or text is right:
            bottom -= size.height + 0.25 * GAP * point
    return bottom


def _legend(
    ax: Any,
    notes: Notes,
    wanted: Legend,
    start: float,
    level: float,
    region: Sequence[float],
    renderer: Any,
    point: float,
) -> Any:
    from matplotlib.transforms import ScaledTranslation

    handles, labels = wanted.entries(ax)
    if not handles:
        return None
    root, box = ax.figure.figure, ax.get_window_extent()
    room = region[2] - start - 3.0 * point
    like = _sample(ax)
    em = like.get_fontsize() * point
    columns = _columns([measure(like, renderer)(w) for w in labels], room, em, wanted.columns)
    if columns == 1:
        labels = [notes.broken(w, like, room - (HANDLE + AFTER_HANDLE) * em, renderer, 4) for w in labels]
    else:
        labels = [notes.broken(w, like, room, renderer, 4) for w in labels]
    above = wanted.where == "above"
    edge = box.y1 if above else box.y0
    shift = ScaledTranslation(
        (start - box.x0) / point / 72, (level - edge) / point / 72, root.dpi_scale_trans
    )
    legend = ax.legend(
        handles,
        labels,
        loc="lower left" if above else "upper left",
        bbox_to_anchor=(0.0, 1.0 if above else 0.0),
        bbox_transform=ax.transAxes + shift,
        ncols=columns,
        borderaxespad=0.0,
        borderpad=0.0,
        labelspacing=0.3,
        handlelength=HANDLE,
        handletextpad=AFTER_HANDLE,
        columnspacing=BETWEEN,
        title=wanted.title or None,
        alignment="left",
        fontsize=like.get_fontsize(),
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
        text.set_fontfamily(like.get_fontfamily())
    # The next legend would take this one's place, were it not an artist of its own.
    if wanted is not notes.legends[-1]:
        ax.add_artist(legend)
    legend.set_clip_on(False)
    notes.drawn_legends.append(legend)
    return legend


def _sample(ax: Any) -> Any:
    """A text in the letters of a legend, to measure with."""
    import matplotlib
    from matplotlib.text import Text

    return Text(0, 0, "", fontsize=matplotlib.rcParams["legend.fontsize"], figure=ax.figure)


def _columns(widths: Sequence[float], room: float, em: float, most: int) -> int:
    """The most columns in which the entries, set column by column, fit side by side."""
    for count in range(min(most, len(widths)), 1, -1):
        rows, more = divmod(len(widths), count)
        at, total = 0, BETWEEN * em * (count - 1)
        for k in range(count):
            size = rows + (k < more)
            total += max(widths[at : at + size]) + (HANDLE + AFTER_HANDLE) * em
            at += size
        if total <= room:
            return count
    return 1


def _title(
    ax: Any,
    notes: Notes,
    box: Any,
    start: float,
    top: float,
    region: Sequence[float],
    renderer: Any,
    point: float,
) -> None:
    if not notes.title:
        return
    title = ax.set_title(notes.title, loc="left", pad=max((top - box.y1) / point, GAP) + 2.0)
    title.set_x((start - box.x0) / box.width)
    notes.write(title, region[2] - start - 3.0 * point, renderer)
