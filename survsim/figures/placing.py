"""What drawing functions say to the layout: a legend, a title, a remark, a row below, ticks that may be thinned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from survsim.figures import style
from survsim.figures.layout import region_points, renderer_of
from survsim.figures.notes import Legend, Row, notes_of


def legend(
    ax: Any,
    handles: Sequence[Any] | Callable[[Any], Sequence[Any]] | None = None,
    labels: Sequence[str] | None = None,
    *,
    where: str = "above",
    columns: int = 3,
    heading: str = "",
) -> None:
    """The one place for legends: above the axes (or below), where no curve runs through it.

    `handles` and `labels` default to what was drawn with a label, whenever the layout is made; a function of the axes
    may make the handles.
    """

    def entries(axes: Any) -> tuple[Sequence[Any], Sequence[str]]:
        if handles is None:
            found: tuple[Sequence[Any], Sequence[str]] = axes.get_legend_handles_labels()
            return found
        made = handles(axes) if callable(handles) else handles
        return made, labels if labels is not None else [str(h.get_label()) for h in made]

    notes = notes_of(ax)
    if handles is None:  # one legend of what is drawn, however often something is added to the axes
        notes.legends = [one for one in notes.legends if one.entries.__name__ != "of_all"]
        entries.__name__ = "of_all"
    notes.legends.append(Legend(entries=entries, where=where, columns=columns, title=heading))


def title(ax: Any, words: str) -> None:
    """Words above everything."""
    if words:
        notes_of(ax).title = words


def only_name(ax: Any, words: str, name: str) -> str:
    """The words as they came; where they are too long for their place, the name among them alone is shortened."""
    notes_of(ax).names[words] = name if name in words else ""
    return words


def remark(ax: Any, words: str, *, name: str = "", colour: str = style.INK, gid: str | None = None) -> Any:
    """A line directly above the axes; of one with a `name` that alone may be shortened."""
    only_name(ax, words, name)
    text = ax.annotate(
        words, xy=(0, 1), xycoords="axes fraction", xytext=(0, 4), textcoords="offset points", ha="left", va="bottom",
        fontsize=style.small(), color=colour, annotation_clip=False, gid=gid,
    )  # fmt: skip
    notes_of(ax).remarks.append(text)
    return text


def row_below(ax: Any, texts: Sequence[Any] | Callable[[Any], list[Any]], *, gap: float = 0.0) -> None:
    """A line of texts (from `text_below`) under the axis and its name; a function makes those below the ticks."""
    if callable(texts):
        notes_of(ax).below.append(Row(texts=texts(ax), make=texts, gap=gap))
    else:
        notes_of(ax).below.append(Row(texts=list(texts), gap=gap))


def text_below(
    ax: Any,
    x: float,
    words: str,
    *,
    across: bool = False,
    shift: float = 0.0,
    ha: str = "center",
    colour: str = style.INK,
    weight: str = "normal",
    gid: str | None = None,
) -> Any:
    """A text for `row_below` at a time, or `across` the axes: 0 their left end, 1 their right."""
    text = ax.annotate(
        words, xy=(x, 0), xycoords=("axes fraction" if across else "data", "axes fraction"), xytext=(shift, -40),
        textcoords="offset points", ha=ha, va="center", fontsize=style.small(), color=colour, weight=weight,
        annotation_clip=False, gid=gid,
    )  # fmt: skip
    notes_of(ax).plain(text)
    return text


def beside(ax: Any, text: Any, low: float, high: float) -> None:
    """A text (an annotation at a point) that stands inside the axes, right of `high` or left of `low` on its time.

    The layout puts it on the side with room, in two lines where it needs them; it does not move the axes. Where neither side
    holds it, it stands on the mark itself, its letters outlined so that the mark is still seen.
    """
    text.set_in_layout(False)

    def place(axes: Any) -> None:
        from matplotlib.patheffects import withStroke

        root, notes = axes.figure.figure, notes_of(axes)
        box, point = axes.get_window_extent(), root.dpi / 72.0
        edges = axes.transData.transform([(low, 0.0), (high, 0.0)])[:, 0]
        rooms = {"left": box.x1 - edges[1] - 8 * point, "right": edges[0] - box.x0 - 10 * point}
        renderer = renderer_of(root)
        wide = text.get_window_extent(renderer).width
        side = "left" if rooms["left"] >= min(wide, rooms["right"]) else "right"
        notes.write(text, max(rooms[side], 30 * point), renderer, most=2)
        text.set_in_layout(True)
        if rooms[side] >= wide or not text.get_text().endswith("…"):
            text.xy = (high if side == "left" else low, text.xy[1])
            text.set_ha(side)
            text.xyann = (8 if side == "left" else -8, 0)
            return
        notes.write(text, 0.9 * box.width, renderer, most=2)
        half = 0.5 * text.get_window_extent(renderer).width + 2 * point
        middle = min(max(0.5 * (edges[0] + edges[1]), box.x0 + half), box.x1 - half)
        text.set(ha="center", bbox=None, path_effects=[withStroke(linewidth=2.5, foreground="white")])
        text.xy = (float(axes.transData.inverted().transform((middle, 0.0))[0]), text.xy[1])
        text.xyann = (0, 0)

    notes_of(ax).after.append(place)


def names_at_ends(ax: Any, named: Sequence[tuple[Any, str, str]]) -> None:
    """Names (line, words, gid) right of the axes, level with the ends of the lines and apart from each other."""
    notes = notes_of(ax)
    notes.legends = [one for one in notes.legends if one.entries.__name__ != "of_all"]
    end = float(ax.get_xlim()[1])
    for line, words, gid in named:
        y = np.asarray(line.get_ydata(orig=False), float)
        inside = np.asarray(line.get_xdata(orig=False), float) <= end
        text = ax.annotate(
            words, xy=(1.0, float(y[inside][-1])), xycoords=("axes fraction", "data"), xytext=(5, 0),
            textcoords="offset points", ha="left", va="center", fontsize=style.small(), color=line.get_color(),
            annotation_clip=False, gid=gid,
        )  # fmt: skip
        notes.ends.append(text)
    notes.after.append(_apart)


def _apart(ax: Any) -> None:
    """Push the names at the ends of curves from each other, the lowest kept above the axis."""
    texts = notes_of(ax).ends
    root = ax.figure.figure
    renderer, point, box = renderer_of(root), root.dpi / 72.0, ax.get_window_extent()
    for text in texts:
        text.xyann = (5, 0)
    order = sorted(texts, key=lambda t: t.xy[1])
    sizes = [t.get_window_extent(renderer) for t in order]
    wanted = [0.5 * (size.y0 + size.y1) for size in sizes]
    levels, floor = [], box.y0
    for level, size in zip(wanted, sizes):
        levels.append(max(level, floor + 0.5 * size.height))
        floor = levels[-1] + 0.5 * size.height + point
    ceiling = box.y1 + 0.5 * sizes[-1].height
    for k in reversed(range(len(order))):
        levels[k] = min(levels[k], ceiling - 0.5 * sizes[k].height)
        ceiling = levels[k] - 0.5 * sizes[k].height - point
        order[k].xyann = (5, (levels[k] - wanted[k]) / point)


def left_label(ax: Any, text: Any, *, share: float) -> None:
    """A text at the left of the axes that is broken into lines with the others, within a share of the width."""
    notes_of(ax).left.append(text)
    notes_of(ax).share = share


def thinned_by(ax: Any, thin: Callable[[Any, int], Any]) -> None:
    """The function that sets the ticks anew, at most so many."""
    notes_of(ax).thin = thin


def room(ax: Any) -> float:
    """Width (points) that axes and all around them may take."""
    return region_points(ax)
