"""Many Cox fits at once are the same as one at a time."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import Surv, cox_ph
from survsim.cox import cox_resamples, cox_trials, penalty_path
from survsim.errors import InputError
from tests.helpers.slow_cox import random_study


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("full", [False, True])
def test_resamples_equal_fits_to_copied_rows(ties: str, full: bool) -> None:
    rng = np.random.default_rng(11)
    surv, x = random_study(rng, 60, full=full)
    counts = rng.multinomial(60, np.full(60, 1 / 60), size=4)
    batch = cox_resamples(surv, x, counts, ties=ties)
    for r, count in enumerate(counts):
        drawn = np.repeat(np.arange(60), count)
        fit = cox_ph(surv.take(drawn), None, x[drawn], ties=ties)
        np.testing.assert_allclose(batch.estimate[r], fit.estimate, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(batch.std_error[r], fit.std_error, rtol=1e-6)
        np.testing.assert_allclose(batch.log_likelihood[r], fit.log_likelihood, rtol=1e-10)
        np.testing.assert_allclose(batch.score_chi2[r], fit.score_statistic, rtol=1e-8)


@pytest.mark.parametrize("shape", ["(n,)", "(B, n)", "(n, p)", "(B, n, p)"])
def test_trials_equal_single_fits(shape: str) -> None:
    rng = np.random.default_rng(12)
    time, event = rng.exponential(size=(3, 40)), rng.random((3, 40)) < 0.7
    x = rng.normal(size={"(n,)": (40,), "(B, n)": (3, 40), "(n, p)": (40, 2), "(B, n, p)": (3, 40, 2)}[shape])
    batch = cox_trials(time, event, x)
    for b in range(3):
        own = x[b] if shape.startswith("(B") else x
        fit = cox_ph(Surv.right(time[b], event[b], unit="years"), None, own)
        np.testing.assert_allclose(batch.estimate[b], fit.estimate, rtol=1e-8)
        np.testing.assert_allclose(batch.covariance[b], fit.model_covariance, rtol=1e-6)
    assert (batch.status == 0).all() and (batch.score_p_value > 0).all()


def test_resamples_without_events_in_a_group_are_flagged() -> None:
    surv = Surv.right([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 1], unit="days")
    batch = cox_resamples(surv, [0.0, 0, 0, 1, 1, 1], [[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1]])
    assert batch.estimate[0, 0] == -np.inf and batch.status.tolist()[0] == 2


def test_shapes_are_checked() -> None:
    surv = Surv.right([1, 2, 3], [1, 1, 0], unit="days")
    with pytest.raises(InputError, match=r"counts \(B, 3\)"):
        cox_resamples(surv, np.ones((3, 1)), np.ones((2, 4)))
    with pytest.raises(InputError, match="must be \\(B, n\\)"):
        cox_trials(np.ones((2, 5)), np.ones((2, 4)), np.ones(5))
    with pytest.raises(InputError, match="ties must be one of"):
        cox_trials(np.ones((2, 5)), np.ones((2, 5)), np.arange(5.0), ties="exact")


def test_penalty_path_is_that_of_the_patients_in_any_order() -> None:
    """Folds along tied times were dealt by row, and so was the penalty: 56, 22 and 91 from one data set."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=(50, 2))
    time, event = np.ceil(rng.exponential(10 * np.exp(-0.4 * x[:, 0]))), rng.random(50) < 0.7
    x[:, 1] = np.round(x[:, 1])
    found = []
    for k in range(4):
        order = rng.permutation(50) if k else np.arange(50)
        path = penalty_path(
            Surv.right(time[order], event[order], unit="months"), None, x[order] * (1 + k * 1e-15), folds=5
        )
        found.append(path.score)
    for score in found[1:]:
        np.testing.assert_allclose(score, found[0], rtol=1e-9)


def test_penalty_path_finds_the_best_cross_validated_strength() -> None:
    rng = np.random.default_rng(13)
    x = rng.normal(size=(60, 8))
    surv = Surv.right(rng.exponential(np.exp(-x[:, 0])), np.ones(60, bool), unit="years")
    path = penalty_path(surv, None, x, strengths=[1000.0, 0.1, 1e-3, 1e5], folds=5)
    assert path.strength.tolist() == [1e-3, 0.1, 1000.0, 1e5]
    assert path.best == path.strength[path.score.argmax()] and path.best < 1e5
    with pytest.raises(InputError, match="folds must lie between"):
        penalty_path(surv, None, x, folds=1)
