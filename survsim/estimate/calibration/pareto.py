"""Pareto-smoothed importance weights and their diagnostic (Vehtari et al. 2024, JMLR 25(72), algorithms 1 and 2)."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError

GOOD = 0.7
"""Above this shape of the weights' tail, importance estimates cannot be trusted."""


def smoothed(log_weights: FloatArray) -> tuple[FloatArray, float]:
    """Normalised weights (n,) with their largest replaced by quantiles of a fitted generalised Pareto tail, and its shape.

    The tail holds ``min(n / 5, 3 sqrt(n))`` weights; no smoothed weight exceeds the largest raw one.
    """
    n = log_weights.size
    if n < 25:
        raise InputError(f"importance weights are smoothed from 25 on; got {n}.")
    lw = np.where(np.isfinite(log_weights), log_weights, -np.inf)
    lw = lw - lw.max()
    raw = np.exp(lw)
    m = int(min(0.2 * n, np.ceil(3.0 * np.sqrt(n))))
    order = np.argsort(lw, kind="stable")
    tail, cut = order[-m:], raw[order[-m - 1]]
    over = raw[tail] - cut
    shape = np.inf
    if over[0] > 0 and over[-1] > over[0] * (1 + 1e-12):
        shape, scale = fit_tail(over)
        p = (np.arange(m) + 0.5) / m
        quantile = scale * np.expm1(-shape * np.log1p(-p)) / shape if shape != 0 else -scale * np.log1p(-p)
        raw[tail] = np.minimum(cut + quantile, 1.0)
    elif over[-1] <= 1e-12:
        shape = -np.inf  # all weights alike: nothing could be better
    return raw / raw.sum(), float(shape)


def fit_tail(over: FloatArray) -> tuple[float, float]:
    """Shape and scale of a generalised Pareto law for rising excesses (Zhang & Stephens 2009, Technometrics 51:316).

    Posterior mean over a grid of the profile likelihood; the shape is drawn weakly towards 1/2, as for weights.
    """
    n = over.size
    grid = 30 + int(np.sqrt(n))
    quarter = over[int(n / 4 + 0.5) - 1]
    theta = 1.0 / over[-1] + (1.0 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (3.0 * quarter)
    k = np.log1p(-theta[:, None] * over).mean(axis=1)
    level = n * (np.log(-theta / k) - k - 1.0)
    weight = np.exp(level - level.max())
    best = float((theta * weight).sum() / weight.sum())
    shape = float(np.log1p(-best * over).mean())
    scale = -shape / best
    return (n * shape + 5.0) / (n + 10.0), scale


def effective(weights: FloatArray) -> float:
    """Effective number of draws, 1 / sum of squared normalised weights (Kish 1965)."""
    return float(1.0 / np.sum(weights**2))
