"""Many Cox fits at once: resamples of one study, or simulated trials. No result objects a fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import chdtrc

from survsim.core.checks import BoolArray, FloatArray, IntArray, one_of
from survsim.core.design import plain_covariates
from survsim.core.display import displayed
from survsim.core.errors import InputError
from survsim.core.pairing import in_columns_of
from survsim.core.surv import Surv
from survsim.core.trial_rows import arm_of_patients, numbers, trial_rows
from survsim.estimate.cox.prepare import refuse_causes
from survsim.estimate.cox.separation import FAR, RiskIntervals, doubtful, separating_direction
from survsim.kernels import cox_batch as kernel
from survsim.kernels import cox_layout

TOLERANCE = 1e-12
"""Squared Newton decrement at which a fit ends, for weights of 1 or more."""
MOST_DRAWN = 1_000_000
"""Rows that one resample may draw: its ties are shared draw by draw."""


@displayed
@dataclass(frozen=True, slots=True)
class CoxBatch:
    """B fits.

    Attributes
    ----------
    estimate : (B, p) log hazard ratios; +inf or -inf where the likelihood has no maximum (a resample
        without events in one group), NaN where a resample has no information at all.
    covariance : (B, p, p), NaN in those two cases.
    log_likelihood_null, log_likelihood, score_chi2 : (B,).
    status : (B,) 0 converged, 1 not, 2 no maximum, 3 no information.
    """

    estimate: FloatArray
    covariance: FloatArray
    log_likelihood_null: FloatArray
    log_likelihood: FloatArray
    score_chi2: FloatArray
    status: IntArray

    @property
    def std_error(self) -> FloatArray:
        """(B, p)."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))

    @property
    def score_p_value(self) -> FloatArray:
        """(B,) of the score test, the log-rank test for a binary covariate."""
        return chdtrc(float(self.estimate.shape[1]), self.score_chi2)


def cox_resamples(
    surv: Surv, matrix: Any, counts: Any, *, ties: str = "efron", workers: int | None = None
) -> CoxBatch:
    """Cox fits of B resamples of one study.

    Parameters
    ----------
    surv : response; strata, weights and delayed entry are used.
    matrix : (n, p) covariates.
    counts : (B, n), columns of a frame paired with the rows of the response by label; how often each row is drawn: ``rng.multinomial(n, np.full(n, 1 / n), size=B)``. A row
        drawn twice counts as two tied rows, as if it had been copied.
    ties : "efron" or "breslow".

    Returns
    -------
    CoxBatch

    Raises
    ------
    InputError : covariates that are missing, not numbers or the same for everybody, counts that are not whole numbers of at least 0,
        more than a million draws a resample (or a hundred a row), no resample, shapes that do not agree, a response with
        several causes.

    Reference: Efron 1977 (J Am Stat Assoc 72:557) for ties; Efron 1981 (J Am Stat Assoc 76:312) for resampling.

    Example
    -------
    >>> from survsim import Surv
    >>> from survsim.cox import cox_resamples
    >>> surv = Surv.right([1, 2, 3, 4], [1, 1, 1, 0], unit="years")
    >>> cox_resamples(surv, [0.0, 1, 0, 1], [[1, 1, 1, 1], [2, 1, 1, 0]]).estimate.round(3).ravel()
    array([-0.941, -0.129])
    """
    one_of("ties", ties, ("efron", "breslow"))
    refuse_causes(surv)
    n, drawn = len(surv), numbers("counts", in_columns_of(surv.index, "counts", counts, "the response"))
    x = plain_covariates(surv, "matrix", matrix).matrix
    if x.shape[0] != n or drawn.ndim != 2 or drawn.shape[1] != n:
        raise InputError(f"matrix must be ({n}, p) and counts (B, {n}); got {x.shape} and {drawn.shape}.")
    if not drawn.shape[0]:
        raise InputError("counts has no rows; draw at least one resample.")
    if not ((drawn >= 0) & (drawn == np.floor(drawn))).all():
        raise InputError("counts must be whole numbers of at least 0: how often each row is drawn.")
    most = max(MOST_DRAWN, 100 * n)  # tied events are shared one by one
    if drawn.sum(axis=1).max() > most:
        raise InputError(
            f"counts of a resample must sum to at most {most:,}; got {drawn.sum(axis=1).max():.0f}. They say how often each row is "
            "drawn; weights go into the response, Surv.right(..., weight=...)."
        )
    if n and (np.ptp(x, axis=0) <= 1e-12 * np.abs(x).max(axis=0)).any():
        raise InputError("matrix has a column that is the same for everybody; drop it.")
    stratum = np.zeros(n, np.int64) if surv.stratum is None else surv.stratum
    order = np.lexsort((-surv.time, stratum))
    fresh = np.concatenate([[True], np.diff(stratum[order]) != 0])
    entry, late = np.empty(0), np.empty(0, np.int64)
    if surv.entry is not None:
        entry = surv.entry[order]
        late = np.lexsort((-entry, stratum[order]))
    scale = np.maximum(x.std(axis=0), 1e-300)
    standard = ((x - x.mean(axis=0)) / scale)[order]
    weight = np.ones(n) if surv.weight is None else surv.weight[order]
    rows = np.ascontiguousarray(drawn[:, order], dtype=np.int32)

    def layout(b: int) -> tuple[cox_layout.Layout, FloatArray]:
        own = order[rows[b] > 0]
        return _layout(surv.take(own)), standard[rows[b] > 0]

    return _run(
        standard[None], surv.time[order][None], surv.event[order][None], weight[None], fresh, entry, late,
        rows, scale, ties, workers, layout,
    )  # fmt: skip


def cox_trials(time: Any, event: Any, x: Any, *, ties: str = "efron", workers: int | None = None) -> CoxBatch:
    """Cox fits of B trials of n patients each.

    Parameters
    ----------
    time, event : (B, n) non-negative times in any one unit, True/False; times of a trial that differ in the
        last bits only are tied.
    x : (n,), (n, p), (B, n) or (B, n, p) covariates, for example the arm.
    ties : "efron" or "breslow".

    Returns
    -------
    CoxBatch

    Raises
    ------
    InputError : missing, infinite or negative times, events other than 0 and 1, covariates that are missing or
        the same for everybody in every trial, shapes that do not agree.

    Reference: Cox 1972 (J R Stat Soc B 34:187); Efron 1977 (J Am Stat Assoc 72:557) for ties.

    Example
    -------
    >>> from survsim.cox import cox_trials
    >>> cox_trials([[1.0, 2, 3, 4], [4.0, 3, 2, 1]], [[1, 1, 1, 0]] * 2, [0, 1, 0, 1]).estimate.round(3).ravel()
    array([-0.941,  0.347])
    """
    one_of("ties", ties, ("efron", "breslow"))
    x = arm_of_patients(x, time, event, "x")
    time, seen = trial_rows(time, event)
    values = numbers("x", x)
    if values.shape == time.shape[1:]:
        values = values[None, :, None]
    elif values.shape == time.shape:
        values = values[:, :, None]
    elif values.ndim == 2:
        values = values[None]
    if values.ndim != 3 or values.shape[0] not in (1, time.shape[0]) or values.shape[1] != time.shape[1]:
        raise InputError(
            f"x must be (n,), (n, p), (B, n) or (B, n, p) for time (B, n) = {time.shape}; got {np.shape(x)}."
        )
    flat = values.reshape(-1, values.shape[2])
    middle, scale = flat.mean(axis=0), flat.std(axis=0)
    if (scale <= 1e-12 * np.abs(middle)).any():
        raise InputError("x has a column that is the same for everybody in every trial; drop it.")
    values = np.broadcast_to(values, (*time.shape, values.shape[2]))
    order = np.argsort(-time, axis=1)
    standard = np.take_along_axis((values - middle) / scale, order[:, :, None], axis=1)
    fresh = np.zeros(time.shape[1], bool)
    fresh[0] = True
    standard = np.ascontiguousarray(standard)
    time, seen = np.take_along_axis(time, order, 1), np.take_along_axis(seen, order, 1)

    def layout(b: int) -> tuple[cox_layout.Layout, FloatArray]:
        return cox_layout.layout(time[b], seen[b], None, None, None, efron=False, whole=False), standard[b]

    return _run(
        standard, time, seen, np.ones(time.shape), fresh, np.empty(0), np.empty(0, np.int64),
        np.ones((1, time.shape[1]), np.int32), scale, ties, workers, layout,
    )  # fmt: skip


def _layout(surv: Surv) -> cox_layout.Layout:
    return cox_layout.layout(
        surv.time, surv.event, surv.entry, None, surv.stratum, efron=False, whole=surv.whole
    )


def _run(
    x: FloatArray, time: FloatArray, event: BoolArray, weight: FloatArray, fresh: BoolArray, entry: FloatArray,
    late: IntArray, count: Any, scale: FloatArray, ties: str, workers: int | None,
    layout: Callable[[int], tuple[cox_layout.Layout, FloatArray]],
) -> CoxBatch:  # fmt: skip
    """All fits; `layout` gives the risk sets of one and its standardised covariates."""
    estimate, covariance, values, status = kernel.fit_batch(
        x,
        time,
        event,
        weight,
        fresh,
        entry,
        late,
        count,
        efron=ties == "efron",
        workers=workers,
        tolerance=TOLERANCE * min(1.0, float(weight.mean())),
    )
    for b in _doubted(estimate, status, np.ptp(x, axis=(0, 1))):
        at, own = layout(int(b))
        if status[b] == kernel.CONVERGED and not doubtful(estimate[b], own):
            continue
        direction = separating_direction(RiskIntervals.of(at), own[at.rows])
        if direction is not None:
            moves = np.abs(direction) > 0.01
            estimate[b, moves] = np.sign(direction[moves]) * np.inf
            covariance[b], status[b] = np.nan, kernel.MONOTONE
    return CoxBatch(
        estimate / scale,
        covariance / np.outer(scale, scale),
        values[:, 0],
        values[:, 1],
        values[:, 2],
        status,
    )


def _doubted(estimate: FloatArray, status: IntArray, span: FloatArray) -> IntArray:
    """Fits that did not settle, and those that may lie so far out that rounding ended the search."""
    far = (status == kernel.CONVERGED) & ~(np.abs(estimate) @ span <= FAR)
    return np.flatnonzero(far | (status == kernel.NOT_CONVERGED))
