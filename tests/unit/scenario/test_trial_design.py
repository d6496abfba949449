"""Trials: known power, known error, known boundaries; and what each design refuses."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm

from survsim import TrialDesign, map_prior, simulate_trials
from survsim.distributions import Exponential
from survsim.errors import InputError
from survsim.scenario.trial_design import assurance
from survsim.simulation.trials.trial_data import trial_data
from survsim.trials import group_sequential_boundaries

CONTROL = Exponential(rate=0.1, time_unit="months")
TREATED = Exponential(rate=0.06, time_unit="months")


def design(**changes):
    given = {"control": CONTROL, "treated": TREATED, "n": 120, "accrual_rate": 8.0, "follow_up": 12.0}
    return TrialDesign(**(given | changes))


def within(share, truth, replicates, errors=4.0):
    return abs(share - truth) <= errors * np.sqrt(truth * (1 - truth) / replicates) + 1e-12


@pytest.mark.parametrize(
    ("information", "spending", "bounds"),
    [
        # gsDesign / Jennison and Turnbull: Lan-DeMets boundaries, two-sided 0.05.
        ([0.5, 1.0], "obrien-fleming", [2.963, 1.969]),
        ([1 / 3, 2 / 3, 1.0], "obrien-fleming", [3.710, 2.511, 1.993]),
        ([0.5, 1.0], "pocock", [2.157, 2.201]),
        ([1.0], "obrien-fleming", [1.960]),
    ],
)
def test_boundaries_are_the_published_ones(information, spending, bounds):
    np.testing.assert_allclose(group_sequential_boundaries(information, spending=spending), bounds, atol=1e-3)


def test_power_equals_schoenfeld():
    found = simulate_trials(design(), replicates=4000, seed=3)
    delta = abs(np.log(0.6)) * np.sqrt(found.n_event / 4) - norm.ppf(0.975)
    # The formula is itself an approximation: two percentage points on top of the Monte Carlo error.
    assert abs(found.share("logrank") - norm.cdf(delta)) <= 4 * found.mc_std_error[0] + 0.02


@pytest.mark.parametrize("n", [30, 60])
def test_restricted_means_keep_the_level_in_small_trials(n):
    found = simulate_trials(design(n=n).under_null(), replicates=8000, seed=5, analyses=("rmst",), tau=10)
    assert within(found.share("rmst"), 0.05, 8000, errors=3.0)


@pytest.mark.parametrize("analysis", ["logrank", "cox", "rmst"])
def test_type_one_error_is_alpha(analysis):
    found = simulate_trials(design().under_null(), replicates=4000, seed=5, analyses=(analysis,), tau=10)
    assert abs(found.share(analysis) - 0.05) <= 4 * np.sqrt(0.05 * 0.95 / 4000) + 0.005


@pytest.mark.parametrize(
    ("analysis", "allocation", "measured"),
    # what the docstring of simulate_trials says, from 20,000 null trials of 60 patients
    [("logrank", "response_adaptive", 0.067)],
)
def test_type_one_error_above_alpha_is_the_one_that_is_told(analysis, allocation, measured):
    null = design(n=60, allocation=allocation).under_null()
    found = simulate_trials(null, replicates=8000, seed=5, analyses=(analysis,), tau=10)
    assert within(found.share(analysis), measured, 8000)
    assert found.share(analysis) > 0.05
    assert f"{measured:.3f}" in simulate_trials.__doc__


def test_maxcombo_keeps_its_level_too():
    found = simulate_trials(design(n=60).under_null(), replicates=120, seed=5, analyses=("maxcombo",))
    assert within(found.share("maxcombo"), 0.05, 120)


def test_looking_early_keeps_the_level_and_shortens_a_good_trial():
    looks = design(n=160, looks=(30, 60, 90))
    null = simulate_trials(looks.under_null(), replicates=2000, seed=7)
    assert abs(null.share("logrank") - 0.05) <= 4 * np.sqrt(0.05 * 0.95 / 2000) + 0.005
    good = dataclasses.replace(looks, treated=Exponential(rate=0.03, time_unit="months"))
    early = simulate_trials(good, replicates=500, seed=7)
    whole = simulate_trials(dataclasses.replace(good, looks=()), replicates=500, seed=7)
    assert early.stopped_early > 0.5
    assert early.duration < whole.duration


def test_single_arm_against_the_truth_keeps_its_level_and_against_a_wrong_control_does_not():
    single = design(treated=CONTROL, treated_share=1.0, n=60)
    right = simulate_trials(single, replicates=4000, seed=9, analyses=("external",), external=CONTROL)
    assert abs(right.share("external") - 0.05) <= 4 * np.sqrt(0.05 * 0.95 / 4000) + 0.01
    worse = Exponential(rate=0.15, time_unit="months")
    wrong = simulate_trials(single, replicates=500, seed=9, analyses=("external",), external=worse)
    assert wrong.share("external") > 0.5


def test_borrowing_gains_power_when_the_prior_is_right_and_errs_when_it_is_wrong():
    small = design(n=60)
    centre = np.log(0.1)
    prior = map_prior([centre - 0.02, centre, centre + 0.02], [0.1, 0.1, 0.1], tau_scale=0.1)
    plain = simulate_trials(small, replicates=1500, seed=11, analyses=("cox", "borrowing"), prior=prior)
    assert plain.share("borrowing") > plain.share("cox") + 0.05
    off = map_prior([centre + 0.7] * 3, [0.1] * 3, tau_scale=0.1)
    null = simulate_trials(small.under_null(), replicates=1500, seed=11, analyses=("borrowing",), prior=off)
    assert null.share("borrowing") > 0.15


def test_adaptive_allocation_moves_patients_to_the_better_arm():
    fixed = simulate_trials(design(), replicates=300, seed=13)
    moving = simulate_trials(design(allocation="response_adaptive"), replicates=300, seed=13)
    assert fixed.treated_share == pytest.approx(0.5, abs=0.01)
    assert moving.treated_share > 0.55


def test_a_null_run_shares_arrivals_with_the_alternative():
    a = trial_data(design(), replicates=3, seed=1)
    b = trial_data(design().under_null(), replicates=3, seed=1)
    np.testing.assert_array_equal(a.arrival, b.arrival)
    np.testing.assert_array_equal(a.time[a.arm == 0], b.time[b.arm == 0])


def test_permuted_blocks_balance_the_arms():
    data = trial_data(design(n=40, treated_share=0.4), replicates=5, seed=1)
    assert (data.arm.sum(axis=1) == 16).all()
    assert (data.arm[:, :10].sum(axis=1) == 4).all()


def test_cut_off_by_hand():
    data = trial_data(design(n=20), replicates=2, seed=2)
    at = data.time_of_event(5)
    time, event, here = data.cut_at(at)
    assert (event.sum(axis=1) == 5).all()
    assert (time[~here] == 0).all()
    assert (time <= data.time).all()


def test_assurance_lies_between_power_at_the_ends():
    sure, error = assurance(design(n=80), np.log([0.5, 0.7, 1.0]), replicates=300, seed=1)
    assert 0.2 < sure < 0.8
    assert error > 0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: design(n=1), "at least 2 patients"),
        (lambda: design(treated_share=0.0), r"lie in \(0, 1\]"),
        (lambda: design(looks=(50, 40)), "rising numbers of events"),
        (lambda: design(looks=(50, 400)), "from 1 to n = 120"),
        (lambda: design(treated=Exponential(rate=1.0, time_unit="years")), "use one unit"),
        (lambda: design(allocation="luck"), "one of 'fixed', 'response_adaptive'"),
        (lambda: simulate_trials(design(), replicates=0, seed=1), "whole number from 1"),
        (
            lambda: simulate_trials(design(), replicates=2, seed=1, analyses=("t-test",)),
            "analysis must be one of",
        ),
        (lambda: simulate_trials(design(), replicates=2, seed=1, analyses=("rmst",)), "give tau"),
        (
            lambda: simulate_trials(design(), replicates=2, seed=1, analyses=("external",)),
            "two arms by the other",
        ),
        (
            lambda: simulate_trials(design(looks=(9,)), replicates=2, seed=1, analyses=("cox",)),
            "analysed by 'logrank'",
        ),
        *(
            (
                lambda tau=tau: simulate_trials(design(), replicates=2, seed=1, analyses=("rmst",), tau=tau),
                words,
            )
            for tau, words in (
                (12.5, "not beyond follow_up, 12 months"),
                (1e6, "not beyond follow_up, 12 months"),
                (-1.0, "tau must lie above 0"),
                (0.0, "tau must lie above 0"),
                (np.nan, "tau must lie in"),
            )
        ),
        (
            lambda: simulate_trials(design(n=10.5), replicates=2, seed=1),
            r"n must be a whole number.* got 10\.5",
        ),
        (
            lambda: simulate_trials(design(looks=(10.5, 20)), replicates=2, seed=1),
            r"looks must be a whole number .* got 10\.5",
        ),
        (lambda: simulate_trials(design(), replicates=1.5, seed=1), "replicates must be a whole number"),
        (lambda: simulate_trials(design(n=10**12), replicates=1, seed=1), r"patients that are held at once"),
        (lambda: simulate_trials(design(n=10.5), replicates=1, seed=1), "n must be a whole number"),
        (lambda: simulate_trials(design(), replicates=10**10, seed=1), "patients that are held at once"),
        (
            lambda: assurance(design(treated_share=1.0), np.log([0.5, 0.7]), replicates=2, seed=1),
            "give a treated_share below 1",
        ),
        (lambda: assurance(design(), np.array([]), replicates=2, seed=1), "at least two draws .* got 0"),
        (lambda: assurance(design(), np.array([0.1]), replicates=2, seed=1), "at least two draws .* got 1"),
        (lambda: assurance(design(), np.array([0.1, np.nan]), replicates=2, seed=1), "must be finite"),
        (lambda: assurance(design(), np.log([0.5, 0.7]), replicates=1.5, seed=1), "whole number"),
        (lambda: group_sequential_boundaries([0.5, 0.4, 1.0]), "must rise from above 0 to 1"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(InputError, match=words):
        call()
