"""What is counted along paths, compiled: rates by state and treatment, amounts at events, discounts, as arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.core.units import conversion_factor
from survsim.simulation.declared.counted import Counted, counted
from survsim.simulation.declared.model import Model
from survsim.simulation.declared.states import State, matches
from survsim.simulation.declared.strategy import Strategy, Treatment
from survsim.simulation.declared.values import Pieces
from survsim.simulation.engine.discounting import DiscountPlan
from survsim.simulation.engine.limits import Limits, limits_of
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

    Each row of `acts` (acting, most in a row) are treatments: while any of them is given, something is added per unit of time.
    A shorter row repeats its first.

    `steady` is `extra` without the outcomes that have a course. The amounts are None where there is nothing: `start` and `stop` by treatment, the same by line, `event` by toxicity. `limits` is what
    may not be reached together.
    """

    acts: IntArray
    extra: FloatArray
    steady: FloatArray
    start: tuple[FloatArray | None, ...]
    stop: tuple[FloatArray | None, ...]
    line_start: tuple[FloatArray | None, ...]
    line_stop: tuple[FloatArray | None, ...]
    event: tuple[FloatArray | None, ...]
    limits: Limits | None


def compile_worth(model: Model, number: LookupByDraw) -> WorthPlan | None:
    """What the outcomes of a model count in its states and on its transitions; None where nothing is declared."""
    items = counted(model)
    if not items:
        return None
    found = [DiscountPlan.of(one.discount, model.time_unit) for one in items]
    discounts = tuple(dict.fromkeys(d for d in found if d is not None))
    names, living = model.state_names, [s.name for s in model.states if not s.death]
    rates = [number(one.in_state(s)) if s in living else 0.0 for one in items for s in names]
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
    strategy: Strategy,
    number: LookupByDraw,
    worth: WorthPlan | None,
) -> TreatedWorth | None:
    """What the treatments and lines of a strategy add to the outcomes; None where nothing is declared."""
    items = counted(model)
    if not items or worth is None:
        return None
    events = [(name, x.name) for name, t in treatments.items() for x in t.toxicities]
    # a name that a treatment bears means the treatment, whichever line gives it
    line_names = ["" if line.line in treatments else line.line for line in strategy.lines]

    def amounts(of: str, names: Sequence[str]) -> tuple[FloatArray | None, ...]:
        return tuple(_amount([getattr(one.outcome, of).get(n) for one in items], number) for n in names)

    names = list(treatments)
    acts, table = _acting(items, model, treatments, number)
    return TreatedWorth(
        acts=acts,
        extra=table,
        steady=_steady(table, items),
        start=tuple(
            _joined(amount, _old_cost(items, t, number))
            for amount, t in zip(amounts("at_start", names), treatments.values())
        ),
        stop=amounts("at_stop", names),
        line_start=amounts("at_start", line_names),
        line_stop=amounts("at_stop", line_names),
        event=tuple(
            _amount(
                [one.outcome.at_event.get(f"{t}/{x}", one.outcome.at_event.get(x)) for one in items], number
            )
            for t, x in events
        ),
        limits=limits_of(strategy.name, model.state_names, names, items, acts, worth.rate, table),
    )


def _acting(
    items: Sequence[Counted], model: Model, treatments: Mapping[str, Treatment], number: LookupByDraw
) -> tuple[IntArray, FloatArray]:
    """Sets of treatments of which any adds something per unit of time, and how much (outcomes, states times sets, draws)."""
    cells = [_added(one, s, treatments, number) for one in items for s in model.states]
    rows = list(dict.fromkeys([*((name,) for name in treatments), *(row for cell in cells for row in cell)]))
    if not rows:
        return np.zeros((0, 1), dtype=np.int64), np.zeros((len(items), 0, 1))
    table = _table([cell.get(row, 0.0) for cell in cells for row in rows], len(items))
    draws = table.shape[2]
    split = table.reshape(len(items), -1, len(rows), draws)
    acting = np.flatnonzero(split.any(axis=(0, 1, 3)))
    sets = [[list(treatments).index(name) for name in rows[k]] for k in acting]
    most = max(map(len, sets), default=1)
    acts = np.array([one + [one[0]] * (most - len(one)) for one in sets], dtype=np.int64).reshape(-1, most)
    return acts, np.ascontiguousarray(split[:, :, acting]).reshape(len(items), -1, draws)


def _added(
    one: Counted, state: State, treatments: Mapping[str, Treatment], number: LookupByDraw
) -> dict[tuple[str, ...], ByDraw]:
    """What treatments add to the rate of a state, by those of which any must be given for it.

    A value that takes the place of the state's own does so once, however many of the treatments that share it are given.
    """
    if state.death:
        return {}
    instead = one.instead(state.name, treatments)
    found: dict[tuple[str, ...], ByDraw] = {
        (n,): number(one.on_top(n, t, state.name)) for n, t in treatments.items() if n not in instead
    }
    for value in dict.fromkeys(instead.values()):
        sharing = tuple(n for n, v in instead.items() if v == value)
        found[sharing] = number(value) - number(one.in_state(state.name))
    return found


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
