"""Parametric survival models by maximum likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.complete import complete_design
from survsim.core.errors import ConvergenceError, InputError
from survsim.core.provenance import Provenance
from survsim.core.spelling import family_name
from survsim.core.surv import Surv, as_surv
from survsim.core.times import asked_times, increasing
from survsim.estimate.parametric.families import (
    ExponentialFamily,
    Family,
    GompertzFamily,
    LocationScale,
    PiecewiseFamily,
)
from survsim.estimate.parametric.fit import ParametricFit
from survsim.estimate.parametric.newton import maximise
from survsim.estimate.parametric.predictor_designs import PredictorDesign, location_data, make_design
from survsim.estimate.parametric.problem import Part, Problem, fit_family, spread

FAMILIES = (
    "exponential",
    "weibull",
    "gompertz",
    "lognormal",
    "loglogistic",
    "gamma",
    "generalised_gamma",
    "piecewise_exponential",
)


def parametric_survival(
    surv: Surv,
    family: str,
    formula: Any = None,
    data: Any = None,
    *,
    cuts: Sequence[float] | None = None,
    ancillary: Any = None,
    background: Any = None,
    robust: bool | None = None,
    conf_level: float = 0.95,
    missing: str = "refuse",
) -> ParametricFit:
    """Fit a parametric survival model by maximum likelihood.

    The log-likelihood is the sum of w [d log h(t) - H(t) + H(entry)]. Covariates act on log time (time
    ratios) for Weibull, log-normal, log-logistic, gamma and generalised gamma, on the log hazard (hazard ratios)
    for exponential, Gompertz and piecewise exponential.

    Parameters
    ----------
    surv : the response; delayed entry, weights and clusters are used. An event at time 0 is an error for
        the families of log time; a patient censored at 0 says nothing and is left out by them.
    family : one of exponential, weibull, gompertz, lognormal, loglogistic, gamma, generalised_gamma,
        piecewise_exponential; other spellings (log_normal, generalized-gamma) are understood.
    formula, data : right-hand side for the location and its frame; or formula None and data an (n, p) matrix
        or a frame of numbers, whose columns are the covariates (unless data are there for `ancillary`'s formula).
    cuts : for piecewise_exponential, the times at which the hazard changes, in the unit of `surv`.
    ancillary : formula for the second predictor (log sigma, or the Gompertz shape).
    background : (n,) hazard of other causes at each end of follow-up, per unit of `surv`: the model is
        then of the excess hazard.
    robust : sandwich standard errors; by default when `surv` has clusters.
    conf_level : of the intervals.
    missing : "refuse" rows that lack what the model uses, or "drop" them with a warning that counts them.

    Returns
    -------
    ParametricFit : coefficients with their covariance; `.distribution(...)` is the fitted law, `.predict_survival(...)` its curves.

    Raises
    ------
    InputError : covariates that are missing, constant, not numbers, or of other rows than the response.
    ConvergenceError : no events, or a coefficient that runs to infinity; the message says which.

    References
    ----------
    Kalbfleisch and Prentice (2002), The Statistical Analysis of Failure Time Data, section 3.

    Example
    -------
    >>> from survsim import Surv, parametric_survival
    >>> fit = parametric_survival(Surv.right([2, 3, 5, 8], [1, 1, 0, 1], unit="months"), "exponential")
    >>> round(float(fit.distribution().rate), 4)
    0.1667
    """
    surv = as_surv(surv)
    surv, formula, data, rows = complete_design(
        surv, formula, data, {"background": background}, missing, more_formulas=(ancillary,)
    )
    background = rows.get("background")
    family = one_of("family", family_name(family), FAMILIES)
    law = _family(family, cuts, surv)
    designs = _designs(law, surv, formula, ancillary, data)
    provenance = Provenance.of(
        "parametric_survival", surv, family=family, formula=designs[0].formula,
        ancillary=None if ancillary is None else designs[1].formula,
        cuts=cuts, relative=background is not None,
    )  # fmt: skip
    try:
        return fit_family(
            law,
            surv,
            designs,
            starts=_starts,
            background=background,
            robust=robust,
            conf_level=conf_level,
            provenance=provenance,
        )
    except ConvergenceError as error:
        if family != "generalised_gamma" or not surv.event.any():
            raise
        raise ConvergenceError(
            f"{error} With few events the generalised gamma often has no maximum (q runs to infinity); weibull, "
            "lognormal and loglogistic have one."
        ) from None


def _family(name: str, cuts: Sequence[float] | None, surv: Surv) -> Family:
    if (name == "piecewise_exponential") != (cuts is not None):
        raise InputError(
            "cuts (the times at which the hazard changes) belong to family='piecewise_exponential', and it needs them."
        )
    if name == "generalised_gamma":
        from survsim.estimate.parametric.generalised_gamma_terms import GeneralisedGammaFamily

        return GeneralisedGammaFamily()
    if name == "gamma":
        from survsim.estimate.parametric.gamma_terms import GammaFamily

        return GammaFamily()
    if name == "piecewise_exponential":
        points = asked_times("cuts", cuts, surv.time, surv.unit)
        if points.size == 0 or (points <= 0).any() or not increasing(points):
            raise InputError(f"cuts must be increasing times above 0; got {points.tolist()}.")
        return PiecewiseFamily(tuple(float(c) for c in points))
    return simple_family(name)


def simple_family(name: str) -> Family:
    """A family that needs nothing but its name."""
    if name in ("weibull", "lognormal", "loglogistic"):
        return LocationScale(name)
    return ExponentialFamily() if name == "exponential" else GompertzFamily()


def _designs(law: Family, surv: Surv, formula: Any, ancillary: Any, data: Any) -> list[PredictorDesign]:
    names = law.predictors
    first = make_design(
        names[0], formula, location_data(formula, data, ancillary), surv,
        intercept=not isinstance(law, PiecewiseFamily),
    )  # fmt: skip
    if ancillary is not None and (len(names) < 2 or law.name in ("piecewise_exponential", "gamma")):
        raise InputError(f"the {law.name} family has no ancillary predictor; leave ancillary out.")
    rest = [
        make_design(
            name, ancillary if k == 0 else None, data if k == 0 and ancillary is not None else None, surv
        )
        for k, name in enumerate(names[1:])
    ]
    return [first, *rest]


def _starts(problem: Problem, sizes: list[int]) -> list[FloatArray]:
    if problem.family.name == "generalised_gamma":
        return [_start_generalised_gamma(problem, sizes)]
    return [spread(problem.family.start(), sizes)]


ROUGH = 0.1
"""Decrement, in units of log-likelihood, at which the fit of a start is near enough."""


def _start_generalised_gamma(problem: Problem, sizes: list[int]) -> FloatArray:
    """From the better of its two simple members, Weibull (q = 1) and log-normal (q = 0)."""
    best: tuple[float, FloatArray] | None = None
    start = spread([0.0, 0.0], sizes[:2])
    for name, q in (("weibull", 1.0), ("lognormal", 0.0)):
        inner = Problem(
            LocationScale(name),
            tuple(Part(p.kind, p.time, p.rows, p.designs[:2], p.weight, p.background) for p in problem.parts),
            problem.n,
        )
        found = maximise(inner.evaluate, start, name, enough=ROUGH, unit=inner.unit)
        start = found.theta  # the second member is not far from the first
        if best is None or found.value > best[0]:
            best = found.value, np.concatenate([found.theta, [q]])
    assert best is not None
    return best[1]
