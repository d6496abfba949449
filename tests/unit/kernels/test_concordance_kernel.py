"""Pair counts: hand-solved, and the two algorithms against each other."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.kernels import concordance


def test_pairs_of_three_patients_by_hand() -> None:
    # Event at 1 (score 5) against 2 and 3; event at 2 (score 1) against 3 (score 1).
    counts = concordance.pair_counts(
        np.array([1.0, 2, 3]), np.array([True, True, False]), None, None, None, np.array([5.0, 1, 1])
    )
    np.testing.assert_array_equal(counts, [[0, 0, 0], [2, 1, 1], [0, 1, 1]])


@pytest.mark.parametrize("entered", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_tree_and_blocks_count_alike(seed: int, entered: bool) -> None:
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 12, 50).astype(float)
    entry = np.floor(time * rng.random(50) * 0.99) if entered else None
    parts = (time, rng.random(50) < 0.6, entry, rng.uniform(0.5, 2, 50), rng.integers(0, 9, 50).astype(float))
    parts = (rng.uniform(0.0, 3.0, 50), *parts)
    np.testing.assert_allclose(concordance._by_tree(*parts), concordance._by_block(*parts), atol=1e-10)


def test_a_factor_counts_at_the_earlier_event_only() -> None:
    parts = (np.array([1.0, 2, 3]), np.array([True, True, False]), None, None, None, np.array([5.0, 1, 1]))
    counts = concordance.pair_counts(*parts, event_weight=np.array([2.0, 3.0, 100.0]))
    np.testing.assert_array_equal(counts, [[0, 0, 0], [4, 2, 2], [0, 3, 3]])
