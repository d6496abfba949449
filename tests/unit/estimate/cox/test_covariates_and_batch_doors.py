"""Covariates mean the same to every model, equal rows are tied, and batches of trials have a door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph, parametric_survival, royston_parmar
from survsim.cox import concordance, cox_resamples, cox_trials, time_dependent_auc
from survsim.errors import InputError
from survsim.parametric import compare_families, mixture_cure
from survsim.trials import analyse_trials

SURV = Surv.right([5, 8, 9, 12, 3, 7, 4], [1, 0, 1, 1, 1, 0, 1], unit="months")
FRAME = pd.DataFrame({"x": [0, 1, 0, 1, 1, 0, 1.0]})


@pytest.mark.parametrize(
    "fit",
    [
        lambda d: parametric_survival(SURV, "weibull", None, d),
        lambda d: royston_parmar(SURV, None, d, df=1),
        lambda d: compare_families(SURV, None, d, families=["gompertz"]).fits[0],
    ],
)
def test_a_frame_without_a_formula_is_its_columns(fit: Any) -> None:
    named, plain = fit(FRAME), fit(FRAME.to_numpy())
    np.testing.assert_array_equal(named.estimate, plain.estimate)
    assert "x" in named.terms and "x1" in plain.terms
    assert np.isfinite(named.predict_survival(pd.DataFrame({"x": [0.0, 1.0]}), [4]).survival).all()
    for other in (FRAME["x"], FRAME.to_numpy().tolist(), FRAME.assign(x=FRAME.x.astype(bool))):
        np.testing.assert_allclose(fit(other).estimate, plain.estimate, rtol=1e-12)


def test_a_cure_model_takes_a_frame_too_and_leaves_it_to_the_formula_of_the_cured() -> None:
    time = [1, 2, 2, 3, 4, 5, 7, 40, 50, 60, 60, 60]
    surv = Surv.right(time, [1] * 7 + [0] * 5, unit="months")
    frame = pd.DataFrame({"x": [0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1, 0.0]})
    assert mixture_cure(surv, data=frame).terms.count("x") == 1
    only_cure = mixture_cure(surv, cure="x", data=frame)
    assert [p for p, t in zip(only_cure.predictor, only_cure.terms) if t == "x"] == ["logit(cure)"]
    shape = parametric_survival(SURV, "weibull", ancillary="x", data=FRAME)
    assert [p for p, t in zip(shape.predictor, shape.terms) if t == "x"] == ["log(sigma)"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pd.DataFrame({"x": list("abababa")}), r"must be a number \('x' is not\)"),
        (pd.DataFrame({"x": pd.Categorical([1, 2, 1, 2, 1, 2, 1])}), r"must be a number \('x' is not\)"),
        (pd.DataFrame({"x": ["1", "2", "1", "2", "1", "2", "1"]}), "write a formula"),
        (pd.DataFrame({"x": pd.date_range("2020-01-01", periods=7)}), "must be a number"),
        (FRAME[:5], "5 rows, the response 7"),
        (FRAME.assign(x=[np.nan, 1, 0, 1, 1, 0, 1]), "missing or infinite in row 0"),
        (pd.concat([FRAME, FRAME], axis=1), "'x' more than once"),
    ],
)
def test_what_is_no_covariate_is_refused_by_all(data: pd.DataFrame, message: str) -> None:
    for fit in (cox_ph, royston_parmar, lambda s, f, d: parametric_survival(s, "weibull", f, d)):
        with pytest.raises(InputError, match=message):
            fit(SURV, None, data)


def test_equal_rows_are_tied_whatever_the_order_of_the_sum() -> None:
    # R survival 3.5: concordance 0.57237256, one pair tied on x.
    rng = np.random.default_rng(0)
    x = rng.integers(0, 10, (57, 4)).astype(float)
    x[-1] = x[0]
    y = Surv.right(rng.exponential(size=57).round(2) + 0.01, np.ones(57), unit="months")
    frame = pd.DataFrame({c: x[:, j].copy() for j, c in enumerate("abcd")})
    for data in (x, frame, frame[list("dcba")]):
        found = cox_ph(y, None, data).concordance()
        assert found.tied == 1 and found.estimate == pytest.approx(0.57237256, abs=5e-9)


def test_large_values_that_cancel_leave_no_order_among_equal_rows() -> None:
    rng = np.random.default_rng(3)
    base = rng.normal(size=12) * 1e3
    x = np.repeat(np.column_stack([base, base + rng.normal(size=12), rng.normal(size=12)]), 2, axis=0)
    y = Surv.right(rng.permutation(24) + 1.0, np.ones(24), unit="days")
    for data in (x, np.asfortranarray(x), pd.DataFrame(x)):
        assert cox_ph(y, None, data).concordance().tied == 12


@pytest.mark.filterwarnings("ignore:.*all that it is made of say the same")
def test_scores_that_differ_by_rounding_are_tied_and_others_are_not() -> None:
    y = Surv.right([1, 2, 3], [1, 1, 1], unit="days")
    assert concordance(y, [0.1 + 0.2, 0.3, 0.6]).tied == 1
    assert concordance(y, [1e-20, 2e-20, 3e-20]).tied == 0
    assert concordance(y, [0.0, 0.0, 0.0]).tied == 3


@pytest.mark.filterwarnings("ignore:.*all that it is made of say the same")
def test_one_large_score_ties_no_others() -> None:
    # R survival 3.5, concordance(Surv(1:40, rep(1, 40)) ~ I(-exp(lp))): 0, and 1 for exp(lp); ranks are all that counts.
    lp = np.r_[np.linspace(0, 3, 39), 40.0]
    y = Surv.right(np.arange(1, 41.0), [1] * 40, unit="months")
    for score in (-np.exp(lp), -lp, -np.exp(2 * lp - 90.0), -lp + 20.0):
        assert (concordance(y, score).estimate, concordance(y, score).tied) == (0.0, 0.0)
    assert (
        time_dependent_auc(y, np.exp(lp), [20.0]).estimate[0] == time_dependent_auc(y, lp, [20.0]).estimate[0]
    )
    # 0.1 + 0.2 - 0.3 is 0 but for rounding, beside scores of ordinary size and a large one
    near = Surv.right([1, 2, 3, 4], [1, 1, 1, 1], unit="years")
    assert concordance(near, [0.1 + 0.2 - 0.3, 0.0, 0.5, 1e6]).tied == 1


def test_firth_log_likelihood_is_of_the_covariates_as_they_are() -> None:
    surv = Surv.right([1, 4, 6, 9], [1, 1, 1, 0], unit="months")
    x = np.array([[1.0], [0], [1], [0]])
    fit = cox_ph(surv, None, x, penalty="firth")
    assert fit.log_likelihood == pytest.approx(-3.07071, abs=5e-6)
    # By hand: the partial likelihood's terms, plus half the log of its information at the estimate.
    b = float(fit.estimate[0])
    theta = np.exp(x[:, 0] * b)
    value = information = 0.0
    for k in range(3):
        p = (theta[k:] * x[k:, 0]).sum() / theta[k:].sum()
        value += x[k, 0] * b - np.log(theta[k:].sum())
        information += p * (1 - p)
    assert fit.log_likelihood == pytest.approx(value + 0.5 * np.log(information), rel=1e-9)
    months = cox_ph(surv, None, x / 30.0, penalty="firth")
    assert months.log_likelihood - months.log_likelihood_null == pytest.approx(
        fit.log_likelihood - fit.log_likelihood_null, rel=1e-9
    )


TIME, EVENT, ARM = [[1.0, 2, 0.5, 0.6, 0.7, 0.8]] * 2, [[1, 1, 1, 0, 1, 1]] * 2, [0, 1, 1, 0, 0, 1]


def _changed(values: Any, row: int, column: int, value: float) -> list[list[float]]:
    out = [list(map(float, r)) for r in values]
    out[row][column] = value
    return out


@pytest.mark.parametrize("many", [cox_trials, lambda t, e, a: analyse_trials(t, e, a, unit="months")])
@pytest.mark.parametrize(
    ("time", "event", "arm", "message"),
    [
        (_changed(TIME, 1, 0, np.nan), EVENT, ARM, "time must be finite"),
        (_changed(TIME, 1, 0, np.inf), EVENT, ARM, "time must be finite"),
        (_changed(TIME, 1, 0, -1.0), EVENT, ARM, r"must not be negative; found -1 in trials: row 1"),
        (TIME, _changed(EVENT, 1, 2, 2.0), ARM, "event must be True/False or 0/1"),
        (TIME, _changed(EVENT, 1, 2, np.nan), ARM, "event is missing"),
        (TIME, EVENT, [0, 1, np.nan, 0, 0, 1], "must be finite"),
        (TIME, EVENT, [0, 1, 1], "for time|one value a patient"),
        (TIME, [[1, 0]], ARM, "time and event must be"),
        (np.empty((0, 6)), np.empty((0, 6)), ARM, "time and event must be"),
    ],
)
def test_batches_check_what_comes(many: Any, time: Any, event: Any, arm: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        many(time, event, arm)


def test_batches_of_resamples_check_what_comes() -> None:
    surv = Surv.right([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 1, 1], unit="months")
    x, ones = np.array([0.0, 1, 1, 0, 0, 1]), np.ones((2, 6))
    for covariates, counts, message in (
        (np.where(np.arange(6) == 2, np.nan, x), ones, "covariates must be finite"),
        (list("abcabc"), ones, "must be a number"),
        (x, -ones, "whole numbers"),
        (x, 0.5 * ones, "whole numbers"),
        (x, np.nan * ones, "counts must be finite"),
    ):
        with pytest.raises(InputError, match=message):
            cox_resamples(surv, covariates, counts)
    causes = Surv.competing([1, 2, 3, 4, 5, 6], [1, 2, 1, 0, 1, 1], unit="months")
    with pytest.raises(InputError, match="several causes"):
        cox_resamples(causes, x, ones)
    with pytest.raises(InputError, match="same for everybody"):
        cox_trials(TIME, EVENT, np.ones(6))
    with pytest.raises(InputError, match="unit"):
        analyse_trials(TIME, EVENT, ARM, unit="parsecs")
    with pytest.raises(InputError, match="tau"):
        analyse_trials(TIME, EVENT, ARM, unit="months", tau=-1.0)


def test_a_covariate_constant_in_the_first_trial_only_is_no_obstacle() -> None:
    x = np.array([[1.0] * 6, ARM])
    batch = cox_trials(TIME, EVENT, x)
    alone = cox_ph(Surv.right(TIME[1], EVENT[1], unit="months"), None, np.array(ARM, float))
    assert batch.estimate[1, 0] == pytest.approx(alone.estimate[0], rel=1e-9)


def test_times_of_a_trial_that_differ_in_the_last_bits_are_tied() -> None:
    time, event = [[0.3, 0.1 + 0.2, 0.5, 0.6, 0.7, 0.8]], [[1] * 6]
    single = cox_ph(Surv.right(time[0], event[0], unit="years"), None, np.array(ARM, float))
    assert cox_trials(time, event, ARM).estimate[0, 0] == pytest.approx(single.estimate[0], rel=1e-9)
    assert single.estimate[0] == pytest.approx(-0.277, abs=5e-4)
    found = analyse_trials(time, event, ARM, unit="years")
    assert found.log_hazard_ratio[0] == pytest.approx(single.estimate[0], rel=1e-8)


def test_a_parametric_model_pairs_rows_by_their_labels() -> None:
    rows = [f"p{i}" for i in range(7)]
    labelled = FRAME.set_axis(rows, axis=0)
    surv = Surv.right(
        pd.Series(SURV.time, index=rows), pd.Series(SURV.event.astype(int), index=rows), unit="months"
    )
    mixed = labelled.sample(frac=1, random_state=1)
    for formula in (None, "x"):
        one = parametric_survival(surv, "weibull", formula, labelled)
        other = parametric_survival(surv, "weibull", formula, mixed)
        np.testing.assert_array_equal(one.estimate, other.estimate)


def test_resamples_refuse_a_constant_column_and_numbers_without_a_square():
    surv = Surv.right([1, 2, 3, 4], [1, 1, 1, 0], unit="years")
    with pytest.raises(InputError, match="same for everybody"):
        cox_resamples(surv, [2.0, 2, 2, 2], [[1, 1, 1, 1]])
    for huge in ([0, 1e308, 0, 1], [0, 1e160, 1e200, 1]):
        with pytest.raises(InputError, match="larger than can be computed with"):
            cox_resamples(surv, huge, [[1, 1, 1, 1]])
        with pytest.raises(InputError, match="larger than can be computed with"):
            cox_ph(surv, None, np.array(huge)[:, None])
