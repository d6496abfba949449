"""Mixture cure models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, mixture_cure
from survsim.distributions import MixtureCure
from survsim.errors import ConvergenceError, ExtrapolationWarning, InputError


def sample(n: int = 600, seed: int = 1) -> tuple[Surv, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 2, n)
    cured = rng.random(n) < np.where(arm == 1, 0.5, 0.3)
    time = np.where(cured, np.inf, 8.0 * rng.exponential(size=n) ** (1 / 1.5))
    end = rng.uniform(20, 60, n)
    return Surv.right(np.minimum(time, end), time <= end, unit="months"), pd.DataFrame({"arm": arm})


def test_uncured_all_seen_gives_the_share_of_the_censored() -> None:
    time = [1, 2, 2, 3, 4, 5, 7] + [1000.0] * 5
    fit = mixture_cure(Surv.right(time, [1] * 7 + [0] * 5, unit="months"), "exponential")
    assert float(fit.distribution().cure_fraction) == pytest.approx(5 / 12, rel=1e-6)
    assert float(fit.distribution().latency.rate) == pytest.approx(7 / 24, rel=1e-6)


def test_log_likelihood_is_that_of_the_distribution_and_its_slope_is_zero() -> None:
    surv, data = sample()
    fit = mixture_cure(surv, "weibull", "arm", data, cure="arm")

    def log_likelihood(theta: np.ndarray) -> float:
        law = fit.distribution(data, theta)
        return float((surv.event * np.log(law.hazard(surv.time)) - law.cumulative_hazard(surv.time)).sum())

    assert log_likelihood(fit.estimate) == pytest.approx(fit.log_likelihood, rel=1e-10)
    for k, error in enumerate(fit.std_error):
        move = np.zeros(fit.estimate.size)
        move[k] = 1e-4 * error
        slope = (log_likelihood(fit.estimate + move) - log_likelihood(fit.estimate - move)) / 2e-4
        assert abs(slope) < 2e-5


def test_truth_is_within_its_interval() -> None:
    surv, data = sample(4000, 5)
    fit = mixture_cure(surv, "weibull", None, data, cure="arm")
    truth = np.array([np.log(0.3 / 0.7), np.log(0.5 / 0.5) - np.log(0.3 / 0.7), np.log(8.0), -np.log(1.5)])
    assert (np.abs(fit.estimate - truth) < 3.5 * fit.std_error).all()
    law = fit.distribution(data.iloc[:3])
    assert isinstance(law, MixtureCure)
    assert np.isinf(law.sample(np.full(3, 0.01))).all()


def test_other_latencies_and_units() -> None:
    surv, _ = sample(300)
    for latency in ("exponential", "gompertz", "lognormal", "loglogistic"):
        one, two = mixture_cure(surv, latency), mixture_cure(surv.to_unit("years"), latency)
        assert float(one.distribution().cure_fraction) == pytest.approx(
            float(two.distribution().cure_fraction), rel=1e-6
        )


def test_an_unfinished_plateau_warns() -> None:
    rng = np.random.default_rng(3)
    time = 30.0 * rng.exponential(size=300)
    surv = Surv.right(np.minimum(time, 25.0), (time <= 25.0) & (rng.random(300) < 0.8), unit="months")
    with pytest.warns(ExtrapolationWarning, match="do not show the plateau"):
        mixture_cure(surv, "exponential")


def test_no_cure_says_so() -> None:
    time = np.random.default_rng(4).weibull(1.5, 200)
    with pytest.raises(ConvergenceError, match="no cured share"):
        mixture_cure(Surv.right(time, np.ones(200), unit="years"), "weibull")
    with pytest.raises(ConvergenceError, match=r"all 2 patients are censored"):
        mixture_cure(Surv.right([1, 2], [0, 0], unit="years"))


def test_message() -> None:
    with pytest.raises(InputError, match="latency must be one of"):
        mixture_cure(sample(30)[0], "gamma")
