"""Roots of covariance matrices that are the same on every machine."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray

NOTHING = 1e-12
"""Eigenvalues below this share of the largest are rounding and count as 0 (their root would be a millionth)."""


def symmetric_root(covariance: FloatArray) -> FloatArray:
    """The symmetric root R, R R = covariance; covariance (..., k, k) positive semi-definite up to rounding.

    Eigenvectors are not unique where eigenvalues are equal (two strategies that agree, say), so a root made of
    them alone hangs on the machine's linear algebra. Their symmetric product does not.
    """
    values, vectors = np.linalg.eigh(covariance)
    largest = np.maximum(values[..., -1:], 0.0)
    roots = np.sqrt(np.where(values > NOTHING * largest, values, 0.0))
    return np.asarray((vectors * roots[..., None, :]) @ np.swapaxes(vectors, -1, -2))


def rank_root(correlation: FloatArray) -> FloatArray:
    """A root (k, r) of a correlation matrix of rank r: Cholesky's columns in the order given, empty ones left out.

    With a positive diagonal the factor is unique, singular matrices included.
    """
    left = np.array(correlation, dtype=np.float64)
    columns = []
    for i in range(left.shape[0]):
        if left[i, i] <= 1e-10:
            continue
        column = left[:, i] / np.sqrt(left[i, i])
        column[:i] = 0.0
        columns.append(column)
        left = left - np.outer(column, column)
    return np.column_stack(columns)
