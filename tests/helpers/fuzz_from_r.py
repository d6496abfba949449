"""What a user who comes from R would give: population tables, visits, start-stop rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.helpers.fuzz_estimates import Made, level, plausible, s, surv, times

POPULATION = pd.DataFrame(
    {"age": [0, 60, 0, 60], "year": [2000, 2000, 2010, 2010], "rate": [0.01, 0.03, 0.01, 0.02]}
)


@plausible("event_rates")
def _rates(rng: np.random.Generator) -> Made:
    return {
        "surv": surv(rng),
        "by": rng.permutation(np.tile(["x", "y"], 12)),
        "unit": "years",
        "per": 100.0,
    } | level(rng)


@plausible("likelihood_ratio_test")
def _nested(rng: np.random.Generator) -> Made:
    data = pd.DataFrame({"age": rng.normal(60, 8, 24), "z": rng.integers(0, 2, 24)})
    response = s.Surv.right(times(rng), rng.random(24) < 0.8, unit="months")
    return {"smaller": s.cox_ph(response, "age", data), "larger": s.cox_ph(response, "age + z", data)}


@plausible("net_survival")
def _net(rng: np.random.Generator) -> Made:
    response = s.Surv.right(times(rng), rng.random(24) < 0.7, unit="months")
    data = pd.DataFrame({"age": rng.uniform(40, 80, 24), "year": rng.uniform(2001, 2009, 24)})
    return {
        "surv": response, "population": POPULATION, "data": data, "by": rng.permutation(np.tile(["x", "y"], 12)),
        "method": str(rng.choice(["pohar-perme", "ederer-1", "ederer-2"])), "times": [1.0, 6.0],
    } | level(rng)  # fmt: skip


@plausible("panel_multistate")
def _panel(rng: np.random.Generator) -> Made:
    visits = pd.DataFrame({"patient_id": np.repeat(np.arange(12), 3), "time": np.tile([0.0, 1.0, 2.0], 12)})
    visits["state"] = np.array(["well", "ill"])[np.sort(rng.integers(0, 2, (12, 3)), axis=1).ravel()]
    ways = {"well": ["ill"], "ill": ["well"]} if rng.random() < 0.5 else {"well": ["ill"]}
    made = {"data": visits, "transitions": ways, "unit": "years"} | level(rng)
    return made | ({"misclassified": {"well": ["ill"], "ill": ["well"]}} if rng.random() < 0.5 else {})
