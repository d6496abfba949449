"""Finite mixture: survival curves averaged with fixed weights."""

from __future__ import annotations

from dataclasses import field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from survsim.core.checks import FloatArray
from survsim.core.distributions.protocol import (
    HazardDistribution,
    as_time,
    check_base,
    checked,
    distribution,
    heights,
)
from survsim.core.distributions.solve import solve_increasing
from survsim.core.errors import InputError


@distribution
class Mixture(HazardDistribution):
    """Patients come from component k with probability weights[k]: S(t) = sum of weights[k] S_k(t).

    This is the model-averaged survival curve; its inverse is found by bracketed Newton steps.

    Parameters
    ----------
    weights : (K,) at least 0, they are divided by their sum.
    components : K distributions of one time unit.

    Example
    -------
    >>> from survsim.distributions import Exponential, Mixture
    >>> parts = (Exponential(rate=0.1, time_unit="months"), Exponential(rate=0.5, time_unit="months"))
    >>> round(float(Mixture(weights=[0.5, 0.5], components=parts).survival(2.0)), 4)
    0.5933
    """

    _inner_axes: ClassVar[dict[str, int]] = {"weights": 1}

    weights: Any
    components: tuple[HazardDistribution, ...]
    time_unit: str = field(init=False)

    def __post_init__(self) -> None:
        parts = tuple(self.components)
        if not parts:
            raise InputError("Mixture: components is empty; give one distribution or more.")
        for part in parts:
            check_base(part, "components", "Mixture")
        if len({part.time_unit for part in parts}) > 1:
            raise InputError(
                f"Mixture: components count time in {', '.join(p.time_unit for p in parts)}; use .to_unit(...)."
            )
        weights = np.atleast_1d(checked("weights", self.weights, "Mixture", low=0.0, closed=True))
        if weights.shape != (len(parts),) or not weights.sum() > 0:
            raise InputError(
                f"Mixture: {len(parts)} components need as many weights; got {weights.tolist()}."
            )
        self._set("components", parts)
        self._set("weights", weights / weights.sum())
        self._set("time_unit", parts[0].time_unit)

    def take(self, rows: Any) -> Mixture:
        return Mixture(weights=self.weights, components=tuple(p.take(rows) for p in self.components))

    def survival(self, t: ArrayLike) -> FloatArray:
        total = np.asarray(0.0)
        for weight, part in zip(self.weights, self.components):
            total = total + weight * part.survival(t)
        return np.minimum(total, 1.0)

    def cumulative_hazard(self, t: ArrayLike) -> FloatArray:
        event = np.asarray(0.0)
        for weight, part in zip(self.weights, self.components):
            event = event - weight * np.expm1(-part.cumulative_hazard(t))
        few = -np.log1p(-np.minimum(event, 0.5))
        return np.where(event < 0.5, few, self._log_tail(t))

    def _log_tail(self, t: ArrayLike) -> FloatArray:
        """-log S as a sum of logarithms, so that it is known where S itself underflows."""
        total = np.asarray(-np.inf)
        with np.errstate(divide="ignore"):
            for weight, part in zip(np.log(self.weights), self.components):
                total = np.logaddexp(total, weight - part.cumulative_hazard(t))
        return np.maximum(-total, 0.0)

    def hazard(self, t: ArrayLike) -> FloatArray:
        dense, alive = np.asarray(0.0), np.asarray(0.0)
        for weight, part in zip(self.weights, self.components):
            share = weight * part.survival(t)
            with np.errstate(invalid="ignore"):
                dense = dense + np.where(share > 0.0, share * part.hazard(t), 0.0)
            alive = alive + share
        with np.errstate(invalid="ignore", divide="ignore"):
            # far out, where every component has died, the slowest one is all that is left
            slowest = np.min([np.broadcast_to(p.hazard(t), alive.shape) for p in self.components], axis=0)
            return np.where(alive > 0, dense / np.where(alive > 0, alive, 1.0), slowest)

    def inverse_cumulative_hazard(self, h: ArrayLike) -> FloatArray:
        height = heights(h)
        used = [p for w, p in zip(self.weights, self.components) if w > 0]
        times = np.broadcast_arrays(*(p.inverse_cumulative_hazard(height) for p in used))
        low, high = np.min(times, axis=0), np.max(times, axis=0)
        open_end = np.isinf(high) & np.isfinite(low) & np.isfinite(height)
        trial = np.where(open_end, np.maximum(2.0 * low, 1e-300), high)
        for _ in range(200):
            short = open_end & np.isfinite(trial) & (self.cumulative_hazard(trial) < height)
            if not short.any():
                break
            with np.errstate(over="ignore"):
                trial = np.where(short, trial * 64.0, trial)
        inside = np.isfinite(trial) & (trial > 0)
        low = np.maximum(np.where(inside, low, 1.0), 1e-305)
        high = np.maximum(np.where(inside, trial, 1.0), low)
        target = np.where(inside, height, self.cumulative_hazard(1.0))

        def cumulative(x: FloatArray) -> tuple[FloatArray, FloatArray]:
            t = np.exp(x)
            return self.cumulative_hazard(t), t * self.hazard(t)

        found = np.exp(solve_increasing(cumulative, target, np.log(low), np.log(high)))
        return np.where(inside, found, np.where((height > 0) & (trial > 0), np.inf, 0.0))

    def rmst(self, tau: ArrayLike) -> FloatArray:
        return np.asarray(
            sum(w * p.rmst(as_time(tau)) for w, p in zip(self.weights, self.components) if w > 0)
        )

    def mean(self) -> FloatArray:
        return np.asarray(sum(w * p.mean() for w, p in zip(self.weights, self.components) if w > 0))

    def _jumps(self) -> FloatArray:
        return np.unique(np.concatenate([p._jumps() for p in self.components]))
