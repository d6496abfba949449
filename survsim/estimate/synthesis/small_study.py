"""Do small studies tell another story? Egger's and Begg's tests and trim-and-fill."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtr

from survsim.core.checks import FloatArray, one_of
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns, from_rows
from survsim.estimate.printed.study_rows import Studies
from survsim.estimate.synthesis import heterogeneity as het
from survsim.estimate.synthesis.pooling import (
    ROUNDING,
    MetaAnalysis,
    fits_exactly,
    refuse_other_results,
    repool,
)

if TYPE_CHECKING:
    pass

ENOUGH_STUDIES = 10
"""Below this the tests have little power (Sterne 2011, BMJ 343:d4002)."""


@result
class SmallStudyTests(Result):
    """Asymmetry of the funnel.

    Attributes
    ----------
    egger_slope, egger_std_error, egger_statistic, egger_p_value : effect on its standard error, weighted by
        1/v, t with k - 2 degrees of freedom; the slope is Egger's "intercept".
    limit_estimate : effect that the regression predicts for a study without sampling error.
    begg_tau, begg_p_value : Kendall's correlation of standardised effect and variance.
    n_filled : studies that trim-and-fill (L0) adds; filled_side : "left", "right", or "none" where it adds none.
    filled : the pooled result with them.
    """

    k: int
    egger_slope: float
    egger_std_error: float
    egger_statistic: float
    egger_p_value: float
    limit_estimate: float
    begg_tau: float
    begg_p_value: float
    n_filled: int
    filled_side: str
    filled: MetaAnalysis

    def columns(self) -> Columns:
        """Rows "egger", "begg" and "trim and fill": test, estimate, std_error, p_value."""
        nan = float("nan")
        rows: list[tuple[str, float, float, float]] = [
            ("egger", self.egger_slope, self.egger_std_error, self.egger_p_value),
            ("begg", self.begg_tau, nan, self.begg_p_value),
            ("trim and fill", self.filled.estimate, self.filled.std_error, self.filled.p_value),
        ]
        return from_rows(rows, ("test", "estimate", "std_error", "p_value"))

    def headline(self) -> str:
        """How many studies, and what trim-and-fill added."""
        return (
            f"Small-study effects in {self.k} studies; trim-and-fill adds {self.n_filled} "
            f"({self.filled_side}); effect at standard error 0: {self.limit_estimate:.4g}"
        )


def small_study_tests(pooled: MetaAnalysis, *, side: str | None = None) -> SmallStudyTests:
    """Egger's regression, Begg's rank correlation and trim-and-fill (L0) of a pooled result.

    Parameters
    ----------
    pooled : result of `meta_analysis` with at least three studies.
    side : side of the funnel on which trim-and-fill looks for missing studies: "left" (low effects), "right", or
        None to decide by the regression of effect on standard error under the model of `pooled` (its tau2
        estimator): "right" when its slope is negative, else "left".

    Returns
    -------
    SmallStudyTests : Egger's and Begg's statistics with p-values, and the pooled mean after trim-and-fill.

    Raises
    ------
    InputError : fewer than three studies, studies that all have one standard error, an unknown side, or a result
        that is no plain pooling.

    References
    ----------
    Egger 1997, BMJ 315:629; Begg and Mazumdar 1994, Biometrics 50:1088; Duval and Tweedie 2000,
    Biometrics 56:455, equation 4 (L0).

    Example
    -------
    >>> from survsim import meta_analysis, small_study_tests
    >>> rng = np.random.default_rng(1)
    >>> error = np.linspace(0.05, 0.5, 12)
    >>> tests = small_study_tests(meta_analysis(-2 * error + 0.1 * rng.normal(size=12), error))
    >>> bool(tests.egger_p_value < 0.01)
    True
    """
    refuse_other_results("small_study_tests", pooled)
    one_of("side", side, ("left", "right", None))
    y, s = pooled.study_estimate, pooled.study_std_error
    if pooled.k < 3 or np.ptp(s) == 0.0:
        raise InputError(
            f"{pooled.k} studies with standard errors from {s.min():g} to {s.max():g} show no funnel; "
            "at least 3 studies of different size are needed."
        )
    if pooled.k < ENOUGH_STUDIES:
        warn(
            f"{pooled.k} studies: tests of small-study effects have little power below {ENOUGH_STUDIES}.",
            SmallSampleWarning,
        )
    slope, error, statistic, p, limit = _egger(y, s)
    tau, begg_p = _begg(y, s**2)
    if fits_exactly(y, np.column_stack([np.ones_like(s), s])):
        warn(
            "the effects lie on a line of their standard errors to rounding; Egger's regression leaves nothing to scale its "
            "error by, so that it is the error by the standard errors of the studies.",
            SmallSampleWarning,
        )
    n_filled, filled_side, filled = _trim_and_fill(pooled, side or _missing_side(pooled))
    return SmallStudyTests(
        provenance=Provenance.of("small_study_tests", pooled, side=side),
        k=pooled.k,
        egger_slope=slope,
        egger_std_error=error,
        egger_statistic=statistic,
        egger_p_value=p,
        limit_estimate=limit,
        begg_tau=tau,
        begg_p_value=begg_p,
        n_filled=n_filled,
        filled_side=filled_side,
        filled=filled,
    )


def _egger(y: FloatArray, s: FloatArray) -> tuple[float, float, float, float, float]:
    x = np.column_stack([np.ones(y.size), s])
    fit = het.weighted_fit(y, s**2, x, 0.0)
    df = y.size - 2
    scale = 0.0 if fits_exactly(y, x) else float(fit.weights @ fit.residuals**2) / df
    error = float(np.sqrt(fit.covariance[1, 1] * (scale or 1.0)))
    largest = np.full(1, np.abs(y).max())
    slope = float(fit.coefficients[1]) if _settled(fit.coefficients[1:] * np.ptp(s), largest).any() else 0.0
    statistic = slope / error
    return slope, error, statistic, 2.0 * float(stdtr(df, -abs(statistic))), float(fit.coefficients[0])


def _settled(deviation: FloatArray, scale: FloatArray) -> FloatArray:
    """Deviations at the rounding of the numbers they were taken from are 0: studies that all agree have none."""
    return np.where(np.abs(deviation) <= ROUNDING * scale, 0.0, deviation)


def _begg(y: FloatArray, v: FloatArray) -> tuple[float, float]:
    from scipy.stats import kendalltau

    w = 1.0 / v
    centre = float(w @ y / w.sum())
    standardised = _settled(y - centre, np.full(y.size, np.abs(y).max())) / np.sqrt(v - 1.0 / w.sum())
    if np.ptp(standardised) == 0.0:
        return 0.0, 1.0
    # Exact without ties; with ties the normal approximation is the only one there is.
    tied = np.unique(v).size < v.size or np.unique(standardised).size < v.size
    outcome: Any = kendalltau(standardised, v, method="asymptotic" if tied else "exact")
    return float(outcome.statistic), float(outcome.pvalue)


def _missing_side(pooled: MetaAnalysis) -> str:
    """Large effects in small studies (slope not below 0): those on the left are missing.

    The weights are those of the pooled model: with Egger's, which know no tau2, a few large studies decide.
    """
    y, v = pooled.study_estimate, pooled.study_std_error**2
    x = np.column_stack([np.ones(y.size), pooled.study_std_error])
    fit = het.weighted_fit(y, v, x, het.tau2_estimate(y, v, x, pooled.method))
    return "right" if fit.coefficients[1] < 0.0 else "left"


def _trim_and_fill(pooled: MetaAnalysis, side: str) -> tuple[int, str, MetaAnalysis]:
    """Duval and Tweedie's L0: trim the heavy side until stable, mirror what was trimmed."""
    sign = 1.0 if side == "left" else -1.0
    order = np.argsort(sign * pooled.study_estimate, kind="stable")
    y, s = sign * pooled.study_estimate[order], pooled.study_std_error[order]
    k, n_missing, previous, centre = y.size, 0, -1, 0.0
    for _ in range(100):
        if n_missing == previous:
            break
        previous = n_missing
        keep = np.arange(k) < k - n_missing
        centre = _refit(y[keep], s[keep], pooled).estimate
        distance = _settled(y - centre, np.full(k, np.abs(y).max()))
        ranks = _mid_ranks(np.abs(distance))
        above = float(ranks[distance > 0].sum())
        n_missing = int(max(0, round((4.0 * above - k * (k + 1)) / (2.0 * k - 1.0))))
        n_missing = min(n_missing, k - 2)
    if n_missing == 0:
        return 0, "none", pooled
    mirrored = 2.0 * centre - y[k - n_missing :]
    filled = _refit(sign * np.concatenate([y, mirrored]), np.concatenate([s, s[k - n_missing :]]), pooled)
    return n_missing, side, filled


def _mid_ranks(values: FloatArray) -> FloatArray:
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=np.float64)


def _refit(y: FloatArray, s: FloatArray, pooled: MetaAnalysis) -> MetaAnalysis:
    labels = tuple([*pooled.labels, *(f"filled {i + 1}" for i in range(y.size))][: y.size])
    rows = Studies(
        np.ascontiguousarray(y), np.ascontiguousarray(s), labels, (), tuple((i,) for i in range(y.size))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        return repool(rows, pooled, Provenance.of("small_study_tests", pooled))
