"""A picture made ready to read: dark on light, and of a size at which lines are some pixels wide."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.raster.kinds import Pixels

_MOST = 1700


@dataclass(frozen=True, slots=True)
class Sheet:
    """The prepared picture.

    Attributes
    ----------
    rgb : (h, w, 3) 0 to 255, light ground.
    ink : (h, w) distance from the page's ground, 0 to 1.
    scale : pixels of the sheet in one pixel of the picture.
    inverted : whether light and dark were exchanged (a dark slide).
    noisy : standard deviation of the grain, 0 to 1.
    """

    rgb: Pixels
    ink: Pixels
    scale: float
    inverted: bool
    noisy: float

    def page(self, place: Pixels | float) -> FloatArray:
        """Places of the picture for places of the sheet."""
        return (np.asarray(place, dtype=float) + 0.5) / self.scale - 0.5

    def place(self, page: Pixels | float) -> FloatArray:
        """Places of the sheet for places of the picture."""
        return (np.asarray(page, dtype=float) + 0.5) * self.scale - 0.5


def prepare(rgb: Pixels) -> Sheet:
    """The sheet of a picture."""
    side = max(rgb.shape[:2])
    scale = 2.0 if side < 850 else 1.5 if side < 1150 else min(1.0, _MOST / side)
    work = rgb
    if scale != 1.0:
        how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        work = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=how)
    scale = work.shape[1] / rgb.shape[1]
    noisy = grain(work)
    if noisy > 0.012:
        work = cv2.GaussianBlur(work, (0, 0), 0.7 if noisy < 0.04 else 1.1)
    plain = work.astype(np.float32)
    inverted = bool(ground(work).mean() < 110)
    if inverted:
        plain = 255 - plain
    paper = ground(plain.astype(np.uint8))
    ink = largest(np.abs(plain - paper)) / 255
    return Sheet(plain, ink.astype(np.float32), scale, inverted, noisy)


def largest(channels: Pixels) -> Pixels:
    """The largest of three channels (much faster than `max(axis=2)`)."""
    return np.maximum(np.maximum(channels[..., 0], channels[..., 1]), channels[..., 2])


def ground(rgb: Pixels) -> Pixels:
    """The commonest colour along the edge of the picture: the page's ground."""
    edge = np.concatenate(
        [
            rgb[:6].reshape(-1, 3),
            rgb[-6:].reshape(-1, 3),
            rgb[:, :6].reshape(-1, 3),
            rgb[:, -6:].reshape(-1, 3),
        ]
    )
    return np.median(edge, axis=0).astype(np.float32)


def grain(rgb: Pixels) -> float:
    """Standard deviation of the noise, 0 to 1, by the median of small differences (0 for a clean drawing)."""
    part = rgb[: min(len(rgb), 700), : min(rgb.shape[1], 1000)]
    grey = part[..., 1].astype(np.float32) / 255
    step = np.abs(grey[1:, 1:] - grey[:-1, 1:] - grey[1:, :-1] + grey[:-1, :-1])
    return float(np.median(step) / 0.6745 / 2)


def straighten(rgb: Pixels) -> tuple[Pixels, float]:
    """The picture turned upright and the angle taken out, in degrees (0 where it stood straight).

    The angle is the one at which the shadows of the ink on both edges of the page are sharpest.
    """
    side = max(rgb.shape[:2])
    small = cv2.resize(rgb, None, fx=min(1, 900 / side), fy=min(1, 900 / side), interpolation=cv2.INTER_AREA)
    paper = ground(small)
    ink = largest(np.abs(small.astype(np.float32) - paper))
    ink[ink < 60] = 0
    angle, step = 0.0, 0.5
    tried = np.arange(-3, 3.01, step)
    for _ in range(4):
        sharp = [_sharpness(ink, angle + each) for each in tried]
        angle += float(tried[int(np.argmax(sharp))])
        step /= 4
        tried = np.arange(-4, 5) * step
    if abs(angle) < 0.04 or _sharpness(ink, angle) < 1.02 * _sharpness(ink, 0.0):
        return rgb, 0.0
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), angle, 1.0)
    colour = tuple(float(each) for each in ground(rgb))
    return cv2.warpAffine(
        rgb, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=colour
    ), angle


def _sharpness(ink: Pixels, angle: float) -> float:
    height, width = ink.shape
    turn = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), angle, 1.0)
    turned = cv2.warpAffine(ink, turn, (width, height), flags=cv2.INTER_LINEAR)
    rows, columns = turned.sum(axis=1), turned.sum(axis=0)
    return float(np.sum(np.diff(rows) ** 2) + np.sum(np.diff(columns) ** 2))
