"""Patients who entered after the start: each exit is given the earliest entry that is still open."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.estimate.reconstruction.patients import Patients, spread_within
from survsim.estimate.reconstruction.told import Told


def rows_with_entry(
    told: Told, time: FloatArray, length: FloatArray, died: FloatArray, lost: FloatArray, entered: IntArray,
    notes: tuple[str, ...],
) -> Patients:  # fmt: skip
    """Rows (entry, time, event] from deaths, censorings and the numbers that entered after each knot.

    A figure shows only how many more entered than were censored between two printed numbers. Where the printed number of
    patients is larger than what it needs, the others enter and leave together, which changes no risk set of an event.
    """
    entry = np.concatenate([np.zeros(int(told.risk[0])), spread_within(time, length, entered)])
    more = 0 if told.n is None else told.n - entry.size
    ended = np.concatenate([died, lost])
    event = np.arange(ended.size) < died.size
    order = np.lexsort((~event, ended))
    ended, event = ended[order], event[order]
    entry = np.sort(entry)
    rest = max(entry.size - ended.size, 0)
    ended = np.concatenate([ended, np.full(rest, told.stop)])
    event = np.concatenate([event, np.zeros(rest, np.bool_)])
    keep = entry[: ended.size] < ended[: entry.size]
    made = Patients(
        time=ended[: entry.size][keep], event=event[: entry.size][keep], entry=entry[: ended.size][keep]
    )
    said = list(notes)
    if more > 0:
        said.append(
            f"{made.time.size} of {told.n} patients are visible in the risk table; the others entered and left between "
            "printed numbers, which no figure shows"
        )
    elif more < 0:
        said.append(f"the risk table needs {made.time.size} patients, printed {told.n}")
    said.append(
        "entries are the least that the risk table needs, given to exits in order: hazards do not depend on who entered when"
    )
    return Patients(time=made.time, event=made.event, entry=made.entry, notes=tuple(said))
