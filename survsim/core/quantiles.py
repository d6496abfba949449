"""Quantiles of weighted values."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray


def weighted_quantiles(values: FloatArray, weight: FloatArray | None, share: FloatArray) -> FloatArray:
    """R's type 7 at each share (k,), values (n,) with weights (n,) or None.

    Whole-number weights are patients: the quantiles are those of so many copies. Others have no scale of their own: they are
    taken to a mean of 1, at which equal weights give the quantiles without any. Both at once cannot be had, for a sample
    written down twice has other quantiles of this type than written down once.
    """
    if weight is None:
        return np.quantile(values, share)
    if (weight != np.floor(weight)).any():
        weight = weight / weight.mean()
    order = np.argsort(values, kind="stable")
    end = np.cumsum(weight[order])
    # In the row of all values one of weight k takes k places; one of less than 1 takes a point, and its weight to the next.
    first = end - weight[order]
    last = np.maximum(end - 1.0, first)
    found: FloatArray = np.interp(
        share * last[-1], np.column_stack([first, last]).ravel(), np.repeat(values[order], 2)
    )
    return found
