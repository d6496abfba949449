"""What a figure shows, as a table: every curve, band, bar and marked number, read back from its axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("panel", "kind", "name", "x", "y", "x_end", "y_end", "words")


def drawn_data(figure: Any) -> pd.DataFrame:
    """One row a point of a line, a corner of an area, a bar, or a number that stands as text.

    `name` is what the drawing function calls it ("curve:<group>", "risk:<group>:<time>"), or the label of the legend.
    """
    import pandas as pd

    rows = [row for k, ax in enumerate(figure.axes) for row in _of_axes(_panel(ax, k), ax)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.dropna(axis="columns", how="all") if len(frame) else frame


def _panel(ax: Any, k: int) -> str:
    return str(ax.get_title(loc="left") or ax.get_title() or k + 1).replace("\n", " ")


def _of_axes(panel: str, ax: Any) -> Iterator[tuple[Any, ...]]:
    for line in ax.lines:
        if (name := _name(line)) and line.get_transform().contains_branch(ax.transData):
            x, y = np.asarray(line.get_xdata(orig=False)), np.asarray(line.get_ydata(orig=False))
            yield from ((panel, "line", name, a, b, None, None, None) for a, b in zip(x, y))
    for area in ax.collections:
        name = _name(area)
        if name and len(area.get_offsets()) > 1:
            points = np.ma.getdata(area.get_offsets())
            yield from ((panel, "point", name, a, b, None, None, None) for a, b in points)
        elif name:
            corners = [c for path in area.get_paths() for c in path.vertices]
            yield from ((panel, "area", name, a, b, None, None, None) for a, b in corners)
    for patch in ax.patches:
        if not (name := _name(patch)):
            continue
        if hasattr(patch, "get_xy") and hasattr(patch, "get_width"):
            x, y = patch.get_xy()
            yield (panel, "bar", name, x, y, x + patch.get_width(), y + patch.get_height(), None)
        elif hasattr(patch, "center"):
            yield (panel, "circle", name, *patch.center, patch.radius, patch.radius, None)
        else:
            yield from ((panel, "area", name, a, b, None, None, None) for a, b in patch.get_path().vertices)
    for text in ax.texts:
        if text.get_gid() and text.get_text():
            x, y = text.get_position() if not hasattr(text, "xy") else text.xy
            yield (panel, "number", text.get_gid(), x, y, None, None, text.get_text().replace("\n", " "))


def _name(artist: Any) -> str:
    label = str(artist.get_label() or "")
    return str(artist.get_gid() or ("" if label.startswith("_") else label))
