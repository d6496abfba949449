"""What a drawing program cut lines off with: the rectangle of the axes that a line was drawn into."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.digitising.found import Box

_NAME = re.compile(r"url\(\s*['\"]?#([^'\")]+)")
_CORNERS_OF_A_RECTANGLE = 4


def shared(a: Box | None, b: Box | None) -> Box | None:
    """What two rectangles have in common; None stands for the whole page."""
    if a is None or b is None:
        return b if a is None else a
    return Box(x0=max(a.x0, b.x0), y0=max(a.y0, b.y0), x1=min(a.x1, b.x1), y1=min(a.y1, b.y1))


def around(points: FloatArray) -> Box | None:
    """The rectangle around an outline; None where it has no area to speak of."""
    if len(points) < _CORNERS_OF_A_RECTANGLE or not np.isfinite(points).all():
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    return Box(x0=float(low[0]), y0=float(low[1]), x1=float(high[0]), y1=float(high[1]))


def named(style: str | None) -> str:
    """The name of the outline that an element of an SVG file is cut off with; empty where there is none."""
    found = _NAME.match((style or "").strip())
    return found[1] if found else ""


def of_pdf(thing: Any) -> list[FloatArray]:
    """Corners of the outlines that an object of a PDF page is cut off with."""
    import pypdfium2.raw as raw

    clip = raw.FPDFPageObj_GetClipPath(thing)
    if not clip:
        return []
    x, y = ctypes.c_float(), ctypes.c_float()
    found = []
    for k in range(max(raw.FPDFClipPath_CountPaths(clip), 0)):
        corners = []
        for j in range(max(raw.FPDFClipPath_CountPathSegments(clip, k), 0)):
            if raw.FPDFPathSegment_GetPoint(raw.FPDFClipPath_GetPathSegment(clip, k, j), x, y):
                corners.append((x.value, y.value))
        found.append(np.array(corners, dtype=float).reshape(-1, 2))
    return found


def together(outlines: Sequence[FloatArray]) -> Box | None:
    """What all outlines leave of the page, by the rectangles around them."""
    left: Box | None = None
    for points in outlines:
        left = shared(left, around(points))
    return left
