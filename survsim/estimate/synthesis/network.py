"""Network meta-analysis of treatment contrasts: common heterogeneity, multi-arm studies, node splits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc, ndtr

from survsim.core.checks import FloatArray, between, label_list, one_of
from survsim.core.errors import EvidenceWarning, InputError, SmallSampleWarning, warn
from survsim.core.pairing import paired
from survsim.core.provenance import Provenance
from survsim.core.renamed import renamed
from survsim.core.result import Result, result
from survsim.core.tables import Columns, frame, from_rows
from survsim.estimate.synthesis.meta_analysis import meta_analysis
from survsim.estimate.synthesis.network_design import NetworkRows, network_rows, treatments_of
from survsim.estimate.synthesis.network_likelihood import fit_network, restricted_tau2
from survsim.estimate.synthesis.network_prior import league_under_prior
from survsim.estimate.synthesis.pooling import (
    critical_value,
    settled_method,
    two_sided_p,
    variance_factor,
)

if TYPE_CHECKING:
    import pandas as pd


@result
class NetworkMetaAnalysis(Result):
    """Every treatment against every other, from direct and indirect evidence.

    Attributes
    ----------
    treatments : (T,), the reference first.
    estimate, std_error, conf_low, conf_high, prediction_low, prediction_high : (T, T), entry (i, j) is the
        effect of treatment i over treatment j.
    tau2 : between-study variance, common to all contrasts.
    q, q_df, q_p_value : heterogeneity and inconsistency together (tau2 = 0).
    df : of the t law behind the intervals; inf for the normal, and under a prior.
    p_score : (T,) mean certainty that a treatment has the lower effect (lower hazard); NaN when a contrast
        with itself is all there is.
    node_splits : one (treatment, comparator, direct, indirect, difference, std_error, p_value) for each
        contrast with both kinds of evidence.
    n_study, n_contrast : size of the network.
    notes : what a reader must know: a prior that stood in for heterogeneity, another variance than was asked for.
    """

    treatments: tuple[str, ...]
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    prediction_low: FloatArray
    prediction_high: FloatArray
    tau2: float
    q: float
    q_df: int
    q_p_value: float
    df: float
    p_score: FloatArray
    node_splits: tuple[tuple[str, str, float, float, float, float, float], ...]
    n_study: int
    n_contrast: int
    conf_level: float
    notes: tuple[str, ...] = ()

    def columns(self) -> Columns:
        """One row an ordered pair: treatment, comparator, estimate, std_error, intervals."""
        names = ("estimate", "std_error", "conf_low", "conf_high", "prediction_low", "prediction_high")
        pairs = [(i, j) for j in range(len(self.treatments)) for i in range(len(self.treatments)) if i != j]
        rows = [
            (self.treatments[i], self.treatments[j], *(float(getattr(self, n)[i, j]) for n in names))
            for i, j in pairs
        ]
        return from_rows(rows, ("treatment", "comparator", *names))

    def headline(self) -> str:
        """Size, heterogeneity and inconsistency."""
        low = [f"{a} over {b} (p = {p:.2g})" for a, b, *_, p in self.node_splits if p < 0.05]
        lines = [
            f"Network of {len(self.treatments)} treatments, {self.n_study} studies, tau2 {self.tau2:.4g}, "
            f"Q {self.q:.4g} on {self.q_df} df",
            f"{len(self.node_splits)} contrasts with direct and indirect evidence; in conflict: {', '.join(low) or 'none'}",
        ]
        return "\n".join([*lines, *(f"Note: {note}" for note in self.notes)])

    def splits(self) -> pd.DataFrame:
        """Node splits: treatment, comparator, direct, indirect, difference, std_error, p_value."""
        columns = ["treatment", "comparator", "direct", "indirect", "difference", "std_error", "p_value"]
        return frame(from_rows(self.node_splits, columns))


@renamed(sources="source")
def network_meta_analysis(
    study: Any,
    treatment: Any,
    comparator: Any,
    estimate: Any,
    std_error: Any,
    *,
    reference: str | None = None,
    effects: str = "random",
    conf_method: str = "modified-knapp-hartung",
    conf_level: float = 0.95,
    source: str | Iterable[str] = (),
    tau_prior_scale: float | None = 0.5,
) -> NetworkMetaAnalysis:
    """Contrast-based network: ``y = X d + u + e``, ``Var u = tau2`` and half of it between contrasts of a study.

    Parameters
    ----------
    study, treatment, comparator : (n,) labels; `estimate` is treatment over comparator.
    estimate, std_error : (n,) on an additive scale. A study of a arms gives all its a (a - 1) / 2 contrasts;
        their correlation follows from the standard errors.
    reference : treatment against which effects are parametrised; the first by name if None.
    effects : "random" (tau2 by REML) or "fixed".
    conf_method : as in `meta_analysis`, with degrees of freedom contrasts - (T - 1).
    conf_level, source : as in `meta_analysis`.
    tau_prior_scale : with as many contrasts as effects (0 degrees of freedom) nothing speaks of tau2. Random effects then
        have a half-normal prior of this scale on tau (0.5 suits log hazard ratios), posterior intervals, and a note that
        says so, as one study has in `meta_analysis`; None refuses.

    Returns
    -------
    NetworkMetaAnalysis : effect of every treatment against every other (T, T) with standard errors, tau2, and tests of inconsistency.

    Raises
    ------
    InputError : a network that falls into parts (named), a multi-arm study with contrasts missing, or random effects without
        a degree of freedom and without a prior.
    EvidenceError : contrasts of one multi-arm study that do not add up, by more than 0.0015 and a quarter of the
        smallest of their standard errors.

    References
    ----------
    Lu and Ades 2004, Stat Med 23:3105; White 2015, Stata J 15:951 (side-splitting).

    Example
    -------
    >>> from survsim import network_meta_analysis
    >>> n = network_meta_analysis(["s1", "s2", "s3", "s4"], ["B", "C", "C", "B"], ["A", "A", "B", "A"],
    ...     [-0.3, -0.5, -0.1, -0.2], [0.1, 0.1, 0.15, 0.12], effects="fixed")
    >>> n.treatments, n.estimate[:, 0].round(3)
    (('A', 'B', 'C'), array([ 0.   , -0.281, -0.463]))
    """
    one_of("effects", effects, ("random", "fixed"))
    one_of("conf_method", conf_method, ("modified-knapp-hartung", "knapp-hartung", "wald"))
    between("conf_level", conf_level, 0.0, 1.0)
    rows = network_rows(study, treatment, comparator, estimate, std_error, reference)
    n, p = rows.design.shape
    notes: tuple[str, ...] = ()
    options: dict[str, Any] = {}
    if n == p and effects == "random":
        tables, p_score, tau2 = league_under_prior(rows, _scale_of_prior(tau_prior_scale), conf_level)
        df, notes, options = (
            np.inf,
            (_ON_PRIOR.format(scale=tau_prior_scale),),
            {"tau_prior_scale": tau_prior_scale},
        )
        warn(f"{n} contrasts for {p} effects: {notes[0]}.", SmallSampleWarning)
    else:
        tau2 = restricted_tau2(rows, rows.design) if effects == "random" else 0.0
        fit = fit_network(rows, rows.design, tau2)
        _warn_of_size(n - p, effects)
        told: list[str] = []
        factor, df = _scale(fit.q, n - p, settled_method(conf_method, rows.y, rows.design, told))
        notes = tuple(told)
        tables = _league(fit.coefficients, fit.covariance * factor, tau2, critical_value(conf_level, df))
        p_score = _p_scores(tables["estimate"], tables["std_error"])
    q = fit_network(rows, rows.design, 0.0).q
    return NetworkMetaAnalysis(
        provenance=Provenance.of(
            "network_meta_analysis",
            source,
            effects=effects,
            conf_method=conf_method,
            conf_level=conf_level,
            reference=rows.treatments[0],
            **options,
        ),
        treatments=rows.treatments,
        tau2=tau2,
        q=q,
        q_df=n - p,
        q_p_value=float(chdtrc(n - p, q)) if n > p else 1.0,
        df=df,
        p_score=p_score,
        node_splits=tuple(_node_splits(rows, effects)),
        n_study=len(set(rows.study)),
        n_contrast=n,
        conf_level=conf_level,
        notes=notes,
        **tables,
    )


@renamed(sources="source")
def compare_single_arms(
    treatment: Any,
    estimate: Any,
    std_error: Any,
    *,
    reference: str | None = None,
    labels: Sequence[Any] | None = None,
    conf_level: float = 0.95,
    source: str | Iterable[str] = (),
) -> pd.DataFrame:
    """Arm-based comparison of single-arm studies: treatments as groups of one meta-regression.

    No randomisation stands behind these contrasts: patients differ between studies as well as treatments.
    An `EvidenceWarning` says so each time.

    Parameters
    ----------
    treatment : (k,) labels; estimate, std_error : (k,) absolute outcome of each arm (log median, log odds).
    reference : treatment compared with; the first by name if None.
    labels, conf_level, source : as in `meta_analysis`.

    Returns
    -------
    Frame with treatment, comparator, estimate, std_error, conf_low, conf_high, prediction_low,
    prediction_high.

    Raises
    ------
    InputError : one treatment only, a `reference` that is none of them, too few arms for their number.

    References
    ----------
    Dias and Ades 2016, Res Synth Methods 7:23 (why arm-based effects need care).

    Example
    -------
    >>> import warnings; warnings.simplefilter("ignore")
    >>> from survsim.synthesis import compare_single_arms
    >>> compare_single_arms(["A", "A", "B", "B", "B"], [2.0, 2.2, 2.6, 2.7, 2.5], [0.2] * 5)["estimate"].round(2)
    0    0.5
    Name: estimate, dtype: float64
    """
    import pandas as pd

    treatment, estimate, std_error, labels = paired(
        treatment=treatment, estimate=estimate, std_error=std_error, labels=labels
    )
    arms = [str(t) for t in label_list("treatment", treatment)]
    if not arms:
        raise InputError("there is nothing to compare: no arm was given.")
    names = treatments_of(arms, reference)
    if len(names) < 2:
        raise InputError(f"all arms received {names[0]}; there is nothing to compare.")
    warn(
        f"{len(arms)} single arms of {len(names)} treatments: differences between treatments are differences between "
        "studies as well, not randomised comparisons.",
        EvidenceWarning,
    )
    matrix = np.array([[float(arm == name) for name in names[1:]] for arm in arms])
    fit = meta_analysis(
        estimate, std_error, moderators=matrix, labels=labels, conf_level=conf_level, source=source
    )
    width = critical_value(conf_level, fit.df)
    reach = width * np.sqrt(2.0 * fit.tau2 + fit.std_error**2)
    return pd.DataFrame(
        {
            "treatment": names[1:],
            "comparator": names[0],
            "estimate": fit.estimate[1:],
            "std_error": fit.std_error[1:],
            "conf_low": fit.conf_low[1:],
            "conf_high": fit.conf_high[1:],
            "prediction_low": (fit.estimate - reach)[1:],
            "prediction_high": (fit.estimate + reach)[1:],
        }
    )


def _scale(q: float, df: int, conf_method: str) -> tuple[float, float]:
    if conf_method == "wald" or df < 1:
        return 1.0, np.inf
    return variance_factor(q, df, conf_method), float(df)


_ON_PRIOR = "nothing is left to estimate tau2 by; tau has a half-normal prior of scale {scale:g} and the intervals are posterior"


def _scale_of_prior(scale: float | None) -> float:
    """The scale, or the refusal of random effects of which nothing is known."""
    if scale is None:
        raise InputError(
            "the network has as many contrasts as effects, which says nothing of tau2; give tau_prior_scale or use "
            "effects='fixed'."
        )
    return between("tau_prior_scale", scale, 0.0, np.inf)


def _warn_of_size(df: int, effects: str) -> None:
    if df < 2:
        taken = " and, with effects='fixed', taken for 0" if effects == "fixed" else ""
        warn(
            f"the network has {df} contrasts more than it has effects to estimate; its heterogeneity is hardly known{taken}.",
            SmallSampleWarning,
        )


def _league(beta: FloatArray, covariance: FloatArray, tau2: float, width: float) -> dict[str, FloatArray]:
    """All pairs from effects against the reference."""
    effect = np.concatenate([[0.0], beta])
    full = np.zeros((effect.size, effect.size))
    full[1:, 1:] = covariance
    estimate = effect[:, None] - effect[None, :]
    variance = np.diag(full)[:, None] + np.diag(full)[None, :] - 2.0 * full
    error = np.sqrt(np.maximum(variance, 0.0))
    other = 1.0 - np.eye(effect.size)
    reach = width * np.sqrt(variance + tau2) * other
    return {
        "estimate": estimate,
        "std_error": error,
        "conf_low": estimate - width * error,
        "conf_high": estimate + width * error,
        "prediction_low": estimate - reach,
        "prediction_high": estimate + reach,
    }


def _p_scores(estimate: FloatArray, error: FloatArray) -> FloatArray:
    """Mean over the others of the one-sided certainty of a lower effect (Rücker and Schwarzer 2015)."""
    n = estimate.shape[0]
    apart = ~np.eye(n, dtype=bool)
    certain = np.zeros((n, n))
    certain[apart] = ndtr(-estimate[apart] / error[apart])
    return np.asarray(certain.sum(axis=1) / (n - 1))


def _node_splits(rows: NetworkRows, effects: str) -> list[tuple[str, str, float, float, float, float, float]]:
    """For each contrast with direct evidence: an extra parameter for it, kept if it can be told apart."""
    found = []
    for a, b in sorted({tuple(sorted(pair)) for pair in rows.pairs}):
        extra = rows.direct_column(a, b)
        x = np.column_stack([rows.design, extra])
        if np.linalg.matrix_rank(x) < x.shape[1]:
            continue
        tau2 = restricted_tau2(rows, x) if effects == "random" and x.shape[0] > x.shape[1] else 0.0
        fit = fit_network(rows, x, tau2)
        difference, error = float(fit.coefficients[-1]), float(np.sqrt(fit.covariance[-1, -1]))
        effect = np.concatenate([[0.0], fit.coefficients[:-1]])
        indirect = float(effect[rows.treatments.index(b)] - effect[rows.treatments.index(a)])
        found.append(
            (
                b,
                a,
                indirect + difference,
                indirect,
                difference,
                error,
                two_sided_p(difference / error, np.inf),
            )
        )
    return found
