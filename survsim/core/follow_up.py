"""Follow-up times and events as they come, checked and made the response's own: what `Surv.right` begins with."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core import named_columns, times
from survsim.core.checks import BoolArray, FloatArray, IntArray, event_vector, float_vector, positions
from survsim.core.errors import InputError
from survsim.kernels import counting, risk_set


def times_and_events(
    time: Any, event: Any, event_value: Any, unit: str
) -> tuple[FloatArray, BoolArray, IntArray | None]:
    """Times and events checked, both the response's own copies, and how many of each whole time if that is known."""
    if event_value is not None:
        event = named_columns.events(event, event_value)
    at_once = counting.checked_counts(time, event)
    if at_once is not None:
        return at_once
    end = float_vector("time", time, unit=unit)
    if end.size == 0:
        raise InputError("time is empty; a survival response needs at least one patient.")
    if end.min() < 0:
        bad = end < 0
        raise InputError(
            f"time must not be negative; found {end[bad][0]:g} in {positions(bad)}. "
            "Check the order of the two dates it was computed from."
        )
    times.refuse_overflow("time", end)
    # Adding 0.0 copies and turns -0.0 into 0.0.
    return end + 0.0, event_vector(event, end.size).copy(), None


def late_only(entry: FloatArray | None) -> FloatArray | None:
    """Entry times (n,), or None if everybody is followed from the origin: that is no delayed entry."""
    return entry if entry is not None and entry.any() else None


def check_entry(entry: FloatArray, time: FloatArray) -> None:
    bad = entry < 0
    if bad.any():
        raise InputError(
            f"entry must not be negative; found {entry[bad][0]:g} in {positions(bad)}. "
            "Leave entry out for patients followed from the origin."
        )
    bad = entry >= time
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        alike = f"{entry[i]:g}" == f"{time[i]:g}" and entry[i] != time[i]
        shown = (
            f"{float(entry[i])!r} and time {float(time[i])!r}"
            if alike
            else f"{entry[i]:g} and time {time[i]:g}"
        )
        raise InputError(
            f"entry must be before time; found entry {shown} in {positions(bad)}. "
            "A row of no length carries no information: drop it or correct the dates."
        )


def join_near_ties(
    time: FloatArray, entry: FloatArray | None, event: BoolArray
) -> tuple[FloatArray, FloatArray | None, bool, tuple[FloatArray, BoolArray] | None]:
    """Join times that differ only in the last bits.

    Returns time, which is changed in place, a copy of entry, whether times are whole numbers, and (unless they are, or there
    is entry) times and events sorted. Whole numbers below 2^24 cannot be near-ties under the tolerance.
    """
    own, start = time, None if entry is None else entry + 0.0
    whole = countable(own)
    if whole and (start is None or countable(start)):
        return own, start, whole, None
    if start is None:
        pooled, seen = risk_set.unpack(risk_set.packed_sort(own, event))
    else:
        pooled = np.sort(np.concatenate([own, start]))
    old, joined, late = times.near_ties(pooled)
    if old.size:
        after = late[: np.searchsorted(late, pooled.size - 1)]
        alone = not (pooled[after + 1] == old[: after.size]).any()  # as on a continuous scale
        if alone:
            rows = late
        else:
            copies = np.searchsorted(pooled, old, side="right") - late
            behind = np.concatenate([[0], np.cumsum(copies)[:-1]])
            rows = np.repeat(late - behind, copies) + np.arange(copies.sum())
        own = times.replaced(own, old, joined)
        start = None if start is None else times.replaced(start, old, joined)
        pooled[rows] = joined if alone else np.repeat(joined, copies)
        whole = countable(own)
    return own, start, whole, (pooled, seen) if start is None else None


def countable(values: FloatArray) -> bool:
    if values.max() >= 2**24:
        return False
    # In blocks: times on a continuous scale are told by the first, and temporaries stay in the cache.
    for start in range(0, values.size, 65_536):
        block = values[start : start + 65_536]
        if not (block == np.floor(block)).all():
            return False
    return True
