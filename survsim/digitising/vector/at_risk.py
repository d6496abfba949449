"""The table of numbers at risk below the time axis: rows by label, columns by the ticks they stand under."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from survsim.digitising.found import RiskTable
from survsim.digitising.vector.drawing import Colour, Words
from survsim.digitising.vector.frames import Frame
from survsim.digitising.vector.numerals import count

_OTHER = re.compile(r"(?i)\b(censored|events?|deaths?)\b")
_GENERIC = re.compile(r"(?i)^\W*((no\.?|numbers?|n|patients?|subjects?)\W*)?(at risk)?\W*$")
_TAIL = re.compile(r"^(.*[^\d\s.,(].*?)\s+(\d+)$")


@dataclass(frozen=True)
class _Row:
    label: str
    colour: Colour
    y: float
    counts: dict[int, int]


def risk_table(words: Sequence[Words], frame: Frame, below: float) -> tuple[RiskTable | None, list[Colour]]:
    """The table and the colour of each row; `below` is where the next panel begins."""
    lines = _lines([w for w in words if frame.x.end - 0.3 * frame.x.size < w.box.y0 and w.box.y1 < below])
    columns = _columns(lines, frame)
    if columns.size == 0:
        return None, []
    rows: list[_Row] = []
    heading = ""
    for line in lines:
        row = _row(line, columns, frame)
        if row is None:
            heading = _words_left(line, frame) or heading
            continue
        if _OTHER.search(row.label) or _is_axis(row, columns, frame):
            continue
        label = heading if _GENERIC.match(row.label) and not _GENERIC.match(heading) else row.label
        rows.append(_Row(label, row.colour, row.y, row.counts))
    rows = [r for r in rows if len(r.counts) >= 2]
    if not rows:
        return None, []
    numbers = np.full((len(rows), columns.size), -1.0)
    for i, r in enumerate(rows):
        for j, value in r.counts.items():
            numbers[i, j] = value
    full = (numbers >= 0).any(axis=0)
    table = RiskTable(
        labels=tuple(r.label for r in rows), times=_times(columns, frame)[full], numbers=numbers[:, full]
    )
    return table, [r.colour for r in rows]


def _lines(words: Sequence[Words]) -> list[list[Words]]:
    lines: list[list[Words]] = []
    for word in sorted((w for w in words if abs(w.turned) < 5), key=lambda w: w.y):
        if lines and abs(lines[-1][0].y - word.y) < 0.45 * word.size:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda w: w.x) for line in lines]


def _columns(lines: Sequence[Sequence[Words]], frame: Frame) -> np.ndarray:
    """Places of the columns: ticks that have numbers below, and other places where two or more numbers stand."""
    places = np.sort(frame.x.places)
    step = float(np.median(np.diff(places)))
    middles = np.array([w.x for line in lines for w in line if count(w.text) is not None])
    middles = middles[(middles > places[0] - 0.6 * step) & (middles < frame.box.x1 + 0.6 * step)]
    if middles.size == 0:
        return np.zeros(0)
    away = np.abs(middles[:, None] - places[None, :]).min(axis=1)
    between = np.sort(middles[away > 0.2 * step])
    groups = np.split(between, np.flatnonzero(np.diff(between) > 0.15 * step) + 1) if between.size else []
    repeated = [float(g.mean()) for g in groups if g.size >= 2]
    return np.sort(np.concatenate([places, np.array(repeated)]))


def _times(columns: np.ndarray, frame: Frame) -> np.ndarray:
    """Values of the columns; those at ticks are the printed numbers."""
    printed = dict(frame.x.axis.ticks)
    step = abs(float(frame.x.axis.slope)) * float(np.median(np.diff(np.sort(frame.x.places))))
    digits = int(np.ceil(-np.log10(step))) + 1 if step > 0 else 0
    return np.array(
        [printed.get(float(c), round(float(frame.x.axis.value(np.array([c]))[0]), digits)) for c in columns]
    )


def _row(line: Sequence[Words], columns: np.ndarray, frame: Frame) -> _Row | None:
    step = float(np.median(np.diff(columns)))
    counts: dict[int, int] = {}
    label: list[str] = []
    colour: Colour = line[0].colour
    for word in line:
        value = count(word.text)
        nearest = int(np.abs(columns - word.x).argmin())
        if value is not None and abs(columns[nearest] - word.x) < 0.4 * step and nearest not in counts:
            counts[nearest] = value
            if max(word.colour) - min(word.colour) > 0.15:
                colour = word.colour
        elif not counts:
            tail = _TAIL.match(word.text)
            if tail and abs(columns[0] - word.box.x1) < 0.6 * step:
                label.append(tail[1])
                counts[0] = int(tail[2])
            else:
                label.append(word.text)
    if max(line[0].colour) - min(line[0].colour) > 0.15:
        colour = line[0].colour
    return _Row(" ".join(label), colour, line[0].y, counts) if counts else None


def _words_left(line: Sequence[Words], frame: Frame) -> str:
    left = [w.text for w in line if w.box.x0 < frame.x.places.min() + 40]
    return " ".join(left)


def _is_axis(row: _Row, columns: np.ndarray, frame: Frame) -> bool:
    """Whether a row repeats the numbers of the axis."""
    times = _times(columns, frame)
    same = [abs(times[k] - v) < 1e-6 for k, v in row.counts.items()]
    return len(same) >= 2 and all(same)
