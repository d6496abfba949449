"""Pooling with a half-normal prior on tau, by one-dimensional quadrature (no sampler).

For fixed tau everything is normal, so the posterior of the mean and the predictive distribution are
mixtures of normals over a grid of tau. With a flat prior on the mean and k >= 1 studies,
``p(tau | y) ~ p(tau) * sqrt(V) * exp(-Q(tau)/2) / prod sqrt(v_i + tau^2)`` (Röver 2020, eq. 10).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from survsim.core.checks import FloatArray

GRID_POINTS = 400
GRID_REACH = 7.0
"""Half-normal standard deviations covered by the grid: the mass beyond is below 3e-12."""


@dataclass(frozen=True, slots=True)
class TauPosterior:
    """Posterior over a grid of tau, and the conditional normal of the mean at each point.

    Attributes
    ----------
    tau : (g,) grid, weights : (g,) posterior masses that add to one.
    mean, variance : (g,) of the pooled mean given tau.
    """

    tau: FloatArray
    weights: FloatArray
    mean: FloatArray
    variance: FloatArray

    def mean_moments(self) -> tuple[float, float]:
        """Posterior mean and standard deviation of the pooled mean."""
        centre = float(self.weights @ self.mean)
        return centre, float(np.sqrt(self.weights @ (self.variance + (self.mean - centre) ** 2)))

    def mean_quantile(self, p: float) -> float:
        """Quantile of the pooled mean."""
        return mixture_quantile(p, self.weights, self.mean, np.sqrt(self.variance))

    def prediction_quantile(self, p: float) -> float:
        """Quantile of the true effect of a new study."""
        return mixture_quantile(p, self.weights, self.mean, np.sqrt(self.variance + self.tau**2))

    def tau_quantile(self, p: float) -> float:
        """Quantile of tau, linear between grid points."""
        return float(np.interp(p, np.cumsum(self.weights) - 0.5 * self.weights, self.tau))

    def mean_below(self, value: float) -> float:
        """Posterior probability that the pooled mean is below `value`."""
        return float(self.weights @ ndtr((value - self.mean) / np.sqrt(self.variance)))

    def mean_above(self, value: float) -> float:
        """Posterior probability that the pooled mean is above `value`; small ones keep their digits."""
        return float(self.weights @ ndtr((self.mean - value) / np.sqrt(self.variance)))


def tau_posterior(y: FloatArray, v: FloatArray, prior_scale: float) -> TauPosterior:
    """Posterior of tau under a half-normal prior of scale `prior_scale` and a flat prior on the mean.

    Parameters
    ----------
    y, v : (k,) estimates and their sampling variances, k >= 1.
    prior_scale : standard deviation of the normal that is folded; on the scale of `y`.
    """
    nodes, masses = _legendre()
    tau = 0.5 * GRID_REACH * prior_scale * (nodes + 1.0)
    w = 1.0 / (v[None, :] + tau[:, None] ** 2)
    total = w.sum(axis=1)
    mean = (w @ y) / total
    q = (w * (y[None, :] - mean[:, None]) ** 2).sum(axis=1)
    log_density = -0.5 * ((tau / prior_scale) ** 2 + q + np.log(total)) + 0.5 * np.log(w).sum(axis=1)
    weights = masses * np.exp(log_density - log_density.max())
    return TauPosterior(tau, weights / weights.sum(), mean, 1.0 / total)


@functools.cache
def _legendre() -> tuple[FloatArray, FloatArray]:
    """Nodes and weights on (-1, 1), made once: finding them is an eigenvalue problem."""
    nodes, masses = np.polynomial.legendre.leggauss(GRID_POINTS)
    return np.asarray(nodes, dtype=np.float64), np.asarray(masses, dtype=np.float64)


def mixture_quantile(p: float, weights: FloatArray, means: FloatArray, sds: FloatArray) -> float:
    """Quantile of a finite normal mixture, by bisection on its distribution function."""
    from scipy.optimize import brentq

    low = float((means - 40.0 * sds).min())
    high = float((means + 40.0 * sds).max())
    scale = float(sds.min())
    return float(
        brentq(
            lambda x: float(weights @ ndtr((x - means) / sds)) - p, low, high, xtol=1e-12 * scale, rtol=1e-14
        )
    )
