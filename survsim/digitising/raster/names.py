"""Names of the arms where tesseract is there to read them: beside a key of the arm's colour, or printed in that colour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from survsim.digitising.found import Trace
from survsim.digitising.raster.kinds import Flags, Pixels
from survsim.digitising.raster.ocr import present, read_surely
from survsim.digitising.raster.sheet import Sheet, largest
from survsim.digitising.raster.words import Word, find_words

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
_SLIM = 0.45
"""Width in heights below which a piece of ink is a stroke (a mark, a piece of a grid or of a dashed line) and no print."""
_PATCH = 15
"""Pixels of the sheet; print has thinner strokes, the patch of a key is larger."""
_TRIED = 3
"""Places that are read for one name at most: each asks tesseract."""
_CERTAIN, _GUESS = 0.7, 0.3
"""Certainty of tesseract from which a name is taken without a word, and up to which it is none."""
_SHORT = 0.9
"""The same for a name of two letters."""
_STROKE = 0.2
"""Share of a narrow box in the arm's own colour from which it is a mark and no letter."""


@dataclass(frozen=True, slots=True)
class Names:
    """One name a trace, "" where none was read, and the numbers (from 0) of those that were read with doubt."""

    names: tuple[str, ...]
    doubtful: tuple[int, ...] = ()


def find_names(
    sheet: Sheet, place: tuple[float, float, float, float], traces: Sequence[Trace], words: Sequence[Word]
) -> Names:
    """Names of the traces; all "" unless each name was read for one arm only.

    place : left, top, right, bottom on the sheet, within which keys and labels of this panel stand.
    """
    if not present():
        return Names(("",) * len(traces))
    found = _read(sheet, sheet.ink, place, traces, words)
    if not all(text for text, _ in found):
        # The key of a band is a patch that sticks to its label; without patches the labels stand alone.
        thin = _without_patches(sheet)
        again = _read(sheet, thin, place, traces, find_words(thin))
        found = [one if one[0] else other for one, other in zip(found, again, strict=True)]
    read = [name for name, _ in found if name]
    if len(set(read)) < len(read):
        return Names(("",) * len(traces))
    doubtful = tuple(k for k, (name, sure) in enumerate(found) if name and sure < _CERTAIN)
    return Names(tuple(name for name, _ in found), doubtful)


def _read(
    sheet: Sheet, ink: Pixels, place: tuple[float, float, float, float], traces: Sequence[Trace], words: Sequence[Word]
) -> list[tuple[str, float]]:  # fmt: skip
    """The name of each trace and how surely it was read."""
    # Arms of one colour are told by their dashes where each has its own.
    alone = [
        sum(_alike(a, b) for b in traces) == 1 or sum(_alike(a, b) and a.dash == b.dash for b in traces) == 1
        for a in traces
    ]
    shared = [sum(_alike(a, b) for b in traces) > 1 for a in traces]
    near = [
        w for w in words
        if place[0] <= w.x <= place[2] and place[1] <= w.y <= place[3] and w.height >= 7
        and not any(_crosses(sheet, trace, w) for trace in traces)
    ]  # fmt: skip
    firsts: list[list[Word]] = []
    for trace, own, by_dash in zip(traces, alone, shared, strict=True):
        like = _like(sheet, trace)
        options = _beside_key(like, near, trace.dash if by_dash else "") if own else []
        if own and not options and not by_dash:
            options = _printed(sheet, like, near, trace)
        firsts.append(options[:_TRIED])
    keys = [options[0] for options in firsts if options]
    return [_best(ink, options, near, keys) for options in firsts]


def _best(
    ink: Pixels, options: Sequence[Word], near: Sequence[Word], keys: Sequence[Word]
) -> tuple[str, float]:
    """The first print that is surely read, else the surest that is no guess."""
    found = ("", 0.0)
    for first in options:
        text, sure = _text(ink, first, near, keys)
        if text and sure >= _CERTAIN:
            return text, sure
        if text and sure > max(found[1], _GUESS):
            found = text, sure
    return found


def _crosses(sheet: Sheet, trace: Trace, word: Word) -> bool:
    """Whether a curve runs through a piece of ink: a mark or a dash on it, no print."""
    x, y = sheet.place(trace.x), sheet.place(trace.y)
    if word.x1 < x[0] or word.x0 > x[-1]:
        return False
    first = max(int(np.searchsorted(x, word.x0, side="right")) - 1, 0)
    last = int(np.searchsorted(x, word.x1, side="right"))
    low, high = float(y[first:last].min()), float(y[first:last].max())
    return low <= word.y1 - 1 and high >= word.y0


def _without_patches(sheet: Sheet) -> Pixels:
    """The ink of strokes alone: what fills an area wider than a stroke of print is ground."""
    plain = np.clip(sheet.rgb, 0, 255).astype(np.uint8)
    ground = cv2.morphologyEx(plain, cv2.MORPH_CLOSE, np.ones((_PATCH, _PATCH), np.uint8))
    return (largest(np.abs(ground.astype(np.float32) - sheet.rgb)) / 255).astype(np.float32)


def _like(sheet: Sheet, trace: Trace) -> Flags:
    colour = np.asarray(trace.colour) * 255
    if sheet.inverted:
        colour = 255 - colour
    return np.asarray(np.abs(sheet.rgb - colour.astype(np.float32)).max(axis=2) < _LIKE, dtype=bool)


def _alike(a: Trace, b: Trace) -> bool:
    return max(abs(x - y) for x, y in zip(a.colour, b.colour, strict=True)) < _APART


def _beside_key(like: Flags, words: Sequence[Word], dash: str) -> list[Word]:
    """Words with a level stroke of the colour (and the dashes, if any are named) just left of them, longest strokes first."""
    found: list[tuple[float, Word]] = []
    for word in words:
        tall = word.height
        if word.x1 - word.x0 < _SLIM * tall:
            continue
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
        if alone and level and drawn:
            found.append((length, word))
    return [word for _, word in sorted(found, key=lambda pair: -pair[0])]


def _dash(row: Flags, tall: int) -> str:
    """Solid, dashed or dotted, by the runs of ink in a key."""
    columns = np.flatnonzero(row)
    part = row[columns[0] : columns[-1] + 1]
    if part.mean() > 0.93:
        return "solid"
    edge = np.diff(np.pad(part.astype(np.int8), 1))
    runs = np.flatnonzero(edge == -1) - np.flatnonzero(edge == 1)
    return "dotted" if np.median(runs) < 0.3 * tall else "dashed"


def _printed(sheet: Sheet, like: Flags, words: Sequence[Word], trace: Trace) -> list[Word]:
    """Words printed in the colour itself from the left, where that is no grey."""
    if max(trace.colour) - min(trace.colour) < 0.2:
        return []
    found = []
    for word in sorted(words, key=lambda w: w.x0):
        inked = sheet.ink[word.y0 : word.y1, word.x0 : word.x1] > 0.35
        own = like[word.y0 : word.y1, word.x0 : word.x1]
        if (
            inked.sum() >= 20
            and (own & inked).sum() > 0.6 * inked.sum()
            and word.x1 - word.x0 > 1.5 * word.height
        ):
            found.append(word)
    return found


def _text(ink: Pixels, first: Word, words: Sequence[Word], keys: Sequence[Word]) -> tuple[str, float]:
    """The print of a label, its other lines with it: they begin where it does and are no labels of other keys."""
    tall = first.height
    column = [w for w in words if abs(w.x0 - first.x0) < 0.6 * tall and 0.6 * tall < w.height < 1.6 * tall]
    column.sort(key=lambda w: w.y)
    here = next((k for k, w in enumerate(column) if w is first), None)
    if here is None:
        return _line(ink, first, words, keys)
    low = high = here
    line = _LINE * max(w.height for w in column)
    while low > 0 and column[low].y - column[low - 1].y < line:
        low -= 1
    while high + 1 < len(column) and column[high + 1].y - column[high].y < line:
        high += 1
    lines = column[low : high + 1]
    if any(w is not first and any(w is key for key in keys) for w in lines):
        return _line(ink, first, words, keys)
    read = [part for part in (_line(ink, w, words, keys) for w in lines) if part[0]]
    return " ".join(text for text, _ in read), min((sure for _, sure in read), default=0.0)


def _line(ink: Pixels, first: Word, words: Sequence[Word], keys: Sequence[Word]) -> tuple[str, float]:
    """The print from this word on, as far as it runs on in its line and no label of another key begins."""
    tall, stop = first.height, first.x1
    top, bottom = first.y0, first.y1
    for word in sorted(words, key=lambda w: w.x0):
        if word is not first and any(word is key for key in keys) and abs(word.y - first.y) < 0.6 * tall:
            if word.x0 >= first.x1:
                break
            continue
        if word.x0 >= first.x1 and abs(word.y - first.y) < 0.6 * tall and word.x0 - stop < 0.9 * tall:
            stop, top, bottom = word.x1, min(top, word.y0), max(bottom, word.y1)
    text, sure = read_surely(ink[max(top - 4, 0) : bottom + 4, max(first.x0 - 4, 0) : stop + 4])
    text = re.sub(r"[\s=|_~-]+$", "", text)  # what is left of the next key
    signs = sum(sign.isalnum() for sign in text)
    # Of a piece of a dashed limit two letters are read now and then.
    return (text, sure) if signs > 2 or (signs == 2 and sure >= _SHORT) else ("", 0.0)
