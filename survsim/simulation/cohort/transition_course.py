"""The model of transitions that two curves allow: the first curve's events, and a time to death from progression on.

Those whom the first curve S_1 loses progress, but for a share q of deaths; from progression on, survival is S_2. Overall
survival is then S_1(t) + (1 - q) times the integral of S_2(t - u) over the events of S_1 at u, which least squares to the
second curve make S_2 fit.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import numpy as np
from scipy.optimize import least_squares

from survsim.core.checks import FloatArray
from survsim.core.errors import ScenarioError
from survsim.simulation.cohort.areas import TwoCurves
from survsim.simulation.cohort.totals import Counted, dead_of
from survsim.simulation.engine.discounting import DiscountPlan

GRID = 240
"""Steps to the horizon in which events are placed."""
FITTED = 60
"""Times at which the second curve is met."""


@dataclasses.dataclass(frozen=True, slots=True)
class TransitionCourse:
    """Shares under fitted transitions.

    Attributes
    ----------
    deaths : share of the first curve's events that are deaths; shape, scale : of Weibull's time from progression to death.
    gap : largest departure of overall survival from the second curve, at the times it was fitted to.
    later : alive after progression (points,) at times `grid`.
    """

    curves: TwoCurves
    deaths: float
    shape: float
    scale: float
    gap: float
    grid: FloatArray
    later: FloatArray

    def counted(self, tau: float) -> Counted:
        here = self.curves.points < tau
        t = self.curves.points[here]
        return Counted(t, self.curves.weights[here], self.share_at(t).T, t)

    def share_at(self, times: FloatArray) -> FloatArray:
        free = np.minimum(self.curves.pfs.survival(times), self.curves.os.survival(times))
        return np.stack([free, np.interp(times, self.grid, self.later)], axis=1)

    def dead_at(self, times: FloatArray) -> FloatArray:
        return dead_of(self.share_at(times))

    def entering(self, way: str, tau: float, discount: DiscountPlan | None) -> float:
        """Deaths to tau, each at its discount, from those alive at the ends of a fine grid."""
        ends = np.unique(np.append(self.curves.edges[self.curves.edges < tau], tau))
        alive = self.share_at(ends).sum(axis=1)
        middle = 0.5 * (ends[:-1] + ends[1:])
        weight = discount.weight(middle) if discount else np.ones(middle.size)
        return float(weight @ (alive[:-1] - alive[1:]))


def progressed(
    times: FloatArray, grid: FloatArray, lost: FloatArray, shape: float, scale: float
) -> FloatArray:
    """Alive at `times`, which are ends of steps of `grid`, of those lost to the first curve in each step, at its middle."""
    since = times[:, None] - 0.5 * (grid[:-1] + grid[1:])
    kept = np.where(since > 0, np.exp(-((np.maximum(since, 0.0) / scale) ** shape)), 0.0)
    return np.asarray(kept @ lost)


def fitted_course(
    curves: TwoCurves, horizon: float, deaths: float, after: Literal["weibull", "exponential"]
) -> TransitionCourse:
    """The transitions whose overall survival is nearest to the second curve."""
    if not 0 <= deaths < 1:
        raise ScenarioError(f"state_transition.deaths is a share from 0 to below 1; found {deaths:g}.")
    grid = np.linspace(0.0, horizon, GRID + 1)
    overall = curves.os.survival(grid)
    free = np.minimum(curves.pfs.survival(grid), overall)
    lost = np.maximum(-np.diff(free), 0.0)
    at = np.arange(1, FITTED + 1) * (GRID // FITTED)
    wanted = overall[at] - free[at]

    def law(x: FloatArray) -> tuple[float, float]:
        shape, scale = (
            (float(np.exp(x[0])), float(np.exp(x[1]))) if x.size == 2 else (1.0, float(np.exp(x[0])))
        )
        return shape, scale

    def misfit(x: FloatArray) -> Any:
        return (1.0 - deaths) * progressed(grid[at], grid, lost, *law(x)) - wanted

    area = float(np.sum(overall - free)) * (grid[1] - grid[0])
    begin = np.log(max(area / max((1.0 - deaths) * lost.sum(), 1e-9), 1e-3 * horizon))
    start = np.array([0.0, begin]) if after == "weibull" else np.array([begin])
    low, high = np.log(1e-6 * horizon), np.log(1e6 * horizon)
    bounds = ([np.log(0.1), low], [np.log(10.0), high]) if after == "weibull" else ([low], [high])
    best = least_squares(misfit, start, bounds=bounds, xtol=1e-10, ftol=1e-12, gtol=1e-12)
    shape, scale = law(best.x)
    later = (1.0 - deaths) * progressed(grid, grid, lost, shape, scale)
    return TransitionCourse(curves, deaths, shape, scale, float(np.abs(best.fun).max()), grid, later)
