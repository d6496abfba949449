"""Many meta-analyses of equally many studies at once: what simulation studies of pooling ask for.

Without covariates the weighted mean is a ratio of two sums, so likelihood, score and Cochran's Q of all analyses are sums
over the rows of a matrix, and their roots are found for all of them together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.special import chdtrc, chdtri, ndtr, stdtr

from survsim.core.checks import BoolArray, FloatArray, between, float_matrix, one_of, positions
from survsim.core.errors import ConvergenceError, InputError, SmallSampleWarning, warn
from survsim.core.pairing import in_columns_of, paired
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.printed.study_rows import LARGEST, SMALLEST_SHARE
from survsim.estimate.synthesis.pooling import AGREEMENT, CONF_METHODS, ROUNDING, critical_value

METHODS = ("REML", "ML", "DL", "PM", "fixed")
_COLUMNS = (
    "estimate", "std_error", "conf_low", "conf_high", "p_value", "tau2", "tau2_conf_low", "tau2_conf_high", "q", "q_p_value",
    "i2", "prediction_low", "prediction_high",
)  # fmt: skip


@result
class MetaAnalyses(Result):
    """Pooled results of N analyses, each of k studies; the numbers are those `meta_analysis` gives one by one.

    Attributes
    ----------
    estimate, std_error, conf_low, conf_high, p_value : (N,) the mean effect and the test of no effect.
    tau2, tau2_conf_low, tau2_conf_high : (N,) between-study variance and its Q-profile interval (NaN for a fixed effect).
    q, q_p_value, i2 : (N,) Cochran's test; i2 in per cent.
    prediction_low, prediction_high : (N,) interval for the true effect in a new study (t with k - 1 degrees of freedom).
    k, method, conf_method, conf_level : studies in each, and as asked.
    """

    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    p_value: FloatArray
    tau2: FloatArray
    tau2_conf_low: FloatArray
    tau2_conf_high: FloatArray
    q: FloatArray
    q_p_value: FloatArray
    i2: FloatArray
    prediction_low: FloatArray
    prediction_high: FloatArray
    k: int
    method: str
    conf_method: str
    conf_level: float

    def columns(self) -> Columns:
        """One row an analysis: every attribute with a value for each."""
        return {name: getattr(self, name) for name in _COLUMNS}

    def headline(self) -> str:
        """How many, and how often no heterogeneity was found."""
        return (
            f"{self.estimate.size} meta-analyses of {self.k} studies each (tau2: {self.method}; interval: "
            f"{self.conf_method}, {self.conf_level:.0%}); tau2 is estimated as 0 in {int((self.tau2 == 0).sum())}"
        )


def meta_analyses(
    estimate: Any,
    std_error: Any,
    *,
    method: str = "REML",
    conf_method: str = "modified-knapp-hartung",
    conf_level: float = 0.95,
) -> MetaAnalyses:
    """Random-effects meta-analyses of many simulated or resampled sets of studies, all at once.

    Parameters
    ----------
    estimate, std_error : (N, k) effects and their standard errors, one analysis a row, at least three studies each.
    method : estimator of tau2: "REML", "ML", "DL", "PM", or "fixed".
    conf_method : "modified-knapp-hartung" (never narrower than the normal interval's error), "knapp-hartung" or "wald".
    conf_level : of all intervals.

    Returns
    -------
    MetaAnalyses : the pooled mean, tau2, Q, I2 and their intervals of each analysis.

    Raises
    ------
    InputError : fewer than three studies, shapes that differ, or rows that cannot be pooled, by number.

    References
    ----------
    Viechtbauer 2005, J Educ Behav Stat 30:261; Röver, Knapp, Friede 2015, BMC Med Res Methodol 15:99.

    Example
    -------
    >>> from survsim.synthesis import meta_analyses
    >>> many = meta_analyses([[-0.36, -0.22, -0.51], [0.1, 0.4, 0.2]], [[0.12, 0.15, 0.21], [0.1, 0.2, 0.1]], method="DL")
    >>> many.estimate.round(3)
    array([-0.339,  0.178])
    """
    one_of("method", method, METHODS)
    one_of("conf_method", conf_method, CONF_METHODS)
    level = between("conf_level", conf_level, 0.0, 1.0)
    y, s = _checked(estimate, std_error)
    v, df = s**2, y.shape[1] - 1
    tau2 = _ESTIMATORS[method](y, v)
    fit = _fit(y, v, tau2)
    fixed = _fit(y, v, np.zeros(y.shape[0]))
    tail = (1.0 - level) / 2.0
    ratio = fit.q / df
    factor = {"wald": np.ones_like(ratio), "knapp-hartung": ratio}.get(conf_method, np.maximum(1.0, ratio))
    if conf_method == "knapp-hartung":
        factor[_agreeing(y) | (ratio == 0.0)] = 1.0
    error = np.sqrt(factor / fit.total)
    width = critical_value(level, np.inf if conf_method == "wald" else float(df))
    reach = width * np.sqrt(tau2 + error**2)
    statistic = -np.abs(fit.mean / error)
    p = 2.0 * (ndtr(statistic) if conf_method == "wald" else stdtr(df, statistic))
    with np.errstate(divide="ignore", invalid="ignore"):
        if method == "fixed":
            i2 = 100.0 * np.where(fixed.q > 0, np.maximum(0.0, 1.0 - df / fixed.q), 0.0)
            limits = [np.full_like(tau2, np.nan)] * 2
        else:
            i2 = 100.0 * tau2 / (tau2 + df / (fixed.total - fixed.squares / fixed.total))
            limits = [_solve_q(y, v, float(chdtri(df, share))) for share in (tail, 1.0 - tail)]
    return MetaAnalyses(
        estimate=fit.mean,
        std_error=error,
        conf_low=fit.mean - width * error,
        conf_high=fit.mean + width * error,
        p_value=p,
        tau2=tau2,
        tau2_conf_low=limits[0],
        tau2_conf_high=limits[1],
        q=fixed.q,
        q_p_value=chdtrc(df, fixed.q),
        i2=i2,
        prediction_low=fit.mean - reach,
        prediction_high=fit.mean + reach,
        k=df + 1,
        method=method,
        conf_method=conf_method,
        conf_level=level,
        provenance=Provenance.of("meta_analyses", method=method, conf_method=conf_method, conf_level=level, n=len(y), k=df + 1),
    )  # fmt: skip


def _checked(estimate: Any, std_error: Any) -> tuple[FloatArray, FloatArray]:
    """Both matrices, every row fit to be pooled."""
    estimate, std_error = paired(estimate=estimate, std_error=std_error)
    std_error = in_columns_of(getattr(estimate, "columns", None), "std_error", std_error, "estimate")
    y, s = (
        float_matrix(name, v, truth=False) for name, v in (("estimate", estimate), ("std_error", std_error))
    )
    if y.ndim != 2 or y.shape != s.shape:
        raise InputError(
            f"estimate and std_error must be of one shape, one analysis a row; got {y.shape} and {s.shape}."
        )
    if y.shape[1] < 3 or not y.size:
        raise InputError(
            f"meta_analyses needs at least one analysis of at least three studies; got shape {y.shape}. "
            "Pool one or two studies by meta_analysis."
        )
    fine = (np.abs(y) < LARGEST) & (s < LARGEST) & (s > 1.0 / LARGEST)
    bad = np.asarray(~fine.all(axis=1))
    if bad.any():
        raise InputError(
            f"every study needs a finite estimate and a positive standard error; {positions(bad)} have none. "
            "Correct or drop those analyses."
        )
    vanishing = np.asarray((s < SMALLEST_SHARE * s.max(axis=1, keepdims=True)).any(axis=1))
    if vanishing.any():
        raise InputError(
            f"standard errors a millionth of the largest beside them, or less, in {positions(vanishing)}; no study is a "
            "million times surer than another."
        )
    return y, s


def _agreeing(y: FloatArray) -> BoolArray:
    """Analyses (N,) whose estimates agree to rounding, as `settled_method` of one analysis has it, and a word on them."""
    mean = y.mean(axis=1, keepdims=True)
    size = np.abs(y).max(axis=1, keepdims=True) + np.abs(mean)
    found = np.asarray((np.abs(y - mean) <= ROUNDING * size).all(axis=1))
    if found.any():
        warn(f"{positions(found)}: {AGREEMENT}.", SmallSampleWarning)
    return found


class _Fit(NamedTuple):
    """Weighted means at one tau2 an analysis: sums of w and w^2, mean, residuals, weights, Q."""

    w: FloatArray
    total: FloatArray
    squares: FloatArray
    mean: FloatArray
    residual: FloatArray
    q: FloatArray


def _fit(y: FloatArray, v: FloatArray, tau2: FloatArray) -> _Fit:
    w = 1.0 / (v + tau2[:, None])
    total = w.sum(axis=1)
    mean = np.einsum("nk,nk->n", w, y) / total
    residual = y - mean[:, None]
    q = np.einsum("nk,nk,nk->n", w, residual, residual)
    return _Fit(w, total, np.einsum("nk,nk->n", w, w), mean, residual, q)


Curve = Callable[[FloatArray, FloatArray, FloatArray], tuple[FloatArray, FloatArray]]


def _root(
    curve: Curve, y: FloatArray, v: FloatArray, low: FloatArray, high: FloatArray, start: FloatArray
) -> FloatArray:
    """Where a curve with its slope, above 0 at `low` and below at `high`, crosses 0: Newton inside the bracket, all at once."""
    found, low, high = start.copy(), low.copy(), high.copy()
    left = np.arange(found.size)
    for _ in range(200):
        at = found[left]
        value, slope = curve(y[left], v[left], at)
        above = value > 0.0
        low[left[above]], high[left[~above]] = at[above], at[~above]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            trial = at - value / slope
        a, b = low[left], high[left]
        inside = (trial > a) & (trial < b)
        trial = np.where(value == 0.0, at, np.where(inside, trial, 0.5 * (a + b)))
        found[left] = trial
        done = (np.abs(trial - at) <= 2e-15 * np.abs(trial)) | (b - a <= 1e-15 * b)
        left = left[~done]
        if not left.size:
            return found
    return found


def _q_less(target: float) -> Curve:
    """Q(tau2) less its target, and the slope."""

    def curve(y: FloatArray, v: FloatArray, tau2: FloatArray) -> tuple[FloatArray, FloatArray]:
        fit = _fit(y, v, tau2)
        pull = fit.w * fit.residual
        return fit.q - target, -np.einsum("nk,nk->n", pull, pull)

    return curve


def _solve_q(y: FloatArray, v: FloatArray, target: float) -> FloatArray:
    """The tau2 (N,) at which Q(tau2), which falls, equals `target`; 0 where it starts below."""
    curve = _q_less(target)
    found = np.zeros(y.shape[0])
    rows = np.flatnonzero(curve(y, v, found)[0] > 0.0)
    if not rows.size:
        return found
    y, v = y[rows], v[rows]
    high = y.var(axis=1) + v.max(axis=1)
    for _ in range(200):
        short = curve(y, v, high)[0] >= 0.0
        if not short.any():
            zero = np.zeros(rows.size)
            found[rows] = _root(curve, y, v, zero, high, zero)
            return found
        high[short] *= 4.0
    raise ConvergenceError("Q(tau2) does not fall to its target; check the scale of estimate and std_error.")


def _score(restricted: bool) -> Curve:
    """Derivative of the (restricted) log likelihood by tau2, and its slope."""

    def curve(y: FloatArray, v: FloatArray, tau2: FloatArray) -> tuple[FloatArray, FloatArray]:
        w, total, squares, _, residual, _ = _fit(y, v, tau2)
        pull = w * residual
        turn = np.einsum("nk,nk->n", w, pull)
        value = 0.5 * (np.einsum("nk,nk->n", pull, pull) - total)
        slope = 0.5 * squares + turn**2 / total - np.einsum("nk,nk,nk->n", w, pull, pull)
        if restricted:
            share = squares / total
            value = value + 0.5 * share
            slope = slope - np.einsum("nk,nk,nk->n", w, w, w) / total + 0.5 * share**2
        return value, slope

    return curve


def _likelihood(y: FloatArray, v: FloatArray, tau2: FloatArray, *, restricted: bool) -> FloatArray:
    fit = _fit(y, v, tau2)
    value: FloatArray = 0.5 * (np.log(fit.w).sum(axis=1) - fit.q)
    return value - 0.5 * np.log(fit.total) if restricted else value


def _best(y: FloatArray, v: FloatArray, *, restricted: bool) -> FloatArray:
    """Best cell of a grid, then the root of the score inside it, as `meta_analysis` does."""
    spread = np.ptp(y, axis=1) ** 2 + 1e-300
    steps = np.concatenate([[0.0], np.logspace(-7, 0.7, 48)])
    best, value = np.zeros(len(y), np.int64), np.full(len(y), -np.inf)
    for g, step in enumerate(steps):
        now = _likelihood(y, v, step * spread, restricted=restricted)
        better = now > value
        best[better], value[better] = g, now[better]
    low, high = steps[np.maximum(best - 1, 0)] * spread, steps[np.minimum(best + 1, steps.size - 1)] * spread
    curve = _score(restricted)
    rises = curve(y, v, low)[0] > 0.0
    found = np.where(rises & (curve(y, v, high)[0] >= 0.0), high, 0.0)  # flat to rounding
    rows = np.flatnonzero(rises & (found == 0.0))
    if rows.size:
        found[rows] = _root(curve, y[rows], v[rows], low[rows], high[rows], (steps[best] * spread)[rows])
    return found


def _dersimonian_laird(y: FloatArray, v: FloatArray) -> FloatArray:
    fit = _fit(y, v, np.zeros(len(y)))
    return np.maximum(0.0, (fit.q - (y.shape[1] - 1)) / (fit.total - fit.squares / fit.total))


_ESTIMATORS: dict[str, Callable[[FloatArray, FloatArray], FloatArray]] = {
    "REML": lambda y, v: _best(y, v, restricted=True),
    "ML": lambda y, v: _best(y, v, restricted=False),
    "DL": _dersimonian_laird,
    "PM": lambda y, v: _solve_q(y, v, float(y.shape[1] - 1)),
    "fixed": lambda y, v: np.zeros(len(y)),
}
