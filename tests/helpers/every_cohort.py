"""A small example of every result of a cohort and of a group-sequential trial, made by the function that returns it."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.distributions import Exponential
from survsim.simulation import partitioned_survival, rates_from_cycles
from survsim.trials import TrialDesign, group_sequential_design, simulate_sequential_trials


def _cohort() -> Any:
    curves = {
        "progression_free": {"family": "exponential", "rate": "pfs"},
        "overall": {"family": "exponential", "rate": 0.05},
    }
    better = {name: {"reference": "usual", "hazard_ratio": 0.8} for name in curves}
    return partitioned_survival(
        {"usual": curves, "new": better}, horizon=24.0, time_unit="months", taus=[12.0], times=[12.0], grid_step=1.0,
        parameters={"pfs": np.linspace(0.1, 0.2, 5)},
    )  # fmt: skip


def _rates() -> Any:
    matrix = [[0.7, 0.3, 0.0], [0.0, 0.6, 0.4], [0.0, 0.0, 1.0]]
    return rates_from_cycles(matrix, cycle=1.0, time_unit="years", states=["well", "ill", "dead"])


def _plan() -> Any:
    return group_sequential_design([0.5, 1.0], futility="obrien-fleming")


def _sequential() -> Any:
    a, b = (Exponential(rate=r, time_unit="months") for r in (0.12, 0.06))
    design = TrialDesign(control=a, treated=b, n=60, accrual_rate=10, follow_up=12)
    return simulate_sequential_trials(design, _plan(), looks=[20, 40], replicates=50)


COHORTS = {
    "GroupSequentialDesign": _plan, "SequentialTrials": _sequential,
    "CohortResult": _cohort, "CycleRates": _rates,
}  # fmt: skip
