"""Survival of two groups at one time: Wald on a scale, or the melded small-sample test."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, between, one_of
from survsim.core.errors import InputError
from survsim.core.event_table import EventTable, group_rows
from survsim.core.provenance import Provenance
from survsim.core.surv import Surv, as_surv
from survsim.core.times import asked_time, meet
from survsim.estimate.nonparametric.contrast import (
    Contrast,
    two_labels,
    two_sided_p,
    wald_difference,
    wald_ratio,
)
from survsim.estimate.nonparametric.kaplan_meier import kaplan_meier

METHODS = ("log-log", "plain", "beta-product")


def milestone_test(
    surv: Surv,
    by: Any,
    time: float,
    *,
    method: str = "log-log",
    reference: Any = None,
    conf_level: float = 0.95,
    data: Any = None,
) -> Contrast:
    """Compare S(time) of two groups.

    Parameters
    ----------
    surv : response; by : (n,) labels of two groups.
    time : milestone in the unit of `surv`, within the follow-up of both groups.
    method : "log-log": p-value of the difference of log(-log S) (Klein et al. 2007), limits of the
        difference and ratio by the normal law; "plain": p-value by the normal law too; "beta-product":
        the melded test and limits of the difference, for small samples (Fay, Proschan & Brittain 2015).

    Returns
    -------
    Contrast : survival of each group at `time`, and difference and ratio with limits and p-values (the difference
        alone for "beta-product").

    Raises
    ------
    InputError : a group was not followed to `time`; "beta-product" with weights or delayed entry.

    Reference: Klein, Logan, Harhoff & Andersen 2007 (Stat Med 26:4505); Fay, Proschan & Brittain 2015 (Biometrics 71:146).

    Example
    -------
    >>> from survsim import Surv, milestone_test
    >>> s = Surv.right([1, 3, 4, 6, 8, 9], [1, 1, 0, 1, 0, 1], unit="months")
    >>> milestone_test(s, ["a", "a", "a", "b", "b", "b"], 3.5).contrast_estimate.round(4).tolist()
    [0.6667, 3.0]
    """
    surv = as_surv(surv, data)
    one_of("method", method, METHODS)
    asked = asked_time("time", time, unit=surv.unit)
    time = float(meet(asked, surv.time))
    between("conf_level", conf_level, 0.0, 1.0)
    groups, parts = group_rows(surv, by)
    pair = list(two_labels(groups, reference))
    at = kaplan_meier(surv, by, conf_type="none")
    short = [
        g for g in pair if at.time[at.bounds[g + 1] - 1] < time and at.estimate[at.bounds[g + 1] - 1] > 0
    ]
    if short:
        raise InputError(
            f"time={time:g} lies beyond the follow-up of group {groups[short[0]]!r}, which ends at "
            f"{at.time[at.bounds[short[0] + 1] - 1]:g} {surv.unit}; choose an earlier milestone."
        )
    here = at.survival_at(time)
    value, error = here.estimate[pair], np.nan_to_num(here.std_error[pair])
    if method == "beta-product":
        rows = [_melded([parts[k] for k in pair], value, time, conf_level)]
    else:
        rows = [wald_difference(value, error, conf_level), wald_ratio(value, error, conf_level)]
        if method == "log-log":
            p = _log_log_p(value, error)
            rows = [(*row[:3], p) for row in rows]
    columns = np.array(rows).T
    return Contrast(
        quantity=f"Survival at {asked:g} {surv.unit}",
        groups=tuple(groups[k] for k in pair),
        estimate=value,
        std_error=error,
        contrast=("difference", "ratio")[: len(rows)],
        contrast_estimate=columns[0],
        conf_low=columns[1],
        conf_high=columns[2],
        p_value=columns[3],
        conf_level=float(conf_level),
        unit=surv.unit,
        provenance=Provenance.of("milestone_test", surv, time=asked, method=method, reference=reference),
    )


def _log_log_p(value: FloatArray, error: FloatArray) -> float:
    if (value <= 0).any() or (value >= 1).any():
        # The scale has no value at 0 and 1: the plain difference is what is left.
        return wald_difference(value, error, 0.95)[3]
    scaled = np.log(-np.log(value))
    spread = np.hypot(*(error / (value * np.log(value))))
    return two_sided_p(float((scaled[1] - scaled[0]) / spread))


def _melded(
    parts: list[Surv], value: FloatArray, time: float, conf_level: float
) -> tuple[float, float, float, float]:
    from survsim.estimate.nonparametric.beta_product import law_at
    from survsim.estimate.nonparametric.melding import difference_limits

    laws = []
    for part in parts:
        if part.weight is not None or part.entry is not None:
            raise InputError(
                'method="beta-product" counts patients followed from the origin; leave out weights and '
                'delayed entry, or use method="log-log".'
            )
        table = EventTable.of(part)
        laws.append(law_at(table.time, table.n_risk, table.n_event, table.n_censor, time))
    low, high, p = difference_limits(laws[0], laws[1], conf_level)
    return float(value[1] - value[0]), low, high, p
