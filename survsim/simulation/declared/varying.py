"""Entries of a transition matrix that change from cycle to cycle: a law's, a table's, and sums of such."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
import pydantic

from survsim.core.times import increasing
from survsim.simulation.laws.law import Law
from survsim.simulation.laws.schema import Checked, Number


class OfLaw(Checked):
    """The probability that a law's event comes within the cycle, given that it has not come before.

    The law counts the time from the start of the model, and `hazard_ratio` multiplies its hazard.
    """

    law: Law
    hazard_ratio: Number = 1.0


class ByTime(Checked):
    """One of `values` in each stretch between `breaks`, one more than breaks; a cycle is where its start, or its end, lies."""

    breaks: tuple[float, ...] = pydantic.Field(min_length=1)
    values: tuple[Number, ...]
    at: Literal["start", "end"] = "start"

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if len(self.values) != len(self.breaks) + 1:
            raise ValueError(
                f"there is one value more than breaks; found {len(self.values)} values for {len(self.breaks)} breaks"
            )
        if not increasing(np.array([0.0, *self.breaks])):
            raise ValueError("breaks lie above 0 and increase")
        return self


class Together(Checked):
    """The sum of some probabilities, as of an operation and of everything else."""

    numbers: tuple[Number, ...] = ()
    others: tuple[OfLaw | ByTime, ...] = ()


Varying = OfLaw | ByTime | Together
_FORMS = {"law": OfLaw, "breaks": ByTime, "numbers": Together, "others": Together}


def varying(value: dict[str, Any]) -> Any:
    """An entry that a mapping describes: {law: ...}, {breaks: ..., values: ...}, or {sum: [...]} of such and of numbers."""
    if set(value) == {"sum"} and isinstance(value["sum"], list | tuple):
        parts = [varying(v) if isinstance(v, dict) else v for v in value["sum"]]
        if any(isinstance(p, Together) for p in parts):
            raise ValueError("a sum holds numbers and entries, no further sum; write one sum")
        others = [p for p in parts if isinstance(p, Checked)]
        numbers = [p for p in parts if not isinstance(p, Checked)]
        return Together.__pydantic_validator__.validate_python({"numbers": numbers, "others": others})
    form: Any = next((form for key, form in _FORMS.items() if key in value), None)
    if form is None:
        raise ValueError(
            "an entry that changes is {law: {family: ...}}, {breaks: [...], values: [...]} or {sum: [...]}; found "
            f"{', '.join(map(str, value)) or 'nothing'}"
        )
    return form.__pydantic_validator__.validate_python(value)


def _varying(value: Any) -> Any:
    return varying(value) if isinstance(value, dict) else value


AnyVarying = Annotated[Varying, pydantic.BeforeValidator(_varying)]
