"""Reads the number in a word, if it is one, with how sure each sign was."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from survsim.core.checks import IntArray
from survsim.digitising.raster.digits import OTHER, glyph_tile, read_digits
from survsim.digitising.raster.kinds import Pixels
from survsim.digitising.raster.words import Word

_TALL = 28
CUTS = (0.5, 0.65, 0.4, 0.3)
"""Shares of full ink at which a word is read, the first that is sure enough counts."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as printed. `text` keeps its digits and point; `sure` is that of the least sure sign; `percent` if so marked."""

    text: str
    x: float
    y: float
    word: Word
    sure: float
    percent: bool = False

    @property
    def value(self) -> float:
        """The number as read."""
        return float(self.text)


def read_number(ink: Pixels, word: Word) -> Number | None:
    """The number of a word, None where it is no number; the clearest of three readings at different cuts."""
    if word.x1 - word.x0 > 9 * word.height or word.height < 6:
        return None
    best: Number | None = None
    for cut in CUTS:
        seen = _read(ink, word, cut)
        if seen is not None and (best is None or seen.sure > best.sure):
            best = seen
        if best is not None and best.sure > 0.9:
            break
    return best


def _read(ink: Pixels, word: Word, cut: float) -> Number | None:
    boxes, parts, (left, top, grow) = apart(ink, (word.x0, word.y0, word.x1, word.y1), cut)
    if not len(boxes):
        return None
    text, sure, span, percent = _spell(boxes, parts)
    if text is None:
        return None
    x = left + ((span[0] + span[1]) / 2) / grow - 0.5
    y = top + ((span[2] + span[3]) / 2) / grow - 0.5
    return Number(text, x, y, word, sure, percent)


def apart(
    ink: Pixels, box: tuple[int, int, int, int], cut: float
) -> tuple[IntArray, list[Pixels], tuple[int, int, float]]:
    """The signs in a box of the page: where each stands, its ink, and how the two lie to the page (left, top, enlarged by).

    Parameters
    ----------
    box : x0, y0, x1, y1 of the word, in pixels of the page.
    cut : share of full ink from which a pixel belongs to a sign.
    """
    pad = 2
    top, left = max(box[1] - pad, 0), max(box[0] - pad, 0)
    crop = ink[top : box[3] + pad, left : box[2] + pad]
    grow = max(1.0, _TALL / (box[3] - box[1]))
    if grow > 1:
        crop = cv2.resize(crop, None, fx=grow, fy=grow, interpolation=cv2.INTER_CUBIC)
    crop = np.clip(crop / max(float(np.quantile(crop, 0.98)), 0.2), 0, 1)
    boxes, parts = _signs(crop, cut)
    return boxes, parts, (left, top, grow)


def _signs(crop: Pixels, cut: float) -> tuple[IntArray, list[Pixels]]:
    number, marked, stats, _ = cv2.connectedComponentsWithStats((crop > cut).astype(np.uint8), connectivity=8)
    tall = max((int(stats[i, 3]) for i in range(1, number)), default=0)
    boxes, parts = [], []
    for members in _whole(stats, number, tall):
        left, top = (int(stats[members, k].min()) for k in (0, 1))
        right, bottom = (int((stats[members, k] + stats[members, k + 2]).max()) for k in (0, 1))
        mine = np.isin(marked[top:bottom, left:right], members)
        seen = crop[top:bottom, left:right]
        piece = np.where(mine, seen, np.minimum(seen, cut))
        for start, stop in _cuts(piece, right - left, bottom - top, tall):
            boxes.append((left + start, top, left + stop, bottom))
            parts.append(piece[:, start:stop])
    return np.array(boxes, dtype=int).reshape(-1, 4), parts


def _whole(stats: IntArray, number: int, tall: int) -> list[list[int]]:
    """Pieces from left to right; those that stand over one another are a sign whose thin stroke broke."""
    kept = [i for i in range(1, number) if stats[i, 4] >= max(3, 0.004 * tall * tall)]
    signs: list[list[int]] = []
    for i in sorted(kept, key=lambda k: int(stats[k, 0])):
        if signs:
            last = signs[-1]
            start, stop = stats[last, 0].min(), (stats[last, 0] + stats[last, 2]).max()
            common = min(stop, stats[i, 0] + stats[i, 2]) - max(start, stats[i, 0])
            if common > 0.4 * min(stop - start, stats[i, 2]):
                last.append(i)
                continue
        signs.append([i])
    return signs


def _cuts(piece: Pixels, width: int, height: int, tall: int) -> list[tuple[int, int]]:
    """Where signs that touch are parted: at the columns of least ink near equal shares."""
    if height < 0.75 * tall or width <= 0.95 * height:
        return [(0, width)]
    count = max(2, round(width / (0.68 * height)))
    ink = piece.sum(axis=0)
    places = [0]
    for k in range(1, count):
        middle, reach = round(k * width / count), max(1, round(0.2 * width / count))
        low = max(places[-1] + 1, middle - reach)
        places.append(low + int(np.argmin(ink[low : middle + reach + 1])))
    places.append(width)
    return [(a, b) for a, b in pairwise(places) if b > a]


def _spell(
    boxes: IntArray, parts: list[Pixels]
) -> tuple[str | None, float, tuple[float, float, float, float], bool]:
    height = boxes[:, 3] - boxes[:, 1]
    tall = int(height.max())
    base = int(boxes[height > 0.75 * tall, 3].max())
    kind, likely = read_digits(np.array([glyph_tile(part) for part in parts]))
    text, sure, span, percent = "", 1.0, [1e9, 0.0, 1e9, 0.0], False
    for k in range(len(boxes)):
        x0, y0, x1, y1 = (int(each) for each in boxes[k])
        if height[k] > 0.78 * tall and kind[k] != OTHER:
            text += str(int(kind[k]))
            sure = min(sure, float(likely[k]))
            span = [min(span[0], x0), max(span[1], x1), min(span[2], y0), max(span[3], y1)]
        elif height[k] < 0.4 * tall and y1 > base - 0.15 * tall and x1 - x0 < 0.4 * tall and "." not in text:
            text += "."
        elif height[k] < 0.25 * tall and not text and x1 - x0 > 0.25 * tall:
            text = "-"
        elif any(sign.isdigit() for sign in text) and _is_percent(boxes, k, tall):
            percent = True
            break
        elif any(sign.isdigit() for sign in text) and height[k] < 0.25 * tall and k == len(boxes) - 1:
            break  # the tick beside its label
        else:
            return None, 0.0, (0, 0, 0, 0), False
    if not any(sign.isdigit() for sign in text):
        return None, 0.0, (0, 0, 0, 0), False
    return text.rstrip("."), sure, (span[0], span[1], span[2], span[3]), percent


def _is_percent(boxes: IntArray, k: int, tall: int) -> bool:
    """Whether what is left from sign `k` on looks like one percent sign: at most three pieces, about as wide as high.

    Of several pieces one is a small circle; two tall ones are the halves of a broken nought, or two noughts.
    """
    rest = boxes[k:]
    if len(rest) > 1 and (rest[:, 3] - rest[:, 1]).min() > 0.7 * tall:
        return False
    return len(rest) <= 3 and 0.75 * tall < rest[:, 2].max() - rest[:, 0].min() < 1.5 * tall
