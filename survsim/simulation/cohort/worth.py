"""What the states of a cohort are worth under one strategy, as numbers of one draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.errors import ScenarioError
from survsim.simulation.declared.cohort_values import OwnValues
from survsim.simulation.declared.model import Numbers
from survsim.simulation.declared.values import Outcome
from survsim.simulation.declared.values_checks import number_fault


class Worth:
    """The numbers of one outcome under one strategy in one draw: `rate` by state, `entry` and `way` once, `beginning`.

    `added` holds spans: from, until, and what is added by state.
    """

    __slots__ = ("added", "beginning", "entry", "rate", "way")

    def __init__(
        self, name: str, outcome: Outcome, own: OwnValues | None, number: Numbers, alive: tuple[str, ...]
    ) -> None:
        mine = own or OwnValues()
        default = 1.0 if outcome.kind == "quality" else 0.0
        by_state: dict[str, Any] = {**outcome.by_state, **mine.by_state}
        self.rate = {s: number(by_state[s]) if s in by_state else default for s in alive}
        self.entry = {k: number(v) for k, v in {**outcome.at_entry, **mine.at_entry}.items()}
        self.way = {k: number(v) for k, v in {**outcome.at_transition, **mine.at_transition}.items()}
        self.beginning = number(mine.at_beginning)
        self.added = [
            (span.from_, span.until, {k: number(v) for k, v in span.by_state.items()}) for span in mine.added
        ]
        for state, value in self.rate.items():
            _refuse(name, outcome, "by_state", state, value)
        for field, amounts in (("at_entry", self.entry), ("at_transition", self.way)):
            for key, value in amounts.items():
                _refuse(name, outcome, field, key, value)
        _refuse(name, outcome, "at_beginning", "", self.beginning)
        for _, _, extra in self.added:
            for state, value in extra.items():
                if outcome.kind == "cost":
                    _refuse(name, outcome, "added", state, value)
                elif fault := number_fault(outcome, "by_state", np.array([self.rate[state] + value])):
                    raise ScenarioError(
                        f"values of {name}, added.{state}: with it the value of the state {fault}."
                    )
        if outcome.course is not None:
            for i, factor in enumerate(outcome.course.factors):
                _refuse(name, outcome, "course", f"factors.{i}", number(factor))


def _refuse(name: str, outcome: Outcome, field: str, key: str, value: float) -> None:
    fault = number_fault(outcome, field, np.array([value]))
    if fault:
        place = f"{field}.{key}" if key else field
        raise ScenarioError(f"values of {name}, {place} {fault}.")
