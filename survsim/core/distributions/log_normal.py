"""Log-normal distribution: log time is normal."""

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

LOG_ROOT_TWO_PI = 0.9189385332046727


@distribution
class LogNormal(HazardDistribution):
    """Log time is normal: S(t) = Phi(-z), z = (log t - meanlog) / sdlog.

    Parameters
    ----------
    meanlog : mean of log time; exp(meanlog) is the median in `time_unit`.
    sdlog : standard deviation of log time, above 0.
    time_unit : "days", "weeks", "months" or "years".

    Example
    -------
    >>> from survsim.distributions import LogNormal
    >>> float(LogNormal(meanlog=0.0, sdlog=1.0, time_unit="years").quantile(0.5))
    1.0
    """

    meanlog: Parameter
    sdlog: Parameter
    time_unit: str

    def __post_init__(self) -> None:
        self._check_time_unit()
        self._set("meanlog", checked("meanlog", self.meanlog, "LogNormal"))
        self._set("sdlog", checked("sdlog", self.sdlog, "LogNormal", low=0.0))

    def _z(self, t: ArrayLike) -> FloatArray:
        with np.errstate(divide="ignore"):
            return (np.log(as_time(t)) - self.meanlog) / self.sdlog

    def hazard(self, t: ArrayLike) -> FloatArray:
        z = self._z(t)
        with np.errstate(invalid="ignore", divide="ignore"):
            log_hazard = (
                -0.5 * z * z - LOG_ROOT_TWO_PI - special.log_ndtr(-z) - np.log(self.sdlog * as_time(t))
            )
        return np.where(np.isneginf(z) | np.isposinf(z), 0.0, np.exp(log_hazard))

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        return -special.log_ndtr(-self._z(t))

    def survival(self, t: ArrayLike) -> FloatArray:
        return special.ndtr(-self._z(t))

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        height = heights(h)
        return np.exp(self.meanlog - self.sdlog * special.ndtri_exp(-height))

    def sample(self, u: ArrayLike) -> FloatArray:
        return np.exp(self.meanlog - self.sdlog * special.ndtri(u))

    def rmst(self, tau: ArrayLike) -> FloatArray:
        z = self._z(tau)
        # in logarithms: the mean alone may be beyond the range of floating point
        early = np.exp(self.meanlog + 0.5 * np.square(self.sdlog) + special.log_ndtr(z - self.sdlog))
        with np.errstate(invalid="ignore"):
            return early + np.where(np.isinf(z), 0.0, as_time(tau) * special.ndtr(-z))

    def mean(self) -> FloatArray:
        return np.asarray(np.exp(self.meanlog + 0.5 * np.square(self.sdlog)))
