"""Boundaries at looks that are very early or very close keep the level that was to be spent."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from survsim.errors import InputError
from survsim.estimate.resampling.group_sequential import spent
from survsim.trials import group_sequential_boundaries

DESIGNS = [
    [0.5, 1.0],
    [0.01, 1.0],
    [0.02, 0.04, 1.0],
    [0.5, 0.50001, 1.0],
    [0.3, 0.3001, 0.9, 1.0],
    [0.5, 0.999, 1.0],
    [0.001, 0.4, 0.4002, 1.0],
]


@pytest.mark.parametrize("spending", ["obrien-fleming", "pocock"])
@pytest.mark.parametrize("looks", DESIGNS)
def test_the_level_is_spent_as_planned(looks: list[float], spending: str) -> None:
    # Independent source: the multivariate normal law of the score, by scipy's integration.
    t = np.array(looks)
    bounds = np.minimum(group_sequential_boundaries(looks, spending=spending), 12.0)
    score = np.minimum.outer(t, t)
    edge = bounds * np.sqrt(t)
    for k in range(1, t.size + 1):
        law = multivariate_normal(np.zeros(k), score[:k, :k], allow_singular=True, seed=1)
        law.abseps = law.releps = 1e-8
        law.maxpts = 200_000
        inside = law.cdf(edge[:k], lower_limit=-edge[:k])
        assert 1.0 - inside == pytest.approx(spent(t[:k], 0.05, spending)[-1], abs=3e-5)


@pytest.mark.parametrize("spending", ["obrien-fleming", "pocock"])
@pytest.mark.parametrize("apart", [1e-6, 1e-5, 1e-3])
def test_a_look_beside_another_changes_little_at_the_end(spending: str, apart: float) -> None:
    # The level spent there is next to nothing, so the last boundary is that without it.
    with_it = group_sequential_boundaries([0.5, 0.5 + apart, 1.0], spending=spending)[-1]
    without = group_sequential_boundaries([0.5, 1.0], spending=spending)[-1]
    assert 0.0 < with_it - without < 2.0 * apart


def test_a_look_too_early_to_spend_anything_has_no_boundary() -> None:
    bounds = group_sequential_boundaries([1e-6, 1e-4, 1.0])
    assert np.isinf(bounds[:2]).all() and bounds[2] == pytest.approx(norm.ppf(0.975), abs=1e-8)
    assert np.isfinite(group_sequential_boundaries([1e-6, 1.0], spending="pocock")).all()


def test_one_look_is_the_normal_quantile_at_any_level() -> None:
    for alpha in (1e-12, 1e-6, 0.05, 0.5, 0.999):
        assert group_sequential_boundaries([1.0], alpha=alpha)[0] == pytest.approx(
            norm.isf(alpha / 2), rel=1e-7
        )


@pytest.mark.parametrize(
    ("looks", "message"),
    [
        ([1e-300, 1.0], "less than 1e-06 of the trial after the start"),
        ([0.1, 0.1 + 1e-15, 1.0], r"after 0\.1: looks so close are one"),
        ([0.5, 0.5, 1.0], "must rise"),
        ([0.5, np.nan, 1.0], "must be finite"),
        ([0.5], "must rise from above 0 to 1"),
        ([[0.5, 1.0]], "one-dimensional"),
    ],
)
def test_looks_that_cannot_be(looks: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        group_sequential_boundaries(looks)
