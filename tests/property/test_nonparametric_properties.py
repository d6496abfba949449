"""Identities every non-parametric estimate keeps."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from survsim import Surv, kaplan_meier, logrank_test, nelson_aalen, rmst
from survsim.estimate.nonparametric.permutation import row_scores
from survsim.nonparametric import permutation_logrank_test
from survsim.trials import analyse_trials

QUICK = settings(deadline=None, max_examples=40)


@st.composite
def patients(draw, least=1, most=30, delayed=False):
    n = draw(st.integers(least, most))
    times = st.integers(1, 12) if draw(st.booleans()) else st.floats(0.01, 12, allow_subnormal=False)
    time = np.array(draw(st.lists(times, min_size=n, max_size=n)), float)
    event = np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    entry = None
    if delayed:
        share = np.array(draw(st.lists(st.floats(0, 0.9), min_size=n, max_size=n)))
        entry = np.where(share < 0.3, 0.0, share * time)
    return Surv.right(time, event, unit="months", entry=entry)


@QUICK
@given(patients(delayed=True))
def test_curve_falls_and_band_holds_it(s):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        km = kaplan_meier(s)
    assert (np.diff(km.estimate) <= 0).all() and (km.estimate >= 0).all() and km.estimate[0] <= 1
    alive = km.estimate > 0
    assert (km.conf_low <= km.estimate + 1e-12).all()
    assert (km.conf_high[alive] >= km.estimate[alive] - 1e-12).all()
    # 1 - x <= exp(-x): the product-limit curve lies below exp(-H).
    assert (km.estimate <= np.exp(-nelson_aalen(s).estimate) + 1e-12).all()
    assert km.n_event.sum() == s.event.sum() and (km.n_event + km.n_censor).sum() == len(s)


@QUICK
@given(patients())
def test_without_censoring_the_curve_is_the_share_alive_and_the_band_clopper_pearson(s):
    n = len(s)
    full = Surv.right(s.time, np.ones(n), unit="months")
    km = kaplan_meier(full, conf_type="beta-product")
    alive = np.array([(full.time > t).sum() for t in km.time])
    np.testing.assert_allclose(km.estimate, alive / n, atol=1e-12)
    for x, low, high in zip(alive, km.conf_low, km.conf_high):
        assert low == pytest.approx(beta.ppf(0.025, x, n - x + 1) if x else 0.0, abs=1e-9)
        assert high == pytest.approx(beta.ppf(0.975, x + 1, n - x) if x < n else 1.0, abs=1e-9)


@QUICK
@given(patients(least=2), st.floats(0.1, 5))
def test_area_under_the_curve(s, tau):
    tau = min(tau, s.time.max())
    km = kaplan_meier(s, conf_type="none")
    grid = np.concatenate([[0.0], km.time[km.time < tau], [tau]])
    heights = km.survival_at(grid[:-1]).estimate
    assert rmst(s, tau=tau).estimate[0] == pytest.approx((heights * np.diff(grid)).sum())


@QUICK
@given(patients(least=4, delayed=True), st.randoms(use_true_random=False))
def test_log_rank_parts_add_up(s, random):
    by = np.array([random.randint(0, 2) for _ in range(len(s))])
    by[:2] = [0, 1]
    test = logrank_test(s, by)
    assert test.observed.sum() == pytest.approx(s.event.sum())
    assert test.expected.sum() == pytest.approx(test.observed.sum())
    np.testing.assert_allclose(test.covariance.sum(axis=1), 0, atol=1e-9)
    assert 0 <= test.p_value <= 1
    part = row_scores(s)
    score = np.bincount(by, part, test.n_patients.size) if test.n_patients.size == by.max() + 1 else None
    if score is not None:
        np.testing.assert_allclose(score, test.observed - test.expected, atol=1e-9)


@QUICK
@given(patients(least=4, most=12))
def test_exact_permutation_p_is_a_share_of_arrangements(s):
    by = np.arange(len(s)) % 2
    test = permutation_logrank_test(s, by)
    assert test.exact and 0 < test.p_value <= 1
    swapped = permutation_logrank_test(s, 1 - by)
    assert swapped.p_value == pytest.approx(test.p_value)


@QUICK
@given(patients(least=2), st.integers(2, 5))
def test_time_unit_scales_and_nothing_else(s, factor):
    wide = Surv.right(s.time * factor, s.event, unit="days")
    km, scaled = kaplan_meier(s), kaplan_meier(wide)
    if km.time.size == scaled.time.size:
        np.testing.assert_allclose(scaled.time, km.time * factor)
        np.testing.assert_allclose(scaled.estimate, km.estimate)
        assert scaled.median().estimate[0] == pytest.approx(factor * km.median().estimate[0])


@QUICK
@given(patients(least=4, most=20))
def test_batch_trials_equal_the_single_test(s):
    arm = np.arange(len(s)) % 2
    batch = analyse_trials(s.time[None], s.event[None], arm, unit="months")
    test = logrank_test(s, arm)
    assert batch.z[0] ** 2 == pytest.approx(test.chi2, abs=1e-9)
