"""The likelihood of Royston-Parmar models with analytic first and second derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.distributions.natural_spline import spline_basis
from survsim.core.encoding import stored
from survsim.core.errors import InputError
from survsim.core.quantiles import weighted_quantiles
from survsim.core.surv import Surv
from survsim.core.times import asked_times, increasing
from survsim.estimate.parametric.families import DENSITY, SURVIVAL
from survsim.estimate.parametric.likelihood_terms import Terms
from survsim.estimate.parametric.newton import Evaluation
from survsim.estimate.parametric.problem import add_background
from survsim.kernels.orthonormal import orthonormal

# the scale g(S) = eta has the law of a standard variable: extreme value, logistic, normal
STANDARD = {"hazard": "weibull", "odds": "loglogistic", "normal": "lognormal"}


@stored
@dataclass(frozen=True, slots=True)
class SplineTerm:
    """Knots of the baseline spline, or of the change of one covariate's effect with log time.

    Attributes
    ----------
    knots : (df + 1,) knots in log time, the outer ones included.
    column : of the covariate whose effect changes, -1 for the baseline.
    name : of that covariate.
    """

    knots: FloatArray
    column: int = -1
    name: str = ""

    @property
    def df(self) -> int:
        return self.knots.size - 1

    @classmethod
    def baseline(cls, surv: Surv, df: int, knots: Sequence[float] | None) -> SplineTerm:
        """Knots at equally spaced centiles of log event times (`weighted_quantiles`), or as given."""
        u, weight = _events(surv)
        if np.unique(u).size < 2:
            raise InputError(
                "royston_parmar needs events at two different times or more; use "
                "parametric_survival(surv, 'exponential')."
            )
        outer = np.array([u.min(), u.max()])
        if knots is None:
            return cls(_with_inner(outer, _centiles(u, weight, df)))
        times = asked_times("knots", knots, unit=surv.unit)
        if (times <= 0).any():
            raise InputError(f"knots must be times above 0; got {times.tolist()}.")
        return cls(_with_inner(outer, np.log(times)))

    def given(self, surv: Surv) -> FloatArray | None:
        """The inner knots of a baseline as times where they are not those that `surv` itself would place, else None."""
        inner = self.knots[1:-1]
        own = _centiles(*_events(surv), self.df)
        return None if np.allclose(own, inner, rtol=1e-9, atol=1e-9) else np.exp(inner)

    @classmethod
    def change(cls, surv: Surv, df: int, baseline: SplineTerm, column: int, name: str) -> SplineTerm:
        """Knots of a time-varying effect: the baseline's outer knots, its own centiles."""
        return cls(_with_inner(baseline.knots[[0, -1]], _centiles(*_events(surv), df)), column, name)

    def places(self, knots: FloatArray) -> IntArray:
        """Where the coefficients go in the basis on a finer set of knots."""
        inner = np.searchsorted(knots[1:-1], self.knots[1:-1]) + 2
        return np.concatenate([[0, 1], inner])


def _events(surv: Surv) -> tuple[FloatArray, FloatArray | None]:
    """Logarithms of the event times and their weights."""
    seen = surv.event & (surv.time > 0)
    return np.log(surv.time[seen]), None if surv.weight is None else surv.weight[seen]


def _centiles(u: FloatArray, weight: FloatArray | None, df: int) -> FloatArray:
    if isinstance(df, bool) or not isinstance(df, int | np.integer) or df < 1:
        raise InputError(f"df must be a whole number from 1; got {df!r}. df - 1 inner knots are placed.")
    return weighted_quantiles(u, weight, np.arange(1, df) / df)


def _with_inner(outer: FloatArray, inner: FloatArray) -> FloatArray:
    knots = np.concatenate([outer[:1], inner, outer[1:]])
    if not increasing(knots):
        times = ", ".join(f"{t:.4g}" for t in np.exp(knots))
        raise InputError(
            f"the knots must increase, but they fall at times {times}; too many equal event times for this df, "
            "or a given knot outside the event times. Use fewer df or other knots."
        )
    return knots


@dataclass(frozen=True, slots=True)
class SplinePart:
    """Rows that contribute in one way, with their columns for eta and for its slope in log time."""

    kind: str
    rows: IntArray
    log_time: FloatArray
    columns: FloatArray
    slopes: FloatArray | None
    weight: FloatArray | None
    background: FloatArray | None


@dataclass(frozen=True, slots=True)
class SplineProblem:
    """Log-likelihood of a Royston-Parmar model, log time centred and the columns orthonormal for the optimiser.

    `basis` (P, r) makes the columns of the optimiser of those of the splines and the covariates.
    """

    parts: tuple[SplinePart, ...]
    spline: SplineTerm
    varying: tuple[SplineTerm, ...]
    scale: str
    centre: float
    first_slope: float
    n: int
    n_columns: int
    basis: FloatArray

    @classmethod
    def of(
        cls,
        surv: Surv,
        kept: np.ndarray,
        x: FloatArray,
        spline: SplineTerm,
        varying: tuple[SplineTerm, ...],
        scale: str,
        background: FloatArray | None,
    ) -> SplineProblem:
        u = np.log(surv.time[kept])
        centre = float(u.mean())
        event, x = surv.event[kept], x[kept]
        weight = None if surv.weight is None else surv.weight[kept]
        entry = np.zeros(u.size) if surv.entry is None else surv.entry[kept]
        with np.errstate(divide="ignore"):
            start = np.log(entry)
        other = None if background is None else background[kept]
        size = spline.knots.size + x.shape[1] + sum(t.df for t in varying)
        made = cls((), spline, varying, scale, centre, 0.0, u.size, x.shape[1], np.eye(size))
        made = replace(made, basis=orthonormal(made._columns(u, x, derivative=False), weight)[1])
        groups = (("event", event, u), ("censored", ~event, u), ("entry", entry > 0, start))
        parts = tuple(
            made._part(kind, np.flatnonzero(mask), when, x, weight, other)
            for kind, mask, when in groups
            if mask.any()
        )
        events = float(event.sum() if weight is None else weight @ event)
        length = np.exp(u) - entry
        total = float(length.sum() if weight is None else weight @ length)
        return replace(made, parts=parts, first_slope=centre - float(np.log(total / events)))

    def _part(
        self, kind: str, rows: IntArray, u: FloatArray, x: FloatArray, weight: Any, background: Any
    ) -> SplinePart:
        log_time, chosen = u[rows], x[rows]
        return SplinePart(
            kind,
            rows,
            log_time,
            self._columns(log_time, chosen, derivative=False),
            self._columns(log_time, chosen, derivative=True) if kind == "event" else None,
            None if weight is None else weight[rows],
            background[rows] if kind == "event" and background is not None else None,
        )

    def _columns(self, u: FloatArray, x: FloatArray, *, derivative: bool) -> FloatArray:
        centred = u - self.centre
        blocks = [spline_basis(centred, self.spline.knots - self.centre, derivative)]
        blocks.append(np.zeros_like(x) if derivative else x)
        for term in self.varying:
            basis = spline_basis(centred, term.knots - self.centre, derivative)[:, 1:]
            blocks.append(basis * x[:, term.column, None])
        return np.hstack(blocks) @ self.basis

    def start(self) -> FloatArray:
        """A line of slope 1 in log time through the crude rate: exponential on the hazard scale."""
        line = np.zeros(self.basis.shape[0])
        line[0], line[1] = self.first_slope, 1.0
        return np.asarray(np.linalg.solve(self.basis, line), dtype=np.float64)

    def evaluate(self, theta: FloatArray) -> Evaluation:
        """Log-likelihood, gradient, information; -inf where the spline falls at an event."""
        total, gradient, information = 0.0, np.zeros(theta.size), np.zeros((theta.size, theta.size))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            for part in self.parts:
                terms = self._terms(part, theta)
                if terms is None:
                    return -np.inf, gradient, information
                total += float(terms.value.sum() if part.weight is None else part.weight @ terms.value)
                gradient += _gradient(terms, part)
                information += _information(terms, part)
        return (total if np.isfinite(total) else -np.inf), gradient, information

    def scores(self, theta: FloatArray) -> FloatArray:
        """Weighted score of each patient, (n, P)."""
        out = np.zeros((self.n, theta.size))
        for part in self.parts:
            terms = self._terms(part, theta)
            if terms is None:
                raise InputError("scores are not defined where the spline falls.")
            rows = _known(terms.first[0])[:, None] * part.columns
            if part.slopes is not None:
                rows = rows + _known(terms.first[1])[:, None] * part.slopes
            out[part.rows] += rows if part.weight is None else rows * part.weight[:, None]
        return out

    def _terms(self, part: SplinePart, theta: FloatArray) -> Terms | None:
        eta = part.columns @ theta
        value, d1, d2 = SURVIVAL[STANDARD[self.scale]](eta)
        survived = Terms(value, [d1, None], [d2, None, None])
        if part.slopes is None:
            return -survived if part.kind == "entry" else survived
        slope = part.slopes @ theta
        if not slope.min() > 0:
            return None
        value, d1, d2 = DENSITY[STANDARD[self.scale]](eta)
        inverse = 1.0 / slope
        density = Terms(value + np.log(slope) - part.log_time, [d1, inverse], [d2, None, -inverse * inverse])
        if part.background is None:
            return density
        return add_background(density - survived, part.background) + survived

    def back(self) -> FloatArray:
        """Linear map to coefficients of log time not centred and of covariates as given, (P, P)."""
        size = self.spline.knots.size
        centring = np.eye(self.basis.shape[0])
        centring[0, 1] = -self.centre
        at = size + self.n_columns
        for term in self.varying:
            centring[size + term.column, at] = -self.centre
            at += term.df
        return centring @ self.basis


def _known(part: FloatArray | None) -> FloatArray:
    assert part is not None
    return part


def _gradient(terms: Terms, part: SplinePart) -> FloatArray:
    total = part.columns.T @ _weighted(terms.first[0], part.weight)
    return total if part.slopes is None else total + part.slopes.T @ _weighted(terms.first[1], part.weight)


def _information(terms: Terms, part: SplinePart) -> FloatArray:
    both, mixed, slope = terms.second
    total = -(part.columns.T @ (part.columns * _weighted(both, part.weight)[:, None]))
    if part.slopes is None:
        return total
    total = total - part.slopes.T @ (part.slopes * _weighted(slope, part.weight)[:, None])
    if mixed is not None:
        cross = part.columns.T @ (part.slopes * _weighted(mixed, part.weight)[:, None])
        total = total - cross - cross.T
    return total


def _weighted(part: FloatArray | None, weight: FloatArray | None) -> FloatArray:
    return _known(part) if weight is None else weight * _known(part)
