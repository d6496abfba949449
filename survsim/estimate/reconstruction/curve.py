"""The readings of a curve: percent or share, survival or incidence, noise taken for noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.errors import EvidenceWarning, InputError, warn
from survsim.core.times import join, refuse_overflow
from survsim.estimate.reconstruction.two_columns import two_columns
from survsim.kernels.isotonic import falling

LEAST_NOISE = 0.04
"""A rise of a clean curve by this much can still be two readings that are off by a line's thickness each."""
MOST_NOISE = 0.15
NOISES = 6.0
"""Readings that scatter may rise by this many of their own standard deviations."""
PERCENT = 1.5
"""No survival curve as a share goes above 1 by more than noise, none in per cent ends below this at its top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Readings of a survival curve.

    Attributes
    ----------
    time, survival : (m,) first (0, 1), survival never rising.
    given : (m,) survival as it was read, before noise was levelled.
    kind : "survival" or "incidence", as it was drawn.
    readings : "drops", "some drops", "line" or "auto": what the readings are.
    noise : standard deviation of what was levelled.
    """

    time: FloatArray
    survival: FloatArray
    given: FloatArray
    kind: str
    readings: str
    noise: float


def read_curve(given: Any, *, kind: str, unit: str, readings: str) -> Curve:
    """Sorted by time, as a share that survives, (0, 1) first, never rising."""
    one_of("kind", kind, ("survival", "incidence"))
    one_of("readings", readings, ("auto", "drops", "some drops", "line"))
    other = ("incidence", "cumulative_incidence") if kind == "incidence" else ()
    first = other[0] if other else "survival"
    t, v = two_columns("curve", given, first, (*other, "surv", "value", "estimate"), unit=unit)
    refuse_overflow("times of curve", t)
    v = _share(v, kind)
    s = 1.0 - v if kind == "incidence" else v
    t = join(t)[0]
    # Readings of one time keep their order: the last is the level after the drop, unless noise reversed them.
    order = np.lexsort((-s, t))
    t, s = t[order], s[order]
    _right_way(t, s, kind)
    if t[0] > 0.0 or s[0] < 1.0:
        t, s = np.concatenate([[0.0], t]), np.concatenate([[1.0], s])
    level = np.clip(falling(s), 0.0, 1.0)
    level[0] = 1.0
    _check_noise(t, s, level, kind)
    return Curve(
        time=t, survival=level, given=np.clip(s, 0.0, 1.0), kind=kind, readings=readings,
        noise=float(np.sqrt(np.mean((s - level) ** 2))),
    )  # fmt: skip


def thinned(curve: Curve, most: int) -> Curve:
    """The curve by at most `most` of its readings and the first one; itself where it has no more.

    The way along the curve, its share of the time axis and its share of the fall, is cut into `most` pieces of one length,
    and the last reading of each is kept. One that is left out is followed by one that is kept within 2 / `most` of the axis
    and of the fall together, and none that is kept is moved.
    """
    t, s = curve.time, curve.survival
    if t.size <= most:
        return curve
    way = t / max(float(t[-1]), 1e-300) + (1.0 - s) / max(1.0 - float(s[-1]), 1e-300)
    piece = np.minimum((0.5 * most * way).astype(np.int64), most - 1)
    kept = np.append(piece[1:] != piece[:-1], True)
    kept[0] = True
    return replace(curve, time=t[kept], survival=s[kept], given=curve.given[kept])


def _share(v: FloatArray, kind: str) -> FloatArray:
    """Per cent as shares, said; noise around the ends of the scale cut."""
    low, high = float(v.min()), float(v.max())
    if high > PERCENT:
        if high > 102.0 or low < -2.0:
            raise InputError(
                f"curve runs from {low:g} to {high:g}; {kind} lies within 0 and 1, or 0 and 100 per cent."
            )
        warn(f"curve runs up to {high:g}: taken as per cent and divided by 100.", EvidenceWarning)
        v = v / 100.0
        low, high = low / 100.0, high / 100.0
    if low < -0.02 or high > 1.02:
        raise InputError(
            f"curve runs from {low:g} to {high:g}; {kind} lies within 0 and 1. Divide per cent by 100."
        )
    return np.asarray(np.clip(v, 0.0, 1.0))


def _right_way(t: FloatArray, s: FloatArray, kind: str) -> None:
    """A curve that goes the other way from its first to its last reading was taken for the other kind."""
    if t.size < 2 or s[-1] - s[0] <= LEAST_NOISE:
        return
    if kind == "survival":
        hint = " It starts low and ends high: give kind='incidence'?" if s[0] < 0.5 else ""
        k = int((s - np.minimum.accumulate(s)).argmax())
        raise InputError(
            f"survival rises by {s[k] - s[:k].min():.3g} at time {t[k]:g}; a survival curve cannot.{hint} Read it again."
        )
    raise InputError(
        f"incidence falls from {1 - s[0]:.3g} to {1 - s[-1]:.3g}; it cannot. Is it survival (kind='survival')?"
    )


def _check_noise(t: FloatArray, s: FloatArray, level: FloatArray, kind: str) -> None:
    rise = s - np.minimum.accumulate(s)
    if rise.max() <= 1e-12:
        return
    off = s - level
    spread = float(np.sqrt(np.mean(off**2))) if off.size >= 20 else 0.0
    allowed = min(max(LEAST_NOISE, NOISES * spread), MOST_NOISE)
    k = int(rise.argmax())
    what = f"{kind} {'rises' if kind == 'survival' else 'falls'} by {rise[k]:.3g} at time {t[k]:g}"
    if rise[k] > allowed + 1e-9:
        raise InputError(
            f"{what}, more than noise of reading ({allowed:.3g}); a curve of {kind} cannot. Read it again."
        )
    warn(
        f"{what}, and a curve of {kind} cannot: taken as noise of reading and levelled (least squares).",
        EvidenceWarning,
    )
