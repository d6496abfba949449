"""Mixture cure: a share that never has the event, the others follow a latency distribution."""

from __future__ import annotations

from dataclasses import field

import numpy as np
from numpy.typing import ArrayLike

from survsim.core.checks import FloatArray
from survsim.core.distributions.protocol import (
    HazardDistribution,
    Parameter,
    as_time,
    check_base,
    checked,
    distribution,
    heights,
)


@distribution
class MixtureCure(HazardDistribution):
    """A cured share and a latency for the others: S(t) = cure_fraction + (1 - cure_fraction) S0(t).

    Parameters
    ----------
    cure_fraction : from 0 to below 1.
    latency : distribution of the time of those who are not cured.

    References
    ----------
    Farewell (1982), Biometrics 38:1041.

    Example
    -------
    >>> from survsim.distributions import Exponential, MixtureCure
    >>> d = MixtureCure(cure_fraction=0.4, latency=Exponential(rate=0.1, time_unit="months"))
    >>> float(d.quantile(0.7))
    inf
    """

    cure_fraction: Parameter
    latency: HazardDistribution
    time_unit: str = field(init=False)

    def __post_init__(self) -> None:
        check_base(self.latency, "latency", "MixtureCure")
        self._set("time_unit", self.latency.time_unit)
        share = checked("cure_fraction", self.cure_fraction, "MixtureCure", low=0.0, high=1.0, closed=True)
        # a share of exactly 1 is allowed for draws that round to it: nobody has the event
        self._set("cure_fraction", share)

    def survival(self, t: ArrayLike) -> FloatArray:
        return self.cure_fraction + (1.0 - self.cure_fraction) * self.latency.survival(t)

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        latent = self.latency.cumulative_hazard(t)
        event = -np.expm1(-latent)
        with np.errstate(divide="ignore"):
            # log1p keeps small H exact, log of S keeps the tail exact
            value = np.where(
                event < 0.5, -np.log1p(-(1.0 - self.cure_fraction) * event), -np.log(self.survival(t))
            )
        return np.where(np.asarray(self.cure_fraction) == 0.0, latent, value)

    def hazard(self, t: ArrayLike) -> FloatArray:
        alive = self.latency.survival(t)
        susceptible = (1.0 - self.cure_fraction) * alive
        total = self.cure_fraction + susceptible
        # with nobody cured and nobody left the share of susceptibles among survivors is still 1
        share = np.where(total > 0, susceptible / np.where(total > 0, total, 1.0), 1.0)
        with np.errstate(invalid="ignore"):
            # where only the cured are left nobody dies, however high the hazard of the others has climbed
            return np.where(share > 0.0, share * self.latency.hazard(t), 0.0)

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        height = heights(h)
        share = np.asarray(self.cure_fraction)
        event = -np.expm1(-height)
        left = np.exp(-height) - share
        reached = (left > 0.0) | ((share == 0.0) & np.isfinite(height)) | (height <= 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            early = -np.log1p(-event / (1.0 - share))
            late = np.log1p(-share) - np.log(left)
        inner = np.where(event < 0.5 * (1.0 - share), early, np.where(share == 0.0, height, late))
        inner = np.where(height <= 0.0, 0.0, inner)
        latent = self.latency.inverse_cumulative_hazard(np.where(reached, inner, 0.0))
        return np.where(reached, latent, np.inf)

    def rmst(self, tau: ArrayLike) -> FloatArray:
        cured = np.asarray(self.cure_fraction)
        end = as_time(tau)
        with np.errstate(invalid="ignore"):
            never = np.where(cured > 0.0, cured * end, 0.0)
            return never + np.where(cured < 1.0, (1.0 - cured) * self.latency.rmst(end), 0.0)

    def mean(self) -> FloatArray:
        return np.where(np.asarray(self.cure_fraction) > 0.0, np.inf, self.latency.mean())

    def _jumps(self) -> FloatArray:
        return self.latency._jumps()
