"""Clusters that stand in several groups (matched pairs, centres that treat both arms): their curves are not independent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, label_codes
from survsim.core.clusters import one_unit
from survsim.core.event_table import EventTable
from survsim.core.surv import Surv
from survsim.estimate.nonparametric.kaplan_meier import jackknifed
from survsim.kernels.product_limit import jackknife_influence

Heights = Callable[[tuple[FloatArray, FloatArray, FloatArray]], FloatArray]
"""From a group's times, numbers at risk and events what log S at each time moves of the number asked for, (m,)."""


def up_to(end: float) -> Heights:
    """Heights of log S at a time."""
    return lambda table: (table[0] <= end).astype(np.float64)


def cluster_sums(surv: Surv, by: Any, heights: Heights) -> FloatArray:
    """Infinitesimal-jackknife influence (g, c) of each cluster on a number of each group's Kaplan-Meier curve.

    The sum of squares of a row is that group's variance, and of the products of two rows their covariance. NaN for a group
    of one cluster.
    """
    n = len(surv)
    codes = np.zeros(n, np.int64) if by is None else label_codes("by", surv.paired("by", by), n)[0]
    size = n if surv.together is None else int(surv.together.max()) + 1
    sums = np.zeros((int(codes.max()) + 1, size))
    for g in range(len(sums)):
        mine = codes == g
        part = surv.take(mine)
        full = EventTable.of(part)
        table = full.time, full.n_risk, full.n_event
        influence = jackknife_influence(table, part.time, part.event, part.entry, heights(table))
        weight = 1.0 if part.weight is None else part.weight
        cluster = np.flatnonzero(mine) if surv.together is None else surv.together[mine]
        sums[g] = np.nan if one_unit(part) else np.bincount(cluster, weight * influence, size)
    return sums


def shared_variance(surv: Surv, by: Any, heights: Heights) -> float:
    """Covariance of the numbers of two groups, 0 where no cluster stands in both.

    Also 0 where the variance is Greenwood's: rows of one patient (`id`) do not overlap in time, and what happens in one
    stretch of follow-up is then uncorrelated with what happens in another.
    """
    if not jackknifed(surv) or surv.together is None:
        return 0.0
    first, second = cluster_sums(surv, by, heights)
    return float(first @ second)
