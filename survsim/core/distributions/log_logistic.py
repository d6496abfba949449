"""Log-logistic distribution: log odds of the event are linear in log time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from survsim.core.checks import FloatArray
from survsim.core.distributions.protocol import (
    HazardDistribution,
    Parameter,
    as_time,
    checked,
    distribution,
    heights,
)


@distribution
class LogLogistic(HazardDistribution):
    """Odds of the event a power of time: S(t) = 1 / (1 + (t / scale)^shape).

    Parameters
    ----------
    shape : above 0; the mean exists above 1.
    scale : above 0, the median in `time_unit`.
    time_unit : "days", "weeks", "months" or "years".

    Example
    -------
    >>> from survsim.distributions import LogLogistic
    >>> float(LogLogistic(shape=2.0, scale=10.0, time_unit="months").survival(20.0))
    0.2
    """

    shape: Parameter
    scale: Parameter
    time_unit: str

    def __post_init__(self) -> None:
        self._check_time_unit()
        self._set("shape", checked("shape", self.shape, "LogLogistic", low=0.0))
        self._set("scale", checked("scale", self.scale, "LogLogistic", low=0.0))

    def hazard(self, t: ArrayLike) -> FloatArray:
        x = as_time(t) / self.scale
        with np.errstate(divide="ignore", over="ignore"):
            # shape / scale / (x^(1-shape) + x): no overflow of x^shape far out
            return self.shape / self.scale / (x ** (1.0 - self.shape) + x)

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        with np.errstate(divide="ignore"):
            return np.logaddexp(0.0, self.shape * np.log(as_time(t) / self.scale))

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        height = heights(h)
        # A time beyond the range of floating point is infinite.
        with np.errstate(divide="ignore", over="ignore"):
            log_odds = height + np.log(-np.expm1(-height))
            return np.asarray(self.scale * np.exp(log_odds / self.shape))

    def rmst(self, tau: ArrayLike) -> FloatArray:
        # substitution v = F(t) in the integral of S gives an incomplete beta function, for shape > 1
        if np.min(self.shape) <= 1.0:
            return HazardDistribution.rmst(self, tau)
        share = -np.expm1(-self.cumulative_hazard(tau))
        inverse = 1.0 / np.asarray(self.shape)
        return self.mean() * special.betainc(inverse, 1.0 - inverse, share)

    def mean(self) -> FloatArray:
        shape, scale = np.broadcast_arrays(np.asarray(self.shape), np.asarray(self.scale))
        angle = np.pi / np.where(shape > 1.0, shape, 2.0)
        return np.where(shape > 1.0, scale * angle / np.sin(angle), np.inf)
