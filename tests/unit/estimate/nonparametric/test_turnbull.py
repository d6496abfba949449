"""Turnbull's estimate is at its maximum, whatever mixture of exact times, intervals and open ends it is given."""

from __future__ import annotations

import time

import numpy as np
import pytest

from survsim import Surv, interval_censored_survival, kaplan_meier


def shares(low: np.ndarray, high: np.ndarray, got) -> np.ndarray:
    """Mean share of each interval in the patients' likelihoods, from the definition: at most 1 at the maximum."""
    exact = got.low == got.high
    inside = np.zeros((low.size, got.low.size), bool)
    for i, (a, b) in enumerate(zip(low, high)):
        for j in range(got.low.size):
            if a == b:
                inside[i, j] = exact[j] and got.high[j] == b
            else:
                inside[i, j] = got.low[j] >= a and got.high[j] <= b and not (exact[j] and got.low[j] <= a)
    return (inside / (inside @ got.probability)[:, None]).mean(axis=0)


CASES = {
    "exact times at the ends of intervals": ([12, 6, 1, 10, 18, 27, 14, 1], [13, 7, 3, 10, 20, 29, 15, 3]),
    "an exact time that ends intervals": ([0] * 5 + [3] * 5, [3] * 10),
    "everybody exact": ([1, 2, 3], [1, 2, 3]),
    "one patient": ([2], [5]),
    "nobody seen": ([1, 2], [np.inf, np.inf]),
    "nested": ([0, 1, 2, 3], [10, 9, 8, 7]),
    "chain": ([0, 1, 2, 3, 4], [2, 3, 4, 5, 6]),
}


@pytest.mark.parametrize("name", CASES)
def test_the_maximum_is_reached_at_once(name: str) -> None:
    low, high = (np.array(v, float) for v in CASES[name])
    began = time.perf_counter()
    got = interval_censored_survival(low, high, unit="months")
    assert time.perf_counter() - began < 5.0
    assert got.probability.sum() == pytest.approx(1.0, abs=1e-12) and (got.probability >= 0).all()
    assert shares(low, high, got).max() <= 1.0 + 1e-9


@pytest.mark.parametrize("seed", range(30))
def test_any_mixture_is_at_its_maximum_with_zeros_that_are_zero(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 60))
    low = np.round(rng.exponential(10, n), int(rng.integers(0, 3)))
    high = low + rng.choice([0.0, 1.0, 2.0, 5.0, np.inf], n)
    got = interval_censored_survival(low, high, unit="months")
    found = shares(low, high, got)
    assert found.max() <= 1.0 + 1e-8
    assert (got.probability[found < 1.0 - 1e-5] == 0.0).all()


def test_the_mass_of_a_chain_by_hand() -> None:
    # (0, 2] and (1, 3]: all mass in their overlap (1, 2]; a third (2, 4] shares (2, 3] with the second only.
    got = interval_censored_survival([0, 1, 2], [2, 3, 4], unit="months")
    assert list(zip(got.low, got.high)) == [(1, 2), (2, 3)]
    # log p + log(p + q) + log q with p + q = 1 is largest at p = 1/2.
    np.testing.assert_allclose(got.probability, [0.5, 0.5], atol=1e-12)


def test_right_censored_data_give_kaplan_meier_to_rounding() -> None:
    rng = np.random.default_rng(5)
    end, event = np.round(rng.exponential(10, 80), 1), rng.random(80) < 0.6
    got = interval_censored_survival(end, np.where(event, end, np.inf), unit="months")
    km = kaplan_meier(Surv.right(end, event, unit="months"))
    for t, s in zip(km.time[km.n_event > 0], km.estimate[km.n_event > 0]):
        assert got.survival[np.flatnonzero(got.high == t)[0]] == pytest.approx(s, abs=1e-9)


def test_the_likelihood_is_that_of_a_slow_expectation_maximisation() -> None:
    rng = np.random.default_rng(8)
    low = rng.integers(0, 12, 25).astype(float)
    high = low + rng.integers(1, 6, 25)
    got = interval_censored_survival(low, high, unit="months")
    inside = (low[:, None] <= got.low) & (got.high <= high[:, None])
    p = np.full(got.low.size, 1.0 / got.low.size)
    for _ in range(20_000):
        p = p * (inside / (inside @ p)[:, None]).mean(axis=0)
    slow, fast = (np.log(inside @ q).sum() for q in (p, got.probability))
    assert fast >= slow - 1e-9 and fast == pytest.approx(slow, abs=1e-4)


def test_the_arrays_of_the_caller_stay_as_they_came():
    """Ends that differ in the last bit are one end; the array that was given keeps its own, and may be locked."""
    low, high = np.array([0.0, 0.3, 1.0]), np.array([0.1 + 0.2, 2.0, np.inf])
    given = high.copy()
    high.flags.writeable = False
    interval_censored_survival(low, high, unit="months")
    high.flags.writeable = True
    interval_censored_survival(low, high, unit="months")
    np.testing.assert_array_equal(high, given)
