"""Was follow-up long enough to speak of cure: the test of Maller and Zhou."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.complete import complete_groups
from survsim.core.errors import ConvergenceError, InputError
from survsim.core.event_table import EventTable, group_rows, refuse_clusters
from survsim.core.one_row import in_one_row
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.surv import Surv, as_surv
from survsim.core.tables import Columns
from survsim.core.times import meet
from survsim.estimate.nonparametric.kaplan_meier import kaplan_meier


@result
class SufficientFollowUp(Result):
    """How long each group was followed beyond its last event, and how many events a window of that length holds.

    Attributes
    ----------
    groups : labels; n_patients, n_event : (g,).
    last_event, last_time : (g,) largest time with event, and largest time, in `unit`.
    plateau : (g,) Kaplan-Meier at the end of follow-up: an estimate of the cured share if follow-up is sufficient.
    n_window : (g,) events in (2 last_event - last_time, last_event].
    p_value : (g,) of insufficient follow-up, (1 - n_window / n)^n.
    """

    groups: tuple[Any, ...]
    n_patients: IntArray
    n_event: IntArray
    last_event: FloatArray
    last_time: FloatArray
    plateau: FloatArray
    n_window: IntArray
    p_value: FloatArray
    unit: str

    def columns(self) -> Columns:
        """Columns group, n_patients, n_event, last_event, last_time, plateau, n_window, p_value."""
        names = ("n_patients", "n_event", "last_event", "last_time", "plateau", "n_window", "p_value")
        return {"group": list(self.groups)} | {name: getattr(self, name) for name in names}

    def headline(self) -> str:
        return (
            f"Follow-up beyond the last event, time in {self.unit}; a large p-value warns that the last events "
            "of those who are not cured were not waited for, a small one is no proof"
        )


def sufficient_follow_up(
    surv: Surv, by: Any = None, *, data: Any = None, missing: str = "refuse"
) -> SufficientFollowUp:
    """Test whether follow-up is too short to see the last events of the uncured (Maller & Zhou).

    If follow-up were too short, events would go on to its end, and a window before the last event, as long as the time from the
    last event to the end, would hold few of them. A plateau is no evidence of cure unless follow-up is sufficient,
    and the test is one of it only: whether anybody is cured is asked of the plateau, or of `mixture_cure`.

    The p-value is as published and does not keep its level: three events in the window suffice for 0.05. Of sets of 150
    patients followed to 3 years, whose uncured have their event up to year 4, it calls about half sufficient. A large
    p-value is a clear warning, a small one no proof.

    Parameters
    ----------
    surv : response without weights, clusters and delayed entry.
    by : (n,) labels of groups, each tested for itself; data : frame in which `by` is a column.
    missing : "refuse" a group that is missing, or "drop" those rows with a warning that counts them.

    Returns
    -------
    SufficientFollowUp : one row a group; where the last time is an event the p-value is 1.

    Raises
    ------
    InputError : weights, delayed entry or competing causes.
    ConvergenceError : a group without events.

    Reference: Maller & Zhou 1994 (J Am Stat Assoc 89:1499).

    Example
    -------
    >>> from survsim import Surv
    >>> from survsim.nonparametric import sufficient_follow_up
    >>> found = sufficient_follow_up(Surv.right([1, 2, 3, 4, 5, 12], [1, 1, 1, 1, 1, 0], unit="years"))
    >>> found.p_value.round(6).tolist(), found.plateau.round(4).tolist()
    ([2.1e-05], [0.1667])
    """
    surv = as_surv(surv, data)
    surv, by = complete_groups(surv, by, missing)
    groups, parts = group_rows(surv, by)
    parts = [in_one_row(part)[0] for part in parts]
    if surv.weight is not None or any(part.entry is not None for part in parts):
        raise InputError(
            "the test counts patients followed from the origin; leave out weights and delayed entry (rows of a patient that "
            "follow one another from 0 need their id=)."
        )
    for part in parts:
        refuse_clusters(part, "the test", "one patient of each cluster")
    if surv.cause is not None:
        raise InputError(
            f"the response has competing causes; ask of one with surv.for_cause({surv.cause_labels[0]!r})."
        )
    rows = [_one(part, label) for part, label in zip(parts, groups)]
    curve = kaplan_meier(surv, by, conf_type="none")
    last, end, window, p = (np.array(column) for column in zip(*rows))
    return SufficientFollowUp(
        groups=groups, n_patients=curve.n_patients, n_event=curve.n_events, last_event=last, last_time=end,
        plateau=curve.estimate[curve.bounds[1:] - 1], n_window=window.astype(np.int64), p_value=p, unit=surv.unit,
        provenance=Provenance.of("sufficient_follow_up", surv),
    )  # fmt: skip


def _one(part: Surv, label: Any) -> tuple[float, float, int, float]:
    """Last event, end of follow-up, events in the window and p-value of one group."""
    table = EventTable.of(part)
    seen = table.time[table.n_event > 0]
    if not seen.size:
        raise ConvergenceError(f"group {label!r} has no event; there is no last event to look behind.")
    last, end = float(seen[-1]), float(table.time[-1])
    # An edge made by subtraction differs in its last bits from the time of the data that it is.
    edge = float(meet(2.0 * last - end, table.time))
    inside = (table.time > edge) & (table.time <= last)
    count = int(table.n_event[inside].sum())
    n = len(part)
    return last, end, count, float((1.0 - count / n) ** n)
