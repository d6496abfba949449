"""Cox kernels against slow twins, finite differences and collapse cases."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import Surv
from survsim.estimate.cox.prepare import prepare
from survsim.kernels import cox, cox_batch, cox_layout, cox_residuals
from survsim.kernels.cox_exact import exact_likelihood
from survsim.kernels.cox_firth import firth_likelihood
from survsim.kernels.cox_newton import maximise_secant, partial_likelihood, solve
from tests.helpers.slow_cox import gradient, log_likelihood, random_study

BETA = np.array([0.4, -0.7, 0.2])


def problem_of(surv: Surv, x: np.ndarray, ties: str):
    return prepare(surv, x, None, ties, centre=False)


def objective(surv: Surv, x: np.ndarray, ties: str):
    p = problem_of(surv, x, ties)
    return exact_likelihood(p.at, p.x, None) if ties == "exact" else partial_likelihood(p.at, p.x, None)


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
@pytest.mark.parametrize("seed", range(4))
def test_likelihood_is_that_of_the_definition(ties: str, seed: int) -> None:
    surv, x = random_study(np.random.default_rng(seed), 18, full=ties != "exact")
    assert objective(surv, x, ties)(BETA).value == pytest.approx(
        log_likelihood(surv, x, BETA, ties), rel=1e-12
    )


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
def test_derivatives_agree_with_finite_differences(ties: str) -> None:
    surv, x = random_study(np.random.default_rng(8), full=ties != "exact")
    f = objective(surv, x, ties)
    point = f(BETA)
    np.testing.assert_allclose(point.gradient, gradient(lambda b: f(b).value, BETA), rtol=1e-7, atol=1e-7)
    slopes = gradient(lambda b: f(b).gradient, BETA)
    np.testing.assert_allclose(point.curvature, -slopes, rtol=1e-7, atol=1e-7)


def test_exact_with_entry_equals_the_definition() -> None:
    surv = Surv.right([3, 3, 4, 5, 5], [1, 1, 0, 1, 1], entry=[0, 1, 0, 3, 0], unit="days")
    x = np.array([[0.5], [1.0], [-1.0], [0.0], [2.0]])
    b = np.array([0.3])
    assert objective(surv, x, "exact")(b).value == pytest.approx(
        log_likelihood(surv, x, b, "exact"), rel=1e-12
    )


def test_blocks_of_rows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    surv, x = random_study(np.random.default_rng(2), 60)
    whole = objective(surv, x, "efron")(BETA)
    monkeypatch.setattr(cox, "BLOCK", 7)
    monkeypatch.setattr(cox, "PIECE", 14)
    cut = objective(surv, x, "efron")(BETA)
    assert cut.value == pytest.approx(whole.value, rel=1e-13)
    np.testing.assert_allclose(cut.gradient, whole.gradient, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(cut.curvature, whole.curvature, rtol=1e-11)


def test_without_ties_the_three_likelihoods_are_one() -> None:
    rng = np.random.default_rng(4)
    surv = Surv.right(rng.permutation(30) + 1.0, rng.random(30) < 0.8, unit="days")
    x = rng.normal(size=(30, 3))
    values = [objective(surv, x, ties)(BETA).value for ties in ("efron", "breslow", "exact")]
    np.testing.assert_allclose(values, values[0], rtol=1e-12)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("full", [False, True])
def test_firth_score_is_the_slope_of_its_likelihood(ties: str, full: bool) -> None:
    surv, x = random_study(np.random.default_rng(5), full=full)
    p = problem_of(surv, x, ties)
    f = firth_likelihood(p.at, p.x, None)
    np.testing.assert_allclose(f(BETA).gradient, gradient(lambda b: f(b).value, BETA), rtol=1e-6, atol=1e-7)


def test_score_residuals_sum_to_the_score_and_martingales_to_zero() -> None:
    surv, x = random_study(np.random.default_rng(6))
    p = problem_of(surv, x, "efron")
    eta = cox.linear_predictor(p.at, p.x, BETA, None)
    now = cox.moments(p.at, cox.covariates(p.at, p.x), eta)
    score = cox.score(p.at, p.x[:, p.at.event] @ p.at.weight[p.at.event], now)
    residual = cox_residuals.score_residuals(p.at, p.x, now)
    np.testing.assert_allclose(residual @ p.at.weight, score, atol=1e-11)
    assert cox_residuals.martingale(p.at, now, eta) @ p.at.weight == pytest.approx(0.0, abs=1e-11)


def test_whole_and_sorted_times_give_one_layout() -> None:
    surv, _ = random_study(np.random.default_rng(7))
    parts = (surv.time, surv.event, surv.entry, surv.weight, surv.stratum)
    one, two = (cox_layout.layout(*parts, efron=True, whole=w) for w in (True, False))
    for a, b in zip(one, two):
        np.testing.assert_equal(a, b)


def test_a_singular_curvature_still_gives_a_step() -> None:
    step = solve(np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([2.0, 2.0]))
    np.testing.assert_allclose(step, [1.0, 1.0])
    assert np.isnan(solve(np.full((1, 1), np.nan), np.ones(1))).all()


def test_secant_climb_finds_log_three_for_two_patients() -> None:
    p = problem_of(Surv.right([1, 2], [1, 1], unit="days"), np.array([[1.0], [0.0]]), "breslow")
    f = firth_likelihood(p.at, p.x, None)
    end = maximise_secant(f, np.zeros(1), max_iter=100, tolerance=1e-16, max_step=0.5)
    assert end.converged and end.beta[0] == pytest.approx(np.log(3.0), rel=1e-8)


def batch_arrays(surv: Surv, x: np.ndarray):
    stratum = np.zeros(len(surv), int) if surv.stratum is None else surv.stratum
    order = np.lexsort((-surv.time, stratum))
    fresh = np.concatenate([[True], np.diff(stratum[order]) != 0])
    entry = np.empty(0) if surv.entry is None else surv.entry[order]
    late = np.lexsort((-entry, stratum[order])) if entry.size else np.empty(0, np.int64)
    weight = np.ones(len(surv)) if surv.weight is None else surv.weight[order]
    return np.ascontiguousarray(x[order]), surv.time[order], surv.event[order], weight, fresh, entry, late


@pytest.mark.parametrize("efron", [True, False])
def test_batch_derivatives_are_those_of_the_single_fit(efron: bool) -> None:
    surv, x = random_study(np.random.default_rng(9), 25)
    g, h = np.zeros(3), np.zeros((3, 3))
    once = np.ones(25, np.int32)
    value = cox_batch.derivatives(*batch_arrays(surv, x), once, efron, BETA, g, h)
    point = objective(surv, x, "efron" if efron else "breslow")(BETA)
    assert value == pytest.approx(point.value, rel=1e-12)
    np.testing.assert_allclose(g, point.gradient, atol=1e-11)
    np.testing.assert_allclose(np.tril(h), np.tril(point.curvature), atol=1e-11)


def test_batch_says_what_became_of_each_fit() -> None:
    x = np.array([[1.0], [1.0], [0.0], [0.0]])
    arrays = batch_arrays(Surv.right([1, 2, 3, 4], [1, 1, 1, 0], unit="days"), x)
    counts = np.array([[1, 1, 1, 1], [0, 0, 2, 2], [4, 0, 0, 0]], np.int32)
    estimate, covariance, _, status = cox_batch.fit_batch(
        arrays[0][None], arrays[1][None], arrays[2][None], arrays[3][None], *arrays[4:], counts, efron=True
    )
    # All, two patients with x = 0, and one patient four times.
    assert status.tolist() == [cox_batch.MONOTONE, cox_batch.NO_INFORMATION, cox_batch.NO_INFORMATION]
    assert estimate[0, 0] == np.inf and np.isnan(estimate[1:]).all() and np.isnan(covariance).all()


@pytest.mark.parametrize("efron", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize(
    ("n", "days", "share"), [(1, 1, 1.0), (40, 3, 0.5), (300, 60, 0.9), (300, 4000, 0.1)]
)
def test_a_counted_layout_is_the_sorted_one(monkeypatch, efron, weighted, n, days, share):
    rng = np.random.default_rng([n, days, weighted])
    time = np.floor(rng.exponential(days, n))
    event = rng.random(n) < share
    event[n // 2] = True
    weight = rng.random(n) + 0.5 if weighted else None
    found = []
    for counts in (True, False):
        monkeypatch.setattr(cox_layout, "at_hand", lambda _, counts=counts: counts)
        found.append(cox_layout.layout(time, event, None, weight, None, efron=efron, whole=True))
    counted, plain = found
    for name, one, other in zip(plain._fields, counted, plain, strict=True):
        if name == "risk":
            for a, b in zip(one, other, strict=True):
                np.testing.assert_array_equal(a, b)
        else:
            np.testing.assert_array_equal(one, other, err_msg=name)
            assert getattr(one, "dtype", None) == getattr(other, "dtype", None), name
