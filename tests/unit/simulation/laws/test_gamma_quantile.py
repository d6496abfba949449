"""The fast gamma quantile against scipy's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammainc, gammaincinv

from survsim.simulation.laws.gamma_quantile import gamma_quantile


@pytest.mark.parametrize("variance", [0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 5.01, 40.0])
def test_quantiles_are_those_of_scipy(variance: float) -> None:
    far = [2.0**-53, 1e-12, 1e-6, 1 - 1e-6, 1 - 2.0**-50]
    u = np.concatenate([far, 1 - np.random.default_rng(1).random(20_000)])
    exact = variance * gammaincinv(1 / variance, u)
    found = gamma_quantile(u, variance)
    usual = exact > 1e-290
    assert np.max(np.abs(found[usual] / exact[usual] - 1)) < 1e-8
    assert np.all(found > 0) and np.isfinite(found).all()
    assert np.array_equal(np.argsort(found[usual], kind="stable"), np.argsort(exact[usual], kind="stable"))


def test_the_end_of_the_range_is_finite() -> None:
    (last,) = gamma_quantile(np.array([1.0]), 0.5)
    assert np.isfinite(last) and gammainc(2.0, last / 0.5) == 1.0


def test_mean_and_variance() -> None:
    u = (np.arange(200_000) + 0.5) / 200_000
    x = gamma_quantile(u, 0.7)
    assert x.mean() == pytest.approx(1.0, abs=1e-4) and x.var() == pytest.approx(0.7, abs=2e-3)
