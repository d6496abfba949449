"""Axes of a drawing: rows and columns of numbers, the ticks beside them, and the line that both lie on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.found import Axis, AxisPoint
from survsim.digitising.vector.drawing import Drawing, Stroke, Words
from survsim.digitising.vector.numerals import Numeral, numeral

Label = tuple[Words, Numeral]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Numbers along one axis of a page; `exact` where ticks or grid lines gave their places.

    `start` and `end` bound the labels across the axis: top and bottom of a row, left and right of a column.
    """

    axis: Axis
    places: FloatArray
    start: float
    end: float
    size: float
    exact: bool
    logarithmic: bool = False
    percent: bool = False
    labels: tuple[Words, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Ticks:
    """Short and long lines across an axis, as arrays: place along it, and where they begin and end across it."""

    place: FloatArray
    low: FloatArray
    high: FloatArray


def scales(drawing: Drawing, side: int) -> list[Scale]:
    """Every row (`side` 0) or column (`side` 1) of numbers that lie on a line."""
    labels = [(w, n) for w, n in ((w, _read(w, drawing.words)) for w in drawing.words) if n is not None]
    ticks = _ticks(drawing.strokes, side)
    found = []
    for line in _lines(labels, side):
        logarithmic = _logarithmic(line, side)
        if logarithmic is not None:
            found.append(logarithmic)
            continue
        for run in _runs(line, side):
            scale = _scale(run, ticks, side)
            if scale is not None:
                found.append(scale)
    return found


def by_hand(points: Sequence[AxisPoint], title: str = "") -> Axis:
    """The axis through points that a person gave."""
    places = np.array([p.place for p in points])
    values = np.array([p.value for p in points])
    return _fit(places, values, title)


def _read(word: Words, words: Sequence[Words]) -> Numeral | None:
    """The number a word is; with a smaller number at its shoulder it is a power."""
    plain = numeral(word.text)
    if plain is None:
        return None
    for other in words:
        if other is word:
            continue
        power = other.size < 0.85 * word.size and numeral(other.text) is not None
        if power and _beside(word, other) and -0.2 * word.size < word.y - other.y < word.size:
            return Numeral(plain.value ** numeral_value(other), power=True)
        base = word.size < 0.85 * other.size and other.text in ("10", "2", "e")
        if base and _beside(other, word) and abs(word.y - other.y) < other.size:
            return None
    return plain


def _beside(large: Words, small: Words) -> bool:
    """Whether a small word begins where a large one ends."""
    return 0 <= small.box.x0 - large.box.x1 + 0.2 * large.size < 0.6 * large.size


def numeral_value(word: Words) -> float:
    """The number of a word that is known to be one, within what a power may be."""
    found = numeral(word.text)
    return float(np.clip(found.value if found else 0.0, -30, 30))


def _along(word: Words, side: int) -> float:
    return word.x if side == 0 else word.y


def _lines(labels: list[Label], side: int) -> list[list[Label]]:
    """Labels that share a row, or a column (by their right edges or their middles)."""
    lines: list[list[Label]] = []
    for label in sorted(labels, key=lambda pair: _along(pair[0], side)):
        word = label[0]
        home = next((line for line in lines if any(_together(word, w, side) for w, _ in line[-3:])), None)
        if home is None:
            lines.append([label])
        else:
            home.append(label)
    return [line for line in lines if len(line) > 1]


def _together(a: Words, b: Words, side: int) -> bool:
    if abs(a.size - b.size) > 0.25 * max(a.size, b.size):
        return False
    if side == 0:
        return abs(a.y - b.y) < 0.35 * a.size
    slack = 0.6 * a.size
    return (
        abs(a.box.x1 - b.box.x1) < slack or abs(a.x - b.x) < slack or abs(a.box.x0 - b.box.x0) < 0.2 * slack
    )


def _runs(line: list[Label], side: int) -> list[list[Label]]:
    """Stretches of a line in which the numbers are linear in their places, as far as labels tell."""
    runs: list[list[Label]] = []
    current: list[Label] = []
    for label in line:
        if len(current) >= 2 and not _fits(current, label, side):
            runs.append(current)
            current = []
        if len(current) == 1 and current[0][1].value == label[1].value:
            current = []
        current.append(label)
    runs.append(current)
    return [run for run in runs if len(run) > 1]


def _fits(run: list[Label], label: Label, side: int) -> bool:
    values = np.array([n.value for _, n in run])
    places = np.array([_along(w, side) for w, _ in run])
    slope, start = np.polyfit(values, places, 1)
    miss = abs(start + slope * label[1].value - _along(label[0], side))
    size = label[0].size
    return bool(miss < 0.7 * size * max(1.0, len(label[0].text) / 4) and abs(slope) > 1e-12)


def _logarithmic(line: list[Label], side: int) -> Scale | None:
    values = np.array([n.value for _, n in line])
    places = np.array([_along(w, side) for w, _ in line])
    powers = len(line) > 1 and all(n.power for _, n in line)
    fewest = 2 if powers else 3
    if len(line) < fewest or (values <= 0).any() or np.unique(values).size < fewest or np.ptp(places) <= 0:
        return None
    size = line[0][0].size

    def miss(seen: FloatArray) -> float:
        return float(np.abs(np.polyval(np.polyfit(seen, places, 1), seen) - places).max())

    if np.ptp(np.log(values)) == 0 or not (powers or values.max() / values.min() >= 4):
        return None
    if miss(np.log(values)) < 0.35 * size and (powers or miss(values) > 1.2 * size):
        return _made(line, places, np.log10(values), side, exact=False, logarithmic=True)
    return None


def _ticks(strokes: Sequence[Stroke], side: int) -> _Ticks:
    """Straight lines of two points that run across the axis."""
    other = 1 - side
    rows = []
    for s in strokes:
        if s.points.shape[0] == 2 and s.straight and s.colour is not None:
            (a, b) = s.points
            if abs(a[side] - b[side]) < 0.02 and abs(a[other] - b[other]) > 0.5:
                rows.append((a[side], min(a[other], b[other]), max(a[other], b[other])))
    table = np.array(rows).reshape(-1, 3)
    return _Ticks(place=table[:, 0], low=table[:, 1], high=table[:, 2])


def _scale(run: list[Label], ticks: _Ticks, side: int) -> Scale | None:
    """The scale of a run of labels, from the ticks beside them where there are any."""
    values = np.array([n.value for _, n in run])
    middles = np.array([_along(w, side) for w, _ in run])
    size = float(np.median([w.size for w, _ in run]))
    if side == 0:
        near_edge = min(w.box.y0 for w, _ in run)
        reach = (ticks.high > near_edge - 2.2 * size) & (ticks.high < near_edge + 0.9 * size)
    else:
        near_edge = max(w.box.x1 for w, _ in run)
        reach = (ticks.low > near_edge - 0.9 * size) & (ticks.low < near_edge + 2.2 * size)
    places = _tick_places(middles, ticks, reach, size)
    known = np.isfinite(places)
    if known.sum() >= 2 and known.sum() >= 0.7 * len(run):
        kept = [label for label, k in zip(run, known, strict=True) if k]
        return _made(kept, places[known], values[known], side, exact=True)
    return _made(run, middles, values, side, exact=False) if len(run) > 2 else None


def _tick_places(middles: FloatArray, ticks: _Ticks, reach: np.ndarray, size: float) -> FloatArray:
    """The tick of each label in the set of equal ticks that serves most labels; NaN where it has none."""
    best = np.full(middles.size, np.nan)
    most, shortest = 0, np.inf
    ends = np.round(np.column_stack([ticks.low, ticks.high])[reach], 0)
    place = ticks.place[reach]
    for group in np.unique(ends, axis=0):
        own = np.sort(place[(np.abs(ends - group) <= 1.0).all(axis=1)])
        at = own[np.abs(own[None, :] - middles[:, None]).argmin(axis=1)]
        at = np.where(np.abs(at - middles) < 0.75 * size, at, np.nan)
        hits, length = int(np.isfinite(at).sum()), float(group[1] - group[0])
        distinct = np.unique(at[np.isfinite(at)]).size == hits
        if distinct and hits and (hits > most or (hits == most and length < shortest)):
            best, most, shortest = at, hits, length
    return best


def _made(
    run: list[Label],
    places: FloatArray,
    values: FloatArray,
    side: int,
    *,
    exact: bool,
    logarithmic: bool = False,
) -> Scale | None:
    if np.ptp(values) <= 0 or np.ptp(places) <= 0:
        return None
    words = tuple(w for w, _ in run)
    boxes = [w.box for w in words]
    start = min(b.y0 if side == 0 else b.x0 for b in boxes)
    end = max(b.y1 if side == 0 else b.x1 for b in boxes)
    axis = _fit(places, values)
    if exact and axis.error > 0.012 * np.ptp(values):
        return None
    return Scale(
        axis=axis, places=places, start=start, end=end, size=float(np.median([w.size for w in words])),
        exact=exact, logarithmic=logarithmic, percent=any(n.percent for _, n in run), labels=words,
    )  # fmt: skip


def _fit(places: FloatArray, values: FloatArray, title: str = "") -> Axis:
    centre = places.mean()
    slope, middle = np.polyfit(places - centre, values, 1)
    error = float(np.abs(middle + slope * (places - centre) - values).max())
    order = np.argsort(places)
    return Axis(
        intercept=float(middle - slope * centre), slope=float(slope), error=error, one_pixel=0.0, title=title,
        ticks=tuple((float(places[k]), float(values[k])) for k in order),
    )  # fmt: skip
