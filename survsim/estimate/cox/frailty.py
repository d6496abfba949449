"""Cox regression with a shared frailty: an unseen factor on the hazard of each study, centre or family."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaln

from survsim.core.checks import FloatArray, IntArray, label_codes, one_of
from survsim.core.encoding import stored
from survsim.core.errors import ConvergenceError, InputError
from survsim.core.result import format_number
from survsim.core.spelling import family_name
from survsim.estimate.cox.fitting import MAX_ITER, TOLERANCE, check_rank_of, climb, invert
from survsim.estimate.cox.prepare import Prepared
from survsim.estimate.cox.result import CoxFit
from survsim.estimate.cox.task import CoxTask
from survsim.kernels import cox_newton
from survsim.kernels.cox_newton import Maximum, Point

MOST_GROUPS = 1_000
LARGEST_VARIANCE, SMALLEST_VARIANCE = 20.0, 1e-6


@stored
@dataclass(frozen=True, slots=True)
class Frailty:
    """The groups' part of a fit.

    Attributes
    ----------
    labels, effect, std_error : (g,) groups, their log frailties and standard errors given the variance.
    variance : of the frailty (gamma, mean 1) or of its logarithm (lognormal).
    distribution : "gamma" or "lognormal".
    row_effect : (n,) log frailty of each row.
    """

    labels: tuple[Any, ...]
    effect: FloatArray
    std_error: FloatArray
    variance: float
    distribution: str
    row_effect: FloatArray

    def headline(self) -> str:
        """One line for the printout."""
        what = "frailty" if self.distribution == "gamma" else "log frailty"
        return (
            f"Shared {self.distribution} frailty over {len(self.labels)} groups: variance of the {what} "
            f"{format_number(self.variance)}"
        )


def _law(name: Any) -> Any:
    """The law of the frailty in our words; R calls it gaussian, after its logarithm."""
    found = family_name(name)
    return "lognormal" if found == "gaussian" else found


def fit_frailty(task: CoxTask) -> CoxFit:
    """Penalised partial likelihood, the variance by marginal likelihood (gamma) or REML (lognormal).

    Gamma: penalty sum (exp(u) - u)/theta, theta maximises the likelihood with the frailty integrated out.
    Lognormal: penalty sum u^2/(2 theta), theta solves theta = (u'u + trace of u's covariance)/g.
    Standard errors are those of the full penalised curvature, given the variance.

    Reference: Therneau, Grambsch & Pankratz (2003), J Comput Graph Stat 12:156; Therneau & Grambsch (2000), ch. 9.
    """
    surv, design = task.surv, task.design
    distribution = one_of("frailty_distribution", _law(task.frailty_distribution), ("gamma", "lognormal"))
    codes, labels = label_codes("frailty", surv.paired("frailty", task.frailty), len(surv))
    if not 2 <= len(labels) <= MOST_GROUPS:
        raise InputError(f"frailty needs between 2 and {MOST_GROUPS} groups; got {len(labels)}.")
    problem = task.prepared()
    plain = climb(
        cox_newton.partial_likelihood(problem.at, problem.x, problem.offset),
        problem,
        design,
        check_rank_of(problem, design),
    )
    model = _Model(
        problem, codes[problem.at.rows], len(labels), distribution, _events_by_group(problem, codes, labels)
    )
    variance, end = model.best_variance(plain.beta)
    covariance = invert(end.end.curvature)
    p = plain.beta.size
    effect = end.beta[p:] - _level(end.beta[p:], distribution)
    groups = Frailty(labels, effect, np.sqrt(np.diag(covariance)[p:]), variance, distribution, effect[codes])
    return task.fitted(
        end, problem, covariance=covariance[:p, :p], score_statistic=float("nan"),
        log_likelihood=model.marginal(end, variance), log_likelihood_null=plain.start.log_likelihood,
        degrees_of_freedom=float(p + 1), frailty=groups,
    )  # fmt: skip


def _events_by_group(problem: Prepared, codes: IntArray, labels: tuple[Any, ...]) -> FloatArray:
    at = problem.at
    weight = at.weight[at.event]
    return np.bincount(codes[at.rows[at.event]], weights=weight, minlength=len(labels)).astype(np.float64)


def _level(effect: FloatArray, distribution: str) -> float:
    """What the estimates leave free by rounding only: mean frailty 1, or mean log frailty 0."""
    return float(np.log(np.exp(effect).mean())) if distribution == "gamma" else float(effect.mean())


class _Model:
    """The penalised likelihood of coefficients and log frailties, for any variance."""

    def __init__(self, problem: Prepared, group: IntArray, size: int, distribution: str, events: FloatArray):
        self.problem, self.group, self.size, self.distribution, self.events = (
            problem,
            group,
            size,
            distribution,
            events,
        )
        z = np.zeros((size, group.size))
        z[group, np.arange(group.size)] = 1.0
        self.x = np.concatenate([problem.x, z])
        self.p = problem.x.shape[0]
        self.objective = cox_newton.partial_likelihood(problem.at, self.x, problem.offset)
        self.state: FloatArray = np.zeros(self.p + size)

    def solve(self, variance: float) -> Maximum:
        """Maximise given the variance, from where the last search ended."""

        def penalised(beta: FloatArray) -> Point:
            point = self.objective(beta)
            u = beta[self.p :]
            if self.distribution == "gamma":
                w = np.exp(u)
                cost, slope, bend = float((w - u).sum()) / variance, (w - 1.0) / variance, w / variance
            else:
                cost, slope, bend = (
                    float(u @ u) / (2.0 * variance),
                    u / variance,
                    np.full(u.size, 1.0 / variance),
                )
            gradient, curvature = point.gradient.copy(), point.curvature.copy()
            gradient[self.p :] -= slope
            index = np.arange(self.p, beta.size)
            curvature[index, index] += bend
            return point._replace(value=point.value - cost, gradient=gradient, curvature=curvature)

        end = cox_newton.maximise(
            penalised, self.state, np.zeros(self.state.size), max_iter=MAX_ITER, tolerance=TOLERANCE
        )
        if not end.converged:
            raise ConvergenceError(
                "the frailty model did not settle; look for groups that hold all events or nearly collinear covariates."
            )
        self.state = end.beta
        return end

    def marginal(self, end: Maximum, variance: float) -> float:
        """Log likelihood with the frailties integrated out (gamma exactly; lognormal by Laplace)."""
        u = end.beta[self.p :]
        if self.distribution == "gamma":
            nu, d = 1.0 / variance, self.events
            return end.end.log_likelihood + float(
                (
                    nu * u + gammaln(d + nu) - gammaln(nu) + nu * np.log(nu) - (d + nu) * np.log(d + nu) + d
                ).sum()
            )
        block = end.end.curvature[self.p :, self.p :]
        log_det = float(np.linalg.slogdet(block)[1])
        return (
            end.end.log_likelihood
            - float(u @ u) / (2 * variance)
            - 0.5 * (self.size * np.log(variance) + log_det)
        )

    def best_variance(self, start: FloatArray) -> tuple[float, Maximum]:
        """The variance and the fit at it."""
        from scipy.optimize import brentq, minimize_scalar

        self.state[: self.p] = start
        low, high = np.log(SMALLEST_VARIANCE), np.log(LARGEST_VARIANCE)
        if self.distribution == "gamma":
            found = minimize_scalar(
                lambda s: -self.marginal(self.solve(float(np.exp(s))), float(np.exp(s))),
                bounds=(low, high), method="bounded", options={"xatol": 1e-7},
            )  # fmt: skip
            variance = float(np.exp(found.x))
        else:
            variance = float(np.exp(self._root(brentq, low, high)))
        return variance, self.solve(variance)

    def _root(self, brentq: Callable[..., float], low: float, high: float) -> float:
        def excess(s: float) -> float:
            variance = float(np.exp(s))
            end = self.solve(variance)
            u = end.beta[self.p :]
            spread = np.linalg.inv(end.end.curvature)[self.p :, self.p :]
            return (float(u @ u) + float(np.trace(spread))) / self.size / variance - 1.0

        if excess(low) <= 0.0:
            return low
        if excess(high) >= 0.0:
            raise ConvergenceError(
                "the frailty variance runs away; the groups do not share a common hazard shape."
            )
        return float(brentq(excess, low, high, xtol=1e-9))
