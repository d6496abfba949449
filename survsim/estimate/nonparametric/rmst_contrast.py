"""Difference and ratio of restricted mean survival times between two groups."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.complete import complete_groups
from survsim.core.provenance import Provenance
from survsim.core.surv import Surv, as_surv
from survsim.estimate.nonparametric.contrast import (
    Contrast,
    two_labels,
    unsure_rows,
    wald_difference,
    wald_ratio,
    warn_if_unsure,
)
from survsim.estimate.nonparametric.rmst import rmst, warn_of_no_spread, without_spread
from survsim.estimate.nonparametric.shared_clusters import shared_variance
from survsim.kernels.product_limit import area_beyond


def rmst_test(
    surv: Surv,
    by: Any,
    tau: float,
    *,
    reference: Any = None,
    conf_level: float = 0.95,
    data: Any = None,
    missing: str = "refuse",
) -> Contrast:
    """Compare mean survival time to tau: difference (normal) and ratio (normal on the log scale).

    Parameters
    ----------
    surv : response; clusters that stand in both groups (matched pairs, centres) enter the standard error of the comparison.
    by : (n,) labels of two groups.
    tau : horizon in the unit of `surv`, within the follow-up of both groups.
    reference : label of the reference group; the first if None.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    Contrast : mean of each group, and difference and ratio (group minus, over, reference) with limits and p-values. Limits of
        the difference stay within -tau and tau; limits and p-values are NaN, with a warning, where a group has standard
        error 0 (no event before tau).

    Raises
    ------
    InputError : not two groups, a `reference` that is none of them, or a `tau` that one of them was not followed to.

    Reference: Royston & Parmar 2013; Uno et al. 2014.

    Example
    -------
    >>> from survsim import Surv, rmst_test
    >>> s = Surv.right([1, 3, 4, 2, 8, 9], [1, 1, 0, 1, 0, 1], unit="months")
    >>> rmst_test(s, ["a", "a", "a", "b", "b", "b"], 4).contrast_estimate.round(4).tolist()
    [0.6667, 1.25]
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    means = rmst(surv, by, tau, conf_level=conf_level)
    pair = list(two_labels(means.groups, reference))
    value, error = means.estimate[pair], means.std_error[pair]
    still = without_spread(error, means.tau)
    if np.isfinite(means.conf_low[pair]).all() and not still.any():
        shared = shared_variance(surv, by, lambda table: area_beyond(table, means.tau))
        gap = wald_difference(value, error, conf_level, most=means.tau, shared=shared)
        rows = [gap, wald_ratio(value, error, conf_level, shared=shared)]
        warn_if_unsure(rows)
    else:
        # Of a mean without limits `rmst` has told; that nobody had an event it takes for no fault.
        untold = still & np.isfinite(means.conf_low[pair])
        warn_of_no_spread([means.groups[k] for k in pair], untold, means.tau, surv.unit)
        rows = unsure_rows(value)
    columns = np.array(rows).T
    return Contrast(
        quantity=f"Restricted mean survival time to {means.tau:g} {surv.unit}",
        groups=tuple(means.groups[k] for k in pair),
        estimate=value,
        std_error=error,
        contrast=("difference", "ratio"),
        contrast_estimate=columns[0],
        conf_low=columns[1],
        conf_high=columns[2],
        p_value=columns[3],
        conf_level=float(conf_level),
        unit=surv.unit,
        provenance=Provenance.of("rmst_test", means, reference=reference),
    )
