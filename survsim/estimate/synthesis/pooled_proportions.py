"""Pooling of proportions from events and patients: a binomial model with normal effects between studies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import betaincinv, chdtrc, expit, ndtri, xlogy

from survsim.core.checks import FloatArray, between
from survsim.core.errors import InputError, SmallSampleWarning, warn
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.tables import Columns, stacked
from survsim.estimate.synthesis.arm_counts import checked_counts
from survsim.estimate.synthesis.binomial_normal import Counts, fit_binomial_normal


@result
class PooledProportion(Result):
    """A pooled proportion and how far the studies disagree.

    Attributes
    ----------
    estimate, conf_low, conf_high : the proportion in the middle study (that of the mean logit) with its interval.
    prediction_low, prediction_high : interval for the true proportion of a new study.
    logit_estimate, logit_std_error : the mean on the logit scale; tau2 : variance between studies there.
    lr_statistic, lr_df, lr_p_value : likelihood ratio test of one common proportion against one for each study.
    k, labels, events, n, study_low, study_high : the studies, with exact (Clopper-Pearson) intervals.
    log_likelihood : at the maximum; conf_level : of all intervals.
    """

    estimate: float
    conf_low: float
    conf_high: float
    prediction_low: float
    prediction_high: float
    logit_estimate: float
    logit_std_error: float
    tau2: float
    lr_statistic: float
    lr_df: int
    lr_p_value: float
    k: int
    labels: tuple[str, ...]
    events: FloatArray
    n: FloatArray
    study_low: FloatArray
    study_high: FloatArray
    log_likelihood: float
    conf_level: float

    def columns(self) -> Columns:
        """Rows "study", then "pooled" and "prediction": kind, label, events, n, estimate, conf_low, conf_high."""
        studies = {
            "kind": "study",
            "label": list(self.labels),
            "events": self.events,
            "n": self.n,
            "estimate": self.events / self.n,
            "conf_low": self.study_low,
            "conf_high": self.study_high,
        }
        last = {
            "kind": ["pooled", "prediction"],
            "label": ["Pooled proportion", "New study"],
            "events": [self.events.sum(), np.nan],
            "n": [self.n.sum(), np.nan],
            "estimate": [self.estimate, self.estimate],
            "conf_low": [self.conf_low, self.prediction_low],
            "conf_high": [self.conf_high, self.prediction_high],
        }
        return stacked([studies, last], tuple(studies))

    def headline(self) -> str:
        return (
            f"Proportion pooled from {self.k} studies, {self.events.sum():g} of {self.n.sum():g} "
            f"(binomial model with normal effects, {self.conf_level:.0%} intervals)\n"
            f"tau2 {format_number(self.tau2)} (logit scale); one proportion for all: chi2 {format_number(self.lr_statistic)} "
            f"on {self.lr_df} df, p {format_number(self.lr_p_value)}"
        )


def pool_proportions(
    events: Any, n: Any, *, labels: Sequence[Any] | None = None, source: Any = (), conf_level: float = 0.95
) -> PooledProportion:
    """Pool proportions by the binomial likelihood with a normal law of the studies' logits; no continuity correction.

    A study without events, or in which everybody had one, adds what its likelihood says. Maximum likelihood by adaptive
    quadrature (61 nodes); intervals are normal on the logit scale.

    Parameters
    ----------
    events, n : (k,) patients with the event, and patients, whole numbers.
    labels : (k,) names of the studies; source : references behind the numbers.
    conf_level : of all intervals.

    Returns
    -------
    PooledProportion : the pooled proportion with its interval, tau2, the prediction interval and a test of homogeneity.

    Raises
    ------
    InputError : counts that are no counts, or no event in any study (or in every patient), for which the logit has no
        estimate.
    ConvergenceError : every study has all events or none, so that the spread between them is infinite.

    References
    ----------
    Stijnen, Hamza & Ozdemir 2010, Stat Med 29:3046; Schwarzer et al. 2019, Res Synth Methods 10:476, against the
    double-arcsine transformation.

    Example
    -------
    >>> from survsim.synthesis import pool_proportions
    >>> pooled = pool_proportions([0, 3, 5, 1], [12, 30, 25, 18])
    >>> round(pooled.estimate, 3), round(pooled.conf_low, 3), round(pooled.conf_high, 3)
    (0.106, 0.056, 0.191)
    """
    between("conf_level", conf_level, 0.0, 1.0)
    found, names = checked_counts(labels, source, events=events, n=n)
    x, size = found["events"], found["n"]
    if x.sum() == 0 or x.sum() == size.sum():
        what = "no patient" if x.sum() == 0 else "every patient"
        low, high = exact_limits(np.array([x.sum()]), np.array([size.sum()]), conf_level)
        raise InputError(
            f"{what} of {size.sum():g} had the event in any study: the mean logit is infinite. The exact {conf_level:.0%} limits "
            f"of the total are {low[0]:.3g} to {high[0]:.3g}; or take a prior (power_prior, map_prior)."
        )
    if x.size < 3:
        warn(
            f"{x.size} {'study' if x.size == 1 else 'studies'}: the spread between studies is hardly told, and the intervals "
            "take it for known.",
            SmallSampleWarning,
        )
    counts = Counts(x[:, None], size[:, None], np.ones((1, 1)), np.ones((1, 1)))
    overall = x.sum() / size.sum()
    fit = fit_binomial_normal(counts, np.array([np.log(overall / (1.0 - overall))]), spreads=x.size > 1)
    ratio = max(0.0, 2.0 * (_log_likelihood(x, size, x / size) - _log_likelihood(x, size, overall)))
    mean, error, tau = float(fit.mean[0]), float(np.sqrt(fit.covariance[0, 0])), float(fit.spread[0])
    z = float(ndtri(0.5 + conf_level / 2.0))
    reach = z * float(np.hypot(error, tau))
    low, high = exact_limits(x, size, conf_level)
    return PooledProportion(
        estimate=float(expit(mean)), conf_low=float(expit(mean - z * error)), conf_high=float(expit(mean + z * error)),
        prediction_low=float(expit(mean - reach)), prediction_high=float(expit(mean + reach)), logit_estimate=mean,
        logit_std_error=error, tau2=tau**2, lr_statistic=ratio, lr_df=x.size - 1,
        lr_p_value=float(chdtrc(x.size - 1, ratio)) if x.size > 1 else 1.0, k=x.size, labels=names, events=x, n=size,
        study_low=low, study_high=high, log_likelihood=fit.log_likelihood, conf_level=float(conf_level),
        provenance=Provenance.of("pool_proportions", source, conf_level=conf_level),
    )  # fmt: skip


def _log_likelihood(events: FloatArray, n: FloatArray, p: Any) -> float:
    """Log likelihood of proportions p, without binomial coefficients."""
    return float((xlogy(events, p) + xlogy(n - events, 1.0 - p)).sum())


def exact_limits(events: FloatArray, n: FloatArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Clopper and Pearson's limits (k,) of proportions."""
    tail = (1.0 - level) / 2.0
    none, all_ = events == 0, events == n
    low = np.where(none, 0.0, betaincinv(np.maximum(events, 1.0), n - events + 1.0, tail))
    high = np.where(all_, 1.0, betaincinv(events + 1.0, np.maximum(n - events, 1.0), 1.0 - tail))
    return low, high
