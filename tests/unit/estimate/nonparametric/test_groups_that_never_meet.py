"""Groups that are never at risk together have nothing to compare: no rounding of a sum passes for a variance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from survsim import Surv, logrank_test
from survsim.nonparametric import pairwise_logrank

N = 60
GROUP = np.arange(N) % 3


def of_seed(seed: int, **parts: Any) -> Surv:
    draw = np.random.default_rng(seed)
    time, event, weight = draw.integers(1, 15, N), draw.integers(0, 2, N), draw.uniform(0.3, 3.0, N)
    if parts.pop("apart", False):
        time, parts["entry"] = time + 20 * GROUP, 20.0 * GROUP
    if parts.pop("weighted", False):
        parts["weight"] = weight
    return Surv.right(time, event, unit="months", **parts)


@pytest.mark.parametrize("options", [{}, {"rho": 1.0}, {"gamma": 1.0}, {"rho": 1.0, "trend": True}])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("where", [{"stratum": GROUP}, {"apart": True}], ids=["strata", "entries"])
def test_nothing_to_compare_is_no_degree_of_freedom(
    where: dict[str, Any], weighted: bool, options: dict[str, Any]
) -> None:
    for seed in range(10):
        test = logrank_test(of_seed(seed, weighted=weighted, **where), GROUP, **options)
        assert (test.chi2, test.df, test.p_value) == (0.0, 0, 1.0), seed


def test_pairs_of_groups_that_never_meet() -> None:
    assert pairwise_logrank(of_seed(1, weighted=True, stratum=GROUP), GROUP).p_value.tolist() == [1.0] * 3


def test_clusters_do_not_change_what_is_not_compared() -> None:
    surv = of_seed(2, weighted=True, stratum=GROUP, cluster=np.arange(N) // 4)
    assert logrank_test(surv, GROUP, gamma=0.5).df == 0


@pytest.mark.parametrize("gamma", [0.0, 1.0])
def test_a_group_alone_in_its_stratum_leaves_the_test_of_the_others(gamma: float) -> None:
    others = np.flatnonzero(GROUP < 2)
    for seed in range(10):
        surv = of_seed(seed, weighted=True, stratum=GROUP == 2)
        three = logrank_test(surv, GROUP, gamma=gamma)
        two = logrank_test(surv.take(others), GROUP[others], gamma=gamma)
        assert three.df == two.df == 1
        assert three.chi2 == pytest.approx(two.chi2, rel=1e-9)


def test_weights_of_any_size_leave_a_true_difference() -> None:
    surv = of_seed(3, weighted=True)
    whole = logrank_test(surv, GROUP)
    for factor in (1e-9, 1e9):
        scaled = logrank_test(surv.with_parts(weight=surv.weight * factor), GROUP)
        assert (scaled.df, scaled.chi2) == (2, pytest.approx(whole.chi2, rel=1e-9))


def test_scores_of_a_trend_may_be_shifted() -> None:
    surv = of_seed(4, weighted=True)
    near, far = (logrank_test(surv, GROUP, trend=np.arange(3.0) + shift) for shift in (0.0, 1e7))
    assert far.chi2 == pytest.approx(near.chi2, rel=1e-6)


@pytest.mark.parametrize("units", [1, 2])
def test_too_few_clusters_for_the_degrees_of_freedom_give_no_chi_square(units: int) -> None:
    # of c clusters that determine the covariance the statistic is c, whatever the data
    surv = of_seed(5, cluster=np.arange(N) // 2 % units)
    with pytest.warns(UserWarning, match=f"at least {units + 1} independent clusters that are compared"):
        test = logrank_test(surv, GROUP)
    assert np.isnan(test.chi2) and np.isnan(test.p_value)
    assert np.isfinite(test.observed).all()


def test_two_clusters_are_enough_for_one_degree_of_freedom() -> None:
    test = logrank_test(of_seed(5, cluster=np.arange(N) % 4 // 2), GROUP, trend=True)
    assert test.df == 1 and 0.0 < test.p_value < 1.0
