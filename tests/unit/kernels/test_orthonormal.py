"""Orthonormal columns: the span of the first ones, whatever their origin and unit."""

from __future__ import annotations

import numpy as np

from survsim.kernels.orthonormal import orthonormal

RNG = np.random.default_rng(3)
X = np.column_stack([np.ones(30), RNG.normal(size=(30, 3))])
WEIGHT = RNG.integers(0, 4, 30).astype(float)


def test_weighted_products_are_those_of_the_unit_matrix_and_back_leads_to_the_columns() -> None:
    q, back = orthonormal(X, WEIGHT)
    np.testing.assert_allclose(q.T @ (q * WEIGHT[:, None]) / WEIGHT.sum(), np.eye(4), atol=1e-14)
    np.testing.assert_allclose(X @ back, q, atol=1e-13)
    np.testing.assert_allclose(np.tril(back, -1), 0.0, atol=0.0)


def test_origin_and_unit_of_a_column_change_nothing() -> None:
    moved = X * [1.0, 1e-200, 1e4, 3.0] + [0.0, 0.0, 2015.0, 1e6]
    np.testing.assert_allclose(orthonormal(moved, WEIGHT)[0], orthonormal(X, WEIGHT)[0], atol=1e-9)


def test_a_column_that_repeats_others_has_no_coefficient() -> None:
    repeated = np.insert(X, 3, 2.0 * X[:, 1] + 2015.0, axis=1)
    q, back = orthonormal(repeated)
    np.testing.assert_allclose(q, orthonormal(X)[0], atol=1e-12)
    assert back.shape == (5, 4)
    assert not back[3].any()
    assert orthonormal(np.zeros((3, 1)))[0].shape == (3, 0)
