"""What a course is worth and what it costs: values where they arise, and how they are discounted, as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Self

import numpy as np
import pydantic

from survsim.core.numerals import number_in
from survsim.core.times import increasing
from survsim.core.units import DAYS_PER
from survsim.simulation.laws.schema import Checked, Number

MOST_DISCOUNT = 0.25
"""The largest yearly discount rate that is believed; a larger one is a percentage that was written as a number."""

Form = Literal["yearly", "continuous", "steps"]


class Discount(Checked):
    """How the future counts less: `rate` a year, from time 0 of the simulation on.

    `form` says how: "yearly" is (1 + rate) ** -t at every moment t in years, "continuous" is exp(-rate * t), and "steps"
    holds the yearly factor still through each cycle of `cycle` (in the model's time unit, by default a year), at its
    value at the start of the cycle or, with `half_cycle`, at its middle.

    Example
    -------
    >>> from survsim.simulation import Discount
    >>> Discount(rate=0.035).form
    'yearly'
    """

    rate: float
    form: Form = "yearly"
    cycle: float | None = pydantic.Field(default=None, gt=0)
    half_cycle: bool = False

    @pydantic.model_validator(mode="before")
    @classmethod
    def _rate_alone(cls, content: Any) -> Any:
        """``discount: 0.035`` is short for ``discount: {rate: 0.035}``."""
        bare = isinstance(content, int | float | str) and not isinstance(content, bool)
        return {"rate": content} if bare else content

    @pydantic.field_validator("rate", mode="before")
    @classmethod
    def _share(cls, value: Any) -> Any:
        if isinstance(value, str) and value.strip().endswith("%"):
            raise ValueError(
                f"a discount rate is a share a year; write {_as_share(value)} for {value.strip()}"
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("a discount rate is a number a year, such as 0.035 for 3.5%")
        value = float(max(min(value, 1e9), -1e9))
        if value < 0:
            raise ValueError(f"a discount rate is at least 0; found {value:g}")
        if value > MOST_DISCOUNT:
            meant = f"write {value / 100:g} for {value:g}%" if value <= 100 else "write 0.035 for 3.5%"
            raise ValueError(
                f"a discount rate is a share a year, at most {MOST_DISCOUNT:g}; found {value:g}: {meant}"
            )
        return value

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if self.form != "steps" and (self.cycle is not None or self.half_cycle):
            raise ValueError("cycle and half_cycle go with form: steps, and only with it")
        return self


def _as_share(text: str) -> str:
    try:
        return f"{number_in(text.strip().removesuffix('%')) / 100:g}"
    except ValueError:
        return "0.035"


class UnderTreatment(Checked):
    """The value of a state per unit of time while a treatment is given, in place of the state's own.

    Treatments that are given together may share one value of a state; where each has another, the model is refused, since
    nothing says what holds under both.
    """

    state: str
    treatment: str
    value: Number


class Pieces(Checked):
    """Factors between breaks, one more than breaks: by the time, or by age where `age` names a covariate in years.

    The age is that of the covariate at time 0 and the time since; breaks of age are in years, of time in the unit of
    the model.
    """

    breaks: tuple[float, ...] = pydantic.Field(min_length=1)
    factors: tuple[Number, ...]
    age: str | None = None

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if len(self.factors) != len(self.breaks) + 1:
            raise ValueError(
                f"there is one factor more than breaks; found {len(self.factors)} factors for {len(self.breaks)} breaks"
            )
        if any(b <= 0 for b in self.breaks) or not increasing(np.array(self.breaks)):
            raise ValueError("breaks lie above 0 and increase")
        return self


Kind = Literal["quality", "time", "cost", "number"]


class Outcome(Checked):
    """Something that is counted along each path: per unit of time in states and under treatments, and once at events.

    `kind` says what its numbers are: "quality" utilities of at most 1, "time" the share of time that counts (months
    at home), "cost" amounts of at least 0, "number" anything. Little of a cost is best, and much of everything else unless
    `better` says other. Values under `at_` are counted once each time; who starts in a state does not enter it, and a
    death or the end of following stops no line.

    Attributes
    ----------
    by_state : per unit of time in a state; a living state without one has 0, or 1 for quality.
    by_treatment : what a treatment adds to that while it is given, by its name or, in one state, as ``treatment/state``.
    under_treatment : the value of a state under a treatment, which takes the place of both.
    course : factors on all of these by time or by age, such as falling quality with age.
    at_entry, at_transition : on entering a state; on a transition, named as ``source>target`` with * for any part.
    at_event : at a toxicity, by its name or as ``treatment/name``.
    at_start, at_stop : when a treatment, or a line, starts and is stopped or completed; a name that both bear means the
        treatment, in each line that gives it.
    discount : of this outcome, in place of that of all.

    Example
    -------
    >>> from survsim.simulation import Outcome
    >>> spent = Outcome(kind="cost", unit="EUR", by_state={"sick": 900.0}, at_entry={"sick": 4000.0})
    >>> spent.low_is_good, spent.unit_in("months")
    (True, 'EUR')
    """

    kind: Kind
    unit: str = ""
    label: str = ""
    better: Literal["higher", "lower"] | None = None
    by_state: dict[str, Number] = pydantic.Field(default_factory=dict)
    by_treatment: dict[str, Number] = pydantic.Field(default_factory=dict)
    under_treatment: tuple[UnderTreatment, ...] = ()
    course: Pieces | None = None
    at_entry: dict[str, Number] = pydantic.Field(default_factory=dict)
    at_transition: dict[str, Number] = pydantic.Field(default_factory=dict)
    at_event: dict[str, Number] = pydantic.Field(default_factory=dict)
    at_start: dict[str, Number] = pydantic.Field(default_factory=dict)
    at_stop: dict[str, Number] = pydantic.Field(default_factory=dict)
    discount: Discount | None = None

    @property
    def low_is_good(self) -> bool:
        """Whether little of it is wanted."""
        return self.better == "lower" if self.better else self.kind == "cost"

    def unit_in(self, time_unit: str) -> str:
        """Its unit in a model that counts in `time_unit`."""
        return self.unit or {"cost": "cost", "number": "number"}.get(self.kind, time_unit)

    def once(self) -> Iterator[tuple[str, dict[str, Number]]]:
        """The values that are counted once, by what they are counted at."""
        for name in ("at_entry", "at_transition", "at_event", "at_start", "at_stop"):
            yield name, getattr(self, name)


class Values(Checked):
    """The outcomes that are counted, by name, and the discount of all of them and of life.

    Example
    -------
    >>> from survsim.simulation import Discount, Outcome, Values
    >>> quality = Outcome(kind="quality", by_state={"well": 0.9, "sick": 0.6})
    >>> values = Values(discount=Discount(rate=0.03), outcomes={"quality": quality})
    >>> values.discount_of(quality).rate
    0.03
    """

    discount: Discount | None = None
    outcomes: dict[str, Outcome] = pydantic.Field(default_factory=dict)

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        for name, outcome in self.outcomes.items():
            if outcome.kind in ("quality", "time") and outcome.unit in DAYS_PER:
                raise ValueError(
                    f"{name}: {outcome.kind} counts in the time unit of the model; leave out unit"
                )
        return self

    def discount_of(self, outcome: Outcome) -> Discount | None:
        """The discount of an outcome: its own, else that of all; None where it is at rate 0 or there is none."""
        found = outcome.discount or self.discount
        return found if found is not None and found.rate > 0 else None
