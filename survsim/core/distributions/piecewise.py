"""Hazards that change at given times: piecewise exponential, and effects that come late or wane.

Both are H(t) = G(H0(t)) with G piecewise linear, H0(t) = t for the first: one exact inversion serves both.
"""

from __future__ import annotations

import itertools
from dataclasses import field
from typing import Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from survsim.core.checks import FloatArray, one_of
from survsim.core.distributions.protocol import (
    HazardDistribution,
    as_time,
    check_base,
    checked,
    distribution,
    heights,
)
from survsim.core.errors import InputError
from survsim.core.times import increasing, met

ENDS: Final[dict[str, Literal["left", "right"]]] = {"right": "left", "left": "right"}
"""Which end belongs to a piece, and the side of `searchsorted` that finds it."""


@distribution
class PiecewiseExponential(HazardDistribution):
    """Constant hazard between breaks: rates[j] on (breaks[j-1], breaks[j]].

    A time within the last bits of a break is that break (`survsim.core.times`).

    Parameters
    ----------
    breaks : (k - 1,) increasing times above 0; empty for one rate.
    rates : (k,) or (..., k) hazards per `time_unit`, at least 0.
    time_unit : "days", "weeks", "months" or "years".
    closed : "right", or "left" for pieces [breaks[j-1], breaks[j]), as those of a life table: who has the birthday today is
        of the new age. It matters for the hazard at a break alone.

    Example
    -------
    >>> from survsim.distributions import PiecewiseExponential
    >>> d = PiecewiseExponential(breaks=[12.0], rates=[0.05, 0.01], time_unit="months")
    >>> float(d.cumulative_hazard(24.0))
    0.72
    """

    _inner_axes: ClassVar[dict[str, int]] = {"breaks": 1, "rates": 1}

    breaks: Any
    rates: Any
    time_unit: str
    closed: str = "right"

    def __post_init__(self) -> None:
        self._check_time_unit()
        one_of("closed", self.closed, ENDS)
        self._set("breaks", check_breaks(self.breaks, "PiecewiseExponential"))
        rates = check_pieces("rates", self.rates, self.breaks, "PiecewiseExponential")
        self._set("rates", rates)

    def hazard(self, t: ArrayLike) -> FloatArray:
        return pick_piece(self.breaks, self.rates, as_time(t), self.closed)

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        return accumulate(as_time(t), self.breaks, self.rates)

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        return invert(heights(h), self.breaks, self.rates)

    def rmst(self, tau: ArrayLike) -> FloatArray:
        end = as_time(tau)
        total = np.zeros(np.broadcast_shapes(end.shape, self.rates.shape[:-1]))
        edges = [0.0, *self.breaks, np.inf]
        for j, (low, high) in enumerate(itertools.pairwise(edges)):
            length = np.minimum(end, high) - low
            reached = length > 0
            rate = self.rates[..., j]
            with np.errstate(divide="ignore", invalid="ignore"):
                x = rate * np.where(reached & (rate > 0.0), length, 0.0)
                lived = np.where(x > 0, -np.expm1(-x) / rate, length)
                alive = self.survival(low)
                total = total + np.where(reached & (alive > 0.0), lived * alive, 0.0)
        return total

    def mean(self) -> FloatArray:
        last = self.breaks[-1] if self.breaks.size else 0.0
        with np.errstate(divide="ignore"):
            return self.rmst(last) + self.survival(last) / self.rates[..., -1]

    def _jumps(self) -> FloatArray:
        return np.asarray(self.breaks)


@distribution
class TimeVaryingEffect(HazardDistribution):
    """A hazard ratio that changes at given times: h(t) = hazard_ratios[j] h0(t) on (breaks[j-1], breaks[j]].

    A delayed effect is ``breaks=[4], hazard_ratios=[1, 0.6]``; a waning one ``breaks=[24, 60],
    hazard_ratios=[0.6, 0.8, 1]``.

    Parameters
    ----------
    base : the distribution without the effect.
    breaks : (k - 1,) increasing times above 0, on the clock of `base`.
    hazard_ratios : (k,) or (..., k), at least 0.

    Example
    -------
    >>> from survsim.distributions import Exponential, TimeVaryingEffect
    >>> base = Exponential(rate=0.1, time_unit="months")
    >>> d = TimeVaryingEffect(base=base, breaks=[4.0], hazard_ratios=[1.0, 0.5])
    >>> float(d.cumulative_hazard(10.0))
    0.7
    """

    _inner_axes: ClassVar[dict[str, int]] = {"breaks": 1, "hazard_ratios": 1}

    base: HazardDistribution
    breaks: Any
    hazard_ratios: Any
    time_unit: str = field(init=False)

    def __post_init__(self) -> None:
        check_base(self.base, "base", "TimeVaryingEffect")
        self._set("time_unit", self.base.time_unit)
        self._set("breaks", check_breaks(self.breaks, "TimeVaryingEffect"))
        ratios = check_pieces("hazard_ratios", self.hazard_ratios, self.breaks, "TimeVaryingEffect")
        self._set("hazard_ratios", ratios)

    def _knots(self) -> list[FloatArray]:
        return [self.base.cumulative_hazard(b) for b in self.breaks]

    def hazard(self, t: ArrayLike) -> FloatArray:
        return pick_piece(self.breaks, self.hazard_ratios, as_time(t)) * self.base.hazard(t)

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        return accumulate(self.base.cumulative_hazard(t), self._knots(), self.hazard_ratios)

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        inner = invert(heights(h), self._knots(), self.hazard_ratios)
        return self.base.inverse_cumulative_hazard(inner)

    def _jumps(self) -> FloatArray:
        return np.union1d(self.breaks, self.base._jumps())


def check_breaks(breaks: object, owner: str) -> FloatArray:
    """Increasing positive times, (k - 1,)."""
    times = np.atleast_1d(checked("breaks", breaks, owner, low=0.0))
    if times.ndim != 1 or not increasing(times):
        raise InputError(f"{owner}: breaks must be one increasing row of times; got {times.tolist()}.")
    return times


def check_pieces(name: str, values: object, breaks: FloatArray, owner: str) -> FloatArray:
    """One value a piece on the last axis, at least 0."""
    pieces = np.atleast_1d(checked(name, values, owner, low=0.0, closed=True))
    if pieces.shape[-1] != breaks.size + 1:
        raise InputError(
            f"{owner}: {breaks.size} breaks make {breaks.size + 1} pieces, but {name} has "
            f"{pieces.shape[-1]} on its last axis. Give one value a piece."
        )
    return pieces


def pick_piece(breaks: FloatArray, values: FloatArray, t: FloatArray, closed: str = "right") -> FloatArray:
    """The value of the piece (breaks[j-1], breaks[j]] that holds t, or [breaks[j-1], breaks[j]) where closed is "left"."""
    piece = np.searchsorted(breaks, met(t, breaks), side=ENDS[closed])
    if values.ndim == 1:
        return values[piece]
    shape = np.broadcast_shapes(piece.shape, values.shape[:-1])
    full = np.broadcast_to(values, (*shape, values.shape[-1]))
    return np.take_along_axis(full, np.broadcast_to(piece, shape)[..., None], axis=-1)[..., 0]


def accumulate(x: FloatArray, knots: Any, slopes: FloatArray) -> FloatArray:
    """G(x): slopes[..., j] between knots j - 1 and j, G(0) = 0."""
    if slopes.ndim == 1 and all(np.ndim(k) == 0 for k in knots):
        edges = np.concatenate([[0.0], np.asarray(knots, dtype=np.float64)])
        heights = np.concatenate([[0.0], np.cumsum(slopes[:-1] * np.diff(edges))])
        piece = np.searchsorted(edges[1:], x, side="left")
        return _line(heights[piece], slopes[piece], x - edges[piece])
    total, low = np.asarray(0.0), np.asarray(0.0)
    for j, knot in enumerate(knots):
        total = total + slopes[..., j] * np.clip(x - low, 0.0, knot - low)
        low = knot
    return np.asarray(total + _line(0.0, slopes[..., -1], np.maximum(x - low, 0.0)))


def _line(height: Any, slope: FloatArray, length: FloatArray) -> FloatArray:
    """height + slope * length, where a slope of 0 stays 0 for an infinite length."""
    with np.errstate(invalid="ignore"):
        return np.where(slope == 0.0, height, height + slope * length)


def invert(h: FloatArray, knots: Any, slopes: FloatArray) -> FloatArray:
    """The smallest x with G(x) = h; infinity where h is never reached."""
    with np.errstate(divide="ignore", invalid="ignore"):
        if slopes.ndim == 1 and all(np.ndim(k) == 0 for k in knots):
            edges = np.concatenate([[0.0], np.asarray(knots, dtype=np.float64)])
            heights = np.concatenate([[0.0], np.cumsum(slopes[:-1] * np.diff(edges))])
            piece = np.searchsorted(heights[1:], h, side="left")
            extra = h - heights[piece]
            return np.where(extra > 0, edges[piece] + extra / slopes[piece], edges[piece])
        x, low, height = np.asarray(0.0), np.asarray(0.0), np.asarray(0.0)
        for j, knot in enumerate(knots):
            slope = slopes[..., j]
            top = height + slope * (knot - low)
            inside = (h > height) & (h <= top)
            x = np.where(inside, np.minimum(low + (h - height) / slope, knot), x)
            low, height = knot, top
        return np.where(h > height, low + (h - height) / slopes[..., -1], x)
