"""Predicted hazards of new patients, of the moment or cumulated, with intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.kinds import object_array
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.cox.fitted import FittedCox
from survsim.estimate.cox.patient_hazards import patient_hazards

QUANTITIES = ("hazard", "cumulative hazard", "jump of the cumulative hazard")


@result
class PredictedHazard(Result):
    """Hazard of m patients at T times.

    Attributes
    ----------
    labels : of the patients (index of the data); time : (T,) in `unit`.
    quantity : "hazard" (a rate per `unit`), "cumulative hazard", or, of a Cox fit, whose hazard is known at event
        times only, "jump of the cumulative hazard".
    estimate, std_error, conf_low, conf_high : (m, T).
    """

    labels: tuple[Any, ...]
    time: FloatArray
    quantity: str
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_level: float
    conf_type: str
    unit: str

    def columns(self) -> Columns:
        """Columns patient, time, estimate, std_error, conf_low, conf_high."""
        m, size = self.estimate.shape
        return {
            "patient": np.repeat(object_array(self.labels), size),
            "time": np.tile(self.time, m),
        } | {n: getattr(self, n).ravel() for n in ("estimate", "std_error", "conf_low", "conf_high")}

    def headline(self) -> str:
        return (
            f"Predicted {self.quantity} of {len(self.labels)} patients at {self.time.size} times ({self.unit}), "
            f"{self.conf_level:.0%} intervals ({self.conf_type})"
        )


def hazard_limits(
    estimate: FloatArray, std_error: FloatArray, level: float, kind: str
) -> tuple[FloatArray, FloatArray]:
    """Limits on the log scale or as they are, never below 0; where the hazard is 0 both are 0."""
    half = float(ndtri(0.5 + level / 2)) * std_error
    if kind == "plain":
        return np.maximum(estimate - half, 0.0), estimate + half
    with np.errstate(over="ignore"):  # an error hundreds of times the hazard: no upper limit
        ratio = np.exp(np.divide(half, estimate, out=np.zeros_like(half), where=estimate > 0))
    return estimate / ratio, estimate * ratio


def predict_hazard(
    fit: FittedCox,
    data: Any = None,
    times: Any = None,
    *,
    stratum: Any = None,
    offset: Any = None,
    conf_level: float | None = None,
    conf_type: str = "log",
    jumps: bool = False,
) -> PredictedHazard:
    """Cumulative hazard H(t|x), or with `jumps` its steps, with the uncertainty of baseline and coefficients.

    Parameters
    ----------
    data, times, stratum, offset : as in `predict_survival`.
    conf_type : "log" (default) or "plain".

    Reference: Tsiatis (1981), Ann Stat 9:93; Therneau & Grambsch (2000), sec. 10.2.
    """
    one_of("conf_type", conf_type, ("log", "plain"))
    level = fit.conf_level if conf_level is None else between("conf_level", conf_level, 0.0, 1.0)
    found = patient_hazards(fit, data, times, stratum=stratum, offset=offset, jumps=jumps)
    low, high = hazard_limits(found.hazard, found.std_error, level, conf_type)
    return PredictedHazard(
        labels=found.labels, time=found.time, quantity=QUANTITIES[2 if jumps else 1], estimate=found.hazard,
        std_error=found.std_error, conf_low=low, conf_high=high, conf_level=level, conf_type=conf_type,
        unit=fit.surv.unit, provenance=Provenance.of("predict_hazard", fit, conf_level=level, conf_type=conf_type),
    )  # fmt: skip
