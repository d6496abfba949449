"""Pooled proportions and two-arm counts: on paper, as identities, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from survsim.errors import ConvergenceError, InputError, SmallSampleWarning
from survsim.estimate.synthesis.binomial_normal import Counts, evaluate
from survsim.synthesis import pool_proportions, pool_two_arms

LIKE = ([3, 6, 12], [10, 20, 40])
ARMS = ([1, 0, 3, 2], [40, 25, 60, 35], [4, 0, 7, 5], [41, 24, 58, 36])


def test_studies_that_agree_pool_to_the_proportion_of_their_total():
    found = pool_proportions(*LIKE)
    assert found.estimate == pytest.approx(0.3)
    assert found.tau2 == 0.0
    assert found.logit_std_error == pytest.approx((70 * 0.3 * 0.7) ** -0.5)
    assert found.lr_statistic == pytest.approx(0.0, abs=1e-9)
    assert (found.prediction_low, found.prediction_high) == (found.conf_low, found.conf_high)
    assert "21 of 70" in found.headline()


def test_exact_limits_of_the_studies():
    found = pool_proportions([0, 3, 12], [12, 30, 12])
    for i in range(3):
        exact = binomtest(int(found.events[i]), int(found.n[i])).proportion_ci(method="exact")
        assert (found.study_low[i], found.study_high[i]) == pytest.approx((exact.low, exact.high))


def test_events_and_their_absence_change_places():
    x, n = np.array([0, 3, 5, 1, 9]), np.array([12, 30, 25, 18, 11])
    one, other = pool_proportions(x, n), pool_proportions(n - x, n)
    assert one.estimate == pytest.approx(1 - other.estimate)
    assert one.tau2 == pytest.approx(other.tau2)
    assert one.conf_low == pytest.approx(1 - other.conf_high)


def test_score_and_information_are_the_derivatives_of_the_likelihood():
    side = np.array([[1.0, 0.5], [1.0, -0.5]])
    x, n = (
        np.array([[1.0, 4.0], [0.0, 0.0], [3.0, 7.0]]),
        np.array([[40.0, 41.0], [25.0, 24.0], [60.0, 58.0]]),
    )
    counts, at = Counts(x, n, side, side), np.array([-2.5, -0.8, 0.7, 0.4])
    value, score, information = evaluate(counts, at)
    assert value < 0
    step = 1e-5
    for j, move in enumerate(np.eye(4) * step):
        up, down = evaluate(counts, at + move), evaluate(counts, at - move)
        assert score[j] == pytest.approx((up[0] - down[0]) / (2 * step), rel=1e-6, abs=1e-8)
        assert information[j] == pytest.approx(-(up[1] - down[1]) / (2 * step), rel=1e-5, abs=1e-7)


def test_a_study_without_events_changes_the_binomial_model_and_the_difference_but_no_ratio_of_one_effect():
    without = tuple(np.delete(column, 1) for column in ARMS)
    for method, measure, same in (
        ("peto", "OR", True), ("mantel-haenszel", "OR", True), ("mantel-haenszel", "RR", True),
        ("mantel-haenszel", "RD", False), ("binomial-normal", "OR", False),
    ):  # fmt: skip
        whole = pool_two_arms(*ARMS, method=method, measure=measure)
        less = pool_two_arms(*without, method=method, measure=measure)
        assert (whole.estimate == pytest.approx(less.estimate, rel=1e-9)) is same
        assert whole.n_used == (3 if same else 4)


def test_arms_that_change_places_change_the_sign():
    swapped = (ARMS[2], ARMS[3], ARMS[0], ARMS[1])
    for method in ("binomial-normal", "mantel-haenszel", "peto"):
        one, other = pool_two_arms(*ARMS, method=method), pool_two_arms(*swapped, method=method)
        assert one.estimate == pytest.approx(-other.estimate)
        assert one.std_error == pytest.approx(other.std_error)


def test_one_table_by_hand():
    """10 of 20 against 5 of 20: O - E is 2.5, V is 15 25 20 20 / (40^2 39)."""
    found = pool_two_arms(10, 20, 5, 20, method="peto")
    variance = 15 * 25 * 400 / (1600 * 39)
    assert found.estimate == pytest.approx(2.5 / variance)
    assert found.std_error == pytest.approx(variance**-0.5)
    odds = pool_two_arms(10, 20, 5, 20, method="mantel-haenszel")
    assert odds.estimate == pytest.approx(np.log(10 * 15 / (10 * 5)))
    assert odds.std_error == pytest.approx(np.sqrt(1 / 10 + 1 / 10 + 1 / 5 + 1 / 15))
    assert odds.tau2 is None
    difference = pool_two_arms(10, 20, 5, 20, method="mantel-haenszel", measure="RD")
    assert difference.estimate == pytest.approx(0.25)
    with pytest.warns(SmallSampleWarning):
        model = pool_two_arms(10, 20, 5, 20)
    assert model.estimate == pytest.approx(odds.estimate)
    assert model.std_error == pytest.approx(odds.std_error)


def test_few_studies_are_told():
    with pytest.warns(SmallSampleWarning, match="2 studies"):
        pool_proportions([1, 2], [10, 12])
    with pytest.warns(SmallSampleWarning, match="1 study"):
        assert pool_proportions([1], [10]).estimate == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pool_proportions([0, 0, 0], [5, 6, 7]), "no patient of 18"),
        (lambda: pool_proportions([5, 6, 7], [5, 6, 7]), "every patient of 18"),
        (lambda: pool_proportions([6, 1], [5, 6]), "must not exceed"),
        (lambda: pool_proportions([0, 1], [0, 6]), "above 0"),
        (lambda: pool_proportions([0.5, 1], [5, 6]), "whole numbers"),
        (lambda: pool_proportions([-1, 1], [5, 6]), "whole numbers"),
        (lambda: pool_proportions([np.nan, 1], [5, 6]), "missing|whole"),
        (lambda: pool_proportions([1, 2, 3], [5, 6]), "events 3, n 2"),
        (lambda: pool_proportions([], []), "nothing to pool"),
        (lambda: pool_proportions([[1, 2]], [5]), "one column"),
        (lambda: pool_proportions([1, 2], [5, 6], labels=["a"]), "labels"),
        (lambda: pool_proportions([1, 2], [5, 6], conf_level=1.5), "conf_level"),
        (lambda: pool_two_arms(*ARMS, method="peto", measure="RR"), "use 'mantel-haenszel'"),
        (lambda: pool_two_arms(*ARMS, method="inverse"), "method"),
        (lambda: pool_two_arms(*ARMS, measure="HR"), "measure"),
        (lambda: pool_two_arms([0, 0], [5, 6], [1, 2], [5, 6]), "no patient of the research"),
        (lambda: pool_two_arms([0, 0], [5, 6], [1, 2], [5, 6], method="mantel-haenszel"), "0 or infinite"),
        (lambda: pool_two_arms([1, 2], [5, 6], [5, 6], [5, 6]), "every patient of the control"),
        (lambda: pool_two_arms([0, 6], [5, 6], [0, 6], [5, 6], method="peto"), "no odds ratio"),
    ],
)
def test_bad_counts_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_studies_with_everybody_or_nobody_have_no_mean():
    with pytest.raises(ConvergenceError, match="without bound"):
        pool_proportions([0, 10, 0, 10], [10, 10, 10, 10])


def test_many_studies_are_taken_in_blocks():
    rng = np.random.default_rng(6)
    n = rng.integers(10, 40, 450)
    x = rng.binomial(n, 1 / (1 + np.exp(1.0 - 0.6 * rng.normal(size=450))))
    counts = Counts(x[:, None].astype(float), n[:, None].astype(float), np.ones((1, 1)), np.ones((1, 1)))
    at = np.array([-1.0, 0.6])
    halves = [evaluate(Counts(counts.events[s], counts.patients[s], counts.fixed, counts.random), at)
              for s in (slice(0, 450, 2), slice(1, 450, 2))]  # fmt: skip
    for whole, one, other in zip(evaluate(counts, at), *halves):
        np.testing.assert_allclose(whole, one + other, rtol=1e-10)
    assert pool_proportions(x, n).tau2 == pytest.approx(0.36, abs=0.12)


# metafor 3.8-1 gives these a standard error of 0, limits that equal the estimate, and a p-value that is NA.
NO_VARIANCE = [
    (
        "RD",
        [1],
        [1],
        [0],
        [1],
        "and 1 would come without an interval.* method='peto' gives a finite odds ratio",
    ),
    # Clopper-Pearson for 0 of 110: 1 - 0.025^(1/110).
    ("RD", [0, 0], [50, 60], [0, 0], [50, 60], "research 0 of 110, 0 to 0.033; control 0 of 110, 0 to 0.033"),
    ("RD", [0, 0], [50, 60], [0, 0], [70, 40], "exact 95% limits of each arm's risk"),
    ("RR", [50, 60], [50, 60], [70, 40], [70, 40], "research 110 of 110, 0.967 to 1"),
]


@pytest.mark.parametrize(("measure", "x_r", "n_r", "x_c", "n_c", "told"), NO_VARIANCE)
def test_counts_without_variance_are_no_certainty(measure, x_r, n_r, x_c, n_c, told):
    with pytest.raises(InputError, match=told):
        pool_two_arms(x_r, n_r, x_c, n_c, method="mantel-haenszel", measure=measure)


@pytest.mark.parametrize("method", ["binomial-normal", "mantel-haenszel", "peto"])
def test_refusals_recommend_only_what_the_counts_allow(method):
    with pytest.raises(InputError, match=r"research 0 of 110, 0 to 0.033") as none:
        pool_two_arms([0, 0], [50, 60], [0, 0], [50, 60], method=method)
    assert "measure='RD'" not in str(none.value) and "method='peto'" not in str(none.value)
    if method == "peto":
        return
    with pytest.raises(InputError, match="measure='RD' with method='mantel-haenszel' a difference"):
        pool_two_arms([0, 0], [50, 60], [2, 1], [50, 60], method=method)


def test_a_difference_with_a_variance_is_that_of_metafor():
    """rma.mh(ai = c(0, 0), n1i = c(50, 60), ci = c(3, 0), n2i = c(70, 40), measure = "RD"), metafor 3.8-1."""
    found = pool_two_arms([0, 0], [50, 60], [3, 0], [70, 40], method="mantel-haenszel", measure="RD")
    assert (found.estimate, found.std_error) == pytest.approx((-0.02351097, 0.01471462), abs=5e-9)
    assert (found.conf_low, found.conf_high) == pytest.approx((-0.05235110, 0.00532916), abs=5e-9)
    assert found.p_value == pytest.approx(0.11008831, abs=5e-9)


def test_one_event_of_a_thousand_million_keeps_its_error():
    found = pool_two_arms([1], [10**9], [0], [10**9], method="mantel-haenszel", measure="RD")
    assert (found.estimate, found.std_error) == pytest.approx((1e-9, 1e-9))


@pytest.mark.parametrize("change_places", [False, True])
def test_the_highest_of_several_maxima_is_taken(change_places):
    """metafor's rma.glmm(model="UM.RS", coding=1/2, cor=FALSE, drop00=FALSE), by Laplace: -3.590, SE 1.393, tau2 1.961.

    A second maximum at tau2 = 0 gives -2.925 with log likelihood -9.830."""
    arms = ([0, 0, 0, 1], [10, 15, 20, 300], [3, 0, 2, 6], [11, 20, 22, 150])
    found = pool_two_arms(*(arms[2:] + arms[:2] if change_places else arms))
    assert abs(found.estimate) == pytest.approx(3.590, abs=0.02)
    assert found.std_error == pytest.approx(1.393, abs=0.02)
    assert found.tau2 == pytest.approx(1.961, abs=0.03)
    assert found.log_likelihood == pytest.approx(-9.6962, abs=1e-4)
