"""What a survival distribution is.

Everything follows from the cumulative hazard and its inverse: S(t) = exp(-H(t)), and a time is drawn by
inversion, T = H^-1(-log u) with u = S(T). Nothing here draws random numbers: uniforms come from
`survsim.core.streams`.
"""

from __future__ import annotations

import abc
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from survsim.core import units
from survsim.core.checks import FloatArray


@runtime_checkable
class SurvivalDistribution(Protocol):
    """A law of time to event, in `time_unit`, arrays in and arrays out (numpy broadcasting)."""

    @property
    def time_unit(self) -> str: ...

    def survival(self, t: ArrayLike) -> FloatArray: ...

    def hazard(self, t: ArrayLike) -> FloatArray: ...

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray: ...

    def quantile(self, p: ArrayLike) -> FloatArray: ...

    def sample(self, u: ArrayLike) -> FloatArray: ...


class HazardDistribution(abc.ABC):
    """Base of the distributions shipped here: a subclass gives hazard, H and the inverse of H.

    Parameters of a subclass are floats or arrays that broadcast against t, so that one object can hold
    one patient group, many patients (a covariate effect each) or many parameter draws.
    """

    __slots__ = ()
    time_unit: str

    @abc.abstractmethod
    def hazard(self, t: ArrayLike) -> FloatArray:
        """Hazard h(t) per `time_unit`."""

    @abc.abstractmethod
    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        """Cumulative hazard H(t)."""

    @abc.abstractmethod
    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        """Time t with H(t) = h; infinity where h is never reached (cure)."""

    def survival(self, t: ArrayLike) -> FloatArray:
        """Survival S(t) = exp(-H(t))."""
        return np.exp(-self.cumulative_hazard(t))

    def quantile(self, p: ArrayLike) -> FloatArray:
        """Time by which a share p has had the event."""
        return self.inverse_cumulative_hazard(-np.log1p(-np.asarray(p, dtype=np.float64)))

    def sample(self, u: ArrayLike) -> FloatArray:
        """Event times from uniforms in (0, 1] by inversion, u = S(T)."""
        return self.inverse_cumulative_hazard(-np.log(u))

    def sample_after(self, u: ArrayLike, t: ArrayLike) -> FloatArray:
        """Event times of those event-free at t (clock-forward), measured from time 0."""
        return self.inverse_cumulative_hazard(self.cumulative_hazard(t) - np.log(u))

    def rmst(self, tau: float, points: int = 400) -> FloatArray:
        """Restricted mean survival time to `tau`: Gauss-Legendre over the survival curve.

        Leading axes of the parameters broadcast; exact to quadrature error for smooth hazards.
        """
        nodes, weights = np.polynomial.legendre.leggauss(points)
        grid = 0.5 * tau * (nodes + 1.0)
        values = np.stack([self.survival(g) for g in grid], axis=-1)
        return 0.5 * tau * values @ weights

    def _check_time_unit(self) -> None:
        units.check_unit(self.time_unit)
