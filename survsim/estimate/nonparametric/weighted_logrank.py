"""Log-rank scores of weighted patients with their robust variance."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.surv import Surv
from survsim.kernels import logrank
from survsim.kernels.risk_set import tabulate

ROUNDING = 1e-12
"""Share that rounding may leave of what a patient adds before the mean at risk is taken off, or of the largest variance."""


def robust_scores(
    surv: Surv, codes: IntArray, n_groups: int, rho: float, gamma: float
) -> tuple[FloatArray, FloatArray, FloatArray, float, int]:
    """Observed (g,), expected (g,) and the robust covariance (g, g) of their difference, over strata.

    Patient i adds w_i times the integral of W(t) (group of i - mean group at risk) dM_i to the score, M_i its
    martingale; clusters are summed, and the covariance is the sum of squares. With it come the variance that is rounding, and
    how many independent units are compared with others at all.
    """
    # The last column is the size of what each patient adds before the mean is taken off: what rounding is measured against.
    influence = np.zeros((len(surv), n_groups + 1))
    observed, expected = np.zeros(n_groups), np.zeros(n_groups)
    strata = np.zeros(len(surv), np.int64) if surv.stratum is None else surv.stratum
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        part = surv if surv.stratum is None else surv.take(strata == stratum)
        seen, due, own = _one_stratum(part, codes[rows], n_groups, rho, gamma)
        observed, expected = observed + seen, expected + due
        influence[rows] = own
    influence *= (np.ones(len(surv)) if surv.weight is None else surv.weight)[:, None]
    if surv.together is not None:
        length = int(surv.together.max()) + 1
        influence = np.stack([np.bincount(surv.together, column, length) for column in influence.T], axis=1)
    own, size = influence[:, :-1], influence[:, -1]
    compared = np.abs(own).max(axis=1) > ROUNDING * size
    return observed, expected, own.T @ own, ROUNDING**2 * float(size @ size), int(compared.sum())


def _one_stratum(
    surv: Surv, codes: IntArray, n_groups: int, rho: float, gamma: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Observed and expected (g,), and each patient's unweighted share of their difference with its size, (n, g + 1)."""
    member = np.eye(n_groups)[codes]
    weight = np.ones(len(surv)) if surv.weight is None else surv.weight
    time, n_risk, n_event, _ = tabulate(surv.time, surv.event, surv.entry, weight)
    time, n_risk, n_event = (v[n_event > 0] for v in (time, n_risk, n_event))
    if time.size == 0:
        return np.zeros(n_groups), np.zeros(n_groups), np.zeros((len(surv), n_groups + 1))
    w = np.ones(time.size)
    if rho or gamma:
        before = logrank.survival_before(n_risk, n_event)
        w = before**rho * (1.0 - before) ** gamma
    begin = np.zeros(len(surv), np.int64)
    if surv.entry is not None:
        begin = np.searchsorted(time, surv.entry, side="right")
    end = np.searchsorted(time, surv.time, side="right")
    # Members at risk at each event time: those who came less those who left before.
    came, left = np.zeros((2, time.size + 1, n_groups))
    np.add.at(came, begin, member * weight[:, None])
    np.add.at(left, end, member * weight[:, None])
    mean = (np.cumsum(came - left, axis=0)[:-1]) / n_risk[:, None]
    hazard = w * n_event / n_risk
    whole = _running(hazard[:, None])
    shared = _running(hazard[:, None] * mean)
    own = shared[end] - shared[begin] - member * (whole[end] - whole[begin])
    happened = np.flatnonzero(surv.event)
    at = np.searchsorted(time, surv.time[happened])
    own[happened] += w[at, None] * (member[happened] - mean[at])
    size = whole[end, 0] - whole[begin, 0]
    size[happened] += w[at]
    observed = ((weight[happened] * w[at])[:, None] * member[happened]).sum(axis=0)
    return observed, ((w * n_event)[:, None] * mean).sum(axis=0), np.column_stack([own, size])


def _running(values: FloatArray) -> FloatArray:
    """Running sums down the rows, from 0."""
    return np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
