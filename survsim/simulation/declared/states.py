"""States and transitions of a disease as data."""

from __future__ import annotations

import fnmatch
import functools
from typing import Annotated, Any, Literal

import pydantic

from survsim.core.declared import Names
from survsim.core.distributions import SurvivalDistribution
from survsim.core.file_faults import Holds
from survsim.simulation.laws.law import WayLaw
from survsim.simulation.laws.schema import Checked, Number

_LAW: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(WayLaw)

HISTORY = ("entry_time", "n_progressions", "time_in_previous_state", "performance_status")
"""Covariates a transition can depend on that the path itself makes; the others are the patient's own."""


def _law(value: Any) -> Any:
    if isinstance(value, dict):
        return _LAW.validate_python(value)
    if isinstance(value, list | tuple) and value and not any(isinstance(v, list | tuple) for v in value):
        return tuple(_law(v) for v in value)
    if isinstance(value, Checked | SurvivalDistribution):
        return value
    raise ValueError("a distribution, a family with its parameters, or one distribution a draw belongs here")


class State(Checked):
    """A state of the disease; a death and one that is `absorbing` are left by nobody, any other has a way out."""

    name: str = pydantic.Field(pattern=r"^[A-Za-z0-9_.\-]+$")
    label: str = ""
    death: bool = False
    progression: bool = False
    """Entering it counts as a progression: it can stop lines, and ends progression-free time. Who starts in it has progressed."""
    performance_change: int = 0
    utility: Number = 1.0
    cost_per_time: Number = 0.0
    groups: Names = ()
    """Names shared with other states, such as walking: the time spent in each group is reported."""
    treatable: bool = True
    """Entering a state that is not, as when care is withdrawn, ends what is given, and nothing starts there."""
    absorbing: bool = False
    """Left by nobody and yet alive, such as cured: following ends there at the horizon."""

    @property
    def title(self) -> str:
        return self.label or self.name.replace("_", " ")


class Transition(Checked):
    """A way from `source` to `target` with the distribution of its time.

    `clock` says what time the hazard counts: "reset" from entry into `source`, "forward" from time 0
    (which an acceleration factor cannot slow beyond the first state), "age" from birth: the covariate `age` of a patient is
    the age in years at time 0, and the distribution is one of age, such as a life table, in the model's unit.
    `covariates` are log hazard ratios per unit of a patient's covariate or of history (`entry_time`,
    `n_progressions`, `time_in_previous_state`, `performance_status`, all as on entry). `frailty` names a
    frailty of the population that multiplies the hazard, raised to `frailty_power`. With `needs_effect` the
    distribution is that of those on whom an effect is in force, and nobody else takes this way. One that is
    `within_stage` leads to another state of the same disease, as when walking is lost: it is no progression and does
    not change the performance status. Transitions that name one `latent` time to death share it: a patient's luck with
    that death is one, in every state and under every strategy, and not drawn anew on the way.
    """

    source: str
    target: str
    distribution: Annotated[Any, pydantic.BeforeValidator(_law), Holds(WayLaw)]
    clock: Literal["reset", "forward", "age"] = "reset"
    age: str = "age"
    covariates: dict[str, Number] = pydantic.Field(default_factory=dict)
    frailty: str | None = None
    frailty_power: Number = 1.0
    needs_effect: bool = False
    """Taken only while an effect on it is in force, such as control regained after re-irradiation."""
    within_stage: bool = False
    """Between two states of one stage of the disease: whoever takes it has not progressed."""
    latent: str | None = pydantic.Field(None, pattern=r"^[A-Za-z0-9_.\-]+$")
    """Name of a time to death that this way shares with others, as of one cause in several states."""

    @property
    def name(self) -> str:
        return f"{self.source}>{self.target}"

    def matches(self, pattern: str) -> bool:
        """Whether ``source>target``, with * for any part of a name, names this transition."""
        return matches(pattern, self.name)


@functools.cache
def matches(pattern: str, transition: str) -> bool:
    """Whether a pattern such as ``controlled*>progressed*`` names the transition ``source>target``."""
    wanted, given = pattern.split(">"), transition.split(">")
    return len(wanted) == len(given) and all(map(fnmatch.fnmatchcase, given, wanted))
