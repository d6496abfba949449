"""What is counted along paths, compiled: rates by state and treatment, amounts at events, discounts, as arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.core.units import conversion_factor
from survsim.simulation.declared.counted import Counted, counted
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.states import matches
from survsim.simulation.declared.strategy import Line, Treatment
from survsim.simulation.declared.values import Pieces
from survsim.simulation.engine.discounting import DiscountPlan
from survsim.simulation.laws.by_draw import ByDraw, LookupByDraw, columns


@dataclasses.dataclass(frozen=True, slots=True)
class CoursePlan:
    """Factors of an outcome that change at times or ages: `breaks` in time units, `factors` (breaks + 1, draws)."""

    breaks: FloatArray
    factors: FloatArray
    age: str | None
    per_year: float  # time units in a year of age


@dataclasses.dataclass(frozen=True, slots=True)
class WorthPlan:
    """What a disease counts, whatever the strategy.

    Attributes
    ----------
    names : outcomes; discounts : different discounts; discount : (outcomes,) which of them, -1 for none.
    rate : (outcomes, states, draws); courses : of each outcome or None; steady : `rate` without those that have one.
    jump : (outcomes, states times states, draws) on going from one state to another, or None where nothing is; jumps :
        (states times states,) whether there is any.
    """

    names: tuple[str, ...]
    discounts: tuple[DiscountPlan, ...]
    discount: IntArray
    rate: FloatArray
    steady: FloatArray
    courses: tuple[CoursePlan | None, ...]
    jump: FloatArray | None
    jumps: BoolArray


@dataclasses.dataclass(frozen=True, slots=True)
class TreatedWorth:
    """What a strategy adds: `extra` (outcomes, states times acting, draws), and amounts (outcomes, 1, draws) once.

    `acts` (acting,) are the treatments that add anything per unit of time.

    `steady` is `extra` without the outcomes that have a course. The amounts are None where there is nothing: `start` and `stop` by treatment, the same by line, `event` by toxicity.
    """

    acts: IntArray
    extra: FloatArray
    steady: FloatArray
    start: tuple[FloatArray | None, ...]
    stop: tuple[FloatArray | None, ...]
    line_start: tuple[FloatArray | None, ...]
    line_stop: tuple[FloatArray | None, ...]
    event: tuple[FloatArray | None, ...]


def compile_worth(model: Model, number: LookupByDraw) -> WorthPlan | None:
    """What the outcomes of a model count in its states and on its transitions; None where nothing is declared."""
    items = counted(model)
    if not items:
        return None
    found = [DiscountPlan.of(one.discount, model.time_unit) for one in items]
    discounts = tuple(dict.fromkeys(d for d in found if d is not None))
    names, living = model.state_names, [s.name for s in model.states if not s.death]
    rates = [number(_rate(one, s)) if s in living else 0.0 for one in items for s in names]
    rate, jump = _table(rates, len(items)), _jumps(items, names, number)
    return WorthPlan(
        names=tuple(one.name for one in items),
        discounts=discounts,
        discount=np.array([-1 if d is None else discounts.index(d) for d in found], dtype=np.int64),
        rate=rate,
        steady=_steady(rate, items),
        courses=tuple(_course(one.outcome.course, model, number) for one in items),
        jump=jump,
        jumps=np.zeros(0, dtype=bool) if jump is None else (jump != 0.0).any(axis=(0, 2)),
    )


def _rate(one: Counted, state: str) -> Any:
    return one.outcome.by_state.get(state, 1.0 if one.outcome.kind == "quality" else 0.0)


def _course(pieces: Pieces | None, model: Model, number: LookupByDraw) -> CoursePlan | None:
    if pieces is None:
        return None
    years = conversion_factor("years", model.time_unit)
    unit = years if pieces.age else 1.0
    factors = columns([number(f) for f in pieces.factors])
    return CoursePlan(unit * np.array(pieces.breaks), factors, pieces.age, years)


def _jumps(items: Sequence[Counted], names: tuple[str, ...], number: LookupByDraw) -> FloatArray | None:
    if not any(one.outcome.at_entry or one.outcome.at_transition for one in items):
        return None
    amounts = []
    for one in items:
        for source in names:
            for target in names:
                parts = [v for n, v in one.outcome.at_entry.items() if n == target and source != target]
                way = f"{source}>{target}"
                parts += [
                    v for n, v in one.outcome.at_transition.items() if source != target and matches(n, way)
                ]
                amounts.append(sum((number(v) for v in parts), start=0.0))
    return _table(amounts, len(items))


def compile_treated(
    model: Model,
    treatments: dict[str, Treatment],
    lines: Sequence[Line],
    number: LookupByDraw,
) -> TreatedWorth | None:
    """What the treatments and lines of a strategy add to the outcomes; None where nothing is declared."""
    items = counted(model)
    if not items:
        return None
    extra = [
        _extra(one, s.name, name, t, number) if not s.death else 0.0
        for one in items
        for s in model.states
        for name, t in treatments.items()
    ]
    events = [(name, x.name) for name, t in treatments.items() for x in t.toxicities]
    line_names = [line.line for line in lines]
    # a treatment and its line may bear one name: then the line is meant, which starts and ends as it does
    own = [n for n in treatments if n not in line_names]

    def amounts(of: str, names: Sequence[str]) -> tuple[FloatArray | None, ...]:
        return tuple(_amount([getattr(one.outcome, of).get(n) for one in items], number) for n in names)

    starts = {n: a for n, a in zip(own, amounts("at_start", own))}
    stops = {n: a for n, a in zip(own, amounts("at_stop", own))}
    acts, table = _acting(_table(extra, len(items)) if treatments else None, len(items), len(treatments))
    return TreatedWorth(
        acts=acts,
        extra=table,
        steady=_steady(table, items),
        start=tuple(_joined(starts.get(n), _old_cost(items, t, number)) for n, t in treatments.items()),
        stop=tuple(stops.get(n) for n in treatments),
        line_start=amounts("at_start", line_names),
        line_stop=amounts("at_stop", line_names),
        event=tuple(
            _amount(
                [one.outcome.at_event.get(f"{t}/{x}", one.outcome.at_event.get(x)) for one in items], number
            )
            for t, x in events
        ),
    )


def _acting(table: FloatArray | None, outcomes: int, treatments: int) -> tuple[IntArray, FloatArray]:
    """The treatments that add anything per unit of time, and the table (outcomes, states times acting, draws) of them alone."""
    if table is None:
        return np.zeros(0, dtype=np.int64), np.zeros((outcomes, 0, 1))
    draws = table.shape[2]
    split = table.reshape(outcomes, -1, treatments, draws)
    acts = np.flatnonzero(split.any(axis=(0, 1, 3)))
    return acts, np.ascontiguousarray(split[:, :, acts]).reshape(outcomes, -1, draws)


def _extra(one: Counted, state: str, name: str, treatment: Treatment, number: LookupByDraw) -> ByDraw:
    """What a treatment adds to the rate of a state."""
    if one.by_treatment:
        return number(getattr(treatment, one.by_treatment))
    for under in one.outcome.under_treatment:
        if (under.state, under.treatment) == (state, name):
            return number(under.value) - number(_rate(one, state))
    return number(one.outcome.by_treatment.get(name, 0.0))


def _old_cost(items: Sequence[Counted], treatment: Treatment, number: LookupByDraw) -> FloatArray | None:
    """The one-off cost that a treatment itself declares, for the discounted sum."""
    if not treatment.cost or not any(one.by_treatment == "cost_per_time" for one in items):
        return None
    return _table(
        [number(treatment.cost) if one.by_treatment == "cost_per_time" else 0.0 for one in items], len(items)
    )


def _amount(found: Sequence[Any], number: LookupByDraw) -> FloatArray | None:
    """What each outcome counts once (outcomes, 1, draws), None where no outcome counts anything."""
    if all(value is None for value in found):
        return None
    return _table([0.0 if value is None else number(value) for value in found], len(found))


def _joined(a: FloatArray | None, b: FloatArray | None) -> FloatArray | None:
    return (b if a is None else a) if a is None or b is None else np.ascontiguousarray(a + b)


def _table(values: Sequence[ByDraw], outcomes: int) -> FloatArray:
    """Numbers (outcomes times rows,) as (outcomes, rows, draws)."""
    flat = columns(values)
    return np.ascontiguousarray(flat.reshape(outcomes, -1, flat.shape[1]))


def _steady(table: FloatArray, items: Sequence[Counted]) -> FloatArray:
    """The numbers of outcomes whose values are not multiplied by factors that change, the others 0."""
    return table * np.array([float(one.outcome.course is None) for one in items])[:, None, None]
