"""Distributions: hand values, scipy.stats as independent source, edges, messages."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from survsim.distributions import (
    Accelerated,
    Exponential,
    GeneralisedGamma,
    Gompertz,
    LogLogistic,
    LogNormal,
    MixtureCure,
    PiecewiseExponential,
    ProportionalHazards,
    ResidualLife,
    RoystonParmar,
    TimeVaryingEffect,
    Weibull,
    WithBackground,
)
from survsim.errors import InputError

U = "months"
T = np.array([0.1, 1.0, 7.5, 30.0, 90.0])

PAIRS = [
    (Exponential(rate=0.2, time_unit=U), stats.expon(scale=5.0)),
    (Weibull(shape=1.7, scale=12.0, time_unit=U), stats.weibull_min(1.7, scale=12.0)),
    (Weibull(shape=0.6, scale=12.0, time_unit=U), stats.weibull_min(0.6, scale=12.0)),
    (Gompertz(shape=0.05, rate=0.02, time_unit=U), stats.gompertz(0.4, scale=20.0)),
    (LogNormal(meanlog=2.0, sdlog=0.9, time_unit=U), stats.lognorm(0.9, scale=np.exp(2.0))),
    (LogLogistic(shape=1.8, scale=9.0, time_unit=U), stats.fisk(1.8, scale=9.0)),
    # scipy: gengamma(a, c) is X^(1/c) of a gamma(a); here a = q^-2, c = q / sigma
    (
        GeneralisedGamma(mu=2.0, sigma=0.8, q=0.5, time_unit=U),
        stats.gengamma(4.0, 0.625, scale=np.exp(2.0) * 0.25 ** (0.8 / 0.5)),
    ),
    (
        GeneralisedGamma(mu=2.0, sigma=0.8, q=-0.7, time_unit=U),
        stats.gengamma(0.49**-1.0, -0.875, scale=np.exp(2.0) * 0.49 ** (-0.8 / 0.7)),
    ),
]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda x: type(x).__name__)
def test_against_scipy_stats(ours, theirs) -> None:
    np.testing.assert_allclose(ours.survival(T), theirs.sf(T), rtol=1e-11)
    np.testing.assert_allclose(ours.density(T), theirs.pdf(T), rtol=1e-10)
    np.testing.assert_allclose(ours.cumulative_hazard(T), -theirs.logsf(T), rtol=1e-9)
    p = np.array([1e-6, 0.1, 0.5, 0.99])
    np.testing.assert_allclose(ours.quantile(p), theirs.ppf(p), rtol=1e-9)
    assert float(ours.mean()) == pytest.approx(theirs.mean(), rel=1e-9)


def test_generalised_gamma_contains_weibull_gamma_and_log_normal() -> None:
    weibull = GeneralisedGamma(mu=np.log(12.0), sigma=0.5, q=1.0, time_unit=U)
    np.testing.assert_allclose(
        weibull.survival(T), Weibull(shape=2.0, scale=12.0, time_unit=U).survival(T), rtol=1e-12, atol=1e-300
    )
    gamma = GeneralisedGamma(mu=2.0, sigma=0.5, q=0.5, time_unit=U)
    np.testing.assert_allclose(gamma.survival(T), stats.gamma(4.0, scale=np.exp(2.0) / 4).sf(T), rtol=1e-12)
    normal = LogNormal(meanlog=2.0, sdlog=0.8, time_unit=U)
    for q in (0.0, 1e-9, -1e-9):
        near = GeneralisedGamma(mu=2.0, sigma=0.8, q=q, time_unit=U)
        np.testing.assert_allclose(near.survival(T), normal.survival(T), rtol=1e-7)
        np.testing.assert_allclose(near.hazard(T), normal.hazard(T), rtol=1e-7)


def test_generalised_gamma_does_not_jump_where_its_formula_changes() -> None:
    t = np.geomspace(0.2, 500, 50)
    for sign in (-1, 1):
        inside = GeneralisedGamma(mu=2.0, sigma=0.8, q=sign * 4.999999e-3, time_unit=U)
        outside = GeneralisedGamma(mu=2.0, sigma=0.8, q=sign * 5.000001e-3, time_unit=U)
        np.testing.assert_allclose(inside.cumulative_hazard(t), outside.cumulative_hazard(t), rtol=1e-6)
        np.testing.assert_allclose(
            inside.inverse_cumulative_hazard(2.0), outside.quantile(1 - np.exp(-2)), rtol=1e-7
        )


def test_generalised_gamma_keeps_its_far_tail() -> None:
    d = GeneralisedGamma(mu=0.0, sigma=0.5, q=1.0, time_unit=U)
    np.testing.assert_allclose(d.cumulative_hazard([30.0, 60.0]), [900.0, 3600.0], rtol=1e-10)
    np.testing.assert_allclose(d.inverse_cumulative_hazard([900.0, 3600.0]), [30.0, 60.0], rtol=1e-10)


def test_royston_parmar_with_two_knots_is_the_simple_family() -> None:
    knots = np.log([3.0, 70.0])
    shape, scale = 1.3, 20.0
    line = [-shape * np.log(scale), shape]
    cases = {
        "hazard": Weibull(shape=shape, scale=scale, time_unit=U),
        "odds": LogLogistic(shape=shape, scale=scale, time_unit=U),
        "normal": LogNormal(meanlog=np.log(scale), sdlog=1 / shape, time_unit=U),
    }
    for name, simple in cases.items():
        d = RoystonParmar(knots=knots, coefficients=line, scale=name, time_unit=U)
        np.testing.assert_allclose(d.cumulative_hazard(T), simple.cumulative_hazard(T), rtol=1e-12)
        np.testing.assert_allclose(d.hazard(T), simple.hazard(T), rtol=1e-11)
        np.testing.assert_allclose(d.quantile(0.3), simple.quantile(0.3), rtol=1e-12)


def test_royston_parmar_draws_and_patients_broadcast() -> None:
    knots = np.log([2.0, 10.0, 60.0])
    rows = np.array([[-3.0, 1.2, 0.01], [-2.5, 1.0, -0.01]])
    many = RoystonParmar(knots=knots, coefficients=rows, shift=[0.1, -0.2], time_unit=U)
    for i, shift in enumerate([0.1, -0.2]):
        one = RoystonParmar(knots=knots, coefficients=rows[i], shift=shift, time_unit=U)
        assert many.survival(15.0)[i] == pytest.approx(float(one.survival(15.0)), rel=1e-13)
        assert many.quantile(0.4)[i] == pytest.approx(float(one.quantile(0.4)), rel=1e-12)
        assert float(many.take(i).survival(15.0)) == many.survival(15.0)[i]


def test_piecewise_by_hand() -> None:
    d = PiecewiseExponential(breaks=[2.0, 5.0], rates=[0.1, 0.0, 0.3], time_unit=U)
    np.testing.assert_allclose(d.cumulative_hazard([1, 2, 4, 5, 7]), [0.1, 0.2, 0.2, 0.2, 0.8])
    np.testing.assert_allclose(d.inverse_cumulative_hazard([0.1, 0.2, 0.8, 0.0]), [1, 2, 7, 0])
    np.testing.assert_array_equal(d.hazard([2.0, 2.5, 5.5]), [0.1, 0.0, 0.3])
    expected = (1 - np.exp(-0.2)) / 0.1 + 3 * np.exp(-0.2) + np.exp(-0.2) * (1 - np.exp(-0.6)) / 0.3
    assert float(d.rmst(7.0)) == pytest.approx(expected, rel=1e-13)
    assert float(d.mean()) == pytest.approx(
        (1 - np.exp(-0.2)) / 0.1 + np.exp(-0.2) * (3 + 1 / 0.3), rel=1e-13
    )


def test_piecewise_with_a_last_rate_of_zero_never_ends() -> None:
    d = PiecewiseExponential(breaks=[2.0], rates=[0.1, 0.0], time_unit=U)
    assert d.quantile(0.5) == np.inf
    assert d.survival(np.inf) == pytest.approx(np.exp(-0.2))
    assert d.mean() == np.inf


def test_piecewise_with_rates_per_patient_equals_one_at_a_time() -> None:
    rates = np.random.default_rng(5).uniform(0.01, 0.4, (30, 3))
    together = PiecewiseExponential(breaks=[3.0, 8.0], rates=rates, time_unit=U)
    t = np.linspace(0.2, 20, 30)
    h = np.linspace(0.01, 3, 30)
    for i in range(30):
        one = PiecewiseExponential(breaks=[3.0, 8.0], rates=rates[i], time_unit=U)
        assert together.cumulative_hazard(t)[i] == pytest.approx(
            float(one.cumulative_hazard(t[i])), rel=1e-13
        )
        assert together.hazard(t)[i] == one.hazard(t[i])
        assert together.inverse_cumulative_hazard(h)[i] == pytest.approx(
            float(one.inverse_cumulative_hazard(h[i])), rel=1e-13
        )


def test_time_varying_effect_on_an_exponential_is_piecewise() -> None:
    base = Exponential(rate=0.2, time_unit=U)
    waning = TimeVaryingEffect(base=base, breaks=[3.0, 9.0], hazard_ratios=[0.5, 0.8, 1.0])
    plain = PiecewiseExponential(breaks=[3.0, 9.0], rates=[0.1, 0.16, 0.2], time_unit=U)
    np.testing.assert_allclose(waning.cumulative_hazard(T), plain.cumulative_hazard(T), rtol=1e-13)
    np.testing.assert_allclose(waning.quantile([0.1, 0.4, 0.9]), plain.quantile([0.1, 0.4, 0.9]), rtol=1e-13)


def test_time_varying_effect_with_patients_on_both_sides() -> None:
    base = Weibull(shape=1.3, scale=np.array([5.0, 20.0]), time_unit=U)
    d = TimeVaryingEffect(base=base, breaks=[4.0], hazard_ratios=np.array([[1.0, 0.5], [2.0, 1.0]]))
    t = np.array([10.0, 10.0])
    h4, h10 = base.cumulative_hazard(4.0), base.cumulative_hazard(10.0)
    expected = np.array([h4[0] + 0.5 * (h10 - h4)[0], 2 * h4[1] + (h10 - h4)[1]])
    np.testing.assert_allclose(d.cumulative_hazard(t), expected, rtol=1e-13)
    np.testing.assert_allclose(d.inverse_cumulative_hazard(expected), t, rtol=1e-13)


def test_cure_splits_the_population() -> None:
    latency = Weibull(shape=1.5, scale=10.0, time_unit=U)
    d = MixtureCure(cure_fraction=0.3, latency=latency)
    np.testing.assert_allclose(d.survival(T), 0.3 + 0.7 * latency.survival(T), rtol=1e-14)
    assert d.sample(0.25) == np.inf
    assert d.sample(0.3) == np.inf
    assert np.isfinite(d.sample(0.31))
    assert d.mean() == np.inf
    assert float(MixtureCure(cure_fraction=0.0, latency=latency).mean()) == pytest.approx(
        float(latency.mean())
    )


def test_gompertz_with_falling_hazard_leaves_a_cured_share() -> None:
    d = Gompertz(shape=-0.5, rate=0.2, time_unit=U)
    assert float(d.survival(1e6)) == pytest.approx(np.exp(-0.4))
    assert d.inverse_cumulative_hazard(0.41) == np.inf
    assert np.isfinite(d.inverse_cumulative_hazard(0.39))
    assert d.mean() == np.inf


def test_background_with_cure_on_both_sides_is_still_reached() -> None:
    # neither part alone reaches h = 0.9, the sum does
    part = PiecewiseExponential(breaks=[10.0], rates=[0.05, 0.0], time_unit=U)
    d = WithBackground(base=part, background=part)
    np.testing.assert_allclose(d.inverse_cumulative_hazard([0.9, 0.0]), [9.0, 0.0], rtol=1e-13)
    assert d.inverse_cumulative_hazard(1.1) == np.inf


def test_residual_life_of_an_exponential_forgets() -> None:
    d = ResidualLife(base=Exponential(rate=0.1, time_unit=U), elapsed=np.array([0.0, 40.0]))
    np.testing.assert_allclose(d.survival(5.0), np.exp(-0.5), rtol=1e-14)


def test_mean_by_quadrature_agrees_with_closed_forms() -> None:
    same = ProportionalHazards(base=Weibull(shape=1.5, scale=10.0, time_unit=U), hazard_ratio=2.0)
    closed = Weibull(shape=1.5, scale=10.0 * 2.0 ** (-1 / 1.5), time_unit=U)
    assert float(same.mean()) == pytest.approx(float(closed.mean()), rel=1e-12)
    heavy = ProportionalHazards(base=LogLogistic(shape=0.9, scale=10.0, time_unit=U), hazard_ratio=1.0)
    assert heavy.mean() == np.inf


@pytest.mark.parametrize("pair", PAIRS[:6], ids=lambda p: type(p[0]).__name__)
def test_origin_and_infinity(pair) -> None:
    d = pair[0]
    assert d.survival(0.0) == 1.0
    assert d.survival(-1.0) == 1.0
    assert d.survival(np.inf) == 0.0
    assert d.sample(1.0) == 0.0
    assert not np.isnan(d.hazard([0.0, 1e-9, 1e6])).any()


def test_generalised_gamma_at_the_origin() -> None:
    for q in (-0.5, 0.0, 0.5, 2.0):
        d = GeneralisedGamma(mu=1.0, sigma=0.8, q=q, time_unit=U)
        assert d.survival(0.0) == 1.0
        assert d.hazard(0.0) == (np.inf if q == 2.0 else 0.0)
        assert d.sample(1.0) == 0.0
    constant = GeneralisedGamma(mu=1.0, sigma=1.0, q=1.0, time_unit=U)
    assert float(constant.hazard(0.0)) == pytest.approx(np.exp(-1.0))


def test_take_gives_the_distribution_of_one_draw() -> None:
    d = WithBackground(
        base=Weibull(shape=1.2, scale=np.array([5.0, 9.0, 14.0]), time_unit=U),
        background=PiecewiseExponential(breaks=[12.0], rates=[0.01, 0.02], time_unit=U),
    )
    assert d.take(2).survival(10.0) == d.survival(10.0)[2]
    np.testing.assert_array_equal(d.take([2, 0]).survival(10.0), d.survival(10.0)[[2, 0]])


def test_accelerated_runs_time_faster() -> None:
    base = LogNormal(meanlog=2.0, sdlog=0.5, time_unit=U)
    d = Accelerated(base=base, acceleration_factor=2.0)
    assert float(d.quantile(0.5)) == pytest.approx(np.exp(2.0) / 2)
    assert float(d.mean()) == pytest.approx(float(base.mean()) / 2)


MESSAGES = [
    (lambda: Weibull(shape=1.0, scale=0.0, time_unit=U), r"Weibull: scale must be finite and above 0; got 0"),
    (lambda: Weibull(shape=[1.0, -2.0], scale=1.0, time_unit=U), r"got -2 at position 1"),
    (lambda: Exponential(rate=np.nan, time_unit=U), r"rate must be finite and at least 0; got nan"),
    (lambda: Exponential(rate="fast", time_unit=U), r"rate must be a number"),
    (lambda: Exponential(rate=0.1, time_unit="month"), r"unit must be one of days"),
    (
        lambda: PiecewiseExponential(breaks=[5, 2], rates=[1, 1, 1], time_unit=U),
        r"breaks must be one increasing",
    ),
    (
        lambda: PiecewiseExponential(breaks=[5], rates=[1, 1, 1], time_unit=U),
        r"make 2 pieces, but rates has 3",
    ),
    (lambda: MixtureCure(cure_fraction=1.2, latency=PAIRS[0][0]), r"cure_fraction must be between 0 and 1"),
    (lambda: ProportionalHazards(base=0.1, hazard_ratio=1.0), r"base must be a distribution .* got float"),
    (
        lambda: WithBackground(base=PAIRS[0][0], background=Exponential(rate=1.0, time_unit="years")),
        r"Use background.to_unit\('months'\)",
    ),
    (lambda: RoystonParmar(knots=[1.0, 0.0], coefficients=[0, 1], time_unit=U), r"increasing log times"),
    (
        lambda: RoystonParmar(knots=[0.0, 1.0], coefficients=[0, 1, 2], time_unit=U),
        r"2 knots need 2 coefficients",
    ),
    (lambda: RoystonParmar(knots=[0.0, 1.0], coefficients=[0, -1], time_unit=U), r"survival would rise"),
]


@pytest.mark.parametrize(("make", "message"), MESSAGES)
def test_messages(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_generalised_gamma_near_log_normal_is_smooth_far_out() -> None:
    for q in (-0.004, -1e-5, 0.0, 1e-5, 0.004):
        d = GeneralisedGamma(mu=0.0, sigma=0.5, q=q, time_unit=U)
        height = d.cumulative_hazard(np.exp(np.array([0.0, 5.0, 15.0, 19.0, 21.0, 24.0, 26.0, 200.0])))
        assert (np.diff(height) > 0).all() or np.isinf(height[-1])
        assert not np.isnan(height).any()
        np.testing.assert_array_equal(d.survival([0.0, 1e250, np.inf]), [1.0, 0.0, 0.0])
    # at w = 50 the two formulas meet
    inside = GeneralisedGamma(mu=0.0, sigma=1.0, q=0.0039999, time_unit=U)
    outside = GeneralisedGamma(mu=0.0, sigma=1.0, q=0.0040001, time_unit=U)
    a, b = inside.cumulative_hazard(np.exp(50.0)), outside.cumulative_hazard(np.exp(50.0))
    assert float(a) == pytest.approx(float(b), rel=1e-4)
