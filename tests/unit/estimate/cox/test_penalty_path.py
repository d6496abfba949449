"""Folds of the cross-validated penalty: what is not independent is in one fold."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import Surv, cox_ph
from survsim.cox import penalty_path
from survsim.errors import InputError

RNG = np.random.default_rng(31)
N = 36
TIME, EVENT = np.round(RNG.exponential(9.0, N) + 0.1, 6), RNG.random(N) < 0.7
X = RNG.normal(size=(N, 2))
CENTRE = np.arange(N) % 4
STRENGTHS = [0.5, 5.0]


def partial_log_likelihood(time: np.ndarray, event: np.ndarray, eta: np.ndarray) -> float:
    """Of distinct times, a sum over those with an event."""
    return sum(eta[i] - np.log(np.exp(eta[time >= time[i]]).sum()) for i in np.flatnonzero(event))


def test_a_cluster_is_left_out_whole() -> None:
    """With as many folds as clusters each is left out once: the sum of Verweij and van Houwelingen by hand."""
    surv = Surv.right(TIME, EVENT, unit="months", cluster=CENTRE)
    path = penalty_path(surv, None, X, strengths=STRENGTHS, folds=4)
    for strength, score in zip(STRENGTHS, path.score):
        by_hand = 0.0
        for centre in range(4):
            keep = centre != CENTRE
            left = Surv.right(TIME[keep], EVENT[keep], unit="months")
            b = cox_ph(left, None, X[keep], penalty="ridge", penalty_strength=strength).estimate
            by_hand += partial_log_likelihood(TIME, EVENT, X @ b)
            by_hand -= partial_log_likelihood(TIME[keep], EVENT[keep], X[keep] @ b)
        assert score == pytest.approx(by_hand, rel=1e-9)


def test_neither_order_nor_names_of_clusters_matter() -> None:
    pairs = np.arange(N) // 2
    first = penalty_path(
        Surv.right(TIME, EVENT, unit="months", cluster=pairs), None, X, strengths=STRENGTHS, folds=5
    )
    mixed = RNG.permutation(N)
    again = penalty_path(
        Surv.right(TIME[mixed], EVENT[mixed], unit="months", cluster=(-7 * pairs + 3)[mixed]),
        None, X[mixed], strengths=STRENGTHS, folds=5,
    )  # fmt: skip
    np.testing.assert_allclose(again.score, first.score, rtol=1e-10)
    apart = penalty_path(Surv.right(TIME, EVENT, unit="months"), None, X, strengths=STRENGTHS, folds=5)
    assert not np.allclose(apart.score, first.score, rtol=1e-6)


def test_more_folds_than_clusters_with_events_are_refused() -> None:
    surv = Surv.right(TIME, EVENT, unit="months", cluster=CENTRE)
    with pytest.raises(InputError, match=r"4 clusters have events.*got 10"):
        penalty_path(surv, None, X)
