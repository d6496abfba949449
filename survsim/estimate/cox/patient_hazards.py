"""Hazards of single patients from a Cox fit with their standard errors: what every prediction is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.errors import ExtrapolationWarning, InputError, warn
from survsim.core.kinds import dimensions
from survsim.core.surv import Surv
from survsim.core.times import asked_times, meet
from survsim.estimate.cox.baseline import AtEstimate, at_estimate, cumulate
from survsim.estimate.cox.fitted import FittedCox, beside, known_part
from survsim.kernels.cox_residuals import hazard_means

LARGEST = 300.0
"""Linear predictors from here on are no hazard ratios: exp(300) is 10 to the power of 130."""


@dataclass(frozen=True, slots=True)
class PatientHazards:
    """Hazards of m patients at T times.

    Attributes
    ----------
    labels : of the patients (index of the data); time : (T,) as asked for.
    hazard, std_error : (m, T) cumulated to the time, or the jump at it.
    """

    labels: tuple[Any, ...]
    time: FloatArray
    hazard: FloatArray
    std_error: FloatArray


def patient_hazards(
    fit: FittedCox,
    data: Any,
    times: Any,
    *,
    stratum: Any = None,
    offset: Any = None,
    jumps: bool = False,
    rows: slice = slice(None),
) -> PatientHazards:
    """H(t|x) = H0(t) exp(x'b), or with `jumps` its step at t, with the variance of H0 and of b.

    Var = theta^2 (sum of hazard variance + g' V g), g = integral of (mean - x) dH0, theta = exp(x'b).

    Parameters
    ----------
    data : m rows of covariates, or None for the patients fitted with their own strata and offset.
    times : (T,) in the fit's unit, or None for its event times.
    rows : of the m which to work out.
    """
    if fit.penalty == "elasticnet":
        raise InputError(
            "an elastic-net fit has no standard errors; refit the chosen terms, or use baseline_hazard() and linear_predictor()."
        )
    state = at_estimate(fit)
    at, now, problem = state.problem.at, state.now, state.problem
    x = fit.design.matrix if data is None else fit.design.apply(data)
    stratum = beside(fit, data, "stratum", stratum)
    if data is None:
        codes = np.zeros(x.shape[0], np.int64) if fit.surv.stratum is None else fit.surv.stratum
    else:
        codes = strata_of(fit, stratum, x.shape[0])
    shown = np.unique(at.times) if times is None else asked_times("times", times, unit=fit.surv.unit)
    when = meet(shown, fit.surv.time)
    if times is not None:
        warn_beyond(fit.surv, when, codes)
    ratio = state.log_ratio(x, codes, known_part(fit, data, offset, x.shape[0]))[rows]
    labels = patient_labels(fit, data, x.shape[0])[rows]
    x, codes = x[rows], codes[rows]
    z = ((x - problem.centre) / problem.scale).T
    steps = (now.a, now.a0, hazard_means(at, now))
    hazard, variance, drift = steps if jumps else (cumulate(v, at) for v in steps)
    spread = fit.covariance * np.outer(problem.scale, problem.scale)
    found, std_error = np.zeros((2, x.shape[0], when.size))
    for s in np.unique(codes):
        own = np.flatnonzero(codes == s)
        begin, end = at.stratum_start[s], at.stratum_start[s + 1]
        k, seen = _places(at.times[begin:end], when, jumps)
        if not seen.any():
            continue
        k = k + begin
        theta = np.exp(moderate(ratio[own]))[:, None]
        g = drift[:, None, k] - z[:, own, None] * hazard[k]
        of_b = np.einsum("iab,ij,jab->ab", g, spread, g)
        found[np.ix_(own, seen)] = theta * hazard[k]
        std_error[np.ix_(own, seen)] = theta * np.sqrt(variance[k] + of_b)
    return PatientHazards(labels, shown, found, std_error)


@dataclass(frozen=True, slots=True)
class ReferenceHazards:
    """Hazards of m new patients: each the jumps of the reference of the stratum times a ratio, neither of which knows where
    a covariate has its 0.

    Attributes
    ----------
    time, jump, stratum : (K,) event times and increments of the references, by stratum.
    ratio, code : (m,) of the patients, and their strata.
    """

    time: FloatArray
    jump: FloatArray
    stratum: IntArray
    ratio: FloatArray
    code: IntArray


def reference_hazards(
    fit: FittedCox, data: Any, stratum: Any = None, offset: Any = None, *, state: AtEstimate | None = None
) -> ReferenceHazards:
    """What the hazards of new patients are products of. `state` is that of the fit, if at hand."""
    state = at_estimate(fit) if state is None else state
    at, x = state.problem.at, fit.design.apply(data)
    codes = strata_of(fit, stratum, x.shape[0])
    known = known_part(fit, data, offset, x.shape[0])
    ratio = np.exp(moderate(state.log_ratio(x, codes, known)))
    return ReferenceHazards(at.times, state.now.a, at.stratum, ratio, codes)


def patient_labels(fit: FittedCox, data: Any, m: int) -> tuple[Any, ...]:
    """What m patients are called: the row labels of their frame, else their positions."""
    # a frame of polars has columns and no row labels
    named = getattr(data, "index", None) if hasattr(data, "columns") else None
    named = fit.surv.index if data is None else named
    return tuple(range(m) if named is None or len(named) != m else named)


def moderate(total: FloatArray) -> FloatArray:
    """Linear predictors less that of an average patient, refused where their exponentials are no numbers any more."""
    if total.size and not np.abs(total).max() < LARGEST:
        worst = float(total[np.argmax(np.abs(total))])
        raise InputError(
            f"the linear predictor of a patient is {worst:g} from the average, beyond any hazard ratio that a number can hold; check the "
            "units of data and offset."
        )
    return total


def _places(event_times: FloatArray, when: FloatArray, jumps: bool) -> tuple[IntArray, Any]:
    """Event times that speak for the times asked for, and (T,) which of these have one."""
    index = np.searchsorted(event_times, when, side="right") - 1
    seen = index >= 0
    if jumps and event_times.size:
        seen &= event_times[np.maximum(index, 0)] == when
    return index[seen], seen


def strata_of(fit: FittedCox, stratum: Any, m: int) -> Any:
    labels = fit.surv.stratum_labels
    if not labels:
        if stratum is not None:
            raise InputError("the fit has no strata; leave stratum out.")
        return np.zeros(m, np.int64)
    if stratum is None:
        raise InputError(
            f"the fit is stratified; say stratum=, one of {', '.join(map(repr, labels))}, or (m,) labels."
        )
    given = [stratum] * m if dimensions(stratum) == 0 else list(stratum)
    unknown = [s for s in given if s not in labels]
    if unknown or len(given) != m:
        raise InputError(
            f"stratum must give one of {', '.join(map(repr, labels))} for each of {m} patients; got {given[:5]!r}."
        )
    return np.array([labels.index(s) for s in given])


def warn_beyond(surv: Surv, when: FloatArray, codes: IntArray) -> None:
    """Tell of times (T,) after the follow-up of the strata `codes` whose curves are asked for."""
    last = np.full(max(len(surv.stratum_labels), 1), -np.inf)
    np.maximum.at(last, np.zeros(len(surv), np.int64) if surv.stratum is None else surv.stratum, surv.time)
    asked = np.unique(codes)
    short = asked[last[asked] < when.max(initial=-np.inf)]
    if short.size:
        ends = ", ".join(
            f"{last[s]:g}" + (f" in stratum {surv.stratum_labels[s]!r}" if surv.stratum_labels else "")
            for s in short[:4]
        )
        warn(
            f"survival asked for at {when.max():g} {surv.unit}, but follow-up ends at {ends}: the last value is repeated. "
            "Use a parametric model to look beyond the data.",
            ExtrapolationWarning,
        )
