"""Log-rank family: hand-solved, collapse cases, exact permutation, every edge case of the peers."""

import math
from itertools import combinations

import numpy as np
import pytest

from survsim import Surv, logrank_test, maxcombo_test, pairwise_logrank
from survsim.errors import InputError
from survsim.estimate.nonparametric.maxcombo import maximum_tail
from survsim.nonparametric import permutation_logrank_test

SIX = Surv.right([1, 3, 4, 6, 8, 9], [1, 1, 1, 1, 1, 0], unit="months")
HALVES = ["a", "a", "a", "b", "b", "b"]


def test_hand_solved():
    test = logrank_test(SIX, HALVES)
    # Expected in a: 3/6 + 2/5 + 1/4; variance 1/4 + 6/25 + 3/16.
    np.testing.assert_allclose(test.observed, [3, 2])
    np.testing.assert_allclose(test.expected, [1.15, 3.85])
    assert test.chi2 == pytest.approx(1.85**2 / (0.25 + 0.24 + 0.1875))
    assert (test.df, test.n_patients.tolist()) == (1, [3, 3])
    assert test.p_value == pytest.approx(math.erfc((test.chi2 / 2) ** 0.5), rel=1e-12)


def test_weights_hand_solved():
    test = logrank_test(SIX, HALVES, rho=1)
    s = np.array([1, 5 / 6, 4 / 6])
    u = (s * [1 - 3 / 6, 1 - 2 / 5, 1 - 1 / 4]).sum()
    v = (s**2 * [0.25, 0.24, 0.1875]).sum()
    assert test.chi2 == pytest.approx(u * u / v)
    late = logrank_test(SIX, HALVES, gamma=1)
    assert late.chi2 == pytest.approx(
        (((1 - s) * [0.5, 0.6, 0.75]).sum()) ** 2 / ((1 - s) ** 2 * [0.25, 0.24, 0.1875]).sum()
    )
    assert "Fleming-Harrington(0, 1)" in repr(late)


def test_order_of_rows_and_names_of_groups_do_not_matter():
    rng = np.random.default_rng(1)
    time, event, group = rng.exponential(5, 40), rng.random(40) < 0.7, rng.integers(0, 3, 40)
    base = logrank_test(Surv.right(time, event, unit="days"), group)
    mix = rng.permutation(40)
    moved = logrank_test(
        Surv.right(time[mix], event[mix], unit="days"), np.array(["z", "x", "y"])[group[mix]]
    )
    assert moved.chi2 == pytest.approx(base.chi2)
    assert base.df == 2


def test_one_stratum_is_no_stratum_and_two_add_up():
    time, event = np.arange(1.0, 13.0), np.ones(12)
    group, stratum = np.arange(12) % 2, np.arange(12) // 6
    plain = logrank_test(Surv.right(time, event, unit="days"), group)
    same = logrank_test(Surv.right(time, event, unit="days", stratum=np.zeros(12)), group)
    assert same.chi2 == pytest.approx(plain.chi2) and "Stratified" in repr(same)
    both = logrank_test(Surv.right(time, event, unit="days", stratum=stratum), group)
    parts = [
        logrank_test(Surv.right(time[stratum == k], event[stratum == k], unit="days"), group[stratum == k])
        for k in (0, 1)
    ]
    np.testing.assert_allclose(both.expected, parts[0].expected + parts[1].expected)
    np.testing.assert_allclose(both.covariance, parts[0].covariance + parts[1].covariance)


def test_delayed_entry_hand_solved():
    s = Surv.right([2, 4, 6], [1, 1, 1], unit="months", entry=[0, 1, 3])
    test = logrank_test(s, ["a", "b", "b"])
    # At 2: a and one b; at 4: two b; at 6: one b.
    np.testing.assert_allclose(test.expected, [0.5, 2.5])
    assert test.chi2 == pytest.approx(0.5**2 / 0.25)


def test_trend_with_two_groups_is_the_plain_test():
    assert logrank_test(SIX, HALVES, trend=[0, 5]).chi2 == pytest.approx(logrank_test(SIX, HALVES).chi2)


def test_all_censored_compares_nothing():
    test = logrank_test(Surv.right([1, 2, 3], [0, 0, 0], unit="days"), ["a", "a", "b"])
    assert (test.chi2, test.df, test.p_value) == (0.0, 0, 1.0)
    exact = permutation_logrank_test(Surv.right([1, 2, 3], [0, 0, 0], unit="days"), ["a", "a", "b"])
    assert exact.p_value == 1.0


def test_no_events_in_one_arm_is_fine():
    test = logrank_test(Surv.right([1, 2, 5, 6], [1, 1, 0, 0], unit="days"), ["a", "a", "b", "b"])
    assert np.isfinite(test.chi2) and test.observed.tolist() == [2, 0]


def test_times_in_the_last_bit_count_as_tied():
    group = [0, 1, 0, 1]
    near = logrank_test(Surv.right([1, 1 + 1e-12, 2, 3], [1, 1, 1, 1], unit="days"), group)
    tied = logrank_test(Surv.right([1, 1, 2, 3], [1, 1, 1, 1], unit="days"), group)
    assert near.chi2 == pytest.approx(tied.chi2, rel=1e-12)


@pytest.mark.parametrize(
    ("by", "options", "message"),
    [
        (["a"] * 6, {}, "at least two groups; it holds only 'a'"),
        (HALVES, {"rho": -1}, "rho must lie in"),
        (HALVES, {"trend": [1, 2, 3]}, "one score a group"),
        (HALVES, {"trend": [1, 1]}, "scores that differ"),
    ],
)
def test_bad_options_are_refused(by, options, message):
    with pytest.raises(InputError, match=message):
        logrank_test(SIX, by, **options)


def test_weights_are_refused_where_patients_are_counted():
    s = Surv.right([1, 2], [1, 1], unit="days", weight=[1, 2])
    for test in (maxcombo_test, permutation_logrank_test):
        with pytest.raises(InputError, match="rank test counts patients"):
            test(s, [0, 1])


def test_weighted_scores_by_hand():
    """Times 1, 2, 3, all events; weights 2, 1, 1; groups a, b, a. At risk of a: 3 of 4, 1 of 2, 1 of 1."""
    s = Surv.right([1, 2, 3], [1, 1, 1], unit="days", weight=[2, 1, 1])
    found = logrank_test(s, ["a", "b", "a"])
    assert found.observed.tolist() == [3.0, 1.0]
    assert found.expected.tolist() == pytest.approx([2 * 3 / 4 + 1 / 2 + 1, 2 / 4 + 1 / 2])
    # Each patient's own event less the hazard lived through: increments 2/4, 1/2, 1/1 at mean 3/4, 1/2, 1.
    first = 2 * ((1 - 3 / 4) - (2 / 4) * (1 - 3 / 4))
    second = (0 - 1 / 2) - (2 / 4) * (0 - 3 / 4) - (1 / 2) * (0 - 1 / 2)
    third = 0.0 - (2 / 4) * (1 - 3 / 4) - (1 / 2) * (1 - 1 / 2) - 0.0
    assert found.covariance[0, 0] == pytest.approx(first**2 + second**2 + third**2)
    assert "weighted, robust variance" in found.headline()


def test_weights_of_one_give_the_scores_of_the_plain_test():
    s, w = (
        Surv.right([1, 3, 4, 6, 8, 9], [1, 1, 1, 1, 1, 0], unit="days", weight=x) for x in (None, [1.0] * 6)
    )
    plain, weighted = (logrank_test(x, ["a", "b", "a", "a", "b", "b"], rho=1, gamma=0.5) for x in (s, w))
    assert weighted.observed == pytest.approx(plain.observed)
    assert weighted.expected == pytest.approx(plain.expected)
    assert plain.weighted is False
    trend = logrank_test(w, ["a", "b", "a", "a", "b", "b"], trend=True)
    assert trend.df == 1


def test_pairwise_corrections():
    rng = np.random.default_rng(2)
    s = Surv.right(rng.exponential(np.repeat([1, 2, 4], 20)), np.ones(60), unit="years")
    by = np.repeat(["x", "y", "z"], 20)
    table = pairwise_logrank(s, by, correction="bonferroni")
    assert table.pairs == (("x", "y"), ("x", "z"), ("y", "z"))
    np.testing.assert_allclose(table.p_adjusted, np.minimum(3 * table.p_value, 1))
    keep = by != "z"
    assert table.p_value[0] == pytest.approx(logrank_test(s.take(keep), by[keep]).p_value)
    np.testing.assert_array_equal(pairwise_logrank(s, by, correction="none").p_adjusted, table.p_value)
    assert table.to_frame().columns.tolist() == ["group", "other", "chi2", "p_value", "p_adjusted"]


def test_maxcombo_of_one_weight_is_that_test():
    test = maxcombo_test(SIX, HALVES, weights=[(0, 0)])
    plain = logrank_test(SIX, HALVES)
    assert test.statistic**2 == pytest.approx(plain.chi2)
    assert test.p_value == pytest.approx(plain.p_value)


def test_maxcombo_parts_are_the_weighted_tests():
    rng = np.random.default_rng(5)
    s = Surv.right(rng.exponential(5, 60), rng.random(60) < 0.7, unit="days", stratum=np.arange(60) % 2)
    by = rng.integers(0, 2, 60)
    test = maxcombo_test(s, by)
    for (rho, gamma), z in zip(test.weights, test.z):
        assert z**2 == pytest.approx(logrank_test(s, by, rho=rho, gamma=gamma).chi2)
    # S + (1 - S) = 1: the early and the late score add up to the log-rank score.
    assert np.linalg.matrix_rank(test.correlation, hermitian=True, tol=1e-8) == 3
    # The combined p lies between that of its best part and Bonferroni's bound.
    best = math.erfc(test.statistic / 2**0.5)
    assert best < test.p_value < min(1.0, 3 * best + 0.3)
    assert "max |z|" in repr(test)


def test_maxcombo_refusals():
    with pytest.raises(InputError, match="two groups"):
        maxcombo_test(SIX, ["a", "a", "b", "b", "c", "c"])
    with pytest.raises(InputError, match="pairs"):
        maxcombo_test(SIX, HALVES, weights=[(-1, 0)])
    with pytest.raises(InputError, match="no variance"):
        maxcombo_test(Surv.right([1, 2, 3, 4], [1, 0, 0, 0], unit="days"), [0, 0, 1, 1])
    with pytest.raises(InputError, match="reference must be one of"):
        maxcombo_test(SIX, HALVES, reference="c")


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.95])
def test_tail_of_the_maximum_of_two(rho):
    # P(max |Z| < z) of a pair by one-dimensional quadrature.
    from scipy.stats import norm

    x, w = np.polynomial.legendre.leggauss(400)
    z = 2.2
    spread = (1 - rho * rho) ** 0.5
    inner = norm.cdf((z - rho * z * x) / spread) - norm.cdf((-z - rho * z * x) / spread)
    expect = 1 - (w * z * norm.pdf(z * x) * inner).sum()
    assert maximum_tail(z, np.array([[1, rho], [rho, 1]])) == pytest.approx(expect, rel=1e-4)


def test_exact_permutation_equals_listing():
    rng = np.random.default_rng(6)
    time, event = rng.integers(1, 8, 9).astype(float), rng.random(9) < 0.7
    s = Surv.right(time, event, unit="days")
    by = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
    observed = logrank_test(s, by)
    edge = abs(observed.observed[1] - observed.expected[1]) - 1e-9
    hits = total = 0
    for rows in combinations(range(9), 5):
        label = np.isin(np.arange(9), rows).astype(int)
        t = logrank_test(s, label)
        hits += abs(t.observed[1] - t.expected[1]) >= edge
        total += 1
    test = permutation_logrank_test(s, by)
    assert test.exact and test.n_arrangements == total == 126
    assert test.p_value == pytest.approx(hits / total)
    assert test.score[1] == pytest.approx(observed.observed[1] - observed.expected[1])


def test_monte_carlo_agrees_with_exact_within_its_error():
    rng = np.random.default_rng(7)
    s = Surv.right(rng.exponential(np.repeat([1, 2.5], 12)), np.ones(24), unit="days")
    by = np.repeat([0, 1], 12)
    exact = permutation_logrank_test(s, by)
    stratified = Surv.right(s.time, s.event, unit="days", stratum=np.zeros(24))
    random = permutation_logrank_test(stratified, by, n_resamples=4000, seed=3)
    assert exact.exact and not random.exact and random.n_arrangements == 4000
    assert abs(random.p_value - exact.p_value) < 4 * random.mc_std_error
    again = permutation_logrank_test(stratified, by, n_resamples=4000, seed=3)
    assert again.p_value == random.p_value


def test_three_groups_and_delayed_entry_permute():
    rng = np.random.default_rng(8)
    time = rng.exponential(5, 45) + 1
    s = Surv.right(time, np.ones(45), unit="days", entry=time * rng.random(45) * 0.5)
    by = np.arange(45) % 3
    test = permutation_logrank_test(s, by, n_resamples=500)
    np.testing.assert_allclose(
        test.score, logrank_test(s, by).observed - logrank_test(s, by).expected, atol=1e-10
    )
    assert 0.002 < test.p_value <= 1 and test.to_frame().shape == (3, 3)


def test_the_permutation_test_refuses_negative_exponents_as_the_log_rank_test_does():
    surv = Surv.right([1, 3, 4, 6, 8, 9], [1, 1, 1, 1, 1, 0], unit="months")
    for options in ({"rho": -1.0}, {"gamma": -0.5}):
        with pytest.raises(InputError, match=f"{next(iter(options))} must"):
            permutation_logrank_test(surv, list("aaabbb"), **options)
