"""What holds for any scores, predictions and counts: accuracy, predictions of patients, pooled counts."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from survsim import Surv, concordance, cox_ph, logrank_test
from survsim.cox import brier_score, time_dependent_auc
from survsim.synthesis import pool_two_arms

SEEDS = st.integers(0, 10**6)


def patients(seed: int, n: int = 40, censored: float = 0.3) -> tuple[Surv, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 15, n).astype(float)
    event = rng.random(n) >= censored
    event[:5], time[0], time[1] = True, 1.0, 20.0
    return Surv.right(time, event, unit="months"), rng.integers(0, 6, n).astype(float), rng


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_only_the_order_of_scores_counts_and_turning_it_gives_the_complement(seed):
    surv, score, _ = patients(seed)
    for ask in (
        lambda s: concordance(surv, s, weighting="uno"),
        lambda s: time_dependent_auc(surv, s, [4.0, 9.0]),
    ):
        one, same, turned = ask(score), ask(np.exp(score / 3.0)), ask(-score)
        np.testing.assert_allclose(one.estimate, same.estimate, rtol=1e-12)
        np.testing.assert_allclose(np.add(one.estimate, turned.estimate), 1.0, rtol=1e-12)
        np.testing.assert_allclose(one.std_error, turned.std_error, rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_without_censoring_uno_is_harrell_and_the_brier_score_a_mean_of_squares(seed):
    surv, score, rng = patients(seed, censored=0.0)
    uno, harrell = concordance(surv, score, weighting="uno"), concordance(surv, score)
    assert (uno.estimate, uno.std_error) == (harrell.estimate, harrell.std_error)
    predicted = rng.random((len(surv), 1))
    found = brier_score(surv, predicted, [6.0])
    squares = ((surv.time > 6.0) - predicted[:, 0]) ** 2
    np.testing.assert_allclose(found.estimate[0], squares.mean(), rtol=1e-12)
    np.testing.assert_allclose(found.std_error[0], squares.std() / np.sqrt(len(surv)), rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_two_halves_of_a_weight_in_one_cluster_are_the_whole(seed):
    surv, score, rng = patients(seed)
    weight = rng.uniform(0.5, 2.0, len(surv))
    twice = np.repeat(np.arange(len(surv)), 2)
    whole = Surv.right(surv.time, surv.event, unit="months", weight=weight)
    halves = Surv.right(
        surv.time[twice], surv.event[twice], unit="months", weight=weight[twice] / 2, cluster=twice
    )
    by = np.arange(len(surv)) % 3
    for ask in (
        lambda s, rows: time_dependent_auc(s, score[rows], [4.0, 9.0]).std_error,
        lambda s, rows: brier_score(s, (score[rows, None] + 1.0) / 8.0, [6.0]).std_error,
        lambda s, rows: logrank_test(s, by[rows], rho=1.0).chi2,
    ):
        np.testing.assert_allclose(
            ask(whole, np.arange(len(surv))), ask(halves, twice), rtol=1e-8, atol=1e-12
        )


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_predicted_quantiles_fall_with_the_hazard_and_rise_with_the_share(seed):
    surv, score, _ = patients(seed)
    fit = cox_ph(surv, None, score[:, None], penalty="ridge", penalty_strength=1.0)
    order = np.argsort(fit.linear_predictor([[0.0], [2.0], [5.0]]))
    found = fit.predict_quantile([0.1, 0.3, 0.5], [[0.0], [2.0], [5.0]])
    for limit in (found.estimate, found.conf_low, found.conf_high):
        assert (np.diff(limit, axis=1)[np.isfinite(limit[:, 1:])] >= 0).all()
    assert (found.estimate[order][:-1] >= found.estimate[order][1:]).all()
    assert (found.conf_low <= found.estimate).all() and (found.estimate <= found.conf_high).all()


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_events_and_their_absence_give_the_opposite_odds_ratio(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(10, 40, (2, 6))
    x = rng.binomial(n, 0.3)
    x[:, 0] = 1, 2
    for method in ("peto", "mantel-haenszel", "binomial-normal"):
        one = pool_two_arms(x[0], n[0], x[1], n[1], method=method)
        other = pool_two_arms(n[0] - x[0], n[0], n[1] - x[1], n[1], method=method)
        np.testing.assert_allclose(one.estimate, -other.estimate, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(one.std_error, other.std_error, rtol=1e-5)
