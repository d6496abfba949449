"""Pointwise intervals for a survival curve on the scales that are in use."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from survsim.core.checks import FloatArray

Band = tuple[FloatArray, FloatArray]
BLOCK = 32_768


def normal_quantile(conf_level: float) -> float:
    """Two-sided normal quantile of a confidence level."""
    return NormalDist().inv_cdf(0.5 + conf_level / 2)


def log_log(s: FloatArray, se_log: FloatArray, z: float, out: Band | None = None) -> Band:
    """S^exp(+-z se / log S): symmetric for log(-log S), inside (0, 1) (Kalbfleisch & Prentice 1980)."""
    low, high = out or (np.empty_like(s), np.empty_like(s))
    for start in range(0, s.size, BLOCK):  # what lies between stays in the cache
        rows = slice(start, start + BLOCK)
        log_s = np.log(s[rows])
        spread = se_log[rows] / log_s
        spread *= -z
        np.exp(spread, out=spread)
        np.exp(log_s * spread, out=low[rows])
        log_s /= spread
        np.exp(log_s, out=high[rows])
    return low, high


def log(s: FloatArray, se_log: FloatArray, z: float) -> Band:
    """S exp(+-z se), cut at 1."""
    return s * np.exp(-z * se_log), np.minimum(s * np.exp(z * se_log), 1.0)


def plain(s: FloatArray, se_log: FloatArray, z: float) -> Band:
    """S (1 +- z se), cut at 0 and 1 (Greenwood 1926)."""
    return np.maximum(s - z * se_log * s, 0.0), np.minimum(s + z * se_log * s, 1.0)


def arcsine(s: FloatArray, se_log: FloatArray, z: float) -> Band:
    """Symmetric for arcsin sqrt(S) (Nair 1984)."""
    half = 0.5 * z * se_log * np.sqrt(s / (1.0 - s))
    angle = np.arcsin(np.sqrt(s))
    return np.sin(np.maximum(angle - half, 0.0)) ** 2, np.sin(np.minimum(angle + half, np.pi / 2)) ** 2


def logit(s: FloatArray, se_log: FloatArray, z: float) -> Band:
    """Symmetric for log(S/(1-S)) (Meeker & Escobar 1998, equation 3.16)."""
    centre, half = np.log(s / (1.0 - s)), z * se_log / (1.0 - s)
    return 1.0 / (1.0 + np.exp(half - centre)), 1.0 / (1.0 + np.exp(-half - centre))


TRANSFORMED: dict[str, Callable[[FloatArray, FloatArray, float], Band]] = {
    "log-log": log_log,
    "log": log,
    "plain": plain,
    "arcsine": arcsine,
    "logit": logit,
}


def transformed_band(conf_type: str, s: FloatArray, se_log: FloatArray, conf_level: float) -> Band:
    """Pointwise band (m,), (m,) on one of the scales of `TRANSFORMED`.

    Where S is 1 the band is 1 to 1 (nothing has happened yet: these methods know no uncertainty there).
    Where S is 0 Greenwood's variance does not exist: the lower limit is 0, the upper NaN.
    """
    low, high = np.empty(s.size), np.empty(s.size)
    # The curve falls: the rows with 0 < S < 1 are one stretch.
    rows = slice(
        s.size - int(np.searchsorted(s[::-1], 1.0)), s.size - int(np.searchsorted(s[::-1], 0.0, "right"))
    )
    low[: rows.start], high[: rows.start] = 1.0, 1.0
    z = normal_quantile(conf_level)
    if conf_type == "log-log":  # the usual one is written in place
        log_log(s[rows], se_log[rows], z, (low[rows], high[rows]))
    else:
        low[rows], high[rows] = TRANSFORMED[conf_type](s[rows], se_log[rows], z)
    low[rows.stop :], high[rows.stop :] = 0.0, np.nan
    return low, high
