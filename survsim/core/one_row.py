"""Patients who are followed from the origin without a gap in several rows, each in the one row that these say together.

Methods that count patients know no delayed entry. Rows of one patient that follow one another from 0 are none: they say what
the last of them says, begun at 0, as long as what is asked of the patient is the same in all of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import IntArray
from survsim.core.start_stop import of_one_patient
from survsim.core.surv import Surv


def in_one_row(surv: Surv, **columns: Any) -> tuple[Any, ...]:
    """The response and its columns (n, ...), arrays of numbers or codes, with one row a patient.

    As they came where there is nothing to join: without `id`, with a row each, where somebody enters late or has a gap, or
    where weights, strata or clusters differ within a patient.

    Raises
    ------
    InputError : a column that differs between the rows of a patient.
    """
    last = None if surv.id is None or surv.entry is None else _last_rows(surv, surv.id)
    if last is None or surv.id is None:
        return (surv, *columns.values())
    for name, values in columns.items():
        for column in np.atleast_2d(np.asarray(values).T):
            of_one_patient(
                name,
                column,
                surv.id_labels,
                surv.id,
                "this method asks for one value a patient: take that of the first row.",
            )
    return (surv.take(last).with_parts(entry=None), *(np.asarray(v)[last] for v in columns.values()))


def _last_rows(surv: Surv, patient: IntArray) -> IntArray | None:
    """The last row of each patient, in the order of the rows; None where these are not whole from 0 or differ in kind."""
    order = np.lexsort((surv.time, patient))
    now, after = order[:-1], order[1:]
    same = patient[now] == patient[after]
    begins = surv.begin[order[np.append(True, ~same)]]
    whole = not begins.any() and bool((surv.begin[after] == surv.time[now])[same].all())
    for values in (surv.weight, surv.stratum, surv.cluster):
        whole = whole and (values is None or bool((values[now] == values[after])[same].all()))
    return np.sort(order[np.append(~same, True)]) if whole else None
