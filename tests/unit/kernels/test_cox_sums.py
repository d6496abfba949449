"""Compiled passes of Cox fits add up what plain numpy does, strata, entries and ties included."""

import itertools

import numpy as np
import pytest

from survsim import Surv, cox_ph
from survsim.estimate.cox.prepare import prepare
from survsim.kernels import cox, cox_layout, cox_sums


@pytest.fixture(params=["compiled", "plain"])
def kernel(request):
    """The kernels as they run, and as plain Python."""
    names = ("read_sums", "event_sums", "add_shares", "add_lived", "add_evaluation", "gather")
    found = {n: getattr(cox_sums, n) for n in names}
    return found if request.param == "compiled" else {n: k.py_func for n, k in found.items()}


@pytest.mark.parametrize("p", [1, 4, 7])
def test_sums_are_read_where_asked(kernel, p):
    rng = np.random.default_rng(p)
    x, r = rng.normal(size=(p, 50)), rng.random(50)
    end, times = np.array([0, 3, 3, 20, 50]), np.array([4, 0, 2, 1, 3])
    out = cox_sums.by_covariates(kernel["read_sums"], x, 5, r, end, times)
    for e, k in zip(end, times):
        np.testing.assert_allclose(out[:, k], (x[:, :e] * r[:e]).sum(axis=1), rtol=1e-12, atol=1e-12)


def test_events_are_summed_by_time(kernel):
    rng = np.random.default_rng(2)
    x, r, rows = rng.normal(size=(5, 30)), rng.random(30), rng.permutation(30)[:12]
    start = np.array([0, 2, 7])
    out = cox_sums.by_covariates(kernel["event_sums"], x, 3, r, rows, start)
    np.testing.assert_allclose(out, np.add.reduceat(x[:, rows] * r[rows], start, axis=1), rtol=1e-12)


def test_rows_are_gathered_as_columns(kernel):
    rng = np.random.default_rng(3)
    matrix, rows = rng.normal(size=(70, 3)), rng.integers(0, 70, 101)
    out = np.empty((3, 101))
    kernel["gather"](matrix, rows, out, 0, 101)
    np.testing.assert_array_equal(out, matrix[rows].T)
    np.testing.assert_array_equal(cox_sums.gathered(matrix, rows), matrix[rows].T)


KINDS = ("plain", "strata", "entry", "strata and entry", "weights")


def study(n, kind, days):
    rng = np.random.default_rng([n, days])
    x = rng.normal(size=(n, 6))
    time = np.ceil(rng.exponential(days, n) * np.exp(-x[:, 0] / 3)) + 1.0
    more = {}
    if "strata" in kind:
        more["stratum"] = rng.integers(0, 4, n)
    if "entry" in kind:
        more["entry"] = np.floor(time * rng.random(n) * 0.9)
    if kind == "weights":
        more["weight"] = rng.random(n) + 0.5
    return Surv.right(time, rng.random(n) < 0.6, unit="days", **more), x


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "days"), [(40, 4), (40, 400), (900, 60), (6000, 60)])
def test_whether_numba_is_loaded_shows_in_no_bit(monkeypatch, kernel, ties, kind, n, days):
    surv, x = study(n, kind, days)
    problem = prepare(surv, x, None, ties)
    columns = cox.covariates(problem.at, problem.x)
    eta = cox.linear_predictor(problem.at, problem.x, np.linspace(-0.4, 0.6, 6), None)

    def found(*loaded):
        answers = itertools.cycle(loaded)
        for module in (cox, cox_sums):
            monkeypatch.setattr(module, "at_hand", lambda _: next(answers))
        now = cox.moments(problem.at, columns, eta)
        return [*now, cox.row_hazard(problem.at, now.a, now.b)]

    if n < 1000:
        for name, one in kernel.items():
            monkeypatch.setattr(cox_sums, name, one)
    plain = found(False)
    # numba may also be loaded by another thread between two passes
    for loaded in ((True,), (True, False), (False, True, True)):
        for one, other in zip(found(*loaded), plain, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("kind", KINDS)
def test_large_fits_are_those_of_plain_numpy(monkeypatch, ties, kind):
    surv, x = study(3000, kind, 60)

    def fit(pays):
        monkeypatch.setattr(cox_sums, "pays", lambda m: pays)
        return cox_ph(surv, None, x, ties=ties, robust=True)

    fast, slow = fit(True), fit(False)
    np.testing.assert_allclose(fast.estimate, slow.estimate, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(fast.model_covariance, slow.model_covariance, rtol=1e-10, atol=1e-16)
    np.testing.assert_allclose(fast.robust_covariance, slow.robust_covariance, rtol=1e-10, atol=1e-16)
    assert fast.log_likelihood == pytest.approx(slow.log_likelihood, rel=1e-13)


def test_running_sums_of_many_strata_leave_the_later_ones_out():
    at = cox_layout.layout(
        np.array([1.0, 2, 2, 3, 1, 4]), np.array([1, 1, 0, 1, 1, 1], bool), None, None, np.array([0, 0, 1, 1, 2, 2]),
        efron=True, whole=True,
    )  # fmt: skip
    assert cox.risk_sums(at, np.ones((1, at.rows.size)))[0].tolist() == [2, 1, 1, 2, 1]
