"""Residuals of a Cox fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, one_of
from survsim.core.errors import InputError
from survsim.estimate.cox.baseline import AtEstimate, at_estimate
from survsim.estimate.cox.fitted import FittedCox
from survsim.kernels import cox_residuals as kernel

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("martingale", "deviance", "score", "dfbeta", "dfbetas", "schoenfeld", "scaled_schoenfeld")


def residuals(fit: FittedCox, kind: str = "martingale") -> Any:
    """Residuals of one kind.

    Parameters
    ----------
    kind : "martingale", "deviance" (n,); "score" (n, p), unweighted; "dfbeta" (n, p), the approximate change
        in the coefficients when a row is dropped, with its weight, "dfbetas" the same in standard errors;
        "schoenfeld", "scaled_schoenfeld": a frame with one row per event (time, [stratum,] terms), sorted.

    With exact ties martingale and deviance residuals take Breslow's hazard at the exact estimates, as R does; the
    others are refused.

    Reference: Therneau & Grambsch (2000), ch. 4.
    """
    one_of("kind", kind, KINDS)
    if fit.ties == "exact" and kind not in ("martingale", "deviance"):
        raise InputError(
            f"{kind} residuals are defined for ties='efron' and 'breslow'; refit with one of them. With exact ties there "
            "are 'martingale' and 'deviance'."
        )
    state = at_estimate(fit)
    if kind in ("martingale", "deviance"):
        return _martingale(fit, state, kind == "deviance")
    if kind in ("schoenfeld", "scaled_schoenfeld"):
        return schoenfeld(fit, state, scaled=kind == "scaled_schoenfeld")
    at, scale = state.problem.at, state.problem.scale
    score = kernel.score_residuals(at, state.problem.x, state.now) * scale[:, None]
    full = np.zeros((len(fit.surv), scale.size))
    full[at.rows] = score.T
    if kind == "score":
        return full
    if fit.surv.weight is not None:
        full *= fit.surv.weight[:, None]
    change = full @ fit.model_covariance
    return change if kind == "dfbeta" else change / np.sqrt(np.diag(fit.covariance))


def _martingale(fit: FittedCox, state: AtEstimate, deviance: bool) -> FloatArray:
    at = state.problem.at
    full = np.zeros(len(fit.surv))
    full[at.rows] = kernel.martingale(at, state.now, state.eta)
    if not deviance:
        return full
    seen = fit.surv.event.astype(np.float64)
    expected = np.where(fit.surv.event, np.maximum(seen - full, 1e-300), 1.0)
    return np.sign(full) * np.sqrt(np.maximum(-2.0 * (full + seen * np.log(expected)), 0.0))


def schoenfeld(fit: FittedCox, state: AtEstimate, *, scaled: bool) -> pd.DataFrame:
    """Covariates of each event less their risk-set mean; scaled: times events x covariance, plus b."""
    import pandas as pd

    problem = state.problem
    at = problem.at
    difference = problem.x[:, at.event] - kernel.event_means(at, state.now)[:, at.of_event]
    values = (difference * problem.scale[:, None]).T
    if scaled:
        values = values @ fit.model_covariance * at.event.size + fit.estimate
    columns: dict[str, Any] = {"time": at.times[at.of_event]}
    if fit.surv.stratum_labels:
        columns["stratum"] = [fit.surv.stratum_labels[s] for s in at.stratum[at.of_event]]
    return pd.DataFrame(columns | {term: values[:, j] for j, term in enumerate(fit.terms)})
