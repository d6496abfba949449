"""What the states of a cohort are worth under one strategy, as numbers of one draw."""

from __future__ import annotations

from typing import Any

from survsim.core.errors import ScenarioError
from survsim.simulation.declared.cohort_values import OwnValues
from survsim.simulation.declared.model import Numbers
from survsim.simulation.declared.values import Outcome


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
        for _, _, extra in self.added:
            for state, value in extra.items():
                _refuse(name, f"added.{state}", outcome.kind, value, per_state=True)
        for place, value in (("by_state." + s, v) for s, v in self.rate.items()):
            _refuse(name, place, outcome.kind, value, per_state=True)
        once = {**self.entry, **self.way, "at_beginning": self.beginning}
        for place, value in once.items():
            _refuse(name, place, outcome.kind, value, per_state=False)


def _refuse(name: str, place: str, kind: str, value: float, *, per_state: bool) -> None:
    where = f"values of {name}, {place}"
    if kind == "cost" and value < 0:
        raise ScenarioError(
            f"{where} is {value:g}; a cost is at least 0. Where a loss of quality is meant, give it under an outcome of "
            "kind: quality; a saving under one of kind: number with better: lower."
        )
    if kind == "quality" and per_state and value > 1:
        raise ScenarioError(
            f"{where} is {value:g}; a utility is at most 1, full health. Where a cost is meant, give it under an "
            "outcome of kind: cost."
        )
    if kind == "time" and per_state and not 0 <= value <= 1:
        raise ScenarioError(f"{where} is {value:g}; the share of time that counts lies between 0 and 1.")
