"""The weights of Fine and Gray's regression: law of censoring, law of delayed entry, risk sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray, positions
from survsim.core.encoding import stored
from survsim.core.errors import InputError
from survsim.core.surv import Surv
from survsim.kernels.fine_gray import RiskSets


@stored
@dataclass(frozen=True, slots=True)
class Censoring:
    """Kaplan-Meier of censoring in one group: distinct censoring times u (U,), those at risk of it there and
    those censored, by their weights, the curve just after each, and the end of the group's follow-up."""

    u: FloatArray
    n_risk: FloatArray
    n_censor: FloatArray
    curve: FloatArray
    last: float

    def before(self, t: FloatArray) -> FloatArray:
        """G(t-); 0 beyond the group's follow-up, where it is not known and nobody of the group counts."""
        found = np.concatenate([[1.0], self.curve])[np.searchsorted(self.u, t, side="left")]
        return np.where(t > self.last, 0.0, found)


def total_from(time: FloatArray, weight: FloatArray, u: FloatArray, *, after: bool = False) -> FloatArray:
    """Weight of those whose time is at least u, or beyond it; summed from the last, so that the last is exact."""
    order = np.argsort(time, kind="stable")
    left = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0)
    return left[np.searchsorted(time[order], u, side="right" if after else "left")]


def censoring_curve(
    time: FloatArray, cause: IntArray, entry: FloatArray | None, weight: FloatArray, *, events_first: bool
) -> Censoring:
    """G, rows counted by `weight`; with `events_first` those with an event at u are no longer at risk of censoring at u."""
    gone = cause == 0
    u, slot = np.unique(time[gone], return_inverse=True)
    n_censor = np.bincount(slot, weight[gone], u.size).astype(np.float64)
    n_risk = total_from(time, weight, u)
    if events_first:
        n_risk = total_from(time[gone], weight[gone], u) + total_from(
            time[~gone], weight[~gone], u, after=True
        )
    if entry is not None:
        n_risk = n_risk - total_from(entry, weight, u)
    curve = _stays(n_censor, n_risk).cumprod()
    return Censoring(u, n_risk, n_censor, curve, float(time.max()))


def _stays(gone: FloatArray, n: FloatArray) -> FloatArray:
    """1 - gone / n, 0 where all go whatever the last bits of the sums of weights."""
    share = 1.0 - gone / n
    return np.where(share < 1e-12, 0.0, share)


def entry_curve(time: FloatArray, entry: FloatArray, weight: FloatArray, at: FloatArray) -> FloatArray:
    """H(t) = prod over entry times e >= t of (1 - entered at e / under observation at e), at `at`.

    The product-limit estimate of the law of entry on reversed time; under observation at e are those with
    entry <= e < T (T <= e is over).
    """
    e, slot = np.unique(entry, return_inverse=True)
    # Under observation at e: not yet over less not yet begun, both summed from the last.
    n = total_from(time, weight, e, after=True) - total_from(entry, weight, e, after=True)
    count = np.bincount(slot, weight, e.size).astype(np.float64)
    curve = _stays(count, n)[::-1].cumprod()[::-1]
    return np.append(curve, 1.0)[np.searchsorted(e, at, side="left")]


def weight_curves(
    surv: Surv, cause: IntArray, groups: IntArray, weight: FloatArray, at: FloatArray, *, events_first: bool
) -> tuple[list[Censoring], FloatArray, FloatArray]:
    """Each group's law of censoring, G(t-) H(t) at `at` (r, K), and at every row's own time (n,)."""
    laws, curves, own = [], [], np.ones(len(surv))
    for g in range(int(groups.max()) + 1):
        rows = groups == g
        entry = None if surv.entry is None else surv.entry[rows]
        law = censoring_curve(surv.time[rows], cause[rows], entry, weight[rows], events_first=events_first)
        values, mine = law.before(at), law.before(surv.time[rows])
        if entry is not None:
            values = values * entry_curve(surv.time[rows], entry, weight[rows], at)
            mine = mine * entry_curve(surv.time[rows], entry, weight[rows], surv.time[rows])
        laws.append(law)
        curves.append(values)
        own[rows] = mine
    return laws, np.stack(curves), own


def risk_sets(
    surv: Surv, cause: IntArray, code: int, groups: IntArray, weight: FloatArray, *, events_first: bool
) -> tuple[RiskSets, list[Censoring]]:
    """The weighted risk sets of one stratum and the laws of censoring of its groups."""
    event = cause == code
    times = np.unique(surv.time[event])
    laws, curve, own = weight_curves(surv, cause, groups, weight, times, events_first=events_first)
    others = (cause > 0) & ~event
    _check_positive(own, others, surv)
    slot = np.searchsorted(times, surv.time[event])
    return (
        RiskSets(
            times=times,
            into=_up_to(times, np.full(len(surv), -1.0) if surv.entry is None else surv.entry),
            out=_up_to(times, surv.time),
            competing=others,
            group=groups,
            curve=curve,
            share=np.where(others, 1.0 / np.where(own > 0, own, 1.0), 0.0),
            d=np.bincount(slot, weight[event], times.size),
            event=event,
            slot=slot,
        ),
        laws,
    )


def _up_to(times: FloatArray, t: FloatArray) -> IntArray:
    return np.searchsorted(times, t, side="right").astype(np.int64)


def _check_positive(own: FloatArray, others: BoolArray, surv: Surv) -> None:
    bad = others & (own <= 0)
    if bad.any():
        raise InputError(
            f"a competing event at {surv.time[bad].min():g} {surv.unit} ({positions(bad)}) has no weight: all "
            "who were under observation then entered at or after it. Start the analysis later (drop events "
            "before enough patients have entered) and say so."
        )
