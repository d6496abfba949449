"""Royston-Parmar distribution: a natural cubic spline in log time on one of three scales."""

from __future__ import annotations

from dataclasses import field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from survsim.core.checks import FloatArray, IntArray, one_of
from survsim.core.distributions.natural_spline import cubic_pieces, smallest_slope
from survsim.core.distributions.protocol import (
    HazardDistribution,
    Parameter,
    as_time,
    checked,
    distribution,
    heights,
)
from survsim.core.distributions.solve import solve_increasing
from survsim.core.errors import InputError
from survsim.core.times import increasing

SPLINE_SCALES = ("hazard", "odds", "normal")
LOG_ROOT_TWO_PI = 0.9189385332046727


FAR = 1e7


@distribution
class RoystonParmar(HazardDistribution):
    """Spline in log time: g(S(t)) = s(log t) + shift, s a natural cubic spline.

    g(S) is log(-log S) on the hazard scale, log(1/S - 1) on the odds scale, -Phi^-1(S) on the normal
    scale. Two knots are Weibull, log-logistic and log-normal.

    Parameters
    ----------
    knots : (K,) increasing knots in log time, the outer ones included.
    coefficients : (K,) or (..., K): constant, log time, one for each inner knot.
    shift : added to the spline; x'b of a patient (a log hazard ratio on the hazard scale).
    scale : "hazard", "odds" or "normal".
    time_unit : "days", "weeks", "months" or "years".

    Raises
    ------
    InputError : a spline that is not increasing: survival would rise.

    References
    ----------
    Royston and Parmar (2002), Stat Med 21:2175, section 2.

    Example
    -------
    >>> import numpy as np
    >>> from survsim.distributions import RoystonParmar
    >>> d = RoystonParmar(knots=np.log([2, 60]), coefficients=[-3.0, 1.2], time_unit="months")
    >>> round(float(d.survival(12.0)), 4)
    0.3745
    """

    _inner_axes: ClassVar[dict[str, int]] = {"knots": 1, "coefficients": 1}

    knots: Any
    coefficients: Any
    shift: Parameter = 0.0
    scale: str = "hazard"
    time_unit: str
    _pieces: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._check_time_unit()
        one_of("scale", self.scale, SPLINE_SCALES)
        knots = np.atleast_1d(checked("knots", self.knots, "RoystonParmar"))
        if knots.ndim != 1 or knots.size < 2 or not increasing(knots):
            raise InputError(
                f"RoystonParmar: knots must be two or more increasing log times; got {knots.tolist()}."
            )
        coefficients = np.atleast_1d(checked("coefficients", self.coefficients, "RoystonParmar"))
        if coefficients.shape[-1] != knots.size:
            raise InputError(
                f"RoystonParmar: {knots.size} knots need {knots.size} coefficients on the last axis; "
                f"got {coefficients.shape[-1]}."
            )
        pieces = cubic_pieces(coefficients, knots)
        falling = smallest_slope(pieces, knots) <= 0.0
        if falling.any():
            many = f" ({int(falling.sum())} of {falling.size} splines)" if falling.ndim else ""
            raise InputError(
                f"RoystonParmar: the spline falls somewhere{many}, so that survival would rise. "
                "Use fewer knots, or leave such draws out."
            )
        self._set("knots", knots)
        self._set("coefficients", coefficients)
        self._set("shift", checked("shift", self.shift, "RoystonParmar"))
        self._set("_pieces", pieces)

    def _gather(self, piece: IntArray) -> tuple[FloatArray, ...]:
        if self._pieces.ndim == 2:
            return tuple(self._pieces[piece, k] for k in range(4))
        shape = np.broadcast_shapes(piece.shape, self._pieces.shape[:-2])
        full = np.broadcast_to(self._pieces, (*shape, *self._pieces.shape[-2:]))
        index = np.broadcast_to(piece, shape)[..., None, None]
        chosen = np.take_along_axis(full, index, axis=-2)[..., 0, :]
        return tuple(chosen[..., k] for k in range(4))

    def _spline(self, t: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """eta = s(log t) + shift, and its derivative in log time."""
        with np.errstate(divide="ignore"):
            u = np.log(as_time(t))
        piece = np.searchsorted(self.knots, u, side="left")
        a, b, c, d = self._gather(piece)
        x = np.clip(u, -1e300, 1e300) - self.knots[np.maximum(piece - 1, 0)]
        # beyond the outer knots c and d are 0; the distance is capped so that 0 times infinity stays out
        near = np.clip(x, 0.0, self.knots[-1] - self.knots[0])
        eta = a + b * x + near * near * (c + d * near)
        return eta + self.shift, b + near * (2.0 * c + 3.0 * d * near)

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        eta = self._spline(t)[0]
        if self.scale == "hazard":
            with np.errstate(over="ignore"):
                return np.exp(eta)
        return np.logaddexp(0.0, eta) if self.scale == "odds" else -special.log_ndtr(-eta)

    def hazard(self, t: ArrayLike) -> FloatArray:
        time = np.maximum(as_time(t), 1e-300)
        eta, slope = self._spline(time)
        if self.scale == "hazard":
            log_rate = eta
        elif self.scale == "odds":
            log_rate = special.log_expit(eta)
        else:
            near = np.clip(eta, -FAR, FAR)
            log_rate = -0.5 * near * near - LOG_ROOT_TWO_PI - special.log_ndtr(-near)
            # far out the hazard of the normal law is eta itself; far before it there is none
            log_rate = np.where(
                eta > FAR, np.log(np.maximum(eta, 1.0)), np.where(eta < -FAR, -np.inf, log_rate)
            )
        with np.errstate(over="ignore"):
            return slope * np.exp(log_rate - np.log(time))

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        height = heights(h)
        with np.errstate(divide="ignore"):
            if self.scale == "hazard":
                eta = np.log(height)
            elif self.scale == "odds":
                eta = height + np.log(-np.expm1(-height))
            else:
                eta = -special.ndtri_exp(-height)
        # A time beyond the range of floating point is infinite.
        with np.errstate(over="ignore"):
            return np.exp(self._inverse_spline(eta - self.shift))

    def _inverse_spline(self, eta: FloatArray) -> FloatArray:
        values = self._pieces[..., 1:, 0]
        if values.ndim == 1:
            piece = np.searchsorted(values, eta, side="left")
        else:
            piece = (values < eta[..., None]).sum(axis=-1)
        a, b, c, d = np.broadcast_arrays(*self._gather(piece))
        gap = eta - a
        x = np.asarray(gap / b)
        left = np.maximum(piece - 1, 0)
        inner = np.broadcast_to((piece > 0) & (piece < self.knots.size), x.shape)
        if inner.any():
            b, c, d = b[inner], c[inner], d[inner]
            width = np.diff(self.knots)[np.broadcast_to(left, x.shape)[inner]]
            rise = width * (b + width * (c + d * width))

            def cubic(y: FloatArray) -> tuple[FloatArray, FloatArray]:
                return y * (b + y * (c + d * y)), b + y * (2.0 * c + 3.0 * d * y)

            x = np.array(x)
            x[inner] = solve_increasing(
                cubic, gap[inner], np.zeros(width.shape), width, gap[inner] / rise * width
            )
        return self.knots[left] + x
