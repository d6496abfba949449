"""Cumulative meta-analysis: the pooled result as each study was added."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray, float_vector
from survsim.core.errors import InputError, SmallSampleWarning
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.tables import Columns
from survsim.estimate.printed.study_effects import study_effects
from survsim.estimate.printed.study_rows import Studies
from survsim.estimate.synthesis.pooling import (
    MetaAnalysis,
    pool_rows,
    refuse_other_results,
    repool,
    warn_of_agreement,
)


@result
class CumulativeMetaAnalysis(Result):
    """The pooled result after each study, in the order in which they were added.

    Attributes
    ----------
    labels : (k,) the study added; order : (k,) what they were sorted by (1, 2, ... where that was their own order).
    n_studies : (k,) pooled so far.
    estimate, std_error, conf_low, conf_high, p_value, tau2, q, i2 : (k,) of the studies so far; the first row is the first
        study alone, with its normal interval.
    conf_level : of the intervals.
    """

    labels: tuple[str, ...]
    order: FloatArray
    n_studies: IntArray
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    p_value: FloatArray
    tau2: FloatArray
    q: FloatArray
    i2: FloatArray
    conf_level: float

    def columns(self) -> Columns:
        """One row a study added: label, order, n_studies, and the result of the studies so far."""
        names = ("order", "n_studies", *_COLUMNS)
        return {"label": list(self.labels), **{name: getattr(self, name) for name in names}}

    def headline(self) -> str:
        """Where the mean began and ended."""
        return (
            f"Cumulative meta-analysis of {len(self.labels)} studies: mean from {format_number(float(self.estimate[0]))} "
            f"({self.labels[0]}) to {format_number(float(self.estimate[-1]))}, {self.conf_level:.0%} intervals"
        )


_COLUMNS = ("estimate", "std_error", "conf_low", "conf_high", "p_value", "tau2", "q", "i2")


def cumulative_meta_analysis(pooled: MetaAnalysis, order: Any = None) -> CumulativeMetaAnalysis:
    """Pool the first study, the first two, and so on, tau2 estimated anew each time.

    Each step looks at the data again: its intervals and p-values are those of one look and are no tests of when the
    answer was known.

    Parameters
    ----------
    pooled : result of `meta_analysis` with at least two studies; its methods are used again.
    order : (k,) numbers to sort by, the year of publication say, one for each of `pooled.labels`; equal ones keep the
        order of the studies. None for the order in which the studies were pooled.

    Returns
    -------
    CumulativeMetaAnalysis : for each study added the pooled mean with its interval, tau2, Q and I2.

    Raises
    ------
    InputError : one study, a result that is no plain pooling, or an order that is not one number a study.

    References
    ----------
    Lau et al. 1992, N Engl J Med 327:248.

    Example
    -------
    >>> from survsim import meta_analysis
    >>> from survsim.synthesis import cumulative_meta_analysis
    >>> pooled = meta_analysis([-0.36, -0.22, -0.51, -0.05], [0.12, 0.15, 0.21, 0.11], conf_method="wald")
    >>> cumulative_meta_analysis(pooled, order=[2004, 1999, 2010, 2015]).estimate.round(3)
    array([-0.22 , -0.305, -0.339, -0.251])
    """
    refuse_other_results("cumulative_meta_analysis", pooled)
    if pooled.k < 2:
        raise InputError("one study has nothing to be added to; at least 2 are needed.")
    keys = np.arange(1.0, pooled.k + 1.0)
    if order is not None:
        keys = float_vector("order", study_effects(pooled).beside("order", order))
        if keys.size != pooled.k:
            raise InputError(
                f"order has {keys.size} numbers for {pooled.k} studies ({', '.join(pooled.labels[:5])}, ...); give one a study. "
                "Rows that share patients were joined before and count once."
            )
    place = np.argsort(keys, kind="stable")
    steps = [_first(pooled, place, n) for n in range(1, pooled.k + 1)]
    warn_of_agreement({f"the first {n} studies": step for n, step in enumerate(steps, 1)})
    return CumulativeMetaAnalysis(
        provenance=Provenance.of("cumulative_meta_analysis", pooled, order=keys),
        labels=tuple(pooled.labels[i] for i in place),
        order=keys[place],
        n_studies=np.arange(1, pooled.k + 1),
        conf_level=pooled.conf_level,
        **{name: np.array([getattr(step, name) for step in steps]) for name in _COLUMNS},
    )


def _first(pooled: MetaAnalysis, place: IntArray, n: int) -> MetaAnalysis:
    """The first `n` studies of the order, pooled as all were."""
    at = place[:n]
    rows = Studies(
        pooled.study_estimate[at], pooled.study_std_error[at], tuple(pooled.labels[i] for i in at), (),
        tuple((i,) for i in range(n)),
    )  # fmt: skip
    step = Provenance.of("cumulative_meta_analysis", pooled)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        if n == 1:
            return pool_rows(rows, "fixed", "wald", pooled.conf_level, None, step)
        return repool(rows, pooled, step)
