"""Laws asked far out: tiny, huge and infinite times, heights and horizons have their right value, soon and without a warning."""

import numpy as np
import pytest
from scipy import special

from survsim.distributions import (
    Accelerated,
    Exponential,
    GeneralisedGamma,
    Gompertz,
    LogLogistic,
    LogNormal,
    Mixture,
    MixtureCure,
    PiecewiseExponential,
    ProportionalHazards,
    ResidualLife,
    RoystonParmar,
    TimeVaryingEffect,
    Weibull,
    WithBackground,
)

UNIT = {"time_unit": "months"}
HEIGHTS = np.array(
    [0.0, 5e-324, 1e-300, 1e-30, 1e-10, 0.5, 599.0, 601.0, 1e4, 1e10, 1e30, 1e100, 1e300, 1.7e308, np.inf]
)
TIMES = np.array([0.0, 5e-324, 1e-300, 1e-5, 1.0, 100.0, 1e5, 1e10, 1e50, 1e300, 1.7e308, np.inf])
PLAIN = {
    "exponential": Exponential(rate=0.1, **UNIT),
    "no_hazard": Exponential(rate=0.0, **UNIT),
    "weibull": Weibull(shape=0.3, scale=10.0, **UNIT),
    "steep": Weibull(shape=50.0, scale=10.0, **UNIT),
    "gompertz": Gompertz(shape=0.1, rate=0.05, **UNIT),
    "falling": Gompertz(shape=-0.1, rate=0.05, **UNIT),
    "log_logistic": LogLogistic(shape=0.7, scale=10.0, **UNIT),
    "log_normal": LogNormal(meanlog=2.0, sdlog=1.0, **UNIT),
    "wide": LogNormal(meanlog=2.0, sdlog=100.0, **UNIT),
    "piecewise": PiecewiseExponential(breaks=(6.0,), rates=(0.1, 0.0), **UNIT),
    **{
        f"gamma_{q:g}": GeneralisedGamma(mu=3.0, sigma=0.8, q=q, **UNIT)
        for q in (0.0, 1e-8, 1e-3, -1e-3, 0.5, -0.5, 5.0, -5.0)
    },
    "narrow": GeneralisedGamma(mu=0.0, sigma=1e-3, q=1.0, **UNIT),
    **{
        f"spline_{scale}": RoystonParmar(
            knots=(0.0, 1.0, 3.0), coefficients=(-3.0, 1.0, 0.05), scale=scale, **UNIT
        )
        for scale in ("hazard", "odds", "normal")
    },
}
MADE = {
    "accelerated": lambda d: Accelerated(base=d, acceleration_factor=2.0),
    "half": lambda d: ProportionalHazards(base=d, hazard_ratio=0.5),
    "hardly": lambda d: ProportionalHazards(base=d, hazard_ratio=1e-200),
    "later": lambda d: ResidualLife(base=d, elapsed=6.0),
    "waning": lambda d: TimeVaryingEffect(base=d, breaks=(6.0,), hazard_ratios=(0.5, 1.0)),
    "background": lambda d: WithBackground(base=d, background=Exponential(rate=0.001, **UNIT)),
    "mixture": lambda d: Mixture(weights=(0.3, 0.7), components=(d, Exponential(rate=0.2, **UNIT))),
    "cured": lambda d: MixtureCure(cure_fraction=0.3, latency=d),
    "years": lambda d: d.to_unit("years"),
}
LAWS = PLAIN | {
    f"{how}_{name}": make(PLAIN[name])
    for how, make in MADE.items()
    for name in ("weibull", "gamma_0.5", "gamma_-0.5", "spline_normal", "falling", "gompertz")
}


def neighbours(law, time):
    """H a little before and after: what a time in floating point can tell apart."""
    return law.cumulative_hazard(time * (1 - 1e-9)), law.cumulative_hazard(time * (1 + 1e-9))


@pytest.mark.parametrize("name", LAWS)
def test_a_height_is_found_again_at_its_time(name):
    law = LAWS[name]
    found = law.inverse_cumulative_hazard(HEIGHTS)
    assert not np.isnan(found).any()
    assert (found[1:] >= found[:-1] * (1 - 1e-9)).all()
    inside = (found > 1e-290) & (found < 1e290) & (HEIGHTS > 1e-8) & (HEIGHTS < 1e306)
    low, high = neighbours(law, found[inside])
    assert (low <= HEIGHTS[inside] * (1 + 1e-6)).all()
    assert (high >= HEIGHTS[inside] * (1 - 1e-6)).all()
    for height, time in zip(HEIGHTS, found):
        np.testing.assert_allclose(law.inverse_cumulative_hazard(height), time, rtol=1e-9, atol=1e-290)


@pytest.mark.parametrize("name", LAWS)
def test_curves_have_a_value_at_every_time(name):
    law = LAWS[name]
    for ask in (law.survival, law.cumulative_hazard, law.hazard, law.density):
        assert not np.isnan(ask(TIMES)).any(), ask
        for time in TIMES:
            assert not np.isnan(ask(float(time))).any(), (ask, time)
    assert (np.diff(law.survival(TIMES)) <= 1e-15).all()


@pytest.mark.parametrize("name", LAWS)
def test_a_restricted_mean_rises_to_the_mean(name):
    law = LAWS[name]
    found = law.rmst(TIMES)
    assert not np.isnan(found).any()
    assert (found[1:] >= found[:-1] * (1 - 1e-6)).all()
    mean = float(law.mean())
    np.testing.assert_allclose(found[-1], mean, rtol=1e-6)
    if mean < 1e4 and float(law.survival(1e10)) < 1e-12:
        np.testing.assert_allclose(found[-3:-1], mean, rtol=1e-4)


@pytest.mark.parametrize("q", [0.5, 1.0, 5.0, -0.5, -1.0, -5.0])
@pytest.mark.parametrize("height", [700.0, 1e4, 1e10])
def test_the_far_inverse_of_the_generalised_gamma_against_the_series_of_its_tails(q, height):
    """Above, Q = x^(a - 1) exp(-x) / Gamma(a) (1 + (a - 1)/x + ...), asymptotic; below, P = x^a / Gamma(a + 1) (1 - ...)."""
    law = GeneralisedGamma(mu=0.0, sigma=1e-9, q=q, **UNIT)
    a = q**-2.0
    if q > 0:
        w = float(np.log(law.inverse_cumulative_hazard(height))) / 1e-9
        x = a * np.exp(q * w)
        ratios = np.cumprod((a - np.arange(1, 12)) / x)
        again = x - (a - 1) * np.log(x) + special.gammaln(a) - np.log1p(ratios.sum())
        np.testing.assert_allclose(again, height, rtol=1e-6)
    else:
        wider = GeneralisedGamma(mu=0.0, sigma=30.0 / height, q=q, **UNIT)
        w = float(np.log(wider.inverse_cumulative_hazard(height))) * height / 30.0
        y = np.log(a) + q * w
        again = -a * y + special.gammaln(a + 1) - np.log1p(-a / (a + 1) * np.exp(y))
        np.testing.assert_allclose(again, height, rtol=1e-12)


def test_the_log_normal_inside_the_generalised_gamma_has_its_own_inverse():
    law = GeneralisedGamma(mu=0.0, sigma=1e-152, q=0.0, **UNIT)
    np.testing.assert_allclose(
        np.log(law.inverse_cumulative_hazard(1e300)), 1e-152 * -special.ndtri_exp(-1e300), rtol=1e-12
    )


def test_a_steep_fall_far_before_the_horizon_is_not_missed():
    law = GeneralisedGamma(mu=0.0, sigma=1e-3, q=1.0, **UNIT)
    np.testing.assert_allclose(law.rmst([2.0, 100.0, 1e50]), special.gamma(1.001), rtol=1e-9)


def test_patients_with_their_own_laws_and_horizons_are_each_right():
    scale = np.array([1e-3, 10.0, 1e5])
    many = GeneralisedGamma(mu=np.log(scale), sigma=0.5, q=0.5, **UNIT)
    horizon = np.array([1.0, 5.0, 1e30])
    each = [GeneralisedGamma(mu=float(np.log(s)), sigma=0.5, q=0.5, **UNIT) for s in scale]
    np.testing.assert_allclose(many.rmst(horizon), [d.rmst(t) for d, t in zip(each, horizon)], rtol=1e-12)
    np.testing.assert_allclose(many.mean(), [d.mean() for d in each], rtol=1e-12)


def test_a_mixture_is_known_where_its_survival_underflows():
    law = Mixture(
        weights=(0.5, 0.5), components=(Exponential(rate=1.0, **UNIT), Exponential(rate=2.0, **UNIT))
    )
    np.testing.assert_allclose(
        law.cumulative_hazard([1e4, 1e10]), [1e4 + np.log(2), 1e10 + np.log(2)], rtol=1e-15
    )
