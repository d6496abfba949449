"""Cumulative meta-analysis, and the estimators of tau2 on paper."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.integrate import quad

from survsim import meta_analysis, meta_regression
from survsim.errors import InputError, SmallSampleWarning
from survsim.synthesis import cumulative_meta_analysis

Y, SE = [-0.5, -0.1, -0.3, 0.2, -0.4], [0.1, 0.2, 0.15, 0.12, 0.3]


def test_the_last_row_is_the_whole_analysis_and_the_first_is_the_first_study():
    pooled = meta_analysis(Y, SE, labels=list("abcde"))
    steps = cumulative_meta_analysis(pooled, [5, 1, 2, 2, 9])
    assert steps.labels == ("b", "c", "d", "a", "e")
    assert steps.n_studies.tolist() == [1, 2, 3, 4, 5]
    for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value", "tau2", "q", "i2"):
        assert getattr(steps, name)[-1] == pytest.approx(getattr(pooled, name), abs=1e-12)
    assert (steps.estimate[0], steps.std_error[0], steps.tau2[0]) == pytest.approx((-0.1, 0.2, 0.0))
    assert steps.conf_high[0] == pytest.approx(-0.1 + 1.959963984540054 * 0.2)


def test_without_an_order_the_studies_come_as_they_were_pooled():
    pooled = meta_analysis(Y, SE, method="fixed", conf_method="wald")
    weight = 1 / np.array(SE) ** 2
    means = np.cumsum(weight * Y) / np.cumsum(weight)
    assert cumulative_meta_analysis(pooled).estimate == pytest.approx(means)


@pytest.mark.parametrize(
    ("order", "message"),
    [([1, 2], "2 numbers for 5 studies"), ([1, 2, 3, 4, np.nan], "order"), (["a"] * 5, "order")],
)
def test_an_order_is_one_number_a_study(order, message):
    with pytest.raises(InputError, match=message):
        cumulative_meta_analysis(meta_analysis(Y, SE), order)


def test_one_study_and_a_meta_regression_are_refused():
    with pytest.warns(SmallSampleWarning):
        alone = meta_analysis([0.1], [0.2], method="fixed", conf_method="wald")
    with pytest.raises(InputError, match="nothing to be added to"):
        cumulative_meta_analysis(alone)
    with pytest.raises(InputError, match="without moderators"):
        cumulative_meta_analysis(meta_regression(Y, SE, np.arange(5.0)))


def test_two_studies_under_a_prior_are_added_under_that_prior():
    """The second step is the whole analysis; its mean is checked by quadrature over tau, mu being flat."""
    y, v, scale = np.array([0.1, 0.5]), np.array([0.01, 0.04]), 0.3
    with pytest.warns(SmallSampleWarning, match="half-normal prior"):
        pooled = meta_analysis(y, np.sqrt(v), tau_prior_scale=scale)
    steps = cumulative_meta_analysis(pooled)
    assert (steps.estimate[0], steps.std_error[0]) == pytest.approx((0.1, 0.1))

    def weighted(tau, power):
        w = 1 / (v + tau**2)
        mean = w @ y / w.sum()
        density = np.exp(-0.5 * (tau / scale) ** 2 - 0.5 * w @ (y - mean) ** 2) * np.sqrt(w.prod() / w.sum())
        return density * (1.0, mean, 1 / w.sum() + mean**2)[power]

    mass, first, second = (quad(weighted, 0, 5, args=(power,), limit=200)[0] for power in range(3))
    assert steps.estimate[1] == pytest.approx(first / mass, abs=1e-6)
    assert steps.std_error[1] == pytest.approx(np.sqrt(second / mass - (first / mass) ** 2), abs=1e-6)
    for name in ("estimate", "std_error", "conf_low", "conf_high", "p_value", "tau2", "q", "i2"):
        assert getattr(steps, name)[1] == getattr(pooled, name)


def test_a_prior_that_was_not_kept_is_asked_for():
    with pytest.warns(SmallSampleWarning):
        pooled = meta_analysis([0.1, 0.5], [0.1, 0.2])
    with pytest.raises(InputError, match="pool the studies again"):
        cumulative_meta_analysis(dataclasses.replace(pooled, prediction_prior_scale=None))


def test_estimators_by_hand_with_equal_variances():
    """Variance 0.04 in each study: every estimator is the spread of the estimates less 0.04, with its own divisor."""
    y, se = np.array([0.0, 0.4, 0.8, 1.6]), [0.2] * 4
    squares = ((y - y.mean()) ** 2).sum()
    by_three = squares / 3 - 0.04
    for method in ("DL", "PM", "REML", "HE", "EB"):
        pooled = meta_analysis(y, se, method=method)
        assert pooled.tau2 == pytest.approx(by_three)
        # A variance of three degrees of freedom: sqrt(2 / 3) of the whole variance.
        assert pooled.tau2_std_error == pytest.approx(np.sqrt(2 / 3) * squares / 3)
    likely = meta_analysis(y, se, method="ML")
    assert likely.tau2 == pytest.approx(squares / 4 - 0.04)
    assert likely.tau2_std_error == pytest.approx(np.sqrt(2 / 4) * squares / 4)
    assert meta_analysis(y, se, method="HS").tau2 == pytest.approx(squares / 4 - 0.04)


def test_a_fixed_effect_has_no_error_of_tau2():
    assert np.isnan(meta_analysis(Y, SE, method="fixed").tau2_std_error)
