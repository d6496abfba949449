"""Simulated survival and state occupancy over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.steps import Steps
from survsim.core.tables import Columns, frame
from survsim.simulation.outcomes.intervals import draw_interval

if TYPE_CHECKING:
    import pandas as pd


@result
class SimulatedSurvival(Result):
    """Overall survival by strategy on a grid.

    Attributes
    ----------
    time : (points,); estimate, conf_low, conf_high, mc_std_error : (strategies, points).
    by_draw : survival by draw, (draws, strategies, points).
    """

    strategies: tuple[str, ...]
    labels: tuple[str, ...]
    time: FloatArray
    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    mc_std_error: FloatArray
    by_draw: FloatArray
    n_patients: int
    time_unit: str
    conf_level: float

    @classmethod
    def from_draws(
        cls,
        strategies: tuple[str, ...],
        labels: tuple[str, ...],
        time: FloatArray,
        by_draw: FloatArray,
        n_patients: int,
        time_unit: str,
        conf_level: float,
        provenance: Provenance,
    ) -> SimulatedSurvival:
        low, high = draw_interval(np.moveaxis(by_draw, 0, -1), conf_level)
        return cls(
            provenance=Provenance.of("simulate", provenance, outcome="survival"),
            strategies=strategies,
            labels=labels,
            time=time,
            estimate=by_draw.mean(axis=0),
            conf_low=low,
            conf_high=high,
            mc_std_error=share_error(by_draw, n_patients),
            by_draw=by_draw,
            n_patients=n_patients,
            time_unit=time_unit,
            conf_level=conf_level,
        )

    def steps(self, group: Any = None) -> Steps:
        """Survival under one strategy on the grid it was counted on, joined straight."""
        i = Steps.place(group, self.strategies, "strategy")
        return Steps(
            time=self.time,
            estimate=self.estimate[i],
            conf_low=self.conf_low[i],
            conf_high=self.conf_high[i],
            unit=self.time_unit,
            joined="lines",
        )

    def columns(self) -> Columns:
        """Columns strategy, time, estimate, conf_low, conf_high, mc_std_error."""
        n = len(self.strategies)
        return {
            "strategy": np.repeat(np.array(self.strategies), self.time.size),
            "time": np.tile(self.time, n),
            "estimate": self.estimate.ravel(),
            "conf_low": self.conf_low.ravel(),
            "conf_high": self.conf_high.ravel(),
            "mc_std_error": self.mc_std_error.ravel(),
        }

    def medians(self) -> pd.DataFrame:
        """Median survival by strategy; infinity where half are still alive at the horizon.

        The estimate is the median of the curve averaged over draws, linear between grid points; the
        Monte Carlo error inverts the curve one standard error up and down (Woodruff 1952). `grid_error` is how far the
        median of the patients simulated may lie from it within the grid interval that holds both: no more than its width,
        and made smaller by a smaller grid_step.
        """
        by_draw = np.stack([crossing(self.time, d, 0.5) for d in self.by_draw], axis=-1)
        low, high = draw_interval(by_draw, self.conf_level)
        upper = crossing(self.time, self.estimate + self.mc_std_error, 0.5)
        lower = crossing(self.time, self.estimate - self.mc_std_error, 0.5)
        with np.errstate(invalid="ignore"):
            error = np.where(np.isfinite(upper), 0.5 * (upper - lower), np.inf)
        estimate = crossing(self.time, self.estimate, 0.5)
        return frame(
            {
                "strategy": self.strategies,
                "estimate": estimate,
                "conf_low": low,
                "conf_high": high,
                "mc_std_error": error,
                "grid_error": _within_interval(self.time, estimate),
            }
        )

    def headline(self) -> str:
        return f"Simulated overall survival, {len(self.strategies)} strategies, time in {self.time_unit}"


@result
class StateOccupancy(Result):
    """Share of patients in each state over time.

    Attributes
    ----------
    time : (times,); estimate, conf_low, conf_high, mc_std_error : (strategies, states, times).
    grid_error : (strategies, states, times), how far a share at a time between grid points may be off for being read on a
        straight line: its distance from the farther of its neighbours, which holds for a share that only falls or only
        rises between them; 0 on the grid. None in a result stored before it was kept.
    """

    strategies: tuple[str, ...]
    labels: tuple[str, ...]
    states: tuple[str, ...]
    time: FloatArray
    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    mc_std_error: FloatArray
    time_unit: str
    conf_level: float
    grid_error: FloatArray | None = None

    @classmethod
    def from_draws(
        cls,
        strategies: tuple[str, ...],
        labels: tuple[str, ...],
        states: tuple[str, ...],
        time: FloatArray,
        by_draw: FloatArray,
        n_patients: int,
        time_unit: str,
        conf_level: float,
        provenance: Provenance,
        grid_error: FloatArray,
    ) -> StateOccupancy:
        low, high = draw_interval(np.moveaxis(by_draw, 0, -1), conf_level)
        return cls(
            provenance=Provenance.of("simulate", provenance, outcome="state_occupancy"),
            strategies=strategies,
            labels=labels,
            states=states,
            time=time.copy(),
            estimate=by_draw.mean(axis=0),
            conf_low=low,
            conf_high=high,
            mc_std_error=share_error(by_draw, n_patients),
            time_unit=time_unit,
            conf_level=conf_level,
            grid_error=grid_error,
        )

    def columns(self) -> Columns:
        """Columns strategy, state, time, estimate, conf_low, conf_high, mc_std_error, grid_error."""
        shape = self.estimate.shape
        s, k, t = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
        return {
            "strategy": np.array(self.strategies)[s.ravel()],
            "state": np.array(self.states)[k.ravel()],
            "time": self.time[t.ravel()],
            "estimate": self.estimate.ravel(),
            "conf_low": self.conf_low.ravel(),
            "conf_high": self.conf_high.ravel(),
            "mc_std_error": self.mc_std_error.ravel(),
            "grid_error": np.full(self.estimate.size, np.nan)
            if self.grid_error is None
            else self.grid_error.ravel(),
        }

    def headline(self) -> str:
        return f"State occupancy, {len(self.strategies)} strategies x {len(self.states)} states, time in {self.time_unit}"


def share_error(by_draw: FloatArray, n_patients: int) -> FloatArray:
    """Monte Carlo standard error of shares averaged over the first axis (draws)."""
    return np.sqrt((by_draw * (1.0 - by_draw)).mean(axis=0) / (n_patients * by_draw.shape[0]))


def _within_interval(time: FloatArray, found: FloatArray) -> FloatArray:
    """How far each found time is from the farther end of the grid interval that holds it; infinity for infinity."""
    right = np.clip(np.searchsorted(time, found, side="left"), 1, time.size - 1)
    far = np.maximum(found - time[right - 1], time[right] - found)
    return np.where(found > 0.0, far, 0.0)


def crossing(time: FloatArray, curves: FloatArray, level: float) -> FloatArray:
    """First time (curves,) at which each falling curve (curves, points) reaches `level`, or infinity."""
    found = np.full(curves.shape[0], np.inf)
    for i, curve in enumerate(curves):
        below = np.flatnonzero(curve <= level)
        if not below.size:
            continue
        j = below[0]
        if j == 0:
            found[i] = time[0]
            continue
        drop = curve[j - 1] - curve[j]
        found[i] = time[j - 1] + (time[j] - time[j - 1]) * (curve[j - 1] - level) / drop
    return found
