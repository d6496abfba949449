"""The table behind every non-parametric estimate: distinct times, at risk, events, censored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray, label_codes
from survsim.core.errors import InputError
from survsim.core.surv import Surv
from survsim.kernels import risk_set


@dataclass(frozen=True, slots=True)
class EventTable:
    """One group's risk table at each distinct time, in increasing order.

    Attributes
    ----------
    time : (m,) distinct follow-up times.
    n_risk, n_event, n_censor : (m,) float64, sums of weights (plain counts without weights): at risk
        just before the time (``entry < t <= time``), with event, censored.
    n_patients : patients behind the table (rows, when nobody says which rows are one patient). A row that
        goes on in another one of its patient counts as no censoring.
    weighted : True when the rows carry weights.
    """

    time: FloatArray
    n_risk: FloatArray
    n_event: FloatArray
    n_censor: FloatArray
    n_patients: int
    weighted: bool

    @classmethod
    def of(cls, surv: Surv) -> EventTable:
        """Tabulate a response; whole-number times are counted, others sorted once."""
        weighted = surv.weight is not None
        if weighted or surv.entry is not None:
            columns = risk_set.tabulate(surv.time, surv.event, surv.entry, surv.weight)
        elif counting_pays(surv):
            counts = surv._counts
            if counts is None:
                counts = risk_set.whole_counts(surv.time, surv.event)
            columns = risk_set.tabulate_counts(counts)
        else:
            columns = risk_set.tabulate_sorted(*surv.sorted)
        if surv.id is not None and surv.entry is not None:
            columns = (*columns[:3], columns[3] - _going_on(surv, columns[0]))
        return cls(*columns, n_patients=surv.n_patients, weighted=weighted)


def _going_on(surv: Surv, time: FloatArray) -> FloatArray:
    """Weight of the rows that end at each time and go on in another row of the patient."""
    rows = surv.continues
    weight = None if surv.weight is None else surv.weight[rows]
    return np.bincount(np.searchsorted(time, surv.time[rows]), weight, time.size).astype(np.float64)


def in_all(n_distinct: int | None, by_group: IntArray) -> int:
    """Patients of all groups together; where they were not told apart (a result stored before), the groups' sum."""
    return int(by_group.sum()) if n_distinct is None else n_distinct


def effective_number(surv: Surv, *, robust: bool) -> float:
    """Patients that the variance of a curve counts, a patient of several rows once.

    Weights are numbers of patients where the variance is Greenwood's: their sum. With the robust variance the clusters (or
    the patients) are what is independent: (sum of w)^2 / sum of w^2 over their weights (Kish 1965), which is their number
    where they weigh alike.
    """
    if surv.weight is None and (surv.cluster is None or not robust):
        return float(surv.n_patients)
    weight = np.ones(len(surv)) if surv.weight is None else surv.weight
    patient = np.arange(len(surv)) if surv.id is None else surv.id
    rows = np.bincount(patient)[patient]
    if not robust:
        return float((weight / rows).sum())
    unit = patient if surv.cluster is None else surv.cluster
    whole = np.bincount(unit, weight / rows)
    return float(whole.sum() ** 2 / (whole**2).sum())


def refuse_clusters(surv: Surv, what: str, instead: str) -> None:
    """Refuse a response whose patients are not independent of each other, for a method that has no other variance.

    Raises
    ------
    InputError : `what` takes them for independent, and what to use `instead`.
    """
    if surv.cluster is not None and np.unique(surv.cluster).size < surv.n_patients:
        raise InputError(
            f"{what} takes patients for independent of each other, and this response has clusters; use {instead}, or build the "
            "response without cluster."
        )


def counting_pays(surv: Surv) -> bool:
    """True when whole-number times are better counted than sorted: many patients, few distinct times."""
    if len(surv) < 20_000 or not surv.whole:
        return False
    top = surv.time.max() if surv._counts is None else len(surv._counts) - 1
    return float(top) <= 4.0 * len(surv)


def group_rows(surv: Surv, by: Any) -> tuple[tuple[Any, ...], list[Surv]]:
    """Labels of `by` (n,) and the response of each group; ``("all",)`` and `surv` itself without `by`."""
    if by is None:
        return ("all",), [surv]
    codes, groups = label_codes("by", surv.paired("by", by), len(surv))
    return groups, [surv.take(codes == g) for g in range(len(groups))]
