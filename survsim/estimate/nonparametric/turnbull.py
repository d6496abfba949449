"""Turnbull's estimate: which intervals can hold probability, and how much each holds.

The masses p enter the likelihood linearly, so the problem is concave and its maximum has a certificate: no interval's
mean share of the patients' likelihoods is above 1 (Gentleman & Geyer 1994). The expectation-maximisation of lifelines
creeps towards masses of 0, which many are, and stops only after a step that gains between 0 and its tolerance: where
rounding makes the last steps alternate by 1e-16 it goes on for 100,000. Its constrained search is for a few dozen
intervals. Here the maximum is found by an interior-point method (Koenker & Mizera 2014), some thirty linear systems
whatever the data.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from survsim.core.checks import FloatArray

MOST_STEPS = 100
CERTAIN = 1e-11
"""Largest product of a mass and what its share lacks to 1 at which the maximum is reached."""


def innermost_intervals(low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Left and right ends (k,) of the intervals that can hold probability: a left end met by a right one."""
    value = np.concatenate([low, high])
    right = np.repeat([0, 1], [low.size, high.size])
    order = np.lexsort((right, value))
    value, right = value[order], right[order]
    meet = np.flatnonzero((right[:-1] == 0) & (right[1:] == 1))
    return value[meet], value[meet + 1]


def turnbull_masses(low: FloatArray, high: FloatArray) -> tuple[FloatArray, float]:
    """Probability (k,) of the innermost intervals of closed intervals [low, high], and the largest share.

    Minimises ``-sum w log(A p) + sum p`` over p >= 0, whose solution sums to 1 by itself: with z = 1 - share, Newton
    steps towards ``p z = mu`` for mu falling to 0.

    References
    ----------
    Turnbull 1976, JRSS B 38:290; Koenker & Mizera 2014, J Am Stat Assoc 109:674.
    """
    starts, stops = innermost_intervals(low, high)
    seen, count = np.unique(np.column_stack([low, high]), axis=0, return_counts=True)
    inside = ((seen[:, :1] <= starts) & (stops <= seen[:, 1:])).astype(np.float64)
    weight = count / count.sum()
    mass, lack = np.full(starts.size, 1.0 / starts.size), np.ones(starts.size)
    for _ in range(MOST_STEPS):
        share = _shares(inside, weight, mass)
        gap = float(mass @ lack)
        if gap < CERTAIN * starts.size and np.abs(1.0 - share - lack).max() < 1e-9:
            break
        mass, lack = _step(inside, weight, mass, lack, share, 0.1 * gap / starts.size)
    mass = _sharpened(inside, weight, mass, lack)
    return mass, float(_shares(inside, weight, mass).max())


def _shares(inside: FloatArray, weight: FloatArray, mass: FloatArray) -> FloatArray:
    """Mean share (k,) of each interval in the patients' likelihoods."""
    found: FloatArray = (weight / (inside @ mass)) @ inside
    return found


def _step(
    inside: FloatArray, weight: FloatArray, mass: FloatArray, lack: FloatArray, share: FloatArray, mu: float
) -> tuple[FloatArray, FloatArray]:
    """One primal-dual step, kept at 0.99 of the way to the border."""
    root = np.sqrt(weight)[:, None] * inside / (inside @ mass)[:, None]
    curvature = root.T @ root
    curvature[np.diag_indices_from(curvature)] += lack / mass
    move = cho_solve(cho_factor(curvature, check_finite=False), share - 1.0 + mu / mass, check_finite=False)
    change = (mu - lack * move) / mass - lack
    return mass + _reach(mass, move) * move, lack + _reach(lack, change) * change


def _reach(value: FloatArray, move: FloatArray) -> float:
    """How much of the move leaves every value above 0."""
    down = move < 0
    return min(1.0, 0.99 * float((-value[down] / move[down]).min())) if down.any() else 1.0


def _sharpened(inside: FloatArray, weight: FloatArray, mass: FloatArray, lack: FloatArray) -> FloatArray:
    """Masses that are 0 at the maximum put to 0, and the others moved to the maximum without them."""
    kept = mass > lack
    if kept.all() or not kept.any():
        return mass / mass.sum()
    part, best = inside[:, kept], mass[kept] / mass[kept].sum()
    if not (part @ best > 0).all():
        return mass / mass.sum()
    for _ in range(3):
        root = np.sqrt(weight)[:, None] * part / (part @ best)[:, None]
        move = np.linalg.lstsq(root.T @ root, _shares(part, weight, best) - 1.0, rcond=1e-12)[0]
        if not (best + move > 0).all() or not (part @ (best + move) > 0).all():
            break
        best = (best + move) / (best + move).sum()
    sharp = np.zeros(mass.size)
    sharp[kept] = best
    return sharp
