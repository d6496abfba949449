"""Probabilities of tails stay within 0 and 1, and keep their digits far out."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import nbinom

from survsim import borrow, map_prior, meta_analysis
from survsim.borrowing import gamma_prior, mixture_approximation
from survsim.core.tails import two_tails


def test_twice_the_smaller_tail_within_its_range():
    assert two_tails(0.02, 0.98) == 0.04
    assert two_tails(0.7, 0.6) == 1.0
    assert two_tails(1.0 + 2e-16, -2e-16) == 0.0


@pytest.mark.parametrize("estimate", [3.0, 5.0, 9.0, -9.0])
def test_the_conflict_of_data_far_from_their_prior_is_a_probability(estimate):
    prior = map_prior([0.1, 0.2], [0.1, 0.1], tau_scale=0.2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = borrow(prior, estimate, 0.1).conflict_p
    m = prior.mixture
    distance = np.abs(estimate - m.centre) / np.hypot(m.spread, 0.1)
    assert 0.0 < found < 1.0
    assert found == pytest.approx(2 * float(m.weight @ ndtr(-distance)), rel=1e-12)


@pytest.mark.parametrize("events", [0, 1, 4, 60, 400])
def test_the_conflict_of_a_rate_is_that_of_negative_binomial_tails(events):
    prior = gamma_prior(mixture_approximation(map_prior([-3.0, -2.5], [0.3, 0.3], tau_scale=0.5), components=2,
                                              family="gamma"))  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = borrow(prior, events=events, exposure=60.0).conflict_p
    m = prior.mixture
    law = nbinom(m.shape, m.rate / (m.rate + 60.0))
    low, high = float(m.weight @ law.cdf(events)), float(m.weight @ law.sf(events - 1))
    assert found == pytest.approx(min(1.0, 2 * min(low, high)), rel=1e-9)
    assert 0.0 < found <= 1.0


def test_the_p_value_of_one_study_under_a_prior_is_a_probability():
    with pytest.warns(UserWarning, match="half-normal prior"):
        far, farther = (
            meta_analysis([2.0], [0.01], tau_prior_scale=0.1),
            meta_analysis([4.0], [0.01], tau_prior_scale=0.1),
        )
    assert 0.0 < farther.p_value < far.p_value < 1e-9
