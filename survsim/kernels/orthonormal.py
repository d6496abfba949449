"""Columns made orthonormal: a search over their coefficients knows no origin and no unit of a covariate."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEAST = 1e-10
"""Share of its length that a column must have beyond those before it to be one of its own."""


def orthonormal(x: Floats, weight: Floats | None = None, least: float = LEAST) -> tuple[Floats, Floats]:
    """q (n, r) with weighted mean of squares 1 and of products 0, and `back` (p, r) with q = x @ back.

    By Gram and Schmidt from the first column to the last, so that the k-th one spans what the first k do. Coefficients
    of x are ``back @`` those of q. A column that is a combination of those before it has none in q: its row of
    `back` is 0. Rows of weight 0 follow without a say.
    """
    n, p = x.shape
    share = np.full(n, 1.0 / n) if weight is None else weight / weight.sum()
    made, back, rank = np.empty((p, n)), np.zeros((p, p)), 0
    for j in range(p):
        size = float(np.abs(x[:, j]).max())
        column, way = x[:, j] / (size or 1.0), np.zeros(p)
        way[j] = 1.0 / (size or 1.0)
        whole = left = float(np.sqrt(share @ (column * column)))
        while left > least * whole:
            before, earlier = left, made[:rank]
            along = earlier @ (share * column)
            column, way = column - along @ earlier, way - back[:, :rank] @ along
            left = float(np.sqrt(share @ (column * column)))
            # What is left of a column that lost most of its length has its rounding in it: once more.
            if left > 0.5 * before:
                break
        if left > least * whole:
            made[rank], back[:, rank] = column / left, way / left
            rank += 1
    return np.ascontiguousarray(made[:rank].T), back[:, :rank]
