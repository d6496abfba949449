"""Posterior of an evidence model: inner Newton optimum, Laplace, sums over the standard deviations.

For fixed standard deviations of the random effects the posterior of (alpha, gamma) is near normal; they
themselves are integrated on a grid. Rue, Martino and Chopin 2009 (JRSS B 71:319), sections 3.1 and 3.2.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BarycentricInterpolator, CubicSpline
from scipy.linalg import cho_factor, cho_solve
from scipy.special import gammaln

from survsim.core import progress
from survsim.core.checks import FloatArray
from survsim.core.encoding import stored
from survsim.core.errors import ConvergenceError, EvidenceError
from survsim.estimate.joint_model.compile import Compiled
from survsim.estimate.joint_model.likelihood import log_likelihood, mean_shift

FLOOR = 1e-4  # of a random-effect sd on the log hazard: no effect one could see
SD_PRIORS = {"boundary-avoiding": 0.5, "half-normal": 0.0}
DROP = 9.0  # log posterior below its top at which the grid of an sd ends
MAX_NEWTON = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deviation:
    """Prior of the sd of one random effect, or the sd itself, fixed at `value`.

    Density proportional to ``sd^power exp(-sd^2 / (2 scale^2))``: half-normal with power 0; with a positive
    power it is zero at zero (`SD_PRIORS`).
    """

    name: str
    scale: float | None = None
    value: float | None = None
    power: float = 0.0

    def log_prior(self, sd: float) -> float:
        """Log density at `sd`."""
        scale, half = float(self.scale or 1.0), 0.5 * (self.power + 1.0)
        constant = np.log(2.0) - half * np.log(2.0) - gammaln(half) - np.log(scale)
        bend = self.power * np.log(sd / scale) if self.power else 0.0
        return float(constant + bend - 0.5 * (sd / scale) ** 2)


@stored
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridPosterior:
    """Normal posteriors at the nodes of the standard deviations.

    Attributes
    ----------
    names : random effects, in the order of the columns of `deviation`.
    deviation : (j, d) standard deviations at each node.
    weight : (j,) posterior weight of each node.
    mean : (j, n) posterior mean of (alpha, gamma) given the node (mode plus third-order shift).
    covariance : (j, n, n).
    tables : name -> (2, 401) values and distribution function of each estimated standard deviation.
    log_marginal : log marginal likelihood up to a constant of the data and the flat priors.
    """

    names: tuple[str, ...]
    deviation: FloatArray
    weight: FloatArray
    mean: FloatArray
    covariance: FloatArray
    tables: Mapping[str, FloatArray]
    log_marginal: float


class Inner:
    """Newton optimum and Laplace value for given standard deviations, started at the last optimum."""

    def __init__(self, m: Compiled, walk_sd: float | None, coefficient_sd: float | None) -> None:
        self.m = m
        self.k, self.p = int(m.active.sum()), m.effects.shape[1]
        self.base = np.zeros((self.k + self.p, self.k + self.p))
        if walk_sd is not None and self.k > 1:
            step = np.diff(np.eye(self.k), axis=0) / walk_sd
            self.base[: self.k, : self.k] += step.T @ step
        fixed = m.blocks["covariates"]
        if coefficient_sd is not None:
            at = self.k + np.arange(fixed.start, fixed.stop)
            self.base[at, at] += coefficient_sd**-2
        self.start = np.zeros(self.k + self.p)
        self.start[: self.k] = _crude_log_hazard(m)

    def solve(self, deviation: Mapping[str, float]) -> tuple[FloatArray, FloatArray, float]:
        """Mode, negative Hessian there and the Laplace log marginal likelihood."""
        prior, log_scale = self.base.copy(), 0.0
        for name, block in self.m.blocks.items():
            if name == "covariates":
                continue
            sd = np.full(block.stop - block.start, max(deviation.get(name, 0.0), 0.0))
            if name == "study":
                sd = np.hypot(sd, self.m.group_sd)
            sd = np.maximum(sd, FLOOR)
            at = self.k + np.arange(block.start, block.stop)
            prior[at, at] += sd**-2
            log_scale += float(np.log(sd).sum())
        theta, curvature, value = newton(self.m, prior, self.start)
        self.start = theta
        return theta, curvature, value - log_scale - 0.5 * _log_determinant(curvature, self.m)


def newton(m: Compiled, prior: FloatArray, start: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Maximum of log likelihood - theta' prior theta / 2 by Newton steps, damped where needed."""
    theta = start.copy()
    here = log_likelihood(m, theta)
    value = here.value - 0.5 * float(theta @ prior @ theta)
    for _ in range(MAX_NEWTON):
        gradient = here.gradient - prior @ theta
        curvature = here.curvature + prior
        step = _safe_step(curvature, gradient)
        decrement = float(gradient @ step)
        if decrement < 1e-18 * (1 + abs(value)):
            return theta + step, curvature, value
        scale = min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
        moved = False
        for _ in range(40):
            trial = theta + scale * step
            there = log_likelihood(m, trial)
            new = there.value - 0.5 * float(trial @ prior @ trial)
            if np.isfinite(new) and new >= value - 1e-11 * (1 + abs(value)):
                moved = True
                break
            scale *= 0.5
        if not moved or (decrement < 1e-9 and np.abs(scale * step).max() < 1e-13):
            break
        theta, here, value = trial, there, new
    gradient = here.gradient - prior @ theta
    curvature = here.curvature + prior
    if float(gradient @ _safe_step(curvature, gradient)) > 1e-8 * (1 + abs(value)):
        raise ConvergenceError(
            "the evidence model did not reach its optimum. Likely: an interval without any event and "
            "without walk_sd, a covariate that separates events from non-events (give coefficient_sd), or "
            "summaries that contradict each other strongly."
        )
    return theta, curvature, value


def _safe_step(curvature: FloatArray, gradient: FloatArray) -> FloatArray:
    """Newton step; away from the optimum a curvature that is not positive definite is lifted."""
    lift = 0.0
    size = float(np.abs(np.diag(curvature)).mean()) + 1e-12
    for _ in range(30):
        try:
            return cho_solve(
                cho_factor(curvature + lift * np.eye(gradient.size), check_finite=False), gradient
            )
        except np.linalg.LinAlgError:
            lift = max(4 * lift, 1e-8 * size)
    return np.asarray(gradient / size, dtype=np.float64)


def _log_determinant(curvature: FloatArray, m: Compiled) -> float:
    """Log determinant of the curvature at the optimum; a flat direction is named."""
    # Scaled to a unit diagonal, so that a tight prior on one effect does not make the others look flat.
    root = np.sqrt(np.maximum(np.diag(curvature), 1e-300))
    scaled = curvature / root / root[:, None]
    try:
        pivot = np.diag(np.linalg.cholesky(scaled))
    except np.linalg.LinAlgError:
        pivot = np.zeros(1)
    if pivot.min() ** 2 < 1e-11:
        raise EvidenceError(_unidentified(np.linalg.eigh(scaled)[1][:, 0], m))
    return 2 * float(np.log(pivot).sum() + np.log(root).sum())


def _unidentified(direction: FloatArray, m: Compiled) -> str:
    labels = [f"log hazard of interval {i + 1}" for i in np.flatnonzero(m.active)]
    labels += [f"{block} {name}".replace("covariates ", "") for block in m.names for name in m.names[block]]
    loud = [labels[i] for i in np.argsort(-np.abs(direction)) if abs(direction[i]) > 0.2][:6]
    return (
        f"the evidence does not identify {', '.join(loud)}. Likely: no term speaks of it, or it cannot be "
        "told apart from another. Drop it from the formula, add evidence, or give coefficient_sd and walk_sd."
    )


def _crude_log_hazard(m: Compiled) -> float:
    logs: list[float] = []
    if m.events.sum() > 0:
        logs.append(float(np.log(m.events.sum() / max(m.exposure.sum(), 1e-300))))
    for kind, first, second, length in zip(m.sum_kind, m.sum_first, m.sum_second, m.sum_length.sum(axis=1)):
        if kind == 0:
            logs.append(float(first - np.log(length)))
        elif kind == 1:
            logs.append(float(np.log(max(first, 0.5) / second)))
        elif np.isfinite(length):
            logs.append(float(np.log(1.0 / length)))
    if not logs:
        # Nothing but survivors: Newton starts from half an event, and finds the level unidentified or held by a prior.
        logs.append(float(np.log(0.5 / max(m.exposure.sum(), 1e-300))))
    return float(np.mean(logs))


def grid_posterior(
    m: Compiled,
    deviations: Sequence[Deviation],
    *,
    walk_sd: float | None,
    coefficient_sd: float | None,
    points: int,
    shift: bool,
) -> GridPosterior:
    """Posterior over at most two free standard deviations and, at each node, of everything else."""
    inner = Inner(m, walk_sd, coefficient_sd)
    fixed = {d.name: float(d.value) for d in deviations if d.value is not None}
    free = [d for d in deviations if d.value is None]

    def log_posterior(sds: Sequence[float]) -> tuple[FloatArray, FloatArray, float]:
        theta, curvature, value = inner.solve(fixed | {d.name: s for d, s in zip(free, sds)})
        return theta, curvature, value + sum(d.log_prior(s) for d, s in zip(free, sds))

    ranges = _ranges(free, lambda s: log_posterior(s)[2])
    axes = [_legendre(low, high, points) for low, high in ranges]
    nodes = list(itertools.product(*[list(zip(x, w)) for x, w in axes]))
    solved = []
    for node in progress.each("fitting", nodes):
        theta, curvature, value = log_posterior([x for x, _ in node])
        solved.append((theta, curvature, value + float(sum(np.log(w) for _, w in node))))
    logs = np.array([s[2] for s in solved])
    mass = np.exp(logs - logs.max())
    keep = np.flatnonzero(mass > 1e-5)
    names = tuple(d.name for d in deviations)
    table = [
        [fixed[d.name] if d.name in fixed else nodes[j][free.index(d)][0] for d in deviations] for j in keep
    ]
    covariance = np.array([_inverse(solved[j][1]) for j in keep])
    mean = np.array([solved[j][0] for j in keep])
    if shift:
        mean = mean + np.array([mean_shift(m, x, c) for x, c in zip(mean, covariance)])
    return GridPosterior(
        names=names,
        deviation=np.array(table, float).reshape(keep.size, len(names)),
        weight=mass[keep] / mass[keep].sum(),
        mean=mean,
        covariance=covariance,
        tables={d.name: _table(axis, mass, i, free) for i, (d, axis) in enumerate(zip(free, axes))},
        log_marginal=float(np.log(mass.sum()) + logs.max()),
    )


def _table(
    axis: tuple[FloatArray, FloatArray], mass: FloatArray, i: int, free: Sequence[Deviation]
) -> FloatArray:
    """(2, 401) values of a standard deviation and its distribution function.

    Without the power of the prior the log density is smooth: its polynomial through the nodes is summed up.
    """
    (x, w), d = axis, len(free)
    others = tuple(j for j in range(d) if j != i)
    density = mass.reshape((x.size,) * d).sum(axis=others) / w
    fine = np.linspace(x[0] - (x[1] - x[0]) / 2, x[-1] + (x[-1] - x[-2]) / 2, 401)
    fine = np.maximum(fine, 0.0)
    logs = np.log(np.maximum(density / x ** free[i].power, 1e-12 * density.max()))
    height = np.exp(np.minimum(BarycentricInterpolator(x, logs)(fine), logs.max() + 1.0))
    height *= fine ** free[i].power
    below = np.concatenate([[0.0], np.cumsum(0.5 * (height[1:] + height[:-1]) * np.diff(fine))])
    return np.stack([fine, below / below[-1]])


def _inverse(curvature: FloatArray) -> FloatArray:
    inverse = cho_solve(cho_factor(curvature), np.eye(curvature.shape[0]))
    return 0.5 * (inverse + inverse.T)


def _legendre(low: float, high: float, points: int) -> tuple[FloatArray, FloatArray]:
    x, w = np.polynomial.legendre.leggauss(points)
    return low + 0.5 * (high - low) * (x + 1), 0.5 * (high - low) * w


def _ranges(free: Sequence[Deviation], value: object) -> list[tuple[float, float]]:
    """Where the posterior of each free sd lives, by scans along one axis at a time."""
    assert callable(value)
    at = [0.5 * float(d.scale or 1.0) for d in free]
    found = [(0.0, 0.0)] * len(free)
    rounds = 2 if len(free) > 1 else 1
    for _ in range(rounds):
        for i, d in enumerate(free):
            scale = float(d.scale or 1.0)
            scan = scale * np.array([0.01, 0.05, 0.1, 0.2, 0.35, 0.55, 0.8, 1.15, 1.6, 2.2, 3.0, 4.0])
            logs = np.array([value([*at[:i], s, *at[i + 1 :]]) for s in scan])
            fine = np.linspace(scan[0], scan[-1], 800)
            smooth = CubicSpline(scan, logs)(fine)
            inside = fine[smooth > smooth.max() - DROP]
            at[i] = float(fine[smooth.argmax()])
            low = 0.0 if inside[0] == fine[0] else float(inside[0])
            found[i] = (low, float(inside[-1]))
    return found
