"""Lines that were drawn in pieces, joined: segment after segment, or dash after dash."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.vector.drawing import Colour, Stroke

Style = tuple[Colour | None, tuple[float, ...], float, float]
_NEAR = 0.03
_MOST_GAPS = 4000


@dataclass(frozen=True, kw_only=True)
class Chain:
    """One line from left to right, with the style it was drawn in; `broken` where it was put together over gaps."""

    points: FloatArray
    style: Style
    strokes: tuple[Stroke, ...]
    broken: bool = False

    @property
    def colour(self) -> Colour:
        """Of the line."""
        return self.style[0] or (0.0, 0.0, 0.0)


def joined(strokes: Sequence[Stroke]) -> list[Chain]:
    """Chains of the strokes of each style; short pieces that touch nothing stay by themselves."""
    by_style: dict[Style, list[Stroke]] = defaultdict(list)
    for stroke in strokes:
        by_style[stroke.style].append(stroke)
    return [chain for style, own in by_style.items() for chain in _chains(style, own)]


def _chains(style: Style, strokes: list[Stroke]) -> list[Chain]:
    """Pieces laid end to end; each piece is turned so that it runs to the right."""
    parts = [(_rightwards(s.points), s) for s in strokes]
    starts: dict[tuple[int, int], list[int]] = defaultdict(list)
    for k, (points, _) in enumerate(parts):
        starts[_cell(points[0])].append(k)
    used: set[int] = set()
    ended = {_cell(points[-1]) for points, _ in parts if np.ptp(points[:, 0]) > 0 or np.ptp(points[:, 1]) > 0}
    heads = sorted(
        range(len(parts)), key=lambda k: (_around(parts[k][0][0]) & ended != set(), parts[k][0][0, 0])
    )
    found = []
    for head in heads:
        if head in used:
            continue
        used.add(head)
        line, own = [parts[head][0]], [parts[head][1]]
        while (after := _after(line[-1][-1], starts, used, parts)) is not None:
            used.add(after)
            line.append(parts[after][0])
            own.append(parts[after][1])
        found.append(Chain(points=np.concatenate(line), style=style, strokes=tuple(own)))
    return found


def _rightwards(points: FloatArray) -> FloatArray:
    first, last = points[0], points[-1]
    back = last[0] < first[0] - 1e-9 or (abs(last[0] - first[0]) <= 1e-9 and last[1] < first[1])
    return points[::-1] if back else points


def _cell(point: FloatArray) -> tuple[int, int]:
    return round(float(point[0]) / _NEAR), round(float(point[1]) / _NEAR)


def _around(point: FloatArray) -> set[tuple[int, int]]:
    x, y = _cell(point)
    return {(x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)}


def _after(
    end: FloatArray,
    starts: dict[tuple[int, int], list[int]],
    used: set[int],
    parts: list[tuple[FloatArray, Stroke]],
) -> int | None:
    """The piece that begins where a line ends; one that turns before one that goes straight on."""
    open_ones = [k for cell in _around(end) for k in starts.get(cell, ()) if k not in used]
    return max(open_ones, key=lambda k: parts[k][0].shape[0], default=None)


def over_gaps(pieces: Sequence[Chain]) -> list[Chain]:
    """Dashes drawn one by one, as lines: each goes on with the nearest dash ahead at its height, or around a corner."""
    dashes = sorted(pieces, key=lambda c: (c.points[0, 0], c.points[0, 1]))
    if not 4 <= len(dashes) <= _MOST_GAPS:
        return list(pieces)
    lengths = [float(np.abs(np.diff(c.points, axis=0)).sum()) for c in dashes]
    reach = 3.0 * float(np.median(lengths))
    lines: list[list[Chain]] = []
    for dash in dashes:
        costs = [(_cost(line[-1].points[-1], dash.points[0], reach), k) for k, line in enumerate(lines)]
        cost, best = min(costs, default=(np.inf, -1))
        if cost < np.inf:
            lines[best].append(dash)
        else:
            lines.append([dash])
    return [_bridged(line) if len(line) > 3 else line[0] for line in lines]


def _cost(end: FloatArray, start: FloatArray, reach: float) -> float:
    right, down = start[0] - end[0], abs(start[1] - end[1])
    if right < -_NEAR or right > reach or down > reach:
        return float("inf")
    return float(right + 2 * down if down > _NEAR else right)


def _bridged(line: list[Chain]) -> Chain:
    """Dashes as one line; a gap around a corner runs along first, then down, as a step does."""
    points = [line[0].points]
    for before, after in itertools.pairwise(line):
        end, start = before.points[-1], after.points[0]
        if abs(end[1] - start[1]) > _NEAR and abs(end[0] - start[0]) > _NEAR:
            points.append(np.array([[start[0], end[1]]]))
        points.append(after.points)
    strokes = tuple(s for c in line for s in c.strokes)
    return Chain(points=np.concatenate(points), style=line[0].style, strokes=strokes, broken=True)
