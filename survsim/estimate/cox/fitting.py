"""Shared by the likelihoods of Cox regression: the climb, its refusals, the sandwich, the way back to raw units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.clusters import n_units, told, unit_sums
from survsim.core.design import Design
from survsim.core.errors import ConvergenceError
from survsim.core.surv import Surv
from survsim.estimate.cox.prepare import Prepared, check_rank
from survsim.estimate.cox.separation import RiskIntervals, require_maximum
from survsim.kernels import cox_newton, cox_residuals

MAX_ITER = 60
TOLERANCE = 1e-14
"""Squared Newton decrement at which a fit ends: a ten-millionth of a standard error before the last step."""
WAYS_OUT = (
    "Use penalty='firth', which is finite, or merge categories.",
    "; penalty='ridge' or 'firth' steadies the fit.",
)
"""Where the likelihood has no maximum, and where none was reached."""
FEW_EVENTS = 10
"""Events per parameter below which Firth's penalty is suggested (Peduzzi et al. 1995, J Clin Epidemiol 48:1503)."""


def check_rank_of(problem: Prepared, design: Design) -> Callable[[FloatArray], None]:
    """The check of the first information, with names."""
    total = event_weight(problem)
    return lambda information: check_rank(information, design.columns, total)


def event_weight(problem: Prepared) -> float:
    """Total weight of the events."""
    return float((problem.at.mean_weight * problem.at.d).sum())


def climb(
    objective: cox_newton.Objective,
    problem: Prepared,
    design: Design,
    check: Callable[[FloatArray], None] | None = None,
    *,
    tied_apart: bool = False,
) -> cox_newton.Maximum:
    """Maximise from 0, or raise with the terms that run away; `tied_apart` for the exact likelihood of ties."""
    end = cox_newton.maximise(
        objective, np.zeros(problem.x.shape[0]), problem.span,
        max_iter=MAX_ITER, tolerance=TOLERANCE, check=check, unit=min(1.0, event_weight(problem) / problem.at.event.size),
    )  # fmt: skip
    require_maximum(end, RiskIntervals.of(problem.at, tied_apart), problem.x.T, design.columns, WAYS_OUT)
    return end


def invert(matrix: FloatArray) -> FloatArray:
    """Inverse of a symmetric matrix."""
    try:
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise ConvergenceError(
            "the information is singular: the data say nothing of some combination of the covariates (too few events, "
            "or columns that repeat one another). Leave a column out, or use penalty='ridge' or 'firth'."
        ) from None


def sandwich(problem: Prepared, moments: Any, inverse: FloatArray, surv: Surv) -> FloatArray:
    """Robust covariance (p, p) on the standardised scale: squares of the clusters' summed influence."""
    residual = _clusters(problem, moments, surv)
    return told(inverse @ (residual @ residual.T) @ inverse, inverse, surv, problem.at.rows)


def robust_score(problem: Prepared, moments: Any, surv: Surv) -> float:
    """Robust score test at coefficients 0: the score against the squares of the clusters' own; NaN for too few clusters."""
    residual = _clusters(problem, moments, surv)
    spread, total = residual @ residual.T, residual.sum(axis=1)
    too_few = n_units(surv) <= total.size  # of so few clusters it would be their number, whatever the data
    if too_few or np.linalg.matrix_rank(spread, hermitian=True) < total.size:
        return float("nan")
    return float(total @ np.linalg.solve(spread, total))


def _clusters(problem: Prepared, moments: Any, surv: Surv) -> FloatArray:
    """Weighted score residuals summed by cluster, (p, clusters)."""
    residual: FloatArray = cox_residuals.score_residuals(problem.at, problem.x, moments) * problem.at.weight
    return unit_sums(residual.T, surv, problem.at.rows).T


def notes(surv: Surv, n_terms: int, robust: bool) -> str:
    """Sentences a reader should see: few events per parameter, weights that are not counts."""
    found = []
    events = int(surv.event.sum())
    if events < FEW_EVENTS * n_terms:
        found.append(
            f"{events} events for {n_terms} coefficient{'s' if n_terms > 1 else ''}, fewer than {FEW_EVENTS} each: "
            "estimates lean away from 0 and Wald intervals are too hopeful; penalty='firth' is safer."
        )
    if surv.weight is not None and not robust and (surv.weight != np.floor(surv.weight)).any():
        found.append("The weights are not counts: for sampling weights use robust=True.")
    return " ".join(found)
