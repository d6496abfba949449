"""The course of a cohort under two curves: areas by Gauss and Legendre between all bends, jumps and crossings."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.optimize import brentq

from survsim.core.checks import FloatArray
from survsim.core.errors import ScenarioError
from survsim.simulation.cohort.curves import CurveAt
from survsim.simulation.cohort.cycle_ends import counted_cycles, weight_once, whole_cycles
from survsim.simulation.cohort.totals import Counted, dead_of
from survsim.simulation.declared.cycles import Correction
from survsim.simulation.engine.discounting import DiscountPlan

PANELS = 64
"""Panels to the horizon, before those that bends and jumps add."""
NODES = 10
_X, _W = np.polynomial.legendre.leggauss(NODES)
ABOVE = 1e-9
"""Progression-free survival that lies above overall survival by less does so by rounding."""


@dataclasses.dataclass(frozen=True, slots=True)
class Crossing:
    """Where progression-free survival lies above overall survival: first time seen, the largest gap, and whether from the start and on average."""

    time: float
    gap: float
    exchanged: bool


@dataclasses.dataclass(frozen=True, slots=True)
class TwoCurves:
    """Shares under two curves; progression-free survival is taken down to overall survival where it lies above.

    Attributes
    ----------
    points, weights : of the quadrature (q,), panel by panel; free, overall : the curves there.
    edges : ends of the panels, among them every horizon and every end of a discount's cycle that was asked for.
    """

    pfs: CurveAt
    os: CurveAt
    edges: FloatArray
    points: FloatArray
    weights: FloatArray
    free: FloatArray
    overall: FloatArray
    crossing: Crossing | None

    @classmethod
    def of(cls, pfs: CurveAt, os: CurveAt, horizon: float, more: FloatArray) -> TwoCurves:
        """The curves to `horizon`, with `more` ends of panels."""
        even = np.linspace(0.0, horizon, PANELS + 1)
        # laws may begin as a power of time: panels that shrink towards 0 follow it
        early = even[1] * 0.5 ** np.arange(1.0, 12.0)
        edges = _within(np.concatenate([even, early, more, pfs.breaks, os.breaks]), horizon)
        edges = _within(np.concatenate([edges, _crossings(pfs, os, edges)]), horizon)
        points, weights = _panels(edges)
        free, overall = pfs.survival(points), os.survival(points)
        gap = free - overall
        above = gap > ABOVE
        crossing = None
        if above.any():
            first = float(points[np.argmax(above)])
            exchanged = first < 0.01 * horizon and bool(weights @ gap > 0)
            crossing = Crossing(first, float(gap.max()), exchanged)
        return cls(pfs, os, edges, points, weights, np.minimum(free, overall), overall, crossing)

    def counted(self, tau: float) -> Counted:
        here = self.points < tau
        share = np.stack([self.free[here], (self.overall - self.free)[here]])
        return Counted(self.points[here], self.weights[here], share, self.points[here])

    def share_at(self, times: FloatArray) -> FloatArray:
        """Shares (times, states) of those alive."""
        overall = self.os.survival(times)
        free = np.minimum(self.pfs.survival(times), overall)
        return np.stack([free, overall - free], axis=1)

    def dead_at(self, times: FloatArray) -> FloatArray:
        return dead_of(self.share_at(times))

    def entering(self, way: str, tau: float, discount: DiscountPlan | None) -> float:
        """Deaths to tau, each at its discount; two curves tell no other way."""
        if way != "*>dead":
            raise ScenarioError(f"{way} is no way that two curves tell.")
        died = 1.0 - float(self.os.survival(np.array([tau]))[0])
        if discount is None:
            return died
        if discount.cycle:
            ends = np.append(np.arange(0.0, tau, discount.cycle), tau)
            alive = self.os.survival(ends)
            return float(discount.weight(ends[:-1]) @ (alive[:-1] - alive[1:]))
        # by parts: the weight w falls at the rate w * force
        here = self.points < tau
        t = self.points[here]
        left = discount.force * discount.weight(t) * (1.0 - self.overall[here])
        return float(discount.weight(np.array([tau]))[0]) * died + float(left @ self.weights[here])


@dataclasses.dataclass(frozen=True, slots=True)
class CycleCourse:
    """Two curves that are read at cycle ends; who dies in a cycle is counted, and discounted, at its end."""

    curves: TwoCurves
    cycle: float
    correction: Correction | tuple[float, ...]
    once: str

    def counted(self, tau: float) -> Counted:
        share = self.curves.share_at(self._ends(tau)).T
        return counted_cycles(share, self.cycle, self.correction)

    def share_at(self, times: FloatArray) -> FloatArray:
        return self.curves.share_at(times)

    def dead_at(self, times: FloatArray) -> FloatArray:
        return dead_of(self.share_at(times))

    def entering(self, way: str, tau: float, discount: DiscountPlan | None) -> float:
        if way != "*>dead":
            raise ScenarioError(f"{way} is no way that two curves tell.")
        died = -np.diff(self.share_at(self._ends(tau)).sum(axis=1))
        return float(weight_once(discount, self.cycle, died.size, self.correction, self.once) @ died)

    def _ends(self, tau: float) -> FloatArray:
        return self.cycle * np.arange(whole_cycles(tau, self.cycle) + 1, dtype=np.float64)


def _within(edges: FloatArray, horizon: float) -> FloatArray:
    inside = edges[(edges > 0) & (edges < horizon)]
    found = np.unique(np.concatenate([[0.0], inside, [horizon]]))
    keep = np.append(np.diff(found) > 1e-12 * horizon, True)
    return found[keep]


def _panels(edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    half = 0.5 * np.diff(edges)
    points = (edges[:-1] + half)[:, None] + half[:, None] * _X
    return points.ravel(), (half[:, None] * _W).ravel()


def _crossings(pfs: CurveAt, os: CurveAt, edges: FloatArray) -> FloatArray:
    """Times at which the curves meet between ends of panels where one and then the other lies above."""

    def gap(t: float) -> float:
        at = np.array([t])
        return float(pfs.survival(at)[0] - os.survival(at)[0])

    values = pfs.survival(edges) - os.survival(edges)
    turns = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
    return np.array([brentq(gap, edges[k], edges[k + 1], xtol=1e-12) for k in turns])
