"""Aalen-Johansen, Gray's test, Fine-Gray and cause-specific regression: hand cases, twins, messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import (
    Surv,
    aalen_johansen,
    cause_specific_cox,
    cox_ph,
    fine_gray,
    gray_test,
    kaplan_meier,
    logrank_test,
)
from survsim.errors import ConvergenceError, ExtrapolationWarning, InputError

HAND = Surv.competing([1, 2, 3, 4], ["a", "b", "none", "a"], unit="years", censored="none")


def drawn(n: int = 40, seed: int = 1, **options: Any) -> tuple[Surv, np.ndarray]:
    rng = np.random.default_rng(seed)
    time, cause = np.ceil(rng.exponential(6.0, n)), rng.integers(0, 3, n)
    return Surv.competing(time, cause, unit="months", **options), rng.normal(size=(n, 2))


def test_hand_solved_incidence() -> None:
    found = aalen_johansen(HAND)
    assert found.causes == ("a", "b")
    np.testing.assert_allclose(found.estimate, [[0.25, 0.25, 0.25, 0.75], [0, 0.25, 0.25, 0.25]])
    np.testing.assert_allclose(found.survival, [0.75, 0.5, 0.5, 0.0], atol=1e-15)
    # One of four: the jackknife gives the binomial variance, Aalen's the Poisson one.
    np.testing.assert_allclose(found.std_error[0, 0] ** 2, 0.25 * 0.75 / 4)
    np.testing.assert_allclose(aalen_johansen(HAND, variance="aalen").std_error[0, 0] ** 2, 1 / 16)


def test_frame_and_printout() -> None:
    found = aalen_johansen(HAND)
    names = ["group", "cause", "time", "n_risk", "n_event", "estimate", "std_error", "conf_low", "conf_high"]
    assert list(found.to_frame().columns) == names and len(found.to_frame()) == 8
    assert "a 2 events, 0.75" in repr(found)
    assert found.conf_low[1, 0] == found.conf_high[1, 0] == 0.0


def test_incidence_at_times() -> None:
    found = aalen_johansen(Surv.competing([1, 2, 3], [1, 2, 0], unit="years"))
    with pytest.warns(ExtrapolationWarning, match="followed to 3 years only"):
        frame = found.incidence_at([0.5, 2.5, 9.0])
    np.testing.assert_allclose(frame["estimate"], [0, 1 / 3, np.nan, 0, 1 / 3, np.nan])


def test_groups_are_apart_and_a_cause_may_be_unseen_in_one() -> None:
    surv = Surv.competing([1, 2, 3, 4], ["a", "a", "b", "none"], unit="years", censored="none")
    found = aalen_johansen(surv, ["x", "x", "y", "y"])
    assert found.n_events.tolist() == [[2, 0], [0, 1]]
    np.testing.assert_allclose(found.estimate, [[0.5, 1, 0, 0], [0, 0, 0.5, 0.5]])
    assert np.isnan(found.conf_low[0, 1]) and found.conf_high[0, 1] == 1.0


def test_ties_between_causes_and_time_zero() -> None:
    found = aalen_johansen(Surv.competing([0, 0, 5, 5], [1, 2, 1, 0], unit="days"))
    np.testing.assert_allclose(found.estimate, [[0.25, 0.5], [0.25, 0.25]])


def test_a_category_nobody_has_is_no_cause() -> None:
    cause = pd.Categorical(["a", "none", "a"], categories=["none", "a", "b"])
    assert aalen_johansen(Surv.competing([1, 2, 3], cause, unit="days", censored="none")).causes == ("a",)


def test_one_cause_is_the_complement_of_kaplan_meier() -> None:
    surv, _ = drawn()
    time, event = surv.time, surv.cause == 1
    one = aalen_johansen(Surv.competing(time, event.astype(int), unit="months"))
    km = kaplan_meier(Surv.right(time, event, unit="months"))
    np.testing.assert_allclose(one.estimate[0], 1 - km.estimate)
    np.testing.assert_allclose(one.std_error[0], km.std_error)


@pytest.mark.parametrize("kind", ["plain", "weight", "entry", "cluster", "emptied"])
def test_jackknife_is_the_derivative_by_weights(kind: str) -> None:
    rng = np.random.default_rng(5)
    n = 16
    time, cause = rng.integers(2, 9, n).astype(float), rng.integers(0, 3, n)
    weight = rng.choice([0.5, 1.0, 2.0], n) if kind != "plain" else np.ones(n)
    entry = rng.integers(0, 2, n).astype(float) if kind in ("entry", "emptied") else None
    if kind == "emptied" and entry is not None:
        time[0], cause[0] = 1.5, 1
        entry[1:], entry[0] = 1.75, 0.0
    cluster = np.arange(n) % 5 if kind == "cluster" else np.arange(n)

    def curve(w: np.ndarray) -> np.ndarray:
        made = aalen_johansen(Surv.competing(time, cause, unit="days", weight=w, entry=entry))
        return np.vstack([made.estimate, made.survival])

    def derivative(i: int) -> np.ndarray:
        step = 1e-5 * np.eye(n)[i]
        return weight[i] * (curve(weight + step) - curve(weight - step)) / 2e-5

    effects = np.array([derivative(i) for i in range(n)])
    together = np.array([effects[cluster == c].sum(axis=0) for c in np.unique(cluster)])
    surv = Surv.competing(time, cause, unit="days", weight=weight, entry=entry, cluster=cluster)
    found = aalen_johansen(surv)
    expected = np.sqrt((together**2).sum(axis=0))
    np.testing.assert_allclose(found.std_error, expected[:2], rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(found.survival_std_error, expected[2], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: aalen_johansen(Surv.right([1, 2], [1, 0], unit="days")), "Surv.competing"),
        (lambda: aalen_johansen(HAND, conf_type="exact"), "conf_type must be one of"),
        (lambda: aalen_johansen(HAND, variance="boot"), "variance must be one of"),
        (lambda: aalen_johansen(drawn(weight=np.full(40, 0.5))[0], variance="aalen"), "not counts"),
        (lambda: gray_test(HAND, ["x", "x", "y", "y"], cause="c"), "cause must be one of 'a', 'b'"),
        (lambda: gray_test(HAND, ["x"] * 4, cause="a"), "at least two groups"),
        (lambda: gray_test(drawn(entry=np.arange(40) / 1e4)[0], np.arange(40) % 2, cause=1), "delayed entry"),
        (lambda: gray_test(HAND.take([0, 3]), ["x", "y"], cause="b"), "nothing to compare"),
        (lambda: fine_gray(HAND.take([0, 3]), None, [[0.0], [1]], cause="b"), "does not exist"),
        (lambda: fine_gray(HAND, None, [[1.0], [1], [1], [1]], cause="a"), "constant"),
        (
            lambda: fine_gray(drawn(weight=np.ones(40))[0], None, drawn()[1], cause=1, variance="fine-gray"),
            "weight",
        ),
        (lambda: cause_specific_cox(HAND, {"c": "x"}, None), "names the cause 'c'"),
        (lambda: cause_specific_cox(drawn()[0], {1: None}, drawn()[1]), "no formula"),
    ],
)
def test_messages(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()


def test_gray_without_competing_events_scores_as_the_logrank_test() -> None:
    surv, _ = drawn()
    by = np.arange(40) % 3
    alone = Surv.competing(surv.time, (surv.cause == 1).astype(int), unit="months")
    plain = logrank_test(surv.for_cause(1), by)
    found = gray_test(alone, by)
    np.testing.assert_allclose(found.score, plain.observed - plain.expected, atol=1e-12)
    assert found.df == 2 and abs(found.chi2 - plain.chi2) < 0.3 * plain.chi2 + 0.1


def test_gray_of_identical_groups_is_zero() -> None:
    surv, _ = drawn()
    found = gray_test(surv.take(np.tile(np.arange(40), 2)), np.repeat(["x", "y"], 40), cause=2)
    assert abs(found.chi2) < 1e-20 and found.p_value == pytest.approx(1.0)
    assert found.to_frame()["n_event"].tolist() == [int((surv.cause == 2).sum())] * 2


def test_fine_gray_without_censoring_keeps_competing_patients_for_ever() -> None:
    surv, x = drawn(seed=3)
    seen = surv.cause > 0
    whole = Surv.competing(surv.time[seen], surv.cause[seen], unit="months")
    never = np.where(whole.cause == 2, 1000.0, whole.time)
    cox = cox_ph(
        Surv.right(never, whole.cause == 1, unit="months"), None, x[seen], ties="breslow", robust=True
    )
    for variance in ("robust", "fine-gray"):
        fit = fine_gray(whole, None, x[seen], cause=1, variance=variance)
        np.testing.assert_allclose(fit.estimate, cox.estimate, rtol=1e-8)
        np.testing.assert_allclose(fit.covariance, cox.robust_covariance, rtol=1e-7)
    np.testing.assert_allclose(
        fine_gray(whole, None, x[seen], cause=1, variance="model").covariance, cox.model_covariance, rtol=1e-7
    )


def test_fine_gray_interval_is_the_derivative_by_weights() -> None:
    surv, x = drawn(n=25, seed=8)
    cause = np.where(surv.cause == 0, 2, surv.cause)  # no censoring: nothing else depends on weights
    weight = np.random.default_rng(2).choice([0.5, 1.0, 2.0], 25)

    def fit(w: np.ndarray) -> Any:
        made = Surv.competing(surv.time, cause, unit="months", weight=w)
        return fine_gray(made, None, x, cause=1).predict_incidence(np.array([[0.3, -0.5]]), [2.0, 6.0])

    effects = [weight[i] * (fit(weight + e).estimate - fit(weight - e).estimate)[0, 0] / 2e-4
               for i, e in enumerate(1e-4 * np.eye(25))]  # fmt: skip
    np.testing.assert_allclose(
        fit(weight).std_error[0, 0], np.sqrt(np.sum(np.square(effects), axis=0)), rtol=1e-5
    )


def test_fine_gray_predicts_by_stratum_and_warns_beyond_follow_up() -> None:
    surv, x = drawn(n=60, seed=4, stratum=np.arange(60) % 2)
    fit = fine_gray(surv, "a + b", pd.DataFrame(x, columns=["a", "b"]), cause=2)
    new = pd.DataFrame({"a": [0.0], "b": [1.0]}, index=["patient"])
    with pytest.raises(InputError, match="name the stratum"):
        fit.predict_incidence(new)
    with pytest.warns(ExtrapolationWarning, match="follow-up ended"):
        found = fit.predict_incidence(new, [3.0, 500.0], stratum=1)
    assert found.to_frame()["patient"].tolist() == ["patient"] * 2
    assert (found.conf_low <= found.estimate).all() and (found.estimate <= found.conf_high).all()
    few = fine_gray(surv.take(np.arange(20)), None, x[:20], cause=2, variance="robust")
    assert "fewer than 10 each" in repr(few)
    assert "Fine-Gray regression of 2" in repr(fit) and list(fit.to_frame()["term"]) == ["a", "b"]


def test_fine_gray_separation_is_told() -> None:
    surv = Surv.competing([1, 2, 3, 4, 5, 6], [1, 1, 1, 2, 2, 0], unit="days")
    with pytest.raises(ConvergenceError, match="grows without bound"):
        fine_gray(surv, None, [[1.0], [1], [1], [0], [0], [0]], cause=1)


def test_clusters_of_one_change_nothing() -> None:
    surv, x = drawn()
    clustered, _ = drawn(cluster=np.arange(40))
    first = fine_gray(surv, None, x, cause=1, variance="robust").covariance
    np.testing.assert_allclose(fine_gray(clustered, None, x, cause=1).covariance, first)


def test_cause_specific_incidence_sums_to_one() -> None:
    surv, x = drawn()
    model = cause_specific_cox(surv, None, x)
    np.testing.assert_allclose(model.fits[2].estimate, cox_ph(surv.for_cause(2), None, x).estimate)
    found = model.predict_incidence(x[:3], [1.0, 5.0, 9.0])
    np.testing.assert_allclose(found.estimate.sum(axis=0) + found.survival, 1.0)
    assert model.to_frame()["cause"].tolist() == [1, 1, 2, 2]


def test_influence_is_what_leaving_a_patient_out_does() -> None:
    rng = np.random.default_rng(4)
    n = 120
    group = rng.integers(0, 2, n)
    x = rng.normal(size=(n, 1)) + group[:, None]
    cause_time, other = rng.exponential(np.exp(1 - 0.4 * x[:, 0])), rng.exponential(2.0, n)
    gone = rng.exponential(np.where(group == 1, 0.7, 3.0))
    time = np.minimum(np.minimum(cause_time, other), gone)
    cause = np.where(time == gone, 0, np.where(time == cause_time, 1, 2))

    def fit(rows: np.ndarray) -> Any:
        surv = Surv.competing(time[rows], cause[rows], unit="years")
        return fine_gray(surv, None, x[rows], cause=1, censoring_by=group[rows])

    every = np.arange(n)
    whole = fit(every)
    left_out = np.array([whole.estimate - fit(np.delete(every, i)).estimate for i in range(n)])
    assert np.corrcoef(left_out[:, 0], whole.influence[:, 0])[0, 1] > 0.998
    assert abs(float((left_out**2).sum()) / float(whole.covariance[0, 0]) - 1) < 0.15


def test_a_law_of_entry_that_leaves_nobody_is_told() -> None:
    # The competing event at 2 happened when all under observation had just entered at 2 or later.
    surv = Surv.competing([2.0, 4, 5, 6], [2, 1, 0, 1], unit="days", entry=[0.0, 3, 3, 3])
    with pytest.raises(InputError, match="has no weight"):
        fine_gray(surv, None, [[0.0], [1], [0], [1]], cause=1)


@pytest.mark.parametrize(
    ("p", "message"),
    [
        ([], "p is empty"),
        (0.0, r"between 0 and 1; got 0\."),
        ([0.5, 1.0], r"got 1\."),
        (np.nan, "p must be finite"),
    ],
)
def test_shares_without_a_time_are_refused_in_plain_numbers(p: Any, message: str) -> None:
    curves = aalen_johansen(Surv.competing([1, 2, 3], [1, 2, 0], unit="years"))
    with pytest.raises(InputError, match=message):
        curves.quantile(p)
