"""Trials run by a plan: each look against the plan's own integration; accrual against its expected numbers."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import TrialDesign
from survsim.distributions import Exponential
from survsim.errors import InputError
from survsim.trials import group_sequential_design, simulate_sequential_trials, trial_data

CONTROL, TREATED = (Exponential(rate=r, time_unit="months") for r in (0.1, 0.065))
RATIO = 0.65
PLAN = group_sequential_design([0.4, 0.7, 1.0], beta=0.2, futility="hwang-shih-decani", futility_parameter=-2)
EVENTS = PLAN.events(RATIO)


def design(**changes):
    given = {"control": CONTROL, "treated": TREATED, "n": 320, "accrual_rate": 20.0, "follow_up": 24.0}
    return TrialDesign(**(given | changes))


def test_trials_without_an_effect_end_at_each_look_as_the_plan_says():
    found = simulate_sequential_trials(design().under_null(), PLAN, looks=EVENTS, replicates=6000, seed=4)
    error = np.sqrt(PLAN.efficacy_null * (1 - PLAN.efficacy_null) / 6000)
    assert (np.abs(found.efficacy - PLAN.efficacy_null) < 4 * error + 0.003).all()
    # of futility at the last look, trials end without a finding
    np.testing.assert_allclose(
        found.futility[:2], PLAN.futility_null[:2], atol=4 * np.sqrt(0.25 / 6000) + 0.005
    )
    assert found.futility[2] == 0.0
    total = found.efficacy.sum() + found.futility.sum() + found.harm.sum() + found.continued[-1]
    assert total == pytest.approx(1.0, abs=1e-12)


def test_trials_with_the_effect_have_the_power_of_the_plan_look_by_look():
    found = simulate_sequential_trials(design(), PLAN, looks=EVENTS, replicates=4000, seed=5)
    # Schoenfeld's information is an approximation: two percentage points on top of the Monte Carlo error
    np.testing.assert_allclose(
        found.efficacy, PLAN.efficacy_alternative, atol=4 * np.sqrt(0.25 / 4000) + 0.02
    )
    assert found.rejected == pytest.approx(0.8, abs=0.04)
    assert (np.diff(found.time) > 0).all() and found.n_event < EVENTS[-1]
    assert found.events.tolist() == EVENTS.tolist()


def test_futility_that_does_not_bind_may_be_passed_over_and_the_level_holds():
    options = {"looks": EVENTS, "replicates": 4000, "seed": 6}
    on = simulate_sequential_trials(design().under_null(), PLAN, stop_for_futility=False, **options)
    assert on.futility.sum() == 0.0
    assert on.rejected < 0.025 + 4 * np.sqrt(0.025 * 0.975 / 4000) + 0.003
    stopped = simulate_sequential_trials(design().under_null(), PLAN, **options)
    assert stopped.rejected <= on.rejected and stopped.duration < on.duration


def test_looks_by_calendar_come_at_their_times():
    plan = group_sequential_design([0.5, 1.0], alpha=0.05, sides=2, futility=None)
    found = simulate_sequential_trials(
        design(), plan, looks=[14.0, 30.0], look_by="calendar", replicates=400, seed=7
    )
    assert found.time[0] == pytest.approx(14.0) and found.time[1] == pytest.approx(30.0, abs=1e-9)
    assert found.harm.sum() < 0.01 < found.efficacy.sum()


def test_arrivals_follow_the_rates_and_wait_out_a_pause():
    opened = design(n=400, accrual_rate=5.0, accrual_changes=((6.0, 0.0), (10.0, 30.0)))
    arrival = trial_data(opened, replicates=2000, seed=2).arrival
    for t, expected in ((6.0, 30.0), (10.0, 30.0), (14.0, 150.0)):
        seen = (arrival <= t).sum(axis=1)
        assert seen.mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / 2000) + 1e-9)
        assert seen.var() == pytest.approx(expected, rel=0.2)  # Poisson
    assert opened.accrual_time == pytest.approx(10.0 + 370.0 / 30.0)
    assert not ((arrival > 6.0) & (arrival < 10.0)).any()


def test_no_change_is_the_rate_itself():
    plain = trial_data(design(), replicates=5).arrival
    same = trial_data(design(accrual_changes=((3.0, 20.0),)), replicates=5).arrival
    np.testing.assert_allclose(plain, same, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: design(accrual_changes=((6.0, -1.0),)), "rates of accrual_changes are at least 0"),
        (lambda: design(accrual_changes=((6.0, 0.0),)), "the last is above 0"),
        (lambda: design(accrual_changes=((6.0, 1.0), (5.0, 2.0))), "rise from above 0"),
        (lambda: design(accrual_changes=3), "pairs of a time and the rate"),
        (lambda: simulate_sequential_trials(design(), PLAN, looks=[10, 20], replicates=2), "the plan has 3 looks; got 2"),
        (lambda: simulate_sequential_trials(design(), PLAN, looks=[10, 20, 15], replicates=2), "looks rise"),
        (lambda: simulate_sequential_trials(design(), PLAN, looks=[10, 20, 999], replicates=2), "up to n = 320"),
        (lambda: simulate_sequential_trials(design(), PLAN, looks=EVENTS, replicates=0), "whole number from 1"),
        (lambda: simulate_sequential_trials(design(), PLAN, looks=EVENTS, replicates=2, look_by="luck"), "look_by must be one of"),
        (lambda: simulate_sequential_trials(design(looks=(9,)), PLAN, looks=EVENTS, replicates=2), "without looks of its own"),
        (lambda: simulate_sequential_trials(design(), None, looks=EVENTS, replicates=2), "plan is what group_sequential_design"),
    ],
)  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(InputError, match=message):
        call()
