"""Fits of survsim as objects of lifelines, so that a user can go on with the tool they know."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from survsim.core.errors import InputError
from survsim.core.result import Result
from survsim.core.surv import Surv
from survsim.estimate.cox.result import CoxFit
from survsim.estimate.nonparametric.kaplan_meier import KaplanMeier
from survsim.estimate.parametric.fit import ParametricFit
from survsim.estimate.parametric.problem import LinearModel


@functools.singledispatch
def to_lifelines(result: Result, **options: Any) -> Any:
    """The same fit as an object of lifelines; what it has no counterpart of is refused by name."""
    raise InputError(
        f"lifelines has no counterpart of {type(result).__name__}; KaplanMeier, CoxFit and ParametricFit have one."
    )


@to_lifelines.register
def kaplan_meier_to_lifelines(km: KaplanMeier, group: Any = None) -> Any:
    """A fitted ``KaplanMeierFitter`` of one group, made from its risk table.

    lifelines knows the risk table without delayed entry only; a curve with it is refused.
    """
    from lifelines import KaplanMeierFitter

    if group is None and len(km.groups) > 1:
        raise InputError(f"name the group to convert: one of {', '.join(map(repr, km.groups))}.")
    if km.entries:
        raise InputError(
            "a curve with delayed entry has no risk table that lifelines can be given; fit it there from the "
            "patients, with entry=."
        )
    label = km.groups[0] if group is None else group
    rows = km.rows(label)
    time, event, censor = km.time[rows], km.n_event[rows], km.n_censor[rows]
    durations = np.concatenate([time[event > 0], time[censor > 0]])
    observed = np.repeat([True, False], [(event > 0).sum(), (censor > 0).sum()])
    weights = np.concatenate([event[event > 0], censor[censor > 0]])
    fitter = KaplanMeierFitter(alpha=1.0 - km.conf_level, label=str(label))
    whole = bool((weights == np.floor(weights)).all())
    return fitter.fit(durations, observed, weights=weights.astype(int) if whole else weights)


@to_lifelines.register
def parametric_to_lifelines(fit: ParametricFit) -> Any:
    """A lifelines accelerated failure time fitter that holds survsim's coefficients and covariance.

    lifelines fits first, to fill its own attributes; its estimates, which stop a little early, are then
    replaced. Weibull, log-normal and log-logistic without ancillary formula; others are refused by name.
    """
    import lifelines
    import pandas as pd

    # family: fitter, its two parameters, sign of log sigma in the second
    known = {
        "weibull": (lifelines.WeibullAFTFitter, "lambda_", "rho_", -1.0),
        "lognormal": (lifelines.LogNormalAFTFitter, "mu_", "sigma_", 1.0),
        "loglogistic": (lifelines.LogLogisticAFTFitter, "alpha_", "beta_", -1.0),
    }
    if fit.family not in known or fit.predictor.count("log(sigma)") != 1 or fit.relative:
        raise InputError(
            f"lifelines has no counterpart of this {fit.family} fit; it has {', '.join(known)} without ancillary "
            "formula and without background mortality."
        )
    maker, location, scale, sign = known[fit.family]
    columns = [t for t, p in zip(fit.terms, fit.predictor) if p == "mu" and t != "Intercept"]
    surv, model = fit.surv, fit.model
    assert isinstance(model, LinearModel)
    frame = pd.DataFrame(model.columns(len(surv))[:, 1:], columns=columns)
    frame["time"], frame["event"] = surv.time, surv.event
    options: dict[str, Any] = {}
    if surv.weight is not None:
        frame["weight"], options["weights_col"] = surv.weight, "weight"
    if surv.entry is not None:
        frame["entry"], options["entry_col"] = surv.entry, "entry"
    fitter = maker(alpha=1.0 - fit.conf_level).fit(
        frame[surv.time > 0], "time", event_col="event", robust=fit.robust, **options
    )
    order = [
        (scale, "Intercept") if p == "log(sigma)" else (location, t) for p, t in zip(fit.predictor, fit.terms)
    ]
    signs = np.array([sign if p == "log(sigma)" else 1.0 for p in fit.predictor])
    index = pd.MultiIndex.from_tuples(order, names=fitter.params_.index.names)
    fitter.params_ = pd.Series(fit.estimate * signs, index=index, name="params").reindex(fitter.params_.index)
    variance = pd.DataFrame(fit.covariance * np.outer(signs, signs), index=index, columns=index)
    fitter.variance_matrix_ = variance.reindex(index=fitter.params_.index, columns=fitter.params_.index)
    deviation = np.sqrt(np.diag(fitter.variance_matrix_))
    fitter.standard_errors_ = pd.Series(deviation, index=fitter.params_.index, name="se")
    fitter.confidence_intervals_ = fitter._compute_confidence_intervals()
    fitter.log_likelihood_ = fit.log_likelihood
    return fitter


@to_lifelines.register
def cox_to_lifelines(fit: CoxFit) -> Any:
    """A ``CoxPHFitter`` fitted by lifelines to the same patients.

    lifelines has Efron ties only, stops its search early (coefficients agree to about 1e-5) and ignores
    delayed entry in its baseline hazard: use it to go on there, not to check numbers here. Strata are columns of their own name
    and labels, "_stratum" where the response was not given a name.
    """
    import pandas as pd
    from lifelines import CoxPHFitter

    if fit.ties != "efron" or fit.penalty is not None or fit.frailty is not None or fit.offset is not None:
        raise InputError(
            "lifelines fits Efron ties without penalty, frailty and offset; refit without them first."
        )
    surv = fit.surv
    frame = pd.DataFrame(fit.design.matrix, columns=list(fit.terms))
    named = {
        "time": "time",
        "event": "event",
        "entry": "entry",
        "weight": "weights",
        "cluster": "cluster",
    }
    options: dict[str, Any] = {}
    for ours, theirs in named.items():
        values = getattr(surv, ours)
        if values is None:
            continue
        column = f"_{ours}"
        frame[column] = values
        if ours not in ("time", "event"):
            options[f"{theirs}_col"] = column
    if surv.stratum is not None:
        strata = _strata(surv, fit.terms)
        frame = frame.assign(**strata)
        options["strata"] = list(strata)
    return CoxPHFitter(alpha=1.0 - fit.conf_level).fit(
        frame, "_time", "_event", robust=fit.robust_covariance is not None, **options
    )


def _strata(surv: Surv, taken: tuple[str, ...]) -> dict[str, Any]:
    """The columns of the strata as the user has them, so that lifelines predicts on the user's own frame."""
    parts = [part for part in surv.origin.parts if part.role == "stratum"]
    if parts and all(isinstance(part.label, str) and part.label not in taken for part in parts):
        return {part.label: surv.origin.values(part) for part in parts}
    labels = np.empty(len(surv.stratum_labels), object)
    labels[:] = surv.stratum_labels
    return {"_stratum": labels[surv.stratum]}
