"""Predictions of parametric fits with delta-method intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray, between
from survsim.core.distributions import HazardDistribution
from survsim.core.errors import ExtrapolationWarning, InputError, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.steps import Steps
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.core.times import apart, asked_times, meet
from survsim.estimate.parametric.newton import root_of

if TYPE_CHECKING:
    import pandas as pd


class Fitted(Protocol):
    """What a prediction needs of a fit; see `ParametricFit` for the shapes."""

    @property
    def provenance(self) -> Provenance: ...
    @property
    def surv(self) -> Surv: ...
    @property
    def family(self) -> str: ...
    @property
    def estimate(self) -> FloatArray: ...
    @property
    def root(self) -> FloatArray | None: ...
    @property
    def covariance(self) -> FloatArray: ...
    @property
    def end_of_follow_up(self) -> float: ...
    def distribution(self, data: Any = None, parameters: FloatArray | None = None) -> HazardDistribution: ...


@result
class SurvivalPrediction(Result):
    """Predicted survival of m patients at T times.

    Attributes
    ----------
    time : (T,) in `unit`; survival, std_error, conf_low, conf_high : (m, T).
    conf_level : of the pointwise intervals.
    end_of_follow_up : largest time in the data the model was fitted to.
    """

    time: FloatArray
    unit: str
    survival: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_level: float
    end_of_follow_up: float

    def steps(self, group: Any = None) -> Steps:
        """Survival of one patient (row of the data) at the times asked for, in their order, joined straight."""
        i = Steps.place(group, range(self.survival.shape[0]), "patient")
        order = np.argsort(self.time)
        return Steps(
            time=self.time[order],
            estimate=self.survival[i, order],
            conf_low=self.conf_low[i, order],
            conf_high=self.conf_high[i, order],
            unit=self.unit,
            joined="lines",
        )

    def columns(self) -> Columns:
        """Columns patient (row of the data), time, survival, std_error, conf_low, conf_high."""
        m, n_time = self.survival.shape
        return {
            "patient": np.repeat(np.arange(m), n_time),
            "time": np.tile(self.time, m),
            "survival": self.survival.ravel(),
            "std_error": self.std_error.ravel(),
            "conf_low": self.conf_low.ravel(),
            "conf_high": self.conf_high.ravel(),
        }

    def headline(self) -> str:
        return (
            f"Predicted survival of {self.survival.shape[0]} patients (time in {self.unit}), "
            f"{self.conf_level:.0%} intervals; data reach {self.end_of_follow_up:g}"
        )


def predict_survival(fit: Fitted, data: Any, times: Any, conf_level: float) -> SurvivalPrediction:
    """Survival at times with intervals on the scale log(-log S), where they stay inside 0 and 1."""
    if times is None:
        raise InputError(f"times is missing: pass the times, in {fit.surv.unit}, at which to predict.")
    grid = asked_times("times", times, unit=fit.surv.unit)
    if not grid.size:
        raise InputError("times is empty; give at least one time at which to predict.")
    warn_beyond(fit, float(meet(grid.max(), [fit.end_of_follow_up])))

    def log_log(law: HazardDistribution) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.stack([np.atleast_1d(np.log(law.cumulative_hazard(t))) for t in grid], axis=-1)

    centre, deviation = delta_method(fit, data, log_log)
    survival = np.exp(-np.exp(centre))
    half = ndtri(0.5 + conf_level / 2.0) * deviation
    return SurvivalPrediction(
        provenance=Provenance.of("predict_survival", fit, conf_level=conf_level),
        time=grid,
        unit=fit.surv.unit,
        survival=survival,
        std_error=survival * np.where(np.isfinite(centre), np.exp(centre), 0.0) * deviation,
        conf_low=np.exp(-np.exp(centre + half)),
        conf_high=np.exp(-np.exp(centre - half)),
        conf_level=conf_level,
        end_of_follow_up=fit.end_of_follow_up,
    )


def predict_rmst(fit: Fitted, data: Any, tau: float, conf_level: float) -> pd.DataFrame:
    """Restricted mean with a symmetric interval."""
    import pandas as pd

    tau = between("tau", tau, 0.0, np.inf)
    warn_beyond(fit, tau)
    centre, deviation = delta_method(fit, data, lambda law: np.atleast_1d(law.rmst(tau)))
    half = ndtri(0.5 + conf_level / 2.0) * deviation
    return pd.DataFrame(
        {
            "patient": np.arange(centre.size),
            "tau": tau,
            "rmst": centre,
            "std_error": deviation,
            "conf_low": centre - half,
            "conf_high": centre + half,
        }
    )


STEP = 1e-3
"""Width of the differences of the delta method, in standard errors."""


def delta_method(
    fit: Fitted, data: Any, function: Callable[[HazardDistribution], FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """A function of the law and its standard error: central differences along the columns of a root of the covariance.

    A column moves no predictor by more than its standard error, wherever the origin of a covariate lies; a step of
    one coefficient alone would.
    """
    estimate = np.asarray(fit.estimate)
    centre = function(fit.distribution(data))
    root = covariance_root(fit)
    if not np.isfinite(root).all():  # coefficients without a variance: so is what is made of them
        return centre, np.full_like(centre, np.nan)
    variance = np.zeros_like(centre)
    for move in STEP * root.T:
        ahead = function(fit.distribution(data, estimate + move))
        behind = function(fit.distribution(data, estimate - move))
        with np.errstate(invalid="ignore"):
            variance += np.where(np.isfinite(centre), ((ahead - behind) / (2.0 * STEP)) ** 2, 0.0)
    return centre, np.sqrt(variance)


def covariance_root(fit: Fitted) -> FloatArray:
    """Of the coefficients, (P, P): as it was computed, or from the covariance of a file that does not have it."""
    return root_of(fit.covariance) if fit.root is None else fit.root


def warn_beyond(fit: Fitted, time: float) -> None:
    if time > fit.end_of_follow_up:
        asked, end = apart(time, fit.end_of_follow_up)
        warn(
            f"prediction at {asked} {fit.surv.unit}, but follow-up ends at {end}: beyond it "
            f"the {fit.family} form alone speaks. Compare families (compare_families).",
            ExtrapolationWarning,
        )
