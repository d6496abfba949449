"""Plans of several draws as one: numbers that differ become arrays whose last axis is draws.

What has one shape in every draw (states, lines, treatments, streams) stays as it is; a number is a float where all
draws have the same, else an array (draws,) in which each patient looks up the own draw. Draws whose plans differ in
more than numbers cannot share a block.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeAlias, TypeVar, cast

import numpy as np

from survsim.core import distributions
from survsim.core.checks import FloatArray, IntArray

T = TypeVar("T")

ByDraw: TypeAlias = float | FloatArray
"""A number of a plan, or one a draw."""


class DifferentShapes(Exception):
    """Plans that differ in more than their numbers."""


def together(parts: Sequence[T]) -> T:
    """The plans (or parts of plans) of several draws as one; `DifferentShapes` where they are no one plan."""
    first: Any = parts[0]
    if all(part is first for part in parts):
        return cast(T, first)
    joined: Any
    if isinstance(first, float):
        joined = _numbers(parts)
    elif hasattr(first, "inverse_cumulative_hazard"):
        joined = laws_together(parts)
    elif isinstance(first, np.ndarray):
        joined = _arrays(parts)
    elif isinstance(first, tuple):
        _same([isinstance(part, tuple) and len(part) for part in cast(Any, parts)])
        joined = tuple(together(column) for column in zip(*cast(Any, parts)))
    elif dataclasses.is_dataclass(first):
        _same([type(part) for part in parts])
        names = [f.name for f in dataclasses.fields(first)]
        joined = cast(Any, type(first))(
            **{name: together([getattr(p, name) for p in parts]) for name in names}
        )
    else:
        _same(parts)
        joined = first
    return cast(T, joined)


def _same(values: Sequence[Any]) -> None:
    if any(value != values[0] for value in values):
        raise DifferentShapes


def by_draw(values: Sequence[float]) -> ByDraw:
    """A number in each of several draws: the number itself where it is the same in all."""
    return float(values[0]) if all(value == values[0] for value in values) else np.array(values)


def _numbers(parts: Sequence[Any]) -> ByDraw:
    """One number a draw. What is 0, 1 or infinite says what is done at all, so it must be so in every draw."""
    if not all(isinstance(part, float) for part in parts):
        raise DifferentShapes
    values = by_draw(cast(Any, parts))
    if isinstance(values, float):
        return values
    for special in (values == 0.0, values == 1.0, np.isinf(values)):
        if special.any() and not special.all():
            raise DifferentShapes
    return values


def _arrays(parts: Sequence[Any]) -> Any:
    """Arrays of numbers side by side along their last axis, draws; those of codes and flags must be equal."""
    first = parts[0]
    _same([isinstance(part, np.ndarray) and (part.dtype, part.shape) for part in parts])
    if all(np.array_equal(part, first) for part in parts):
        return first
    if first.dtype != np.float64 or first.shape[-1:] != (1,):
        raise DifferentShapes
    return np.concatenate(parts, axis=-1)


def number_of(value: ByDraw, draws: IntArray) -> ByDraw:
    """A number for patients of these draws (m,): itself, or one each."""
    return value.take(draws) if isinstance(value, np.ndarray) else value


def alone(value: ByDraw) -> float:
    """The number of a plan of one draw."""
    return float(value)


def is_there(value: ByDraw) -> bool:
    """Whether a number is not 0; where draws differ, it is 0 in none of them."""
    return isinstance(value, np.ndarray) or value != 0.0


_ELEMENTWISE: dict[type, tuple[str, ...]] = {
    distributions.Exponential: ("rate",),
    distributions.Weibull: ("shape", "scale"),
    distributions.Gompertz: ("shape", "rate"),
    distributions.LogNormal: ("meanlog", "sdlog"),
    distributions.LogLogistic: ("shape", "scale"),
}
"""Families whose arithmetic is the same, to the last bit, for a number and for an array of it."""
_OTHER_POWERS = (-1.0, 0.5, 2.0)
"""Exponents that numpy takes by a shorter way where they are one number: last bits may differ from an array's."""


def laws_together(laws: Sequence[Any]) -> Any:
    """The law of several draws: the law itself where all have one, else `LawByDraw`."""
    family, first = type(laws[0]), laws[0]
    if all(type(law) is family for law in laws) and dataclasses.is_dataclass(first):
        names = [f.name for f in dataclasses.fields(first)]
        if all(_equal(getattr(law, name), getattr(first, name)) for law in laws for name in names):
            return first
    return LawByDraw(tuple(laws))


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    return a is b or (isinstance(a, float | str | int) and bool(a == b))


class LawByDraw:
    """A law with parameters of each draw; `law_of` makes it one of patients."""

    __slots__ = ("_parameters", "laws")

    def __init__(self, laws: tuple[Any, ...]) -> None:
        self.laws = laws
        self._parameters = self._arrays()

    def _arrays(self) -> dict[str, FloatArray] | None:
        """Parameters (draws,) by name where one evaluation serves all draws."""
        family = type(self.laws[0])
        names = _ELEMENTWISE.get(family, ())
        if not names or any(type(law) is not family for law in self.laws):
            return None
        values = [[getattr(law, name) for law in self.laws] for name in names]
        if not all(isinstance(value, float) for row in values for value in row):
            return None
        found = {name: np.array(row) for name, row in zip(names, values)}
        powers = found.get("shape") if family is distributions.Weibull else None
        if powers is not None and np.isin([powers, 1.0 / powers], _OTHER_POWERS).any():
            return None
        return found

    def of(self, draws: IntArray) -> Any:
        """The law of patients of these draws (m,), for arrays (m,)."""
        if self._parameters is None:
            return _EachDraw(self.laws, draws)
        first = self.laws[0]
        law = object.__new__(type(first))
        # the numbers were checked when the laws of the draws were made
        object.__setattr__(law, "time_unit", first.time_unit)
        for name, values in self._parameters.items():
            object.__setattr__(law, name, values.take(draws))
        return law


class _EachDraw:
    """The law of patients of several draws, evaluated draw by draw as blocks of one draw do."""

    __slots__ = ("draws", "laws")

    def __init__(self, laws: tuple[Any, ...], draws: IntArray) -> None:
        self.laws, self.draws = laws, draws

    def cumulative_hazard(self, t: FloatArray) -> FloatArray:
        return self._each("cumulative_hazard", t)

    def inverse_cumulative_hazard(self, h: FloatArray) -> FloatArray:
        return self._each("inverse_cumulative_hazard", h)

    def sample(self, u: FloatArray) -> FloatArray:
        return self._each("sample", u)

    def _each(self, what: str, values: FloatArray) -> FloatArray:
        found = np.empty(self.draws.size)
        for draw in np.bincount(self.draws).nonzero()[0].tolist():
            here = (self.draws == draw).nonzero()[0]
            found[here] = getattr(self.laws[draw], what)(values[here])
        return found


def law_of(law: Any, draws: IntArray) -> Any:
    """The law of patients of these draws (m,): itself, or with parameters of each."""
    return law.of(draws) if isinstance(law, LawByDraw) else law
