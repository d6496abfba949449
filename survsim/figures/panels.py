"""Several panels on one sheet: as many beside each other as its width allows."""

from __future__ import annotations

from typing import Any

from survsim.figures import sheet, style


def fitting(least: float, usual: float) -> int:
    """How many panels of at least `least` inches stand beside each other on a sheet that is usually `usual` wide."""
    return max(1, int(sheet.width_for(usual, style.current()) / least))


def panels(
    count: int, *, width: float, height: float, least: float, columns: int = 4, share: bool = False
) -> list[Any]:
    """Axes (count,) of a new figure: panels at least `least` inches wide and usually `height` high.

    `width` is the usual width of the whole; `share` joins the panels' axes.
    """
    beside = min(columns, count, fitting(least, width))
    rows = -(-count // beside)
    first = style.new_axes(width if beside > 1 or count == 1 else least * 2, height * rows)
    figure = first.figure
    first.remove()
    made: list[Any] = []
    for k in range(count):
        shared = made[0] if share and made else None
        made.append(figure.add_subplot(rows, beside, k + 1, sharex=shared, sharey=shared))
    return made
