"""Start-stop rows of patients whose treatment changes with a marker."""

from __future__ import annotations

import numpy as np
import pandas as pd

from survsim import Surv


def rows(rng: np.random.Generator, n: int = 20) -> pd.DataFrame:
    """Two rows a patient: id, start, stop, event, drug, marker."""
    made = pd.DataFrame({"id": np.repeat(np.arange(n), 2), "start": np.tile([0.0, 1.0], n)})
    made["stop"] = np.where(made["start"] == 0, 1.0, np.round(1.1 + rng.exponential(2.0, 2 * n), 2))
    made["event"] = (made["start"] == 1) & (rng.random(2 * n) < 0.7)
    made["marker"] = np.round(rng.normal(size=2 * n), 2)
    return made.assign(drug=(rng.random(2 * n) < 0.5).astype(int))


def response(made: pd.DataFrame) -> Surv:
    return Surv.right(made["stop"], made["event"], entry=made["start"], id=made["id"], unit="years")
