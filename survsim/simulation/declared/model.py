"""The engine's whole input: states, transitions, strategies, patients and numbers, checked as one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from survsim.core import units
from survsim.core.checks import FloatArray, numbers
from survsim.core.display import displayed
from survsim.core.errors import InputError, ScenarioError
from survsim.simulation.declared.declared_model import NATURAL_COURSE, DeclaredModel
from survsim.simulation.declared.model_checks import check_model
from survsim.simulation.declared.strategy import Strategy

__all__ = ["NATURAL_COURSE", "Model", "Numbers"]


@displayed
@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Model(DeclaredModel):
    """States, transitions, strategies, population and parameters; refused here if it cannot be simulated.

    Parameters
    ----------
    states, transitions : the graph; the first state is where everybody starts unless `start` says other.
    strategies : what is compared, in the order of the results.
    treatments : treatments that several strategies share, by name; a strategy's own come first.
    parameters : numbers by name, each one value or one a draw, shape (draws,).
    population, cord : who is simulated; how cord dose is counted and which myelopathy models run.
    time_unit, horizon : unit of every time; the time at which following patients ends.
    values : outcomes that are counted along each path, and how they and life are discounted (`Values`).

    Raises
    ------
    ScenarioError
        listing every fault found in the graph, the rules and the numbers.
    """

    def __post_init__(self) -> None:
        units.check_unit(self.time_unit)
        for name in ("states", "transitions", "strategies"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.states:
            raise ScenarioError("a model needs states; give at least one to start in.")
        drawn = {k: _draws(k, v) for k, v in self.parameters.items()}
        object.__setattr__(self, "parameters", drawn)
        check_model(self)

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
    try:
        array = np.array(numbers(f"parameter {name}", value))
    except InputError as error:
        raise ScenarioError(str(error)) from None
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
