"""Exact tail of the sum of a random subset: the two-group permutation law without listing it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def subset_sums(values: Array) -> list[Array]:
    """Sums of all subsets of `values` (n,), sorted, in a list by subset size 0..n."""
    total, size = np.zeros(1), np.zeros(1, np.int64)
    for value in values:
        total = np.concatenate([total, total + value])
        size = np.concatenate([size, size + 1])
    return [np.sort(total[size == k]) for k in range(values.size + 1)]


def subset_tail(values: Array, k: int, threshold: float) -> tuple[int, int]:
    """Number of size-k subsets with |sum| >= threshold, and of all size-k subsets.

    Meet in the middle: subsets of each half, matched by size and searched; work grows as 2^(n/2).
    """
    half = values.size // 2
    left, right = subset_sums(values[:half]), subset_sums(values[half:])
    extreme = total = 0
    for size, sums in enumerate(left):
        other = k - size
        if not 0 <= other < len(right):
            continue
        partner = right[other]
        high = partner.size - np.searchsorted(partner, threshold - sums, side="left")
        low = np.searchsorted(partner, -threshold - sums, side="right")
        extreme += int(high.sum()) + int(low.sum())
        total += sums.size * partner.size
    return extreme, total
