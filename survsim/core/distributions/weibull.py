"""Weibull distribution: a hazard that is a power of time."""

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
class Weibull(HazardDistribution):
    """Hazard a power of time: H(t) = (t / scale)^shape.

    Parameters
    ----------
    shape : above 0; the hazard falls below 1 and rises above 1.
    scale : above 0, in `time_unit`; 63.2 % have had the event by then.
    time_unit : "days", "weeks", "months" or "years".

    Example
    -------
    >>> from survsim.distributions import Weibull
    >>> float(Weibull(shape=1.2, scale=24.0, time_unit="months").survival(24.0))
    0.36787944117144233
    """

    shape: Parameter
    scale: Parameter
    time_unit: str

    def __post_init__(self) -> None:
        self._check_time_unit()
        self._set("shape", checked("shape", self.shape, "Weibull", low=0.0))
        self._set("scale", checked("scale", self.scale, "Weibull", low=0.0))

    def hazard(self, t: ArrayLike) -> FloatArray:
        with np.errstate(divide="ignore", over="ignore"):
            return self.shape / self.scale * (as_time(t) / self.scale) ** (self.shape - 1.0)

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        with np.errstate(over="ignore"):
            return np.asarray((as_time(t) / self.scale) ** self.shape)

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        return np.asarray(self.scale * heights(h) ** (1.0 / self.shape))

    def rmst(self, tau: ArrayLike) -> FloatArray:
        if np.isinf(self.mean()).any():
            return HazardDistribution.rmst(self, tau)
        return self.mean() * special.gammainc(1.0 / self.shape, self.cumulative_hazard(tau))

    def mean(self) -> FloatArray:
        return np.asarray(self.scale * special.gamma(1.0 + 1.0 / self.shape))
