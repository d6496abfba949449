"""Standardised survival (g-formula): what a regression model predicts had everybody had each treatment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray, between, one_of, require_columns
from survsim.core.design import Design
from survsim.core.errors import ConvergenceError, InputError
from survsim.core.frames import as_frame
from survsim.core.provenance import Provenance
from survsim.core.result import result
from survsim.core.surv import Surv
from survsim.estimate.causal.contrast import (
    CausalContrast,
    asked,
    common_end,
    contrast_labels,
    contrast_values,
    percentile_limits,
    step_area,
    step_values,
)
from survsim.estimate.causal.resampled_designs import ResampledDesigns
from survsim.estimate.causal.treatment_weights import two_treatments
from survsim.estimate.cox.baseline import at_estimate
from survsim.estimate.cox.patient_hazards import reference_hazards
from survsim.estimate.cox.regression import cox_ph, fit_design
from survsim.estimate.cox.result import CoxFit
from survsim.estimate.parametric.fit import ParametricFit
from survsim.estimate.parametric.predictor_designs import PredictorDesign
from survsim.estimate.parametric.royston_parmar import SplineModel, fit_splines, royston_parmar
from survsim.estimate.resampling.bootstrap import resample_counts

if TYPE_CHECKING:
    import pandas as pd

POPULATIONS = ("all", "treated", "untreated")
CURVE_POINTS = 200


@result
class StandardisedSurvival(CausalContrast):
    """Mean predicted survival under each treatment, over one population.

    Attributes
    ----------
    model : what predicted; population : over whom the mean was taken.
    """

    model: str
    population: str


def standardised_survival(
    fit: CoxFit | ParametricFit,
    data: pd.DataFrame,
    treatment: str,
    times: Any = None,
    *,
    tau: float | None = None,
    population: str = "all",
    reference: Any = None,
    n_resamples: int = 500,
    seed: int = 1,
    conf_level: float = 0.95,
) -> StandardisedSurvival:
    """S_a(t) = mean over patients i of S(t | treatment = a, covariates of i), for both a.

    A patient with several rows (`id` of the response) enters the mean once, with the covariates of the first.

    Parameters
    ----------
    fit : of `cox_ph` (with any penalty) or `royston_parmar`, by a formula that names `treatment`;
        products such as ``treated * stage`` are allowed.
    data : the n rows that were fitted, in their order.
    treatment : name of the column, two levels.
    times, tau : at which survival and restricted means are compared; the end of common follow-up if None.
    population : the mean is over "all", the "treated" or the "untreated".
    reference : level that is compared with; the first if None.
    n_resamples, seed : patients (clusters) resampled, the model fitted again; 0 for no interval.

    Returns
    -------
    StandardisedSurvival : the two standardised curves, and survival and restricted means of each with their contrasts and limits.

    Raises
    ------
    InputError : a fit this cannot refit, a treatment the formula lacks, or with more or fewer than two levels.

    Reference: Robins 1986; Makuch 1982 (J Chronic Dis 35:437), direct adjustment of survival curves.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim import Surv, cox_ph, standardised_survival
    >>> s = Surv.right([5, 3, 8, 2, 9, 7, 6, 4], [1, 1, 0, 1, 1, 0, 1, 1], unit="months")
    >>> frame = pd.DataFrame({"drug": [0, 0, 1, 1, 0, 1, 1, 0], "old": [0, 0, 0, 0, 1, 1, 1, 1]})
    >>> fit = cox_ph(s, "drug + old", frame)
    >>> standardised_survival(fit, frame, "drug", 6, tau=6, n_resamples=0).estimate.shape
    (8,)
    """
    one_of("population", population, POPULATIONS)
    between("conf_level", conf_level, 0.0, 1.0)
    between("n_resamples", n_resamples, 0, 1e6, open_ends=False)
    recipe = _Recipe.of(fit, treatment)
    surv = fit.surv
    data = surv.paired("data", as_frame(data))
    require_columns(data, [treatment])
    if len(data) != len(surv):
        raise InputError(
            f"data has {len(data)} rows; the fit is of {len(surv)}. Pass the rows that were fitted."
        )
    levels, treated = two_treatments(data[treatment], len(data), reference)
    over = {"all": np.ones(len(data), bool), "treated": treated, "untreated": ~treated}[population]
    first = np.zeros(len(data), bool)
    first[surv.patients[0]] = True
    over = over & first
    at, horizon = asked(times, tau, common_end(surv.time, treated), surv.unit, surv.time)
    task = _Task(data, treatment, levels, over, at, horizon)
    everybody = np.flatnonzero(over)
    estimate, curves = task.values(fit, everybody, task.frames(everybody))
    replicates = np.empty((0, estimate.size))
    if n_resamples:
        replicates = _replicates(recipe, task, surv, int(n_resamples), seed, estimate.size)
    return StandardisedSurvival(
        groups=levels,
        **contrast_labels(levels, at, horizon),
        estimate=estimate,
        **percentile_limits(replicates, estimate.size, conf_level),
        curves=curves,
        n_patients=int(over.sum()),
        conf_level=float(conf_level),
        unit=surv.unit,
        model=recipe.label,
        population=population,
        provenance=Provenance.of(
            "standardised_survival", fit, treatment=treatment, times=at, tau=horizon, population=population,
            n_resamples=n_resamples, seed=seed,
        ),
    )  # fmt: skip


def _replicates(
    recipe: _Recipe, task: _Task, surv: Surv, n_resamples: int, seed: int, size: int
) -> FloatArray:
    """Values (B, k) on resampled patients; NaN where the model has no answer on a resample."""
    cluster = None if surv.together is None else np.unique(surv.together, return_inverse=True)[1]
    counts = resample_counts(len(surv), n_resamples, seed, stream="standardisation", cluster=cluster)
    values = np.full((n_resamples, size), np.nan)
    # Rows are paired already, and drawn together; of each fit the estimates are used, and no robust variance.
    surv = replace(surv, index=None, cluster=None, cluster_labels=())
    known = task.designs(recipe.formula)
    for b, row in enumerate(counts):
        rows = np.repeat(np.arange(len(surv)), row.astype(np.int64))
        people = task.over[rows]
        if not people.any():
            continue
        design = None if known is None else known.drawn(rows)
        try:
            again = surv.take(rows)
            if known is None or design is None:
                fit = recipe.fitted(again, task.data.iloc[rows].reset_index(drop=True))
                under: Sequence[Any] = task.frames(rows[people])
            else:
                fit = recipe.fitted_to(again, design)
                under = known.treated(rows[people])
            values[b] = task.values(fit, people, under)[0]
        except (ConvergenceError, InputError):
            # A resample without events, a level or a maximum has no answer; it is counted and said.
            continue
    return values


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How to fit the model again."""

    label: str
    design: Design
    options: dict[str, Any]
    spline: bool

    @property
    def formula(self) -> str:
        """The right-hand side that was fitted."""
        return self.design.formula

    @classmethod
    def of(cls, fit: CoxFit | ParametricFit, treatment: str) -> _Recipe:
        if isinstance(fit, CoxFit):
            recipe = cls._of_cox(fit)
        elif isinstance(fit, ParametricFit) and isinstance(fit.model, SplineModel) and not fit.relative:
            recipe = cls._of_spline(fit, fit.model)
        else:
            raise InputError(
                "standardised_survival takes a fit of cox_ph or royston_parmar (without background mortality); "
                f"got {getattr(fit, 'family', type(fit).__name__)}."
            )
        if treatment not in recipe.design.variables:
            raise InputError(
                f"the fitted formula {recipe.formula!r} does not name the treatment {treatment!r}; put it in."
            )
        return recipe

    @classmethod
    def _of_cox(cls, fit: CoxFit) -> _Recipe:
        if fit.design.spec is None:
            raise InputError(
                "the Cox model was fitted without a formula; fit it with one that names the treatment."
            )
        if fit.frailty is not None or fit.offset is not None or fit.surv.stratum is not None:
            raise InputError(
                "frailty, offset and strata are not standardised over; put the groups into the formula."
            )
        options: dict[str, Any] = {"ties": fit.ties, "penalty": fit.penalty}
        if fit.penalty in ("ridge", "elasticnet"):
            options["penalty_strength"] = fit.penalty_strength
        if fit.penalty == "elasticnet":
            options["l1_ratio"] = dict(fit.provenance.options)["l1_ratio"]
        return cls(f"Cox, {fit.ties} ties: {fit.design.formula}", fit.design, options, False)

    @classmethod
    def _of_spline(cls, fit: ParametricFit, model: SplineModel) -> _Recipe:
        if model.design.design is None or model.design.design.spec is None:
            raise InputError(
                "the spline model has no formula; fit it with a formula that names the treatment."
            )
        told = dict(fit.provenance.options)
        design = model.design.design
        options = {
            "df": model.spline.df,
            "scale": model.scale,
            "time_varying": told.get("time_varying") or None,
            "knots": model.spline.given(fit.surv),
        }
        return cls(f"{fit.family}: {design.formula}", design, options, True)

    def fitted(self, surv: Surv, data: pd.DataFrame) -> CoxFit | ParametricFit:
        """The same model on other rows."""
        if self.spline:
            return royston_parmar(surv, self.formula, data, **self.options)
        return cox_ph(surv, self.formula, data, **self.options)

    def fitted_to(self, surv: Surv, design: Design) -> CoxFit | ParametricFit:
        """The same model on other rows whose columns are made."""
        if self.spline:
            return fit_splines(surv, PredictorDesign("effect", design, intercept=False), **self.options)
        return fit_design(surv, design, **self.options)


@dataclass(frozen=True, slots=True)
class _Task:
    """What is asked of each fit."""

    data: pd.DataFrame
    treatment: str
    levels: tuple[Any, ...]
    over: BoolArray
    at: FloatArray
    tau: float

    def designs(self, formula: str) -> ResampledDesigns | None:
        """The columns of the formula by row, where a row has them of itself."""
        return ResampledDesigns.of(formula, self.data, self.over, self.frames(np.flatnonzero(self.over)))

    def frames(self, people: IntArray) -> tuple[pd.DataFrame, ...]:
        """Rows of the data as they would be under each treatment."""
        own = self.data.iloc[people].reset_index(drop=True)
        return tuple(own.assign(**{self.treatment: self._column(level, len(own))}) for level in self.levels)

    def values(
        self, fit: Any, people: Any, under: Sequence[Any]
    ) -> tuple[FloatArray, tuple[tuple[FloatArray, FloatArray], ...]]:
        """Contrast values (k,) and both curves, over the rows `people` of the fit, of which `under` has data for each treatment."""
        own = fit.surv.weight
        weight = np.ones(len(under[0])) if own is None else own[people]
        means = _cox_means if isinstance(fit, CoxFit) else _spline_means
        found = means(fit, under, weight / weight.sum(), self.at, self.tau)
        survival, areas, curves = (tuple(part) for part in zip(*found))
        pair = contrast_values(np.array(survival)[None], np.array(areas)[None])[0]
        return pair, curves

    def _column(self, level: Any, n: int) -> Any:
        import pandas as pd

        column = self.data[self.treatment]
        return pd.Series([level] * n, dtype=column.dtype)


_Means = tuple[FloatArray, float, tuple[FloatArray, FloatArray]]
"""Mean survival at times, its area to the horizon, and the curve."""


def _cox_means(
    fit: CoxFit, under: Sequence[Any], weight: FloatArray, at: FloatArray, tau: float
) -> list[_Means]:
    """Of each treatment, by Breslow's (Efron's) baseline; the curve is one of steps."""
    means: list[_Means] = []
    state = at_estimate(fit)
    for people in under:
        found = reference_hazards(fit, people, state=state)
        curve = weight @ np.exp(-np.outer(found.ratio, np.cumsum(found.jump)))
        at_times = step_values(found.time, curve[None], at)[0]
        area = float(step_area(found.time, curve[None], tau)[0])
        means.append((at_times, area, (found.time, curve)))
    return means


def _spline_means(
    fit: ParametricFit, under: Sequence[Any], weight: FloatArray, at: FloatArray, tau: float
) -> list[_Means]:
    """Of each treatment, by the laws of its patients."""
    means: list[_Means] = []
    grid = np.linspace(0.0, max(tau, float(at.max())), CURVE_POINTS + 1)[1:]
    for people in under:
        law = fit.distribution(people)
        curve = np.array([weight @ law.survival(t) for t in grid])
        at_times = np.array([weight @ law.survival(t) for t in at])
        means.append((at_times, float(weight @ law.rmst(tau)), (grid, curve)))
    return means
