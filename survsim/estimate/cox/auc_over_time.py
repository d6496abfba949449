"""How well a score tells those who have had the event by a time from those who have not: the AUC at that time."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray, between, float_matrix, float_vector, one_of
from survsim.core.clusters import warn_of_one_unit
from survsim.core.errors import InputError
from survsim.core.kinds import dimensions
from survsim.core.one_row import in_one_row
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.core.times import asked_times, in_order_of_times, meet
from survsim.estimate.cox import censoring_weights as ipcw
from survsim.estimate.cox.concordance import joined_scores
from survsim.estimate.cox.share_limits import share_limits
from survsim.estimate.nonparametric.kaplan_meier import kaplan_meier

LIMITS = ("logit", "plain")


@result
class TimeDependentAuc(Result):
    """Cumulative-dynamic AUC at T times.

    Attributes
    ----------
    time : (T,) in `unit`; estimate, std_error, conf_low, conf_high : (T,); limits NaN where the error is 0.
    n_case, n_control : (T,) patients with an event by the time, and followed beyond it.
    mean : over the times, weighted by the fall of the Kaplan-Meier curve up to each.
    """

    time: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    n_case: IntArray
    n_control: IntArray
    mean: float
    conf_level: float
    conf_type: str
    unit: str

    def columns(self) -> Columns:
        """Columns time, n_case, n_control, estimate, std_error, conf_low, conf_high."""
        names = ("time", "n_case", "n_control", "estimate", "std_error", "conf_low", "conf_high")
        return {name: getattr(self, name) for name in names}

    def headline(self) -> str:
        return (
            f"Time-dependent AUC at {self.time.size} times ({self.unit}), {self.conf_level:.0%} intervals "
            f"({self.conf_type}); weighted mean {format_number(self.mean)}"
        )


def time_dependent_auc(
    surv: Surv, score: Any, times: Any, *, conf_level: float = 0.95, conf_type: str = "logit"
) -> TimeDependentAuc:
    """P(score_i < score_j) for i with an event by t and j free of it beyond t; ties of the score count half.

    Cases are weighted by 1 / G(T_i-), G the Kaplan-Meier curve of censoring; the standard error is that of the
    infinitesimal jackknife and counts the estimation of G.

    Parameters
    ----------
    surv : response without delayed entry and causes; weights are used and clusters kept together, strata are not.
    score : (n,) predicted survival, or minus the linear predictor: a high score predicts long survival. Or (n, T), one
        column a time, put in the order of `times` where columns are called by numbers.
    times : (T,) between the first event and the end of follow-up.
    conf_level : of the pointwise intervals.
    conf_type : "logit" (default) or "plain", estimate -+ z std_error.

    Returns
    -------
    TimeDependentAuc : at each time the AUC with its standard error and limits, and the numbers of cases and controls.

    Raises
    ------
    InputError : scores that are missing or not one a patient, times without cases or controls, delayed entry.

    References
    ----------
    Uno et al. (2007), J Am Stat Assoc 102:527; Blanche, Dartigues & Jacqmin-Gadda (2013), Stat Med 32:5381, for the
    standard error; Lambert & Chevret (2016), Stat Methods Med Res 25:2088, for the mean.

    Example
    -------
    >>> from survsim import Surv
    >>> from survsim.cox import time_dependent_auc
    >>> surv = Surv.right([1, 2, 3, 4, 5, 6], [1, 1, 0, 1, 1, 0], unit="years")
    >>> time_dependent_auc(surv, [1, 3, 4, 5, 2, 6], [2.5, 4.5]).estimate.round(4)
    array([0.875, 0.65 ])
    """
    one_of("conf_type", conf_type, LIMITS)
    between("conf_level", conf_level, 0.0, 1.0)
    shown = asked_times("times", times, unit=surv.unit)
    if shown.size == 0:
        raise InputError("times is empty; name at least one.")
    surv, scores = in_one_row(surv, score=_scores(surv, score, shown))
    ipcw.refuse_what_ipcw_has_not(surv, "the time-dependent AUC")
    when = meet(shown, surv.time)
    curve = ipcw.censoring_curve(surv)
    found = [_auc_at(surv, scores[:, k], t, curve) for k, t in enumerate(when)]
    estimate, influence = np.array([f[0] for f in found]), np.stack([f[1] for f in found], axis=1)
    std_error = ipcw.standard_error(influence, surv)
    warn_of_one_unit(surv)
    low, high = share_limits(estimate, std_error, conf_level, conf_type, of="the AUC")
    return TimeDependentAuc(
        time=shown, estimate=estimate, std_error=std_error, conf_low=low, conf_high=high,
        n_case=np.array([f[2] for f in found]), n_control=np.array([f[3] for f in found]),
        mean=_mean(surv, when, estimate), conf_level=float(conf_level), conf_type=conf_type, unit=surv.unit,
        provenance=Provenance.of("time_dependent_auc", surv, times=shown, conf_level=conf_level, conf_type=conf_type),
    )  # fmt: skip


def _scores(surv: Surv, score: Any, times: FloatArray) -> FloatArray:
    """Scores (n, T), those apart by rounding only made equal."""
    score, size = in_order_of_times("score", surv.paired("score", score), times), times.size
    if dimensions(score) == 2:
        values = float_matrix("score", score, truth=False)
        if values.shape != (len(surv), size) or not np.isfinite(values).all():
            raise InputError(
                f"score must hold {len(surv)} patients by {size} times, all finite; got shape {values.shape}."
            )
        return np.stack([joined_scores(column) for column in values.T], axis=1)
    one = joined_scores(float_vector("score", score, len(surv)))
    return np.repeat(one[:, None], size, axis=1)


def _auc_at(
    surv: Surv, score: FloatArray, time: float, curve: ipcw.CensoringCurve
) -> tuple[float, FloatArray, int, int]:
    """AUC at one time, each patient's influence (n,), numbers of cases and controls."""
    case, control = ipcw.cases_and_controls(surv, time, "the AUC")
    w = ipcw.weights_of(surv)
    i, j = np.flatnonzero(case), np.flatnonzero(control)
    c, u = w[i] / curve.before(surv.time[i]), w[j]
    wins_of_case, wins_of_control = _wins(score[i], score[j], c, u)
    pairs = float(c.sum() * u.sum())
    auc = float(c @ wins_of_case) / pairs
    surplus = wins_of_case - auc * u.sum()  # of each case over all controls
    influence = np.zeros(len(surv))
    influence[i] += c * surplus
    influence[j] += u * (wins_of_control - auc * c.sum())
    where = np.searchsorted(curve.time, surv.time[i], side="left")
    influence -= w * curve.pull(where, c * surplus)
    return auc, influence / pairs, i.size, j.size


def _wins(
    case: FloatArray, control: FloatArray, c: FloatArray, u: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Weight of controls above each case and of cases below each control, ties counting half."""

    def above(values: FloatArray, others: FloatArray, weight: FloatArray) -> FloatArray:
        order = np.argsort(others, kind="stable")
        total = np.concatenate([[0.0], np.cumsum(weight[order])])
        low = np.searchsorted(others[order], values, side="left")
        high = np.searchsorted(others[order], values, side="right")
        return total[-1] - 0.5 * (total[low] + total[high])

    return above(case, control, u), above(-control, -case, c)


def _mean(surv: Surv, when: FloatArray, estimate: FloatArray) -> float:
    """Mean over the times, each weighted by the fall of the survival curve since the one before."""
    order = np.argsort(when, kind="stable")
    whole = kaplan_meier(Surv.right(surv.time, surv.event, unit=surv.unit, weight=surv.weight))
    survival = whole.survival_at(when[order]).estimate
    fall = -np.diff(np.concatenate([[1.0], survival]))
    return float(fall @ estimate[order] / fall.sum())
