"""States of a disease and the ways between them: the living in a row, the deaths below, one numbered arrow a way."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from survsim.core.checks import as_labels, require_columns
from survsim.core.errors import InputError
from survsim.figures import placing, style
from survsim.figures.boxes import diagram_axes, in_lines, inner_width, line_height, width_of

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("source", "target", "death")
WIDTH, HEIGHT = 1.85, 0.62
"""Of a box; boxes stand `ACROSS` apart, rows `DOWN`."""
ACROSS, DOWN = 2.5, 1.9
UNIT, RADIUS = 1.08, 0.12
"""Inches of a step downwards (one to the right has what the width gives), and of a number's ring."""


@style.styled
def state_diagram(ways: pd.DataFrame, ax: Any = None, *, title: str = "") -> Any:
    """Draw states as boxes and each way from one to another as an arrow with its number.

    A living state stands as far right as the fewest ways that lead to it; a death stands below the states it is reached
    from.

    Parameters
    ----------
    ways : frame with one row a way and columns source, target (names as they are to be read) and death (whether the
        target is one); the first source is the start. A column number gives the arrows' numbers, by default 1, 2, 3.
    ax : axes to draw on; made if None.
    title : of the axes.

    Returns
    -------
    Axes; boxes carry ``gid`` "state:<name>", arrows "way:<source>><target>".

    Raises
    ------
    InputError : a missing column, no ways, a death that is left, or a sheet too narrow for the names.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim.figures import state_diagram
    >>> ways = pd.DataFrame({"source": ["well", "ill", "well"], "target": ["ill", "dead", "dead"],
    ...     "death": [False, True, True]})
    >>> sorted(text.get_text() for text in state_diagram(ways).texts if text.get_text())
    ['1', '2', '3', 'dead', 'ill', 'well']
    """
    require_columns(ways, COLUMNS, "the ways")
    rows = ways.to_dict("records")
    if not rows:
        raise InputError("there are no ways to draw; give at least one row.")
    for name in ("source", "target"):
        as_labels(f"the ways[{name!r}]", ways[name])
    place = _places(rows)
    across = max(x for x, _ in place.values()) - min(x for x, _ in place.values())
    span = across + 1.2 * WIDTH
    width = inner_width(ax, 1.25 * (across + WIDTH + 0.4))
    need = (
        max((width_of(ax, word) for n in place for word in re.split(r"\s|(?<=-)", str(n))), default=0.0)
        + 0.08
    )
    if ax is None and WIDTH * width / span < need:
        raise InputError(
            f"{len(place)} states in this order need a sheet of {need * span / WIDTH * 25.4 + 3:.0f} mm, so that their words fit "
            f"their boxes; it has {width * 25.4 + 2:.0f} mm. Give a larger width, or shorter names."
        )
    names = {n: in_lines(ax, str(n), WIDTH * width / span - 0.08, most=5) for n in place}
    tall = max(HEIGHT, (max(map(len, names.values())) * line_height() + 0.12) / UNIT)
    stretch = tall / HEIGHT
    place = {n: (x, y * stretch) for n, (x, y) in place.items()}
    depth = min(y for _, y in place.values())
    ax, size = diagram_axes(ax, width, (1.2 * tall - depth) * UNIT)
    deaths = {r["target"] for r in rows if r["death"]}
    for name, (x, y) in place.items():
        _box(ax, str(name), names[name], (x, y, tall), dead=name in deaths, size=size)
    lines = [_arrow(ax, row, place, tall) for row in rows]
    numbers = [str(row.get("number", position + 1)) for position, row in enumerate(rows)]
    _write_numbers(ax, lines, numbers, place, (width / span, UNIT, tall))
    left = min(x for x, _ in place.values()) - 0.6 * WIDTH
    ax.set_xlim(left, left + span)
    ax.set_ylim(depth - 0.6 * tall, 0.6 * tall)
    placing.title(ax, title)
    return ax


def _places(rows: list[dict[Any, Any]]) -> dict[Any, tuple[float, float]]:
    """Centre of each box: the living by steps from the start, deaths below the middle of where they come from."""
    deaths = dict.fromkeys(r["target"] for r in rows if r["death"])
    left = [r["source"] for r in rows if r["source"] in deaths]
    if left:
        raise InputError(f"{left[0]!r} is a death and has a way out; a death is left by nobody.")
    steps = {rows[0]["source"]: 0}
    queue = [rows[0]["source"]]
    while queue:
        here = queue.pop(0)
        for r in rows:
            if r["source"] == here and r["target"] not in deaths and r["target"] not in steps:
                steps[r["target"]] = steps[here] + 1
                queue.append(r["target"])
    for r in rows:  # a state that no way leads to from the start stands at the start
        steps.setdefault(r["source"], 0)
    columns: dict[int, list[Any]] = {}
    for name, step in steps.items():
        columns.setdefault(step, []).append(name)
    place = {
        name: (ACROSS * step, -1.35 * i) for step, names in columns.items() for i, name in enumerate(names)
    }
    sources = {d: [place[r["source"]][0] for r in rows if r["target"] == d] for d in deaths}
    order = sorted(deaths, key=lambda d: sum(sources[d]) / len(sources[d]))
    middle = sum(x for x, _ in place.values()) / len(place) if place else 0.0
    bottom = min((y for _, y in place.values()), default=0.0) - DOWN
    for i, name in enumerate(order):
        place[name] = (middle + ACROSS * (i - 0.5 * (len(order) - 1)), bottom)
    return place


def _box(
    ax: Any, name: str, lines: list[str], place: tuple[float, float, float], *, dead: bool, size: float
) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y, tall = place
    colour = style.SOFT if dead else style.PALETTE[0]
    ax.add_patch(
        FancyBboxPatch(
            (x - 0.5 * WIDTH, y - 0.5 * tall),
            WIDTH,
            tall,
            boxstyle="round,pad=0,rounding_size=0.08",
            linewidth=1.1,
            edgecolor=colour,
            facecolor=style.GRID if dead else "white",
            gid=f"state:{name}",
            zorder=3,
        )
    )
    # The name stays one text, so that it can be read back.
    ax.text(x, y, "\n".join(lines), ha="center", va="center", size=size, zorder=3.5)


def _arrow(
    ax: Any, row: dict[Any, Any], place: dict[Any, tuple[float, float]], tall: float
) -> tuple[Any, Any, float, float]:
    (x0, y0), (x1, y1) = place[row["source"]], place[row["target"]]
    below = y1 < y0 - DOWN / 2 or (x0 == x1 and y1 < y0)
    start = (x0, y0 - 0.5 * tall) if below else (x0 + _side(x0, x1), y0)
    end = (x1, y1 + 0.5 * tall) if below else (x1 - _side(x0, x1), y1)
    # A way back is bent, so that it does not lie on the way there.
    bend = "arc3,rad=0.35" if not below and x1 < x0 else "arc3,rad=0"
    ax.annotate(
        "",
        end,
        start,
        arrowprops={
            "arrowstyle": "-|>",
            "color": style.INK,
            "linewidth": 1.0,
            "connectionstyle": bend,
            "shrinkA": 0,
            "shrinkB": 1,
        },
        gid=f"way:{row['source']}>{row['target']}",
        zorder=2,
    )
    # Nearer to the source than the crossings in the middle.
    return start, end, 0.3 if below else 0.5, 0.17 if bend != "arc3,rad=0" else 0.0


def _write_numbers(
    ax: Any,
    lines: list[tuple[Any, Any, float, float]],
    numbers: list[str],
    place: dict[Any, tuple[float, float]],
    scale: tuple[float, float, float],
) -> None:
    """A number on each arrow, where it is clear of the boxes and of the numbers before it, or else where it is clearest."""
    across, down, tall = scale
    taken: list[tuple[float, float]] = []

    def clear(x: float, y: float) -> float:
        """Inches to the nearest number or edge of a box, less what a number itself takes."""
        boxes = [
            max(abs(x - bx) * across - 0.5 * WIDTH * across, abs(y - by) * down - 0.5 * tall * down) - RADIUS
            for bx, by in place.values()
        ]
        others = [math.hypot((x - ox) * across, (y - oy) * down) - 2 * RADIUS for ox, oy in taken]
        return min([*boxes, *others])

    for (start, end, part, lift), number in zip(lines, numbers):
        parts = sorted((k / 20 for k in range(2, 19)), key=lambda p: abs(p - part))
        spots = [
            (start[0] + p * (end[0] - start[0]), start[1] + p * (end[1] - start[1]) + lift)
            for p in (part, *parts)
        ]
        at = next((s for s in spots if clear(*s) >= 0.0), max(spots, key=lambda s: clear(*s)))
        taken.append(at)
        ax.text(
            *at,
            number,
            ha="center",
            va="center",
            size=0.94 * style.small(),
            bbox={
                "boxstyle": "circle,pad=0.25",
                "facecolor": "white",
                "edgecolor": style.SOFT,
                "linewidth": 0.7,
            },
            zorder=4,
        )


def _side(x0: float, x1: float) -> float:
    return 0.5 * WIDTH if x1 >= x0 else -0.5 * WIDTH
