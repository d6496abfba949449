"""What a moment counts for, and a stretch of time: the discount of a model in its own time unit, exact over a stay.

A stay from a to b at a rate of one counts for the integral of the weight from a to b. With the weight exp(-k t) that is
(exp(-k a) - exp(-k b)) / k; in steps it is a sum of whole cycles and what is left of the last one.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.units import conversion_factor
from survsim.simulation.declared.values import Discount

ON_THE_EDGE = 1e-9
"""A moment this close before the end of a cycle, as a share of it, is that end: whole cycles are sums of fractions."""


@dataclasses.dataclass(frozen=True, slots=True)
class DiscountPlan:
    """A discount as numbers: `force` per unit of time; `cycle` 0 where the weight falls without steps.

    `first` is the weight of the first cycle: less than 1 where cycles count from their middle.
    """

    force: float
    cycle: float = 0.0
    first: float = 1.0

    @classmethod
    def of(cls, discount: Discount | None, time_unit: str) -> DiscountPlan | None:
        """The plan of a declared discount; None without one or at rate 0."""
        if discount is None or discount.rate == 0.0:
            return None
        years = conversion_factor(time_unit, "years")
        if discount.form == "continuous":
            return cls(discount.rate * years)
        force = math.log1p(discount.rate) * years
        if discount.form == "yearly":
            return cls(force)
        cycle = 1.0 / years if discount.cycle is None else discount.cycle
        return cls(force, cycle, math.exp(-0.5 * force * cycle) if discount.half_cycle else 1.0)

    def weight(self, t: FloatArray) -> FloatArray:
        """What an amount at time `t` counts for."""
        if not self.cycle:
            return np.exp(-self.force * t)
        return self.first * np.exp(-self.force * self.cycle * self._cycles(t))

    def until(self, t: FloatArray) -> FloatArray:
        """What the time from 0 to `t` counts for: the integral of the weight."""
        return self.both(t)[0]

    def both(self, t: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What the time from 0 to `t` counts for, and what an amount at `t` does; new arrays."""
        if not self.cycle:
            weight = np.multiply(t, -self.force)
            weight = np.exp(weight, out=weight if isinstance(weight, np.ndarray) else None)
            until = np.subtract(1.0, weight)
            until /= self.force
            return until, weight
        n = self._cycles(t)
        now = np.exp(-self.force * self.cycle * n)
        whole = self.cycle * (1.0 - now) / -math.expm1(-self.force * self.cycle)
        return np.asarray(self.first * (whole + (t - self.cycle * n) * now)), self.first * now

    def _cycles(self, t: FloatArray) -> FloatArray:
        return np.floor(t / self.cycle + ON_THE_EDGE)
