"""The posterior density of the parameters of a course, for many parameter sets at once.

A published summary y of a cohort has, on its analysis scale,

    y = f(theta) + slope * (study + transport) + error,    study ~ N(0, tau^2),

where f is the number the course gives for that endpoint and cohort, and slope is its derivative in the log of the
speed of time: a study in which everything goes exp(d) times as fast has its log median lowered by d. Single patients
enter by their own density, mixed over that speed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from survsim.core.checks import FloatArray
from survsim.estimate.calibration import interpolation
from survsim.estimate.calibration.course import Cohort, CourseModel, Endpoint, Number
from survsim.estimate.calibration.curves import (
    CELLS,
    NODES,
    ROUGH_CELLS,
    ROUGH_NODES,
    Curves,
    Plan,
    curves,
)
from survsim.estimate.calibration.endpoints import probability
from survsim.estimate.calibration.gaussian import Observed, observe
from survsim.estimate.calibration.hazard_grid import Values, number
from survsim.estimate.calibration.priors import Prior, free_names, natural
from survsim.estimate.calibration.targets import (
    CaseTarget,
    ContrastTarget,
    PredictionTarget,
    PublishedTarget,
    Target,
)
from survsim.kernels import frailty
from survsim.kernels.threads import map_threads

CHUNK = 64
"""Parameter sets evaluated at a time: results do not depend on how many threads share the chunks."""
NUDGE = 0.02
"""Step in the log of time for derivatives of a curve."""
SPEED_NODES, SPEED_WEIGHTS = np.polynomial.hermite_e.hermegauss(5)
SPEED_WEIGHTS = SPEED_WEIGHTS / SPEED_WEIGHTS.sum()


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What the course gives for each target at b parameter sets.

    Attributes
    ----------
    mean, slope, between : (b, k) of the normal components; free : (b, k) share free of the event where each stands.
    study_sd : (b,).
    case : (b, c) log likelihood of each single patient.
    """

    mean: FloatArray
    slope: FloatArray
    between: FloatArray
    free: FloatArray
    study_sd: FloatArray
    case: FloatArray


class Problem:
    """Targets, course and priors, ready to be evaluated."""

    def __init__(
        self,
        model: CourseModel,
        cohorts: Mapping[str, Cohort],
        priors: Mapping[str, Prior],
        targets: Sequence[Target],
        *,
        study_sd: Number,
        bias: bool,
        workers: int | None = 1,
        rough: bool = False,
    ) -> None:
        self.model, self.priors, self.targets = model, priors, tuple(targets)
        self.names = free_names(priors)
        self.study_sd, self.workers = study_sd, workers
        self.observed: Observed = observe(targets, bias=bias)
        self.cases = [t for t in targets if isinstance(t, CaseTarget)]
        self.nodes = ROUGH_NODES if rough else NODES
        self.plans = _plans(model, cohorts, targets, ROUGH_CELLS if rough else CELLS, self.nodes)

    def values(self, w: FloatArray) -> dict[str, FloatArray]:
        """Natural parameter values at standard normals w (b, p)."""
        return natural(self.priors, self.names, w)

    def log_posterior(self, w: FloatArray) -> FloatArray:
        """(b,) log density up to a constant; minus infinity where a prediction is no number."""
        parts = map_threads(
            self._chunk, [w[i : i + CHUNK] for i in range(0, w.shape[0], CHUNK)], self.workers
        )
        return np.concatenate(parts)

    def _chunk(self, w: FloatArray) -> FloatArray:
        found = self.predict(w)
        value = -0.5 * (w**2).sum(axis=1) + found.case.sum(axis=1) + self.gaussian(found)
        return np.where(np.isfinite(value), value, -np.inf)

    def gaussian(self, found: Predicted) -> FloatArray:
        """(b,) log density of the normal components."""
        gap = self.observed.value - found.mean
        with np.errstate(over="ignore", invalid="ignore"):
            covariance = self.observed.covariance(found.slope, found.study_sd, found.between, found.free)
        fine = np.asarray(np.isfinite(covariance).all(axis=(1, 2)) & np.isfinite(gap).all(axis=1))
        covariance[~fine] = np.eye(gap.shape[1])
        root = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
        scaled = np.linalg.solve(root, np.where(fine[:, None], gap, 0.0)[..., None])[..., 0]
        half_log_determinant = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        value = -0.5 * (scaled**2).sum(axis=1) - half_log_determinant
        return np.where(fine, value, -np.inf)

    def predict(self, w: FloatArray) -> Predicted:
        """Every target's prediction at w (b, p)."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            return self._predict(self.values(w), w.shape[0])

    def _predict(self, values: Values, size: int) -> Predicted:
        curves_of = self.curves(values, size)
        study_sd = number(self.study_sd, values, size)
        mean, slope, between = [], [], []
        for t in self.targets:
            if isinstance(t, PublishedTarget):
                level, rise = _summary(curves_of[t.cohort], t, size)
                mean.append(level)
                slope.append(rise)
                between.append(np.zeros(size))
            elif isinstance(t, ContrastTarget):
                mean.append(np.log(values[t.parameter]))
                slope.append(np.ones(size))
                between.append(number(t.between_sd, values, size))
            elif isinstance(t, PredictionTarget):
                p = probability(curves_of[t.cohort], t.endpoint, t.times)
                mean += list(_logit(p).T)
                slope += [np.zeros(size)] * t.times.size
                between += [np.zeros(size)] * t.times.size
        level = _columns(mean, size)
        cases = [case_log_likelihood(curves_of[t.cohort], t, study_sd) for t in self.cases]
        return Predicted(
            mean=level,
            free=_free(self.observed, self.targets, level),
            slope=_columns(slope, size),
            between=_columns(between, size),
            study_sd=study_sd,
            case=_columns(cases, size),
        )

    def curves(self, values: Values, size: int) -> dict[str, Curves]:
        """Cohort -> curves; the frailty's quadrature is made once for all of them."""
        quadrature = frailty.gauss_nodes(number(self.model.frailty_variance, values, size), self.nodes)
        return {name: curves(plan, values, size, quadrature) for name, plan in self.plans.items()}


def _plans(
    model: CourseModel, cohorts: Mapping[str, Cohort], targets: Sequence[Target], cells: int, nodes: int
) -> dict[str, Plan]:
    """One plan a cohort that a target speaks of, long enough for all of its targets."""
    endpoints: dict[str, list[Endpoint]] = {}
    horizon: dict[str, float] = {}
    for t in targets:
        if isinstance(t, ContrastTarget):
            continue
        endpoints.setdefault(t.cohort, []).append(t.endpoint)
        horizon[t.cohort] = max(horizon.get(t.cohort, 0.0), _reach(t))
    return {
        name: Plan.of(model, cohorts[name], ends, horizon[name], cells=cells, nodes=nodes)
        for name, ends in endpoints.items()
    }


def _reach(t: PublishedTarget | CaseTarget | PredictionTarget) -> float:
    """How far a target's curve must be known: beyond its times, and past a median that lies later than published."""
    if isinstance(t, PredictionTarget):
        return 1.1 * float(t.times.max())
    if isinstance(t, CaseTarget):
        return 1.6 * t.time
    return 3.0 * float(np.exp(t.estimate)) if t.statistic == "median" else 1.1 * float(t.time or 0.0)


def _summary(found: Curves, t: PublishedTarget, size: int) -> tuple[FloatArray, FloatArray]:
    """Analysis-scale value of a published summary (b,) and its slope in the log of speed."""
    if t.statistic == "median":
        step = float(found.times[1])
        return interpolation.log_time_at(found.log_free(t.endpoint), step), np.full(size, -1.0)
    around = float(t.time or 0.0) * np.exp(np.array([-NUDGE, 0.0, NUDGE]))
    odds = _logit(probability(found, t.endpoint, around))
    return odds[:, 1], (odds[:, 2] - odds[:, 0]) / (2.0 * NUDGE)


def case_log_likelihood(found: Curves, t: CaseTarget, study_sd: FloatArray) -> FloatArray:
    """(b,) log likelihood of one patient, mixed over the speed of her setting."""
    sd = np.sqrt(study_sd**2 + t.transport.sd**2)[:, None]
    when = t.time * np.exp(sd * SPEED_NODES)
    if t.status == "event":
        later, sooner = (probability(found, t.endpoint, when * np.exp(d)) for d in (NUDGE, -NUDGE))
        likelihood = (sooner - later) / (2.0 * NUDGE * t.time)
    else:
        free = probability(found, t.endpoint, when)
        likelihood = free if t.status == "free" else 1.0 - free
    return np.log(np.maximum(likelihood @ SPEED_WEIGHTS, 1e-300))


def _free(observed: Observed, targets: Sequence[Target], level: FloatArray) -> FloatArray:
    """Predicted share free of the event at each component: half at a median, the probability itself elsewhere."""
    is_median = [getattr(targets[i], "statistic", "") == "median" for i in observed.of]
    return np.where(is_median, 0.5, 1.0 / (1.0 + np.exp(-level)))


def _logit(p: FloatArray) -> FloatArray:
    p = np.clip(p, 1e-12, 1.0 - 1e-12)
    return np.log(p) - np.log1p(-p)


def _columns(parts: list[FloatArray], size: int) -> FloatArray:
    return np.stack(parts, axis=1) if parts else np.zeros((size, 0))
