"""The score of a trial that is looked at several times, among those that have not stopped: its mass look by look.

At information t (a share of the whole) the score is normal with mean ``drift * t`` and variance t, with independent
increments; z is the score over the root of t. The mass of those who went on is held at Gauss-Legendre points and carried
forward by numerical integration (Armitage, McPherson, Rowe 1969, J R Stat Soc A 132:235).
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.special import ndtr

from survsim.core.checks import FloatArray

NODES = 12
FARTHEST = 8.5
"""Standard deviations beyond which the score has no mass to speak of (1e-17)."""
_X, _W = np.polynomial.legendre.leggauss(NODES)


@dataclasses.dataclass(frozen=True, slots=True)
class GoneOn:
    """Those who went on after a look at information `t`: points of the score and the mass at each.

    Before the first look all mass lies at 0 with t = 0.
    """

    t: float
    points: FloatArray
    mass: FloatArray
    drift: float

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
        width = min(step, np.sqrt(next_step))
        cuts = np.linspace(a, b, max(int(np.ceil((b - a) / width)), 1) + 1)
        half = 0.5 * np.diff(cuts)
        points = ((cuts[:-1] + half)[:, None] + half[:, None] * _X).ravel()
        weights = (half[:, None] * _W).ravel()
        mean = self.points + self.drift * (t - self.t)
        density = (
            np.exp(-0.5 * ((points[:, None] - mean) / step) ** 2) @ self.mass / (step * np.sqrt(2 * np.pi))
        )
        return GoneOn(t, points, weights * density, self.drift)


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
