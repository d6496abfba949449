"""Inputs that gave a wrong answer once, each with the right one: R 4.2 (survival, metafor), closed forms or by hand."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from survsim import (
    Surv,
    bootstrap,
    cox_ph,
    effect_size,
    kaplan_meier,
    logrank_test,
    meta_analysis,
    meta_regression,
    parametric_survival,
    reconstruct_ipd,
    rmst,
)
from survsim.causal import clone_censor_weight
from survsim.competing import multistate_fit, prepare_multistate
from survsim.core.errors import InputError, SurvsimError, SurvsimWarning
from survsim.cox import cox_resamples, cox_trials
from survsim.nonparametric import conditional_survival, interval_censored_survival
from survsim.printed import check_summary
from survsim.simulation import Model, State, Transition, simulate_model
from survsim.synthesis import network_meta_analysis, pool_medians, pool_survival_points
from survsim.trials import analyse_trials

YEARS = Surv.right([0.5, 1.1, 1.1, 2.0], [1, 1, 1, 0], unit="years").to_unit("months")
SIX = [1, 2, 1, 2, 1, 1]


def test_thirteen_point_two_months_are_one_point_one_years():
    assert kaplan_meier(YEARS).survival_at([13.2]).estimate == pytest.approx([0.25])
    assert check_summary(YEARS, survival=[(13.2, 0.25)]).agrees.all()
    assert np.ravel(conditional_survival(YEARS, given=[13.2], times=[10.0]).n_risk).tolist() == [1]
    cox = cox_ph(YEARS, None, [[0.0], [1], [0], [1]])
    at = [np.asarray(cox.predict_survival([[0.0]], [t]).survival) for t in (13.2, 1.1 * 12)]
    assert at[0] == pytest.approx(at[1])
    assert bootstrap(YEARS, "survival", at=[13.2], n_resamples=5).estimate == pytest.approx([0.25])
    longer = Surv.right([0.5, 1.1, 1.1, 2.0, 3.0], [1, 1, 1, 0, 1], unit="years").to_unit("months")
    pieces = [
        parametric_survival(longer, "piecewise_exponential", cuts=[t]).estimate for t in (13.2, 1.1 * 12)
    ]
    assert pieces[0] == pytest.approx(pieces[1])


def test_three_tenths_are_three_tenths():
    three = Surv.right([0.1, 0.2, 0.3], [1, 1, 0], unit="years")
    # Area under 1, 2/3 and 1/3 over a tenth each.
    assert rmst(three, tau=0.1 + 0.2).estimate == pytest.approx(0.2)
    with pytest.raises(InputError, match="A row of no length"):
        Surv.right([0.1 + 0.2, 1.0], [1, 1], unit="years", entry=[0.3, 0])
    found = cox_trials([[0.3, 0.1 + 0.2, 0.5, 0.6, 0.7, 0.8]], [[1] * 6], [0, 1, 1, 0, 0, 1]).estimate
    tied = Surv.right([0.3, 0.3, 0.5, 0.6, 0.7, 0.8], [1] * 6, unit="years")
    assert found.ravel() == pytest.approx(cox_ph(tied, None, [0, 1, 1, 0, 0, 1]).estimate, rel=1e-9)
    assert found.ravel() == pytest.approx([-0.2767], abs=5e-5)
    # An interval of no length by one bit is an exact time, not one whose low end is above its high end.
    exact = interval_censored_survival([0.1 + 0.2, 1, 0], [0.3, 2, 3], unit="years")
    assert np.isfinite(exact.survival).all()


def test_multistate_times_a_bit_apart_are_one():
    patients = pd.DataFrame({"patient_id": ["a"], "follow_up": [0.3]})
    ways = {"well": ["ill", "dead"], "ill": ["dead"]}
    late = pd.DataFrame({"patient_id": ["a"], "state": ["dead"], "time": [0.1 + 0.2]})
    made = prepare_multistate(patients, late, start="well", transitions=ways, unit="years")
    assert made.counts()["n_event"].sum() == 1
    two = pd.DataFrame({"patient_id": ["a", "a"], "state": ["ill", "dead"], "time": [0.3 - 5e-17, 0.3]})
    with pytest.raises(InputError, match="two states at one time"):
        prepare_multistate(patients, two, start="well", transitions=ways, unit="years")


def test_start_of_treatment_at_an_asked_time():
    surv = Surv.right([13.2, 13.2, 20, 24], [1, 0, 1, 0], unit="months")
    start = [np.inf, np.inf, 3.0, 4.0]
    found = [
        clone_censor_weight(surv, start, grace=5.0, times=[t], n_resamples=2).estimate
        for t in (13.2, 1.1 * 12)
    ]
    np.testing.assert_allclose(found[0], found[1])


def test_durations_are_converted_and_truth_values_are_no_times():
    day = pd.to_datetime(pd.Series(["2021-05-01"] * 3)) - pd.Timestamp("2021-01-01")
    assert Surv.right(day, [1, 1, 0], unit="days").time.tolist() == [120.0] * 3
    months = Surv.right(np.array([3, 4, 5], dtype="timedelta64[D]"), [1, 1, 0], unit="months").time
    assert months == pytest.approx(np.array([3, 4, 5]) / 30.4375)
    with pytest.raises(InputError, match="True"):
        Surv.right([True, True, False], [1, 1, 0], unit="months")
    for option in ("entry", "weight"):
        with pytest.raises(InputError, match=option):
            Surv.right([3, 4, 5], [1, 1, 0], unit="months", **{option: np.array(["2021-01-01"] * 3, "M8[D]")})
    with pytest.raises(InputError, match="date"):
        Surv.from_frame(
            pd.DataFrame({"t": pd.date_range("2021", periods=2), "e": [1, 1]}),
            time="t",
            event="e",
            unit="days",
        )
    with pytest.raises(InputError):
        kaplan_meier(YEARS).survival_at(pd.date_range("2021", periods=2))
    with pytest.raises(InputError):
        reconstruct_ipd((pd.date_range("2021", periods=3), [1, 0.8, 0.6]), at_risk=([0], [20]), unit="months")


def test_rows_of_one_patient_are_one_patient():
    rows = Surv.right(
        [2, 4, 7, 3, 6, 5], [0, 0, 1, 0, 1, 0], unit="months", entry=[0, 2, 4, 0, 3, 0], id=[1, 1, 1, 2, 2, 3]
    )
    curve = kaplan_meier(rows)
    assert "3 patients, 2 events" in curve.headline()
    left = dict(zip(curve.time.tolist(), np.asarray(curve.n_censor).tolist()))
    assert {t: n for t, n in left.items() if n} == {5.0: 1}
    assert list(logrank_test(rows, [0, 0, 0, 1, 1, 1]).to_frame()["n_patients"]) == [1, 2]


def test_everybody_is_at_risk_at_time_0():
    late = Surv.right([3, 4, 5], [1, 1, 0], unit="months", entry=[0, 0, 0])
    assert np.asarray(kaplan_meier(late).at_risk([0, 1])).ravel().tolist() == [3, 3]


def test_batches_have_a_door():
    with pytest.raises(InputError, match="negative"):
        cox_trials([[-1, 2, 0.5, 0.6, 0.7, 0.8]], [[1, 1, 1, 0, 1, 1]], [0, 1, 1, 0, 0, 1])
    for batch in (cox_trials, lambda *a: analyse_trials(*a, unit="months")):
        with pytest.raises(InputError, match="event must be"):
            batch([[1, 2, 3, 4, 5, 6]], [SIX], [0, 0, 1, 1, 1, 0])
    six = Surv.right([1, 2, 3, 4, 5, 6], [1] * 6, unit="months")
    with pytest.raises(InputError, match="finite"):
        cox_resamples(six, [0, 1, np.nan, 0, 1, 1], np.ones((2, 6)))


def test_counts_bound_what_is_printed():
    assert effect_size(hazard_ratio=1.01, p_value=0.6, n_event=40).std_error >= 0.316
    three = [
        {"value": 10, "conf_low": 9.9, "conf_high": 10.1, "n_event": 10},
        {"value": 12, "conf_low": 8, "conf_high": 17, "n_event": 30},
        {"value": 9, "conf_low": 6, "conf_high": 13, "n_event": 25},
    ]
    with pytest.raises(SurvsimError, match="row 0: a standard error of"):
        pool_medians(three, unit="months")
    points = [
        {"time": 12, "value": 0.5, "conf_low": 0.49, "conf_high": 0.51, "n": 10},
        {"time": 12, "value": 0.6, "conf_low": 0.4, "conf_high": 0.75, "n": 30},
    ]
    with pytest.raises(SurvsimError, match="10 patients allow no less"):
        pool_survival_points(points, unit="months")


def test_labels_of_pandas_pair_the_rows():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"t": rng.exponential(9, 30) + 0.1, "e": rng.random(30) < 0.7, "x": rng.normal(size=30)}
    )
    turned = frame.sample(frac=1, random_state=1)
    assert (Surv.right(frame.t, turned.e, unit="months").event == frame.e).all()
    surv = Surv.right(frame.t, frame.e, unit="months")
    assert cox_ph(surv, "x", turned).estimate == pytest.approx(cox_ph(surv, "x", frame).estimate)
    error = pd.Series(rng.uniform(0.1, 0.3, 30))
    assert meta_analysis(frame.x, error.sample(frac=1, random_state=2)).estimate == pytest.approx(
        meta_analysis(frame.x, error).estimate
    )


def test_an_error_next_to_zero_is_named():
    y, s = [0.1, 0.5, 0.9, 0.4], [0.1, 1e-10, 0.1, 0.2]
    for pool in (
        lambda: meta_analysis(y, s),
        lambda: meta_regression(y, s, [1.0, 2, 3, 5]),
        lambda: network_meta_analysis(list("abcd"), list("AABB"), list("BCCD"), y, s),
    ):
        with pytest.raises(InputError, match="next to zero"):
            pool()


@pytest.mark.filterwarnings("ignore::survsim.core.errors.SurvsimWarning", "ignore::DeprecationWarning")
def test_noise_of_a_click_is_no_fault():
    click = reconstruct_ipd(
        [0, 1, 2, 4], [1.003, 0.9, 0.8, 0.6], at_risk_times=[0, 2], at_risk=[20, 18], unit="months"
    )
    assert click.n_event > 0
    rise = reconstruct_ipd(
        [0, 2, 4, 4.1, 8], [1, 0.85, 0.78, 0.80, 0.5], at_risk_times=[0, 6], at_risk=[120, 60], unit="months"
    )
    assert rise.n_event > 0
    below = reconstruct_ipd(
        [-0.01, 1, 2, 4], [1, 0.5, 0.1, -0.002], at_risk_times=[0], at_risk=[20], unit="months"
    )
    assert below.n_event > 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_a_reconstruction_could_not_keep_is_said():
    with pytest.warns(SurvsimWarning, match="55"):
        reconstruct_ipd(
            [3, 6, 9, 12, 15], [0.9, 0.75, 0.6, 0.5, 0.45], at_risk_times=[0, 6, 12], at_risk=[100, 60, 20], n_event=55,
            unit="months",
        )  # fmt: skip
    with pytest.warns(SurvsimWarning, match="censored"):
        reconstruct_ipd(
            [0, 2, 4, 6, 9, 12], [1, 0.8, 0.6, 0.4, 0.3, 0.2], at_risk_times=[0], at_risk=[60], unit="months"
        )


def test_a_formula_of_r_users_is_answered_in_words():
    frame = pd.DataFrame(
        {"site": list("aabbc") * 2, "tumour size": np.arange(10.0), "n": [*range(9), "none"]}
    )
    y, s = np.linspace(0, 1, 10), np.full(10, 0.2)
    with pytest.raises(InputError, match="takes the intercept out"):
        meta_regression(y, s, "0 + site", data=frame)
    surv = Surv.right(np.arange(1, 11), [1] * 10, unit="months")
    with pytest.raises(InputError, match="`tumour size`") as found:
        cox_ph(surv, "tumour size", frame)
    assert "\x1b" not in str(found.value) and "[1;31m" not in str(found.value)
    with pytest.raises(InputError, match="'none' in row 9"):
        cox_ph(surv, "n", frame)


def test_a_covariate_constant_in_one_transition_is_named():
    patients = pd.DataFrame({"patient_id": list("abcdef"), "follow_up": [9.0] * 6, "x": [1.0, 1, 1, 0, 1, 0]})
    events = pd.DataFrame(
        {
            "patient_id": list("aabbcd"),
            "state": ["ill", "dead"] * 2 + ["ill", "dead"],
            "time": [1.0, 3, 2, 5, 4, 6],
        }
    )
    made = prepare_multistate(
        patients, events, start="well", transitions={"well": ["ill", "dead"], "ill": ["dead"]}, unit="years",
        covariates=("x",),
    )  # fmt: skip
    with pytest.raises(SurvsimError, match=r"'x'.*(constant|grows without bound)"):
        multistate_fit(made, "x")


def test_long_names_and_dollars_in_a_figure(tmp_path):
    names = ["a" * 50, "b" * 50, "price $5 and $6"]
    surv = Surv.right(np.arange(1, 10), [1] * 9, unit="months")
    made = kaplan_meier(surv, by=np.repeat(names, 3)).plot()
    figure = made.figure
    figure.savefig(tmp_path / "x.svg")
    words = "".join(re.findall(r">([^<]*)<|<!-- (.*?) -->", (tmp_path / "x.svg").read_text())[0]) or ""
    assert isinstance(words, str)
    assert "price $5 and $6" in (tmp_path / "x.svg").read_text()


def test_tied_intervals_need_no_warning_of_numpy():
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        found = interval_censored_survival([0] * 5 + [3] * 5, [3] * 10, unit="years")
    assert found is not None


def test_a_missing_event_is_called_missing():
    with pytest.raises(InputError, match="event is missing in row 2"):
        Surv.right([3, 4, 5], pd.Series([True, False, None], dtype="boolean"), unit="months")


def test_infinite_replicates_of_a_median_are_counted():
    surv = Surv.right([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 0, 1, 0, 1, 0, 0], unit="months")
    with pytest.warns(SurvsimWarning):
        found = bootstrap(surv, "median", n_resamples=50)
    infinite = int(np.isinf(np.asarray(found.replicates, float)).sum())
    assert infinite > 0 and np.asarray(found.n_undefined).sum() >= infinite


def test_covariates_of_a_frame_are_used_without_a_formula():
    y = Surv.right([5, 8, 9, 12, 3, 7, 4], [1, 0, 1, 1, 1, 0, 1], unit="months")
    x = pd.DataFrame({"x": [0, 1, 0, 1, 1, 0, 1.0]})
    named, plain = (
        parametric_survival(y, "weibull", None, x),
        parametric_survival(y, "weibull", None, x.to_numpy()),
    )
    assert named.terms == ("Intercept", "x", "Intercept")
    assert named.estimate == pytest.approx(plain.estimate)


def test_equal_rows_tie_in_concordance_whatever_holds_them():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 10, (57, 4)).astype(float)
    x[-1] = x[0]
    y = Surv.right(rng.exponential(size=57).round(2) + 0.01, np.ones(57), unit="months")
    for data in (x, pd.DataFrame({c: x[:, j].copy() for j, c in enumerate("abcd")})):
        found = cox_ph(y, None, data).concordance()
        assert found.tied == 1 and found.estimate == pytest.approx(0.57237256, abs=5e-9)


def test_the_penalised_likelihood_is_on_the_covariates_as_given():
    surv = Surv.right([1, 4, 6, 9], [1, 1, 1, 0], unit="months")
    assert cox_ph(surv, None, [[1.0], [0], [1], [0]], penalty="firth").log_likelihood == pytest.approx(
        -3.07071, abs=5e-6
    )


def test_occupancy_at_a_simulated_time_is_what_was_simulated():
    law = {"family": "piecewise_exponential", "breaks": (0.5,), "rates": (0.1, 5.0)}
    model = Model(
        states=(State(name="a"), State(name="b", death=True)), time_unit="years", horizon=7.0,
        transitions=(Transition(source="a", target="b", distribution=law),),
    )  # fmt: skip
    found = simulate_model(model, patients=20_000, seed=1, times=[0.5])
    # The error of a share of 0.95 in 20,000 is 0.0015.
    assert float(np.ravel(found.state_occupancy([0.5]).estimate)[0]) == pytest.approx(
        np.exp(-0.05), abs=0.006
    )
