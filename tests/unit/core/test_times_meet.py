"""Times that differ in the last bits are one time: among the data, and between the data and what is asked."""

import numpy as np
import pandas as pd
import pytest

from survsim import (
    Surv,
    aalen_johansen,
    bootstrap,
    check_summary,
    clone_censor_weight,
    cox_ph,
    fine_gray,
    kaplan_meier,
    nelson_aalen,
    parametric_survival,
    reconstruct_ipd,
    rmst,
    simulate_trials,
)
from survsim.core import times
from survsim.core.distributions import Exponential, PiecewiseExponential
from survsim.core.errors import InputError, SurvsimWarning
from survsim.estimate.causal.time_varying_treatment import start_times
from survsim.estimate.competing.cause_specific import cause_specific_cox
from survsim.estimate.competing.multistate_data import prepare_multistate
from survsim.estimate.competing.multistate_occupancy import multistate_occupancy
from survsim.estimate.cox.batch import cox_trials
from survsim.estimate.nonparametric.conditional_survival import conditional_survival
from survsim.estimate.nonparametric.interval_censored import interval_censored_survival
from survsim.estimate.nonparametric.landmark import landmark
from survsim.estimate.nonparametric.milestone import milestone_test
from survsim.estimate.nonparametric.simultaneous_bands import simultaneous_band
from survsim.estimate.resampling.trial_analysis import analyse_trials
from survsim.figures.risk_table import counts
from survsim.joint_model import evidence_model, rate_term, survival_term
from survsim.parametric import life_table
from survsim.radiotherapy import Recovery
from survsim.reconstruction import pseudo_ipd_from_summaries
from survsim.simulation import Model, State, Transition, partitioned_survival, simulate_model
from survsim.simulation.declared.effect import Effect
from survsim.simulation.trials.trial_data import TrialDesign, trial_data

MONTHS = Surv.right([0.5, 1.1, 1.1, 2.0], [1, 1, 1, 0], unit="years").to_unit("months")
"""1.1 years are 13.200000000000001 months."""


@pytest.mark.parametrize("asked", [13.2, 13.2 * (1 + 1e-15), 13.2 * (1 - 1e-15)])
def test_survival_at_a_time_that_a_change_of_unit_moved(asked):
    at = kaplan_meier(MONTHS).survival_at([asked])
    assert at.estimate.tolist() == [0.25]
    assert at.n_risk.tolist() == [3]
    assert at.time.tolist() == [asked]


def test_everything_that_reads_a_curve_at_a_time_reads_it_there():
    assert conditional_survival(MONTHS, given=[13.2], times=[10.0]).n_risk.tolist() == [1]
    assert len(landmark(MONTHS, 13.2).surv) == 1
    assert rmst(Surv.right([0.1, 0.2, 0.3], [1, 1, 0], unit="years"), tau=0.1 + 0.2).estimate[0] > 0
    twice = Surv.right(np.tile([0.5, 1.1, 1.1, 2.0], 2) * 12, [1, 1, 1, 0] * 2, unit="months")
    test = milestone_test(twice, ["a"] * 4 + ["b"] * 4, 13.2)
    assert test.estimate.tolist() == [0.25, 0.25]
    assert simultaneous_band(kaplan_meier(MONTHS), start=13.2).time.size == 1


def test_a_summary_is_held_against_the_curve_at_the_same_time():
    agreed = check_summary(MONTHS, survival=[(13.2, 0.25)])
    assert agreed.agrees.all()


def test_cox_predictions_and_calibration_read_the_event_at_its_time():
    s = Surv.right([0.3, 0.1 + 0.2, 0.5, 0.6, 0.7, 0.8], [1] * 6, unit="years")
    fit = cox_ph(s, None, [0.0, 1, 1, 0, 0, 1])
    assert s.time[0] == s.time[1]
    for asked in (0.3, 0.1 + 0.2):
        assert fit.predict_survival([[0.0]], [asked]).survival[0, 0] < 1.0
        assert fit.calibration(asked, groups=2).n_event.sum() == 2


def test_a_batch_of_trials_joins_as_one_fit_does():
    time = [[0.3, 0.1 + 0.2, 0.5, 0.6, 0.7, 0.8]]
    arm = [0.0, 1, 1, 0, 0, 1]
    one = cox_ph(Surv.right(time[0], [1] * 6, unit="years"), None, arm)
    many = cox_trials(time, [[1] * 6], arm)
    np.testing.assert_allclose(many.estimate[0], one.estimate, rtol=1e-6)
    np.testing.assert_allclose(one.estimate, [-0.2767], atol=5e-5)


def test_an_entry_one_bit_before_its_time_is_no_interval_and_is_printed_long_enough():
    with pytest.raises(InputError, match="entry must be before time"):
        Surv.right([0.1 + 0.2, 1.0], [1, 1], unit="years", entry=[0.3, 0])


def test_interval_with_ends_one_bit_apart_is_an_exact_time():
    near = interval_censored_survival([0.1 + 0.2, 1.0, 2.0], [0.3, 1.5, np.inf], unit="years")
    plain = interval_censored_survival([0.3, 1.0, 2.0], [0.3, 1.5, np.inf], unit="years")
    np.testing.assert_array_equal(near.survival, plain.survival)


def test_one_code_for_unknown_leaves_the_other_times_apart():
    time = np.append(np.linspace(1, 50, 79), 9.99e9)
    assert np.unique(Surv.right(time, np.ones(80), unit="months").time).size == 80


def test_overflow_is_refused():
    with pytest.raises(InputError, match="beyond what can be computed with"):
        Surv.right([1e308, 1.5e308, 1.0, 2.0], [1] * 4, unit="months")


def test_joining_equals_timefix_on_ordinary_data():
    # R 4.2, survival 3.5-3: length(unique(aeqSurv(Surv(x, rep(1, 7)))[, 1])) is 3; the mean of the distinct
    # times is 21.4, so the gaps of 1e-7 and 2e-7 at 10 are near-ties.
    x = [10.0, 10.0 + 1e-7, 10.0 + 3e-7, 20.0, 20.0 + 1e-12, 30.0 - 4e-15 * 30, 30.0]
    assert np.unique(Surv.right(x, np.ones(7), unit="days").time).tolist() == [10.0, 20.0, 30.0 - 4e-15 * 30]


def test_a_join_that_six_digits_show_warns():
    with pytest.warns(SurvsimWarning, match="distinct times were joined"):
        Surv.right([1e-8, 2e-8, 1.0], [1, 1, 1], unit="years")
    with pytest.warns(SurvsimWarning, match="use a smaller unit"):
        Surv.right(5.0 + 5e-8 * np.arange(200), np.ones(200), unit="years")


def test_meet_puts_to_the_nearest_and_leaves_strangers():
    known = [5.0, 1.1 * 12, np.inf]
    found = times.meet([[13.2, 5.1], [np.inf, 5 - 1e-12]], known)
    assert found.tolist() == [[1.1 * 12, 5.1], [np.inf, 5.0]]
    assert times.meet([3.0], []).tolist() == [3.0]


def test_rows_are_joined_each_by_itself():
    rows = times.join_rows(np.array([[0.3, 0.1 + 0.2, 1.0], [1.0, 2.0, 3.0]]))
    assert rows[0, 0] == rows[0, 1]
    assert rows[1].tolist() == [1.0, 2.0, 3.0]


def test_whoever_enters_at_0_throughout_is_at_risk_from_0():
    s = Surv.right([3, 4, 5], [1, 1, 0], unit="months", entry=[0, 0, 0])
    assert kaplan_meier(s).at_risk([0, 1]).tolist() == [[3, 3]]


NEAR = Surv.competing([0.3, 0.1 + 0.2, 0.5, 0.6, 0.7, 0.8], [1, 2, 1, 1, 2, 0], unit="years")
X = [[0.0], [1.0], [1.0], [0.0], [0.0], [1.0]]


@pytest.mark.parametrize("asked", [0.3, 0.1 + 0.2])
def test_incidence_at_a_time_is_that_after_its_events(asked):
    found = aalen_johansen(NEAR).incidence_at(asked)
    assert found["estimate"].round(6).tolist() == [0.166667, 0.166667]
    assert found["time"].tolist() == [asked] * 2
    fit = fine_gray(NEAR, None, X, cause=1)
    assert fit.predict_incidence([[0.0]], [asked]).estimate[0, 0, 0] > 0
    both = cause_specific_cox(NEAR, None, X)
    assert (both.predict_incidence([[0.0]], [asked]).estimate[:, 0, 0] > 0).all()


@pytest.mark.parametrize("asked", [13.2, 1.1 * 12])
def test_resampled_statistics_are_asked_at_the_same_time(asked):
    survival = bootstrap(MONTHS, "survival", at=asked, n_resamples=20)
    assert survival.estimate.tolist() == [0.25]
    s = Surv.right([1.0, 2.0, 1.1 * 12], [1, 1, 0], unit="months")
    assert bootstrap(s, "rmst", at=asked, n_resamples=20).estimate[0] == pytest.approx((1 + 2 + 13.2) / 3)


@pytest.mark.parametrize("cut", [13.2, 1.1 * 12])
def test_a_cut_at_an_event_time_leaves_the_event_before_it(cut):
    s = Surv.right([3.0, 1.1 * 12, 1.1 * 12, 20.0, 25.0], [1, 1, 1, 1, 0], unit="months")
    fit = parametric_survival(s, "piecewise_exponential", cuts=[cut])
    rate = fit.distribution().hazard([5.0, 20.0]).ravel()
    np.testing.assert_allclose(rate, [3 / (3 + 4 * 13.2), 1 / (6.8 + 11.8)], rtol=1e-6)


def test_batches_of_trials_join_and_take_the_horizon():
    time = [[0.3, 0.1 + 0.2, 0.5, 0.6, 0.7, 0.8]]
    joined = [[0.3, 0.3, 0.5, 0.6, 0.7, 0.8]]
    event, arm = [[0, 1, 1, 1, 1, 1]], [0, 0, 1, 1, 0, 1]
    for tau in (0.7, 0.1 + 0.2 + 0.4):
        near = analyse_trials(time, event, arm, unit="years", tau=tau)
        plain = analyse_trials(joined, event, arm, unit="years", tau=0.7)
        assert near.z[0] == plain.z[0]
        np.testing.assert_allclose(near.rmst_difference, plain.rmst_difference, rtol=1e-12)
        assert np.isfinite(near.rmst_difference).all()


def test_states_one_bit_apart_are_at_one_time_and_follow_up_ends_there():
    patients = pd.DataFrame({"patient_id": ["a", "b"], "follow_up": [0.3, 0.8]})
    ways = {"well": ["ill", "dead"], "ill": ["dead"]}

    def prepared(*times):
        events = pd.DataFrame(
            {"patient_id": ["a"] * len(times), "state": ["ill", "dead"][: len(times)], "time": times}
        )
        return prepare_multistate(patients, events, start="well", transitions=ways, unit="years")

    with pytest.raises(InputError, match="two states at one time"):
        prepared(0.3 - 5e-17, 0.3)
    made = prepared(0.2, 0.1 + 0.2)
    assert made.stays["exit"].max() == 0.8
    assert multistate_occupancy(made).occupancy_at(0.1 + 0.2)["estimate"].tolist() == [0.5, 0.0, 0.5]


def test_clones_and_curves_read_at_the_same_time():
    s = Surv.right([2, 4, 5, 6, 7, 8, 9, 1.1 * 12], [1] * 8, unit="months")
    start = [np.inf, 1, np.inf, 2, np.inf, 1, np.inf, 2]
    found = [
        clone_censor_weight(s, start, grace=3, times=t, tau=8, n_resamples=0).row("survival", "within grace")[
            "estimate"
        ]
        for t in (9.0, 9.0 * (1 + 1e-15), 9.0 * (1 - 1e-15))
    ]
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("grace, near", [(13.2, 1.1 * 12), (0.3, 0.1 + 0.2)])
def test_starts_that_are_one_time_are_on_one_side_of_the_grace_period(grace, near):
    """The starts met the times of the response and grace the starts, yet none of them its like: one clone changed sides."""
    s = Surv.right(np.array([20, 40, 50, 60, 70, 80, 90, 100.0]) * grace, [1] * 8, unit="months")
    never = np.inf

    def found(*both):
        start = [never, both[0], never, both[1], never, grace / 7, never, grace / 9]
        made = clone_censor_weight(s, start, grace=grace, times=[80 * grace], tau=80 * grace, n_resamples=0)
        return made.n_censored.tolist(), made.estimate.tolist()

    assert found(grace, grace)[0] == [4, 4]
    assert found(grace, near) == found(near, grace) == found(near, near) == found(grace, grace)


def test_a_history_with_two_rows_at_one_time_is_refused_to_the_last_bit():
    s = Surv.right([5.0, 6.0, 7.0], [1, 1, 1], unit="months")
    data = pd.DataFrame({"patient_id": ["a", "b", "c"]})
    rows = [("a", 0.0, 1.0), ("b", 0.0, 2.0), ("c", 0.0, 1.0), ("a", 0.3, 2.0), ("a", 0.1 + 0.2, 3.0)]
    history = pd.DataFrame(rows, columns=["patient_id", "time", "x"])
    with pytest.raises(InputError, match=r"two rows of patient 'a' at 0\.3"):
        clone_censor_weight(
            s, [1.0, np.inf, 1.5], grace=2, formula="x", data=data, history=history, n_resamples=0
        )


def test_a_column_joins_itself_and_leaves_what_is_no_time():
    found = times.join_to(np.array([0.1 + 0.2, np.inf, 0.3, np.nan, 2.0]), [1.0, 2.0 + 1e-12])
    np.testing.assert_array_equal(found, [0.3, np.inf, 0.3, np.nan, 2.0 + 1e-12])
    assert times.join_to(np.array([np.inf]), [1.0]).tolist() == [np.inf]


def test_a_start_one_bit_after_the_end_is_at_the_end():
    s = Surv.right([0.3, 0.5, 0.6, 0.7], [1, 1, 0, 1], unit="years")
    assert start_times([0.1 + 0.2, np.inf, 0.2, np.inf], s)[0] == 0.3


def test_the_event_that_triggers_a_look_is_in_its_data():
    arm = Exponential(rate=0.05, time_unit="months")
    design = TrialDesign(control=arm, treated=arm, n=200, accrual_rate=5.0, follow_up=60.0, looks=(100,))
    trials = trial_data(design, replicates=500, seed=1)
    calendar = trials.time_of_event(100)
    time, event, here = trials.cut_at(calendar)
    assert (event.sum(axis=1)[np.isfinite(calendar)] == 100).all()
    assert (event <= here).all()
    assert (time[event] == trials.time[event]).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda t: PiecewiseExponential(breaks=t, rates=(0.1, 0.2, 0.3), time_unit="years"),
        lambda t: evidence_model([rate_term(4, 90, study="a", unit="months")], breaks=t, study_sd=0.2),
        lambda t: survival_term(t, [0.8, 0.7], study="a", unit="years", n=30),
        lambda t: life_table(t, [0.1, 0.1]),
        lambda t: Recovery(after=t, share=(0.1, 0.2)),
        lambda t: parametric_survival(
            Surv.right([0.2, 0.35, 0.5, 0.9], [1, 1, 1, 1], unit="years"), "piecewise_exponential", cuts=t
        ),
        lambda t: Effect(
            transition="a>b",
            hazard_ratio=0.5,
            lasts="always",
            waning=[{"after": a, "factor": 0.8} for a in t],
        ),
    ],
)
def test_an_interval_of_a_bit_is_none(make):
    """0.1 + 0.2 is not after 0.3: breaks, cuts, ages and intervals must rise by more than the last bits."""
    make((0.3, 0.4))
    with pytest.raises((InputError, ValueError), match=r"increas|rise"):
        make((0.3, 0.1 + 0.2))


def test_chance_is_judged_over_all_trials_of_an_array(recwarn):
    rows = np.random.default_rng(1).uniform(1.0, 30.0, (200, 40))
    rows[3, 1], rows[3, 2] = 0.05, 0.05 + 6e-8
    times.join_rows(rows)
    assert not recwarn.list
    with pytest.warns(SurvsimWarning, match="1 distinct times were joined"):
        times.join_rows(rows[3:4])


def test_a_row_without_ties_beside_a_long_time_stays_as_it_is():
    row = np.array([[0.5, 0.5 + 2e-7, 1.0, 30.0]])
    np.testing.assert_array_equal(times.join_rows(row)[0, 2:], row[0, 2:])


def test_a_curve_asked_at_a_time_next_to_its_step_stands_after_the_step():
    """`steps(...).at` compared plainly: 0.3 fell before a step at 0.1 + 0.2, and the other way about nowhere."""
    time = [0.1 + 0.2, 0.5, 0.6, 0.7]
    surv = Surv.right(time, [1, 1, 0, 1], unit="years")
    exact = Surv.right([0.3, *time[1:]], [1, 1, 0, 1], unit="years")
    for asked in (0.3, 0.1 + 0.2, np.nextafter(0.3, 0)):
        for curve in (kaplan_meier, nelson_aalen):
            assert curve(surv).steps("all").at(asked) == curve(exact).steps("all").at(asked)
        np.testing.assert_array_equal(counts(kaplan_meier(surv), 0, np.array([asked]), "events"), [1.0])


YEARS_TO_DEATH = {"family": "exponential", "rate": 0.5}
LIVES = Model(
    states=(State(name="alive"), State(name="dead", death=True)),
    time_unit="years",
    horizon=1.2,
    transitions=(Transition(source="alive", target="dead", distribution=YEARS_TO_DEATH),),
)


def test_a_horizon_in_its_last_bits_is_the_horizon():
    above = 12 * 0.1
    assert above > 1.2
    as_told, as_meant = (
        simulate_model(LIVES, patients=100, seed=1, times=[t], taus=[t]).rmst(1.2).estimate
        for t in (above, 1.2)
    )
    assert as_told.tolist() == as_meant.tolist()
    with pytest.raises(InputError, match=r"not beyond the horizon 1\.2"):
        simulate_model(LIVES, patients=100, seed=1, times=[1.2 + 1e-6])
    curves = {"progression_free": YEARS_TO_DEATH, "overall": YEARS_TO_DEATH}
    found = partitioned_survival({"usual": curves}, horizon=1.2, time_unit="years", taus=[above])
    assert found.rmst(1.2).estimate[0] == pytest.approx((1 - np.exp(-0.6)) / 0.5, rel=1e-6)


def test_a_trial_reaches_a_horizon_in_the_last_bits_of_its_follow_up():
    law = Exponential(rate=0.5, time_unit="years")
    design = TrialDesign(control=law, treated=law, n=60, accrual_rate=30, follow_up=1.2)
    share = [
        simulate_trials(design, replicates=20, seed=1, analyses=("rmst",), tau=t).share("rmst")
        for t in (1.2, 12 * 0.1)
    ]
    assert share[0] == share[1]


def test_printed_times_in_their_last_bits_are_one_time():
    def made(time):
        return pseudo_ipd_from_summaries(
            median=0.6, survival_at=[(time, 0.5), (1.2, 0.2)], n=50, n_event=40, unit="years", m=3
        )

    pd.testing.assert_frame_equal(made(0.1 * 6).to_frame(), made(0.6).to_frame())
    curve = [0.0, 0.3, 0.1 * 3 * 4], [1.0, 0.8, 0.5]
    whole = reconstruct_ipd(curve, n=50, censor_marks=[0.1 * 3], unit="years", end=1.2)
    assert whole.to_frame()["time"].max() == pytest.approx(1.2)
