"""The frailty of a patient and her history, against the published oracle, scipy's gamma law and plain simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import gamma

from survsim.kernels import frailty

# lo = 0.013 a month; hazards calibrated so that PFS has median 13.0 and survival after progression median 2.74.
V, LP, LD, LO, T0 = 0.42, 0.0451014, 0.2440569, 0.013, 6.0


def test_a_patient_known_to_have_progressed_at_six_months():
    shape, rate = frailty.gamma_after(V, LP * T0, 1)
    assert shape == pytest.approx(3.380952, abs=5e-7)
    assert rate == pytest.approx(2.651561, abs=5e-7)
    assert frailty.mean_after(V, LP * T0, 1) == pytest.approx(1.275080, abs=5e-7)
    assert frailty.variance_after(V, LP * T0, 1) == pytest.approx(shape / rate**2, rel=1e-12)


def alive(t):
    return np.exp(-LO * t) * frailty.survival(V, LD * t, passed=LP * T0, events=1)


def test_her_survival_from_there():
    np.testing.assert_allclose(alive(np.array([3.0, 6.0, 12.0])), [0.421734, 0.209164, 0.069134], atol=6e-7)
    assert brentq(lambda t: float(alive(t)) - 0.5, 0.1, 20) == pytest.approx(2.352, abs=5e-4)


def test_the_margin_of_a_patient_without_history():
    assert np.exp(-LO * 13.0) * frailty.survival(V, LP * 13.0) == pytest.approx(0.5, abs=2e-6)
    plugged_in = brentq(lambda t: float(np.exp(-LO * t) * frailty.survival(V, 0.040319 * t)) - 0.5, 1, 60)
    assert plugged_in == pytest.approx(14.10, abs=5e-3)


def test_mean_frailty_among_those_who_progress():
    def of(m):
        return quad(lambda t: np.exp(-LO * t + frailty.log_moment(V, LP * t, m)), 0, np.inf)[0]

    assert of(2) / of(1) == pytest.approx(1.10705, abs=5e-6)


@pytest.mark.parametrize("variance", [0.05, 0.42, 0.8, 3.0])
@pytest.mark.parametrize("events", [0, 1, 2, 4])
def test_the_moment_is_the_integral_over_the_gamma_law(variance, events):
    law = gamma(1 / variance, scale=variance)
    truth = quad(lambda z: z**events * np.exp(-1.3 * z) * law.pdf(z), 0, np.inf, limit=200)[0]
    assert np.exp(frailty.log_moment(variance, 1.3, events)) == pytest.approx(truth, rel=1e-6)


def test_survival_given_a_history_is_a_ratio_of_moments():
    for m in (0, 1, 3):
        ratio = np.exp(frailty.log_moment(0.6, 0.9 + 1.7, m) - frailty.log_moment(0.6, 0.9, m))
        assert frailty.survival(0.6, 1.7, passed=0.9, events=m) == pytest.approx(ratio, rel=1e-13)


def test_without_variance_nothing_is_learnt():
    hazard = np.array([0.0, 0.4, 3.0])
    np.testing.assert_array_equal(frailty.survival(0.0, hazard, passed=2.0, events=3), np.exp(-hazard))
    np.testing.assert_array_equal(frailty.log_moment(0.0, hazard, 2), -hazard)
    assert frailty.mean_after(0.0, 2.0, 3) == 1.0
    shape, rate = frailty.gamma_after(0.0, 2.0, 3)
    assert np.isinf(shape)
    assert np.isinf(rate)
    assert frailty.survival(1e-9, 0.7, passed=0.2, events=1) == pytest.approx(np.exp(-0.7), rel=1e-8)


def test_the_update_is_what_simulated_patients_with_that_history_have():
    rng = np.random.default_rng(20260101)
    z = rng.gamma(1 / 0.5, 0.5, size=400_000)
    first = rng.exponential(size=z.size) / (0.3 * z)
    chosen = z[np.abs(first - 2.0) < 0.05]
    shape, rate = frailty.gamma_after(0.5, 0.3 * 2.0, 1)
    assert abs(chosen.mean() - shape / rate) < 4 * chosen.std() / np.sqrt(chosen.size)
    assert chosen.var() == pytest.approx(shape / rate**2, rel=0.05)


@pytest.mark.parametrize("variance", [0.0, 1e-6, 0.05, 0.42, 0.8])
@pytest.mark.parametrize(("points", "bound"), [(8, 1e-4), (12, 1e-6)])
def test_a_few_nodes_carry_the_margin(variance, points, bound):
    nodes, weights = frailty.gauss_nodes(variance, points)
    for hazard in (0.0, 0.3, 1.0, 2.0, 5.0, 10.0):
        for m in (0, 1):
            exact = np.exp(frailty.log_moment(variance, hazard, m))
            assert abs((weights * nodes**m * np.exp(-nodes * hazard)).sum() - exact) < bound * (1 + m)


def test_nodes_are_made_for_many_variances_at_once():
    nodes, weights = frailty.gauss_nodes([0.2, 0.7], 6)
    for row, v in enumerate((0.2, 0.7)):
        one = frailty.gauss_nodes(v, 6)
        np.testing.assert_allclose(nodes[row], one[0][0], rtol=1e-12)
        np.testing.assert_allclose(weights[row], one[1][0], rtol=1e-12)
