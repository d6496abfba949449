"""Parametric survival models of times that are only known to lie in an interval."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, between, float_vector, one_of, positions
from survsim.core.complete import complete_columns
from survsim.core.errors import ConvergenceError, InputError
from survsim.core.formula import parse_formula, used_columns
from survsim.core.kinds import as_numbers
from survsim.core.pairing import paired
from survsim.core.provenance import Provenance
from survsim.core.spelling import family_name
from survsim.core.surv import Surv
from survsim.core.times import join_ends
from survsim.core.units import check_unit
from survsim.estimate.parametric.families import Family
from survsim.estimate.parametric.fit import ParametricFit
from survsim.estimate.parametric.gamma_terms import GammaFamily
from survsim.estimate.parametric.interval_likelihood import IntervalProblem
from survsim.estimate.parametric.newton import inverse_information, maximise, root_of
from survsim.estimate.parametric.predictor_designs import location_data, make_design, scale_columns
from survsim.estimate.parametric.problem import LinearModel, coefficient_names, effects_of, spread, unscale
from survsim.estimate.parametric.regression import simple_family

FAMILIES = ("exponential", "weibull", "gompertz", "lognormal", "loglogistic", "gamma")


def interval_censored_parametric(
    low: Any,
    high: Any,
    family: str,
    formula: Any = None,
    data: Any = None,
    *,
    unit: str,
    conf_level: float = 0.95,
    missing: str = "refuse",
) -> ParametricFit:
    """Fit a parametric survival model when an event is only known to lie in (low, high].

    The log-likelihood is the sum of log [S(low) - S(high)], of log S(low) where no event was seen and of log f(t) where
    its time is known. Progression found at scheduled scans is of this kind; dating it to the scan makes medians late.

    Parameters
    ----------
    low : (n,) last time without event, in `unit`; high : (n,) first time with event, inf if not seen yet,
        equal to `low` for an event time known exactly.
    family : exponential, weibull, gompertz, lognormal, loglogistic or gamma.
    formula, data : right-hand side for the location and its frame; or formula None and data an (n, p) matrix.
    unit : "days", "weeks", "months" or "years".
    conf_level : of the intervals.
    missing : "refuse", or "drop" for leaving out rows that lack a limit or a covariate, counted in a warning.

    Returns
    -------
    ParametricFit : as of `parametric_survival`; its response has the event at `high`.

    Raises
    ------
    InputError : negative or missing times, low above high, an event at time 0.
    ConvergenceError : no event, or a coefficient that runs to infinity.

    Reference: Lindsey & Ryan 1998 (Stat Med 17:219).

    Example
    -------
    >>> from survsim.parametric import interval_censored_parametric
    >>> inf = float("inf")
    >>> fit = interval_censored_parametric([0, 2, 2, 2], [2, inf, inf, inf], "exponential", unit="months")
    >>> fit.distribution().survival(2.0).round(4).tolist()
    0.75
    """
    check_unit(unit)
    between("conf_level", conf_level, 0.0, 1.0)
    name = one_of("family", family_name(family), FAMILIES)
    low, high, formula, data = _complete(low, high, formula, data, missing)
    low, high = _limits(low, high, unit)
    seen = np.isfinite(high)
    if not seen.any():
        raise ConvergenceError(
            f"{name}: none of {low.size} patients had the event; no rate can be estimated."
        )
    response = Surv.right(np.where(seen, high, low), seen, unit=unit)
    law: Family = GammaFamily() if name == "gamma" else simple_family(name)
    designs = [make_design(law.predictors[0], formula, location_data(formula, data, None), response)]
    designs += [make_design(other, None, None, response) for other in law.predictors[1:]]
    # Nothing is known of a patient without event who was never seen later.
    kept = (high > 0) & ~(np.isinf(high) & (low == 0))
    scaled = [scale_columns(d, low.size) for d in designs]
    clock = float(np.where(seen, 0.5 * (low + np.where(seen, high, 0.0)), low).sum() / seen.sum())
    matrices = [s.matrix[kept] for s in scaled]
    problem = IntervalProblem.of(law.on_clock(clock), low[kept] / clock, high[kept] / clock, matrices)
    start = spread(law.start(), [m.shape[1] for m in matrices])
    optimum = maximise(problem.evaluate, start, name, limit=law.limit)
    back, shift = unscale(law, designs, scaled, clock)
    covariance = inverse_information(
        optimum.information, (p.designs for p in problem.parts), back, coefficient_names(designs), name
    )
    return ParametricFit(
        family=name, predictor=tuple(d.name for d in designs for _ in d.terms),
        terms=tuple(t for d in designs for t in d.terms), effects=effects_of(law, designs),
        estimate=back @ optimum.theta + shift, covariance=back @ covariance @ back.T, root=back @ root_of(covariance),
        log_likelihood=optimum.value - float((low == high).sum()) * float(np.log(clock)),
        model=LinearModel(law, tuple(designs)), surv=response, robust=False, relative=False, conf_level=conf_level, last_without=low,
        n_iter=optimum.iterations, note="Events are known to lie in intervals; the response has them at the ends.",
        provenance=Provenance.of("interval_censored_parametric", family=name, formula=designs[0].formula, n_patients=low.size),
    )  # fmt: skip


def _complete(low: Any, high: Any, formula: Any, data: Any, missing: str) -> tuple[Any, Any, Any, Any]:
    """The limits and their covariates in one order, without the rows that lack a value where `missing` is "drop".

    Covariates given as numbers in place of a formula come back as the data without one.
    """
    if formula is not None and not isinstance(formula, str):
        formula, data = None, formula
    low, high, data = paired(low=low, high=high, data=data)
    by_name = isinstance(formula, str) and hasattr(data, "columns")
    names = used_columns(parse_formula(formula), data) if by_name else None
    (low, high), data = complete_columns({"low": low, "high": high}, missing, data=data, names=names)
    return low, high, formula, data


def _limits(low: Any, high: Any, unit: str) -> tuple[FloatArray, FloatArray]:
    """The ends of the intervals, checked; missing `high` is refused."""
    left = float_vector("low", low, unit=unit)
    right, missing = as_numbers("high", high, unit)
    missing = np.isnan(right) if missing is None else missing | np.isnan(right)
    if right.shape != left.shape or left.size == 0:
        raise InputError(f"low has {left.size} values and high {right.size}; give one of each a patient.")
    if missing.any():
        raise InputError(
            f"high is missing in {positions(missing)}; an event not seen yet is inf (missing='drop' leaves rows out and counts them)."
        )
    left, right = join_ends(left, right)
    for fault, what in (
        (left < 0, "low is below 0"),
        (left > right, "low is above high"),
        (right == 0, "the event is at time 0"),
    ):
        if fault.any():
            raise InputError(f"{what} in {positions(fault)}; check the dates behind it.")
    return left, right
