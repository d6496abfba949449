"""Newton's method with Levenberg damping for log-likelihoods with analytic second derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import ConvergenceError
from survsim.kernels.threads import with_one_blas_thread

Evaluation = tuple[float, FloatArray, FloatArray]
"""Log-likelihood (-inf where not defined), gradient, information."""

DECREMENT = 1e-9
"""Newton's decrement, in units of log-likelihood, below which one last full step ends the search: the
step after it changes the log-likelihood by about its square."""


@dataclass(frozen=True, slots=True)
class Optimum:
    """Where the search ended, on the scale of the optimiser."""

    theta: FloatArray
    value: float
    information: FloatArray
    iterations: int


@with_one_blas_thread
def maximise(
    evaluate: Callable[[FloatArray], Evaluation],
    start: FloatArray,
    what: str,
    iterations: int = 100,
    limit: float = np.inf,
    enough: float = DECREMENT,
    unit: float = 1.0,
) -> Optimum:
    """Maximise a log-likelihood; raises `ConvergenceError` when no maximum is reached.

    Steps solve (I + d diag I) s = g with the damping d raised whenever the log-likelihood would
    fall, and lowered after each success. A last coefficient beyond `limit` is on its way to infinity. `enough` is the
    decrement that ends the search; a start for another search needs no more than its first digits. `unit` is what one patient
    adds to the log-likelihood where weights make that less than 1: where the search ends does not depend on their scale.
    """
    theta = start.copy()
    value, gradient, information = evaluate(theta)
    if not np.isfinite(value):
        raise ConvergenceError(f"{what}: the log-likelihood is not defined at the start; check the times.")
    damping, count = 0.0, 0
    for count in range(1, iterations + 1):
        step = _step(gradient, information, damping)
        trial = None if step is None else evaluate(theta + step)
        if step is None or trial is None or not trial[0] >= value - 1e-12 * abs(value):
            damping = max(8.0 * damping, 0.25)
            if damping > 1e12:
                break
            continue
        decrement = float(gradient @ step)
        settled = damping < 1e-3 and decrement < enough * unit
        theta, (value, gradient, information) = theta + step, trial
        damping = 0.0 if damping < 1e-3 else damping / 16.0
        if abs(theta[-1]) > limit:
            break
        if settled:
            return Optimum(theta, value, information, count)
    if abs(theta[-1]) <= limit and float(np.abs(gradient).max()) < 1e-6 * max(unit, abs(value)):
        return Optimum(theta, value, information, count)
    raise ConvergenceError(
        f"{what} did not converge in {count} steps (largest gradient {np.abs(gradient).max():.2g}). "
        "Likely reasons: too few events for this many parameters, a group without events, or a family that "
        "does not suit the data. Use fewer terms, or a simpler family."
    )


def _step(gradient: FloatArray, information: FloatArray, damping: float) -> FloatArray | None:
    if not (np.isfinite(gradient).all() and np.isfinite(information).all()):
        return None
    size = np.sqrt(np.maximum(np.abs(information.diagonal()), 1e-300))
    scaled = information / size / size[:, None]
    scaled.flat[:: size.size + 1] += damping
    try:
        # Refuses what is not positive definite; to solve by its factor would take two solutions.
        np.linalg.cholesky(scaled)
        step = np.asarray(np.linalg.solve(scaled, gradient / size)) / size
    except np.linalg.LinAlgError:
        return None
    return step if np.isfinite(step).all() else None


FURTHEST = 100.0
"""Standard error of a patient's predictor, at a weight of 1, from which the estimate is on its way to infinity."""


def weight_unit(parts: Iterable[Any]) -> float:
    """The mean weight of the rows of a likelihood, 1 where they weigh more (a weight of k is k patients) or have none."""
    weights = [p.weight for p in parts if p.kind != "entry" and p.weight is not None]
    return min(1.0, float(np.concatenate(weights).mean())) if weights else 1.0


def inverse_information(
    information: FloatArray,
    parts: Iterable[Sequence[FloatArray]],
    back: FloatArray,
    names: tuple[str, ...],
    what: str,
    unit: float = 1.0,
) -> FloatArray:
    """Covariance of the coefficients; raises when the data do not determine the predictors of their own patients.

    `parts` are the rows of the likelihood, a matrix a predictor. A coefficient alone is not asked: that of the constant
    is the predictor of a patient whose covariates are 0, which may lie far from all who were seen. `unit` is as for
    `maximise`. `back` (P, P) leads
    to the coefficients that `names` names.
    """
    covariance = _inverse(information)
    if unit * max(_largest_variance(covariance, part) for part in parts) < FURTHEST**2:
        return covariance
    error = np.sqrt(np.maximum(np.diag(back @ covariance @ back.T), 0.0)) / np.linalg.norm(back, axis=1)
    raise undetermined([name for name, e in zip(names, error) if e > 0.1 * error.max()], what)


def undetermined(names: Sequence[str], what: str) -> ConvergenceError:
    return ConvergenceError(
        f"{what}: the data do not determine {', '.join(names)}; the estimate runs to infinity. Likely reasons: a "
        "group without events, fewer than two distinct event times, or more parameters than events. "
        "Merge groups, drop the term, or use a simpler family (or cox_ph with penalty='firth')."
    )


def _inverse(information: FloatArray) -> FloatArray:
    """The inverse; what the information does not hold has a variance beyond all bounds."""
    diagonal = np.diag(information)
    size = np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    values, vectors = np.linalg.eigh(information / np.outer(size, size))
    root = vectors / np.sqrt(np.maximum(values, 1e-15)) / size[:, None]
    covariance: FloatArray = root @ root.T
    return covariance


def _largest_variance(covariance: FloatArray, part: Sequence[FloatArray]) -> float:
    """Of the predictors of all rows of a part."""
    largest, at = 0.0, 0
    for rows in part:
        own = slice(at, at + rows.shape[1])
        at += rows.shape[1]
        largest = max(largest, float(np.max(np.sum(rows @ covariance[own, own] * rows, axis=1), initial=0.0)))
    return largest


def root_of(covariance: FloatArray) -> FloatArray:
    """A matrix whose product with its transpose is the covariance, which may be singular."""
    if not np.isfinite(covariance).all():  # what has no variance has no predictions with limits either
        return np.full(covariance.shape, np.nan)
    size = np.sqrt(np.diag(covariance))
    size = np.where(size > 0.0, size, 1.0)
    scaled = covariance / np.outer(size, size)
    try:
        root = np.linalg.cholesky(scaled)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(scaled)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
    scaled_back: FloatArray = root * size[:, None]
    return scaled_back
