"""What a user would give to models of cohorts and to group-sequential plans."""

from __future__ import annotations

import numpy as np

from tests.helpers.fuzz_estimates import Made, plausible, s


def _cycles() -> Made:
    matrix = [["rest", 0.2, 0.1], [0, "rest", "p"], [0, 0, 1]]
    return {
        "cycles": {
            "length": "1 year", "states": ["well", "ill", "dead"], "deaths": ["dead"], "strategies": {"a": {"matrix": matrix}},
        },
        "horizon": 5.0, "time_unit": "years", "parameters": {"p": [0.2, 0.3]}, "taus": [2.0, 5.0], "times": [1.0],
    }  # fmt: skip


@plausible("cycle_cohort")
def _cohort(rng: np.random.Generator) -> Made:
    return _cycles()


@plausible("cycle_patients")
def _movers(rng: np.random.Generator) -> Made:
    return _cycles() | {"patients": 40, "seed": 3}


@plausible("rates_from_cycles")
def _cycle_rates(rng: np.random.Generator) -> Made:
    return {
        "matrix": [[0.9, 0.1], [0.0, 1.0]],
        "cycle": 1.0,
        "time_unit": "years",
        "states": ["well", "dead"],
    }


@plausible("partitioned_survival")
def _two_curves(rng: np.random.Generator) -> Made:
    curves = {
        "progression_free": {"family": "exponential", "rate": "p"},
        "overall": {"family": "exponential", "rate": 0.1},
    }
    return {
        "strategies": {"a": curves}, "horizon": 24.0, "time_unit": "months", "parameters": {"p": [0.2, 0.3]},
        "taus": [12.0], "times": [6.0], "grid_step": 1.0, "deaths": 0.2,
    }  # fmt: skip


@plausible("group_sequential_design")
def _plan(rng: np.random.Generator) -> Made:
    return {
        "information": [0.5, 1.0],
        "alpha": 0.025,
        "beta": 0.2,
        "futility": "pocock",
        "efficacy": "obrien-fleming",
    }


@plausible("simulate_sequential_trials")
def _sequential(rng: np.random.Generator) -> Made:
    laws = [s.Exponential(rate=r, time_unit="months") for r in (0.12, 0.06)]
    design = s.TrialDesign(control=laws[0], treated=laws[1], n=40, accrual_rate=10.0, follow_up=12.0)
    plan = s.group_sequential_design([0.5, 1.0], futility="pocock")
    return {"design": design, "plan": plan, "looks": [10, 20], "replicates": 20, "seed": 3}
