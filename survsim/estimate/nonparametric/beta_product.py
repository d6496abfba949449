"""Beta product confidence procedure (BPCP): a survival band that keeps its level at any sample size."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.estimate.nonparametric.band_scales import Band

Moments = tuple[FloatArray, FloatArray]
"""Logarithm of the mean, and of the ratio second moment / mean squared."""


def beta_parameters(log_mean: FloatArray, log_ratio: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Beta law with the given mean and second moment (method of moments)."""
    mean = np.exp(log_mean)
    second = np.exp(2 * log_mean + log_ratio)
    spread = mean**2 * np.expm1(log_ratio)  # the variance, without cancellation
    share = (mean - second) / spread
    return mean * share, -np.expm1(log_mean) * share


def factor_moments(a: FloatArray, b: FloatArray) -> Moments:
    """Moments of Beta(a, b) in the form of `Moments`."""
    return np.log(a / (a + b)), np.log1p(b / (a * (a + b + 1.0)))


def product_laws(n_risk: FloatArray, n_event: FloatArray, n_after: FloatArray) -> tuple[Band, Band]:
    """Beta parameters of the upper and the lower confidence law of S at each time (m,).

    Upper: product over event times u <= t of Beta(Y - d + 1, d); lower: the same times
    Beta(number followed beyond t, 1) (Fay, Brittain & Proschan 2013, section 3). Before the first event
    the upper law is 1 itself, with nobody beyond t the lower is 0: both come back as NaN parameters.
    """
    hit = n_event > 0
    log_mean, log_ratio = np.zeros(n_risk.size), np.zeros(n_risk.size)
    log_mean[hit], log_ratio[hit] = factor_moments(n_risk[hit] - n_event[hit] + 1.0, n_event[hit])
    log_mean, log_ratio = np.cumsum(log_mean), np.cumsum(log_ratio)
    with np.errstate(invalid="ignore", divide="ignore"):
        upper = beta_parameters(np.where(log_ratio > 0, log_mean, np.nan), log_ratio)
        rest = n_after > 0.5
        more = factor_moments(np.where(rest, n_after, np.nan), np.ones(n_risk.size))
        lower = beta_parameters(log_mean + more[0], log_ratio + more[1])
    return upper, lower


def beta_product_band(
    n_risk: FloatArray, n_event: FloatArray, n_censor: FloatArray, conf_level: float, *, mid_p: bool
) -> Band:
    """Limits (m,), (m,) on [t_k, t_(k+1)) from whole numbers at risk, with event and censored.

    Without censoring these are Clopper-Pearson limits. `mid_p`: quantiles of the half-and-half mixture
    of the two laws, shorter and still close to nominal.
    """
    from scipy.special import betaincinv

    tail = (1.0 - conf_level) / 2
    upper, lower = product_laws(n_risk, n_event, n_risk - n_event - n_censor)
    if mid_p:
        return mixture_quantile(upper, lower, tail), mixture_quantile(upper, lower, 1.0 - tail)
    with np.errstate(invalid="ignore"):
        low, high = betaincinv(*lower, tail), betaincinv(*upper, 1.0 - tail)
    return np.where(np.isnan(lower[0]), 0.0, low), np.where(np.isnan(upper[0]), 1.0, high)


def start_limit(n_patients: int, conf_level: float, *, mid_p: bool) -> float:
    """Lower limit before anybody has left: quantile of Beta(n, 1), p^(1/n)."""
    tail = (1.0 - conf_level) / 2 * (2 if mid_p else 1)
    return float(tail ** (1.0 / n_patients))


def mixture_quantile(upper: Band, lower: Band, p: float) -> FloatArray:
    """Solve F_lower(x)/2 + F_upper(x)/2 = p by bisection, all times at once."""
    from scipy.special import betainc

    at_one, at_zero = np.isnan(upper[0]), np.isnan(lower[0])
    low, high = np.zeros(at_one.size), np.ones(at_one.size)
    with np.errstate(invalid="ignore"):
        for _ in range(60):
            middle = 0.5 * (low + high)
            f_upper = np.where(at_one, 0.0, betainc(*upper, middle))
            f_lower = np.where(at_zero, 1.0, betainc(*lower, middle))
            below = 0.5 * (f_upper + f_lower) < p
            low, high = np.where(below, middle, low), np.where(below, high, middle)
    middle = 0.5 * (low + high)
    # A law that is a point holds half of the mixture there.
    middle = np.where(at_zero & (p <= 0.5), 0.0, middle)
    return np.where(at_one & (p >= 0.5), 1.0, middle)


def law_at(
    time: FloatArray, n_risk: FloatArray, n_event: FloatArray, n_censor: FloatArray, at: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """(upper, lower) confidence law of S(at) as Beta parameters; (nan, 1) and (nan, 0) are points."""
    k = int(np.searchsorted(time, at, side="right")) - 1
    if k < 0:
        return (np.nan, 1.0), (float(n_risk[0]), 1.0)
    upper, lower = product_laws(n_risk, n_event, n_risk - n_event - n_censor)
    high = (np.nan, 1.0) if np.isnan(upper[0][k]) else (float(upper[0][k]), float(upper[1][k]))
    low = (np.nan, 0.0) if np.isnan(lower[0][k]) else (float(lower[0][k]), float(lower[1][k]))
    return high, low
