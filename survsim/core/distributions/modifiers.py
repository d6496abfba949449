"""Modifiers: a distribution made from another by a hazard ratio, a change of clock or time survived."""

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
class ProportionalHazards(HazardDistribution):
    """A constant hazard ratio: h(t) = hazard_ratio h0(t).

    Parameters
    ----------
    base : the distribution of the reference.
    hazard_ratio : at least 0; an array for many patients or draws.

    Example
    -------
    >>> from survsim.distributions import Exponential, ProportionalHazards
    >>> d = ProportionalHazards(base=Exponential(rate=0.1, time_unit="months"), hazard_ratio=0.5)
    >>> float(d.hazard(3.0))
    0.05
    """

    base: HazardDistribution
    hazard_ratio: Parameter
    time_unit: str = field(init=False)

    def __post_init__(self) -> None:
        check_base(self.base, "base", "ProportionalHazards")
        self._set("time_unit", self.base.time_unit)
        ratio = checked("hazard_ratio", self.hazard_ratio, "ProportionalHazards", low=0.0, closed=True)
        self._set("hazard_ratio", ratio)

    def hazard(self, t: ArrayLike) -> FloatArray:
        return self.hazard_ratio * self.base.hazard(t)

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        with np.errstate(invalid="ignore"):
            value = np.asarray(self.hazard_ratio * self.base.cumulative_hazard(t))
        # no hazard at all stays none, for however long
        return np.where(np.isnan(value), 0.0, value)

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        height = heights(h)
        if np.min(self.hazard_ratio) > 0:
            return self.base.inverse_cumulative_hazard(height / self.hazard_ratio)
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.base.inverse_cumulative_hazard(np.where(height > 0, height / self.hazard_ratio, 0.0))

    def _jumps(self) -> FloatArray:
        return self.base._jumps()


@distribution
class Accelerated(HazardDistribution):
    """Time that runs faster or slower: S(t) = S0(acceleration_factor t), T = T0 / acceleration_factor.

    A factor above 1 brings events forward. The time ratio that accelerated failure time models report,
    exp(coefficient), is 1 / acceleration_factor.

    Parameters
    ----------
    base : the distribution of the reference.
    acceleration_factor : above 0; an array for many patients or draws.

    Example
    -------
    >>> from survsim.distributions import Accelerated, Weibull
    >>> d = Accelerated(base=Weibull(shape=2.0, scale=10.0, time_unit="months"), acceleration_factor=2.0)
    >>> float(d.cumulative_hazard(5.0))
    1.0
    """

    base: HazardDistribution
    acceleration_factor: Parameter
    time_unit: str = field(init=False)

    def __post_init__(self) -> None:
        check_base(self.base, "base", "Accelerated")
        self._set("time_unit", self.base.time_unit)
        factor = checked("acceleration_factor", self.acceleration_factor, "Accelerated", low=0.0)
        self._set("acceleration_factor", factor)

    def hazard(self, t: ArrayLike) -> FloatArray:
        return self.acceleration_factor * self.base.hazard(self.acceleration_factor * as_time(t))

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        return self.base.cumulative_hazard(self.acceleration_factor * as_time(t))

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        return self.base.inverse_cumulative_hazard(h) / self.acceleration_factor

    def rmst(self, tau: ArrayLike) -> FloatArray:
        return self.base.rmst(self.acceleration_factor * as_time(tau)) / self.acceleration_factor

    def mean(self) -> FloatArray:
        return self.base.mean() / self.acceleration_factor

    def _jumps(self) -> FloatArray:
        return np.unique(np.divide.outer(self.base._jumps(), np.asarray(self.acceleration_factor)))


@distribution
class ResidualLife(HazardDistribution):
    """Time still to come for those event-free at `elapsed`: H(t) = H0(elapsed + t) - H0(elapsed).

    With `base` a law of age at death and `elapsed` the age at entry, this is the background mortality of
    a patient on the clock of follow-up.

    Parameters
    ----------
    base : the distribution from its own origin.
    elapsed : time already survived on the clock of `base`, at least 0.

    Example
    -------
    >>> from survsim.distributions import Gompertz, ResidualLife
    >>> ageing = Gompertz(shape=0.1, rate=0.00005, time_unit="years")
    >>> round(float(ResidualLife(base=ageing, elapsed=67.0).survival(10.0)), 4)
    0.4976
    """

    base: HazardDistribution
    elapsed: Parameter
    time_unit: str = field(init=False)

    def __post_init__(self) -> None:
        check_base(self.base, "base", "ResidualLife")
        self._set("time_unit", self.base.time_unit)
        self._set("elapsed", checked("elapsed", self.elapsed, "ResidualLife", low=0.0, closed=True))

    def hazard(self, t: ArrayLike) -> FloatArray:
        return self.base.hazard(self.elapsed + as_time(t))

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        return self.base.cumulative_hazard(self.elapsed + as_time(t)) - self.base.cumulative_hazard(
            self.elapsed
        )

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        spent = self.base.cumulative_hazard(self.elapsed)
        return np.maximum(self.base.inverse_cumulative_hazard(spent + heights(h)) - self.elapsed, 0.0)

    def _jumps(self) -> FloatArray:
        shifted = np.subtract.outer(self.base._jumps(), np.asarray(self.elapsed)).ravel()
        return np.unique(shifted[shifted > 0])
