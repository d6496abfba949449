"""Takes a way that was followed out of the drawing, with what sticks to it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from survsim.digitising.raster.follow import Way
from survsim.digitising.raster.inks import Ink
from survsim.digitising.raster.kinds import Pixels


def erased(ink: Ink, way: Way) -> tuple[Ink, Pixels]:
    """The ink without a way that was followed and what sticks to it (marks, rims), and where it was."""
    mask = trail(ink.solid.shape, way, int(np.ceil(ink.width / 2 + 1)))
    reach = int(0.035 * ink.solid.shape[0] + ink.width + 4)
    gone = mask > 0
    upright = np.ones((3, 1), np.uint8)
    inked = (ink.share > 0.2).astype(np.uint8)
    seed = gone.astype(np.uint8)
    grown = seed
    for _ in range(reach):
        grown = cv2.bitwise_or(seed, cv2.bitwise_and(inked, cv2.dilate(grown, upright)))
    gone = cv2.dilate(grown, np.ones((3, 3), np.uint8)) > 0
    return replace(ink, solid=np.where(gone, 0, ink.solid), share=np.where(gone, 0, ink.share)), gone.astype(
        np.float32
    )


def trail(shape: tuple[int, ...], way: Way, reach: int) -> Pixels:
    """1 within `reach` of a way, upright strokes included."""
    mask = np.zeros(shape, dtype=np.float32)
    last = int(way.rows[0])
    for i, row in enumerate(way.rows):
        mask[max(last - reach, 0) : int(row) + reach + 1, way.start + i] = 1
        last = int(row)
    return cv2.dilate(mask, np.ones((1, 2 * reach + 1), np.uint8))
