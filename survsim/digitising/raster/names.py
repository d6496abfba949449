"""Names of the arms where tesseract is there to read them: beside a key of the arm's colour, or printed in that colour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survsim.digitising.found import Trace
from survsim.digitising.raster.kinds import Flags
from survsim.digitising.raster.ocr import present, read_line
from survsim.digitising.raster.sheet import Sheet
from survsim.digitising.raster.words import Word

_LIKE = 60.0
"""Largest difference of a channel (of 255) between a pixel and the colour it counts as."""
_APART = 0.25
"""Arms whose colours differ by less in every channel cannot be told by a key's colour, and stay without a name."""
_LEVEL = 1.05
"""Heights of the print from its middle to its key: the key of a label of two lines stands between them."""
_LINE = 1.5
"""Heights of the tallest print from one line of a label to the next; from one entry of a legend to the next it is more."""
_KEY = (0.9, 5.0)
"""Length of a key in heights of the print beside it: at least, and how far to the left one is looked for."""
_STROKE = 0.2
"""Share of a narrow box in the arm's own colour from which it is a mark and no letter."""


def find_names(
    sheet: Sheet, place: tuple[float, float, float, float], traces: Sequence[Trace], words: Sequence[Word]
) -> tuple[str, ...]:
    """One name a trace, "" where none was read; all "" unless each name was read for one arm only.

    place : left, top, right, bottom on the sheet, within which keys and labels of this panel stand.
    """
    if not present():
        return ("",) * len(traces)
    # Arms of one colour are told by their dashes where each has its own.
    alone = [
        sum(_alike(a, b) for b in traces) == 1 or sum(_alike(a, b) and a.dash == b.dash for b in traces) == 1
        for a in traces
    ]
    shared = [sum(_alike(a, b) for b in traces) > 1 for a in traces]
    near = [w for w in words if place[0] <= w.x <= place[2] and place[1] <= w.y <= place[3] and w.height >= 7]
    firsts: list[Word | None] = []
    for trace, own, by_dash in zip(traces, alone, shared, strict=True):
        if not own:
            firsts.append(None)
            continue
        like = _like(sheet, trace)
        first = _beside_key(like, near, trace.dash if by_dash else "")
        if first is None and not by_dash:
            first = _printed(sheet, like, near, trace)
        firsts.append(first)
    keys = [first for first in firsts if first is not None]
    names = ["" if first is None else _text(sheet, first, near, keys) for first in firsts]
    read = [name for name in names if name]
    return tuple(names) if len(set(read)) == len(read) else ("",) * len(traces)


def _like(sheet: Sheet, trace: Trace) -> Flags:
    colour = np.asarray(trace.colour) * 255
    if sheet.inverted:
        colour = 255 - colour
    return np.asarray(np.abs(sheet.rgb - colour.astype(np.float32)).max(axis=2) < _LIKE, dtype=bool)


def _alike(a: Trace, b: Trace) -> bool:
    return max(abs(x - y) for x, y in zip(a.colour, b.colour, strict=True)) < _APART


def _beside_key(like: Flags, words: Sequence[Word], dash: str) -> Word | None:
    """The word with a level stroke of the colour (and the dashes, if any are named) just left of it, standing by itself."""
    best, longest = None, 0.0
    for word in words:
        tall = word.height
        own = like[word.y0 : word.y1, word.x0 : word.x1]
        if word.x1 - word.x0 < tall and own.mean() > _STROKE:
            continue  # A censor mark on a dashed curve has a stroke left of it as print has.
        left = max(int(word.x0 - _KEY[1] * tall), 0)
        top, bottom = max(int(word.y0 - 0.7 * tall), 0), int(word.y1 + 0.7 * tall)
        strip = like[top:bottom, left : max(word.x0 - 1, left + 1)]
        rows = strip.sum(axis=1)
        row = int(np.argmax(rows))
        length = float(rows[row])
        if length < _KEY[0] * tall or length > 0.97 * strip.shape[1]:
            continue
        # The stroke of a key ends before its print and does not come from further left, as a curve does.
        columns = np.flatnonzero(strip[row])
        alone = columns[0] > 0.04 * strip.shape[1] and strip.shape[1] - columns[-1] > 0.1 * tall
        level = abs(row + top - word.y) < _LEVEL * tall
        drawn = not dash or dash == _dash(strip[row], tall)
        if alone and level and drawn and length > longest:
            best, longest = word, length
    return best


def _dash(row: Flags, tall: int) -> str:
    """Solid, dashed or dotted, by the runs of ink in a key."""
    columns = np.flatnonzero(row)
    part = row[columns[0] : columns[-1] + 1]
    if part.mean() > 0.93:
        return "solid"
    edge = np.diff(np.pad(part.astype(np.int8), 1))
    runs = np.flatnonzero(edge == -1) - np.flatnonzero(edge == 1)
    return "dotted" if np.median(runs) < 0.3 * tall else "dashed"


def _printed(sheet: Sheet, like: Flags, words: Sequence[Word], trace: Trace) -> Word | None:
    """The leftmost word printed in the colour itself, where that is no grey."""
    if max(trace.colour) - min(trace.colour) < 0.2:
        return None
    for word in sorted(words, key=lambda w: w.x0):
        inked = sheet.ink[word.y0 : word.y1, word.x0 : word.x1] > 0.35
        own = like[word.y0 : word.y1, word.x0 : word.x1]
        if (
            inked.sum() >= 20
            and (own & inked).sum() > 0.6 * inked.sum()
            and word.x1 - word.x0 > 1.5 * word.height
        ):
            return word
    return None


def _text(sheet: Sheet, first: Word, words: Sequence[Word], keys: Sequence[Word]) -> str:
    """The print of a label, its other lines with it: they begin where it does and are no labels of other keys."""
    tall = first.height
    column = [w for w in words if abs(w.x0 - first.x0) < 0.6 * tall and 0.6 * tall < w.height < 1.6 * tall]
    column.sort(key=lambda w: w.y)
    here = next((k for k, w in enumerate(column) if w is first), None)
    if here is None:
        return _line(sheet, first, words)
    low = high = here
    line = _LINE * max(w.height for w in column)
    while low > 0 and column[low].y - column[low - 1].y < line:
        low -= 1
    while high + 1 < len(column) and column[high + 1].y - column[high].y < line:
        high += 1
    lines = column[low : high + 1]
    if any(w is not first and any(w is key for key in keys) for w in lines):
        return _line(sheet, first, words)
    return " ".join(text for text in (_line(sheet, w, words) for w in lines) if text)


def _line(sheet: Sheet, first: Word, words: Sequence[Word]) -> str:
    """The print from this word on, as far as it runs on in its line."""
    tall, stop = first.height, first.x1
    top, bottom = first.y0, first.y1
    for word in sorted(words, key=lambda w: w.x0):
        if word.x0 >= first.x1 and abs(word.y - first.y) < 0.6 * tall and word.x0 - stop < 0.9 * tall:
            stop, top, bottom = word.x1, min(top, word.y0), max(bottom, word.y1)
    text = read_line(sheet.ink[max(top - 4, 0) : bottom + 4, max(first.x0 - 4, 0) : stop + 4])
    return text if sum(sign.isalnum() for sign in text) >= 2 else ""
