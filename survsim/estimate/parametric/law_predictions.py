"""Hazards and quantiles of the fitted law of each patient, with delta-method intervals on the log scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from survsim.core.checks import FloatArray
from survsim.core.distributions import HazardDistribution
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.times import asked_times, meet
from survsim.estimate.cox.predicted_hazard import QUANTITIES, PredictedHazard, hazard_limits
from survsim.estimate.cox.predicted_quantiles import PredictedQuantiles, asked_shares
from survsim.estimate.parametric.prediction import Fitted, delta_method, warn_beyond


def predict_hazard(
    fit: Fitted, data: Any, times: Any, conf_level: float, *, cumulative: bool = False
) -> PredictedHazard:
    """h(t|x) or H(t|x) at times above 0.

    The interval is exp(log h -+ z sd(log h)), sd by the delta method; the standard error is h sd(log h).
    """
    if times is None:
        raise InputError(f"times is missing: pass the times, in {fit.surv.unit}, at which to predict.")
    grid = asked_times("times", times, unit=fit.surv.unit)
    if grid.size == 0 or not (grid > 0).all():
        raise InputError(
            f"times must hold times above 0, where every family has a hazard; got {grid.tolist()!r}."
        )
    warn_beyond(fit, float(meet(grid.max(), [fit.end_of_follow_up])))

    def log_hazard(law: HazardDistribution) -> FloatArray:
        function = law.cumulative_hazard if cumulative else law.hazard
        with np.errstate(divide="ignore"):
            return np.stack([np.atleast_1d(np.log(function(t))) for t in grid], axis=-1)

    centre, deviation = delta_method(fit, data, log_hazard)
    estimate = np.exp(centre)
    std_error = np.where(estimate > 0, estimate * deviation, 0.0)
    low, high = hazard_limits(estimate, std_error, conf_level, "log")
    name = "predict_cumulative_hazard" if cumulative else "predict_hazard"
    return PredictedHazard(
        labels=_labels(data, estimate.shape[0]), time=grid, quantity=QUANTITIES[int(cumulative)], estimate=estimate,
        std_error=std_error, conf_low=low, conf_high=high, conf_level=conf_level, conf_type="log", unit=fit.surv.unit,
        provenance=Provenance.of(name, fit, conf_level=conf_level),
    )  # fmt: skip


def predict_quantile(fit: Fitted, p: Any, data: Any, conf_level: float) -> PredictedQuantiles:
    """Time by which a share p has had the event; exp(log t -+ z sd(log t)), sd by the delta method.

    A share that a cured fraction never reaches has the time inf, and its limits, which no derivative gives, are inf.
    """
    asked = asked_shares(p)

    def log_time(law: HazardDistribution) -> FloatArray:
        return np.stack([np.atleast_1d(np.log(law.quantile(share))) for share in asked], axis=-1)

    centre, deviation = delta_method(fit, data, log_time)
    estimate = np.exp(centre)
    half = float(ndtri(0.5 + conf_level / 2.0)) * deviation
    # A step of the delta method that leaves the reachable times has no derivative: nothing bounds the time.
    half = np.where(np.isfinite(half), half, np.inf)
    reached = np.isfinite(estimate)
    beyond = reached & (estimate > fit.end_of_follow_up)
    if beyond.any():
        warn_beyond(fit, float(estimate[beyond].max()))
    with np.errstate(over="ignore"):
        low = np.exp(np.where(reached, centre - half, np.inf))
        high = np.exp(np.where(reached, centre + half, np.inf))
    return PredictedQuantiles(
        labels=_labels(data, estimate.shape[0]), probability=asked, estimate=estimate, conf_low=low, conf_high=high,
        conf_level=conf_level, conf_type="delta method for log time", unit=fit.surv.unit,
        provenance=Provenance.of("predict_quantile", fit, p=asked, conf_level=conf_level),
    )  # fmt: skip


def _labels(data: Any, m: int) -> tuple[Any, ...]:
    index = getattr(data, "index", None) if hasattr(data, "columns") else None
    return tuple(range(m)) if index is None or len(index) != m else tuple(index)
