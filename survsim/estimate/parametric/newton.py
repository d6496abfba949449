"""Newton's method with Levenberg damping for log-likelihoods with analytic second derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
) -> Optimum:
    """Maximise a log-likelihood; raises `ConvergenceError` when no maximum is reached.

    Steps solve (I + d diag I) s = g with the damping d raised whenever the log-likelihood would
    fall, and lowered after each success. A last coefficient beyond `limit` is on its way to infinity. `enough` is the
    decrement that ends the search; a start for another search needs no more than its first digits.
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
        settled = damping < 1e-3 and decrement < enough
        theta, (value, gradient, information) = theta + step, trial
        damping = 0.0 if damping < 1e-3 else damping / 16.0
        if abs(theta[-1]) > limit:
            break
        if settled:
            return Optimum(theta, value, information, count)
    if abs(theta[-1]) <= limit and float(np.abs(gradient).max()) < 1e-6 * max(1.0, abs(value)):
        return Optimum(theta, value, information, count)
    raise ConvergenceError(
        f"{what} did not converge in {count} steps (largest gradient {np.abs(gradient).max():.2g}). "
        "Likely reasons: too few events for this many parameters, a group without events, or a family that "
        "does not suit the data. Use fewer terms, or a simpler family."
    )


def _step(gradient: FloatArray, information: FloatArray, damping: float) -> FloatArray | None:
    if not (np.isfinite(gradient).all() and np.isfinite(information).all()):
        return None
    size = np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
    scaled = information / np.outer(size, size) + damping * np.eye(size.size)
    try:
        root = np.linalg.cholesky(scaled)
    except np.linalg.LinAlgError:
        return None
    inner = np.linalg.solve(root.T, np.linalg.solve(root, gradient / size))
    step: FloatArray = inner / size
    return step if np.isfinite(step).all() else None


def inverse_information(
    information: FloatArray, names: tuple[str, ...], reach: FloatArray, what: str
) -> FloatArray:
    """Covariance of the coefficients; raises when the data do not determine one of them.

    `reach` (P,) is the largest effect each coefficient has in the data per unit: a standard error that
    moves some patient's predictor by more than 100 means that the coefficient runs to infinity.
    """
    size = np.sqrt(np.diag(information))
    bad = ~(size > 0)
    if not bad.any():
        try:
            covariance = np.linalg.inv(information / np.outer(size, size)) / np.outer(size, size)
            with np.errstate(invalid="ignore"):
                bad = ~(np.sqrt(np.diag(covariance)) * reach < 100.0)
        except np.linalg.LinAlgError:
            bad = np.ones(size.size, dtype=bool)
    if bad.any():
        listed = ", ".join(name for name, flag in zip(names, bad) if flag)
        raise ConvergenceError(
            f"{what}: the data do not determine {listed}; the estimate runs to infinity. Likely reasons: a "
            "group without events, fewer than two distinct event times, or more parameters than events. "
            "Merge groups, drop the term, or use a simpler family (or cox_ph with penalty='firth')."
        )
    return 0.5 * (covariance + covariance.T)
