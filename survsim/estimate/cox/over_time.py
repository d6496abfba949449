"""Smooth log hazard ratio against time, from scaled Schoenfeld residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.cox.baseline import at_estimate
from survsim.estimate.cox.diagnostics import transformed_time
from survsim.estimate.cox.fitted import FittedCox
from survsim.estimate.cox.residuals import residuals

if TYPE_CHECKING:
    pass


@result
class TimeVaryingCoefficient(Result):
    """Smooth log hazard ratio of one term over time.

    Attributes
    ----------
    term : name; constant : the fit's own log hazard ratio.
    time, log_hazard_ratio, conf_low, conf_high : (m,) the curve and its pointwise interval.
    event_time, residual : (e,) what was smoothed.
    unit : of time; transform : scale on which the curve was drawn.
    """

    term: str
    constant: float
    time: FloatArray
    log_hazard_ratio: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    event_time: FloatArray
    residual: FloatArray
    conf_level: float
    transform: str
    unit: str

    def columns(self) -> Columns:
        """Columns time, log_hazard_ratio, conf_low, conf_high."""
        names = ("time", "log_hazard_ratio", "conf_low", "conf_high")
        return {name: getattr(self, name) for name in names}

    def headline(self) -> str:
        return (
            f"Log hazard ratio of {self.term} over time ({self.unit}); constant estimate {self.constant:.4g}"
        )


def natural_cubic_basis(u: FloatArray, knots: FloatArray) -> FloatArray:
    """Constant, u and truncated cubics that are linear beyond the outer knots, (m, knots)."""
    low, high = knots[0], knots[-1]
    columns = [np.ones_like(u), u]
    for k in knots[1:-1]:
        share = (high - k) / (high - low)
        cubes = [np.maximum(u - a, 0.0) ** 3 for a in (k, low, high)]
        columns.append(cubes[0] - share * cubes[1] - (1.0 - share) * cubes[2])
    return np.column_stack(columns)


def event_quantiles(u: FloatArray, weight: FloatArray, p: FloatArray) -> FloatArray:
    """Quantiles of weighted events, between the middles of their weights: the same for copies as for weights of any scale."""
    places, which = np.unique(u, return_inverse=True)
    share = np.bincount(which, weight)
    middle = np.cumsum(share) - share / 2.0
    return np.interp(p, (middle - middle[0]) / (middle[-1] - middle[0]), places)


def hazard_ratio_over_time(
    fit: FittedCox,
    term: str,
    *,
    transform: str = "km",
    df: int = 3,
    n_times: int = 60,
    conf_level: float = 0.95,
) -> TimeVaryingCoefficient:
    """Least-squares natural cubic spline through the scaled Schoenfeld residuals of `term`.

    Its variance is the residuals' variance under proportional hazards, events x Var(b), robust where the fit is. Weights
    count throughout, as patients that many times would: the curve does not depend on their scale.

    Parameters
    ----------
    term : a column of the fit; transform : of time, as in `proportional_hazards_test`.
    df : 1 is a straight line, more bends with the events' quantiles as knots.
    n_times : points of the curve.

    Reference: Grambsch & Therneau (1994), Biometrika 81:515.
    """
    one_of("term", term, fit.terms)
    between("conf_level", conf_level, 0, 1)
    plain = residuals(fit, "schoenfeld")
    at, j = at_estimate(fit).problem.at, fit.terms.index(term)
    weight = at.weight[at.event]
    events = float(weight.sum())
    time = plain["time"].to_numpy()
    value = plain[list(fit.terms)].to_numpy() @ fit.model_covariance[:, j] * events + fit.estimate[j]
    distinct = np.unique(time)
    if distinct.size < df + 2:
        raise InputError(f"{distinct.size} distinct event times are too few for df={df}; lower df.")
    g = transformed_time(fit, time, transform, fit.surv.weight)
    low, width = g.min(), np.ptp(g)
    u = (g - low) / width
    knots = event_quantiles(u, weight, np.linspace(0, 1, df + 1))
    basis = natural_cubic_basis(u, knots)
    shown = np.linspace(0, 1, n_times)
    curve_basis = natural_cubic_basis(shown, knots)
    inverse = np.linalg.pinv(basis.T @ (weight[:, None] * basis) / events) / events
    curve = curve_basis @ (inverse @ (basis.T @ (weight * value)))
    spread = fit.covariance[j, j] * events
    half = float(ndtri(0.5 + conf_level / 2)) * np.sqrt(
        np.einsum("ij,jk,ik->i", curve_basis, inverse, curve_basis) * spread
    )
    order = np.argsort(g, kind="stable")
    return TimeVaryingCoefficient(
        term=term, constant=float(fit.estimate[j]), time=np.interp(low + width * shown, g[order], time[order]),
        log_hazard_ratio=curve, conf_low=curve - half, conf_high=curve + half, event_time=time, residual=value,
        conf_level=conf_level, transform=transform, unit=fit.surv.unit,
        provenance=Provenance.of("hazard_ratio_over_time", fit, term=term, transform=transform, df=df),
    )  # fmt: skip
