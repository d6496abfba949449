"""Parametric fits of intervals: closed forms, the likelihood itself, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from survsim import Surv, parametric_survival
from survsim.errors import ConvergenceError, InputError
from survsim.parametric import interval_censored_parametric

RNG = np.random.default_rng(12)
TIME = RNG.gamma(2.0, 6.0, 120)
LOW, HIGH = np.floor(TIME / 3) * 3, np.floor(TIME / 3) * 3 + 3
HIGH[::6] = np.inf
FAMILIES = ["exponential", "weibull", "gompertz", "lognormal", "loglogistic", "gamma"]
X = (np.arange(120) % 2).astype(float)


def log_likelihood(fit: Any, theta: np.ndarray) -> float:
    law = fit.distribution(parameters=theta)
    early = law.survival(LOW)
    late = np.where(np.isinf(HIGH), 0.0, law.survival(np.where(np.isinf(HIGH), 1.0, HIGH)))
    return float(np.log(early - late).sum())


@pytest.mark.parametrize("family", FAMILIES)
def test_the_fit_is_the_top_of_the_likelihood(family: str) -> None:
    """The likelihood is worked out again from the fitted law; its curvature is the covariance."""
    fit = interval_censored_parametric(LOW, HIGH, family, unit="months")
    top = log_likelihood(fit, fit.estimate)
    assert fit.log_likelihood == pytest.approx(top, abs=1e-7)
    for k in range(fit.estimate.size):
        step = np.zeros(fit.estimate.size)
        step[k] = 0.1 * fit.std_error[k]
        around = [log_likelihood(fit, fit.estimate + s * step) for s in (-1, 1)]
        assert max(around) < top
        bend = (2 * top - sum(around)) / step[k] ** 2
        assert bend == pytest.approx(np.linalg.inv(fit.covariance)[k, k], rel=5e-3)


@pytest.mark.parametrize("family", FAMILIES)
def test_exact_times_are_the_plain_fit(family: str) -> None:
    event = np.arange(120) % 5 > 0
    high = np.where(event, TIME, np.inf)
    plain = parametric_survival(Surv.right(TIME, event, unit="months"), family, None, X[:, None])
    fit = interval_censored_parametric(TIME, high, family, None, X[:, None], unit="months")
    np.testing.assert_allclose(fit.estimate, plain.estimate, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(fit.covariance, plain.covariance, rtol=1e-4, atol=1e-9)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood)


def test_ends_apart_by_the_last_bits_are_an_exact_time() -> None:
    low, high = [0.1, 0.2, 0.3, 0.1 + 0.2, 0.5], [0.1 + 0.2, 0.4, 0.3, 0.3, np.inf]
    round_ones = [0.1, 0.2, 0.3, 0.3, 0.5], [0.3, 0.4, 0.3, 0.3, np.inf]
    fit = interval_censored_parametric(low, high, "weibull", unit="years")
    assert (
        fit.estimate.tolist()
        == interval_censored_parametric(*round_ones, "weibull", unit="years").estimate.tolist()
    )
    with pytest.raises(InputError, match="low is above high in row 0"):
        interval_censored_parametric([0.3, 0.1], [0.2, 0.2], "weibull", unit="years")


def test_one_visit_is_a_binomial() -> None:
    """All seen at 2 only, 3 of 12 with the event: the rate is -log(0.75) / 2, its error from the binomial."""
    fit = interval_censored_parametric(
        [0.0] * 3 + [2.0] * 9, [2.0] * 3 + [np.inf] * 9, "exponential", unit="years"
    )
    rate = -np.log(0.75) / 2
    assert np.exp(fit.estimate[0]) == pytest.approx(rate)
    assert fit.std_error[0] == pytest.approx(np.sqrt(0.25 / 0.75 / 12) / (2 * rate))


def test_dating_events_to_the_visit_makes_the_median_late() -> None:
    late = parametric_survival(
        Surv.right(np.where(np.isinf(HIGH), LOW, HIGH), np.isfinite(HIGH), unit="months"), "gamma"
    )
    right = interval_censored_parametric(LOW, HIGH, "gamma", unit="months")
    gap = late.predict_median().estimate - right.predict_median().estimate
    assert 1.0 < gap.item() < 2.0
    assert "known to lie in intervals" in right.summary()


def test_patients_never_seen_again_say_nothing() -> None:
    fit = interval_censored_parametric(LOW, HIGH, "weibull", unit="months")
    more = interval_censored_parametric(np.r_[LOW, 0.0], np.r_[HIGH, np.inf], "weibull", unit="months")
    np.testing.assert_allclose(more.estimate, fit.estimate, rtol=1e-6)


@pytest.mark.parametrize(
    ("low", "high", "given", "message"),
    [
        ([1, 4], [3, 2], {}, "low is above high"),
        ([-1, 4], [3, 6], {}, "low is below 0"),
        ([0, 4], [0, 6], {}, "event is at time 0"),
        ([1, np.inf], [3, np.inf], {}, "low"),
        ([1, 4], [3, np.nan], {}, "high is inf where the event was not seen yet"),
        ([1, 4], [3, 6], {"family": "piecewise_exponential"}, "family must be one of"),
        ([1, 4], [3, 6], {"conf_level": 2.0}, "conf_level"),
        ([1, 4, 5], [3, 6], {}, "low|high"),
    ],
)
def test_refusals(low: Any, high: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        interval_censored_parametric(low, high, **({"family": "weibull", "unit": "months"} | given))


def test_no_event_is_said() -> None:
    with pytest.raises(ConvergenceError, match="none of 2 patients had the event"):
        interval_censored_parametric([1, 2], [np.inf, np.inf], "weibull", unit="months")
