"""Product-limit kernels: hand-solved curve, jackknife by finite differences, restricted mean by sum."""

import numpy as np
import pytest

from survsim.kernels import product_limit as pl
from survsim.kernels import risk_set


def curve(time, event, weight, entry=None):
    t, n, d, _ = risk_set.tabulate(time, event, entry, weight)
    return t, n, d, pl.product_limit(n, d)[0]


def test_hand_solved_curve():
    s, v = pl.product_limit(np.array([4.0, 3.0, 1.0]), np.array([1.0, 1.0, 0.0]))
    np.testing.assert_allclose(s, [3 / 4, 1 / 2, 1 / 2])
    np.testing.assert_allclose(v, [1 / 12, 1 / 12 + 1 / 6, 1 / 4])


def test_rounding_dust_of_weights_does_not_keep_the_curve_alive():
    weight = np.array([0.1, 0.2, 0.3])
    *_, s = curve(np.array([1.0, 2.0, 2.0]), np.ones(3, bool), weight)
    assert s[-1] == 0.0


def test_broken_ties_hand_solved():
    h, v = pl.nelson_aalen(np.array([4.0, 2.0]), np.array([2.0, 0.0]), tied=True)
    np.testing.assert_allclose(h, [1 / 4 + 1 / 3] * 2)
    np.testing.assert_allclose(v, [1 / 16 + 1 / 9] * 2)


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize("hazard", [False, True])
def test_jackknife_is_the_sum_of_squared_derivatives(delayed, hazard):
    rng = np.random.default_rng(4)
    n = 25
    time = rng.integers(3, 15, n).astype(float)
    event = rng.random(n) < 0.6
    event[time == time.max()] = False
    weight = rng.uniform(0.5, 2.0, n)
    entry = time - rng.integers(1, 8, n) if delayed else None
    cluster = rng.integers(0, 6, n)

    def value(w):
        _, n_risk, d, s = curve(time, event, w, entry)
        return np.cumsum(d / n_risk) if hazard else -np.log(s)

    step = 1e-5
    derivative = np.empty((n, value(weight).size))
    for i in range(n):
        up, down = weight.copy(), weight.copy()
        up[i] += step
        down[i] -= step
        derivative[i] = weight[i] * (value(up) - value(down)) / (2 * step)
    by_cluster = np.zeros((6, derivative.shape[1]))
    np.add.at(by_cluster, cluster, derivative)
    t, n_risk, d, _ = curve(time, event, weight, entry)
    late = None if entry is None else np.searchsorted(t, entry, side="right")
    got = pl.jackknife_variance(
        (t, n_risk, d), (np.searchsorted(t, time), late), event, weight, cluster, hazard=hazard
    )
    np.testing.assert_allclose(got, (by_cluster**2).sum(axis=0), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("delayed", [False, True])
def test_influence_of_the_restricted_mean_by_finite_differences(delayed):
    rng = np.random.default_rng(5)
    n, tau = 20, 9.5
    time, event = rng.integers(3, 15, n).astype(float), rng.random(n) < 0.6
    entry = time - rng.integers(2, 9, n) if delayed else None
    weight = rng.uniform(0.5, 2, n)

    def mean(w):
        t, _, _, s = curve(time, event, w, entry)
        return pl.restricted_mean(t, s, np.zeros(t.size), tau)[0]

    table = curve(time, event, weight, entry)[:3]
    got = pl.jackknife_influence(table, time, event, entry, pl.area_beyond(table, tau))
    for i in range(n):
        up, down = weight.copy(), weight.copy()
        up[i] += 1e-5
        down[i] -= 1e-5
        assert got[i] == pytest.approx((mean(up) - mean(down)) / 2e-5, rel=1e-6, abs=1e-9)


def test_restricted_mean_hand_solved():
    mean, variance = pl.restricted_mean(
        np.array([1.0, 3.0]), np.array([0.75, 0.25]), np.array([1 / 12, 1.0]), 2.0
    )
    assert mean == pytest.approx(1 + 0.75)
    assert variance == pytest.approx(0.75**2 / 12)
