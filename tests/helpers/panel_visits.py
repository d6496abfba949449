"""Visits of people who fall ill, recover and die."""

from __future__ import annotations

import numpy as np
import pandas as pd

from survsim.competing import PanelMultistate, panel_multistate

WAYS = {"well": ["ill", "dead"], "ill": ["well", "dead"]}


def walk(seed: int = 3, n: int = 150) -> pd.DataFrame:
    """Visits at uneven times of a three-state process with exact deaths; z doubles the way into illness."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        z, t, state, path = i % 2, 0.0, "well", [(0.0, "well")]
        while state != "dead":
            rates = {"ill": 0.3 * 2.0**z, "dead": 0.05} if state == "well" else {"well": 0.2, "dead": 0.3}
            t += rng.exponential(1.0 / sum(rates.values()))
            state = rng.choice(list(rates), p=np.array(list(rates.values())) / sum(rates.values()))
            path.append((t, state))
        visits = np.append(0.0, np.cumsum(rng.uniform(0.5, 2.0, 8)))
        rows += [(i, v, next(s for u, s in reversed(path) if u <= v), z) for v in visits if v < t]
        rows += [(i, t, "dead", z)] if t <= visits[-1] else []
    return pd.DataFrame(rows, columns=["patient_id", "time", "state", "z"])


def blurred(seed: int, n: int, up: float = 0.08, down: float = 0.15) -> pd.DataFrame:
    """The walks with well seen as ill, and ill as well, at visits after the first."""
    rows = walk(seed, n)
    rng = np.random.default_rng(seed + 1)
    later = rows["patient_id"].duplicated()
    wrong = later & (rng.random(len(rows)) < rows["state"].map({"well": up, "ill": down, "dead": 0.0}))
    return rows.assign(state=rows["state"].mask(wrong, rows["state"].map({"well": "ill", "ill": "well"})))


def hidden_fit() -> PanelMultistate:
    """A model of states that may be seen wrongly."""
    wrong = {"well": ["ill"], "ill": ["well"]}
    return panel_multistate(
        blurred(3, 200), transitions=WAYS, unit="years", exact=["dead"], misclassified=wrong
    )


def fit(formula: str | None) -> PanelMultistate:
    """The model of sixty people's visits."""
    return panel_multistate(walk(3, 60), transitions=WAYS, unit="years", formula=formula, exact=["dead"])
