"""Covariates that were measured again and again, as each patient had them at the beginning of every interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray, as_labels, float_vector, require_columns
from survsim.core.design import design_matrix
from survsim.core.errors import InputError
from survsim.core.frames import as_frame
from survsim.core.times import join_to

if TYPE_CHECKING:
    import pandas as pd


def measured_at(
    history: Any, data: pd.DataFrame, names: tuple[str, str], formula: str, begins: FloatArray, unit: str
) -> tuple[FloatArray, tuple[str, ...]]:
    """Columns (n, K, p) of `formula` at the K beginnings: the last values known by then; and their names.

    Parameters
    ----------
    history : rows of a patient and a time from which the row's values hold.
    data : n patients, whose columns that `history` has not may stand in the formula too.
    names : columns of patient (in both frames) and of time (in `history`).

    Raises
    ------
    InputError : a column that is not there, a patient twice or without a row by time 0, two rows at one time.
    """
    who, when = names
    rows = as_frame(history, "history")
    require_columns(rows, [who, when], "history")
    require_columns(data, [who], "data")
    patients = as_labels(who, data[who]).tolist()
    place = {label: i for i, label in enumerate(patients)}
    if len(place) < len(patients):
        twice = next(p for p in patients if patients.count(p) > 1)
        raise InputError(
            f"patient {twice!r} stands twice in data; one row a patient, and what was measured in history."
        )
    time = join_to(float_vector(when, rows[when], unit=unit), begins)
    owner = np.array([place.get(label, -1) for label in as_labels(who, rows[who]).tolist()], np.int64)
    kept = np.flatnonzero((owner >= 0) & (time <= begins[-1]))
    kept = kept[np.lexsort((time[kept], owner[kept]))]
    owner, time = owner[kept], time[kept]
    same = (owner[1:] == owner[:-1]) & (time[1:] == time[:-1])
    if same.any():
        k = int(np.flatnonzero(same)[0])
        raise InputError(
            f"history has two rows of patient {patients[owner[k]]!r} at {time[k]:g} {unit}; keep one."
        )
    late = sorted(set(range(len(patients))) - set(owner[time <= begins[0]].tolist()))
    if late:
        raise InputError(
            f"history has no row of patient {patients[late[0]]!r} by time 0 ({len(late)} such patients): what was known when "
            "follow-up began is needed."
        )
    own = [c for c in data.columns if c not in rows.columns]
    joined = rows.iloc[kept].reset_index(drop=True)
    joined[own] = data[own].iloc[owner].to_numpy()
    joined = joined.astype({c: data[c].dtype for c in own})
    design = design_matrix(formula, joined)
    return design.matrix[_last_row(owner, time, len(patients), begins)], design.columns


def _last_row(owner: IntArray, time: FloatArray, n: int, begins: FloatArray) -> IntArray:
    """For each patient and beginning the place (n, K) of the last row by then."""
    first = np.searchsorted(owner, np.arange(n))
    found = np.empty((n, begins.size), np.int64)
    for k, begin in enumerate(begins):
        found[:, k] = first + np.bincount(owner[time <= begin], minlength=n) - 1
    return found
