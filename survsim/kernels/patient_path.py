"""Elementwise steps of a simulated path on arrays whose last axis is patients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
CodeArray = NDArray[np.int8]


NEVER = 1e200
"""A time that never comes and can still be added to and scaled without overflow."""


def never_unless(code: CodeArray, slot: int, when: FloatArray) -> FloatArray:
    """`when` (n,) where `code` is `slot`, else a time that never comes; without a branch."""
    elsewhere = np.multiply(code != slot, NEVER)
    return np.maximum(when, elsewhere, out=elsewhere)


def within(values: FloatArray, low: float, high: float) -> FloatArray:
    """`values` cut to `low` and `high`; for short arrays cheaper than `np.clip`."""
    return np.minimum(np.maximum(values, low), high)
