"""Two hazards at once: the disease and everything else a patient can die of."""

from __future__ import annotations

from dataclasses import field

import numpy as np
from numpy.typing import ArrayLike

from survsim.core.checks import FloatArray
from survsim.core.distributions.protocol import HazardDistribution, check_base, distribution, heights
from survsim.core.distributions.solve import solve_increasing
from survsim.core.errors import InputError


@distribution
class WithBackground(HazardDistribution):
    """Sum of two hazards: h(t) = base.h(t) + background.h(t).

    The inverse has no closed form; it is bracketed by the inverses of the parts at h / 2 and h and found
    by Newton steps in log time to the last bits.

    Parameters
    ----------
    base : the disease (net or excess survival).
    background : other causes on the same clock, for example ``ResidualLife(base=Gompertz(...),
        elapsed=age)``.

    Example
    -------
    >>> from survsim.distributions import Exponential, WithBackground
    >>> d = WithBackground(base=Exponential(rate=0.2, time_unit="years"),
    ...                    background=Exponential(rate=0.05, time_unit="years"))
    >>> float(d.quantile(1 - 0.2865047968601901))
    5.0
    """

    base: HazardDistribution
    background: HazardDistribution
    time_unit: str = field(init=False)

    def __post_init__(self) -> None:
        check_base(self.base, "base", "WithBackground")
        check_base(self.background, "background", "WithBackground")
        if self.base.time_unit != self.background.time_unit:
            raise InputError(
                f"WithBackground: base counts {self.base.time_unit}, background {self.background.time_unit}. "
                f"Use background.to_unit({self.base.time_unit!r})."
            )
        self._set("time_unit", self.base.time_unit)

    def hazard(self, t: ArrayLike) -> FloatArray:
        return self.base.hazard(t) + self.background.hazard(t)

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        return self.base.cumulative_hazard(t) + self.background.cumulative_hazard(t)

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        # The bracket may reach beyond the range of floating point, where infinity is the right answer.
        with np.errstate(over="ignore"):
            return self._inverse(heights(h))

    def _inverse(self, height: FloatArray) -> FloatArray:
        high = np.minimum(
            self.base.inverse_cumulative_hazard(height), self.background.inverse_cumulative_hazard(height)
        )
        low = np.minimum(
            self.base.inverse_cumulative_hazard(0.5 * height),
            self.background.inverse_cumulative_hazard(0.5 * height),
        )
        # an infinite upper end means h is reached by neither part alone: the sum may still reach it
        high = self._widen(height, low, high)
        early = high == 0.0  # before the first time that floating point can hold
        inside = np.isfinite(high) & (high > 0)
        low, high = np.where(inside, low, 1.0), np.where(inside, high, 1.0)
        low = np.maximum(low, 1e-305)
        target = np.where(inside, height, self.cumulative_hazard(1.0))

        def cumulative(x: FloatArray) -> tuple[FloatArray, FloatArray]:
            t = np.exp(x)
            return self.cumulative_hazard(t), t * self.hazard(t)

        found = np.exp(solve_increasing(cumulative, target, np.log(low), np.log(high)))
        return np.where(inside, found, np.where((height > 0) & ~early, np.inf, 0.0))

    def _widen(self, height: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
        open_end = np.isinf(high) & np.isfinite(low) & np.isfinite(height)
        trial = np.where(open_end, np.maximum(2.0 * low, 1e-300), high)
        for _ in range(200):
            short = open_end & (self.cumulative_hazard(trial) < height)
            if not short.any():
                return trial
            trial = np.where(short, trial * 64.0, trial)
            if np.isinf(trial[short]).all():
                break
        return trial

    def _jumps(self) -> FloatArray:
        return np.union1d(self.base._jumps(), self.background._jumps())
