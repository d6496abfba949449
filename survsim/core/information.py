"""The least standard error that printed counts allow: what a narrower printed interval contradicts.

================== ============================== ==================================================================
printed            least error                    why
================== ============================== ==================================================================
log hazard ratio   2 / sqrt(d), by arm            Cox information is ``sum p (1 - p)`` over the d events, p the share
                   sqrt(1/d1 + 1/d2)              of one arm among those at risk; at the estimate the p add up to d1,
                                                  and ``p (1 - p)`` is concave: at most ``d1 d2 / d``, at most d / 4
log odds of S(t)   1 / sqrt(n S (1 - S))          censoring only loses: Greenwood is never below the binomial
log cumulative     1 / sqrt(d)                    Nelson-Aalen: ``sum 1/n_i^2 >= (sum 1/n_i)^2 / d``
hazard
log median         1 / (k sqrt(d))                a Weibull time of shape k with d deaths
restricted mean    (m - tau S(tau)) / (k sqrt(d)) m to tau of a Weibull time of shape k, by its scale
log rate           1 / sqrt(d)                    Poisson
================== ============================== ==================================================================

Published limits are rounded and medians of few patients have erratic intervals, so an error counts as impossible only
below a share of its bound (`SLACK`); for a median and a restricted mean the hazard may be steep, up to a shape of `STEEPEST`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

SLACK = 0.85
"""Share of its bound that rounding of printed limits may cost a log ratio or a log rate."""
POINT_SLACK = 0.8
"""The same for survival and proportions, whose intervals are built in many ways."""
MEAN_SLACK = 0.5
"""The same for restricted means: of a handful of patients with a steep hazard, Greenwood's error falls to 0.6 of the bound."""
STEEPEST = 3.0
"""Weibull shape above which no published hazard is believed; progression found at scheduled scans comes near it."""


def least_ratio_error(events: float | Sequence[float]) -> float:
    """Of a log hazard ratio, from all events or those of (one arm, the other).

    >>> least_ratio_error(100), round(least_ratio_error((30, 60)), 4)
    (0.2, 0.2236)
    """
    d = np.atleast_1d(np.asarray(events, dtype=np.float64))
    return float(np.sqrt((1.0 / d).sum()) if d.size == 2 else 2.0 / np.sqrt(d[0]))


def least_log_odds_error(share: Any, n: Any) -> Any:
    """Of the log odds of a share of n patients.

    >>> round(float(least_log_odds_error(0.5, 16)), 3)
    0.5
    """
    return 1.0 / np.sqrt(n * share * (1.0 - share))


def least_hazard_error(events: Any) -> Any:
    """Of a log cumulative hazard or a log rate, from its events.

    >>> round(float(least_hazard_error(25)), 3)
    0.2
    """
    return 1.0 / np.sqrt(events)


def least_median_error(events: Any) -> Any:
    """Of a log median, from its events, under the steepest hazard that is believed.

    >>> round(float(least_median_error(100)), 4)
    0.0333
    """
    return 1.0 / (STEEPEST * np.sqrt(events))


def least_rmst_error(mean: float, horizon: float, events: float) -> float:
    """Of a restricted mean to a horizon, from the events until then, under the steepest hazard that is believed.

    With the shape k known the log scale has the error ``1 / (k sqrt(d))``, however many are censored, and no estimate that
    does not know it does better; the mean moves with the log scale by what of it was lived by those who did not reach
    the horizon. A steeper hazard gives less, and one that lets all die at one time nothing: then there is no bound.

    >>> round(least_rmst_error(10.0, 12.0, 10), 3), least_rmst_error(12.0, 12.0, 10)
    (0.503, 0.0)
    """
    from scipy.optimize import brentq
    from scipy.special import gamma, gammainc

    share, whole = mean / horizon, float(gamma(1.0 + 1.0 / STEEPEST))
    if not 1e-6 < share < 1.0 - 1e-9:
        return 0.0 if share > 0.5 else mean / (STEEPEST * float(np.sqrt(events)))

    def gap(hazard: float) -> float:
        return whole * float(gammainc(1.0 / STEEPEST, hazard)) * hazard ** (-1.0 / STEEPEST) - share

    # The share lies between 1 less the cumulative hazard at the horizon, and the mean without a horizon.
    hazard = float(brentq(gap, 1.0 - share, 1.01 * (whole / share) ** STEEPEST))
    return (mean - horizon * float(np.exp(-hazard))) / (STEEPEST * float(np.sqrt(events)))
