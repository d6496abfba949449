"""How far predicted survival lies from what happened: the Brier score, weighted for censoring."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, between, float_matrix, one_of
from survsim.core.clusters import warn_of_one_unit
from survsim.core.errors import InputError
from survsim.core.one_row import in_one_row
from survsim.core.provenance import Provenance
from survsim.core.result import Result, format_number, result
from survsim.core.surv import Surv
from survsim.core.tables import Columns
from survsim.core.times import asked_times, in_order_of_times, meet
from survsim.estimate.cox import censoring_weights as ipcw
from survsim.estimate.cox.auc_over_time import LIMITS
from survsim.estimate.cox.share_limits import share_limits
from survsim.estimate.nonparametric.kaplan_meier import kaplan_meier


@result
class BrierScore(Result):
    """Mean squared error of predicted survival at T times.

    Attributes
    ----------
    time : (T,) in `unit`; estimate, std_error, conf_low, conf_high : (T,); 0 is perfect, 0.25 is a coin.
    null : (T,) score of the Kaplan-Meier curve of all patients; 1 - estimate / null is the share explained.
    integrated, integrated_std_error : mean over the span of the times by the trapezoidal rule (NaN for one time).
    """

    time: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    null: FloatArray
    integrated: float
    integrated_std_error: float
    conf_level: float
    conf_type: str
    unit: str

    def columns(self) -> Columns:
        """Columns time, estimate, std_error, conf_low, conf_high, null, explained (1 - estimate / null)."""
        names = ("time", "estimate", "std_error", "conf_low", "conf_high", "null")
        return {name: getattr(self, name) for name in names} | {"explained": 1.0 - self.estimate / self.null}

    def headline(self) -> str:
        line = f"Brier score at {self.time.size} times ({self.unit}), {self.conf_level:.0%} intervals ({self.conf_type})"
        if self.time.size == 1:
            return line
        return f"{line}; integrated {format_number(self.integrated)} (standard error {format_number(self.integrated_std_error)})"


def brier_score(
    surv: Surv, predicted: Any, times: Any = None, *, conf_level: float = 0.95, conf_type: str = "logit"
) -> BrierScore:
    """Mean of (alive at t - predicted survival at t)^2, patients weighted by the inverse probability of staying uncensored.

    An event at T <= t has the weight 1 / G(T-), a patient followed beyond t 1 / G(t), G the Kaplan-Meier curve of
    censoring; the standard error is that of the infinitesimal jackknife and counts the estimation of G.

    Parameters
    ----------
    surv : response without delayed entry and causes; weights are used and clusters kept together, strata are not.
    predicted : (n, T) survival of each patient at each time, or what `predict_survival` returned for these patients; put in
        the order of the response by the row labels where both have them, and of `times` where columns are called by numbers.
    times : (T,) between the first event and the end of follow-up; those of the prediction where it has them.
    conf_level : of the pointwise intervals.
    conf_type : "logit" (default) or "plain", estimate -+ z std_error.

    Returns
    -------
    BrierScore : the score at each time with its standard error and limits, that of the Kaplan-Meier curve, and the
        integrated score.

    Raises
    ------
    InputError : predictions outside 0 and 1 or not one a patient and time, times without events or survivors, delayed entry.

    References
    ----------
    Graf, Schmoor, Sauerbrei & Schumacher (1999), Stat Med 18:2529; Gerds & Schumacher (2006), Biom J 48:1029.

    Example
    -------
    >>> from survsim import Surv
    >>> from survsim.cox import brier_score
    >>> surv = Surv.right([1, 2, 3, 4], [1, 1, 1, 0], unit="years")
    >>> brier_score(surv, [[0.2], [0.4], [0.7], [0.9]], [2.5]).estimate
    array([0.075])
    """
    one_of("conf_type", conf_type, LIMITS)
    between("conf_level", conf_level, 0.0, 1.0)
    values, shown = _predictions(surv, predicted, times)
    surv, values = in_one_row(surv, predicted=values)
    ipcw.refuse_what_ipcw_has_not(surv, "the Brier score")
    when = meet(shown, surv.time)
    curve = ipcw.censoring_curve(surv)
    whole = kaplan_meier(Surv.right(surv.time, surv.event, unit=surv.unit, weight=surv.weight))
    found = [_score_at(surv, values[:, k], t, curve) for k, t in enumerate(when)]
    alive = whole.survival_at(when).estimate
    null = [_score_at(surv, np.full(len(surv), s), t, curve)[0] for s, t in zip(alive, when)]
    estimate, influence = np.array([f[0] for f in found]), np.stack([f[1] for f in found], axis=1)
    std_error = ipcw.standard_error(influence, surv)
    warn_of_one_unit(surv)
    low, high = share_limits(estimate, std_error, conf_level, conf_type)
    share = _trapezoid(when)
    return BrierScore(
        time=shown, estimate=estimate, std_error=std_error, conf_low=low, conf_high=high, null=np.array(null),
        integrated=float(share @ estimate), integrated_std_error=float(ipcw.standard_error(influence @ share, surv)),
        conf_level=float(conf_level), conf_type=conf_type, unit=surv.unit,
        provenance=Provenance.of("brier_score", surv, times=shown, conf_level=conf_level, conf_type=conf_type),
    )  # fmt: skip


def _predictions(surv: Surv, predicted: Any, times: Any) -> tuple[FloatArray, FloatArray]:
    """Predicted survival (n, T) and its times."""
    if isinstance(predicted, Result):
        survival, own = getattr(predicted, "survival", None), getattr(predicted, "time", None)
        if survival is None or own is None:
            raise InputError(
                f"predicted must hold survival by patient and time, as predict_survival returns it; got {type(predicted).__name__}."
            )
        if times is not None and not np.array_equal(np.ravel(times), np.ravel(own)):
            raise InputError("the prediction has its own times; leave times out.")
        predicted, times = _by_patient(surv, survival, getattr(predicted, "labels", ())), own
    if times is None:
        raise InputError("times is missing: pass those of the columns of predicted.")
    shown = asked_times("times", times, unit=surv.unit)
    values = float_matrix(
        "predicted", in_order_of_times("predicted", surv.paired("predicted", predicted), shown), truth=False
    )
    if values.shape != (len(surv), shown.size) or shown.size == 0:
        raise InputError(
            f"predicted must hold {len(surv)} patients by {shown.size} times, at least one; got shape {values.shape}."
        )
    if not ((values >= 0.0) & (values <= 1.0)).all():
        raise InputError("predicted must hold probabilities of survival, between 0 and 1 and none missing.")
    return values, shown


def _by_patient(surv: Surv, survival: FloatArray, labels: tuple[Any, ...]) -> Any:
    """Predicted survival with the labels of its patients, where these are more than positions."""
    import pandas as pd

    if surv.index is None or len(labels) != len(survival):
        return survival
    index = pd.Index(list(labels), tupleize_cols=isinstance(surv.index, pd.MultiIndex))
    if list(labels) != list(range(len(labels))):
        return pd.DataFrame(survival, index=index)
    if len(surv) == len(index) and not index.equals(surv.index) and surv.index.isin(index).all():
        raise InputError(
            "the patients of predicted are numbered from 0 and the rows of the response by the same numbers in another order, so that "
            "it cannot be told what pairs them. Pass predicted.survival if position does, and the times."
        )
    return survival


def _score_at(
    surv: Surv, predicted: FloatArray, time: float, curve: ipcw.CensoringCurve
) -> tuple[float, FloatArray]:
    """The score at one time and each patient's influence (n,)."""
    case, control = ipcw.cases_and_controls(surv, time, "the Brier score")
    w = ipcw.weights_of(surv)
    i, j = np.flatnonzero(case), np.flatnonzero(control)
    error = np.concatenate([predicted[i] ** 2, (1.0 - predicted[j]) ** 2])
    staying = np.concatenate([curve.before(surv.time[i]), np.full(j.size, curve.until(time))])
    rows = np.concatenate([i, j])
    share = w[rows] * error / staying
    score = float(share.sum() / w.sum())
    where = np.searchsorted(curve.time, surv.time[i], side="left")
    beyond = np.full(j.size, np.searchsorted(curve.time, time, side="right"))
    influence = -w * curve.pull(np.concatenate([where, beyond]), share)
    influence[rows] += share
    return score, (influence - score * w) / w.sum()


def _trapezoid(time: FloatArray) -> FloatArray:
    """Weights (T,) of the trapezoidal mean over the span of the times; NaN where they have no span."""
    order = np.argsort(time, kind="stable")
    step = np.diff(time[order])
    weight = np.empty(time.size)
    span = step.sum()
    if not span > 0:
        return np.full(time.size, np.nan)
    weight[order] = (np.append(step, 0.0) + np.append(0.0, step)) / (2.0 * span)
    return weight
