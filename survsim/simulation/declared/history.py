"""What is known of one patient at the moment from which the simulation goes on."""

from __future__ import annotations

from typing import Literal, Self

import pydantic

from survsim.simulation.laws.schema import Checked, Number


class PastState(Checked):
    """A state that was entered `at` a time since time zero; the start needs no entry."""

    state: str
    at: Number


class PastTreatment(Checked):
    """A treatment that was given: from when to when, and how it ended.

    `fractions` are those that reached each cord region, where a course was broken off or reached less than planned;
    without it they follow from the plan and the share of its duration. `line` names the line of the strategies it
    counts as; without it, the first line that gives it. Treatments that count as one line are one course of it, until one
    of them is given again; the order in which they are listed says nothing.
    """

    treatment: str
    start: Number
    end: Number | None = None
    status: Literal["completed", "stopped", "running"]
    line: str | None = None
    fractions: dict[str, int] = pydantic.Field(default_factory=dict)
    responded: bool = False

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.status == "running") != (self.end is None):
            raise ValueError(
                "a treatment that was completed or stopped has an end; one that is running has none"
            )
        if any(n < 0 for n in self.fractions.values()):
            raise ValueError("a number of fractions is at least 0")
        return self


class PastDose(Checked):
    """Fractions that reached one cord region in a course of none of the treatments of the model."""

    region: str
    fractions: int = pydantic.Field(gt=0, le=100)
    dose_per_fraction: Number
    ended: Number


class PastToxicity(Checked):
    """An adverse event of a treatment that the patient has had, so that it does not come again."""

    treatment: str
    name: str


class History(Checked):
    """One patient up to `now`; times count from time zero and may be parameters, so that a date can be uncertain.

    The states of `path` follow the start of the model; where that is shared out, the first of them is the patient's own
    start, at 0. `given` is what the patient got, `doses` what the cord got besides. `performance_status` is the one now;
    without it, it follows from the start, the path and the `toxicities`, each from the start of the last course of its
    treatment. A hazard that goes by the status on entry into the state goes by what followed until then, and by the one
    now where the state was entered at `now`. Covariates that differ between patients must be known, because what happened
    says something about them; the hidden frailty is updated by it.

    From now on the patient is given what the lines of a strategy give. A treatment that runs goes on, under the stop rules
    and with the dose of its line, where it counts as a line of the strategy that gives it; under a strategy without such
    a line it is stopped now, and so is one of another line than that which began last, since one line runs at a time. To
    have it go on, list its line in the strategy.
    """

    now: Number
    path: tuple[PastState, ...] = ()
    given: tuple[PastTreatment, ...] = ()
    doses: tuple[PastDose, ...] = ()
    toxicities: tuple[PastToxicity, ...] = ()
    performance_status: int | None = pydantic.Field(default=None, ge=0, le=4)
    covariates: dict[str, Number] = pydantic.Field(default_factory=dict)
    description: str = ""
