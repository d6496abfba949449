"""Small random studies that the tests of Cox regression share."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim import Surv


def some(n: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.exponential(10, n))
    return time, rng.random(n) < 0.7, rng.normal(size=n), (rng.random(n) < 0.5) * 1.0


def surv_of(time: Any, event: Any, **more: Any) -> Surv:
    return Surv.right(time, event, unit="days", **more)
