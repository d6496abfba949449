"""The mode of a posterior whose prior is the unit normal, and its curvature there, from batches of evaluations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from survsim.core.checks import FloatArray

LogDensity = Callable[[FloatArray], FloatArray]
"""Points (b, p) -> log density (b,), minus infinity allowed."""

STEP = 1e-4
TRIAL_STARTS = 96
NEAR = 6.0
"""A second mode is a rival when its log density is within this of the first's: it may hold some of the mass."""
FAR = 4.0
"""Laplace standard deviations from the mode at which a starting point is no part of it."""
POLISHES = 15
LAST_STEPS = 12
SHORT, SAME = 0.05, 1e-10
"""Newton steps, in standard deviations: one that needs no proof of its height, and one that is none."""
LEAST_CURVATURE = 0.3
"""Curvature below which a direction counts as flat: the prior alone gives about 1."""


def mode_and_covariance(log_density: LogDensity, starts: FloatArray) -> tuple[FloatArray, FloatArray, bool]:
    """Mode (p,), Laplace covariance (p, p), and whether another start ended in a rival mode.

    The second climb begins at the best of the starting points (s, p) that the first mode does not explain.
    """
    p = starts.shape[1]
    tried = np.concatenate([np.zeros((1, p)), starts])
    height = log_density(tried)
    mode, top = _climb(log_density, tried[int(np.argmax(height))])
    mode, covariance = _polished(log_density, mode)
    distance = _distance(tried, mode, covariance)
    rivals = False
    if (distance > FAR).any():
        other, second = _climb(log_density, tried[int(np.argmax(np.where(distance > FAR, height, -np.inf)))])
        rivals = bool(_distance(other[None], mode, covariance)[0] > 3.0 and abs(top - second) < NEAR)
        if second > top + 1e-6:
            mode, covariance = _polished(log_density, other)
    return mode, covariance, rivals


def _distance(w: FloatArray, mode: FloatArray, covariance: FloatArray) -> FloatArray:
    """Mahalanobis distance (b,) of points from a mode."""
    gap = w - mode
    return np.asarray(np.sqrt((gap * np.linalg.solve(covariance, gap.T).T).sum(axis=1)))


def _polished(log_density: LogDensity, mode: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The mode by Newton steps to the last digits that the slope has, and the covariance there.

    A climb ends wherever its slope is small, which differs between processors in the tenth digit, and all that is drawn
    around it with it. A step this near the mode changes the height by less than its rounding, so height decides on long ones only.
    Once a step is short, the curvature is kept and the slope alone made anew, which takes 2p heights in place of 2p^2; the
    widths of its differences are then rounded, so that they too do not hang on where the climb ended.
    """
    spread = np.full(mode.size, 0.3)
    for _ in range(POLISHES):
        slope, covariance = _curvature(log_density, mode, 0.1 * spread)
        spread = np.sqrt(np.diag(covariance))
        better = mode + covariance @ slope
        length = np.abs(better - mode).max() / spread.min()
        if length < SHORT or log_density(better[None])[0] > log_density(mode[None])[0]:
            mode = better
        if length < SHORT:
            break
    width = 0.1 * np.exp2(0.5 * np.round(2.0 * np.log2(spread)))
    for _ in range(LAST_STEPS):
        step = covariance @ _slope(log_density, mode, width)
        mode = mode + step
        if np.abs(step).max() / spread.min() < SAME:
            break
    return mode, _curvature(log_density, mode, width)[1]


def _slope(log_density: LogDensity, at: FloatArray, h: FloatArray) -> FloatArray:
    """Gradient (p,) by central differences of widths h (p,)."""
    value = log_density(at + np.concatenate([np.diag(h), -np.diag(h)]))
    slope: FloatArray = (value[: at.size] - value[at.size :]) / (2 * h)
    return np.where(np.isfinite(slope), slope, 0.0)


def _climb(log_density: LogDensity, first: FloatArray) -> tuple[FloatArray, float]:
    """A mode and the log density there, by BFGS with slopes from one batch of forward differences."""
    around = STEP * np.concatenate([np.zeros((1, first.size)), np.eye(first.size)])

    def value_and_slope(w: FloatArray) -> tuple[float, FloatArray]:
        found = -np.maximum(log_density(w + around), -1e10)
        return float(found[0]), (found[1:] - found[0]) / STEP

    done = minimize(value_and_slope, first, jac=True, method="BFGS", options={"gtol": 3e-2, "maxiter": 200})
    return np.asarray(done.x), -float(done.fun)


def _curvature(log_density: LogDensity, at: FloatArray, h: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gradient (p,) and inverse of the negative Hessian (p, p) by central differences of widths h (p,)."""
    p = at.size
    pairs = [(i, j) for i in range(p) for j in range(i)]
    steps = [np.zeros(p)]
    for i in range(p):
        steps += [h[i] * np.eye(p)[i], -h[i] * np.eye(p)[i]]
    for i, j in pairs:
        a, b = h[i] * np.eye(p)[i], h[j] * np.eye(p)[j]
        steps += [a + b, a - b, b - a, -a - b]
    value = log_density(at + np.array(steps))
    centre, sides, corners = value[0], value[1 : 2 * p + 1].reshape(p, 2), value[2 * p + 1 :].reshape(-1, 4)
    slope = (sides[:, 0] - sides[:, 1]) / (2 * h)
    negative = np.diag(-(sides.sum(axis=1) - 2 * centre) / h**2)
    for (i, j), c in zip(pairs, corners):
        negative[i, j] = negative[j, i] = -(c[0] - c[1] - c[2] + c[3]) / (4 * h[i] * h[j])
    if not np.isfinite(negative).all():
        return np.zeros(p), np.diag((h / 0.1) ** 2)
    size, vectors = np.linalg.eigh(negative)
    return slope, (vectors / np.maximum(size, LEAST_CURVATURE)) @ vectors.T
