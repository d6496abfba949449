"""Gompertz distribution: a hazard that grows or falls exponentially."""

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
class Gompertz(HazardDistribution):
    """Exponential hazard: h(t) = rate exp(shape t), H(t) = rate (exp(shape t) - 1) / shape.

    A negative shape leaves a share exp(rate / shape) without the event for ever.

    Parameters
    ----------
    shape : growth of the log hazard per `time_unit`, any sign; 0 is the exponential.
    rate : hazard at time 0 per `time_unit`, above 0.
    time_unit : "days", "weeks", "months" or "years".

    Example
    -------
    >>> from survsim.distributions import Gompertz
    >>> float(Gompertz(shape=0.09, rate=0.004, time_unit="years").hazard(0.0))
    0.004
    """

    shape: Parameter
    rate: Parameter
    time_unit: str

    def __post_init__(self) -> None:
        self._check_time_unit()
        self._set("shape", checked("shape", self.shape, "Gompertz"))
        self._set("rate", checked("rate", self.rate, "Gompertz", low=0.0))

    def hazard(self, t: ArrayLike) -> FloatArray:
        with np.errstate(over="ignore"):
            return np.asarray(self.rate * np.exp(self.shape * as_time(t)))

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        time = as_time(t)
        # exprel(x) = (exp(x) - 1) / x with its limit 1 at 0
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            value = self.rate * time * special.exprel(self.shape * time)
            # a falling hazard has a finite H at infinity
            return np.where(np.isnan(value), self.rate / np.abs(self.shape), value)

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        height = heights(h)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            base = height / self.rate
            x = np.where(self.shape == 0.0, 0.0, self.shape * base)
            ratio = np.where(np.abs(x) > 1e-8, np.log1p(x) / x, 1.0 - 0.5 * x)
            # beyond the range of floating point log(1 + x) is log x, a sum of logarithms
            far = (np.log(np.abs(self.shape)) + np.log(height) - np.log(self.rate)) / self.shape
            return np.where(x > -1.0, np.where(np.isinf(x), far, base * ratio), np.inf)

    def mean(self) -> FloatArray:
        shape, rate = np.broadcast_arrays(np.asarray(self.shape), np.asarray(self.rate))
        positive = np.where(shape > 0, shape, 1.0)
        # exp(x) E1(x) = U(1, 1, x), which does not overflow
        grown = special.hyperu(1.0, 1.0, rate / positive) / positive
        return np.where(shape > 0, grown, np.where(shape < 0, np.inf, 1.0 / rate))
