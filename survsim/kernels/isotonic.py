"""Least-squares fit of a sequence that never rises (pool adjacent violators).

References
----------
Ayer, Brunk, Ewing, Reid, Silverman 1955, Annals of Mathematical Statistics 26:641.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def falling(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The never-rising sequence (m,) closest to `values` (m,) in squared distance."""
    means: list[float] = []
    sizes: list[int] = []
    for value in values.tolist():
        mean, size = value, 1
        while means and means[-1] < mean:
            before, many = means.pop(), sizes.pop()
            mean = (before * many + mean * size) / (many + size)
            size += many
        means.append(mean)
        sizes.append(size)
    return np.repeat(np.array(means), sizes)
