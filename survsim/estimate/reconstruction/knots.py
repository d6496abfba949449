"""The times at which anything is known, and what is known there: the form in which patients are sought."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.estimate.reconstruction.told import Told

MANY = 1.5
"""Patients a drop, on average, from which not every drop was read."""
FLAT = 0.1
"""Share of readings without a drop from which the line was read at times of the reader's choice."""
SEEN = 0.4
"""Of what one patient measures: a fall below this is none."""
ROUND = (1.0, 0.5, 0.25, 0.1)
"""Steps at which follow-up is recorded: readings on such a grid are drops with ties."""
GRID = 0.5
READING = 0.002
"""Standard deviation of a reading that is as good as figures are."""
WAY = 0.5
BEND = 0.05
"""Standard deviation half way between two readings, in the distance between theirs: WAY over the square root of the deaths
between them (a Brownian bridge), and what a bent curve adds."""

FEWEST, BETWEEN = 3, 8
"""Knots between two readings, one a death within these bounds."""
MOST_FINE = 400
"""Knots with those between readings; with more, readings are so close that they gain nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Knots:
    """Readings and printed numbers at risk on one axis of time.

    Attributes
    ----------
    time : (K,) increasing, first 0.
    level : (K,) of the curve; read : (K,) whether it was read there.
    weight : (K,) one over the variance of the level: of a reading, or of a point on the way between two; 0 if unknown.
    risk : (K,) printed number at risk, -1 where none is printed.
    interval : (K,) number of the risk table's interval.
    length : (K,) to the next knot, the last to the end of follow-up.
    marks : (K,) censor marks from this knot to before the next.
    may_die : (K,) whether the curve may fall here.
    readings : "drops", "some drops", "line", or "points" where there are knots between the readings.
    """

    time: FloatArray
    level: FloatArray
    read: BoolArray
    weight: FloatArray
    risk: IntArray
    interval: IntArray
    length: FloatArray
    marks: IntArray
    may_die: BoolArray
    readings: str


def make_knots(told: Told) -> Knots:
    """One axis of time for one arm."""
    t, s = _unique(told.curve.time, told.curve.survival)
    readings = readings_of(told)
    time = np.union1d(t, told.risk_time)
    if readings != "drops":
        # Deaths on the way to a printed number come just before it, where they no longer count in it.
        t = before_printed(told, t)
        time = np.union1d(np.union1d(t, told.risk_time), _just_before(told.risk_time[1:]))
    read = np.isin(time, t)
    level = s[np.maximum(np.searchsorted(t, time, side="right") - 1, 0)]
    noise = reading_error(told)
    weight = np.where(read, 1.0 / noise**2, 0.0)
    known = read
    if readings != "drops":
        # Between two readings of a line the curve lies on the way from one to the other.
        level = np.interp(time, t, s)
        known = (time <= t[-1]) & ~np.isin(time, told.risk_time[1:])
        weight = np.where(known & ~read, _on_the_way(time, t, s, noise, told), weight)
    return _assembled(told, time, level, read, weight, known, readings)


def fine_knots(told: Told) -> Knots | None:
    """Knots between the readings too, for readings so far apart that it matters when within them patients leave.

    Deaths may come at any of them, at the readings, and just before or at a printed number, which counts the latter and not the
    former. None where readings are drops by their giver's word, or too many to gain by it.
    """
    t, s = _unique(told.curve.time, told.curve.survival)
    if told.curve.readings == "drops" or told.entry or not told.table:
        return None
    room = (MOST_FINE - t.size - 2 * told.risk.size) // max(t.size - 1, 1)
    if room < 1:
        return None
    fall = s[:-1] - s[1:]
    deaths = np.interp(t[:-1], told.risk_time, told.risk) * fall / np.maximum(s[:-1], 1e-12)
    between = np.clip(np.ceil(deaths), min(FEWEST, room), min(BETWEEN, room)).astype(np.int64)
    between[fall <= 1e-9] = 0
    inner = [
        a + (b - a) * np.arange(1, many + 1) / (many + 1)
        for a, b, many in zip(t[:-1], t[1:], between)
        if many > 0
    ]
    early = _just_before(told.risk_time[1:])
    time = np.unique(np.concatenate([t, told.risk_time, early, *inner]))
    read, noise = np.isin(time, t), reading_error(told)
    known = time <= t[-1]
    weight = np.where(
        known & ~read, _on_the_way(time, t, s, noise, told), np.where(read, 1.0 / noise**2, 0.0)
    )
    level = _way_to_drops(time, t, s, told)
    made = _assembled(told, time, level, read, weight, known, "points")
    falling = np.append(0.0, fall)[np.minimum(np.searchsorted(t, time), t.size - 1)] > 1e-9
    return replace(made, may_die=made.may_die | (known & falling))


def _way_to_drops(time: FloatArray, t: FloatArray, s: FloatArray, told: Told) -> FloatArray:
    """Levels (K,) on the way from reading to reading, the last patient of it at the reading where that is taken for a drop."""
    fall = np.maximum(s[:-1] - s[1:], 0.0)
    one = s[:-1] / np.maximum(np.interp(t[1:], told.risk_time, told.risk), 1.0)
    drop = (readings_of(told) != "line") & ~np.isin(t[1:], told.risk_time)
    before = s[1:] + np.where(drop, np.minimum(one, fall), 0.0)
    k = np.clip(np.searchsorted(t, time) - 1, 0, t.size - 2)
    share = (time - t[k]) / (t[k + 1] - t[k])
    level = s[k] + (before[k] - s[k]) * np.minimum(share, 1.0)
    at = np.searchsorted(t, time, side="right") - 1
    return np.where((t[at] == time) | (time > t[-1]), s[at], level)


def before_printed(told: Told, t: FloatArray) -> FloatArray:
    """Times of readings; those at a printed number at risk just before it."""
    return np.where(np.isin(t, told.risk_time[1:]), _just_before(t), t)


def _just_before(t: FloatArray) -> FloatArray:
    return np.asarray(t - 1e-6 * np.maximum(t, 1.0))


def reading_error(told: Told) -> float:
    """Standard deviation of a reading."""
    return max(told.curve.noise, READING, 0.3 * resolution(told.curve.given))


def _on_the_way(time: FloatArray, t: FloatArray, s: FloatArray, noise: float, told: Told) -> FloatArray:
    """Weights (K,) of levels on the straight way between two readings."""
    place = np.searchsorted(t, time)
    gap = s[np.maximum(place - 1, 0)] - s[np.minimum(place, t.size - 1)]
    return np.asarray(1.0 / (noise + _way(gap, told)) ** 2)


def _assembled(
    told: Told, time: FloatArray, level: FloatArray, read: BoolArray, weight: FloatArray, known: BoolArray, readings: str
) -> Knots:  # fmt: skip
    """With what is printed at the knots."""
    risk = np.full(time.size, -1, dtype=np.int64)
    risk[np.searchsorted(time, told.risk_time)] = told.risk
    interval = np.searchsorted(told.risk_time, time, side="right").astype(np.int64) - 1
    length = np.diff(np.append(time, max(told.stop, float(time[-1]))))
    marks = np.zeros(time.size, dtype=np.int64)
    if told.marks is not None:
        # whoever is left at the end is censored there: a mark at the end asks for nobody besides
        before = told.marks[told.marks < told.stop]
        np.add.at(marks, np.searchsorted(time, before, side="right") - 1, 1)
    return Knots(
        time=time, level=level, read=read, weight=weight, risk=risk, interval=interval, length=length, marks=marks,
        may_die=_may_die(level, known, told), readings=readings,
    )  # fmt: skip


def readings_of(told: Told) -> str:
    """What the readings are: as told, else as the curve shows."""
    if told.curve.readings != "auto":
        return told.curve.readings
    return guess_readings(told, *_unique(told.curve.time, told.curve.survival))


def guess_readings(told: Told, t: FloatArray, s: FloatArray) -> str:
    """Whether the readings are the drops of the curve, some of them, or points of the line at chosen times."""
    if t.size < 4:
        return "drops"
    if told.curve.time.size - t.size >= 0.25 * t.size:
        return "drops"  # both corners of the steps were read
    step, h = np.diff(t), 1.0 - s[1:] / np.maximum(s[:-1], 1e-12)
    width = float(np.median(step))
    even = np.abs(step - width) < 1e-6 * max(width, 1.0)
    falls = h > 1e-9
    inner = falls[: int(np.flatnonzero(falls)[-1]) + 1] if falls.any() else falls
    flat = inner.size >= 10 and np.mean(~inner) >= FLAT and told.curve.noise == 0.0 and _unrounded(told, s)
    whole = any(_on_grid(t[:-1], g) and width <= 4.0 * g for g in ROUND[:2])
    if even.mean() >= GRID or whole:
        recorded = whole or any(abs(width - g) < 1e-6 for g in ROUND)
        # Months without a drop that are left out, or none without: drops with ties. Else someone went along the line.
        return "drops" if recorded and not (even.all() and flat) else "line"
    if flat:
        return "line"
    if told.table:
        patients = np.interp(t[1:], told.risk_time, told.risk)
        many = float(np.mean((patients * h)[falls])) if falls.any() else 0.0
    else:
        many = first_drops(s, float(told.risk[0])) or 0.0
    return "some drops" if many >= MANY else "drops"


def _on_grid(t: FloatArray, g: float) -> bool:
    return bool(np.abs(t / g - np.round(t / g)).max() < 1e-6)


def first_drops(s: FloatArray, n: float) -> float | None:
    """Patients a drop, over the first quarter of the drops, where few can have been censored yet."""
    height = s[:-1] - s[1:]
    falls = np.flatnonzero(height > least_fall(n))
    if falls.size < 4:
        return None
    first = falls[: max(falls.size // 4, 4)]
    return float(n * (1.0 - s[first[-1] + 1]) / first.size)


def least_fall(n: float) -> float:
    """The least fall that can be a death: one of n patients measures 1/n or, once others left, more; less is noise of pixels."""
    return max(SEEN / n, 1e-9)


def resolution(s: FloatArray) -> float:
    """The digits to which levels were rounded, 0 if they were not."""
    for step in (0.01, 0.005, 0.002, 0.001):
        if np.abs(s / step - np.round(s / step)).max() < 1e-6:
            return step
    return 0.0


def _unrounded(told: Told, s: FloatArray) -> bool:
    """Whether a flat piece is one, and no rounding hides a death in it."""
    return resolution(s) * float(told.risk[0]) < 1.0


def _unique(t: FloatArray, s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """One level a time: the one after the drop."""
    last = np.append(t[1:] != t[:-1], True)
    return t[last], s[last]


def _way(gap: FloatArray, told: Told) -> FloatArray:
    """How far the curve may be from the straight way between two readings."""
    deaths = np.maximum(gap * float(told.risk.max()), 1.0)
    return np.asarray(gap * (WAY / np.sqrt(deaths) + BEND))


def _may_die(level: FloatArray, known: BoolArray, told: Told) -> BoolArray:
    """Nobody dies on a flat tail; within the curve only where rounding or noise could hide a death."""
    before = np.append(1.0, level[:-1])
    falls = known & (level < before - 1e-12)
    coarse = told.curve.noise > 0.0 or resolution(told.curve.given) * float(told.risk.max()) > 1.0
    if coarse and falls.any():
        inner = np.arange(level.size) <= int(np.flatnonzero(falls)[-1])
        falls = falls | (known & inner & (np.arange(level.size) > 0))
    return np.asarray(falls, dtype=np.bool_)
