"""Firth's Cox regression: finite under separation, nearly unbiased with few events."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import chdtrc, chdtri

from survsim.core.checks import FloatArray
from survsim.core.errors import ConvergenceError
from survsim.estimate.cox.fitting import check_rank_of
from survsim.estimate.cox.result import CoxFit
from survsim.estimate.cox.task import CoxTask
from survsim.kernels.cox_firth import firth_likelihood
from survsim.kernels.cox_newton import Maximum, Objective, Point, maximise_secant, partial_likelihood

MAX_STEP = 0.5
MAX_ITER = 400
"""Steps of at most 0.5 per standardised coefficient; a far profile limit needs many."""


class NoValue(ConvergenceError):
    """The search would have to begin where the likelihood has no value."""


def fit_firth(task: CoxTask) -> CoxFit:
    """Maximise l + log det I / 2; intervals by profile, p-values by penalised likelihood ratio.

    The penalised log likelihood is that of the covariates as they are: their units move it by a constant, so
    differences (tests, AIC of the same columns) do not depend on them.
    """
    problem, design = task.prepared(), task.design
    objective = firth_likelihood(problem.at, problem.x, problem.offset)
    p = len(design.columns)
    # Of the likelihood without the penalty, which a singular information leaves without a value.
    plain = partial_likelihood(problem.at, problem.x, problem.offset)(np.zeros(p))
    check_rank_of(problem, design)(plain.curvature)
    end = _climb(objective, np.zeros(p))
    best = end.end.value
    # log det I of the raw covariates is that of the standardised ones plus twice the sum of log scales.
    units = float(np.log(problem.scale).sum())
    profile, p_values = np.empty((p, 2)), np.empty(p)
    for j in range(p):
        try:
            profile[j] = profile_limits(objective, end, j, float(chdtri(1.0, 1.0 - task.conf_level)))
            p_values[j] = chdtrc(1.0, max(0.0, 2.0 * (best - _profile(objective, end.beta, j)(0.0))))
        except NoValue:
            raise ConvergenceError(
                f"the interval of {design.columns[j]!r} by Firth's likelihood cannot be computed: away from its estimate the likelihood "
                "has no value in floating point. The covariate orders the events so well that hazards come out as 0, as a column "
                "does that holds the follow-up time or the event. Leave it out if it is one; else use penalty='ridge'."
            ) from None
    note = "Breslow likelihood, as Firth's Cox regression is defined." if task.ties == "breslow" else (
        "The Efron likelihood and its information are used; the method's references use Breslow's."
    )  # fmt: skip
    return task.fitted(
        end, problem, note=note, log_likelihood=best + units, log_likelihood_null=end.start.value + units,
        profile=profile / problem.scale[:, None], profile_p=p_values,
    )  # fmt: skip


def _climb(objective: Objective, start: FloatArray) -> Maximum:
    end = maximise_secant(objective, start, max_iter=MAX_ITER, tolerance=1e-16, max_step=MAX_STEP)
    if not np.isfinite(end.start.value):
        raise NoValue(
            "Firth's likelihood did not settle: it has no value where the search begins, because hazards come out as 0 in floating "
            "point. Check the offset, and look for covariates of very large numbers."
        )
    if not end.converged:
        raise ConvergenceError(
            f"Firth's likelihood did not settle in {end.n_iter} steps. Look for covariates that are nearly "
            "collinear or constant among the patients with events, and drop one."
        )
    return end


def _profile(objective: Objective, start: FloatArray, j: int) -> Callable[[float], float]:
    """The penalised likelihood maximised over the other coefficients, as a function of coefficient j."""
    others = np.arange(start.size) != j
    state = start.copy()

    def value(fixed: float) -> float:
        state[j] = fixed

        def restricted(beta: FloatArray) -> Point:
            full = state.copy()
            full[others] = beta
            point = objective(full)
            return point._replace(
                gradient=point.gradient[others], curvature=point.curvature[np.ix_(others, others)]
            )

        if not others.any():
            return objective(state).value
        end = _climb(restricted, state[others])
        state[others] = end.beta
        return end.end.value

    return value


def profile_limits(objective: Objective, end: Maximum, j: int, threshold: float) -> tuple[float, float]:
    """The two values of coefficient j at which twice the drop of the profile reaches `threshold`."""
    from scipy.optimize import brentq

    unit = float(np.sqrt(np.linalg.inv(end.end.curvature)[j, j]))
    limits = []
    for sign in (-1.0, 1.0):
        profile = _profile(objective, end.beta, j)

        def excess(b: float, profile: Callable[[float], float] = profile) -> float:
            return 2.0 * (end.end.value - profile(b)) - threshold

        inner, outer = float(end.beta[j]), float(end.beta[j]) + sign * np.sqrt(threshold) * unit
        step = unit
        while excess(outer) < 0.0:
            inner, outer, step = outer, outer + sign * step, 1.5 * step
            if abs(outer) > 1e3 * (1.0 + unit):
                break
        found = abs(outer) <= 1e3 * (1.0 + unit)
        limits.append(float(brentq(excess, inner, outer, xtol=1e-10, rtol=1e-12)) if found else sign * np.inf)
    return limits[0], limits[1]
