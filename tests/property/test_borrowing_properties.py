"""Identities of borrowing priors, the evidence model and selection that hold for any input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from survsim import borrow, case_in_context, evidence_model, map_prior, power_prior
from survsim.distributions import Exponential
from survsim.joint_model import Selection, corrected_survival, survival_term

FEW = settings(deadline=None, max_examples=25)
estimates = st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=1, max_size=8)


@FEW
@given(studies=estimates, scale=st.floats(0.05, 2), shift=st.floats(-5, 5), factor=st.floats(0.2, 5))
def test_map_prior_moves_and_scales_with_its_data(studies, scale, shift, factor):
    y, s = np.array(studies).T
    a = map_prior(y, s, tau_scale=scale)
    b = map_prior(shift + factor * y, factor * s, tau_scale=factor * scale)
    p = [0.05, 0.5, 0.95]
    assert b.quantile(p) == pytest.approx(
        shift + factor * a.quantile(p), rel=1e-6, abs=1e-6 * (factor + abs(shift))
    )


@FEW
@given(studies=estimates, scale=st.floats(0.05, 2))
def test_prediction_is_wider_than_the_mean(studies, scale):
    y, s = np.array(studies).T
    prior = map_prior(y, s, tau_scale=scale)
    assert prior.mixture.variance() > prior.mean_mixture.variance()
    assert prior.mixture.mean_value() == pytest.approx(prior.mean_mixture.mean_value(), abs=1e-9)


@FEW
@given(y=st.floats(-1, 1), s=st.floats(0.1, 1), power=st.floats(0.05, 1), new=st.floats(-0.5, 0.5))
def test_power_prior_borrows_its_share(y, s, power, new):
    posterior = borrow(power_prior([y], [s / np.sqrt(1.0)], power=power), new, 1.0)
    precision = power / s**2 + 1
    assert posterior.estimate == pytest.approx((power * y / s**2 + new) / precision, abs=1e-8)


@settings(deadline=None, max_examples=10)
@given(p=st.floats(0.2, 0.8), n=st.integers(20, 200), factor=st.sampled_from([0.25, 4.0]))
def test_evidence_model_does_not_care_for_the_unit(p, n, factor):
    """Months or quarters of another length: hazards scale, survival stays."""

    def fit(scale):
        terms = [survival_term([12 * scale, 24 * scale], [p, p * p], study="a", unit="months", n=n),
                 survival_term([12 * scale], [0.5], study="b", unit="months", n=40)]  # fmt: skip
        return evidence_model(terms, breaks=[12 * scale], study_sd=0.3).predict(draws=200)

    a, b = fit(1.0), fit(factor)
    assert b.predictive_survival([18 * factor]) == pytest.approx(a.predictive_survival([18.0]), rel=1e-6)


@FEW
@given(strength=st.floats(0.05, 20), kind=st.sampled_from(["step", "gradual"]), rate=st.floats(0.02, 0.5))
def test_corrected_survival_is_a_survival_function(strength, kind, rate):
    law = Exponential(rate=rate, time_unit="months")
    t = np.linspace(0, 40, 41)
    s = corrected_survival(law, t, Selection(strength=strength, threshold=9.0, kind=kind))
    assert s[0] == pytest.approx(1.0) and (np.diff(s) <= 1e-12).all() and (s >= 0).all()
    plain = law.survival(t)
    assert (s <= plain + 1e-9).all() if strength >= 1 else (s >= plain - 1e-9).all()


@FEW
@given(time=st.floats(1, 30), rate=st.floats(0.02, 0.5))
def test_percentile_and_longer_add_up(time, rate):
    found = case_in_context(time, Exponential(rate=np.array([rate, 2 * rate]), time_unit="months"), unit="months",
                            shifts=(0.0,))  # fmt: skip
    assert found.percentile[0, 0] + 100 * found.longer[0, 0] == pytest.approx(100)
    assert found.shifted[0, 0] == pytest.approx(found.percentile[0])
