"""The model behind a pooled survival curve: arcsine, multivariate DerSimonian-Laird, back-transformation.

Arrays are (k, T) studies by times, NaN where a study has stopped. Errors are independent within a study.
"""

from __future__ import annotations

import numpy as np

from survsim.core import progress
from survsim.core.checks import FloatArray
from survsim.core.matrices import symmetric_root
from survsim.estimate.synthesis.curve_studies import CurveStudies

BLOCK = 50_000
"""Curves that are drawn at a time; up to so many come from one product, as they always did."""


def transform(studies: CurveStudies) -> tuple[FloatArray, FloatArray]:
    """Arcsine of conditional survival and its variance (Combescure 2014, equation 2)."""
    previous = np.column_stack([np.ones(len(studies.labels)), studies.survival[:, :-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        p = studies.survival / previous
    n = studies.n_risk
    return np.arcsin(np.sqrt((n * p + 0.25) / (n + 0.5))), 1.0 / (4.0 * (n + 0.5))


def between_studies(y: FloatArray, v: FloatArray) -> FloatArray:
    """Between-study covariance by moments, negative eigenvalues set to zero (Jackson 2010).

    The diagonal is the DerSimonian-Laird variance before truncation; entry (a, b) uses the studies seen at
    both times, with weights ``1 / sqrt(v_a v_b)``. A time with one study has no variance to estimate.
    """
    n_times = y.shape[1]
    matrix = np.zeros((n_times, n_times))
    for a in range(n_times):
        for b in range(a, n_times):
            both = np.isfinite(y[:, a]) & np.isfinite(y[:, b])
            if both.sum() >= 2:
                matrix[a, b] = matrix[b, a] = _moment(y[both][:, [a, b]], v[both][:, [a, b]], a == b)
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)


def _moment(y: FloatArray, v: FloatArray, diagonal: bool) -> float:
    w = 1.0 / np.sqrt(v[:, 0] * v[:, 1])
    centred = y - (w @ y) / w.sum()
    q = float(w @ (centred[:, 0] * centred[:, 1]))
    expected = float(w.size - 1) if diagonal else 0.0
    return (q - expected) / float(w.sum() - (w**2).sum() / w.sum())


def gls(y: FloatArray, v: FloatArray, between: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Generalised least squares over studies, each with the times it was seen at: mean and covariance."""
    n_times = y.shape[1]
    information, score = np.zeros((n_times, n_times)), np.zeros(n_times)
    for row, variance in zip(y, v):
        seen = np.flatnonzero(np.isfinite(row))
        block = np.ix_(seen, seen)
        precision = np.linalg.inv(np.diag(variance[seen]) + between[block])
        information[block] += precision
        score[seen] += precision @ row[seen]
    covariance: FloatArray = np.asarray(np.linalg.inv(information), dtype=np.float64)
    return covariance @ score, covariance


def cochran(y: FloatArray, v: FloatArray) -> tuple[float, int]:
    """Q around the fixed-effect means and its degrees of freedom, readings minus times."""
    w = np.where(np.isfinite(y), 1.0 / v, 0.0)
    filled = np.where(np.isfinite(y), y, 0.0)
    centre = (w * filled).sum(axis=0) / w.sum(axis=0)
    return float((w * (filled - centre) ** 2).sum()), int(np.isfinite(y).sum() - y.shape[1])


def log_error(centre: FloatArray, covariance: FloatArray) -> FloatArray:
    """Standard error of log S at each time: cumulative sums of ``g g' o C`` with ``g = 2 cot y``."""
    g = 2.0 / np.tan(centre)
    total = np.cumsum(np.cumsum(g[:, None] * covariance * g[None, :], axis=0), axis=1)
    return np.sqrt(np.maximum(np.diag(total), 0.0))


def degrees_of_freedom(
    centre: FloatArray, covariance: FloatArray, n_study: FloatArray, random: bool
) -> FloatArray:
    """Degrees of freedom of the t law at each time (Satterthwaite over the times passed); inf when fixed."""
    if not random:
        return np.full(centre.size, np.inf)
    g = 2.0 / np.tan(centre)
    terms = g[:, None] * covariance * g[None, :]
    own = np.maximum(n_study - 1.0, 1.0)
    joined = np.empty(centre.size)
    for t in range(centre.size):
        share = np.maximum(terms[: t + 1, : t + 1].sum(axis=1), 0.0)
        joined[t] = share.sum() ** 2 / (share**2 / own[: t + 1]).sum()
    return np.maximum(joined, 1.0)


def limits(
    curve: FloatArray, error: FloatArray, width: FloatArray, scale: str
) -> tuple[FloatArray, FloatArray]:
    """Ends of an interval built on asin sqrt S, log S or log(-log S), within 0 and 1."""
    if scale == "arcsine":
        # d/dS asin sqrt S = 1 / (2 sqrt(S (1 - S))), and the error of S is S times that of log S.
        angle = np.arcsin(np.sqrt(curve))
        tangent = np.sqrt(np.divide(curve, 1.0 - curve, out=np.zeros_like(curve), where=curve < 1.0))
        reach = width * 0.5 * error * tangent
        return np.sin(np.maximum(angle - reach, 0.0)) ** 2, np.sin(
            np.minimum(angle + reach, 0.5 * np.pi)
        ) ** 2
    if scale == "log":
        return curve * np.exp(-width * error), np.minimum(1.0, curve * np.exp(width * error))
    hazard = -np.log(curve)
    reach = np.divide(width * error, hazard, out=np.zeros_like(hazard), where=hazard > 0)
    with np.errstate(over="ignore"):
        return np.exp(-hazard * np.exp(reach)), np.exp(-hazard * np.exp(-reach))


def draw_curves(centre: FloatArray, covariance: FloatArray, n: int, seed: int) -> FloatArray:
    """(n, T) curves from the normal law of the transformed conditional survival, kept within 0 and pi/2."""
    random, root = np.random.default_rng(seed), symmetric_root(covariance)
    curves = np.empty((n, centre.size))
    for start in progress.each("drawing curves", range(0, n, BLOCK)):
        z = random.standard_normal((min(BLOCK, n - start), centre.size))
        y = np.clip(centre + z @ root, 0.0, 0.5 * np.pi)
        curves[start : start + BLOCK] = np.cumprod(np.sin(y) ** 2, axis=1)
    return curves


def medians(time: FloatArray, curves: FloatArray) -> FloatArray:
    """Time at which each curve, linear between readings from (0, 1), reaches one half; inf if never."""
    t = np.concatenate([[0.0], time])
    s = np.column_stack([np.ones(curves.shape[0]), curves])
    below = s <= 0.5
    first = below.argmax(axis=1)
    rows = np.arange(s.shape[0])
    high, low = s[rows, first - 1], s[rows, first]
    with np.errstate(divide="ignore", invalid="ignore"):
        at = t[first - 1] + (high - 0.5) / (high - low) * (t[first] - t[first - 1])
    return np.where(below.any(axis=1), at, np.inf)


def areas(time: FloatArray, curves: FloatArray) -> FloatArray:
    """Area under each curve, linear between readings, to the last time."""
    t = np.concatenate([[0.0], time])
    s = np.column_stack([np.ones(curves.shape[0]), curves])
    return np.asarray(0.5 * (s[:, 1:] + s[:, :-1]) @ np.diff(t))
