"""Survival curves of new patients from a Cox fit, with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.kinds import object_array
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.steps import Steps
from survsim.core.tables import Columns
from survsim.estimate.cox.fitted import FittedCox
from survsim.estimate.cox.patient_hazards import patient_hazards

if TYPE_CHECKING:
    pass


@result
class PredictedSurvival(Result):
    """Survival of m patients at T times.

    Attributes
    ----------
    labels : of the patients (index of the data); time : (T,) in `unit`.
    survival, std_error, conf_low, conf_high : (m, T); the standard error is that of the survival.
    is_whole : the times are all event times of the fit, so that the curve is known everywhere between them.
    """

    labels: tuple[Any, ...]
    time: FloatArray
    survival: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_level: float
    conf_type: str
    unit: str
    is_whole: bool = False

    def curve_groups(self) -> tuple[Any, ...]:
        """Labels that `steps` knows: the patients."""
        return self.labels

    def steps(self, group: Any = None) -> Steps:
        """Survival of one patient (by label) from time 0, where it is 1: steps where the curve is whole, else straight
        lines between the times asked for."""
        i = Steps.place(group, self.labels, "patient")
        order = np.argsort(self.time, kind="stable")
        limits = (self.conf_low[i, order], self.conf_high[i, order])
        return Steps.from_origin(
            self.time[order], self.survival[i, order], limits, start=1.0, unit=self.unit,
            joined="steps" if self.is_whole else "lines",
        )  # fmt: skip

    def columns(self) -> Columns:
        """Columns patient, time, survival, std_error (of the survival), conf_low, conf_high."""
        m, size = self.survival.shape
        columns = {
            name: getattr(self, name).ravel() for name in ("survival", "std_error", "conf_low", "conf_high")
        }
        return {
            "patient": np.repeat(object_array(self.labels), size),
            "time": np.tile(self.time, m),
        } | columns

    def headline(self) -> str:
        return (
            f"Predicted survival of {len(self.labels)} patients at {self.time.size} times ({self.unit}), "
            f"{self.conf_level:.0%} intervals ({self.conf_type}) with the coefficients' uncertainty"
        )


def predict_survival(
    fit: FittedCox,
    data: Any = None,
    times: Any = None,
    *,
    stratum: Any = None,
    offset: Any = None,
    conf_level: float | None = None,
    conf_type: str = "log-log",
) -> PredictedSurvival:
    """S(t|x) = exp(-H0(t) exp(x'b)), with the variance of H0 and of b.

    Var H(t|x) = theta^2 (sum of hazard variance + g' V g), g = integral of (mean - x) dH0, theta = exp(x'b); the
    standard error of S is S times that of H.

    Parameters
    ----------
    data : m rows of covariates, as the model was fitted; None for the patients fitted, with their own strata
        and offset.
    times : (T,) in the fit's unit; None for its event times.
    stratum : label, or (m,) labels, when the fit has strata.
    offset : known part of the linear predictor, (m,) or one number for all; asked for where the fit had one.
    conf_type : "log-log" (default), "log" or "plain".

    Returns
    -------
    PredictedSurvival; times beyond the follow-up repeat the last value and warn.

    Reference: Tsiatis (1981), Ann Stat 9:93; Therneau & Grambsch (2000), sec. 10.2.
    """
    one_of("conf_type", conf_type, ("log-log", "log", "plain"))
    found = patient_hazards(fit, data, times, stratum=stratum, offset=offset)
    cumulative, std_error = found.hazard, found.std_error
    level = fit.conf_level if conf_level is None else between("conf_level", conf_level, 0.0, 1.0)
    low, high = survival_limits(cumulative, std_error, level, conf_type)
    return PredictedSurvival(
        labels=found.labels, time=found.time, survival=np.exp(-cumulative),
        std_error=np.exp(-cumulative) * std_error, conf_low=low, conf_high=high,
        conf_level=level, conf_type=conf_type, unit=fit.surv.unit, is_whole=times is None,
        provenance=Provenance.of("predict_survival", fit, conf_level=level, conf_type=conf_type),
    )  # fmt: skip


def survival_limits(
    cumulative: FloatArray, std_error: FloatArray, level: float, kind: str
) -> tuple[FloatArray, FloatArray]:
    """Limits of exp(-cumulative) by the standard error of the cumulative hazard, on the scale of `kind`."""
    half = float(ndtri(0.5 + level / 2)) * std_error
    survival = np.exp(-cumulative)
    if kind == "plain":
        half = half * survival
        return np.maximum(survival - half, 0.0), np.minimum(survival + half, 1.0)
    if kind == "log":
        return np.exp(-cumulative - half), np.minimum(np.exp(-cumulative + half), 1.0)
    positive = cumulative > 0
    with np.errstate(over="ignore"):  # an error beyond all bounds: limits of 0 and 1
        ratio = np.exp(np.divide(half, cumulative, out=np.zeros_like(half), where=positive))
    return np.exp(-cumulative * ratio), np.exp(-cumulative / ratio)
