"""A target trial emulated by cloning, artificial censoring and inverse-probability-of-censoring weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.complete import complete_design
from survsim.core.design import design_matrix
from survsim.core.errors import ConvergenceError, InputError, SmallSampleWarning, warn
from survsim.core.frames import as_frame
from survsim.core.provenance import Provenance
from survsim.core.result import result
from survsim.core.surv import Surv
from survsim.core.tables import frame
from survsim.core.times import meet
from survsim.estimate.causal.artificial_censoring import Clones
from survsim.estimate.causal.contrast import (
    CausalContrast,
    asked,
    contrast_labels,
    contrast_values,
    percentile_limits,
    step_area,
    step_values,
)
from survsim.estimate.causal.covariate_history import measured_at
from survsim.estimate.causal.logistic import SEPARATION
from survsim.estimate.causal.time_varying_treatment import start_times
from survsim.estimate.causal.treatment_weights import HEAVY
from survsim.estimate.resampling.bootstrap import resample_counts

if TYPE_CHECKING:
    import pandas as pd

LABELS = ("not within grace", "within grace")


@result
class CloneCensorWeight(CausalContrast):
    """Survival under "start within the grace period" against "do not", with the state of the clones.

    Attributes
    ----------
    grace : length of the period in `unit`.
    n_started : patients who started within it.
    n_censored : (2,) clones censored artificially, by strategy.
    n_after, effective_size, largest_share, weight_max : (2,) of the clones followed beyond the period.
    weight_after : for each strategy the weights of those clones.
    """

    grace: float
    n_started: int
    n_censored: FloatArray
    n_after: FloatArray
    effective_size: FloatArray
    largest_share: FloatArray
    weight_max: FloatArray
    weight_after: tuple[FloatArray, ...]

    def diagnostics(self) -> pd.DataFrame:
        """One row a strategy: n_censored, n_after, effective_size, largest_share, weight_max."""
        names = ("n_censored", "n_after", "effective_size", "largest_share", "weight_max")
        return frame({"strategy": list(self.groups), **{n: getattr(self, n) for n in names}})


def clone_censor_weight(
    surv: Surv,
    start: Any,
    *,
    grace: float,
    formula: str | None = None,
    data: pd.DataFrame | None = None,
    history: pd.DataFrame | None = None,
    patient: str = "patient_id",
    measured: str = "time",
    n_intervals: int = 6,
    times: Any = None,
    tau: float | None = None,
    truncate: float | None = None,
    separation: str = "error",
    labels: tuple[str, str] = LABELS,
    n_resamples: int = 500,
    seed: int = 1,
    conf_level: float = 0.95,
    missing: str = "refuse",
) -> CloneCensorWeight:
    """Compare "start treatment within the grace period" with "do not start within it", from time 0.

    Each patient enters both strategies. The clone under "do not" is censored when treatment starts; the clone
    under "start" is censored at the end of the period if it has not. Both count a death before that. Those
    who go on stand for the censored: weight 1 / P(not yet censored | covariates), by pooled logistic
    regression on the intervals of the period ("do not"), and by logistic regression at its end ("start").
    Treatment after the period is left to follow its course in both.

    Parameters
    ----------
    surv : response from the time at which a trial would have randomised; its weights count in the censoring models too.
    start : (n,) start of treatment in the unit of `surv`, ``numpy.inf`` for never.
    grace : length of the period in the unit of `surv`.
    formula, data : covariates of both censoring models (known at time 0), or None for none.
    history : covariates that change over time and bring treatment about, a row for each patient and time from which its values
        hold; `formula` may name its columns and those of `data`. In each interval the last values known when it begins count.
        The chance under "start" is then that of the last interval, of those who have not started when it begins: the strategy
        leaves starts to their course until then.
    patient, measured : column of the patient in `data` and `history`, and of the time (in the unit of `surv`) in `history`.
    n_intervals : equal intervals of the period.
    times, tau : at which survival and restricted means are compared; the end of common follow-up if None.
    truncate : share q: weights above their (1-q)-th quantile after the period are set to it.
    separation : "error", or "firth" where covariates decide who starts.
    labels : names of the strategies, "do not" first.
    n_resamples, seed : patients resampled, both clones together, weights estimated again (Firth where they
        separate); 0 for no interval.
    missing : "refuse", or "drop" for leaving out patients without a known start or covariate in `data`, counted in a
        warning. Of `history` no row is left out: an older value would hold in its place.

    Returns
    -------
    CloneCensorWeight : the two weighted curves of the clones, survival and restricted means of each with their contrasts and limits.

    Raises
    ------
    InputError : a missing start, a start after the end of follow-up, nobody left under a strategy, a patient without values at time 0.
    ConvergenceError : the covariates decide who starts.

    Reference: Hernan & Robins 2016 (Am J Epidemiol 183:758); Maringe et al. 2020 (Int J Epidemiol 49:1719); for covariates over
    time Cain et al. 2010 (Int J Biostat 6(2):18).

    Example
    -------
    >>> import numpy as np
    >>> from survsim import Surv, clone_censor_weight
    >>> s = Surv.right([2, 4, 5, 6, 7, 8, 9, 10], [1] * 8, unit="months")
    >>> start = [np.inf, 1, np.inf, 2, np.inf, 1, np.inf, 2]
    >>> clone_censor_weight(s, start, grace=3, times=8, tau=8, n_resamples=0).n_censored.tolist()
    [4.0, 3.0]
    """
    grace = between("grace", grace, 0.0, float(surv.time.max()), unit=surv.unit)
    between("conf_level", conf_level, 0.0, 1.0)
    between("n_resamples", n_resamples, 0, 1e6, open_ends=False)
    between("n_intervals", n_intervals, 1, 1000, open_ends=False)
    one_of("separation", separation, SEPARATION)
    if truncate is not None:
        between("truncate", truncate, 0.0, 0.5)
    over_time = None if history is None else (history, patient, measured)
    data = None if data is None else surv.paired("data", as_frame(data))
    surv, formula, data, rows = complete_design(surv, formula, data, {"start": start}, missing)
    start = rows["start"]
    clones = _clones(surv, start, grace, formula, data, int(n_intervals), over_time)
    if not clones.grid.size:
        raise InputError("nobody has an event under either strategy; there is nothing to compare.")
    at, horizon = asked(times, tau, float(clones.end.max(axis=1).min()), surv.unit, surv.time)
    ones = np.ones(len(surv))
    weights = _truncated(clones, clones.weights(ones, separation), truncate, ones)
    curves = clones.curves(ones, weights)
    estimate = _values(clones, curves, at, horizon)
    replicates = (
        _replicates(clones, truncate, int(n_resamples), seed, at, horizon)
        if n_resamples
        else np.empty((0, 1))
    )
    state = _state(clones, weights)
    made = CloneCensorWeight(
        groups=tuple(labels),
        **contrast_labels(tuple(labels), at, horizon),
        estimate=estimate,
        **percentile_limits(replicates, estimate.size, conf_level),
        curves=tuple((clones.grid, curve) for curve in curves),
        n_patients=len(surv),
        conf_level=float(conf_level),
        unit=surv.unit,
        grace=float(grace),
        n_started=int(clones.within.sum()),
        **state,
        provenance=Provenance.of(
            "clone_censor_weight", surv, grace=grace, unit=surv.unit, formula=formula, n_intervals=n_intervals, times=at,
            tau=horizon, truncate=truncate, over_time=history is not None or None, separation=separation, n_resamples=n_resamples, seed=seed,
        ),
    )  # fmt: skip
    _warn_few(made)
    return made


def _clones(
    surv: Surv,
    start: Any,
    grace: float,
    formula: str | None,
    data: pd.DataFrame | None,
    n_intervals: int,
    over_time: tuple[Any, str, str] | None,
) -> Clones:
    if surv.entry is not None or surv.cluster is not None or surv.stratum is not None:
        raise InputError(
            "clones need follow-up of single patients from time 0: no entry, cluster or stratum."
        )
    if (formula is None) != (data is None):
        raise InputError("formula and data come together; leave both out to weight without covariates.")
    data = None if data is None else surv.paired("data", as_frame(data))
    if data is not None and len(data) != len(surv):
        raise InputError(f"data has {len(data)} rows for {len(surv)} patients; they must be in one order.")
    begin = start_times(start, surv)
    grace = float(meet(grace, np.concatenate([surv.time, begin])))
    breaks = meet(np.linspace(0.0, grace, n_intervals + 1), np.concatenate([surv.time, begin]))
    matrix, terms = np.empty((len(surv), n_intervals, 0)), tuple[str, ...]()
    if over_time is not None:
        if formula is None or data is None:
            raise InputError(
                "history needs formula, and data with a row a patient, in the order of the response, that names the patient of each."
            )
        history, *names = over_time
        matrix, terms = measured_at(history, data, (names[0], names[1]), formula, breaks[:-1], surv.unit)
    elif formula is not None and data is not None:
        design = design_matrix(formula, data)
        matrix = np.broadcast_to(design.matrix[:, None], (len(surv), n_intervals, design.matrix.shape[1]))
        terms = design.columns
    clones = Clones.of(surv, begin, matrix, terms, grace, breaks, over_time=over_time is not None)
    clones.check(surv.unit)
    return clones


def _truncated(clones: Clones, weights: FloatArray, share: float | None, counts: FloatArray) -> FloatArray:
    """Weights no larger than the quantile 1 - share of those in force after the grace period."""
    if share is None:
        return weights
    final = weights[:, :, -1]
    caps = [
        np.quantile(np.repeat(final[g, keep], counts[keep].astype(np.int64)), 1.0 - share)
        for g, keep in enumerate(clones.left)
    ]
    return np.minimum(weights, np.array(caps)[:, None, None])


def _values(clones: Clones, curves: FloatArray, at: FloatArray, tau: float) -> FloatArray:
    survival = step_values(clones.grid, curves, at)
    return contrast_values(survival[None], step_area(clones.grid, curves, tau)[None])[0]


def _replicates(
    clones: Clones, truncate: float | None, n_resamples: int, seed: int, at: FloatArray, tau: float
) -> FloatArray:
    """Values (B, k) on resampled patients; NaN where a strategy has nobody left."""
    counts = resample_counts(len(clones.time), n_resamples, seed, stream="clone-censor-weight")
    values = np.full((n_resamples, 4 * (at.size + 1)), np.nan)
    for b, row in enumerate(counts):
        if ((clones.left * row).sum(axis=1) == 0).any():
            continue
        try:
            weights = _truncated(clones, clones.weights(row, "firth", resample=True), truncate, row)
        except ConvergenceError:
            continue
        values[b] = _values(clones, clones.curves(row, weights), at, tau)
    return values


def _state(clones: Clones, weights: FloatArray) -> dict[str, Any]:
    after = tuple(weights[g, clones.left[g], -1] for g in (0, 1))
    return {
        "n_censored": (clones.end < clones.time).sum(axis=1).astype(np.float64),
        "n_after": clones.left.sum(axis=1).astype(np.float64),
        "effective_size": np.array([w.sum() ** 2 / (w**2).sum() for w in after]),
        "largest_share": np.array([w.max() / w.sum() for w in after]),
        "weight_max": np.array([w.max() for w in after]),
        "weight_after": after,
    }


def _warn_few(made: CloneCensorWeight) -> None:
    faults = [
        f"{int(n)} clones under {label!r} go on and weigh as much as {size:.1f}, one of them {share:.0%}"
        for label, n, size, share in zip(made.groups, made.n_after, made.effective_size, made.largest_share)
        if size < n / 2 or share > max(HEAVY, 2.5 / n)
    ]
    if faults:
        warn(
            f"few patients stand for many: {'; '.join(faults)}. Truncate (truncate=0.01), use fewer covariates or "
            "another grace period, and do not lean on the interval.",
            SmallSampleWarning,
        )
