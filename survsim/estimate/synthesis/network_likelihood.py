"""Generalised least squares and restricted likelihood with a known correlation between contrasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from survsim.core.checks import FloatArray
from survsim.estimate.synthesis.heterogeneity import WeightedFit

if TYPE_CHECKING:
    from survsim.estimate.synthesis.network_design import NetworkRows


def fit_network(rows: NetworkRows, x: FloatArray, tau2: float) -> WeightedFit:
    """Generalised least squares of the contrasts on `x` with covariance ``S + tau2 M``."""
    precision = np.linalg.inv(rows.sampling + tau2 * rows.shared)
    covariance: FloatArray = np.asarray(np.linalg.inv(x.T @ precision @ x), dtype=np.float64)
    root: FloatArray = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    beta = covariance @ (x.T @ precision @ rows.y)
    residuals: FloatArray = np.asarray(rows.y - x @ beta, dtype=np.float64)
    return WeightedFit(
        beta,
        root,
        np.diag(precision),
        residuals,
        float(residuals @ precision @ residuals),
    )


def restricted_tau2(rows: NetworkRows, x: FloatArray) -> float:
    """REML estimate of the common between-study variance: best cell of a grid, then the root of the score."""
    from scipy.optimize import brentq

    if x.shape[0] <= x.shape[1]:
        return 0.0
    # Contrasts that are all alike may contradict one another around a circle: what is left of them is the spread.
    left = rows.y - x @ np.linalg.lstsq(x, rows.y, rcond=None)[0]
    spread = float(left @ left) + float(np.diag(rows.sampling).max())
    grid = np.concatenate([[0.0], spread * np.logspace(-7, 0.7, 40)])
    values = [_restricted(rows, x, t) for t in grid]
    best = int(np.argmax([v[0] for v in values]))
    if values[max(best - 1, 0)][1] <= 0.0:
        return 0.0
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    return float(brentq(lambda t: _restricted(rows, x, t)[1], low, high, xtol=1e-300, rtol=1e-13))


def _restricted(rows: NetworkRows, x: FloatArray, tau2: float) -> tuple[float, float]:
    """Restricted log likelihood without its constant, and its derivative in tau2."""
    v = rows.sampling + tau2 * rows.shared
    precision = np.linalg.inv(v)
    information = x.T @ precision @ x
    projector = precision - precision @ x @ np.linalg.solve(information, x.T @ precision)
    py = projector @ rows.y
    likelihood = -0.5 * (np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1] + rows.y @ py)
    return float(likelihood), float(0.5 * (py @ rows.shared @ py - np.sum(projector * rows.shared)))
