"""The score of a trial that is looked at several times, among those that have not stopped: its mass look by look.

At information t (a share of the whole) the score is normal with mean ``drift * t`` and variance t, with independent
increments; z is the score over the root of t. The mass of those who went on is held at Gauss-Legendre points and carried
forward by numerical integration (Armitage, McPherson, Rowe 1969, J R Stat Soc A 132:235).

A panel is no wider than the step to the next look; nor, where the edge of an earlier look has cut the mass, than the steps
since. Looks close together have many panels; only what lies within reach of a panel is summed for it, so the work grows with
their number and not with its square.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.special import ndtr

from survsim.core.checks import FloatArray

RULE = np.polynomial.legendre.leggauss(12)
"""Points and weights of one panel."""
FARTHEST = 8.5
"""Standard deviations beyond which the score has no mass to speak of (1e-17)."""


@dataclasses.dataclass(frozen=True, slots=True)
class GoneOn:
    """Those who went on after a look at information `t`: points of the score and the mass at each.

    Before the first look all mass lies at 0 with t = 0. `edges` are scores at which the mass was cut, each with its
    information; the start is the first.
    """

    t: float
    points: FloatArray
    mass: FloatArray
    drift: float
    edges: tuple[tuple[float, float], ...] = ((0.0, 0.0),)

    @classmethod
    def begin(cls, drift: float) -> GoneOn:
        return cls(0.0, np.zeros(1), np.ones(1), drift)

    def above(self, z: float, t: float) -> float:
        """Probability of going on until information `t` and lying above z there."""
        step = np.sqrt(t - self.t)
        mean = self.points + self.drift * (t - self.t)
        return float(self.mass @ ndtr((mean - z * np.sqrt(t)) / step))

    def below(self, z: float, t: float) -> float:
        """Probability of going on until information `t` and lying below z there."""
        step = np.sqrt(t - self.t)
        mean = self.points + self.drift * (t - self.t)
        return float(self.mass @ ndtr((z * np.sqrt(t) - mean) / step))

    def after(self, low: float, high: float, t: float, next_step: float) -> GoneOn:
        """Those who lie between z = low and z = high at information `t`; `next_step` is the information until the next look."""
        root, middle = np.sqrt(t), self.drift * t
        a = max(low * root, middle - FARTHEST * root)
        b = min(high * root, middle + FARTHEST * root)
        step = np.sqrt(t - self.t)
        if b <= a:
            return GoneOn(t, np.zeros(1), np.zeros(1), self.drift)
        cuts = self._cuts(a, b, t, float(np.sqrt(next_step)))
        start = self.points + self.drift * (t - self.t)
        points, mass = carried(start, self.mass, cuts, float(step), FARTHEST, RULE)
        return GoneOn(t, points, mass, self.drift, (*self.edges, (a, t), (b, t)))

    def _cuts(self, a: float, b: float, t: float, width: float) -> FloatArray:
        """Ends of panels from a to b, none wider than `width`, nor than the root of the time since an edge near it.

        What an edge cut off is smoothed by the steps since; beyond their reach the mass knows nothing of it.
        """
        places, since = np.array(self.edges).T
        scale = np.sqrt(t - since)
        middle = places + self.drift * (t - since)
        ends = np.concatenate([middle - FARTHEST * scale, middle + FARTHEST * scale])
        stretches = np.unique(np.concatenate([[a, b], ends[(ends > a) & (ends < b)]]))
        at = 0.5 * (stretches[:-1] + stretches[1:])
        near = np.abs(at[:, None] - middle) <= FARTHEST * scale
        widest = np.minimum(np.where(near, scale, np.inf).min(axis=1), width)
        count = np.ceil(np.diff(stretches) / widest).astype(int)
        parts = [np.linspace(*ends, endpoint=False) for ends in zip(stretches[:-1], stretches[1:], count)]
        return np.concatenate([*parts, [b]])


def carried(
    start: FloatArray,
    mass: FloatArray,
    cuts: FloatArray,
    step: float,
    reach: float,
    rule: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """Points of the panels between `cuts`, and the mass that arrives at each from `mass` at the rising points `start`.

    The way there is normal with standard deviation `step`; what comes from farther than `reach` of them counts as nothing.
    """
    half = 0.5 * np.diff(cuts)
    points = 0.5 * (cuts[:-1] + cuts[1:])[:, None] + half[:, None] * rule[0]
    begin = np.searchsorted(start, cuts[:-1] - reach * step)
    end = np.searchsorted(start, cuts[1:] + reach * step)
    arrived = np.empty(points.shape)
    for i, panel in enumerate(points):
        near = slice(begin[i], end[i])
        kernel = np.exp(-0.5 * ((panel[:, None] - start[near]) / step) ** 2)
        arrived[i] = half[i] * rule[1] * (kernel @ mass[near]) / (step * np.sqrt(2 * np.pi))
    return points.ravel(), arrived.ravel()


def crossing(
    information: FloatArray, low: FloatArray, high: FloatArray, drift: float
) -> tuple[FloatArray, FloatArray]:
    """Probabilities (looks,) of lying first above `high`, and first below `low`, where any crossing ends the trial."""
    over, under = np.empty(information.size), np.empty(information.size)
    now = GoneOn.begin(drift)
    for k, t in enumerate(information):
        over[k], under[k] = now.above(high[k], t), now.below(low[k], t)
        if k + 1 < information.size:
            now = now.after(low[k], high[k], t, information[k + 1] - t)
    return over, under
