"""From shares of a cohort over time to the measures of its result: names, sums, discounts.

A course of a cohort says, to each horizon, at which times its shares are counted and with what weight; the area under a
curve by quadrature and a sum over cycle ends differ in nothing else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.times import met
from survsim.simulation.cohort.worth import Worth
from survsim.simulation.declared.counted import DISCOUNTED, FREE, JOINT, LIFE
from survsim.simulation.declared.model import Numbers
from survsim.simulation.declared.values import Outcome, Values
from survsim.simulation.engine.discounting import DiscountPlan


@dataclasses.dataclass(frozen=True, slots=True)
class Counted:
    """Shares (states, points) of those alive at times (points,) that count with `weight` (points,).

    `time` is that of the discount; `when` says what is in force, which for a cycle is its start.
    """

    time: FloatArray
    weight: FloatArray
    share: FloatArray
    when: FloatArray


class CohortCourse(Protocol):
    """What one strategy comes to in one draw."""

    def counted(self, tau: float) -> Counted: ...
    def share_at(self, times: FloatArray) -> FloatArray:
        """Shares (times, states) of those alive."""
        ...

    def dead_at(self, times: FloatArray) -> FloatArray:
        """Shares (times, causes) of the dead."""
        ...

    def entering(self, way: str, tau: float, discount: DiscountPlan | None) -> float:
        """Patients who take a way ``source>target`` to `tau`, each at its discount; ``*>target`` all who enter."""
        ...


def dead_of(alive: FloatArray) -> FloatArray:
    """Shares (times, 1) of the dead, where those of the living (times, states) leave one state for them."""
    return np.asarray(np.maximum(1.0 - alive.sum(axis=1, keepdims=True), 0.0))


def cohort_measures(
    values: Values | None, alive: Sequence[str], free: bool, taus: Sequence[float], times: Sequence[float]
) -> tuple[str, ...]:
    """Names of the measures of a cohort, ``kind`` or ``kind@time``, as a simulation names them."""
    outcomes = values.outcomes if values else {}
    plain = [LIFE, *([FREE] if free else []), *(f"time_in/{s}" for s in alive), *outcomes]
    late = [LIFE] if values and values.discount and values.discount.rate > 0 else []
    late += [name for name, o in outcomes.items() if values and values.discount_of(o) is not None]
    names = [*plain, *(DISCOUNTED + name for name in late)]
    costs = [name for name, o in outcomes.items() if o.low_is_good]
    for cost in costs:
        for effect in (LIFE, *(name for name in outcomes if name not in costs)):
            pair = [DISCOUNTED + n if n in late else n for n in (effect, cost)]
            names += dict.fromkeys([f"{JOINT}{effect}/{cost}", f"{JOINT}{pair[0]}/{pair[1]}"])
    at = [f"{name}@{tau:.12g}" for name in names for tau in taus]
    return (*at, *(f"alive@{t:.12g}" for t in times))


def measured(
    names: Sequence[str],
    course: CohortCourse,
    values: Values | None,
    worths: Mapping[str, Worth],
    alive: Sequence[str],
    time_unit: str,
) -> FloatArray:
    """The measures (measures,) of one strategy in one draw; the first living state is free of progression."""
    found: dict[str, float] = {}
    for full in names:
        kind, _, at = full.partition("@")
        if kind == "alive":
            found[full] = float(course.share_at(np.array([float(at)])).sum())
        elif kind.startswith(JOINT):
            found[full] = sum(found[f"{n}@{at}"] for n in kind.removeprefix(JOINT).split("/"))
        else:
            found[full] = _timed(kind, float(at), course, values, worths, alive, time_unit)
    return np.array([found[full] for full in names])


def _timed(
    kind: str,
    tau: float,
    course: CohortCourse,
    values: Values | None,
    worths: Mapping[str, Worth],
    alive: Sequence[str],
    time_unit: str,
) -> float:
    name = kind.removeprefix(DISCOUNTED)
    outcome = values.outcomes.get(name) if values else None
    declared = None
    if kind != name and values is not None:
        declared = values.discount_of(outcome) if outcome else values.discount
    discount = DiscountPlan.of(declared, time_unit)
    counted = course.counted(tau)
    weight = counted.weight * (discount.weight(counted.time) if discount else 1.0)
    if outcome is not None:
        return _worth(outcome, worths[name], course, counted, weight, discount, tau, alive)
    if name == LIFE:
        return float(counted.share.sum(axis=0) @ weight)
    state = 0 if name == FREE else list(alive).index(name.removeprefix("time_in/"))
    return float(counted.share[state] @ weight)


def _worth(
    outcome: Outcome,
    worth: Worth,
    course: CohortCourse,
    counted: Counted,
    weight: FloatArray,
    discount: DiscountPlan | None,
    tau: float,
    alive: Sequence[str],
) -> float:
    rate = np.array([worth.rate[s] for s in alive])
    per_time = rate @ counted.share
    for begin, end, extra in worth.added:
        more = np.array([extra.get(s, 0.0) for s in alive]) @ counted.share
        # A cycle starts at a multiple of its length, which may miss a declared time by its last bits.
        when = met(counted.when, (begin, end))
        per_time = per_time + np.where((when >= begin) & (when < end), more, 0.0)
    total = float((per_time * factors(outcome, counted.when)) @ weight)
    start = float(discount.weight(np.zeros(1))[0]) if discount else 1.0
    total += worth.beginning * start
    once = {**{f"*>{state}": v for state, v in worth.entry.items()}, **worth.way}
    return total + sum(v * course.entering(way, tau, discount) for way, v in once.items() if v)


def factors(outcome: Outcome, time: FloatArray) -> FloatArray:
    """Factors of an outcome's course at times; numbers of parameters were resolved before."""
    if outcome.course is None:
        return np.ones(time.size)
    breaks = np.array(outcome.course.breaks)
    place = np.searchsorted(breaks, met(time, breaks), side="right")
    return np.array(outcome.course.factors, dtype=np.float64)[place]


def resolved(values: Values | None, number: Numbers) -> Values | None:
    """The values with the factors of each course as numbers of one draw."""
    if values is None or all(o.course is None for o in values.outcomes.values()):
        return values
    outcomes = {
        name: o
        if o.course is None
        else o.model_copy(
            update={
                "course": o.course.model_copy(update={"factors": tuple(number(f) for f in o.course.factors)})
            }
        )
        for name, o in values.outcomes.items()
    }
    return values.model_copy(update={"outcomes": outcomes})
