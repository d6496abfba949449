"""Arrays of the types that kernels of simulated paths take."""

from __future__ import annotations

import numpy as np


def positions(*who: int) -> np.ndarray:
    return np.array(who, dtype=np.int64)


def bytes_(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int8)
