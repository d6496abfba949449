"""Rows of one patient: which follow one another, and what no patient can have."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.core.errors import InputError


def goes_on(
    patient: IntArray | None, entry: FloatArray | None, time: FloatArray, event: BoolArray
) -> BoolArray:
    """(n,) True for a row without event whose patient goes on in another row that begins where it ends."""
    found = np.zeros(time.size, bool)
    if patient is not None and entry is not None:
        order = np.lexsort((time, patient))
        now, after = order[:-1], order[1:]
        found[now] = (patient[now] == patient[after]) & (entry[after] == time[now])
    return found & ~event


def check_rows(
    patient: IntArray, labels: tuple[Any, ...], entry: FloatArray | None, time: FloatArray, event: BoolArray
) -> None:
    """Rows of one patient follow one another, without overlap, and none follows an event.

    Raises
    ------
    InputError : two rows at one time, which would count the patient twice, or a row after an event.
    """
    begin = np.zeros(time.size) if entry is None else entry
    order = np.lexsort((time, begin, patient))
    now, after = order[:-1], order[1:]
    same = patient[now] == patient[after]
    clash = same & (begin[after] < time[now])
    if clash.any():
        i, j = int(now[clash][0]), int(after[clash][0])
        advice = (
            "Intervals that follow one another need entry=, where each begins. Times that each start anew (gaps between "
            "recurrences, paired organs) have no id: name the patients by cluster=."
            if entry is None
            else "Correct the dates; a patient is at risk once at a time."
        )
        raise InputError(
            f"rows {i} and {j} of patient {labels[patient[i]]!r} overlap: {begin[i]:g} to {time[i]:g} and "
            f"{begin[j]:g} to {time[j]:g}. {advice}"
        )
    late = same & event[now]
    if late.any():
        i, j = int(now[late][0]), int(after[late][0])
        raise InputError(
            f"patient {labels[patient[i]]!r} has the event at {time[i]:g} (row {i}) and is followed again from {begin[j]:g} to "
            f"{time[j]:g} (row {j}); nobody is at risk of an event that was. Drop the rows that follow the first event. Where events "
            "recur, leave id out and name the patients by cluster= (each event counts, with robust standard errors); "
            "illness on the way to death is what prepare_multistate is for."
        )


def told_apart(patient: IntArray, labels: tuple[Any, ...], rows: Any) -> tuple[IntArray, tuple[Any, ...]]:
    """Patients of the rows of a selection, and their labels: who is drawn again is somebody else.

    The k-th time that a row is drawn it is of the k-th patient of that name, so that the rows of one who was drawn twice
    are two patients with all their rows and not one who is at risk twice at a time.
    """
    place = np.arange(patient.size)[rows]
    drawn = patient[place]
    order = np.argsort(place, kind="stable")
    in_order = place[order]
    nth = np.empty(place.size, np.int64)
    nth[order] = np.arange(place.size) - np.searchsorted(in_order, in_order, side="left")
    if not nth.any():
        return drawn, labels
    pairs, codes = np.unique(drawn + nth * len(labels), return_inverse=True)
    again, who = np.divmod(pairs, len(labels))
    names = (labels[k] if not n else f"{labels[k]} ({n + 1})" for k, n in zip(who.tolist(), again.tolist()))
    return codes.astype(np.int64), tuple(names)


def of_one_patient(name: str, values: Any, labels: tuple[Any, ...], codes: IntArray, what: str) -> None:
    """Refuse values (n,) that differ between the rows of one patient (codes (n,) of them).

    Raises
    ------
    InputError : naming the first such patient, of `labels`.
    """
    order = np.argsort(codes, kind="stable")
    now, after = order[:-1], order[1:]
    differ = (codes[now] == codes[after]) & (values[now] != values[after])
    if differ.any():
        who = codes[now][differ][0]
        raise InputError(f"{name} differs between the rows of patient {labels[who]!r}; {what}")
