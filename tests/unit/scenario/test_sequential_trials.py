"""Trials run by a plan: each look against the plan's own integration; accrual against its expected numbers."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import Surv, TrialDesign
from survsim.distributions import Exponential
from survsim.errors import InputError
from survsim.estimate.nonparametric.logrank import logrank_test
from survsim.scenario.trial_looks import AskedTest, calendar_of_information
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


def test_a_look_by_information_comes_with_the_event_that_brings_it():
    data = trial_data(design(), replicates=60, seed=9)
    end, test = data.arrival[:, -1] + 24.0, AskedTest.checked("logrank", None, None, "months")
    at = calendar_of_information(test, data, 20.0, end)
    now = test.at(data, at)
    before = test.at(data, np.sort(data.seen_on, axis=1)[np.arange(60), now.events - 2])
    assert (now.information >= 20.0).all() and (before.information < 20.0).all()
    assert (now.events - before.events == 1).all()
    # never: the end, with less than was wanted
    late = calendar_of_information(test, data, 1e4, end)
    np.testing.assert_array_equal(late, end)


@pytest.mark.parametrize(
    "options",
    [
        {"test": "weighted", "weights": (0.0, 1.0)},
        {"test": "weighted", "weights": (1.0, 0.0)},
        {"test": "rmst", "tau": 6.0},
        {},
    ],
)
def test_looks_by_information_keep_the_level_of_the_plan_look_by_look(options):
    """At shares of a test's own information its z is that of the plan, whichever the test (independent increments)."""
    null = design(dropout_rate=0.005).under_null()
    asked = AskedTest.checked(
        options.get("test", "logrank"), options.get("weights"), options.get("tau"), "months"
    )
    data = trial_data(null, replicates=400, seed=3)
    least = asked.at(data, data.arrival[:, -1] + 24.0).information.mean() * 0.85
    plan = group_sequential_design([0.5, 0.75, 1.0], alpha=0.05)
    found = simulate_sequential_trials(
        null, plan, looks=least * plan.information, look_by="information", replicates=3000, seed=8, **options
    )
    error = np.sqrt(plan.efficacy_null * (1 - plan.efficacy_null) / 3000)
    assert (np.abs(found.efficacy - plan.efficacy_null) < 4 * error + 0.004).all()
    assert found.seen_information[:2] == pytest.approx(least * plan.information[:2], rel=0.05)
    assert (np.diff(found.time) > 0).all()


def test_the_weighted_score_of_a_trial_is_that_of_the_test_itself():
    data = trial_data(design(n=90), replicates=4, seed=2)
    at = np.array([9.0, 14.0, 20.0, 25.0])
    for weights in ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (0.5, 0.5)):
        found = AskedTest.checked("weighted", weights, None, "months").at(data, at)
        for b in range(4):
            time, event, here = (x[b] for x in data.cut_at(at))
            surv = Surv.right(time[here], event[here], unit="months")
            alone = logrank_test(surv, data.arm[b, here], rho=weights[0], gamma=weights[1])
            assert found.z[b] ** 2 == pytest.approx(alone.chi2, rel=1e-9)


def test_a_restricted_mean_without_an_answer_stops_nothing():
    plan = group_sequential_design([0.5, 1.0])
    found = simulate_sequential_trials(
        design(), plan, looks=[6.0, 36.0], look_by="calendar", replicates=300, seed=3, test="rmst", tau=12.0
    )
    assert found.efficacy[0] == 0.0 and found.efficacy[1] > 0.3
    assert found.seen_information[0] == 0.0


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
        (lambda: simulate_sequential_trials(design(), PLAN, looks=EVENTS, replicates=2, test="gehan"), "test must be one of"),
        (lambda: simulate_sequential_trials(design(), PLAN, looks=EVENTS, replicates=2, test="rmst"), "tau, the horizon"),
        (lambda: simulate_sequential_trials(design(), PLAN, looks=EVENTS, replicates=2, tau=3.0), "only with it"),
        (lambda: simulate_sequential_trials(design(), PLAN, looks=EVENTS, replicates=2, test="weighted"), "weights, rho and gamma"),
        (lambda: simulate_sequential_trials(design(), PLAN, looks=EVENTS, replicates=2, test="weighted", weights=(0, -1)), "weights"),
        (lambda: simulate_sequential_trials(design(), PLAN, looks=EVENTS, replicates=2, test="weighted", weights=(1,)), "two numbers"),
        (lambda: simulate_sequential_trials(design(), PLAN, looks=EVENTS, replicates=2, test="rmst", tau=-1.0), "tau"),
        (lambda: simulate_sequential_trials(design(looks=(9,)), PLAN, looks=EVENTS, replicates=2), "without looks of its own"),
        (lambda: simulate_sequential_trials(design(), None, looks=EVENTS, replicates=2), "plan is what group_sequential_design"),
    ],
)  # fmt: skip
def test_refusals(call, message):
    with pytest.raises(InputError, match=message):
        call()
