"""Rubin's rules for scalars: the variance within the sets, and the variance that comes on top because sets differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from survsim.core.checks import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """Estimates (q,) of m sets pooled: variances within, between and total, degrees of freedom."""

    estimate: FloatArray
    within: FloatArray
    between: FloatArray
    total: FloatArray
    df: FloatArray

    def limits(self, level: float) -> tuple[FloatArray, FloatArray]:
        """Ends of the interval by Student's t, by the normal law where the sets do not differ."""
        tail = 0.5 + level / 2.0
        known = np.isfinite(self.df)
        factor = np.where(known, student.ppf(tail, np.where(known, self.df, 1.0)), norm.ppf(tail))
        half = factor * np.sqrt(self.total)
        return self.estimate - half, self.estimate + half


def rubin(estimate: FloatArray, std_error: FloatArray) -> Pooled:
    """Pool (m, q) estimates and standard errors of m sets.

    ``T = W + (1 + 1/m) B`` with W the mean squared error, B the variance of the m estimates, on
    ``(m - 1) (1 + W / ((1 + 1/m) B))^2`` degrees of freedom (Rubin 1987, Multiple Imputation for Nonresponse in Surveys,
    equations 3.1.2 to 3.1.6).
    """
    m = estimate.shape[0]
    within = np.mean(std_error**2, axis=0)
    between = np.var(estimate, axis=0, ddof=1)
    added = (1.0 + 1.0 / m) * between
    with np.errstate(divide="ignore", over="ignore"):
        df = (m - 1.0) * (1.0 + np.where(added > 0, within / np.maximum(added, 1e-300), np.inf)) ** 2
    return Pooled(
        estimate=np.mean(estimate, axis=0), within=within, between=between, total=within + added, df=df
    )
