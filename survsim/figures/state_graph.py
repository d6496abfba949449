"""States of a disease and the ways between them: the living in a row, the deaths below, one numbered arrow a way."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from survsim.core.checks import as_labels, require_columns
from survsim.core.errors import InputError
from survsim.figures import style

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("source", "target", "death")
WIDTH, HEIGHT = 1.7, 0.62
"""Of a box; boxes stand `ACROSS` apart, rows `DOWN`."""
ACROSS, DOWN = 2.5, 1.9
TEXT = 24
"""Letters in a line of a box."""


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
    InputError : a missing column, no ways, or a death that is left.

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
    ax = style.new_axes(1.25 * (across + WIDTH + 0.4), 3.4) if ax is None else ax
    deaths = {r["target"] for r in rows if r["death"]}
    for name, (x, y) in place.items():
        _box(ax, str(name), x, y, dead=name in deaths)
    for position, row in enumerate(rows):
        _arrow(ax, row, place, str(row.get("number", position + 1)))
    left = min(x for x, _ in place.values()) - 0.6 * WIDTH
    ax.set_xlim(left, left + across + 1.2 * WIDTH)
    ax.set_ylim(min(y for _, y in place.values()) - HEIGHT, HEIGHT)
    ax.axis("off")
    if title:
        ax.set_title(title)
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
        name: (ACROSS * step, -0.9 * i) for step, names in columns.items() for i, name in enumerate(names)
    }
    sources = {d: [place[r["source"]][0] for r in rows if r["target"] == d] for d in deaths}
    order = sorted(deaths, key=lambda d: sum(sources[d]) / len(sources[d]))
    middle = sum(x for x, _ in place.values()) / len(place) if place else 0.0
    bottom = min((y for _, y in place.values()), default=0.0) - DOWN
    for i, name in enumerate(order):
        place[name] = (middle + ACROSS * (i - 0.5 * (len(order) - 1)), bottom)
    return place


def _box(ax: Any, name: str, x: float, y: float, *, dead: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    colour = style.SOFT if dead else style.PALETTE[0]
    ax.add_patch(
        FancyBboxPatch(
            (x - 0.5 * WIDTH, y - 0.5 * HEIGHT),
            WIDTH,
            HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.08",
            linewidth=1.1,
            edgecolor=colour,
            facecolor=style.GRID if dead else "white",
            gid=f"state:{name}",
            zorder=2,
        )
    )
    # The name stays one text, so that it can be read back.
    ax.text(x, y, "\n".join(textwrap.wrap(name, TEXT)), ha="center", va="center", size=8.5, zorder=3)


def _arrow(ax: Any, row: dict[Any, Any], place: dict[Any, tuple[float, float]], number: str) -> None:
    (x0, y0), (x1, y1) = place[row["source"]], place[row["target"]]
    below = y1 < y0 - DOWN / 2
    start = (x0, y0 - 0.5 * HEIGHT) if below else (x0 + _side(x0, x1), y0)
    end = (x1, y1 + 0.5 * HEIGHT) if below else (x1 - _side(x0, x1), y1)
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
    )
    # Nearer to the source than the crossings in the middle.
    part = 0.3 if below else 0.5
    lift = 0.17 if bend != "arc3,rad=0" else 0.0
    ax.text(
        start[0] + part * (end[0] - start[0]),
        start[1] + part * (end[1] - start[1]) + lift,
        number,
        ha="center",
        va="center",
        size=8.0,
        bbox={"boxstyle": "circle,pad=0.25", "facecolor": "white", "edgecolor": style.SOFT, "linewidth": 0.7},
        zorder=4,
    )


def _side(x0: float, x1: float) -> float:
    return 0.5 * WIDTH if x1 >= x0 else -0.5 * WIDTH
