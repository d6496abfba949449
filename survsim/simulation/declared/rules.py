"""Start conditions as arrays: what each clause looks at, its limits, and which line it is for."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.kernels.patient_lines import AFTER, EXTRA, GROWS, LINE, RESPONSE, STANDS, STATE
from survsim.simulation.declared.clause import DEEDS, Clause
from survsim.simulation.declared.history import PastTreatment
from survsim.simulation.declared.strategy import Line
from survsim.simulation.laws.by_draw import ByDraw, LookupByDraw, columns

LINE_STATUS = ("not_started", "running", "completed", "stopped", "declined")
NOT_STARTED, RUNNING, COMPLETED, STOPPED, DECLINED = range(5)

HISTORY_ROWS = (
    "origin",
    "entry",
    "previous_time",
    "progressed_at",
    "n_progressions",
    "performance",
    "line_ended_at",
    "radiation_ended_at",
    "worst_grade",
    "lines_started",
)
"""Rows of the history that is kept of patients; the origin is 0 for all."""

_HISTORY = {
    "time": (GROWS, "origin"),
    "time_in_state": (GROWS, "entry"),
    "time_since_progression": (AFTER, "progressed_at"),
    "time_since_line_end": (AFTER, "line_ended_at"),
    "time_since_radiation": (AFTER, "radiation_ended_at"),
    "performance_status": (STANDS, "performance"),
    "n_progressions": (STANDS, "n_progressions"),
    "toxicity_grade": (STANDS, "worst_grade"),
    "lines_started": (STANDS, "lines_started"),
}
"""Quantities of a condition that are a row of history, as it stands or as the time since it."""

GROWING = tuple(quantity for quantity, (kind, _) in _HISTORY.items() if kind in (GROWS, AFTER))
_WORDS = {"state": STATE, "line": LINE, "response": RESPONSE}


@dataclasses.dataclass(frozen=True, slots=True)
class StartRules:
    """When the lines of a strategy may start; see `survsim.kernels.patient_step.next_line`.

    Attributes
    ----------
    repeats : (lines,) how often each line may be offered.
    line_of, ends : (alternatives,) line of each alternative, and where its clauses end.
    kind, subject : (clauses,); low, high : (clauses, draws); words : (clauses, w).
    made : clauses whose values are made by numpy: number, quantity, name, line.
    """

    repeats: IntArray
    line_of: IntArray
    ends: IntArray
    kind: IntArray
    subject: IntArray
    low: FloatArray
    high: FloatArray
    words: FloatArray
    made: tuple[tuple[int, str, str | None, int], ...]

    @property
    def ask_dose(self) -> bool:
        """Whether a clause looks at the dose to the cord, which recovers with time."""
        return any(quantity in ("cord_dose", "planned_cord_dose") for _, quantity, _, _ in self.made)


_DEEDS = {
    "completed": ("completed",),
    "stopped": ("stopped",),
    "given": ("running", "completed", "stopped"),
    "not_given": ("not_started", "declined"),
}
"""The statuses a line has of which something is asked; of a treatment the counts of its ends and starts are looked at."""


def compile_start_rules(
    lines: Sequence[Line],
    states: tuple[str, ...],
    number: LookupByDraw,
    *,
    barred: tuple[str, ...] = (),
    past: Sequence[PastTreatment] = (),
) -> StartRules:
    """The start conditions of all lines, each name an index and each number filled in; none starts in `barred` states.

    `past` is what a history holds, which a condition may ask about though no line of the strategy gives it.
    """
    vocabulary = {"state": states, "line": LINE_STATUS, "response": ("no", "yes")}
    names = [line.line for line in lines]
    everywhere = (Clause.model_validate({"quantity": "state", "is_not": barred}),) if barred else ()
    sets = [(i, (*clauses, *everywhere)) for i, line in enumerate(lines) for clauses in line.alternatives()]
    clauses = [(i, clause) for i, together in sets for clause in together]
    words = np.zeros((len(clauses), max(map(len, vocabulary.values()))))
    kind, subject = np.full(len(clauses), EXTRA, dtype=np.int64), np.zeros(len(clauses), dtype=np.int64)
    low: list[ByDraw] = [-np.inf] * len(clauses)
    high: list[ByDraw] = [np.inf] * len(clauses)
    given = {t for line in lines for t in line.treatments} | {p.treatment for p in past}
    for row, (_, clause) in enumerate(clauses):
        if clause.quantity in DEEDS:
            low[row], high[row] = (-np.inf, 0.0) if clause.quantity == "not_given" else (1.0, np.inf)
            if clause.name in given:
                continue
            if clause.name not in names:
                # a line of other strategies: what became of it is settled
                had = {p.status if p.end is not None else "stopped" for p in past if p.line == clause.name}
                holds = bool(had.intersection(_DEEDS[clause.quantity]))
                kind[row], low[row], high[row] = STANDS, -np.inf if holds else np.inf, np.inf
                continue
            clause = Clause.model_validate(
                {"quantity": "line", "name": clause.name, "is": _DEEDS[clause.quantity]}
            )
        if clause.quantity in vocabulary:
            named, refused = clause.words()
            known = vocabulary[clause.quantity]
            words[row, : len(known)] = [float((w in named) != refused) for w in known]
            kind[row], low[row], high[row] = _WORDS[clause.quantity], 1.0, np.inf
            subject[row] = names.index(clause.name) if clause.name else 0
            continue
        low[row], high[row] = _limit(clause.at_least, -np.inf, number), _limit(clause.at_most, np.inf, number)
        if clause.quantity in _HISTORY:
            kind[row], name = _HISTORY[clause.quantity]
            subject[row] = HISTORY_ROWS.index(name)
    return StartRules(
        repeats=np.array([line.repeats for line in lines], dtype=np.int64),
        line_of=np.array([i for i, _ in sets], dtype=np.int64),
        ends=np.cumsum([len(together) for _, together in sets], dtype=np.int64),
        kind=kind,
        subject=subject,
        low=columns(low),
        high=columns(high),
        words=words,
        made=tuple((row, c.quantity, c.name, i) for row, (i, c) in enumerate(clauses) if kind[row] == EXTRA),
    )


def _limit(value: Any, none: float, number: LookupByDraw) -> ByDraw:
    return none if value is None else number(value)
