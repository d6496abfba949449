"""What a model declares, before anything is checked: the fields that the checks read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from survsim.simulation.cord_biology.myelopathy import CordSettings
from survsim.simulation.declared.history import History, PastTreatment
from survsim.simulation.declared.population import Population
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Strategy, Treatment
from survsim.simulation.declared.values import Values

NATURAL_COURSE = Strategy(strategy="natural_course")
"""Nobody is treated."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredModel:
    """The fields of `survsim.simulation.Model` and what follows from them alone."""

    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    strategies: tuple[Strategy, ...] = (NATURAL_COURSE,)
    treatments: Mapping[str, Treatment] = dataclasses.field(default_factory=dict)
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    population: Population = dataclasses.field(default_factory=Population)
    cord: CordSettings = dataclasses.field(default_factory=CordSettings)
    time_unit: str
    horizon: float
    start: str | Mapping[str, Any] | None = None
    history: History | None = None
    values: Values | None = None

    @property
    def n_draws(self) -> int:
        """Number of parameter draws the model holds; 1 where every number is fixed."""
        sizes = [p.size for p in self.parameters.values() if p.ndim]
        laws = [len(t.distribution) for t in self.transitions if isinstance(t.distribution, tuple)]
        return max([*sizes, *laws, 1])

    @property
    def state_names(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.states)

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of groups of states, in the order they are first named."""
        return tuple(dict.fromkeys(g for s in self.states for g in s.groups))

    @property
    def strategy_names(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.strategies)

    @property
    def initial(self) -> str:
        """The state everybody starts in; the first one of several."""
        return self.start_states[0]

    @property
    def start_states(self) -> tuple[str, ...]:
        """The states in which somebody starts."""
        if isinstance(self.start, str | None):
            return (self.start or self.states[0].name,)
        return tuple(self.start)

    def was_given(self, name: str) -> tuple[PastTreatment, ...]:
        """The courses of a treatment, or of a line, that the history holds."""
        past = self.history.given if self.history else ()
        return tuple(p for p in past if name in (p.treatment, p.line))

    def treatment(self, strategy: Strategy, name: str) -> Treatment | None:
        """The treatment a strategy means by `name`: its own, else the shared one."""
        return strategy.treatments.get(name, self.treatments.get(name))
