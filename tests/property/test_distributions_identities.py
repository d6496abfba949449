"""Identities every survival distribution obeys, at parameters chosen by hypothesis."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from survsim.core.distributions import (
    Accelerated,
    Exponential,
    GeneralisedGamma,
    Gompertz,
    HazardDistribution,
    LogLogistic,
    LogNormal,
    MixtureCure,
    PiecewiseExponential,
    ProportionalHazards,
    ResidualLife,
    RoystonParmar,
    SurvivalDistribution,
    TimeVaryingEffect,
    Weibull,
    WithBackground,
)

UNIT = "months"


def number(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


FAMILIES = st.one_of(
    st.builds(Exponential, rate=number(1e-3, 3), time_unit=st.just(UNIT)),
    st.builds(Weibull, shape=number(0.3, 5), scale=number(0.1, 200), time_unit=st.just(UNIT)),
    st.builds(Gompertz, shape=number(-0.5, 0.5), rate=number(1e-3, 1), time_unit=st.just(UNIT)),
    st.builds(LogNormal, meanlog=number(-2, 5), sdlog=number(0.1, 3), time_unit=st.just(UNIT)),
    st.builds(LogLogistic, shape=number(0.3, 6), scale=number(0.1, 200), time_unit=st.just(UNIT)),
    st.builds(
        GeneralisedGamma,
        mu=number(-2, 5),
        sigma=number(0.2, 2),
        q=st.one_of(number(-2, 2), number(-2e-3, 2e-3)),
        time_unit=st.just(UNIT),
    ),
    st.builds(
        PiecewiseExponential,
        breaks=st.just([2.0, 5.0, 20.0]),
        rates=st.lists(number(0.01, 1), min_size=4, max_size=4),
        time_unit=st.just(UNIT),
    ),
    st.builds(
        RoystonParmar,
        knots=st.just(np.log([1.0, 5.0, 40.0])),
        coefficients=st.tuples(number(-4, 1), number(0.8, 2), number(-0.02, 0.02)),
        shift=number(-1, 1),
        scale=st.sampled_from(["hazard", "odds", "normal"]),
        time_unit=st.just(UNIT),
    ),
)
DISTRIBUTIONS = st.recursive(
    FAMILIES,
    lambda inner: st.one_of(
        st.builds(ProportionalHazards, base=inner, hazard_ratio=number(0.2, 4)),
        st.builds(Accelerated, base=inner, acceleration_factor=number(0.2, 4)),
        st.builds(
            TimeVaryingEffect,
            base=inner,
            breaks=st.just([3.0, 9.0]),
            hazard_ratios=st.lists(number(0.2, 3), min_size=3, max_size=3),
        ),
        st.builds(ResidualLife, base=inner, elapsed=number(0, 5)),
        st.builds(MixtureCure, cure_fraction=number(0, 0.8), latency=inner),
        st.builds(WithBackground, base=inner, background=FAMILIES),
    ),
    max_leaves=2,
)
SHARES = np.array([0.02, 0.3, 0.7, 0.97])


def reachable(d: HazardDistribution) -> np.ndarray:
    """Event times at some shares, those the distribution reaches, kept in a calm range."""
    t = d.quantile(SHARES)
    return t[np.isfinite(t) & (t > 1e-8) & (t < 1e8)]


@settings(deadline=None, max_examples=60)
@given(DISTRIBUTIONS)
def test_survival_is_exp_of_minus_cumulative_hazard_and_falls_from_one(d: HazardDistribution) -> None:
    t = np.concatenate([[0.0], np.geomspace(1e-3, 300, 40)])
    s = d.survival(t)
    assert isinstance(d, SurvivalDistribution)
    np.testing.assert_allclose(s, np.exp(-d.cumulative_hazard(t)), rtol=1e-10, atol=1e-300)
    assert s[0] == 1.0
    assert (np.diff(s) <= 1e-15).all()


@settings(deadline=None, max_examples=60)
@given(DISTRIBUTIONS)
def test_hazard_is_the_derivative_of_cumulative_hazard(d: HazardDistribution) -> None:
    t = reachable(d)
    jumps = d._jumps()
    t = t[(np.abs(np.subtract.outer(t, jumps)) > 1e-3 * t[:, None]).all(axis=1)]
    step = 2e-4 * t
    ahead, behind = d.cumulative_hazard(t + step), d.cumulative_hazard(t - step)
    ahead2, behind2 = d.cumulative_hazard(t + 2 * step), d.cumulative_hazard(t - 2 * step)
    slope = (8 * (ahead - behind) - (ahead2 - behind2)) / (12 * step)
    noise = 4e-15 * np.abs(ahead) / step
    np.testing.assert_array_less(np.abs(slope - d.hazard(t)), 2e-6 * d.hazard(t) + 10 * noise + 1e-12)


@settings(deadline=None, max_examples=60)
@given(DISTRIBUTIONS)
def test_quantile_inverts_survival(d: HazardDistribution) -> None:
    t = d.quantile(SHARES)
    reached = np.isfinite(t) & (t > 1e-280)
    np.testing.assert_allclose(d.survival(t[reached]), 1 - SHARES[reached], rtol=1e-9)
    beyond = d.survival(1e250)
    assert (1 - SHARES[np.isinf(t)] <= beyond + 1e-9).all()


@settings(deadline=None, max_examples=60)
@given(DISTRIBUTIONS, number(1e-6, 1.0), number(0.0, 60.0))
def test_sample_after_is_conditional_survival(d: HazardDistribution, u: float, t: float) -> None:
    drawn = float(d.sample_after(u, t))
    assert drawn >= t
    if np.isfinite(drawn) and drawn > t * (1 + 1e-6) and d.survival(t) > 1e-200:
        assert float(d.survival(drawn) / d.survival(t)) == pytest.approx(u, rel=1e-7, abs=1e-12)


@settings(deadline=None, max_examples=15)
@given(DISTRIBUTIONS, number(1.0, 50.0))
def test_rmst_is_the_area_under_survival(d: HazardDistribution, tau: float) -> None:
    inner = [j for j in d._jumps() if 0 < j < tau]
    edges = np.unique([0.0, *(tau * 0.5 ** np.arange(30)), *inner])
    area = sum(integrate.quad(d.survival, a, b, epsabs=1e-12)[0] for a, b in itertools.pairwise(edges))
    assert float(d.rmst(tau)) == pytest.approx(area, rel=1e-8)


@settings(deadline=None, max_examples=30)
@given(DISTRIBUTIONS)
def test_another_unit_is_the_same_law(d: HazardDistribution) -> None:
    years = d.to_unit("years")
    assert years.time_unit == "years"
    np.testing.assert_allclose(years.survival([0.5, 2.0]), d.survival([6.0, 24.0]), rtol=1e-12)
    t = d.quantile(0.3)
    np.testing.assert_allclose(years.quantile(0.3), t / 12, rtol=1e-9)
