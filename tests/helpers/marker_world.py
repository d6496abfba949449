"""A world in which a marker that changes over time brings treatment about and kills; treatment halves the hazard."""

from __future__ import annotations

import numpy as np
import pandas as pd

from survsim import Surv

GRACE, END = 3, 12
START = 0.12, 0.7
"""Hazard a month of starting within the grace period, at marker 0 and 1."""
DEATH = 0.02, 0.14


def world(n: int, rng: np.random.Generator, rule: str = "free") -> tuple[Surv, np.ndarray, pd.DataFrame]:
    """The response, starts of treatment, and the marker month by month; `rule` is "free", "never" or "by the end of grace"."""
    marker = np.empty((n, END), np.int64)
    marker[:, 0] = rng.random(n) < 0.4
    for month in range(1, END):
        marker[:, month] = rng.random(n) < np.where(marker[:, month - 1] == 1, 0.75, 0.3)
    start = np.full(n, np.inf)
    if rule != "never":
        for month in range(GRACE):
            waited = rng.exponential(1 / np.array(START)[marker[:, month]])
            now = np.isinf(start) & (waited < 1)
            start[now] = month + waited[now]
        if rule != "free":
            start = np.minimum(start, GRACE)
    edges = np.unique(np.concatenate([np.arange(END + 1.0), [np.inf]]))[:-1]
    left = rng.exponential(1.0, n)
    time = np.full(n, float(END))
    for month in range(END):
        rate = np.array(DEATH)[marker[:, month]]
        treated = np.clip(edges[month] + 1 - np.maximum(start, edges[month]), 0, 1)
        spent = rate * ((1 - treated) + 0.5 * treated)
        dies = (left < spent) & (time == END)
        before = rate * (1 - treated)
        inside = np.where(left < before, left / rate, (1 - treated) + (left - before) / (0.5 * rate))
        time = np.where(dies, edges[month] + inside, time)
        left = np.where(dies, np.inf, left - spent)
    event = time < END
    start = np.where(start < time, start, np.inf)
    rows = pd.DataFrame(
        {
            "patient_id": np.repeat(np.arange(n), END),
            "time": np.tile(np.arange(END), n),
            "marker": marker.ravel(),
        }
    )
    return Surv.right(time, event, unit="months"), start, rows[rows["time"] < np.repeat(time, END)]
