"""Pairs of patients ordered by survival and by a score, counted for each patient.

A pair is comparable when the earlier time is an event and the other patient was at risk then
(entry < t, and at an equal time censored). Compared block by block: no n x n array is kept.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from survsim.kernels._jit import compiled, worth_compiling

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FEW = 4_000
BLOCK = 2**21


def pair_counts(
    time: Floats,
    event: Bools,
    entry: Floats | None,
    weight: Floats | None,
    stratum: Ints | None,
    score: Floats,
    event_weight: Floats | None = None,
) -> Floats:
    """(3, n): weight of the partners with which each patient is concordant, discordant, tied in score.

    event_weight (n,): factor of each pair, read at the patient whose event comes first; 1 by default.
    """
    n = time.size
    factor = np.ones(n) if event_weight is None else event_weight
    out = np.zeros((3, n))
    w = np.ones(n) if weight is None else weight
    group = np.zeros(n, np.int64) if stratum is None else stratum
    for code in range(int(group.max()) + 1):
        rows = np.flatnonzero(group == code)
        part = (
            factor[rows],
            time[rows],
            event[rows],
            None if entry is None else entry[rows],
            w[rows],
            score[rows],
        )
        fast = rows.size > FEW and worth_compiling(rows.size * 100)
        out[:, rows] = _by_tree(*part) if fast else _by_block(*part)
    return out


def _by_block(
    factor: Floats, time: Floats, event: Bools, entry: Floats | None, weight: Floats, score: Floats
) -> Floats:
    out = np.zeros((3, time.size))
    events = np.flatnonzero(event)
    step = max(1, BLOCK // max(time.size, 1))
    for begin in range(0, events.size, step):
        i = events[begin : begin + step]
        t, s = time[i, None], score[i, None]
        after = (time > t) | ((time == t) & ~event)
        if entry is not None:
            after &= entry < t
        for row, relation in zip(out, (s < score, s > score, s == score)):
            pair = (after & relation).astype(np.float64)
            row[i] += factor[i] * (pair @ weight)
            row += (weight[i] * factor[i]) @ pair
    return out


def _by_tree(
    factor: Floats, time: Floats, event: Bools, entry: Floats | None, weight: Floats, score: Floats
) -> Floats:
    """O(n log n): running sums of weights over score ranks, patients entering and leaving in time order."""
    rank = np.unique(score, return_inverse=True)[1].astype(np.int64)
    # Events leave the pool before they are counted, censored patients of the same time do not.
    order = np.lexsort((event, -time))
    late = np.argsort(-entry, kind="stable") if entry is not None else np.empty(0, np.int64)
    start = np.empty(0) if entry is None else entry
    out = np.zeros((3, time.size))
    tree_counts(time[order], event[order], order, late, start, weight, factor, rank, int(rank.max()) + 1, out)
    return out


@compiled("f8(f8[::1], i8)")
def tree_sum(tree: Floats, end: int) -> float:
    """Sum of the first `end` cells of a Fenwick tree."""
    total = 0.0
    while end > 0:
        total += tree[end]
        end -= end & -end
    return total


@compiled("void(f8[::1], i8, f8)")
def tree_add(tree: Floats, cell: int, value: float) -> None:
    """Add to one cell (from 0)."""
    cell += 1
    while cell < tree.size:
        tree[cell] += value
        cell += cell & -cell


@compiled("void(f8[::1], b1[::1], i8[::1], i8[::1], f8[::1], f8[::1], f8[::1], i8[::1], i8, f8[:, ::1])")
def tree_counts(
    time: Floats,
    event: Bools,
    order: Ints,
    late: Ints,
    entry: Floats,
    weight: Floats,
    factor: Floats,
    rank: Ints,
    cells: int,
    out: Floats,
) -> None:
    """Fills out (3, n). time, event sorted by `order`: latest first, censored before events.

    A patient's partners among earlier events are counted as the difference of a second tree (events met
    so far, by rank) between the moments it leaves and enters the pool.
    """
    n = time.size
    pool, met = np.zeros(cells + 1), np.zeros(cells + 1)
    in_pool = 0.0
    total_met = 0.0
    j = 0
    i = 0
    while i < n:
        t = time[i]
        while j < late.size and entry[late[j]] >= t:
            k = late[j]
            tree_add(pool, rank[k], -weight[k])
            in_pool -= weight[k]
            less = tree_sum(met, rank[k])
            upto = tree_sum(met, rank[k] + 1)
            out[0, k] += less
            out[1, k] += total_met - upto
            out[2, k] += upto - less
            j += 1
        first = i
        while i < n and time[i] == t and not event[i]:
            k = order[i]
            tree_add(pool, rank[k], weight[k])
            in_pool += weight[k]
            less = tree_sum(met, rank[k])
            upto = tree_sum(met, rank[k] + 1)
            out[0, k] -= less
            out[1, k] -= total_met - upto
            out[2, k] -= upto - less
            i += 1
        last = i
        while last < n and time[last] == t:
            last += 1
        for m in range(i, last):
            k = order[m]
            less = tree_sum(pool, rank[k])
            upto = tree_sum(pool, rank[k] + 1)
            out[0, k] += factor[k] * (in_pool - upto)
            out[1, k] += factor[k] * less
            out[2, k] += factor[k] * (upto - less)
        for m in range(i, last):
            k = order[m]
            tree_add(met, rank[k], weight[k] * factor[k])
            total_met += weight[k] * factor[k]
        for m in range(i, last):
            k = order[m]
            tree_add(pool, rank[k], weight[k])
            in_pool += weight[k]
            less = tree_sum(met, rank[k])
            upto = tree_sum(met, rank[k] + 1)
            out[0, k] -= less
            out[1, k] -= total_met - upto
            out[2, k] -= upto - less
        i = max(last, first + 1)
    # Patients still in the pool: everyone without entry, or who entered before the first event.
    remaining = late[j:] if late.size > 0 else order
    for m in range(remaining.size):
        k = remaining[m]
        less = tree_sum(met, rank[k])
        upto = tree_sum(met, rank[k] + 1)
        out[0, k] += less
        out[1, k] += total_met - upto
        out[2, k] += upto - less
