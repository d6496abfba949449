"""Two groups of one response whose clusters stand in both: matched pairs, organs of one patient, centres."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from survsim import (
    Surv,
    bootstrap,
    cox_ph,
    gray_test,
    ipw_kaplan_meier,
    kaplan_meier,
    logrank_test,
    maxcombo_test,
    milestone_test,
    nelson_aalen,
    pairwise_logrank,
    rmst,
    rmst_test,
)
from survsim.errors import InputError, SmallSampleWarning
from survsim.joint_model import patients_term
from survsim.nonparametric import event_rates, permutation_logrank_test, sufficient_follow_up

RNG = np.random.default_rng(1)
BASE = np.ceil(RNG.exponential(8, 40)) + 1
TIME = np.r_[BASE, BASE + (np.arange(40) % 5 == 0)]
EVENT = np.tile(RNG.integers(0, 4, 40) > 0, 2)
ENTRY = np.r_[np.zeros(60), np.tile([0.0, 1.0], 10)]
WEIGHT = RNG.uniform(0.5, 2.0, 80)
ARM = np.repeat(["a", "b"], 40)
PAIR = np.tile(np.arange(40), 2)
HALF = 1.959963984540054


def numbers(weight):
    """Difference and log ratio of the means and of survival, and the difference of log(-log S), by the estimates alone."""
    s = Surv.right(TIME, EVENT, unit="months", entry=ENTRY, weight=weight)
    means, alive = (
        rmst(s, ARM, 7).estimate,
        kaplan_meier(s, ARM, conf_type="none", robust=False).survival_at(7).estimate,
    )
    rows = [[v[1] - v[0], np.log(v[1] / v[0])] for v in (means, alive)]
    return np.array([*rows[0], *rows[1], np.diff(np.log(-np.log(alive)))[0]])


def test_errors_are_the_influence_of_both_groups_summed_by_pair():
    step = 1e-5
    moved = []
    for unit in np.eye(80):
        moved.append((numbers(WEIGHT * (1 + step * unit)) - numbers(WEIGHT * (1 - step * unit))) / (2 * step))
    moved = np.array(moved)
    error = np.sqrt(((moved[:40] + moved[40:]) ** 2).sum(axis=0))
    s = Surv.right(TIME, EVENT, unit="months", entry=ENTRY, weight=WEIGHT, cluster=PAIR)
    means, alive = rmst_test(s, ARM, 7), milestone_test(s, ARM, 7, method="plain")
    for k, found in enumerate((means, alive)):
        half = (
            np.array([found.conf_high[0] - found.conf_low[0], np.log(found.conf_high[1] / found.conf_low[1])])
            / 2
        )
        np.testing.assert_allclose(half / HALF, error[2 * k : 2 * k + 2], rtol=1e-6)
    z = numbers(WEIGHT)[4] / error[4]
    assert milestone_test(s, ARM, 7).p_value[0] == pytest.approx(2 * norm.sf(abs(z)), rel=1e-6)
    # The pairs move together: taken apart the error would be three times as large.
    assert np.hypot(*means.std_error) > 2 * error[0]


def test_weighted_curves_with_pairs_in_both_arms():
    s = Surv.right(TIME, EVENT, unit="months", cluster=PAIR)
    frame = pd.DataFrame({"x": np.tile([0.0, 1.0], 40)})  # as often in each arm: all weights are 1
    found = ipw_kaplan_meier(s, ARM, "x", frame, times=7, tau=7, interval="robust")
    for quantity, one in (("rmst", rmst_test(s, ARM, 7)), ("survival", milestone_test(s, ARM, 7))):
        row = found.row(quantity, "difference")
        np.testing.assert_allclose([row["conf_low"], row["conf_high"]], [one.conf_low[0], one.conf_high[0]])
        assert row["std_error"] == pytest.approx((one.conf_high[0] - one.conf_low[0]) / 2 / HALF)
        assert found.row(quantity, "ratio")["conf_low"] == pytest.approx(one.conf_low[1])


def test_the_bootstrap_draws_pairs_whole():
    s = Surv.right(TIME, EVENT, unit="months", cluster=PAIR)
    found = bootstrap(s, "rmst", at=7, by=ARM, n_resamples=400)
    one = rmst_test(s, ARM, 7)
    assert found.std_error[2] == pytest.approx((one.conf_high[0] - one.conf_low[0]) / 2 / HALF, rel=0.15)
    # A pair of two equal rows is drawn with both: the groups agree in every resample.
    same = Surv.right(np.tile(BASE, 2), EVENT, unit="months", cluster=PAIR)
    with pytest.warns(SmallSampleWarning, match="in all resamples"):
        both = bootstrap(same, "rmst", at=7, by=ARM, n_resamples=30)
    assert (both.replicates[:, 0] == both.replicates[:, 1]).all()


def test_clusters_within_groups_are_resampled_within_them():
    inside = np.r_[np.arange(40) // 2, 100 + np.arange(40) // 2]
    found = bootstrap(
        Surv.right(TIME, EVENT, unit="months", cluster=inside), "rmst", at=7, by=ARM, n_resamples=20
    )
    alone = bootstrap(
        Surv.right(TIME[:40], EVENT[:40], unit="months", cluster=inside[:40]), "rmst", at=7, n_resamples=20
    )
    np.testing.assert_array_equal(found.replicates[:, 0], alone.replicates[:, 0])


def test_a_resample_without_a_group_is_counted():
    s = Surv.right([5, 6, 7, 8, 9], [1] * 5, unit="months", cluster=[1, 1, 2, 3, 4])
    with pytest.warns(SmallSampleWarning, match="does not exist in"):
        found = bootstrap(s, "survival", at=7, by=["a", "b", "a", "b", "a"], n_resamples=50)
    assert 0 < found.n_undefined[1] < 50 and found.n_undefined[2] >= found.n_undefined[1]


def test_groups_that_move_together_to_the_last_bit_have_no_error():
    same = Surv.right(np.tile(BASE, 2), EVENT, unit="months", cluster=PAIR)
    with pytest.warns(SmallSampleWarning, match="moves both groups alike"):
        found = rmst_test(same, ARM, 7)
    assert found.contrast_estimate.tolist() == [0.0, 1.0] and np.isnan(found.p_value).all()
    with pytest.warns(SmallSampleWarning, match="moves both groups alike"):
        assert np.isnan(milestone_test(same, ARM, 7).p_value).all()


def test_clusters_ask_for_the_robust_variance_of_rank_tests():
    """The number is R's, survival: summary(coxph(Surv(time, event) ~ arm + cluster(pair), ties = "breslow"))$robscore."""
    s = Surv.right(TIME, EVENT, unit="months", cluster=PAIR)
    found = logrank_test(s, ARM)
    fit = cox_ph(s, None, (ARM == "b").astype(float)[:, None], ties="breslow")
    assert found.chi2 == pytest.approx(fit.robust_score_statistic) == pytest.approx(3.8844541108944)
    assert found.chi2 > 10 * logrank_test(Surv.right(TIME, EVENT, unit="months"), ARM).chi2
    ones = Surv.right(TIME, EVENT, unit="months", cluster=PAIR, weight=np.ones(80))
    assert found.chi2 == pytest.approx(logrank_test(ones, ARM).chi2)
    assert (
        "(robust variance)" in found.headline() and "weighted, robust" in logrank_test(ones, ARM).headline()
    )
    pairs = pairwise_logrank(s, ARM)
    assert pairs.chi2[0] == found.chi2
    assert pairwise_logrank(ones, ARM).chi2[0] == pytest.approx(found.chi2)


def test_curves_of_clusters_take_the_jackknife_unless_asked_otherwise():
    s, plain = (Surv.right(TIME, EVENT, unit="months", cluster=c) for c in (PAIR, None))
    np.testing.assert_array_equal(nelson_aalen(s).std_error, nelson_aalen(s, robust=True).std_error)
    np.testing.assert_array_equal(nelson_aalen(plain).std_error, nelson_aalen(s, robust=False).std_error)
    with pytest.raises(InputError, match="has clusters; use one of 'log-log'"):
        kaplan_meier(s, conf_type="beta-product")
    assert kaplan_meier(s, conf_type="beta-product", robust=False).conf_low.size


@pytest.mark.parametrize(
    "test",
    [
        maxcombo_test,
        permutation_logrank_test,
        lambda s, by: event_rates(s),
        lambda s, by: sufficient_follow_up(s),
        lambda s, by: milestone_test(s, by, 7, method="beta-product"),
        lambda s, by: patients_term(s, study="own"),
    ],
)
def test_clusters_are_refused_where_patients_are_taken_for_independent(test):
    s = Surv.right(TIME, EVENT, unit="months", cluster=PAIR)
    with pytest.raises(InputError, match="has clusters; use"):
        test(s, ARM)
    alone = Surv.right(
        TIME, EVENT, unit="months", cluster=np.arange(80)
    )  # a cluster each: nobody belongs together
    test(alone, ARM)


def test_gray_refuses_clusters():
    s = Surv.competing(TIME, np.where(EVENT, 1 + np.arange(80) % 2, 0), unit="months", cluster=PAIR)
    with pytest.raises(InputError, match="use fine_gray"):
        gray_test(s, ARM, cause=1)


def test_calibration_sees_the_clusters():
    """Each patient twice in one cluster says no more than once: the interval stays, as that of Kaplan-Meier does."""
    x = np.tile(RNG.normal(size=40), 2)[:, None]
    twice = Surv.right(np.tile(BASE, 2), EVENT, unit="months", cluster=PAIR)
    once = Surv.right(BASE, EVENT[:40], unit="months", cluster=PAIR[:40])
    a, b = (cox_ph(s, None, x[: len(s)], ties="breslow").calibration(7, groups=2) for s in (twice, once))
    np.testing.assert_allclose([a.conf_low, a.conf_high], [b.conf_low, b.conf_high])
