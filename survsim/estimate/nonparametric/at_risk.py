"""Numbers at risk of a curve at any time, entries between its steps counted."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.surv import Surv


def sorted_entries(surv: Surv) -> FloatArray:
    """Entry times and weights, (2, n), sorted by time."""
    order = np.argsort(surv.begin, kind="stable")
    weight = np.ones(len(surv)) if surv.weight is None else surv.weight
    return np.stack([surv.begin[order], weight[order]])


def numbers_at_risk(
    time: FloatArray, n_risk: FloatArray, entries: FloatArray | None, at: FloatArray
) -> FloatArray:
    """Numbers (k,) at risk at `at`, from those (m,) just before each follow-up time.

    Parameters
    ----------
    entries : (2, n) of `sorted_entries`, or None without delayed entry.
    """
    nxt = np.searchsorted(time, at, side="left")
    counts = np.append(n_risk, 0.0)[nxt]
    if entries is not None:
        # Those who enter at 0 are at risk from the start, as without entries.
        when, weight = entries
        entered = np.concatenate([[0.0], np.cumsum(weight)])
        until = np.append(time, np.inf)[nxt]
        waiting = entered[np.searchsorted(when, until, side="left")]
        arrived = entered[np.searchsorted(when, at, side="left")]
        arrived = np.where(at == 0.0, entered[np.searchsorted(when, 0.0, side="right")], arrived)
        counts = counts - np.where(nxt < time.size, waiting - arrived, 0.0)
    return counts
