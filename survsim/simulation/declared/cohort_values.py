"""What differs between the strategies of a cohort model besides its curves or matrices: what their states are worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

import pydantic

from survsim.core.times import lengthless
from survsim.simulation.declared.states import matches
from survsim.simulation.declared.values import Outcome, Values
from survsim.simulation.laws.schema import Checked, Number

FOLLOWED = ("by_treatment", "under_treatment", "at_event", "at_start", "at_stop")
"""What only patients who are followed one by one can be counted for."""


class Span(Checked):
    """What is added to the worth of states for a time, such as the price of a drug that is given for two years."""

    by_state: dict[str, Number]
    from_: float = pydantic.Field(default=0.0, ge=0, alias="from")
    until: float = pydantic.Field(gt=0)

    model_config = pydantic.ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, populate_by_name=True
    )

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if lengthless(self.from_, self.until):
            raise ValueError(f"it ends at {self.until:g}, not after it begins at {self.from_:g}")
        return self


class OwnValues(Checked):
    """What an outcome counts under one strategy, in place of what `values` says for all.

    Attributes
    ----------
    by_state : per unit of time in a state; at_entry, at_transition : once each time.
    at_beginning : once for everybody at time 0, such as the price of a procedure.
    added : per unit of time in states beside that, for a time.
    """

    by_state: dict[str, Number] = pydantic.Field(default_factory=dict)
    at_entry: dict[str, Number] = pydantic.Field(default_factory=dict)
    at_transition: dict[str, Number] = pydantic.Field(default_factory=dict)
    at_beginning: Number = 0.0
    added: tuple[Span, ...] = ()


def cohort_value_faults(
    values: Values | None,
    own: Mapping[str, Mapping[str, OwnValues]],
    alive: tuple[str, ...],
    dead: tuple[str, ...],
    ways: tuple[str, ...],
) -> Iterator[str]:
    """Sentences, each one fault of `values` and of what strategies (`own`) say beside them.

    `ways` are the transitions, as ``source>target``, that a value can be counted at.
    """
    outcomes = values.outcomes if values else {}
    for name, outcome in outcomes.items():
        where = f"values.outcomes.{name}"
        for field in FOLLOWED:
            if getattr(outcome, field):
                yield (
                    f"{where}.{field}: a cohort has no lines and events of its patients; give what a strategy's states are "
                    "worth under strategies.NAME.values, and what is paid once at time 0 as at_beginning there"
                )
        if outcome.course is not None and outcome.course.age is not None:
            yield f"{where}.course: a cohort has no patients' ages; give breaks of time"
        yield from _place_faults(where, outcome, alive, dead, ways)
    for strategy, mine in own.items():
        for name, one in mine.items():
            where = f"strategies.{strategy}.values.{name}"
            if name not in outcomes:
                known = ", ".join(outcomes) or "none"
                yield f"{where}: there is no outcome {name!r} under values.outcomes; known: {known}"
            else:
                yield from _place_faults(where, one, alive, dead, ways)


def _place_faults(
    where: str,
    item: Outcome | OwnValues,
    alive: tuple[str, ...],
    dead: tuple[str, ...],
    ways: tuple[str, ...],
) -> Iterator[str]:
    for state in item.by_state:
        if state in dead:
            yield f"{where}.by_state: {state} is a death: nothing is counted per time there; count what it brings under at_entry"
        elif state not in alive:
            yield f"{where}.by_state: {state!r} is not a state; states: {', '.join(alive)}"
    for state in (s for span in getattr(item, "added", ()) for s in span.by_state):
        if state not in alive:
            yield f"{where}.added: {state!r} is not a state of the living; states: {', '.join(alive)}"
    for state in item.at_entry:
        if state not in (*alive, *dead):
            yield f"{where}.at_entry: {state!r} is not a state; states: {', '.join((*alive, *dead))}"
        elif not any(way.endswith(f">{state}") for way in ways):
            yield f"{where}.at_entry: how many enter {state} is not known here; known entries: {_entries(ways)}"
    for way in item.at_transition:
        if ">" not in way or not any(matches(way, known) for known in ways):
            yield f"{where}.at_transition: {way!r} is not a way that is counted; known: {', '.join(ways) or 'none'}"


def _entries(ways: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(way.partition(">")[2] for way in ways)) or "none"
