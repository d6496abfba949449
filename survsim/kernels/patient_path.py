"""Steps of a simulated path on arrays: who is first, when a rule holds, where on the grid, sums by cell.

All functions take contiguous arrays whose last axis is patients and draw no random numbers. Every
operation is elementwise or a sum over one cell of patients, so that the size of a block changes no bit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
CodeArray = NDArray[np.int8]


def first_event(rows: Sequence[FloatArray], limit: float) -> tuple[FloatArray, CodeArray]:
    """Earliest time (n,) over `rows` and the row it is in; row -1 where nothing comes before `limit`.

    At equal times the row named first wins. `code` has 8 bits: there are at most 127 rows.
    """
    when = np.full(rows[0].shape, limit)
    used = [number for number, row in enumerate(rows) if row.size and row.min() < limit]
    for number in used:
        np.minimum(when, rows[number], out=when)
    # 1 is the last row, 127 the first, 0 none: the largest of those that agree is the first of equals
    rank = np.zeros(when.shape, dtype=np.int8)
    for number in used:
        np.maximum(rank, (rows[number] == when).view(np.int8) * np.int8(127 - number), out=rank)
    rank *= when < limit
    code = np.where(rank > 0, np.int8(127) - rank, np.int8(-1))
    return when, code


def earliest_start(
    values: Sequence[FloatArray], low: FloatArray, high: FloatArray, grows: BoolArray
) -> FloatArray:
    """Wait (n,) until all clauses hold, infinity where they cannot as things stand.

    `values` (n,) of each clause; a clause holds while low <= value <= high. Those that `grows` marks rise by one
    per unit of time (a time since something), the others stand still.
    """
    wait = np.zeros(values[0].shape)
    for c in np.flatnonzero(grows).tolist():
        np.maximum(wait, low[c] - values[c], out=wait)
    holds = np.isfinite(wait)
    for c, value in enumerate(values):
        if low[c] > -np.inf and not grows[c]:
            holds &= value >= low[c]
        if high[c] < np.inf:
            holds &= (value + wait if grows[c] else value) <= high[c]
    return np.where(holds, wait, np.inf)


def move_on_grid(
    counts: IntArray, source: CodeArray, target: CodeArray, time: FloatArray, points_per_time: float
) -> None:
    """Move one patient from `source` to `target` at the first grid point not before `time`, each.

    `counts` (states, points + 1) holds the changes; its running sum is the number in each state.
    """
    states, width = counts.shape
    place = np.minimum(np.ceil(time * points_per_time), width - 1).astype(np.int64)
    flat = counts.reshape(-1)
    flat += np.bincount(place + np.multiply(target, width, dtype=np.int64), minlength=states * width)
    flat -= np.bincount(place + np.multiply(source, width, dtype=np.int64), minlength=states * width)


def time_spent(start: FloatArray, end: FloatArray, tau: float) -> FloatArray:
    """Length of the part of (start, end) that lies before `tau`."""
    return np.maximum(np.minimum(end, tau) - start, 0.0)


def cell_sums(values: FloatArray, cell: int) -> FloatArray:
    """Sums (..., cells) of consecutive cells of `cell` patients (last axis); the last may be shorter."""
    whole = values.shape[-1] // cell * cell
    sums = values[..., :whole].reshape(*values.shape[:-1], -1, cell).sum(axis=-1)
    if whole == values.shape[-1]:
        return sums
    return np.concatenate([sums, values[..., whole:].sum(axis=-1, keepdims=True)], axis=-1)


def used_up(budget: FloatArray, factor: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """What is left of an exponential budget after the cumulative hazard rose from `before` to `after`."""
    return np.maximum(budget - factor * (after - before), 0.0)


NEVER = 1e200
"""A time that never comes and can still be added to and scaled without overflow."""


def never_unless(code: CodeArray, slot: int, when: FloatArray) -> FloatArray:
    """`when` (n,) where `code` is `slot`, else a time that never comes; without a branch."""
    elsewhere = np.multiply(code != slot, NEVER)
    return np.maximum(when, elsewhere, out=elsewhere)


def within(values: FloatArray, low: float, high: float) -> FloatArray:
    """`values` cut to `low` and `high`; for short arrays cheaper than `np.clip`."""
    return np.minimum(np.maximum(values, low), high)
