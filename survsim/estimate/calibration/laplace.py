"""The mode of a posterior whose prior is the unit normal, and its curvature there, from batches of evaluations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from survsim.core.checks import FloatArray

LogDensity = Callable[[FloatArray], FloatArray]
"""Points (b, p) -> log density (b,), minus infinity allowed."""

STEP = 1e-3
TRIAL_STARTS = 96
NEAR = 6.0
"""A second mode is a rival when its log density is within this of the first's: it may hold some of the mass."""
LEAST_CURVATURE = 0.3
"""Curvature below which a direction counts as flat: the prior alone gives about 1."""


def mode_and_covariance(log_density: LogDensity, starts: FloatArray) -> tuple[FloatArray, FloatArray, bool]:
    """Mode (p,), Laplace covariance (p, p), and whether another start ended in a rival mode.

    The climb is made twice, from the best and the second best of the starting points (s, p) and the prior's centre.
    """
    p = starts.shape[1]
    tried = np.concatenate([np.zeros((1, p)), starts])
    best = np.argsort(-log_density(tried), kind="stable")
    (mode, top), (other, second) = (_climb(log_density, tried[i]) for i in best[:2])
    if second > top:
        (mode, top), (other, second) = (other, second), (mode, top)
    spread = np.full(p, 0.3)
    covariance = np.eye(p)
    for _ in range(3):
        slope, covariance = _curvature(log_density, mode, 0.1 * spread)
        spread = np.sqrt(np.diag(covariance))
        better = mode + covariance @ slope
        done = np.abs(better - mode).max() < 0.05 * spread.min()
        if log_density(better[None])[0] > log_density(mode[None])[0]:
            mode = better
        if done:
            break
    apart = float(np.max(np.abs(other - mode) / spread)) > 3.0
    return mode, covariance, bool(apart and top - second < NEAR)


def _climb(log_density: LogDensity, first: FloatArray) -> tuple[FloatArray, float]:
    """A mode and the log density there, by BFGS with slopes from one batch of central differences."""
    p = first.size
    around = STEP * np.concatenate([np.zeros((1, p)), np.eye(p), -np.eye(p)])

    def value_and_slope(w: FloatArray) -> tuple[float, FloatArray]:
        found = -np.maximum(log_density(w + around), -1e10)
        return float(found[0]), (found[1 : p + 1] - found[p + 1 :]) / (2 * STEP)

    done = minimize(value_and_slope, first, jac=True, method="BFGS", options={"gtol": 1e-2, "maxiter": 200})
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
