"""Follows one curve from left to right: the way down (or up) through the picture that lies most on its ink.

A step function never turns back, so among all monotone ways the best is found exactly by dynamic programming, a column at a
time. Where the ink is hidden under another arm the way costs nothing, so it is bridged; where there is plain ground it costs a
little, so a dashed line is followed across its gaps and the way ends where the curve ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from survsim.core.checks import IntArray
from survsim.digitising.raster.kinds import Flags, Pixels

_GAP, _TRAVEL, _JUMP = 0.22, 0.5, 0.3


@dataclass(frozen=True, slots=True)
class Way:
    """A way through the picture: row `rows[i]` in column `start + i`; `gain` is what it earned; `own` where its own ink was seen."""

    start: int
    rows: IntArray
    own: Flags
    hidden: Flags
    gain: float

    @property
    def stop(self) -> int:
        """The first column after the way."""
        return self.start + len(self.rows)


def follow(solid: Pixels, hidden: Pixels, width: float, start: int, first: tuple[int, int]) -> Way | None:
    """The best falling way that begins in column `start` between the rows `first`.

    Parameters
    ----------
    solid : (h, w) own ink, 0 to 1.
    hidden : (h, w) where other things may cover it, 0 to 1.
    width : width of the line in pixels.
    """
    tall = max(1, round(width))
    own = cv2.blur(solid, (1, tall), borderType=cv2.BORDER_CONSTANT)
    cover = np.minimum(hidden, 1.0)
    reward = (own * (1 + _GAP) - _GAP).astype(np.float32)
    reward = np.maximum(reward, np.where(cover > 0.5, 0.12, -9).astype(np.float32))
    travel = np.cumsum(_TRAVEL * (1 - np.maximum(solid, 0.8 * cover)) + 0.004, axis=0)
    best, back = _sweep(reward, travel.astype(np.float32), start, first)
    if best is None:
        return None
    ends = best.max(axis=1)
    last = int(np.argmax(ends))
    if ends[last] <= 0:
        return None
    rows = np.empty(last + 1, dtype=int)
    rows[last] = int(np.argmax(best[last]))
    for i in range(last, 0, -1):
        rows[i - 1] = back[i, rows[i]]
    columns = start + np.arange(last + 1)
    seen = own[rows, columns] > 0.4
    return Way(start, rows, seen, (cover[rows, columns] > 0.5) & ~seen, float(ends[last]))


def _sweep(
    reward: Pixels, travel: Pixels, start: int, first: tuple[int, int]
) -> tuple[Pixels | None, IntArray]:
    height, width = reward.shape
    low, high = max(first[0], 0), min(first[1] + 1, height)
    if start >= width or low >= high:
        return None, np.zeros((0, 0), dtype=np.int32)
    index = np.arange(height, dtype=np.int32)
    best = np.empty((width - start, height), dtype=np.float32)
    back = np.empty((width - start, height), dtype=np.int32)
    now = np.full(height, -1e6, dtype=np.float32)
    now[low:high] = 0.0
    columns = np.ascontiguousarray(travel.T)
    rewards = np.ascontiguousarray(reward.T)
    for i in range(width - start):
        cost = columns[start + i]
        lifted = now + cost
        top = np.maximum.accumulate(lifted)
        source = np.maximum.accumulate(np.where(lifted >= top, index, 0))
        moved = top - cost - _JUMP
        stay = now >= moved
        back[i] = np.where(stay, index, source)
        now = np.where(stay, now, moved) + rewards[start + i]
        best[i] = now
    return best, back
