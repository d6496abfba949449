"""The pooled result of one-parameter meta-analysis, and the arithmetic behind it."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from survsim.core.checks import FloatArray
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns, stacked
from survsim.core.tails import two_tails
from survsim.estimate.printed.study_rows import Studies
from survsim.estimate.synthesis import heterogeneity as het
from survsim.estimate.synthesis.tau_prior import tau_posterior

METHODS = tuple(het.TAU2_ESTIMATORS)
CONF_METHODS = ("modified-knapp-hartung", "knapp-hartung", "wald")
ROUNDING = 1e-12
"""Share of the largest effect below which a deviation is rounding."""
AGREEMENT = "the estimates agree to rounding, which would make the Knapp-Hartung variance 0; the modified one is used, with factor 1"
PRIOR_METHOD = "half-normal prior"
"""`MetaAnalysis.method` where fewer than three studies were pooled under a prior of tau: no estimator of tau2."""


@result
class MetaAnalysis(Result):
    """A pooled estimate and how far the studies disagree; all on the scale that was given (log HR, say).

    Attributes
    ----------
    estimate, std_error, conf_low, conf_high, p_value : the mean effect and the test of no effect.
    tau2, tau2_conf_low, tau2_conf_high : between-study variance and its Q-profile interval; its limits are NaN for a fixed
        effect, which takes it for 0.
    tau2_std_error : of tau2 by its large-sample law, for tables that print one: the interval is the better guide. NaN for
        a fixed effect and under a prior.
    q, q_df, q_p_value, i2, h2 : Cochran's test; i2 in per cent.
    prediction_low, prediction_high : interval for the true effect in a new study.
    df : degrees of freedom of the t law behind the intervals; inf for the normal.
    k : number of independent studies (overlapping rows count once).
    labels, study_estimate, study_std_error, weights : (k,) the studies; weights add to one.
    method, conf_method, conf_level : as asked, or as fallen back to (see `notes`).
    notes : what a reader must know: an estimate at its boundary, rows that were joined, a prior used.
    prediction_prior_scale : scale of the half-normal prior of tau behind the prediction interval: asked for
        (prediction_method "posterior"), or used throughout with fewer than three studies; None for the t interval.
    prediction_method : "t", "posterior" or "k_minus_2": as asked for, "posterior" wherever a prior was used throughout.
    row_labels : (k,) labels of the rows in which the studies came, by which columns beside the result find them; None where
        they had none, or rows were joined.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float
    tau2: float
    tau2_conf_low: float
    tau2_conf_high: float
    q: float
    q_df: int
    q_p_value: float
    i2: float
    h2: float
    prediction_low: float
    prediction_high: float
    df: float
    k: int
    labels: tuple[str, ...]
    study_estimate: FloatArray
    study_std_error: FloatArray
    weights: FloatArray
    method: str
    conf_method: str
    conf_level: float
    notes: tuple[str, ...] = ()
    prediction_prior_scale: float | None = None
    tau2_std_error: float = float("nan")
    prediction_method: str = "t"
    row_labels: Any = None

    def columns(self) -> Columns:
        """Rows "study", then "pooled" and "prediction": kind, label, estimate, std_error, interval, weight."""
        z = float(ndtri(0.5 + self.conf_level / 2))
        studies = {
            "kind": "study",
            "label": list(self.labels),
            "estimate": self.study_estimate,
            "std_error": self.study_std_error,
            "conf_low": self.study_estimate - z * self.study_std_error,
            "conf_high": self.study_estimate + z * self.study_std_error,
            "weight": self.weights,
        }
        spread = float(np.sqrt(self.tau2 + self.std_error**2))
        last = {
            "kind": ["pooled", "prediction"],
            "label": ["Pooled mean", "New study"],
            "estimate": [self.estimate, self.estimate],
            "std_error": [self.std_error, spread],
            "conf_low": [self.conf_low, self.prediction_low],
            "conf_high": [self.conf_high, self.prediction_high],
            "weight": [1.0, np.nan],
        }
        return stacked([studies, last], tuple(studies))

    def headline(self) -> str:
        """Studies, heterogeneity and notes."""
        level = f"{100 * self.conf_level:g}%"
        lines = [
            f"Meta-analysis of {self.k} {'study' if self.k == 1 else 'studies'}"
            f" (tau2: {self.method}; interval: {self.conf_method}, {level})",
            f"{het.tau2_told(self.tau2, self.tau2_conf_low, self.tau2_conf_high)}, I2 {self.i2:.1f}%,"
            f" Q {self.q:.4g} on {self.q_df} df, p = {self.q_p_value:.3g}",
        ]
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])


def repool(rows: Studies, pooled: MetaAnalysis, provenance: Provenance) -> MetaAnalysis:
    """Other rows pooled with the methods of an earlier result, that of its prediction interval included."""
    scale = pooled.prediction_prior_scale
    if pooled.method == PRIOR_METHOD:
        if scale is None:
            raise InputError(
                "the prior of tau behind this result was not kept (it was saved by an earlier version); pool the studies again."
            )
        return _pool_with_prior(rows, pooled.conf_level, scale, list(rows.notes), provenance)
    again = pool_rows(rows, pooled.method, pooled.conf_method, pooled.conf_level, None, provenance)
    if pooled.prediction_method == "k_minus_2":
        return predict_by_k_minus_2(again)
    return again if scale is None else predict_by_posterior(again, scale)


def refuse_other_results(name: str, pooled: Any) -> None:
    """Raise unless `pooled` is the result of pooling without moderators."""
    if not isinstance(pooled, MetaAnalysis):
        raise InputError(
            f"{name} takes the result of meta_analysis without moderators; got {type(pooled).__name__}. "
            "Pool the estimates without moderators first."
        )


def pool_rows(
    rows: Studies,
    method: str,
    conf_method: str,
    conf_level: float,
    tau_prior_scale: float | None,
    provenance: Provenance,
) -> MetaAnalysis:
    """Pool checked rows; the part that subgroup, influence and network functions share."""
    notes = list(rows.notes)
    if rows.k < 3 and method != "fixed" and (tau_prior_scale is not None or rows.k == 1):
        if tau_prior_scale is None:
            raise InputError(
                f"one study ({rows.labels[0]}) says nothing of tau2; give tau_prior_scale or use method='fixed'."
            )
        return _pool_with_prior(rows, conf_level, tau_prior_scale, notes, provenance)
    if rows.k == 1 and conf_method != "wald":
        notes.append("one study: the normal interval is given, there is no t with 0 degrees of freedom")
        conf_method = "wald"
    if rows.k < 3:
        warn(
            f"{rows.k} {'study' if rows.k == 1 else 'studies'} ({', '.join(rows.labels)}) with method={method!r}: "
            "the interval says little of how much another study would differ.",
            SmallSampleWarning,
        )
    return _pool_classically(rows, method, conf_method, conf_level, notes, provenance)


def _pool_classically(
    rows: Studies, method: str, conf_method: str, level: float, notes: list[str], provenance: Provenance
) -> MetaAnalysis:
    y, v, x = rows.estimate, rows.std_error**2, np.ones((rows.k, 1))
    conf_method = settled_method(conf_method, y, x, notes)
    tau2 = het.tau2_estimate(y, v, x, method)
    fit = het.weighted_fit(y, v, x, tau2)
    spread = het.heterogeneity(y, v, x, tau2, method, level)
    if tau2 == 0.0 and method != "fixed":
        notes.append(
            f"tau2 is estimated at its boundary 0, values up to {spread.tau2_conf_high:.3g} fit as well; the prediction "
            "interval is that of the mean and too short unless studies really agree (prediction_method='posterior')"
            if spread.tau2_conf_high > 0.0
            else "the studies agree better than chance would have them; no tau2 fits and its interval is given as 0 to 0"
        )
    mean = float(fit.coefficients[0])
    std_error = float(np.sqrt(fit.covariance[0, 0] * variance_factor(fit.q, spread.q_df, conf_method)))
    df = np.inf if conf_method == "wald" else float(spread.q_df)
    width = critical_value(level, df)
    reach = width * float(np.sqrt(tau2 + std_error**2))
    return MetaAnalysis(
        provenance=provenance,
        estimate=mean,
        std_error=std_error,
        conf_low=mean - width * std_error,
        conf_high=mean + width * std_error,
        p_value=two_sided_p(mean / std_error, df),
        tau2=tau2,
        prediction_low=mean - reach,
        prediction_high=mean + reach,
        df=df,
        k=rows.k,
        labels=rows.labels,
        study_estimate=y,
        study_std_error=rows.std_error,
        weights=fit.weights / fit.weights.sum(),
        method=method,
        conf_method=conf_method,
        conf_level=level,
        notes=tuple(notes),
        row_labels=rows.row_labels,
        **_spread_fields(spread),
    )


def _pool_with_prior(
    rows: Studies, level: float, scale: float, notes: list[str], provenance: Provenance
) -> MetaAnalysis:
    y, v = rows.estimate, rows.std_error**2
    warn(
        f"{rows.k} {'study' if rows.k == 1 else 'studies'} ({', '.join(rows.labels)}): tau2 cannot be estimated; "
        f"tau has a half-normal prior of scale {scale:g} and the intervals are posterior intervals.",
        SmallSampleWarning,
    )
    notes.append(
        f"fewer than three studies: half-normal prior on tau, scale {scale:g}; intervals are posterior"
    )
    posterior = tau_posterior(y, v, scale)
    mean, sd = posterior.mean_moments()
    tail = (1.0 - level) / 2.0
    tau2 = posterior.tau_quantile(0.5) ** 2
    spread = het.heterogeneity(y, v, np.ones((rows.k, 1)), tau2, "REML", level)
    given_tau = 1.0 / (v[None, :] + posterior.tau[:, None] ** 2)
    fields = _spread_fields(spread)
    fields["tau2_conf_low"] = posterior.tau_quantile(tail) ** 2
    fields["tau2_std_error"] = float("nan")
    fields["tau2_conf_high"] = posterior.tau_quantile(1.0 - tail) ** 2
    return MetaAnalysis(
        provenance=provenance,
        estimate=mean,
        std_error=sd,
        conf_low=posterior.mean_quantile(tail),
        conf_high=posterior.mean_quantile(1.0 - tail),
        p_value=two_tails(posterior.mean_below(0.0), posterior.mean_above(0.0)),
        tau2=tau2,
        prediction_low=posterior.prediction_quantile(tail),
        prediction_high=posterior.prediction_quantile(1.0 - tail),
        df=np.inf,
        k=rows.k,
        labels=rows.labels,
        study_estimate=y,
        study_std_error=rows.std_error,
        weights=posterior.weights @ (given_tau / given_tau.sum(axis=1, keepdims=True)),
        method=PRIOR_METHOD,
        conf_method="posterior",
        conf_level=level,
        notes=tuple(notes),
        prediction_prior_scale=scale,
        prediction_method="posterior",
        row_labels=rows.row_labels,
        **fields,
    )


def predict_by_k_minus_2(pooled: MetaAnalysis) -> MetaAnalysis:
    """The same result with ``mean +- t(k - 2) sqrt(tau2 + 1 / sum w)`` as prediction interval; none for two studies."""
    if pooled.k < 3:
        return dataclasses.replace(
            pooled, prediction_low=np.nan, prediction_high=np.nan, prediction_method="k_minus_2",
            notes=(*pooled.notes, "no prediction interval: k - 2 degrees of freedom need three studies"),
        )  # fmt: skip
    variance = 1.0 / float(np.sum(1.0 / (pooled.study_std_error**2 + pooled.tau2)))
    reach = critical_value(pooled.conf_level, pooled.k - 2) * float(np.sqrt(pooled.tau2 + variance))
    return dataclasses.replace(
        pooled,
        prediction_low=pooled.estimate - reach,
        prediction_high=pooled.estimate + reach,
        notes=(*pooled.notes, "prediction interval by t with k - 2 degrees of freedom"),
        prediction_method="k_minus_2",
    )


def predict_by_posterior(pooled: MetaAnalysis, scale: float | None) -> MetaAnalysis:
    """The same result with the prediction interval of `tau_posterior`."""
    if scale is None:
        raise InputError(
            "prediction_method='posterior' needs tau_prior_scale, for example 0.5 for log hazard ratios."
        )
    posterior = tau_posterior(pooled.study_estimate, pooled.study_std_error**2, scale)
    tail = (1.0 - pooled.conf_level) / 2.0
    return dataclasses.replace(
        pooled,
        prediction_low=posterior.prediction_quantile(tail),
        prediction_high=posterior.prediction_quantile(1.0 - tail),
        notes=(*pooled.notes, f"prediction interval under a half-normal prior on tau, scale {scale:g}"),
        prediction_prior_scale=scale,
        prediction_method="posterior",
    )


def settled_method(conf_method: str, y: FloatArray, x: FloatArray, notes: list[str]) -> str:
    """The method of the interval: with nothing left to scale its variance by, Knapp-Hartung is the modified one.

    What the estimates leave of a line through all of them is rounding, and so would be their interval and p-value. The
    modified factor is never below 1 (Röver, Knapp, Friede 2015).
    """
    if conf_method != "knapp-hartung" or not fits_exactly(y, x):
        return conf_method
    notes.append(AGREEMENT)
    warn(f"{AGREEMENT}.", SmallSampleWarning)
    return "modified-knapp-hartung"


def fits_exactly(y: FloatArray, x: FloatArray) -> bool:
    """Whether `y` (k,) is a combination of the columns of `x` (k, p), p < k, to rounding, whatever the weights."""
    if x.shape[0] <= x.shape[1]:
        return False
    scaled = x / np.linalg.norm(x, axis=0)
    beta = np.linalg.lstsq(scaled, y, rcond=None)[0]
    size = np.abs(y) + np.abs(scaled) @ np.abs(beta)
    return bool(np.all(np.abs(y - scaled @ beta) <= ROUNDING * size.max()))


def warn_of_agreement(steps: dict[str, MetaAnalysis]) -> None:
    """Say once of which of many results `settled_method` took the modified variance."""
    agreed = [name for name, step in steps.items() if AGREEMENT in step.notes]
    if agreed:
        more = f" and {len(agreed) - 5} more" if len(agreed) > 5 else ""
        warn(f"{', '.join(agreed[:5])}{more}: {AGREEMENT}.", SmallSampleWarning)


def variance_factor(q: float, df: int, conf_method: str) -> float:
    """What the variance of the mean is multiplied with: 1, q/df or max(1, q/df)."""
    if conf_method == "wald":
        return 1.0
    ratio = q / df
    # 0 where squares of deviations far below the standard errors leave the range of numbers.
    return max(1.0, ratio) if conf_method == "modified-knapp-hartung" or ratio == 0.0 else ratio


def critical_value(conf_level: float, df: float) -> float:
    """Two-sided quantile of t with `df` degrees of freedom, normal for inf."""
    p = 0.5 + conf_level / 2.0
    return float(ndtri(p)) if np.isinf(df) else float(stdtrit(df, p))


def two_sided_p(statistic: float, df: float) -> float:
    """Two-sided p-value of a t (normal for df = inf) statistic."""
    tail = ndtr(-abs(statistic)) if np.isinf(df) else stdtr(df, -abs(statistic))
    return 2.0 * float(tail)


def _spread_fields(spread: het.Heterogeneity) -> dict[str, Any]:
    return {name: getattr(spread, name) for name in het.Heterogeneity.__dataclass_fields__}
