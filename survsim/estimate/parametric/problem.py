"""The likelihood of a family on a data set, and the one road from it to a `ParametricFit`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray, between, float_vector, positions
from survsim.core.clusters import told, unit_sums
from survsim.core.distributions import HazardDistribution
from survsim.core.encoding import stored
from survsim.core.errors import ConvergenceError, InputError
from survsim.core.provenance import Provenance
from survsim.core.surv import Surv
from survsim.estimate.parametric.families import Family
from survsim.estimate.parametric.fit import ParametricFit
from survsim.estimate.parametric.likelihood_terms import FollowUp, Terms, assemble, scores
from survsim.estimate.parametric.newton import (
    Evaluation,
    Optimum,
    inverse_information,
    maximise,
    root_of,
    weight_unit,
)
from survsim.estimate.parametric.predictor_designs import (
    PredictorDesign,
    ScaledColumns,
    prediction_rows,
    scale_columns,
)
from survsim.kernels.threads import with_one_blas_thread

LARGE, SMALL = 10_000, 2_000
"""Above LARGE patients the search starts from the maximum on about SMALL of them."""

BLOCK = 32_768


@with_one_blas_thread
def fit_family(
    law: Family,
    surv: Surv,
    designs: Sequence[PredictorDesign],
    *,
    starts: Callable[[Problem, list[int]], list[FloatArray]],
    background: Any,
    robust: bool | None,
    conf_level: float,
    provenance: Provenance,
) -> ParametricFit:
    """Maximise the likelihood of `law` from each start, keep the best, and give times their unit back."""
    between("conf_level", conf_level, 0.0, 1.0)
    check_response(surv, law.name)
    rates = check_background(background, surv)
    follow = FollowUp.of(surv, rates)
    kept = np.ones(len(surv), dtype=bool)
    if law.needs_positive_times:
        kept = positive_times(surv, law.name)
        follow = follow.with_rows(kept)
    scaled = [scale_columns(d, len(surv), surv.weight) for d in designs]
    matrices = [s.matrix if kept.all() else s.matrix[kept] for s in scaled]
    problem = Problem.of(law.on_clock(follow.clock), follow, matrices)
    optimum = _best(problem, starts, [m.shape[1] for m in matrices])
    back, shift = unscale(law, designs, scaled, follow.clock)
    covariance = inverse_information(
        optimum.information,
        (p.designs for p in problem.parts),
        back,
        coefficient_names(designs),
        law.name,
        problem.unit,
    )
    wants_robust = surv.cluster is not None if robust is None else bool(robust)
    if wants_robust:
        covariance = sandwich(covariance, problem.scores(optimum.theta), surv, kept)
    return ParametricFit(
        provenance=provenance,
        family=law.name,
        predictor=tuple(d.name for d in designs for _ in d.terms),
        terms=tuple(t for d in designs for t in d.terms),
        effects=effects_of(law, designs),
        estimate=back @ optimum.theta + shift,
        covariance=back @ covariance @ back.T,
        root=back @ root_of(covariance),
        log_likelihood=optimum.value - follow.log_clock_share(),
        model=LinearModel(law, tuple(designs)),
        surv=surv,
        robust=wants_robust,
        relative=rates is not None,
        background=rates,
        conf_level=conf_level,
        n_iter=optimum.iterations,
    )


def _best(
    problem: Problem, starts: Callable[[Problem, list[int]], list[FloatArray]], sizes: list[int]
) -> Optimum:
    """The best maximum over the starts; large data start from the maximum on a few of their rows."""
    what = problem.family.name
    if problem.n > LARGE:
        try:
            near = [_best(problem.every(problem.n // SMALL), starts, sizes).theta]
            return maximise(problem.evaluate, near[0], what, limit=problem.family.limit, unit=problem.unit)
        except ConvergenceError:
            pass
    found: list[Optimum] = []
    failed: list[ConvergenceError] = []
    for start in starts(problem, sizes):
        try:
            found.append(
                maximise(problem.evaluate, start, what, limit=problem.family.limit, unit=problem.unit)
            )
        except ConvergenceError as error:
            failed.append(error)
    if not found:
        raise failed[0]
    return max(found, key=lambda optimum: optimum.value)


def blocks(rows: IntArray) -> list[IntArray]:
    """Rows in runs that stay in the processor's cache while their terms are computed."""
    return [rows[i : i + BLOCK] for i in range(0, rows.size, BLOCK)]


def spread(values: Sequence[float], sizes: Sequence[int]) -> FloatArray:
    """Start values: each predictor's constant, all effects 0."""
    parts = [np.concatenate([[v], np.zeros(max(size - 1, 0))])[:size] for v, size in zip(values, sizes)]
    return np.concatenate(parts)


HOLDS = 300.0
"""Logarithms beyond which rates and scales leave the range of floating point or nearly so."""


@stored
@dataclass(frozen=True, slots=True)
class LinearModel:
    """Predictors linear in the coefficients; the family makes the law."""

    family: Family
    designs: tuple[PredictorDesign, ...]

    def distribution(self, theta: FloatArray, data: Any, unit: str) -> HazardDistribution:
        frame, count, single = prediction_rows(self.designs, data)
        predictors, at = [], 0
        for design in self.designs:
            block = theta[..., at : at + design.size]
            at += design.size
            if design.design is None and not single:
                # one value for all patients: with draws it keeps an axis to broadcast over patients
                value = block.sum(axis=-1, keepdims=theta.ndim == 2)
            else:
                value = block @ design.rows(frame, count).T
            predictors.append(value[..., 0] if single else value)
        try:
            with np.errstate(over="ignore"):
                return self.family.distribution(predictors, unit)
        except InputError as error:
            raise InputError(self._beyond(predictors, frame, count, error)) from error

    def _beyond(self, predictors: list[FloatArray], frame: Any, count: int, error: Exception) -> str:
        """Which row of the data carries a predictor beyond what its law can hold, and by which column."""
        for design, value in zip(self.designs, predictors):
            if design.design is None or not np.abs(value).max() > HOLDS:
                continue
            rows = np.reshape(value, (-1, count))
            worst, row = np.unravel_index(int(np.abs(rows).argmax()), rows.shape)
            x, fitted = design.design.apply(frame)[row], design.design.matrix
            low, high = fitted.min(axis=0), fitted.max(axis=0)
            j = int((np.maximum(x - high, low - x) / np.where(high > low, high - low, 1.0)).argmax())
            return (
                f"the prediction for row {row} of data is beyond what the {self.family.name} law can hold ({design.name} is "
                f"{rows[worst, row]:.4g}): column {design.design.columns[j]!r} is {x[j]:g} there, {low[j]:g} to {high[j]:g} in "
                "the data of the fit. Check the value and its unit."
            )
        return f"these coefficients and data make no {self.family.name} law: {error}"

    def repair(self, theta: FloatArray, centre: FloatArray) -> tuple[FloatArray, int]:
        return theta, 0

    def columns(self, n: int) -> FloatArray:
        """Columns of the location in the data of the fit, constant first, (n, p + 1)."""
        design = self.designs[0].design
        return np.ones((n, 1)) if design is None else np.insert(design.matrix, 0, 1.0, axis=1)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that contribute in one way: "event", "censored" or "entry"."""

    kind: str
    time: FloatArray
    rows: IntArray
    designs: list[FloatArray]
    weight: FloatArray | None
    background: FloatArray | None


@dataclass(frozen=True, slots=True)
class Problem:
    """The log-likelihood of one family on one data set, on the optimiser's scale."""

    family: Family
    parts: tuple[Part, ...]
    n: int

    @classmethod
    def of(cls, family: Family, follow: FollowUp, designs: list[FloatArray]) -> Problem:
        parts = []
        groups = (
            ("event", np.flatnonzero(follow.event), follow.time),
            ("censored", np.flatnonzero(~follow.event), follow.time),
            ("entry", follow.entry_rows, follow.entry),
        )
        for kind, every, time in groups:
            for rows in blocks(every):
                picked = [np.ascontiguousarray(d[rows]) for d in designs]
                weight = None if follow.weight is None else follow.weight[rows]
                known = kind == "event" and follow.background is not None
                other = follow.background[rows] if known and follow.background is not None else None
                when = time[np.searchsorted(every, rows)] if kind == "entry" else time[rows]
                parts.append(Part(kind, when, rows, picked, weight, other))
        return cls(family, tuple(parts), follow.time.size)

    @property
    def unit(self) -> float:
        """What one patient adds to the log-likelihood, at most 1."""
        return weight_unit(self.parts)

    def every(self, step: int) -> Problem:
        """One row in `step` of each part, for a start value."""
        parts = []
        for p in self.parts:
            kept = slice(None, None, step)
            weight = None if p.weight is None else p.weight[kept]
            other = None if p.background is None else p.background[kept]
            designs = [np.ascontiguousarray(d[kept]) for d in p.designs]
            parts.append(Part(p.kind, p.time[kept], p.rows[kept], designs, weight, other))
        return Problem(self.family, tuple(parts), -(-self.n // step))

    def evaluate(self, theta: FloatArray) -> Evaluation:
        """Log-likelihood, gradient and information; -inf where it is not defined."""
        total, gradient, information = 0.0, np.zeros(theta.size), np.zeros((theta.size, theta.size))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            for part in self.parts:
                value, first, second = assemble(self._terms(part, theta), part.designs, part.weight)
                total, gradient, information = total + value, gradient + first, information + second
        return (total if np.isfinite(total) else -np.inf), gradient, information

    def scores(self, theta: FloatArray) -> FloatArray:
        """Weighted score of each patient, (n, P)."""
        out = np.zeros((self.n, theta.size))
        for part in self.parts:
            out[part.rows] += scores(self._terms(part, theta), part.designs, part.weight)
        return out

    def _terms(self, part: Part, theta: FloatArray) -> Terms:
        z, at = [], 0
        for design in part.designs:
            z.append(design @ theta[at : at + design.shape[1]])
            at += design.shape[1]
        if part.kind == "entry":
            return -self.family.log_survival(part.time, z)
        if part.kind == "censored":
            return self.family.log_survival(part.time, z)
        density = self.family.log_density(part.time, z)
        if part.background is None:
            return density
        survived = self.family.log_survival(part.time, z)
        return add_background(density - survived, part.background) + survived


def add_background(log_hazard: Terms, background: FloatArray) -> Terms:
    """log(h + b) from log h."""
    with np.errstate(divide="ignore"):
        value = np.logaddexp(log_hazard.value, np.log(background))
    share = np.exp(log_hazard.value - value)
    return log_hazard.through(value, share, share * (1.0 - share))


def check_response(surv: Surv, what: str) -> None:
    """Refuse what a parametric likelihood cannot use, with the way out."""
    if surv.cause is not None:
        raise InputError(
            f"{what}: the response has competing causes; model one with surv.for_cause(label), for example "
            f"surv.for_cause({surv.cause_labels[0]!r})."
        )
    if surv.stratum is not None:
        raise InputError(
            f"{what}: strata have no meaning here; put the column into formula, or into ancillary for a shape "
            "of its own, and leave stratum out of the response."
        )
    if not surv.event.any():
        raise ConvergenceError(
            f"{what}: all {len(surv)} patients are censored; no rate can be estimated. Report the follow-up, and an "
            "upper limit of the rate (3 / total follow-up at 95 %), or borrow from other studies."
        )
    if not surv.time.max() > 0:
        raise InputError(f"{what}: all times are 0; nothing can be estimated. Check the dates.")


def positive_times(surv: Surv, what: str) -> np.ndarray:
    """Rows a family of log time can use: events at 0 are refused, patients censored at 0 say nothing."""
    zero = surv.time <= 0
    if (zero & surv.event).any():
        raise InputError(
            f"{what} works with log time, but there is an event at time 0 in {positions(zero & surv.event)}. Record such "
            "times as half of the smallest unit (0.5 days), or use exponential, gompertz or "
            "piecewise_exponential."
        )
    return ~zero


def check_background(background: Any, surv: Surv) -> FloatArray | None:
    """Background hazards, one a patient, at least 0."""
    if background is None:
        return None
    rates = float_vector("background", surv.paired("background", background), len(surv))
    if rates.min() < 0:
        bad = rates < 0
        raise InputError(
            f"background must be a hazard of at least 0 per {surv.unit[:-1]}; found {rates[bad][0]:g} in "
            f"{positions(bad)}."
        )
    return rates


def sandwich(covariance: FloatArray, score: FloatArray, surv: Surv, kept: np.ndarray) -> FloatArray:
    """V (sum over clusters of s s') V; each patient is its own cluster when there are none."""
    half = unit_sums(score, surv, kept) @ covariance
    return told(half.T @ half, covariance, surv, np.flatnonzero(kept))


def unscale(
    law: Family, designs: Sequence[PredictorDesign], scaled: Sequence[ScaledColumns], clock: float
) -> tuple[FloatArray, FloatArray]:
    """The affine map from the optimiser's coefficients to those of the data: matrix and shift."""
    size = sum(d.size for d in designs)
    back, shift, at = np.zeros((size, size)), np.zeros(size), 0
    for design, columns, (factor, constant) in zip(designs, scaled, law.unscale(clock), strict=True):
        end = at + design.size
        back[at:end, at:end] = factor * columns.back
        if design.intercept:
            shift[at] = constant
        else:  # the constants of the predictors after it stand for its own
            back[end:, at:end] = columns.aside
        at = end
    return back, shift


def coefficient_names(designs: Sequence[PredictorDesign]) -> tuple[str, ...]:
    """Names for messages: the term, or the predictor where it is constant."""
    return tuple(d.name if t == "Intercept" else t for d in designs for t in d.terms)


def effects_of(law: Family, designs: Sequence[PredictorDesign]) -> tuple[str, ...]:
    carrier = law.predictors.index(law.location)
    return tuple(
        law.effect if k == carrier and t != "Intercept" else ""
        for k, d in enumerate(designs)
        for t in d.terms
    )
