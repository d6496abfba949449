"""The risk-set convention, stated once, and the tabulation every estimator shares.

* A patient is at risk at t when ``entry < t <= time``; without entry, from before time 0 (so a patient
  censored at 0 counts in n).
* At equal times events come before censorings: a patient censored at t is at risk for an event at t.
* Near-ties are joined before data reach a kernel (`survsim.core.times.TIE_TOLERANCE`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.kernels import counting

Array = NDArray[Any]
Table = tuple[Array, Array, Array, Array]
BLOCK = 65_536
"""Rows that fit the cache with their temporaries."""


def packed_sort(time: Array, event: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Times and events in one sorted array of whole numbers, events before censorings at equal times.

    A non-negative double has its sign bit free and sorts as the whole number its bits spell: shifted by
    one place, the last bit holds "censored". A sort of values is five times faster than one of positions.
    """
    key = np.ascontiguousarray(time).view(np.uint64) << np.uint64(1)
    key |= ~event
    key.sort()
    return key


def unpack(key: NDArray[np.uint64]) -> tuple[Array, NDArray[np.bool_]]:
    """Sorted times and events of a `packed_sort`, whose memory the times take over."""
    event = np.empty(key.size, np.bool_)
    for start in range(0, key.size, BLOCK):  # in blocks: new memory for ten million costs more than the work
        rows = slice(start, start + BLOCK)
        np.equal(key[rows] & np.uint64(1), 0, out=event[rows])
        key[rows] >>= np.uint64(1)
    return key.view(np.float64), event


def tabulate_sorted(time: Array, event: Array) -> Table:
    """Distinct times, at risk, events, censored from sorted times without weights or entry."""
    n = time.size
    changes = time[1:] != time[:-1]
    distinct = int(np.count_nonzero(changes)) + 1
    if distinct == n:
        d = event.astype(np.float64)
        return time, np.arange(n, 0.0, -1.0), d, 1.0 - d
    if counting.pays(n):
        return counting.tabulated(time, event, distinct)
    ends = np.flatnonzero(changes)
    last = np.append(ends, n - 1)
    d = np.diff(np.cumsum(event, dtype=np.int32)[last], prepend=np.int32(0)).astype(np.float64)
    left = np.concatenate([[n], n - 1 - ends]).astype(np.float64)
    gone = np.diff(last, prepend=-1)
    return time[last], left, d, gone - d


def whole_counts(time: Array, event: Array) -> Array:
    """Counts (top+1, 2) of whole-number times in any order, without and with event: no sort."""
    return _count_blocks(time, event, None, 1)[:, 0]


def tabulate_counts(counts: Array) -> Table:
    """The table of whole-number times from their counts (top+1, 2)."""
    c, d = counts[:, 0].astype(np.float64), counts[:, 1].astype(np.float64)
    gone = c + d
    at = np.flatnonzero(gone)
    n_risk = np.cumsum(gone[::-1])[::-1]
    return at.astype(np.float64), n_risk[at], d[at], c[at]


def _count_blocks(
    time: Array, event: Array, codes: Array | None, n_groups: int, top: int | None = None
) -> Array:
    """Counts (top+1, g, 2) of whole-number time by group by event, a cache-sized block at a time."""
    width = 2 * n_groups
    size = ((int(time.max()) if top is None else top) + 1) * width
    total = np.zeros(size, np.int64)
    if codes is not None and counting.pays(time.size):
        counting.count_groups(time, event, codes, total.reshape(-1, n_groups, 2))
        return total.reshape(-1, n_groups, 2)
    step = max(BLOCK, size)
    for start in range(0, time.size, step):
        rows = slice(start, start + step)
        slot = time[rows].astype(np.int64)
        slot *= width
        if codes is not None:
            slot += np.multiply(codes[rows], 2, dtype=np.int64)
        slot += event[rows]
        total += np.bincount(slot, minlength=size)
    return total.reshape(-1, n_groups, 2)


def tabulate(
    time: Array, event: NDArray[np.bool_], entry: Array | None = None, weight: Array | None = None
) -> Table:
    """The general form: any order, weights, delayed entry; O(n log n).

    Returns distinct times (m,), weighted numbers at risk, with event and censored there.
    """
    t, slot = np.unique(time, return_inverse=True)
    w = np.ones(time.size) if weight is None else weight
    d = np.bincount(slot[event], w[event], t.size)
    gone = np.bincount(slot, w, t.size)
    n_risk = np.cumsum(gone[::-1])[::-1]
    if entry is not None:
        # Not yet under observation at t: entry >= t, that is t[k] <= entry.
        late = np.bincount(np.searchsorted(t, entry, side="right"), w, t.size + 1)
        n_risk = n_risk - np.cumsum(late[::-1])[::-1][1:]
    return t, n_risk, d, gone - d


def risk_counts(at: Any, time: Array, entry: Array | None = None) -> NDArray[np.int64]:
    """Number of patients (unweighted) at risk at each of the times `at`, in any order."""
    count = time.size - np.searchsorted(np.sort(time), at, side="left")
    if entry is not None:
        count = count - (time.size - np.searchsorted(np.sort(entry), at, side="left"))
    return count


def group_counts(
    time: Array, event: Array, entry: Array | None, codes: Array, n_groups: int
) -> tuple[Array, Array]:
    """At risk and events (g, k) of each group at the pooled event times, any order of rows."""
    at = np.unique(time[event])
    n, d = np.empty((n_groups, at.size)), np.empty((n_groups, at.size))
    for g in range(n_groups):
        rows = codes == g
        n[g] = risk_counts(at, time[rows], None if entry is None else entry[rows])
        d[g] = np.bincount(np.searchsorted(at, time[rows & event]), minlength=at.size)
    return n, d


def group_counts_whole(
    time: Array, event: Array, codes: Array, n_groups: int, top: int | None = None
) -> tuple[Array, Array]:
    """The same for whole-number times: one counting pass over (time, group, event); `top` the largest, where it is known."""
    counts = _count_blocks(time, event, codes, n_groups, top)
    d = counts[:, :, 1]
    n = np.cumsum(counts.sum(axis=2)[::-1], axis=0)[::-1]
    at = np.flatnonzero(d.sum(axis=1))
    return n[at].T.astype(np.float64), d[at].T.astype(np.float64)


def group_counts_sorted(time: Array, event: Array, codes: Array, n_groups: int) -> tuple[Array, Array]:
    """The same for any times without entry: one sort of values that carry group and event in low bits.

    The group takes the lowest bits of the mantissa. Times that close are one time already: near-ties are
    joined at 1.5e-8 of the mean time, and no time exceeds n means.
    """
    bits = (n_groups - 1).bit_length()
    key = np.ascontiguousarray(time).view(np.uint64) >> np.uint64(bits)
    key <<= np.uint64(bits + 1)
    tail = codes.astype(np.uint8)
    tail |= np.left_shift(~event, bits, dtype=np.uint8, casting="unsafe")
    key |= tail
    key.sort()
    tail = key.astype(np.uint8)
    tail &= np.uint8((2 << bits) - 1)
    # Events before censorings: the first event of a time is the first row of that time.
    dead = np.flatnonzero(tail < (1 << bits))
    stamp = key[dead] >> np.uint64(bits + 1)
    start = np.concatenate([[0], np.flatnonzero(stamp[1:] != stamp[:-1]) + 1])[: dead.size]
    first = dead[start]
    group = tail & np.uint8((1 << bits) - 1)
    n, d = np.empty((n_groups, first.size)), np.empty((n_groups, first.size))
    n[0] = time.size - first
    d[0] = np.diff(start, append=dead.size)
    for g in range(1, n_groups):
        member = group == g
        gone = np.cumsum(member, dtype=np.int32)
        n[g] = gone[-1] - gone[first] + member[first]
        fallen = np.concatenate([[0], np.cumsum(member[dead], dtype=np.int32)])
        d[g] = np.diff(fallen[np.append(start, dead.size)])
        n[0] -= n[g]
        d[0] -= d[g]
    return n, d
