"""Names of curves: from the lines of a legend, or from words that stand at the curve in its colour."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from survsim.digitising.vector.chains import Style
from survsim.digitising.vector.curves import Curve
from survsim.digitising.vector.drawing import Colour, Drawing, Stroke, Words
from survsim.digitising.vector.frames import Frame, inside
from survsim.digitising.vector.numerals import numeral

_STATISTIC = re.compile(
    r"(?i)\b(p|hr|ci|log-?rank|median|n)\s*[=<>(:]|95 ?%|number at risk|hazard ratio|^p\b|censored"
)

LINE = 1.45
"""Sizes of the print from one line of a label to the next; from one entry of a legend to the next it is more."""


def names(drawing: Drawing, frame: Frame, curves: Sequence[Curve]) -> list[tuple[str, Words | None]]:
    """Name of each curve, "" where none is told, with the words it was read from."""
    used = {id(s) for c in curves for s in c.chain.strokes}
    samples = [s for s in drawing.strokes if id(s) not in used and _could_be_sample(s, frame, curves)]
    entries = [(s, w) for s in samples for w in [_beside(s, drawing.words)] if w is not None]
    found: list[tuple[str, Words | None]] = []
    taken: set[int] = set()
    for curve in curves:
        likeness = [(_unlike(sample, curve.chain.style), k) for k, (sample, _) in enumerate(entries)]
        options = [
            (not inside(entries[k][0].box, frame.box, 3.0), unlike, k)
            for unlike, k in likeness
            if unlike < 1.0 and id(entries[k][1]) not in taken
        ]
        best = min(options, default=None)
        if best is not None:
            word = entries[best[2]][1]
            taken.add(id(word))
            found.append((_all_lines(word, drawing.words, entries), word))
        else:
            found.append(("", None))
    return _inline(drawing, frame, curves, found)


def _could_be_sample(s: Stroke, frame: Frame, curves: Sequence[Curve]) -> bool:
    """A short level line, or a small filled patch; no mark on a curve."""
    b = s.box
    wide, tall = b.x1 - b.x0, b.y1 - b.y0
    if not 4 <= wide <= 70 or tall > 18 or wide > 0.3 * (frame.box.x1 - frame.box.x0):
        return False
    middle_x, middle_y = (b.x0 + b.x1) / 2, (b.y0 + b.y1) / 2
    for c in curves:
        if wide < 12 and c.x[0] <= middle_x <= c.x[-1] and abs(c.at(middle_x) - middle_y) < 0.6:
            return False
    return tall < 1.0 or (s.fill is not None and s.straight) or s.points.shape[0] <= 6


def _beside(s: Stroke, words: Sequence[Words]) -> Words | None:
    """The words to the right of a sample, on its line."""
    b = s.box
    middle = (b.y0 + b.y1) / 2
    near = [
        (w.box.x0 - b.x1, k)
        for k, w in enumerate(words)
        if abs(w.turned) < 5 and -1.0 <= w.box.x0 - b.x1 <= 2.6 * w.size and abs(w.y - middle) < 0.6 * w.size
        and re.search(r"[^\W_]", w.text)
    ]  # fmt: skip
    return words[min(near)[1]] if near else None


def _unlike(s: Stroke, style: Style) -> float:
    """How far a sample is from the style of a curve: under 1 it may be its sample, 0 is the same."""
    ink = s.colour if s.colour is not None else s.fill
    if ink is None or style[0] is None:
        return 9.0
    other = _distance(ink, style[0])
    if s.fill is not None and s.colour is not None:
        other = min(other, _distance(s.fill, style[0]))
    if other > 0.12:
        return 9.0
    a, b = tuple(round(d, 1) for d in s.dash), tuple(round(d, 1) for d in style[1])
    dash = 0.0 if a == b else 0.3 if bool(a) == bool(b) else 0.9
    flat = 0.0 if s.box.y1 - s.box.y0 < 1.0 else 0.25
    if s.fill is not None and dash:
        dash = 0.4
    return dash + 0.5 * other + flat


def _distance(a: Colour, b: Colour) -> float:
    return max(abs(x - y) for x, y in zip(a, b, strict=True))


def _all_lines(word: Words, words: Sequence[Words], entries: Sequence[tuple[Stroke, Words]]) -> str:
    """A label with its other lines: they begin where it does, and stand closer than one entry to the next."""
    samples = {id(w) for _, w in entries} - {id(word)}
    column = [
        w for w in words
        if w is word or (abs(w.box.x0 - word.box.x0) < 0.35 * word.size and abs(w.size - word.size) < 0.25 * word.size
                         and abs(w.turned - word.turned) < 5)
    ]  # fmt: skip
    column.sort(key=lambda w: w.y)
    here = next(k for k, w in enumerate(column) if w is word)
    first = last = here
    while first > 0 and column[first].y - column[first - 1].y < LINE * word.size:
        first -= 1
    while last + 1 < len(column) and column[last + 1].y - column[last].y < LINE * word.size:
        last += 1
    lines = column[first : last + 1]
    if any(id(w) in samples for w in lines):
        return _whole(word, words, entries)  # entries as close as lines are: one line each
    return " ".join(_whole(w, words, entries) for w in lines)


def _whole(word: Words, words: Sequence[Words], entries: Sequence[tuple[Stroke, Words]]) -> str:
    """A label with what stands further right on its line, close by."""
    samples = {id(w) for _, w in entries}
    text, end = word.text, word.box.x1
    for other in sorted(words, key=lambda w: w.box.x0):
        gap = other.box.x0 - end
        level = abs(other.y - word.y) < 0.35 * word.size and id(other) not in samples
        if other is not word and level and 0 <= gap < 0.8 * word.size:
            text, end = f"{text} {other.text}", other.box.x1
    return text


def _inline(
    drawing: Drawing, frame: Frame, curves: Sequence[Curve], found: list[tuple[str, Words | None]]
) -> list[tuple[str, Words | None]]:
    """Names that stand at the curves, for those that have none."""
    if all(name for name, _ in found):
        return found
    b = frame.box
    taken = {id(w) for _, w in found if w is not None}
    free = [
        w for w in drawing.words
        if id(w) not in taken and abs(w.turned) < 60 and b.x0 < w.x < b.x1 + 0.35 * (b.x1 - b.x0) and b.y0 < w.y < b.y1
        and numeral(w.text) is None and re.search(r"[^\W\d_]", w.text) and not _STATISTIC.search(w.text)
    ]  # fmt: skip
    named = list(found)
    for k, curve in enumerate(curves):
        if named[k][0]:
            continue
        coloured = [
            w for w in free if _distance(w.colour, curve.chain.colour) < 0.05 and max(w.colour) > 0.15
        ]
        options = coloured or [w for w in free if max(w.colour) - min(w.colour) < 0.15]
        best = min(((_away(w, curve), j) for j, w in enumerate(options)), default=(np.inf, 0))
        rival = (
            min((_away(options[best[1]], c) for c in curves if c is not curve), default=np.inf)
            if options
            else 0
        )
        same = bool(options) and _distance(options[best[1]].colour, curve.chain.colour) < 0.05
        reach = 8.0 if same and len({c.chain.colour for c in curves}) == len(curves) else 2.5
        limit = np.inf if len(coloured) == 1 else reach * (options[best[1]].size if options else 0)
        if best[0] <= limit and (coloured or best[0] < rival):
            word = options[best[1]]
            named[k] = (word.text, word)
            free = [w for w in free if w is not word]
    return named


def _away(word: Words, curve: Curve) -> float:
    """Distance of a word from a curve, measured at its near end and its middle."""
    ends = [(x, word.y) for x in (word.box.x0, word.x, word.box.x1)]
    return min(float(np.hypot(max(x - curve.x[-1], curve.x[0] - x, 0.0), y - curve.at(x))) for x, y in ends)
