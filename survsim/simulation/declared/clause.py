"""What a line waits for: comparisons of a patient's history with words and numbers."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import pydantic

from survsim.core.declared import each_once
from survsim.simulation.laws.schema import Checked, Number

DEEDS = ("completed", "stopped", "given", "not_given")
"""What may be asked about a treatment or a line: was it ever ended as planned, ended before, begun, not begun."""

Quantity = Literal[
    "state",
    "time",
    "time_in_state",
    "time_since_progression",
    "time_since_line_end",
    "time_since_radiation",
    "performance_status",
    "response",
    "n_progressions",
    "toxicity_grade",
    "cord_dose",
    "planned_cord_dose",
    "lines_started",
    "line",
    "covariate",
    "completed",
    "stopped",
    "given",
    "not_given",
]
"""What a condition may ask about. Times count in the model's unit, cord dose in Gy EQD2."""


def _short_form(schema: dict[str, Any]) -> None:
    """In the schema of a file, ``{completed: radiotherapy}`` is a condition too."""
    long = {"required": schema.pop("required", [])}
    schema["anyOf"] = [long, *({"required": [deed]} for deed in DEEDS)]
    for deed in DEEDS:
        schema["properties"][deed] = {
            "type": "string",
            "description": f"Short for quantity: {deed} and a name, of a treatment or a line.",
        }


class Clause(Checked):
    """One comparison, such as ``{quantity: performance_status, at_most: 2}``.

    `name` says which line (its status is not_started, running, completed, stopped or declined), which covariate, or
    which treatment or line was completed, stopped, given or not: ``{completed: radiotherapy_44}`` in short. Times
    since something never come for those to whom it never happened.

    Example
    -------
    >>> from survsim.simulation import Clause
    >>> Clause(quantity="performance_status", at_most=2.0).at_most
    2.0
    """

    quantity: Quantity
    name: str | None = None
    is_: Annotated[str | tuple[str, ...] | None, each_once()] = pydantic.Field(default=None, alias="is")
    is_not: Annotated[str | tuple[str, ...] | None, each_once()] = None
    at_least: Number | None = None
    at_most: Number | None = None

    model_config = pydantic.ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, json_schema_extra=_short_form
    )

    @pydantic.model_validator(mode="before")
    @classmethod
    def _long_form(cls, content: Any) -> Any:
        if isinstance(content, dict) and len(content) == 1 and next(iter(content)) in DEEDS:
            ((deed, name),) = content.items()
            return {"quantity": deed, "name": name}
        return content

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        words = self.quantity in ("state", "line", "response")
        given = (
            self.is_ is not None or self.is_not is not None,
            self.at_least is not None or self.at_most is not None,
        )
        deed = self.quantity in DEEDS
        if deed and any(given):
            raise ValueError(f"{self.quantity} takes a name alone, as in {{{self.quantity}: radiotherapy}}")
        if words and (not given[0] or given[1]):
            raise ValueError(f"{self.quantity} is compared with is or is_not")
        if not words and not deed and (given[0] or not given[1]):
            raise ValueError(f"{self.quantity} is compared with at_least or at_most")
        if (self.quantity in ("line", "covariate", *DEEDS)) != (self.name is not None):
            raise ValueError(
                f"name goes with quantity line, covariate, {', '.join(DEEDS)}, and only with them"
            )
        low, high = self.at_least, self.at_most
        if isinstance(low, float) and isinstance(high, float) and low > high:
            raise ValueError(f"at_least {low:g} is above at_most {high:g}: it can never hold")
        return self

    def words(self) -> tuple[tuple[str, ...], bool]:
        """The words compared with, and whether they must not be met."""
        value = self.is_ if self.is_ is not None else self.is_not
        return (value,) if isinstance(value, str) else tuple(value or ()), self.is_ is None
