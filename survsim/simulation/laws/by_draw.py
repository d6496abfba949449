"""Numbers and laws of several draws side by side: one a draw, which each patient looks up by the own draw.

A number is a float where every draw has the same, else an array (draws,). What is made of numbers has draws as its last
axis, of length 1 where all draws have the same. What is no number (states, lines, treatments, steps of effects) is the
same in every draw of a block; where it hangs on a number, as an effect without delay has no step for it, draws in
which it differs cannot share a block: `DifferentShapes`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from survsim.core import distributions
from survsim.core.checks import FloatArray, IntArray
from survsim.simulation.laws.law import LawBase

ByDraw: TypeAlias = float | FloatArray
"""A number, or one a draw (draws,)."""
LookupByDraw: TypeAlias = Callable[[Any], ByDraw]
"""Turns a number or the name of a parameter into the numbers of the draws at hand."""


class DifferentShapes(Exception):
    """Draws of which more differs than numbers."""


class NumbersByDraw:
    """Looks a number up: itself, or the values of the parameter of that name in some draws."""

    __slots__ = ("_parameters", "_values", "draws")

    def __init__(self, parameters: Mapping[str, FloatArray], draws: Sequence[int]) -> None:
        """`parameters` each one value or one a draw."""
        self._parameters, self.draws = parameters, tuple(draws)
        self._values: dict[str, ByDraw] = {}

    def __call__(self, number: Any) -> Any:
        if not isinstance(number, str):
            return float(number)
        if number not in self._values:
            values = self._parameters[number]
            self._values[number] = by_draw(values[list(self.draws)] if values.ndim else values[None])
        return self._values[number]

    def each(self) -> list[NumbersByDraw]:
        """The numbers of each draw by itself, all of them floats."""
        if len(self.draws) == 1:
            return [self]
        return [NumbersByDraw(self._parameters, (d,)) for d in self.draws]


def by_draw(values: Sequence[float] | FloatArray) -> ByDraw:
    """A number in each of several draws: the number itself where it is the same in all."""
    array = np.asarray(values, dtype=np.float64)
    return float(array[0]) if bool((array == array[0]).all()) else array


def alike(condition: Any) -> bool:
    """A condition that every draw of a block must answer alike."""
    if isinstance(condition, np.ndarray) and condition.any() != condition.all():
        raise DifferentShapes
    return bool(np.all(condition))


def all_or_none(value: ByDraw, nothing: float = 0.0) -> ByDraw:
    """A number that says whether a thing is done at all: it is `nothing` in every draw or in none."""
    alike(value == nothing)
    return value


def columns(values: Sequence[ByDraw]) -> FloatArray:
    """Numbers (k, draws), with one column where every draw has the same."""
    if all(isinstance(value, float) for value in values):
        return np.array(values, dtype=np.float64).reshape(len(values), 1)
    return np.stack(np.broadcast_arrays(*values)).astype(np.float64)


def number_of(value: ByDraw, draws: IntArray) -> ByDraw:
    """A number for patients of these draws (m,): itself, or one each."""
    return value.take(draws) if isinstance(value, np.ndarray) else value


def number_at(value: ByDraw, k: int) -> float:
    """A number in draw number `k` of the block."""
    return float(value[k] if isinstance(value, np.ndarray) else value)


def alone(value: ByDraw) -> float:
    """The number of a plan of one draw."""
    return float(value)


def is_there(value: ByDraw) -> bool:
    """Whether a number is not 0, of those that are `all_or_none`."""
    return isinstance(value, np.ndarray) or value != 0.0


_ELEMENTWISE: dict[type, tuple[str, ...]] = {
    distributions.Exponential: ("rate",),
    distributions.Weibull: ("shape", "scale"),
    distributions.Gompertz: ("shape", "rate"),
    distributions.LogNormal: ("meanlog", "sdlog"),
    distributions.LogLogistic: ("shape", "scale"),
}
"""Families whose arithmetic is the same, to the last bit, for a number and for an array of it."""
_BUILT_AT_ONCE = ("exponential", "weibull", "gompertz", "lognormal", "loglogistic")
_OTHER_POWERS = (-1.0, 0.5, 2.0)
"""Exponents that numpy takes by a shorter way where they are one number: last bits may differ from an array's."""


def build_law(law: Any, number: NumbersByDraw, time_unit: str) -> Any:
    """A declared law, or one law a draw as a tuple over all draws of the model, in some draws; see `law_of`."""
    if isinstance(law, tuple):
        found = [
            one.build(n, time_unit) if isinstance(one, LawBase) else one
            for one, n in ((law[n.draws[0]], n) for n in number.each())
        ]
        return laws_together(found)
    if not isinstance(law, LawBase):
        return law
    if len(number.draws) > 1 and law.family in _BUILT_AT_ONCE:
        whole = law.build(number, time_unit)
        if all(isinstance(getattr(whole, name), float) for name in _ELEMENTWISE[type(whole)]):
            return whole
        if not _other_powers(whole):
            return LawByDraw((), whole)
    return laws_together([law.build(n, time_unit) for n in number.each()])


def _other_powers(law: Any) -> bool:
    """Whether some draw raises to a power that numpy takes by a shorter way for a number."""
    if not isinstance(law, distributions.Weibull) or isinstance(law.shape, float):
        return False
    return bool(np.isin([law.shape, 1.0 / law.shape], _OTHER_POWERS).any())


def laws_together(laws: Sequence[Any]) -> Any:
    """The law of several draws: the law itself where all have one, else `LawByDraw`."""
    first, family = laws[0], type(laws[0])
    if all(law is first for law in laws):
        return first
    if any(type(law) is not family for law in laws) or not dataclasses.is_dataclass(first):
        return LawByDraw(tuple(laws), None)
    names = [f.name for f in dataclasses.fields(first)]
    if all(_equal(getattr(law, name), getattr(first, name)) for law in laws for name in names):
        return first
    whole = _side_by_side(laws, family)
    return LawByDraw(tuple(laws), None) if whole is None or _other_powers(whole) else LawByDraw((), whole)


def _side_by_side(laws: Sequence[Any], family: Any) -> Any:
    """Laws of one family as one with arrays (draws,), None where that is not the same arithmetic."""
    names = _ELEMENTWISE.get(family, ())
    values = {name: [getattr(law, name) for law in laws] for name in names}
    numbers = all(isinstance(value, float) for row in values.values() for value in row)
    if not names or not numbers or any(law.time_unit != laws[0].time_unit for law in laws):
        return None
    return family(**{name: by_draw(row) for name, row in values.items()}, time_unit=laws[0].time_unit)


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    return a is b or (isinstance(a, float | str | int) and bool(a == b))


class LawByDraw:
    """A law with parameters of each draw, either whole, with arrays (draws,) for parameters, or as one law a draw."""

    __slots__ = ("_arrays", "laws", "whole")

    def __init__(self, laws: tuple[Any, ...], whole: Any) -> None:
        self.laws, self.whole = laws, whole
        names = _ELEMENTWISE[type(whole)] if whole is not None else ()
        self._arrays = {name: getattr(whole, name) for name in names}

    def of(self, draws: IntArray) -> Any:
        """The law of patients of these draws (m,), for arrays (m,)."""
        if self.whole is None:
            return _EachDraw(self.laws, draws)
        return self._with({name: number_of(values, draws) for name, values in self._arrays.items()})

    def at(self, k: int) -> Any:
        """The law of draw number `k` of the block."""
        if self.whole is None:
            return self.laws[k]
        return self._with({name: number_at(values, k) for name, values in self._arrays.items()})

    def _with(self, parameters: Mapping[str, ByDraw]) -> Any:
        law = object.__new__(type(self.whole))
        # the numbers were checked when the whole was made
        object.__setattr__(law, "time_unit", self.whole.time_unit)
        for name, values in parameters.items():
            object.__setattr__(law, name, values)
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
