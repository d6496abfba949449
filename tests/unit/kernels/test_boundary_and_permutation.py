"""Crossing chances of the Brownian bridge and exact subset tails."""

from itertools import combinations

import numpy as np
import pytest

from survsim.kernels.boundary import bridge_inside, bridge_quantile
from survsim.kernels.permutation import subset_sums, subset_tail


def test_whole_bridge_is_kolmogorovs_law():
    # P(sup |B0| <= c) = 1 - 2 sum (-1)^(k+1) exp(-2 k^2 c^2)
    for c in (0.8, 1.0, 1.3581):
        k = np.arange(1, 60)
        assert bridge_inside(c, 0.0, 1.0) == pytest.approx(
            1 - 2 * np.sum((-1.0) ** (k + 1) * np.exp(-2 * k**2 * c**2))
        )


def test_quantile_grows_with_the_stretch():
    values = [bridge_quantile(0.95, 0.5 - w, 0.5 + w) for w in (0.05, 0.2, 0.4)]
    assert values == sorted(values)
    assert bridge_quantile(0.95, 0.0, 0.5) == pytest.approx(1.2731, abs=1e-4)


def test_subset_sums_by_size():
    sums = subset_sums(np.array([1.0, 2.0, 4.0]))
    assert [s.tolist() for s in sums] == [[0.0], [1.0, 2.0, 4.0], [3.0, 5.0, 6.0], [7.0]]


@pytest.mark.parametrize(("n", "k"), [(2, 1), (6, 3), (9, 4), (10, 2)])
def test_subset_tail_equals_enumeration(n, k):
    values = np.random.default_rng(n).standard_normal(n)
    values -= values.mean()
    sums = np.array([values[list(c)].sum() for c in combinations(range(n), k)])
    edge = np.abs(sums)[sums.size // 2] - 1e-12
    assert subset_tail(values, k, edge) == (int((np.abs(sums) >= edge).sum()), sums.size)
