"""The effective sample size of priors of a rate with hardly an event behind them: a size, whatever the shape."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from survsim.borrowing import borrow, effective_sample_size, power_prior_rate
from survsim.estimate.borrowing.mixture import gamma_mixture


@pytest.mark.parametrize(
    "shape", [500.0, 5.0, 2.0, 1.3, 1.1, 1.01, 1.001, 1.0, 0.999, 0.9, 0.5, 0.1, 0.01, 0.001]
)
@pytest.mark.parametrize("exposure", [0.02, 20.0, 5e4])
def test_a_gamma_has_its_exposure_as_size(shape: float, exposure: float) -> None:
    size = effective_sample_size(gamma_mixture([1], [shape], [exposure]))
    assert size == pytest.approx(exposure, rel=1e-6)


def test_a_mixture_has_the_published_ratio_where_it_exists() -> None:
    # Neuenschwander et al. 2020, eq. 4, by adaptive quadrature of the second derivative itself.
    weight, shape, rate = np.array([0.4, 0.6]), np.array([2.5, 6.0]), np.array([10.0, 40.0])

    def log_density(x: float) -> float:
        return float(np.log((weight * stats.gamma.pdf(x, shape, scale=1 / rate)).sum()))

    def integrand(x: float) -> float:
        h = 1e-4 * x
        second = (log_density(x + h) - 2 * log_density(x) + log_density(x - h)) / h**2
        return -second * x * np.exp(log_density(x))

    by_hand = integrate.quad(integrand, 1e-6, 3.0, limit=400)[0]
    assert effective_sample_size(gamma_mixture(weight, shape, rate)) == pytest.approx(by_hand, rel=1e-4)


@pytest.mark.parametrize("seed", range(40))
def test_any_mixture_has_a_size_between_nothing_and_more_than_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k = int(rng.integers(1, 5))
    weight = rng.dirichlet(np.ones(k))
    shape, rate = 10.0 ** rng.uniform(-2, 2, k), 10.0 ** rng.uniform(-1, 3, k)
    size = effective_sample_size(gamma_mixture(weight, shape, rate))
    assert np.isfinite(size) and 0.0 < size < 10 * rate.max()


def test_equal_components_and_components_of_no_weight_change_nothing() -> None:
    for shape in (0.3, 0.9, 1.2, 4.0):
        alone = effective_sample_size(gamma_mixture([1], [shape], [12.0]))
        assert effective_sample_size(gamma_mixture([0.5, 0.5], [shape] * 2, [12.0] * 2)) == pytest.approx(
            alone
        )


def test_a_rate_prior_from_hardly_an_event_reports_a_size() -> None:
    found = borrow(power_prior_rate([0], [30.0], power=0.5, initial=(0.4, 2.0)), events=0, exposure=5.0)
    assert found.prior_ess == pytest.approx(17.0, rel=1e-6)
