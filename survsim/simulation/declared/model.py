"""The engine's whole input: states, transitions, strategies, patients and numbers, checked as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray
from survsim.core.errors import ScenarioError
from survsim.simulation.cord_biology.myelopathy import CordSettings
from survsim.simulation.declared.population import Population
from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.strategy import Strategy, Treatment

NATURAL_COURSE = Strategy(strategy="natural_course")
"""Nobody is treated."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """States, transitions, strategies, population and parameters; refused here if it cannot be simulated.

    Parameters
    ----------
    states, transitions : the graph; the first state is where everybody starts unless `start` says other.
    strategies : what is compared, in the order of the results.
    treatments : treatments that several strategies share, by name; a strategy's own come first.
    parameters : numbers by name, each one value or one a draw, shape (draws,).
    population, cord : who is simulated; how cord dose is counted and which myelopathy models run.
    time_unit, horizon : unit of every time; the time at which following patients ends.

    Raises
    ------
    ScenarioError
        listing every fault found in the graph, the rules and the numbers.
    """

    states: tuple[State, ...]
    transitions: tuple[Transition, ...]
    strategies: tuple[Strategy, ...] = (NATURAL_COURSE,)
    treatments: Mapping[str, Treatment] = dataclasses.field(default_factory=dict)
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    population: Population = dataclasses.field(default_factory=Population)
    cord: CordSettings = dataclasses.field(default_factory=CordSettings)
    time_unit: str
    horizon: float
    start: str | None = None

    def __post_init__(self) -> None:
        from survsim.simulation.declared.model_checks import check_model

        units.check_unit(self.time_unit)
        for name in ("states", "transitions", "strategies"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        numbers = {k: _draws(k, v) for k, v in self.parameters.items()}
        object.__setattr__(self, "parameters", numbers)
        check_model(self)

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
    def strategy_names(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.strategies)

    @property
    def initial(self) -> str:
        """The state everybody starts in."""
        return self.start or self.states[0].name

    def treatment(self, strategy: Strategy, name: str) -> Treatment | None:
        """The treatment a strategy means by `name`: its own, else the shared one."""
        return strategy.treatments.get(name, self.treatments.get(name))

    def numbers_at(self, draw: int) -> Numbers:
        """The numbers of one draw."""
        return Numbers({k: float(v[draw] if v.ndim else v) for k, v in self.parameters.items()})

    def with_strategies(self, strategies: Sequence[Strategy]) -> Model:
        """The same model with other strategies."""
        return dataclasses.replace(self, strategies=tuple(strategies))


@dataclasses.dataclass(frozen=True, slots=True)
class Numbers:
    """Looks a number up: itself, or the value of the parameter of that name in this draw."""

    values: Mapping[str, float]

    def __call__(self, number: Any) -> float:
        return self.values[number] if isinstance(number, str) else float(number)


def _draws(name: str, value: Any) -> FloatArray:
    array = np.array(value, dtype=np.float64)
    if array.ndim > 1 or not array.size:
        raise ScenarioError(
            f"parameter {name} must be one number or one a draw (draws,); got shape {array.shape}."
        )
    if not np.isfinite(array).all():
        raise ScenarioError(f"parameter {name} has draws that are missing or infinite; look at its source.")
    if array.size == 1:
        array = array.reshape(())
    array.flags.writeable = False
    return array
