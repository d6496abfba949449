"""Predicted quantiles of the event time of new patients, medians among them, with intervals."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, between, float_vector, one_of, shares
from survsim.core.errors import InputError
from survsim.core.kinds import object_array
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.core.times import at_least_one
from survsim.estimate.cox.fitted import FittedCox
from survsim.estimate.cox.patient_hazards import patient_hazards
from survsim.estimate.cox.prediction import survival_limits
from survsim.estimate.nonparametric.quantiles import crossing_time

HELD = 2_000_000
"""Values of curves that are held at once: many patients are taken in turns."""


@result
class PredictedQuantiles(Result):
    """Times by which a share q of patients like each of m has had the event.

    Attributes
    ----------
    labels : of the m patients (index of the data); probability : (q,) shares.
    estimate, conf_low, conf_high : (m, q) times in `unit`; inf: not reached (in a Cox model: within follow-up).
    conf_type : how the interval was made.
    """

    labels: tuple[Any, ...]
    probability: FloatArray
    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_level: float
    conf_type: str
    unit: str

    def columns(self) -> Columns:
        """Columns patient, probability, estimate, conf_low, conf_high."""
        m, size = self.estimate.shape
        return {
            "patient": np.repeat(object_array(self.labels), size),
            "probability": np.tile(self.probability, m),
        } | {n: getattr(self, n).ravel() for n in ("estimate", "conf_low", "conf_high")}

    def headline(self) -> str:
        return (
            f"Predicted quantiles of the event time of {len(self.labels)} patients ({self.unit}), "
            f"{self.conf_level:.0%} intervals ({self.conf_type})"
        )


def asked_shares(p: Any) -> FloatArray:
    """One share or several, strictly between 0 and 1, as a vector."""
    asked = shares("p", float_vector("p", at_least_one(p)))
    if asked.size == 0:
        raise InputError("p is empty; name at least one share, for example p=0.5 for the median.")
    return asked


def predict_quantile(
    fit: FittedCox,
    p: Any,
    data: Any = None,
    *,
    stratum: Any = None,
    offset: Any = None,
    conf_level: float | None = None,
    conf_type: str = "log-log",
) -> PredictedQuantiles:
    """Times at which the predicted curve and its band fall to 1 - p (as R's ``quantile(survfit(fit, newdata))``).

    Parameters
    ----------
    p : one share or (q,) of them, strictly between 0 and 1; 0.5 for the median.
    data, stratum, offset, conf_level, conf_type : as in `predict_survival`.

    Reference: Brookmeyer & Crowley (1982), Biometrics 38:29, for an interval read off a band.
    """
    asked = asked_shares(p)
    one_of("conf_type", conf_type, ("log-log", "log", "plain"))
    level = fit.conf_level if conf_level is None else between("conf_level", conf_level, 0.0, 1.0)
    event_times = np.unique(fit.surv.time[fit.surv.event])
    time = np.concatenate([[0.0], event_times, [float(fit.surv.time.max())]])
    m = (fit.design.matrix if data is None else fit.design.apply(data)).shape[0]
    step = max(1, HELD // event_times.size)
    labels: list[Any] = []
    found = np.empty((3, m, asked.size))
    for begin in range(0, max(m, 1), step):
        rows = slice(begin, begin + step)
        part = patient_hazards(fit, data, event_times, stratum=stratum, offset=offset, rows=rows)
        labels += part.labels
        limits = survival_limits(part.hazard, part.std_error, level, conf_type)
        for k, curves in enumerate((np.exp(-part.hazard), *limits)):
            for i, curve in enumerate(curves):
                whole = np.concatenate([[1.0], curve, curve[-1:]])
                found[k, begin + i] = [crossing_time(time, whole, share) for share in asked]
    return PredictedQuantiles(
        labels=tuple(labels), probability=asked, estimate=found[0], conf_low=found[1], conf_high=found[2],
        conf_level=level, conf_type=conf_type, unit=fit.surv.unit,
        provenance=Provenance.of("predict_quantile", fit, p=asked, conf_level=level, conf_type=conf_type),
    )  # fmt: skip
