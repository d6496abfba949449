"""Royston-Parmar models: splines in log time on the scale of hazards, odds or normal deviates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.complete import complete_design
from survsim.core.distributions import HazardDistribution, RoystonParmar
from survsim.core.distributions.natural_spline import cubic_pieces, smallest_slope
from survsim.core.encoding import stored
from survsim.core.errors import ConvergenceError, InputError
from survsim.core.provenance import Provenance
from survsim.core.surv import Surv, as_surv
from survsim.estimate.parametric.fit import ParametricFit
from survsim.estimate.parametric.newton import (
    inverse_information,
    maximise,
    root_of,
    undetermined,
    weight_unit,
)
from survsim.estimate.parametric.predictor_designs import (
    PredictorDesign,
    make_design,
    prediction_rows,
    uncorrelated,
)
from survsim.estimate.parametric.problem import (
    check_background,
    check_response,
    positive_times,
    sandwich,
)
from survsim.estimate.parametric.spline_likelihood import SplineProblem, SplineTerm

EFFECTS = {"hazard": "hazard ratio", "odds": "odds ratio", "normal": "normal deviate"}
SCALES = tuple(EFFECTS)
FEWER = "royston_parmar (try fewer df)"


def royston_parmar(
    surv: Surv,
    formula: Any = None,
    data: Any = None,
    *,
    df: int = 3,
    scale: str = "hazard",
    time_varying: Mapping[str, int] | None = None,
    knots: Sequence[float] | None = None,
    background: Any = None,
    robust: bool | None = None,
    conf_level: float = 0.95,
    missing: str = "refuse",
) -> ParametricFit:
    """Fit a Royston-Parmar model: g(S(t | x)) = s(log t) + x'b, s a natural cubic spline.

    g(S) is log(-log S) on the hazard scale (b: log hazard ratios), log(1/S - 1) on the odds scale,
    -Phi^-1(S) on the normal scale. Boundary knots are the smallest and largest event times, inner knots
    the equally spaced centiles of log event times (whole-number weights count as copies; others have no scale). df = 1 is
    Weibull, log-logistic or log-normal.

    Parameters
    ----------
    surv : the response, times above 0; delayed entry, weights and clusters are used.
    formula, data : right-hand side and its frame; or formula None and data an (n, p) matrix or a frame of numbers.
    df : degrees of freedom of the spline, 1 or more: df - 1 inner knots.
    scale : "hazard", "odds" or "normal".
    time_varying : column of the model matrix (or a name it starts with) -> df of its change with log time.
    knots : inner knots as times, in place of df.
    background : (n,) hazard of other causes at the end of follow-up: the model is of the excess hazard.
    robust : sandwich standard errors; by default when `surv` has clusters.
    missing : "refuse" rows that lack what the model uses, or "drop" them with a warning that counts them.

    Returns
    -------
    ParametricFit : coefficients of the spline and of the covariates; `.distribution(...)` is the fitted law.

    Raises
    ------
    InputError : times at 0, an option outside its list, knots outside the event times, covariates that do not fit the response.
    ConvergenceError : no events, or a likelihood without a maximum.

    References
    ----------
    Royston and Parmar (2002), Stat Med 21:2175, sections 2 and 3; Nelson et al. (2007), Stat Med 26:5486
    (background mortality).

    Example
    -------
    >>> from survsim import Surv, royston_parmar
    >>> surv = Surv.right([2, 3, 5, 8, 9, 12], [1, 1, 0, 1, 1, 0], unit="months")
    >>> royston_parmar(surv, df=1).estimate.round(3)
    array([-3.506,  1.588])
    """
    surv = as_surv(surv)
    surv, formula, data, rows = complete_design(surv, formula, data, {"background": background}, missing)
    background = rows.get("background")
    one_of("scale", scale, SCALES)
    between("conf_level", conf_level, 0.0, 1.0)
    rates = check_background(background, surv)
    return fit_splines(
        surv, make_design("effect", formula, data, surv, intercept=False), df=df, scale=scale,
        time_varying=time_varying, knots=knots, rates=rates, robust=robust, conf_level=conf_level,
    )  # fmt: skip


def fit_splines(
    surv: Surv,
    design: PredictorDesign,
    *,
    df: int,
    scale: str,
    time_varying: Mapping[str, int] | None = None,
    knots: Sequence[float] | None = None,
    rates: FloatArray | None = None,
    robust: bool | None = None,
    conf_level: float = 0.95,
) -> ParametricFit:
    """What `royston_parmar` fits, with its options, once the columns are made; `rates` are those of the background."""
    check_response(surv, "royston_parmar")
    kept = positive_times(surv, "royston_parmar")
    spline = SplineTerm.baseline(surv, df, knots)
    varying = _varying(design, time_varying, surv, spline)
    if design.design is not None:
        uncorrelated(design.design, surv.weight)  # refuses columns that are not their own
    problem = SplineProblem.of(surv, kept, design.rows_of_fit(len(surv)), spline, varying, scale, rates)
    wants_robust = surv.cluster is not None if robust is None else bool(robust)
    names, labels = _labels(design, spline, varying, scale)
    return ParametricFit(
        provenance=Provenance.of(
            "royston_parmar", surv, formula=design.formula, scale=scale, df=spline.df,
            knots=np.exp(spline.knots), time_varying=dict(time_varying or {}), relative=rates is not None,
        ),
        family=f"Royston-Parmar {scale} scale, {spline.df} df",
        model=SplineModel(design, spline, varying, scale),
        surv=surv,
        robust=wants_robust,
        relative=rates is not None,
        background=rates,
        conf_level=conf_level,
        note=_note(varying),
        **labels,
        **_maximum(problem, names, surv, kept if wants_robust else None),
    )  # fmt: skip


def _maximum(problem: SplineProblem, names: tuple[str, ...], surv: Surv, clusters_of: Any) -> dict[str, Any]:
    """Estimate, covariance, log-likelihood and steps; `clusters_of` are the rows used, if robust."""
    repeated = [name for name, row in zip(names, problem.basis) if not row.any()]
    if repeated:
        raise undetermined(repeated, FEWER)
    unit = weight_unit(problem.parts)
    optimum = maximise(problem.evaluate, problem.start(), "royston_parmar", unit=unit)
    back = problem.back()
    parts = ([p.columns] for p in problem.parts)
    covariance = inverse_information(optimum.information, parts, back, names, FEWER, unit)
    if clusters_of is not None:
        covariance = sandwich(covariance, problem.scores(optimum.theta), surv, clusters_of)
    return {
        "estimate": back @ optimum.theta,
        "covariance": back @ covariance @ back.T,
        "root": back @ root_of(covariance),
        "log_likelihood": optimum.value,
        "n_iter": optimum.iterations,
    }


@stored
@dataclass(frozen=True, slots=True)
class SplineModel:
    """Coefficients of a Royston-Parmar model as a distribution."""

    design: PredictorDesign
    spline: SplineTerm
    varying: tuple[SplineTerm, ...]
    scale: str

    def distribution(self, theta: FloatArray, data: Any, unit: str) -> HazardDistribution:
        frame, count, single = prediction_rows((self.design,), data)
        x = self.design.rows(frame, count)
        size = self.spline.knots.size
        shift = theta[..., size : size + self.design.size] @ x.T
        if self.varying:
            knots = self.all_knots()
            coefficients = self.coefficients(theta, x, knots)
        else:
            knots, coefficients = self.spline.knots, theta[..., :size]
            if theta.ndim == 2 and not single:
                coefficients = coefficients[:, None, :]
        if single:
            shift = shift[..., 0]
            coefficients = coefficients[..., 0, :] if self.varying else coefficients
        return RoystonParmar(
            knots=knots, coefficients=coefficients, shift=shift, scale=self.scale, time_unit=unit
        )

    def all_knots(self) -> FloatArray:
        """Knots of the baseline and of every time-varying effect together."""
        return np.unique(np.concatenate([self.spline.knots, *(v.knots for v in self.varying)]))

    def coefficients(self, theta: FloatArray, x: FloatArray, knots: FloatArray) -> FloatArray:
        """Each patient's coefficients (..., n, knots) on all `knots`, the shift by x'b left out."""
        # a spline keeps its coefficients when knots are added: the new ones get 0
        total = np.zeros((*theta.shape[:-1], x.shape[0], knots.size))
        total[..., self.spline.places(knots)] += theta[..., None, : self.spline.knots.size]
        at = self.spline.knots.size + self.design.size
        for term in self.varying:
            block = theta[..., None, at : at + term.df] * x[:, term.column, None]
            total[..., term.places(knots)[1:]] += block
            at += term.df
        return total

    def repair(self, theta: FloatArray, centre: FloatArray) -> tuple[FloatArray, int]:
        """Draws whose spline falls are pulled half way to the estimate until it does not."""
        rows = self._corners()
        knots = self.all_knots()
        moved = np.zeros(len(theta), dtype=bool)
        for _ in range(60):
            pieces = cubic_pieces(self.coefficients(theta, rows, knots), knots)
            falling = np.any(smallest_slope(pieces, knots) <= 0.0, axis=-1)
            if not np.any(falling):
                return theta, int(moved.sum())
            moved |= falling
            theta = np.where(falling[:, None], 0.5 * (theta + centre), theta)
        raise ConvergenceError(
            "the fitted spline itself falls somewhere, so that no draw gives a survival curve. Use fewer df."
        )

    def _corners(self) -> FloatArray:
        """Patients at the extremes of the time-varying covariates, one row each."""
        x = np.zeros((1, self.design.size)) if self.design.design is None else self.design.design.matrix
        if not self.varying:
            return np.zeros((1, self.design.size))
        columns = [t.column for t in self.varying]
        picked = [x[np.argmin(x[:, c])] for c in columns] + [x[np.argmax(x[:, c])] for c in columns]
        return np.stack(picked)


def _varying(
    design: PredictorDesign, time_varying: Mapping[str, int] | None, surv: Surv, spline: SplineTerm
) -> tuple[SplineTerm, ...]:
    found = []
    for name, df in (time_varying or {}).items():
        places = [
            j for j, c in enumerate(design.terms) if c == name or c.startswith((f"{name}[", f"C({name})["))
        ]
        if not places:
            raise InputError(
                f"time_varying names {name!r}, but the model matrix has {', '.join(design.terms) or 'no column'}. "
                "Put it into formula as well."
            )
        found += [SplineTerm.change(surv, df, spline, j, design.terms[j]) for j in places]
    return tuple(found)


def _labels(
    design: PredictorDesign, spline: SplineTerm, varying: Sequence[SplineTerm], scale: str
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Names for messages, and the fields predictor, terms and effects of the result."""
    predictors = ["spline"] * spline.knots.size + ["effect"] * design.size
    terms = [f"gamma{k}" for k in range(spline.knots.size)] + list(design.terms)
    effects = [""] * spline.knots.size + [EFFECTS[scale]] * design.size
    for term in varying:
        predictors += [f"change of {term.name}"] * term.df
        terms += [f"gamma{k + 1}" for k in range(term.df)]
        effects += [""] * term.df
        # with a change over time the coefficient alone is the effect at log time 0 only
        effects[spline.knots.size + term.column] = f"{EFFECTS[scale]} at time 1"
    names = tuple(t if p == "effect" else f"{p}: {t}" for p, t in zip(predictors, terms))
    return names, {"predictor": tuple(predictors), "terms": tuple(terms), "effects": tuple(effects)}


def _note(varying: Sequence[SplineTerm]) -> str:
    if not varying:
        return ""
    listed = ", ".join(t.name for t in varying)
    return f"The effect of {listed} changes with time: its coefficient alone is the effect at time 1."
