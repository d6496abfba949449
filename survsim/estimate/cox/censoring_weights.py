"""Inverse probability of censoring: the curve G of staying uncensored, and what each patient adds to it.

Events come before censorings at equal times, so that at risk of censoring at u are those with a later time and those
censored at u; G(t-) speaks for an event at t and G(t) for a patient followed beyond t.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.core.clusters import unit_sums
from survsim.core.errors import InputError
from survsim.core.surv import Surv


@dataclass(frozen=True, slots=True)
class CensoringCurve:
    """Kaplan-Meier of the time to censoring, and each patient's part in it.

    Attributes
    ----------
    time : (c,) distinct times of censoring; n_risk, n_censor : (c,) weights there.
    curve : (c + 1,) G before the first and after each of these times.
    at_risk_to, own : (n,) how many of these times each patient was at risk of; its own, or -1 for an event.
    """

    time: FloatArray
    n_risk: FloatArray
    n_censor: FloatArray
    curve: FloatArray
    at_risk_to: IntArray
    own: IntArray

    def before(self, t: FloatArray) -> FloatArray:
        """G(t-)."""
        return self.curve[np.searchsorted(self.time, t, side="left")]

    def until(self, t: float) -> float:
        """G(t)."""
        return float(self.curve[np.searchsorted(self.time, t, side="right")])

    def pull(self, where: IntArray, share: FloatArray) -> FloatArray:
        """Derivative by each patient's weight, (n,), of the sum of share_i log G, G read after the first where_i censorings.

        Parameters
        ----------
        where : (k,) numbers of censoring times before G is read; share : (k,).
        """
        # Reach of each censoring time: the shares that read G after it.
        counts = np.bincount(where, weights=share, minlength=self.time.size + 1)
        reach = counts[::-1].cumsum()[::-1][1:]
        left = self.n_risk - self.n_censor
        open_ = (reach != 0.0) & (left > 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            stay = np.where(open_, reach * self.n_censor / (self.n_risk * left), 0.0)
            leave = np.where(open_, reach / left, 0.0)
        lived = np.concatenate([[0.0], np.cumsum(stay)])[self.at_risk_to]
        return lived - np.where(self.own >= 0, np.append(leave, 0.0)[self.own], 0.0)


def weights_of(surv: Surv) -> FloatArray:
    """Case weights (n,), 1 where there are none."""
    return np.ones(len(surv)) if surv.weight is None else surv.weight


def censoring_curve(surv: Surv) -> CensoringCurve:
    """G of a response without delayed entry (pooled over strata)."""
    w, censored = weights_of(surv), ~surv.event
    time, own = np.unique(surv.time[censored], return_inverse=True)
    n_censor = np.bincount(own, weights=w[censored], minlength=time.size).astype(np.float64)
    # A patient is at risk at every censoring time before an event, and at its own.
    to = np.searchsorted(time, surv.time, side="left") + censored
    came = np.bincount(to, weights=w, minlength=time.size + 1)
    n_risk = came[::-1].cumsum()[::-1][1:]
    factor = 1.0 - np.divide(n_censor, n_risk, out=np.zeros(time.size), where=n_risk > 0)
    place = np.full(len(surv), -1)
    place[censored] = own
    return CensoringCurve(
        time, n_risk, n_censor, np.concatenate([[1.0], np.cumprod(np.maximum(factor, 0.0))]), to, place
    )


def refuse_what_ipcw_has_not(surv: Surv, what: str) -> None:
    """Censoring weights are those of one group of patients followed from the origin, with one kind of event."""
    if surv.cause is not None:
        raise InputError(
            f"{what} is of one kind of event and the response has causes; choose one with surv.for_cause(label)."
        )
    if surv.entry is not None:
        raise InputError(
            f"{what} weighs patients by the probability of staying uncensored, which has no agreed form with delayed "
            "entry; use concordance(surv, score) without weighting. Rows of a patient that follow one another from 0 are none "
            "once they have their id=."
        )


def standard_error(influence: FloatArray, surv: Surv) -> FloatArray:
    """Root of the sum of squares over clusters of the patients' influence (n, ...), weights included."""
    return np.sqrt((unit_sums(influence, surv) ** 2).sum(axis=0))


def cases_and_controls(surv: Surv, time: float, what: str) -> tuple[BoolArray, BoolArray]:
    """Patients with an event by `time`, and those followed beyond it; both must exist."""
    case, control = surv.event & (surv.time <= time), surv.time > time
    if not case.any() or not control.any():
        lacking = "no event by" if not case.any() else "nobody followed beyond"
        raise InputError(
            f"{what} at {time:g} {surv.unit}: there is {lacking} it. Choose times between the first event and the end of "
            f"follow-up ({surv.time.max():g} {surv.unit})."
        )
    return case, control
