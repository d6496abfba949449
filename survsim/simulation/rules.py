"""Start conditions as arrays: what each clause asks about, its limits, whether it grows with time."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.kernels.patient_path import earliest_start
from survsim.simulation.laws import Lookup
from survsim.simulation.strategy import Clause, Line

if TYPE_CHECKING:
    from survsim.simulation.workspace import Workspace

GROWING = (
    "time",
    "time_in_state",
    "time_since_progression",
    "time_since_line_end",
    "time_since_radiation",
)
LINE_STATUS = ("not_started", "running", "completed", "stopped", "declined")
NOT_STARTED, RUNNING, COMPLETED, STOPPED, DECLINED = range(5)


@dataclasses.dataclass(frozen=True, slots=True)
class ClauseSet:
    """Clauses that must hold together: quantity names, limits (clauses,), and word tables by clause."""

    quantities: tuple[str, ...]
    subjects: tuple[Any, ...]
    low: FloatArray
    high: FloatArray
    grows: BoolArray
    words: tuple[FloatArray | None, ...]

    def wait(self, w: Workspace, who: IntArray, line: int) -> FloatArray:
        """Time until the set holds for the patients `who`, infinity where it cannot as things stand."""
        if not self.quantities:
            return np.zeros(who.size)
        values = []
        for c, quantity in enumerate(self.quantities):
            found = _VALUES[quantity](w, who, self.subjects[c], line)
            table = self.words[c]
            values.append(found if table is None else table[found])
        return earliest_start(values, self.low, self.high, self.grows)


def compile_conditions(
    line: Line, state_names: tuple[str, ...], lines: list[str], number: Lookup
) -> tuple[ClauseSet, ...]:
    """The alternatives under which a line may start."""
    return tuple(_clause_set(clauses, state_names, lines, number) for clauses in line.alternatives())


def _clause_set(
    clauses: tuple[Clause, ...], states: tuple[str, ...], lines: list[str], number: Lookup
) -> ClauseSet:
    vocabulary = {"state": states, "line": LINE_STATUS, "response": ("no", "yes")}
    words: list[FloatArray | None] = []
    low, high, subjects = [], [], []
    for clause in clauses:
        table = None
        if clause.quantity in vocabulary:
            named, refused = clause.words()
            table = np.array([float((w in named) != refused) for w in vocabulary[clause.quantity]])
        words.append(table)
        low.append(1.0 if table is not None else _limit(clause.at_least, -np.inf, number))
        high.append(np.inf if table is not None else _limit(clause.at_most, np.inf, number))
        subjects.append(
            lines.index(clause.name) if clause.quantity == "line" and clause.name else clause.name
        )
    return ClauseSet(
        quantities=tuple(c.quantity for c in clauses),
        subjects=tuple(subjects),
        low=np.array(low),
        high=np.array(high),
        grows=np.array([c.quantity in GROWING for c in clauses], dtype=bool),
        words=tuple(words),
    )


def _limit(value: Any, none: float, number: Lookup) -> float:
    return none if value is None else number(value)


_VALUES: dict[str, Any] = {
    "state": lambda w, who, subject, line: w.state[who],
    "line": lambda w, who, subject, line: w.line_status[subject][who],
    "response": lambda w, who, subject, line: w.response[who],
    "time": lambda w, who, subject, line: w.time[who],
    "time_in_state": lambda w, who, subject, line: w.time[who] - w.entry[who],
    "time_since_progression": lambda w, who, subject, line: w.time[who] - w.progressed_at[who],
    "time_since_line_end": lambda w, who, subject, line: w.time[who] - w.line_ended_at[who],
    "time_since_radiation": lambda w, who, subject, line: w.time[who] - w.radiation_ended_at[who],
    "performance_status": lambda w, who, subject, line: w.performance[who],
    "n_progressions": lambda w, who, subject, line: w.n_progressions[who],
    "toxicity_grade": lambda w, who, subject, line: w.worst_grade[who],
    "lines_started": lambda w, who, subject, line: w.lines_started[who],
    "covariate": lambda w, who, subject, line: w.covariate(subject)[who],
    "cord_dose": lambda w, who, subject, line: w.cord_dose(who),
    "planned_cord_dose": lambda w, who, subject, line: w.cord_dose(who, line),
}
"""How each quantity of a condition is read off the working arrays."""
