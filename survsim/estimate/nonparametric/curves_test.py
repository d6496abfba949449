"""The log-rank test of curves that are drawn, from the numbers at risk and events that they hold."""

from __future__ import annotations

import numpy as np

from survsim.core.errors import InputError
from survsim.estimate.nonparametric.kaplan_meier import KaplanMeier
from survsim.estimate.nonparametric.logrank import chi2_tail, quadratic_form
from survsim.kernels import logrank


def curves_p_value(km: KaplanMeier) -> float:
    """P-value of the unstratified log-rank test of the groups of a Kaplan-Meier result.

    Raises
    ------
    InputError : one group; weights or clusters, under which the counts are no patients; no events.
    """
    if len(km.groups) < 2:
        raise InputError(
            "p_value=True compares groups, and there is one curve; give kaplan_meier(surv, by=...)."
        )
    counts = np.concatenate([km.n_risk, km.n_event])
    if km.robust or (counts != np.floor(counts)).any():
        raise InputError(
            "p_value=True is the plain log-rank test, which weights and clusters rule out; test with the method that fits "
            "and add it: survsim.figures.add_p_value(ax, test)."
        )
    times = np.unique(km.time[km.n_event > 0])
    if not times.size:
        raise InputError("p_value=True needs events; there are none.")
    events = np.zeros((len(km.groups), times.size))
    for g, label in enumerate(km.groups):
        rows = km.rows(label)
        at = np.searchsorted(times, km.time[rows])
        known = km.n_event[rows] > 0
        events[g, at[known]] = km.n_event[rows][known]
    observed, expected, covariance = logrank.scores(km.at_risk(times), events, None)
    return chi2_tail(*quadratic_form(observed - expected, covariance))
