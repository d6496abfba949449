"""Borrowing against published and independently integrated numbers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from survsim import map_prior

# R package RBesT, data set `crohn`: patients and mean change of the activity index in six trials.
N = np.array([74, 166, 328, 20, 25, 58])
Y = np.array([-51.0, -49, -36, -47, -90, -54])
S = 88 / np.sqrt(N)


def test_crohn_numbers():
    """mu ~ N(0, 88), tau ~ half-normal(44), by adaptive quadrature over tau (methods, section 9)."""
    table = map_prior(Y, S, tau_scale=44, mean_prior=(0, 88)).to_frame().set_index("quantity")
    assert table.loc["tau"].tolist() == pytest.approx([14.4245, 9.7934, 1.3293, 12.4705, 39.0354], abs=1e-4)
    assert table.loc["mean", ["mean", "sd"]].tolist() == pytest.approx([-49.8188, 8.5574], abs=5e-5)
    assert table.loc["new study"].tolist() == pytest.approx(
        [-49.8188, 19.4218, -92.016, -48.549, -11.477], abs=5e-4
    )


def test_tau_quantiles_by_adaptive_quadrature():
    def density(t):
        v = np.diag(S**2 + t * t) + 88.0**2
        return float(
            np.exp(40 - 0.5 * np.linalg.slogdet(v)[1] - 0.5 * Y @ np.linalg.solve(v, Y) - 0.5 * (t / 44) ** 2)
        )

    prior = map_prior(Y, S, tau_scale=44, mean_prior=(0, 88))
    total = quad(density, 0, 400, points=[5, 10, 20, 50, 100], limit=500, epsabs=0, epsrel=1e-11)[0]
    for p in (0.025, 0.5, 0.975):
        below = quad(density, 0, float(prior.tau_quantile(p)), limit=500, epsabs=0, epsrel=1e-11)[0]
        assert below / total == pytest.approx(p, abs=1e-8)
