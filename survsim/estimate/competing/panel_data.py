"""Panel data: what patients were seen in at visits, checked and cut into intervals between two visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray, as_labels, float_vector, require_columns
from survsim.core.encoding import stored
from survsim.core.errors import InputError
from survsim.core.times import join, refuse_overflow


@stored
@dataclass(frozen=True, slots=True)
class Visits:
    """Visits in the order of patients and time: patient (n,) as numbers, time (n,), state (n,) as places among the states, row (n,) of the data."""

    patient: IntArray
    time: FloatArray
    state: IntArray
    row: IntArray

    @property
    def starts(self) -> IntArray:
        """Places of visits that another visit of the same patient follows."""
        return np.flatnonzero(self.patient[1:] == self.patient[:-1])

    @property
    def firsts(self) -> IntArray:
        """Place of each patient's first visit."""
        return np.flatnonzero(np.append(True, self.patient[1:] != self.patient[:-1]))


def read_visits(data: Any, names: tuple[str, str, str], states: tuple[Any, ...], unit: str) -> Visits:
    """The visits of a frame with columns `names` of patient, time and state.

    Raises
    ------
    InputError : a column that is not there, an unknown state, two visits at one time.
    """
    require_columns(data, list(names), "data")
    who, when, what = names
    labels = as_labels(who, data[who]).tolist()
    time = float_vector(when, data[when], unit=unit)
    if not time.size:
        raise InputError("data has no row; give one row a visit.")
    refuse_overflow(when, time)
    time = join(time)[0]
    seen = as_labels(what, data[what]).tolist()
    place = {name: i for i, name in enumerate(states)}
    strange = sorted({repr(s) for s in seen if s not in place})
    if strange:
        raise InputError(
            f"{what} has {', '.join(strange[:5])}, but transitions name {', '.join(map(repr, states))}. "
            "Name each state as transitions do."
        )
    number: dict[Any, int] = {}
    patient = np.array([number.setdefault(p, len(number)) for p in labels], np.int64)
    order = np.lexsort((time, patient))
    visits = Visits(patient[order], time[order], np.array([place[s] for s in seen], np.int64)[order], order)
    twice = visits.starts[np.diff(visits.time)[visits.starts] <= 0]
    if twice.size:
        k = int(twice[0])
        raise InputError(
            f"patient {labels[order[k]]!r} has two visits at {visits.time[k]:g} {unit}; keep one row a patient and time."
        )
    if not visits.starts.size:
        raise InputError("no patient was seen twice: one visit says nothing about what follows.")
    return visits


def check_ways(visits: Visits, data: Any, who: str, states: tuple[Any, ...], possible: BoolArray) -> None:
    """Refuse a visit after an absorbing state, and one in a state that cannot be reached from the visit before.

    `possible` (S, S) : whether the transition is among those of the model.
    """
    reach = np.eye(len(states), dtype=bool) | possible
    for _ in states:
        reach = reach | (reach.astype(np.int64) @ reach.astype(np.int64) > 0)
    i = visits.starts
    source, target = visits.state[i], visits.state[i + 1]
    wrong = np.flatnonzero(~reach[source, target] | ~possible[source].any(axis=1))
    if wrong.size:
        k = int(wrong[0])
        patient = as_labels(who, data[who]).tolist()[visits.row[i[k]]]
        raise InputError(
            f"patient {patient!r} is seen in {states[source[k]]!r} at {visits.time[i[k]]:g} and in {states[target[k]]!r} at "
            f"{visits.time[i[k] + 1]:g}, and no path of transitions leads there. Mend the rows or name the transition; a state that may have been seen "
            "wrongly is named in misclassified."
        )


def check_exact(exact: Sequence[Any], states: tuple[Any, ...], possible: BoolArray) -> IntArray:
    """Places of the states whose time of entry is known; only states without a way out may be among them."""
    if isinstance(exact, str):
        raise InputError(f"exact must be a list of states; got {exact!r}. Write [{exact!r}].")
    strange = [name for name in exact if name not in states]
    if strange:
        raise InputError(
            f"exact names {strange[0]!r}, which is no state; there are {', '.join(map(repr, states))}."
        )
    places = np.array([states.index(name) for name in dict.fromkeys(exact)], np.int64)
    left = [states[s] for s in places if possible[s].any()]
    if left:
        raise InputError(
            f"exact names {left[0]!r}, which can be left again; only the time of entry into a final state may be exact."
        )
    return places
