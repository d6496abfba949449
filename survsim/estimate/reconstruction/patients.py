"""Rows of patients made from numbers of deaths, censorings and entries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients:
    """What a method makes: (n,) times, events and, under delayed entry, entries; what it had to say; and what it took the
    readings for, where not for what they look like."""

    time: FloatArray
    event: BoolArray
    entry: FloatArray | None = None
    notes: tuple[str, ...] = ()
    readings: str | None = None


def from_events(deaths: FloatArray, lost: FloatArray, n: int, stop: float) -> Patients:
    """Deaths first, then those lost, then those followed to the end."""
    rest = max(n - deaths.size - lost.size, 0)
    time = np.concatenate([deaths, lost, np.full(rest, stop)])
    return Patients(time=time, event=np.arange(time.size) < deaths.size)


def unmarked(marks: FloatArray, time: FloatArray, event: BoolArray) -> int:
    """Censor marks at which no patient is censored; marks of one time are as many patients."""
    at, many = np.unique(marks, return_counts=True)
    lost = np.sort(time[~event])
    there = np.searchsorted(lost, at, side="right") - np.searchsorted(lost, at, side="left")
    return int(np.maximum(many - there, 0).sum())


def spread_within(start: FloatArray, length: FloatArray, count: IntArray) -> FloatArray:
    """`count` times evenly inside each (start, start + length)."""
    many = np.maximum(count, 0)
    number = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many) + 1
    return np.asarray(np.repeat(start, many) + np.repeat(length / (many + 1), many) * number)


def risk_sets(time: FloatArray, entry: FloatArray | None, at: FloatArray) -> IntArray:
    """Number at risk at each of `at`: entered before (or at 0) and not ended before."""
    n = (time[None, :] >= at[:, None]) if entry is None else _in(time, entry, at)
    return np.asarray(n.sum(axis=1), dtype=np.int64)


def _in(time: FloatArray, entry: FloatArray, at: FloatArray) -> BoolArray:
    here = (entry[None, :] < at[:, None]) | ((entry[None, :] == 0.0) & (at[:, None] == 0.0))
    return np.asarray(here & (time[None, :] >= at[:, None]))


def product_limit(
    time: FloatArray, event: BoolArray, entry: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Times of deaths, increasing, and the curve just after each."""
    at, many = np.unique(time[event], return_counts=True)
    ended = np.searchsorted(np.sort(time), at, side="left")
    begun = time.size if entry is None else np.searchsorted(np.sort(entry), at, side="left")
    left = begun - ended
    if entry is not None and at.size and at[0] == 0.0:
        left[0] = int((entry == 0.0).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(left > 0, 1.0 - many / np.maximum(left, 1), 0.0)
    return at, np.cumprod(factor, dtype=np.float64)


def curve_at(drops: FloatArray, level: FloatArray, at: FloatArray, *, before: bool = False) -> FloatArray:
    """The step curve at times, or just before them."""
    place = np.searchsorted(drops, at, side="left" if before else "right")
    return np.asarray(np.append(1.0, level)[place])
