"""What is no number stops at the doors that take a study's numbers too, and rows find their own by their labels."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import survsim
from survsim.borrowing import map_prior, map_rate_prior, power_prior, power_prior_rate
from survsim.calibration import DrawnLaw
from survsim.core.checks import between
from survsim.core.errors import InputError, ScenarioError, SmallSampleWarning
from survsim.core.kinds import as_numbers
from survsim.core.pairing import by_names
from survsim.cox import brier_score, cox_trials
from survsim.joint_model import rate_term
from survsim.nonparametric import logrank_test
from survsim.parametric import compare_families, model_average, parametric_survival
from survsim.printed import check_summary, effect_size
from survsim.simulation import Model, State, Transition, read_strategies
from survsim.synthesis import (
    cumulative_meta_analysis,
    meta_analysis,
    meta_regression,
    pool_proportions,
    subgroup_test,
)
from survsim.trials import analyse_trials

EFFECT, ERROR = [0.1, 0.5, 0.9, 0.4, 0.2], [0.1, 0.2, 0.1, 0.2, 0.3]
NO_NUMBERS = {
    "durations": np.array([1, 2, 3, 4, 7], "m8[D]"),
    "masked": np.ma.array([1.0, 2, 3, 4, 7], mask=[0, 1, 0, 0, 0]),
    "complex": np.array([1 + 1j, 2, 3, 4, 7]),
    "text": ["1", "2", "3", "4", "7"],
    "underscores": ["6_0", 2, 3, 4, 7],
    "dates": pd.date_range("2020", periods=5).to_numpy(),
    "a missing one": pd.array([1.0, None, 3, 4, 7], dtype="Float64"),
    "a masked one in a list": [1.0, np.ma.masked, 3, 4, 7],
    "words of pandas": pd.Series(["1", "2", "3", "4", "7"], dtype="string"),
}


@pytest.mark.parametrize("values", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_moderators_of_a_meta_regression_are_numbers(values):
    for given in (values, np.ma.asarray(values)[:, None] if isinstance(values, np.ndarray) else values):
        with pytest.raises(InputError, match="moderators"):
            meta_regression(EFFECT, ERROR, given)
    with pytest.raises(InputError, match="moderators"):
        meta_regression(EFFECT, ERROR, pd.DataFrame({"x": pd.Series(values)}))


@pytest.mark.filterwarnings("ignore::survsim.core.errors.SmallSampleWarning")
def test_moderators_of_a_new_study_are_numbers_too():
    fit = meta_regression(EFFECT, ERROR, [1, 2, 3, 4, 7.0])
    with pytest.raises(InputError, match="moderators"):
        fit.predict(np.array([[1]], "m8[D]"))


@pytest.mark.parametrize(
    "missing", [np.ma.masked, np.timedelta64("NaT", "s"), pd.NaT, pd.NA, None, float("nan")]
)
def test_one_missing_number_is_never_zero(missing):
    """A masked number came as 0 where one number is wanted, and a duration that is not there likewise."""
    with pytest.raises(InputError):
        between("x", missing, 0.0, np.inf, open_ends=False, unit="days")
    with pytest.raises(InputError):
        rate_term(missing, 10.0, study="s", unit="months")
    with pytest.raises(InputError):
        check_summary(survsim.Surv.right([1, 2, 3], [1, 1, 1], unit="months"), survival=[(missing, 0.5)])


def test_missing_values_come_back_as_nan_from_every_kind():
    for values in (
        np.ma.array([1.0, 5.0], mask=[0, 1]),
        np.array([1, "NaT"], "m8[D]"),
        [1.0, np.ma.masked],
        [1.0, None],
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found, missing = as_numbers("x", values, "days")
        assert missing.tolist() == [False, True] and np.isnan(found[1]) and found[0] == 1.0


@pytest.mark.parametrize("power", [1 + 0j, np.complex128(0.5 + 1j), True, "0.5", np.ma.masked, pd.NA])
def test_a_power_is_a_number(power):
    with pytest.raises(InputError, match="power"):
        power_prior(EFFECT, ERROR, power=power)


@pytest.mark.parametrize("bad", [(10 + 1j, 12), ("10", "12"), np.array([10, 12], "m8[D]"), (True, 12)])
def test_printed_counts_are_numbers(bad):
    for given in (
        {"hazard_ratio": 0.9, "n_event": bad},
        {"hazard_ratio": 0.9, "n_event": 40, "n_arm": bad},
        {"observed": bad, "expected": (12.0, 10.0)},
    ):
        with pytest.raises(InputError):
            effect_size(**given)
    with pytest.raises(InputError):
        effect_size(hazard_ratio=np.complex128(0.9 + 1j), conf_low=0.5, conf_high=2.0)


def test_a_printed_ratio_that_no_data_can_give_is_refused():
    """An effect of 3e299 had a ratio and limits of infinity, with warnings of numpy."""
    for given in (
        {"observed_minus_expected": 1e300, "variance": 3.0},
        {"hazard_ratio": 1e300, "p_value": 0.5},
        {"hazard_ratio": 2.0, "p_value": 0.9999999},
    ):
        with pytest.raises(InputError, match="no data can give"):
            effect_size(**given)


def test_draws_are_numbers():
    for draws in (np.full(100, 1 + 1j), ["1.5"] * 100, np.ones(100, "m8[D]")):
        with pytest.raises(InputError, match="draws"):
            DrawnLaw(draws=draws)
        with pytest.raises(ScenarioError, match="parameter rate"):
            Model(
                states=(State(name="a"), State(name="b", death=True)),
                time_unit="years",
                horizon=5.0,
                parameters={"rate": draws},
                transitions=(
                    Transition(
                        source="a", target="b", distribution={"family": "exponential", "rate": "rate"}
                    ),
                ),
            )


def test_dates_are_labels_that_can_be_read_and_no_causes():
    """Groups by date were called 1577836800000000000, and dates as causes made everybody an event."""
    surv = survsim.Surv.right([1.0, 2, 3, 4], [1, 1, 1, 0], unit="years")
    day = pd.to_datetime(["2020-01-01", "2020-01-01", "2021-06-01", "2021-06-01"]).to_numpy()
    assert list(logrank_test(surv, day).groups) == ["2020-01-01", "2021-06-01"]
    with pytest.raises(InputError, match="of another kind"):
        survsim.Surv.competing([1.0, 2, 3, 4], day, unit="years")
    with pytest.raises(InputError, match="complex"):
        logrank_test(surv, np.array([1 + 1j, 2, 1 + 1j, 2]))
    with pytest.raises(InputError, match="missing in row 1"):
        logrank_test(surv, np.array(["2020-01-01", "NaT", "2020-01-01", "2020-01-02"], "M8[D]"))


@pytest.mark.parametrize(
    "prior", [lambda e, s: map_prior(e, s, tau_scale=0.5), lambda e, s: power_prior(e, s, power=0.5)]
)
def test_an_error_next_to_zero_is_no_prior(prior):
    with pytest.raises(InputError, match="next to zero"):
        prior([0.1, 0.2, 0.3], [1e-10, 0.1, 0.1])


FRAME = pd.DataFrame(
    {
        "y": EFFECT,
        "s": ERROR,
        "w": [0.1, 0.9, 0.4, 0.6, 1.0],
        "z": [3.0, 1.0, 2.0, 5.0, 4.0],
        "g": list("aabba"),
        "d": [3, 4, 9, 2, 7],
        "n": [30, 22, 41, 19, 12],
    },
    index=["ann", "bob", "cat", "dan", "eve"],
)
TURNED = FRAME.iloc[[3, 0, 4, 2, 1]]
STRANGE = FRAME.set_axis(["ann", "bob", "cat", "dan", "zoe"])
NAMED = meta_analysis(EFFECT, ERROR, labels=list(FRAME.index))
ROWS = {
    "power": lambda f: power_prior(FRAME.y, FRAME.s, power=f.w).mixture.centre,
    "power of a rate": lambda f: power_prior_rate(FRAME.d, FRAME.n, power=f.w).mixture.shape,
    "proportions": lambda f: pool_proportions(FRAME.d, f.n).estimate,
    "subgroups": lambda f: subgroup_test(NAMED, f.g).p_value,
    "moderator": lambda f: meta_regression(NAMED, moderators=f.z).estimate,
    "formula": lambda f: meta_regression(NAMED, "z", data=f).estimate,
    "order": lambda f: cumulative_meta_analysis(NAMED, order=f.z).estimate,
}


@pytest.mark.filterwarnings("ignore::survsim.core.errors.SmallSampleWarning")
@pytest.mark.parametrize("answer", ROWS.values(), ids=ROWS)
def test_rows_of_studies_find_their_own(answer):
    np.testing.assert_allclose(answer(TURNED), answer(FRAME), rtol=1e-9)
    with pytest.raises(InputError, match="row labels"):
        answer(STRANGE)


def test_predictions_of_patients_find_their_own():
    surv = survsim.Surv.right(FRAME.z, [1, 1, 0, 1, 1], unit="years")
    held = pd.DataFrame({"at 2": FRAME.w})
    assert brier_score(surv, held.loc[TURNED.index], [2.5]).estimate == pytest.approx(
        brier_score(surv, held, [2.5]).estimate
    )
    with pytest.raises(InputError, match="row labels"):
        brier_score(surv, held.set_axis(STRANGE.index), [2.5])


def test_trials_in_frames_find_their_patients():
    """Columns of frames are patients; arrays made of them had lost their names."""
    time = pd.DataFrame([[1.0, 3, 4, 6, 8, 9]], columns=list("abcdef"))
    event = pd.DataFrame([[1, 1, 1, 1, 1, 0]], columns=list("abcdef"))
    arm = pd.Series([0, 0, 1, 0, 1, 1], index=list("abcdef"))
    z, slope = analyse_trials(time, event, arm, unit="months").z, cox_trials(time, event, arm).estimate
    back = list("fedcba")
    assert analyse_trials(time, event[back], arm[back], unit="months").z == pytest.approx(z)
    assert cox_trials(time, event[back], arm[back]).estimate == pytest.approx(slope)
    assert analyse_trials(time, event, arm.to_frame().T[back], unit="months").z == pytest.approx(z)
    one = time.loc[0], event.loc[0, back], arm[back]
    assert analyse_trials(*one, unit="months").z == pytest.approx(z)
    with pytest.raises(InputError, match="row labels"):
        analyse_trials(time, event, arm.set_axis(list("abcdeg")), unit="months")


def test_labels_that_are_no_names_pair_by_position():
    plain = pd.Series([1, 2, 3])
    assert by_names(("x", "y", "z"), "order", plain) is plain
    with pytest.raises(InputError, match="cannot be paired by name"):
        by_names(("x", "x", "z"), "order", pd.Series([1, 2, 3], index=["x", "y", "z"]))


def test_small_sample_is_still_said():
    with pytest.warns(SmallSampleWarning):
        meta_regression(EFFECT[:4], ERROR[:4], [1.0, 2, 3, 5])


@pytest.mark.parametrize("gap", [None, float("nan"), pd.NaT, pd.NA, np.ma.masked, "", "  "])
def test_a_missing_label_is_no_name(gap):
    with pytest.raises(InputError, match="labels is missing in row 1"):
        map_rate_prior([1, 2, 3], [10.0, 20, 30], tau_scale=0.5, labels=["a", gap, "b"])
    with pytest.raises(InputError, match="clusters is missing"):
        meta_analysis(EFFECT, ERROR, clusters=["a", gap, "b", "c", "d"])
    with pytest.raises(InputError, match="study is empty"):
        rate_term(3, 10.0, study=gap, unit="months")


def test_every_study_of_a_rate_prior_has_its_name():
    with pytest.raises(InputError, match="2 names for 3 studies"):
        map_rate_prior([1, 2, 3], [10.0, 20, 30], tau_scale=0.5, labels=["a", "b"])


@pytest.mark.parametrize("n", [-1, 0, 2.5, 1e9, "3", None])
def test_draws_are_asked_for_by_a_number_of_draws(n):
    """Found by the fuzz: -1 ended in numpy's words about negative dimensions."""
    surv = survsim.Surv.right([1.0, 2, 3, 5, 8], [1, 1, 1, 0, 1], unit="years")
    fit = parametric_survival(surv, "weibull")
    with pytest.raises(InputError, match="n must"):
        fit.draws(n, seed=1)
    with pytest.raises(InputError, match="n must"):
        model_average(compare_families(surv, families=["weibull", "exponential"])).draws(n)
    assert fit.draws(3, seed=1).shape == (3, 2)


@pytest.mark.parametrize("folder", ["nowhere", "a\x00b"])
def test_a_folder_of_strategies_that_is_not_there_is_not_empty(folder, tmp_path):
    with pytest.raises(ScenarioError, match="there is no folder"):
        read_strategies(str(tmp_path / folder))
    file = tmp_path / "one.yml"
    file.write_text("strategy: x\n")
    with pytest.raises(ScenarioError, match="there is no folder"):
        read_strategies(file)
