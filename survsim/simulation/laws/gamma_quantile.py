"""Quantiles of a gamma law with mean 1 for many patients at once."""

from __future__ import annotations

import functools

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.special import gammainccinv, gammaincinv, gammaln, ndtr, ndtri

from survsim.core.checks import FloatArray

STEP, REACH = 1 / 32, 8.375
"""Nodes on the normal scale; beyond, a uniform of 53 bits does not go."""
LARGEST_VARIANCE = 5.0
"""Above it the lower quantiles are too small for a logarithm; they are then solved one by one."""


def gamma_quantile(u: FloatArray, variance: float) -> FloatArray:
    """Quantiles (n,) at `u` in (0, 1] of the gamma law with mean 1 and `variance`.

    The inverse of the incomplete gamma function costs more than all else that is done with a frailty. Its
    logarithm as a function of the normal quantile is nearly a parabola: cubic pieces through exact values and
    slopes are within 1e-8 of it, relative, for variances up to `LARGEST_VARIANCE`.

    Examples
    --------
    >>> gamma_quantile(np.array([0.5]), 1.0).round(6).tolist()  # the median of an exponential law
    [0.693147]
    """
    if variance > LARGEST_VARIANCE:
        found = variance * gammaincinv(1.0 / variance, u)
        return np.maximum(found, np.finfo(float).tiny)
    z = ndtri(u)
    np.minimum(z, REACH, out=z)
    np.maximum(z, -REACH, out=z)
    log_quantile = _log_quantile(variance)(z)
    return np.asarray(np.exp(log_quantile, out=log_quantile))


# 20 kB each: as many as the draws of an analysis, so that its alternatives, which draw the same, make them once
@functools.lru_cache(maxsize=512)
def _log_quantile(variance: float) -> CubicHermiteSpline:
    shape = 1.0 / variance
    z = np.arange(-REACH, REACH + STEP / 2, STEP)
    low = z < 0
    x = np.concatenate([gammaincinv(shape, ndtr(z[low])), gammainccinv(shape, ndtr(-z[~low]))])
    log_x = np.log(x)
    # d log x / dz = phi(z) / (x f(x))
    slope = np.exp(gammaln(shape) + x - shape * log_x - 0.5 * z**2 - 0.5 * np.log(2 * np.pi))
    return CubicHermiteSpline(z, log_x + np.log(variance), slope)
