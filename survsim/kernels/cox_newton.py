"""Newton-Raphson with step halving, and the partial likelihood it climbs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from survsim.kernels import cox
from survsim.kernels.cox import Moments
from survsim.kernels.cox_layout import Floats, Layout
from survsim.kernels.threads import with_one_blas_thread


class Point(NamedTuple):
    """An objective at one coefficient vector: value, first and minus second derivative, and what it saw."""

    value: float
    gradient: Floats
    curvature: Floats
    log_likelihood: float
    moments: Moments | None = None


class Maximum(NamedTuple):
    """Where the search ended, the first and last points seen, and how it went.

    step (p,) the last Newton step. At the optimum it is at the level of rounding; under a monotone
    likelihood it moves the linear predictor by about one unit however long one searches, and `monotone`
    says that this was seen; score the squared Newton decrement at the start, which is the score statistic there.
    """

    beta: Floats
    start: Point
    end: Point
    step: Floats
    n_iter: int
    converged: bool
    monotone: bool
    score: float = math.nan


Objective = Callable[[Floats], Point]


def nowhere(size: int, moments: Moments | None = None) -> Point:
    """A point without a value: all hazards of a risk set came out as 0, or the information is singular."""
    unknown = np.full((size, size), np.nan)
    return Point(-np.inf, unknown[0].copy(), unknown, -np.inf, moments)


def partial_likelihood(
    at: Layout, x: Floats, offset: Floats | None, ridge: Floats | None = None
) -> Objective:
    """l(beta) - sum ridge beta^2 / 2 as a function; x (p, m) in sorted order."""
    columns = cox.covariates(at, x)
    x = columns.own
    constant = np.einsum("jm,m->j", x, at.event_weight)

    def evaluate(beta: Floats) -> Point:
        now = cox.moments(at, columns, cox.linear_predictor(at, x, beta, offset))
        if not math.isfinite(now.log_likelihood):
            return nowhere(beta.size, now)
        gradient = cox.score(at, constant, now)
        curvature = cox.information(at, x, now)
        value = now.log_likelihood
        if ridge is not None:
            value -= 0.5 * float(ridge @ (beta * beta))
            gradient -= ridge * beta
            curvature[np.diag_indices_from(curvature)] += ridge
        return Point(value, gradient, curvature, now.log_likelihood, now)

    return evaluate


def solve(matrix: Floats, vector: Floats) -> Floats:
    """Newton step; least squares where the curvature is not positive definite to working precision."""
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        if not np.isfinite(matrix).all():
            return np.full_like(vector, np.nan)
        return np.asarray(np.linalg.lstsq(matrix, vector, rcond=1e-14)[0], dtype=np.float64)
    try:
        return np.asarray(np.linalg.solve(matrix, vector), dtype=np.float64)
    except np.linalg.LinAlgError:  # positive definite by its root, singular by its factors: rounding decides
        return np.full_like(vector, np.nan)


def higher(trial: Point, now: Point) -> bool:
    """Whether a step does not lower the objective; +inf is no height."""
    return now.value - 1e-12 * abs(now.value) <= trial.value < math.inf


@with_one_blas_thread
def maximise(
    evaluate: Objective,
    start: Floats,
    span: Floats,
    *,
    max_iter: int,
    tolerance: float,
    max_step: float = np.inf,
    check: Callable[[Floats], None] | None = None,
    unit: float = 1.0,
) -> Maximum:
    """Climb `evaluate` from `start`; span (p,) is the range of each covariate.

    Ends when the squared Newton decrement is below `tolerance` (the step is then taken; the end point
    is the one before it). A step that lowers the objective is halved, none exceeds `max_step` in any
    coordinate. `check` sees the first curvature. `unit` is what decrements are measured in: the weight of
    an event, where that is small.
    """
    beta = start.copy()
    first = now = evaluate(beta)
    if check is not None:
        check(first.curvature)
    step, score = np.zeros_like(beta), math.nan
    for n_iter in range(1, max_iter + 1):
        step = solve(now.curvature, now.gradient)
        decrement = float(step @ now.gradient)
        score = decrement if n_iter == 1 else score
        if not math.isfinite(decrement):
            return Maximum(beta, first, now, step, n_iter, False, False, score)
        if decrement < 1e-9 * unit and np.abs(step * span).max(initial=0.0) > 0.05:
            return Maximum(beta, first, now, step, n_iter, False, True, score)
        if decrement < tolerance * unit:
            return Maximum(beta + step, first, now, step, n_iter, True, False, score)
        if max_step < math.inf and (longest := np.abs(step).max()) > max_step:
            step *= max_step / longest
        factor, trial = 1.0, evaluate(beta + step)
        while not higher(trial, now) and factor > 1e-6:
            factor *= 0.5
            trial = evaluate(beta + factor * step)
        beta, now = beta + factor * step, trial
    return Maximum(beta, first, now, step, max_iter, False, False, score)


@with_one_blas_thread
def maximise_secant(
    evaluate: Objective, start: Floats, *, max_iter: int, tolerance: float, max_step: float
) -> Maximum:
    """Climb an objective whose true second derivative is not known, only a stand-in for it.

    BFGS from the stand-in (Firth's information): plain steps with it may circle for ever. Stops and
    halves like `maximise`.
    """
    beta = start.copy()
    first = now = evaluate(beta)
    bend, fresh = now.curvature, True
    step, score = np.zeros_like(beta), math.nan
    if not math.isfinite(first.value):
        return Maximum(beta, first, now, step, 0, False, False)
    for n_iter in range(1, max_iter + 1):
        step = solve(bend, now.gradient)
        decrement = float(step @ now.gradient)
        score = decrement if n_iter == 1 else score
        if not decrement >= 0.0 and not fresh:
            bend, fresh = now.curvature, True
            continue
        if decrement < tolerance:
            return Maximum(beta + step, first, now, step, n_iter, True, False, score)
        longest = np.abs(step).max()
        if longest > max_step:
            step = step * (max_step / longest)
        trial = evaluate(beta + step)
        while not higher(trial, now) and np.abs(step).max() > 1e-12:
            step = 0.5 * step
            trial = evaluate(beta + step)
        change = now.gradient - trial.gradient
        if step @ change > 1e-12 * np.sqrt((step @ step) * (change @ change)):
            along = bend @ step
            bend = bend - np.outer(along, along) / (step @ along) + np.outer(change, change) / (step @ change)
            fresh = False
        else:
            bend, fresh = trial.curvature, True
        beta, now = beta + step, trial
    return Maximum(beta, first, now, step, max_iter, False, False, score)
