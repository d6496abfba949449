"""Logistic regression for weights: maximum likelihood by statsmodels, Firth's where it has no maximum.

Both see orthonormal columns, and coefficients of the columns as given come back.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from survsim.core.checks import BoolArray, FloatArray, one_of
from survsim.core.errors import ConvergenceError, InputError
from survsim.kernels.orthonormal import orthonormal

SEPARATION = ("error", "firth")
DIVERGED = 15.0
"""A linear predictor beyond this (a chance below 3 in 10 million) means the maximum is at infinity."""


@dataclass(frozen=True, slots=True)
class Logistic:
    """Coefficients (p,), constant included, their standard errors and the chances (n,)."""

    estimate: FloatArray
    std_error: FloatArray
    chance: FloatArray
    firth: bool


def logistic(
    x: FloatArray,
    outcome: BoolArray,
    weight: FloatArray | None = None,
    *,
    separation: str = "error",
    what: str = "treatment",
    terms: tuple[str, ...] = (),
    resample: bool = False,
) -> Logistic:
    """P(outcome) = 1 / (1 + exp(-x'b)) on the columns `x` (n, p), the constant among them.

    `separation` says what to do where covariates determine the outcome: "error", or "firth" for the
    penalised likelihood, which always has a maximum (Heinze & Schemper 2002, Stat Med 21:2409).
    A column that repeats those before it has the coefficient 0 there.
    With `resample` the maximum is found by Newton's steps here, for the thousands of fits of a bootstrap.
    """
    one_of("separation", separation, SEPARATION)
    heavy = np.ones(len(outcome)) if weight is None else weight
    columns, back = orthonormal(x, heavy)
    repeats = columns.shape[1] < x.shape[1]
    if repeats and separation == "error":
        raise InputError(
            f"the model of {what} has columns that repeat each other or are constant "
            f"({', '.join(terms) or x.shape[1]}); leave one out."
        )
    found = None if repeats else (_resampled if resample else _maximum_likelihood)(columns, outcome, heavy)
    if found is None and separation == "error":
        raise ConvergenceError(
            f"the covariates ({', '.join(terms)}) decide {what} for some patients, so that their chance of the "
            "other choice is 0 and no weight can stand for them (no positivity). Coarsen or drop the term that "
            'splits them, restrict the comparison to patients who could have had either, or pass separation="firth".'
        )
    firth = found is None
    estimate, covariance = _firth(columns, outcome, heavy) if found is None else found
    std_error = np.sqrt(np.diag(back @ covariance @ back.T))
    return Logistic(back @ estimate, std_error, expit(columns @ estimate), firth)


CONDITION = 1e12
"""Condition of an information matrix up to which its inverse is taken as it is."""
Found = tuple[FloatArray, FloatArray]
"""Coefficients of the orthonormal columns and their covariance."""


def _maximum_likelihood(x: FloatArray, outcome: BoolArray, weight: FloatArray) -> Found | None:
    import statsmodels.api as sm

    used = weight > 0
    model = sm.GLM(
        outcome[used].astype(np.float64), x[used], family=sm.families.Binomial(), freq_weights=weight[used]
    )
    with warnings.catch_warnings():
        # Separation is told below, in words that say what to do.
        warnings.simplefilter("ignore")
        found = model.fit(maxiter=100, tol=1e-12)
    predictor = x[used] @ found.params
    if not np.isfinite(predictor).all() or np.abs(predictor).max() > DIVERGED:
        return None
    return np.asarray(found.params), np.asarray(found.cov_params())


def _resampled(x: FloatArray, outcome: BoolArray, weight: FloatArray) -> Found | None:
    """The same maximum as by statsmodels, ten times sooner."""
    return _newton(x, outcome, weight, firth=False)


def _firth(x: FloatArray, outcome: BoolArray, weight: FloatArray) -> Found:
    found = _newton(x, outcome, weight, firth=True)
    if found is None:
        raise ConvergenceError("Firth's logistic regression did not settle in 200 steps; use fewer terms.")
    return found


def _newton(x: FloatArray, outcome: BoolArray, weight: FloatArray, *, firth: bool) -> Found | None:
    """Newton steps on the score X'(w (y - p) + h (1/2 - p)), h the leverages (0 without `firth`), not too long.

    None where the maximum lies at infinity, which with `firth` it never does. The length of a step and its end are
    measured on orthonormal columns `x`: on those of the data they would be told by the unit of a covariate.
    """
    b, h = np.zeros(x.shape[1]), np.zeros(len(outcome))
    previous, damping = np.zeros(x.shape[1]), 1.0
    for _ in range(200):
        p = expit(x @ b)
        root = np.sqrt(weight * p * (1.0 - p))[:, None] * x
        inverse = _inverse(root.T @ root)
        if firth:
            h = np.einsum("ij,jk,ik->i", root, inverse, root)
        step = inverse @ (x.T @ (weight * (outcome - p) + h * (0.5 - p)))
        step *= min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        # The leverages move with b, so the steps can swing around the maximum for ever: a reversal shortens them.
        damping *= 0.5 if firth and float(step @ previous) < 0 and damping > 0.05 else 1.0
        step = damping * step
        b, previous = b + step, step
        if not firth and np.abs(x[weight > 0] @ b).max() > DIVERGED:
            return None
        if np.abs(step).max() < 1e-9:
            return b, inverse
    return None


def _inverse(information: FloatArray) -> FloatArray:
    """The inverse of a symmetric matrix, the generalised one where it is next to singular: that takes five times as long."""
    try:
        found = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        found = np.full_like(information, np.inf)
    sound = np.abs(found).max() * np.abs(information).max() < CONDITION
    return np.asarray(found if sound else np.linalg.pinv(information), dtype=np.float64)
