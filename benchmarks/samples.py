"""Seeded data of the rows: every contestant, in whatever process, sees the same patients."""

from __future__ import annotations

from typing import Any

import numpy as np

HORIZON = 3000.0


def two_groups(n: int, *, whole: bool) -> dict[str, Any]:
    """Weibull times with uniform censoring; group 1 lives longer (hazard ratio 0.8)."""
    rng = np.random.default_rng(1)
    time, censored, group = 1000.0 * rng.weibull(1.2, n), rng.uniform(0, HORIZON, n), rng.random(n) < 0.5
    time = np.where(group, time / 0.8 ** (1 / 1.2), time)
    end = np.minimum(time, censored)
    return {"time": np.ceil(end) if whole else end, "event": (time <= censored) * 1.0, "group": group * 1.0}


def proportional(n: int, p: int, *, strata: bool = False) -> dict[str, Any]:
    """Exponential times in days under p covariates; ten strata with their own scale and n/100 clusters."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(n, p))
    stratum, cluster = np.floor(rng.uniform(0, 10, n)), np.floor(rng.uniform(0, max(2, n // 100), n))
    scale = 1.0 + 0.2 * stratum if strata else 1.0
    time = rng.exponential(size=n) * 1000.0 * scale / np.exp(x @ np.linspace(-0.5, 0.5, p))
    censored = rng.uniform(0, HORIZON, n)
    found = {"time": np.ceil(np.minimum(time, censored)), "event": (time <= censored) * 1.0, "x": x}
    return found | {"stratum": stratum, "cluster": cluster}


def accelerated(n: int) -> dict[str, Any]:
    """Weibull times, three covariates on their logarithm."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(n, 3))
    time = 1000.0 * np.exp(x @ np.array([0.3, -0.2, 0.1])) * rng.weibull(1.4, n)
    censored = rng.uniform(0, HORIZON, n)
    return {"time": np.minimum(time, censored), "event": (time <= censored) * 1.0, "x": x}


def frame(data: dict[str, Any], **more: Any) -> Any:
    """A pandas frame of times, events and covariates x0, x1, ..."""
    import pandas as pd

    table = pd.DataFrame(data["x"], columns=[f"x{j}" for j in range(data["x"].shape[1])])
    return table.assign(time=data["time"], event=data["event"], **more)
