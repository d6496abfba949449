"""Reads one printed digit: a small trained network over a 20 x 20 picture of the glyph.

The weights (`digits.npz`) are made by `benchmarks/train_digit_reader.py` from freely licensed fonts; nothing is learnt from
published figures.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from survsim.digitising.raster.kinds import Pixels

SIDE = 20
OTHER = 10  # the class of every glyph that is no digit


def glyph_tile(ink: Pixels) -> Pixels:
    """A glyph's ink (0 paper, 1 full ink; cut to its bounding box) set into a square tile without changing its proportions."""
    height, width = ink.shape
    scale = SIDE / max(height, width)
    new_height, new_width = max(1, round(height * scale)), max(1, round(width * scale))
    small = cv2.resize(ink.astype(np.float32), (new_width, new_height), interpolation=cv2.INTER_AREA)
    tile = np.zeros((SIDE, SIDE), dtype=np.float32)
    top, left = (SIDE - new_height) // 2, (SIDE - new_width) // 2
    tile[top : top + new_height, left : left + new_width] = small
    peak = float(tile.max())
    return tile / peak if peak > 0 else tile


@lru_cache(maxsize=1)
def _weights() -> tuple[Pixels, ...]:
    with np.load(Path(__file__).with_name("digits.npz")) as stored:
        return tuple(stored[name].astype(np.float32) for name in ("w1", "b1", "w2", "b2"))


def read_digits(tiles: Pixels) -> tuple[Pixels, Pixels]:
    """The class of each tile (0 to 9, or `OTHER`) and how sure the reading is (0 to 1).

    Parameters
    ----------
    tiles : (k, 20, 20) glyphs from `glyph_tile`.
    """
    w1, b1, w2, b2 = _weights()
    flat = np.asarray(tiles, dtype=np.float32).reshape(len(tiles), SIDE * SIDE)
    hidden = np.maximum(flat @ w1 + b1, 0)
    score = hidden @ w2 + b2
    score -= score.max(axis=1, keepdims=True)
    likely = np.exp(score)
    likely /= likely.sum(axis=1, keepdims=True)
    digit = likely[:, :OTHER].argmax(axis=1)
    sure = likely[np.arange(len(digit)), digit]
    # The class of a whole label is settled by its neighbours on the axis, so that a digit is given the benefit of the doubt.
    return np.where(sure > 0.2, digit, OTHER), np.where(sure > 0.2, sure, likely[:, OTHER])
