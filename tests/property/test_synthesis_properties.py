"""Identities that pooling, curves and reconstruction keep for any data."""

import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from survsim import Surv, effect_size, kaplan_meier, meta_analysis, pooled_survival_curve, reconstruct_ipd

quick = settings(deadline=None, max_examples=40)
effects = st.lists(st.tuples(st.floats(-2, 2), st.floats(0.05, 1.0)), min_size=3, max_size=12)
methods = st.sampled_from(["fixed", "DL", "PM", "REML", "SJ"])


@quick
@given(effects, methods, st.floats(-3, 3), st.floats(0.2, 5))
def test_pooling_moves_with_the_scale(rows, method, shift, factor):
    y, s = np.array(rows).T
    a = meta_analysis(y, s, method=method)
    b = meta_analysis(factor * y + shift, factor * s, method=method)
    assert b.estimate == pytest.approx(factor * a.estimate + shift, abs=1e-6)
    assert b.std_error == pytest.approx(factor * a.std_error, rel=1e-5)
    assert b.tau2 == pytest.approx(factor**2 * a.tau2, rel=1e-4, abs=1e-8)


@quick
@given(effects, methods)
@pytest.mark.filterwarnings("ignore:the estimates agree to rounding")
def test_order_of_intervals_and_weights(rows, method):
    y, s = np.array(rows).T
    pooled = meta_analysis(y, s, method=method)
    assert y.min() - 1e-9 <= pooled.estimate <= y.max() + 1e-9
    assert (
        pooled.prediction_low
        <= pooled.conf_low
        < pooled.estimate
        < pooled.conf_high
        <= pooled.prediction_high
    )
    assert pooled.weights.sum() == pytest.approx(1)
    assert 0 <= pooled.i2 < 100
    assert (
        pooled.std_error >= meta_analysis(y, s, method=method, conf_method="knapp-hartung").std_error - 1e-12
    )


@quick
@given(effects, methods, st.integers(0, 11))
def test_a_duplicate_through_a_cluster_narrows_nothing(rows, method, which):
    y, s = np.array(rows).T
    i = which % y.size
    once = meta_analysis(y, s, method=method)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twice = meta_analysis(
            np.append(y, y[i]), np.append(s, s[i]), method=method, clusters=[*range(y.size), i]
        )
    assert twice.conf_high - twice.conf_low >= (once.conf_high - once.conf_low) * (1 - 1e-9)
    assert twice.prediction_high - twice.prediction_low >= (once.prediction_high - once.prediction_low) * (
        1 - 1e-9
    )


@quick
@given(st.floats(0.1, 8), st.floats(0.02, 1.5), st.floats(0.5, 0.999))
def test_an_interval_gives_back_its_standard_error(ratio, error, level):
    from scipy.special import ndtri

    z = float(ndtri(0.5 + level / 2))
    e = effect_size(
        hazard_ratio=ratio,
        conf_low=ratio * np.exp(-z * error),
        conf_high=ratio * np.exp(z * error),
        conf_level=level,
    )
    assert e.std_error == pytest.approx(error, rel=1e-9)
    assert not e.flagged


@quick
@given(
    st.lists(st.lists(st.floats(0.5, 0.98), min_size=3, max_size=3), min_size=3, max_size=6),
    st.sampled_from(["fixed", "random"]),
    st.sampled_from(["arcsine", "log", "log-log"]),
)
def test_pooled_curves_fall_and_keep_their_order(conditional, kind, transform):
    curves = np.cumprod(np.array(conditional), axis=1)
    k = curves.shape[0]
    pooled = pooled_survival_curve(
        np.repeat([f"s{i}" for i in range(k)], 3),
        np.tile([6, 12, 18], k),
        curves.ravel(),
        # a tenth of those at risk is lost to follow-up in each interval
        (0.9 ** np.arange(3) * 60 * np.column_stack([np.ones(k), curves[:, :2]])).ravel(),
        unit="months",
        effects=kind,
        conf_transform=transform,
        n_draws=200,
    )
    assert np.all(np.diff(pooled.survival) < 0)
    assert np.all(pooled.prediction_low <= pooled.conf_low + 1e-12)
    assert np.all(pooled.conf_low < pooled.survival)
    assert np.all(pooled.survival < pooled.conf_high)
    assert np.all(pooled.conf_high <= pooled.prediction_high + 1e-12)


@quick
@given(st.integers(0, 10**6), st.integers(5, 150), st.booleans())
def test_reconstruction_meets_curve_and_risk_table(seed, n, censored):
    rng = np.random.default_rng(seed)
    event_time = np.round(rng.exponential(20, n), 2) + 0.01
    limit = rng.uniform(5, 60, n) if censored else np.full(n, 48.0)
    time, event = np.minimum(event_time, limit), event_time <= limit
    assume(event.any())
    km = kaplan_meier(Surv.right(time, event, unit="months"))
    drops = km.n_event > 0
    grid = np.arange(0, 48, 6.0)
    at_risk = (time[None, :] >= grid[:, None]).sum(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        r = reconstruct_ipd(
            (km.time[drops], km.estimate[drops]),
            at_risk=(grid[at_risk > 0], at_risk[at_risk > 0]),
            unit="months",
            n_event=int(event.sum()),
        )
    assert r.time.size == n
    np.testing.assert_array_equal(r.fitted_at_risk, r.at_risk)
    if not censored:
        assert r.max_absolute_error < 1e-8
        again = kaplan_meier(r.surv())
        np.testing.assert_allclose(again.survival_at(km.time[drops]).estimate, km.estimate[drops], atol=1e-8)
