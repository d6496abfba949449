"""From a way through the pixels to the corners of a step function, to a fraction of a pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.digitising.raster.follow import Way
from survsim.digitising.raster.kinds import Flags, Pixels


@dataclass(frozen=True, slots=True)
class Steps:
    """Corners (x, y after the step), how far each level may be off, and the last column of the curve."""

    x: Pixels
    y: Pixels
    unsure: Pixels
    end: float


def centres(share: Pixels, way: Way, width: float) -> Pixels:
    """Centre of the stroke in each column, NaN where no level stroke of its own ink is seen."""
    height = share.shape[0]
    reach = int(np.ceil(width / 2 + 1.5))
    offset = np.arange(-reach, reach + 1)
    columns = way.start + np.arange(len(way.rows))
    rows = way.rows[:, None] + offset[None, :]
    inside = (rows >= 0) & (rows < height)
    ink = np.where(inside, share[np.clip(rows, 0, height - 1), columns[:, None]], 0.0)
    beyond = np.maximum(np.where(inside, share[np.clip(rows, 0, height - 1), columns[:, None]], 0)[:, 0], 0)
    beyond = np.minimum(beyond, ink[:, -1])
    total = ink.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = way.rows + (ink * offset).sum(axis=1) / total
    level = (total > 0.35 * width) & (ink[:, 0] < 0.35) & (ink[:, -1] < 0.35) & way.own
    return np.where(level, centre, np.nan)


def find_steps(share: Pixels, way: Way, width: float, grain: float) -> Steps:
    """The corners of the curve along a way."""
    centre = centres(share, way, width)
    seen = np.isfinite(centre)
    filled = np.where(seen, centre, way.rows.astype(float))
    least = 0.3 + 4 * grain
    bounds = _plateaus(filled, seen, way, least)
    level = np.array([_level(filled, seen, a, b, width) for a, b in bounds])
    level = np.maximum.accumulate(level)
    x, y, unsure = [float(way.start)], [float(level[0])], [_doubt(way, *bounds[0], width)]
    for k in range(1, len(bounds)):
        if level[k] - level[k - 1] < 0.5 * least:
            continue
        x.append(_crossing(share, way, filled, bounds[k][0], (y[-1], float(level[k])), width))
        y.append(float(level[k]))
        unsure.append(_doubt(way, *bounds[k], width))
    return Steps(np.maximum.accumulate(np.array(x)), np.array(y), np.array(unsure), float(way.stop - 1))


def _plateaus(filled: Pixels, seen: Flags, way: Way, least: float) -> list[tuple[int, int]]:
    """Runs of columns of one level; a new one begins where two columns in a row leave the level, or the way itself jumps."""
    bounds, begin = [], 0
    total, count = 0.0, 0
    for i in range(len(filled)):
        level = total / count if count else filled[i]
        jumped = i > begin and way.rows[i] - way.rows[i - 1] > 1
        ahead = filled[i : i + 2]
        left = count >= 1 and seen[i] and bool(np.all(ahead - level > least))
        if i > begin and (jumped or left):
            bounds.append((begin, i))
            begin, total, count = i, 0.0, 0
        if seen[i]:
            total, count = total + filled[i], count + 1
            if count > 40:
                total, count = total * 40 / count, 40
    bounds.append((begin, len(filled)))
    return bounds


def _level(filled: Pixels, seen: Flags, a: int, b: int, width: float) -> float:
    trim = int(width / 2 + 1)
    low, high = (a + trim, b - trim) if b - a > 3 * trim else (a, b)
    part = filled[low:high][seen[low:high]]
    if not len(part):
        part = filled[a:b][seen[a:b]]
    return float(np.median(part)) if len(part) else float(np.median(filled[a:b]))


def _doubt(way: Way, a: int, b: int, width: float) -> float:
    """Half a pixel where the ink was seen; the width of a line and more where the level lay hidden."""
    if way.own[a:b].mean() > 0.25:
        return 0.5
    return 1.5 * width + 0.5


def _crossing(
    share: Pixels, way: Way, filled: Pixels, begin: int, level: tuple[float, float], width: float
) -> float:
    """Column of a step: the middle of the upright stroke, or where the centre passes half way for a low step."""
    before, after = level
    column = way.start + begin
    reach = int(np.ceil(width + 2))
    low, high = max(column - reach, 0), min(column + reach + 1, share.shape[1])
    top, bottom = int(np.ceil(before + width / 2 + 1)), int(np.floor(after - width / 2 - 1))
    if bottom - top >= 1:
        profile = np.minimum(share[top : bottom + 1, low:high].mean(axis=0), 1.0)
        profile = np.where(profile > 0.3 * profile.max(), profile, 0.0)
        peak = int(np.argmax(profile))
        a = b = peak
        while a > 0 and profile[a - 1] > 0:
            a -= 1
        while b < len(profile) - 1 and profile[b + 1] > 0:
            b += 1
        if profile[a : b + 1].sum() > 0.3 and b - a + 1 < 2.5 * width + 2:
            return float(low + np.sum(np.arange(a, b + 1) * profile[a : b + 1]) / profile[a : b + 1].sum())
    half = (before + after) / 2
    first = max(begin - reach, 0)
    part = filled[first : begin + reach + 1]
    over = np.flatnonzero(part > half)
    if len(over) and over[0] > 0 and part[over[0]] > part[over[0] - 1]:
        k = int(over[0])
        return float(way.start + first + k - 1 + (half - part[k - 1]) / (part[k] - part[k - 1]))
    return float(column) - 0.5
