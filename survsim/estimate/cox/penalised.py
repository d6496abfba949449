"""Ridge and elastic-net Cox regression."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import ConvergenceError, InputError
from survsim.core.surv import Surv
from survsim.estimate.cox.fitting import MAX_ITER, TOLERANCE, check_rank_of, climb, invert
from survsim.estimate.cox.prepare import Prepared
from survsim.estimate.cox.result import CoxFit
from survsim.estimate.cox.task import CoxTask
from survsim.kernels import cox_newton


def fit_penalised(task: CoxTask) -> CoxFit:
    """Maximise l(b) - strength [(1 - a) sum s_j^2 b_j^2 / 2 + a sum s_j |b_j|], s the standard deviations.

    Ridge is a = 0, the elastic net a = `l1_ratio`. Ridge standard errors are those of the penalised
    curvature; the elastic net has none (bootstrap the whole selection instead).
    Reference: Verweij & van Houwelingen (1994), Stat Med 13:2427; Simon et al. (2011), J Stat Softw 39(5).
    """
    penalty, strength = task.penalty, task.penalty_strength
    if strength is None:
        raise InputError(
            f"penalty={penalty!r} needs penalty_strength, a non-negative number; penalty_path() chooses one by "
            "cross-validation."
        )
    share = task.l1_ratio if penalty == "elasticnet" else 0.0
    problem = task.prepared()
    # In standardised units a coefficient is b_j times the scale used; the penalty counts in sample
    # standard deviations, over all rows as R's ridge() does where nobody says whose they are.
    unit = _deviation(task.design.matrix, task.surv) / problem.scale
    if share == 0.0:
        return _ridge(task, problem, strength * unit**2)
    if strength == 0.0:  # without a penalty there may be no maximum
        end = _unpenalised(task, problem)
    else:
        end = elastic_net(problem, strength * (1.0 - share) * unit**2, strength * share * unit)
    chosen = int((end.beta != 0).sum())
    return task.fitted(
        end, problem, covariance=np.full((end.beta.size, end.beta.size), np.nan), score_statistic=float("nan"),
        degrees_of_freedom=float(max(chosen, 1)),
        note=f"{chosen} of {end.beta.size} coefficients kept. Standard errors after selection are not defined (NA): "
        "bootstrap the whole procedure.",
    )  # fmt: skip


def _deviation(matrix: FloatArray, surv: Surv) -> FloatArray:
    """Sample standard deviations (p,) of the columns (n, p); a row of weight 2 is two rows.

    Rows of one patient count for their shares of that patient's time, so that splitting one of them changes nothing.
    """
    given, of = surv.weight, surv.patients[1]
    split = surv.n_patients != len(surv)
    if given is None and not split:
        return np.asarray(matrix.std(axis=0, ddof=1), dtype=np.float64)
    weight = np.ones(len(surv)) if given is None else given
    if split:
        length = surv.time - surv.begin
        weight = weight * length / np.bincount(of, length)[of]
    share = weight / weight.sum()
    squares = share @ (matrix - share @ matrix) ** 2
    # Weights that are no counts do not say how many there are.
    counts = given is None or (given == np.floor(given)).all()
    n = float(weight.sum()) if counts else float(surv.n_patients)
    return np.asarray(np.sqrt(squares * n / (n - 1.0)), dtype=np.float64)


def _unpenalised(task: CoxTask, problem: Prepared) -> cox_newton.Maximum:
    objective = cox_newton.partial_likelihood(problem.at, problem.x, problem.offset)
    return climb(objective, problem, task.design, check_rank_of(problem, task.design))


def _ridge(task: CoxTask, problem: Prepared, ridge: FloatArray) -> CoxFit:
    if not ridge.any():
        end = _unpenalised(task, problem)
    else:
        objective = cox_newton.partial_likelihood(problem.at, problem.x, problem.offset, ridge)
        end = cox_newton.maximise(
            objective, np.zeros(ridge.size), np.zeros(ridge.size), max_iter=MAX_ITER, tolerance=TOLERANCE
        )
    if not end.converged:
        raise ConvergenceError(
            f"ridge regression did not settle in {end.n_iter} steps; raise penalty_strength, or look for extreme values."
        )
    inverse = invert(end.end.curvature)
    return task.fitted(
        end, problem, covariance=inverse, score_statistic=float("nan"),
        degrees_of_freedom=float(ridge.size - inverse.diagonal() @ ridge),
        note="Penalised estimates are shrunk towards 0: intervals describe the spread, not the bias.",
    )  # fmt: skip


def elastic_net(problem: Prepared, square: FloatArray, absolute: FloatArray) -> cox_newton.Maximum:
    """Proximal Newton: coordinate descent on each quadratic approximation, steps halved."""
    objective = cox_newton.partial_likelihood(problem.at, problem.x, problem.offset)

    def cost(point: cox_newton.Point, beta: FloatArray) -> float:
        return float(-point.value + 0.5 * (square @ beta**2) + absolute @ np.abs(beta))

    beta = np.zeros(square.size)
    first = now = objective(beta)
    for n_iter in range(1, 200):
        target = coordinate_descent(now.curvature, now.gradient, beta, square, absolute)
        step, factor = target - beta, 1.0
        trial = objective(target)
        while (
            not cost(trial, beta + factor * step) <= cost(now, beta) + 1e-12 * abs(now.value)
            and factor > 1e-8
        ):
            factor *= 0.5
            trial = objective(beta + factor * step)
        # A full step lands on the target itself, so that zeros stay exact.
        beta, now = (target if factor == 1.0 else beta + factor * step), trial
        if np.abs(factor * step).max() < 1e-10:
            return cox_newton.Maximum(beta, first, now, step, n_iter, True, False)
    raise ConvergenceError("the elastic net did not settle in 200 steps; raise penalty_strength.")


def coordinate_descent(
    curvature: FloatArray, gradient: FloatArray, beta: FloatArray, square: FloatArray, absolute: FloatArray
) -> FloatArray:
    """Minimise the quadratic model around beta plus the penalty, one coordinate at a time."""
    b = beta.copy()
    slope = gradient.copy()
    for _ in range(10_000):
        largest = 0.0
        for j in range(b.size):
            pull = slope[j] + curvature[j, j] * b[j]
            new = np.sign(pull) * max(abs(pull) - absolute[j], 0.0) / max(curvature[j, j] + square[j], 1e-300)
            move = new - b[j]
            if move != 0.0:
                slope -= curvature[:, j] * move
                b[j] = new
                largest = max(largest, abs(move))
        if largest < 1e-13:
            break
    return b
