"""The sampler alone: against densities on a grid, where importance weights serve and where they must not be trusted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import genpareto

from survsim.calibration import DrawnLaw, FixedLaw, HalfNormalLaw, LogNormalLaw, NormalLaw, UniformLaw
from survsim.errors import InputError
from survsim.estimate.calibration import interpolation, pareto
from survsim.estimate.calibration.posterior import sample
from survsim.estimate.calibration.priors import law_of
from survsim.scenario import parameter_spec as spec


def bent(w):
    """Unit normal prior, and data that put w1 near 2 (w0^2 - 1): two arms."""
    return -0.5 * (w**2).sum(axis=1) - 0.5 * ((w[:, 1] - 2 * (w[:, 0] ** 2 - 1)) / 0.3) ** 2


def two_modes(w):
    one, other = ((-0.5 * ((w - at) ** 2).sum(axis=1) / 0.04) for at in (1.0, -1.0))
    return -0.5 * (w**2).sum(axis=1) + np.logaddexp(one, other + 1.0)


def on_a_grid(density):
    g = np.linspace(-4.5, 4.5, 901)
    points = np.stack([a.ravel() for a in np.meshgrid(g, g, indexing="ij")], axis=1)
    p = np.exp(density(points))
    return p @ points / p.sum(), p @ points**2 / p.sum()


def test_a_normal_posterior_needs_no_more_than_importance_weights():
    found = sample(
        lambda w: -0.5 * (w**2).sum(axis=1) - 0.5 * ((w - 1.0) ** 2).sum(axis=1) / 0.04, 6, size=2000, seed=1
    )
    assert found.method == "importance"
    assert found.pareto_k < 0.3
    assert found.effective > 1000
    np.testing.assert_allclose(found.weight @ found.w, 1 / 1.04, atol=0.02)
    np.testing.assert_allclose(np.diag(found.covariance), 1 / 26, rtol=1e-4)


@pytest.mark.parametrize("density", [bent, two_modes])
@pytest.mark.parametrize("seed", [1, 2])
def test_where_the_weights_are_poor_tempering_takes_over_and_is_right(density, seed):
    found = sample(density, 2, size=2000, seed=seed)
    assert found.method == "tempered"
    mean, square = on_a_grid(density)
    error = 5 * np.sqrt(np.maximum(square - mean**2, 0.01) / 400)
    assert np.all(np.abs(found.weight @ found.w - mean) < error)
    np.testing.assert_allclose(found.weight @ found.w**2, square, rtol=0.2)
    again = sample(density, 2, size=2000, seed=seed)
    np.testing.assert_array_equal(found.w, again.w)


@pytest.mark.parametrize("shape", [0.1, 0.5, 0.9])
def test_the_tail_of_known_weights(shape):
    over = np.sort(genpareto(shape, scale=2.0).rvs(20_000, random_state=np.random.default_rng(0)))
    found, scale = pareto.fit_tail(over)
    assert found == pytest.approx(shape, abs=0.04)
    assert scale == pytest.approx(2.0, rel=0.05)


def test_weights_whose_tail_is_too_heavy_say_so():
    rng = np.random.default_rng(4)
    w = rng.normal(size=2000)
    good = pareto.smoothed(-0.5 * w**2 / 0.9 + 0.5 * w**2)
    wide = pareto.smoothed(-0.5 * w**2 / 9.0 + 0.5 * w**2)
    assert good[1] < 0.3
    assert wide[1] > 0.7
    assert good[0].sum() == pytest.approx(1.0)
    flat, k = pareto.smoothed(np.zeros(100))
    assert k == -np.inf
    np.testing.assert_allclose(flat, 0.01)


def test_laws_are_functions_of_one_standard_normal():
    w = np.array([-1.959963984540054, 0.0, 1.959963984540054])
    np.testing.assert_allclose(LogNormalLaw(2.0, 0.5, 4.0).at(w), [0.5, 2.0, 4.0])
    np.testing.assert_allclose(UniformLaw(1.0, 3.0).at(w), [1.05, 2.0, 2.95])
    np.testing.assert_allclose(HalfNormalLaw(2.0).at(np.array([0.0])), 2.0 * 0.6744897501960817)
    x = HalfNormalLaw(1.0).at(np.array([-30.0, 9.0, 30.0]))
    assert np.all(np.isfinite(x)) and np.all(np.diff(x) > 0)
    drawn = DrawnLaw(np.exp(0.3 + 0.4 * np.random.default_rng(2).normal(size=20_000)))
    np.testing.assert_allclose(
        np.log(drawn.at(np.array([-3.0, -1.0, 0.0, 1.0, 3.0]))), [-0.9, -0.1, 0.3, 0.7, 1.5], atol=0.06
    )
    with pytest.raises(InputError, match="at least 100 positive"):
        DrawnLaw(np.array([1.0, -1.0] * 80))


def test_curves_between_their_points():
    t = np.linspace(0, 24, 25)
    rate = np.array([[0.05], [0.2]])
    log_curve = -rate * t - 0.001 * t**2
    x = np.array([0.3, 7.7, 23.9])
    np.testing.assert_allclose(interpolation.at(log_curve, 1.0, x), -rate * x - 0.001 * x**2, atol=1e-13)
    median = np.exp(interpolation.log_time_at(log_curve, 1.0))
    np.testing.assert_allclose((rate[:, 0] + 0.001 * median) * median, np.log(2), rtol=1e-12)
    late = interpolation.log_time_at(log_curve[:1, :6], 1.0)
    slope = 0.05 + 0.001 * 9
    assert np.exp(late[0]) == pytest.approx(5 + (np.log(2) - 0.275) / slope)
    np.testing.assert_allclose(interpolation.at(log_curve[:1, :6], 1.0, np.array([9.0])), -0.275 - 4 * slope)


def test_laws_as_a_scenario_file_declares_them():
    w = np.array([-1.0, 0.4])
    for declared, law in (
        (spec.Normal(law="normal", mean=1.0, sd=2.0), NormalLaw(1.0, 2.0)),
        (spec.LogNormal(law="lognormal", median=2.0, low=1.0, high=5.0), LogNormalLaw(2.0, 1.0, 5.0)),
        (spec.Uniform(law="uniform", low=1.0, high=3.0), UniformLaw(1.0, 3.0)),
        (spec.Fixed(law="fixed", value=4.0), FixedLaw(4.0)),
    ):
        np.testing.assert_array_equal(law_of(declared).at(w), law.at(w))
    with pytest.raises(InputError, match="cannot have the prior law 'beta'"):
        law_of(spec.Beta(law="beta", mean=0.3, worth=10))


def test_the_mode_does_not_hang_on_where_a_climb_ended():
    """Two ends of a climb a hundredth apart are polished to one mode and one covariance."""
    from survsim.estimate.calibration.laplace import _polished

    def log_density(w):
        return (
            -0.5 * (w**2).sum(axis=1) - 3 * np.exp(0.7 * w[:, 0] - w[:, 1]) + 2 * w[:, 0] - 0.1 * w[:, 1] ** 4
        )

    end = np.array([0.9, 0.6])
    first, spread = _polished(log_density, end)
    other, width = _polished(log_density, np.add(end, [0.01, -0.01]))
    np.testing.assert_allclose(first, other, rtol=0, atol=1e-11)
    np.testing.assert_allclose(spread, width, rtol=1e-9)
