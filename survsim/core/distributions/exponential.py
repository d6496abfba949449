"""Exponential distribution: a constant hazard."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

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
class Exponential(HazardDistribution):
    """Constant hazard: h(t) = rate, S(t) = exp(-rate t).

    Parameters
    ----------
    rate : events per `time_unit`, at least 0 (0: the event never comes).
    time_unit : "days", "weeks", "months" or "years".

    Example
    -------
    >>> from survsim.distributions import Exponential
    >>> float(Exponential(rate=0.1, time_unit="months").quantile(0.5))
    6.931471805599453
    """

    rate: Parameter
    time_unit: str

    def __post_init__(self) -> None:
        self._check_time_unit()
        self._set("rate", checked("rate", self.rate, "Exponential", low=0.0, closed=True))

    def hazard(self, t: ArrayLike) -> FloatArray:
        return np.broadcast_to(self.rate, np.broadcast_shapes(np.shape(self.rate), as_time(t).shape)).astype(
            float
        )

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        with np.errstate(invalid="ignore"):
            value = np.asarray(self.rate * as_time(t))
        # nothing happens at rate 0, for however long
        return np.where(np.isnan(value), 0.0, value)

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        height = heights(h)
        if np.min(self.rate) > 0:
            return height / self.rate
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(height > 0, height / self.rate, 0.0)

    def rmst(self, tau: ArrayLike) -> FloatArray:
        end = as_time(tau)
        x = self.cumulative_hazard(end)
        with np.errstate(divide="ignore", invalid="ignore"):
            # (1 - exp(-x)) / x has the limit 1 at 0
            return np.where(
                np.isinf(x), 1.0 / np.asarray(self.rate), end * np.where(x > 0, -np.expm1(-x) / x, 1.0)
            )

    def mean(self) -> FloatArray:
        with np.errstate(divide="ignore"):
            return 1.0 / np.asarray(self.rate)
