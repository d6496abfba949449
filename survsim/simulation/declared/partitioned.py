"""Partitioned survival as data: two curves a strategy, by law, spline, points, or a hazard ratio to another strategy's."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import numpy as np
import pydantic

from survsim.core.distributions import SurvivalDistribution
from survsim.core.file_faults import Holds
from survsim.core.steps import Steps
from survsim.core.times import increasing
from survsim.simulation.declared.cohort_values import OwnValues
from survsim.simulation.declared.cycles import Correction
from survsim.simulation.laws.law import Law
from survsim.simulation.laws.schema import Checked, Number

STATES = ("progression_free", "progressed", "dead")
"""The states of a partitioned survival model."""

_LAW: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(Law)


class SplineCurve(Checked):
    """A spline in log time (Royston, Parmar 2002): as many coefficients as knots, the constant first.

    `knots` are times, the outer ones included; `scale` is "hazard", "odds" or "normal".
    """

    knots: tuple[float, ...] = pydantic.Field(min_length=2)
    coefficients: tuple[Number, ...]
    scale: Literal["hazard", "odds", "normal"] = "hazard"

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if len(self.knots) != len(self.coefficients):
            raise ValueError(
                f"there are as many coefficients as knots; found {len(self.coefficients)} for {len(self.knots)}"
            )
        if self.knots[0] <= 0 or not increasing(np.array(self.knots)):
            raise ValueError("knots are times above 0 that increase; give times, not their logarithms")
        return self


class PointsCurve(Checked):
    """Survival at times, as Kaplan and Meier's steps or as a digitised line; it begins at 1."""

    times: tuple[float, ...] = pydantic.Field(min_length=1)
    survival: tuple[float, ...]
    joined: Literal["steps", "lines"]

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        if len(self.times) != len(self.survival):
            raise ValueError(
                f"there is one survival a time; found {len(self.survival)} for {len(self.times)}"
            )
        if self.times[0] < 0 or not increasing(np.array(self.times)):
            raise ValueError("times lie at or above 0 and increase")
        if max(self.survival) > 1:
            raise ValueError(
                f"survival is a share from 1 down to 0; found {max(self.survival):g}: divide percentages by 100"
            )
        rises = [t for t, a, b in zip(self.times, (1.0, *self.survival), self.survival) if b > a]
        if rises:
            raise ValueError(f"survival begins at 1 and never rises; it rises at {rises[0]:g}")
        if self.survival[-1] < 0:
            raise ValueError(f"survival is a share from 1 down to 0; found {self.survival[-1]:g}")
        return self

    def steps(self, time_unit: str) -> Steps:
        """The curve from its origin."""
        return Steps.from_origin(
            np.array(self.times), np.array(self.survival), start=1.0, unit=time_unit, joined=self.joined
        )


class FileCurve(Checked):
    """Points in a CSV beside the scenario, with a column of times in its unit and one of survival.

    Of a file with several curves, as `survsim digitise` writes it, `select` names the one: ``{arm: control}``.
    """

    file: str
    time: str = "time"
    survival: str = "survival"
    select: dict[str, str | int | float] = pydantic.Field(
        default_factory=dict, description="column: value of the rows that are meant"
    )
    joined: Literal["steps", "lines"]


class RatioCurve(Checked):
    """The curve of another strategy with all hazards multiplied: ``S(t) ** hazard_ratio``."""

    reference: str
    hazard_ratio: Number


_KEYS: tuple[tuple[str, type[Checked]], ...] = (
    ("reference", RatioCurve),
    ("file", FileCurve),
    ("times", PointsCurve),
    ("knots", SplineCurve),
)


def _curve(value: Any) -> Any:
    if isinstance(value, dict):
        if "family" in value:
            return _LAW.validate_python(value)
        for key, kind in _KEYS:
            if key in value:
                return kind.__pydantic_validator__.validate_python(value)
        raise ValueError(
            "a curve has the key family (a law), knots (a spline), times (points), file (points in a CSV) or reference (a "
            f"hazard ratio to another strategy's); found {', '.join(map(str, value)) or 'nothing'}"
        )
    if isinstance(value, list | tuple):
        return tuple(_curve(v) for v in value)
    if isinstance(value, Checked | SurvivalDistribution | Steps):
        return value
    steps = getattr(value, "steps", None)
    if callable(steps):
        return steps()
    raise ValueError(
        "a curve is a distribution, a result with one curve (Kaplan-Meier, pooled, digitised), keys and values, or a list of "
        "these, one a draw"
    )


Curve = Annotated[
    Any,
    pydantic.BeforeValidator(_curve),
    Holds(Law | SplineCurve | PointsCurve | FileCurve | RatioCurve),
]
"""A survival curve as data, or an object that is one."""


class StrategyCurves(Checked):
    """The two curves of a strategy, and what its states are worth where that differs from `values`."""

    progression_free: Curve
    overall: Curve
    label: str = ""
    values: dict[str, OwnValues] = pydantic.Field(default_factory=dict)


class Beside(Checked):
    """The model of transitions that is fitted to the same two curves and stands beside.

    `deaths` is the share of events of progression-free survival that are deaths without progression: two curves do not
    tell it, so it is said here. `after` is the law of the time from progression to death that is fitted.
    """

    deaths: Number
    after: Literal["weibull", "exponential"] = "weibull"


class Partitioned(Checked):
    """A partitioned survival model: strategies with two curves each.

    Attributes
    ----------
    strategies : by name; the order is that of the results.
    nested : where a curve of progression-free survival lies above that of overall survival, it is taken down to it and the
        crossing is counted; with ``nested: false`` it is refused.
    cycle : length of the cycles at whose ends the curves are read, in the unit of time; without it the time in each state
        is the exact area.
    correction : how cycles count, as in `Cycles`: "life_table" (the mean of their two ends), "start", "end", "half_cycle",
        "simpson", or weights by themselves, one for each cycle end from 0 on.
    once : of deaths that are counted once in models with cycles, as in `Cycles`.
    state_transition : the model of transitions beside (`Beside`), or none.
    """

    strategies: dict[str, StrategyCurves] = pydantic.Field(min_length=1)
    nested: bool = True
    cycle: float | None = pydantic.Field(default=None, gt=0)
    correction: Correction | tuple[float, ...] = "life_table"
    once: Literal["plain", "weighed"] = "plain"
    state_transition: Beside | None = None

    @pydantic.model_validator(mode="after")
    def _whole(self) -> Self:
        for key, plain in (("correction", "life_table"), ("once", "plain")):
            if self.cycle is None and getattr(self, key) != plain:
                raise ValueError(
                    f"{key} says how cycles count; give the length of a cycle under cycle, or leave {key} out for exact areas"
                )
        if not isinstance(self.correction, str) and any(w < 0 for w in self.correction):
            raise ValueError("correction: weights of cycle ends are at least 0")
        for name, one in self.strategies.items():
            for which in ("progression_free", "overall"):
                self._refuse_loop(name, which, getattr(one, which))
        return self

    def _refuse_loop(self, name: str, which: str, curve: Any) -> None:
        seen = [name]
        while isinstance(curve, RatioCurve):
            if curve.reference not in self.strategies:
                raise ValueError(
                    f"{name}: {which}: the reference {curve.reference!r} is none of the strategies {', '.join(self.strategies)}"
                )
            if curve.reference in seen:
                raise ValueError(
                    f"{name}: {which}: its reference leads back to itself ({' > '.join([*seen, curve.reference])})"
                )
            seen.append(curve.reference)
            curve = getattr(self.strategies[curve.reference], which)
