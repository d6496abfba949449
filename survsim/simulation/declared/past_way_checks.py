"""Faults of the way that a history tells: states nobody can be in by then, and lines that can never follow from there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from survsim.simulation.declared.clause import DEEDS, Clause
from survsim.simulation.declared.course_checks import accepted_statuses, givers, irradiates
from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.graph_checks import reachable, ways_out
from survsim.simulation.declared.history import History, PastState
from survsim.simulation.declared.number_checks import numbers_of
from survsim.simulation.declared.past_course_checks import in_draws
from survsim.simulation.declared.states import Transition
from survsim.simulation.declared.strategy import Line, Strategy
from survsim.simulation.laws.law import LawBase

NEVER = 1e-9
"""A cumulative hazard below this by some time: nobody has made the step by then."""
LOOKED_AT = 20
"""Draws, spread over all, in which the law of a step is looked at."""


def step_faults(model: DeclaredModel, history: History) -> Iterator[str]:
    """Steps of the path that nobody can have made by then; the names of its states are known."""
    here, path, entered = model.initial, list(history.path), PastState(state=model.initial, at=0.0)
    if not isinstance(model.start, str | None):
        entered, here, path = path[0], path[0].state, path[1:]
    for step in path:
        yield from _step_fault(model, history, entered, step)
        entered, here = step, step.state
    barred = {s.name for s in model.states if not s.treatable}
    running = [p.treatment for p in history.given if p.status == "running"]
    if running and here in barred:
        yield f"{', '.join(running)} is said to run, yet nothing is given in {here}; say completed or stopped, and its end"


def _step_fault(model: DeclaredModel, history: History, before: PastState, step: PastState) -> Iterator[str]:
    step_name = f"{before.state}>{step.state}"
    at_once = numbers_of(model, step.at) <= 0
    if np.any(at_once):
        yield (
            f"{step.state} is entered at {step.at}{in_draws(at_once)}, when everybody is still in {before.state}; give the time "
            f"of the step, or let the model start there (start: {step.state})"
        )
        return
    way = next((t for t in model.transitions if t.name == step_name), None)
    given = {p.treatment: p for p in history.given if p.treatment in model.treatments}
    if way is None:
        events = [
            (n, x) for n, t in model.treatments.items() for x in t.toxicities if x.leads_to == step.state
        ]
        if events and not any(
            n in given and np.all(numbers_of(model, given[n].start) <= numbers_of(model, step.at))
            for n, _ in events
        ):
            told = " or ".join(dict.fromkeys(f"{x.name} of {n}" for n, x in events))
            yield f"only {told} leads from {before.state} to {step.state}, and none was given by then; list it under given"
        return
    if way.needs_effect and not any(
        way.matches(effect.transition) and np.any(numbers_of(model, past.start) <= numbers_of(model, step.at))
        for name, past in given.items()
        for effect in model.treatments[name].effects
    ):
        yield (
            f"nobody goes from {before.state} to {step.state} unless an effect is in force, and no treatment with one was given "
            "by then; list it under given"
        )
        return
    if _never_by(model, way, before, step):
        yield (
            f"nobody has gone from {before.state} to {step.state} by {step.at}: the law of {way.name} leaves no chance for it so "
            "early; look at the time, at time_unit and at the law"
        )


def _never_by(model: DeclaredModel, way: Transition, before: PastState, step: PastState) -> bool:
    """Whether the hazard of a step adds up to nothing between two entries, in all draws that are looked at."""
    first, last = (np.atleast_1d(numbers_of(model, s.at)) for s in (before, step))
    draws = sorted(set(np.linspace(0, model.n_draws - 1, LOOKED_AT).astype(int).tolist()))
    for draw in draws:
        a, b = (float(x[draw % x.size]) for x in (first, last))
        law = way.distribution[draw] if isinstance(way.distribution, tuple) else way.distribution
        try:
            made = law.build(_in_draw(model, draw), model.time_unit) if isinstance(law, LawBase) else law
            reset = way.clock == "reset"
            begun, ended = (0.0, b - a) if reset else (a, b)
            spent = float(np.max(made.cumulative_hazard(ended)) - np.max(made.cumulative_hazard(begun)))
        except (ArithmeticError, ValueError, IndexError):
            return False  # a law that cannot be built is told with the numbers
        if spent > NEVER:
            return False
    return True


def _in_draw(model: DeclaredModel, draw: int) -> Callable[[Any], float]:
    """Looks a number up in one draw."""

    def number(value: Any) -> float:
        numbers = np.atleast_1d(numbers_of(model, value))
        return float(numbers[draw % numbers.size])

    return number


def waiting_faults(model: DeclaredModel, history: History) -> Iterator[str]:
    """Lines that wait for one which was not given, and which can no longer begin where the patient is now."""
    here = history.path[-1].state if history.path else model.initial
    living = {s.name for s in model.states if not s.death and s.treatable}
    ahead = reachable(ways_out(model), here) & living
    for strategy in model.strategies:
        had = {one.line for one in strategy.lines if any(map(model.was_given, (one.line, *one.treatments)))}
        # a line that the present state alone keeps from beginning may be meant for others
        shut = {
            one.line
            for one in strategy.lines
            if not any(_open(model, cs, ahead) for cs in one.alternatives())
        }
        startable = set(had)
        for _ in strategy.lines:
            startable |= {
                one.line
                for one in strategy.lines
                if any(
                    _open(model, cs, ahead) and all(_may(model, strategy, one, c, startable) for c in cs)
                    for cs in one.alternatives()
                )
            }
        waits = [one.line for one in strategy.lines if one.line not in startable | shut]
        missing = [name for name in (one.line for one in strategy.lines) if name in shut - had]
        if waits and missing:
            yield (
                f"strategy {strategy.name}: {', '.join(waits)} can never start, because {', '.join(missing)} was not given and "
                f"cannot begin any more in {here}; list under given what the patient had, or leave that line out of the strategy"
            )


def _open(model: DeclaredModel, clauses: tuple[Clause, ...], ahead: set[str]) -> bool:
    """Whether the conditions on the state can hold in one of the states ahead."""
    left = set(ahead)
    for clause in clauses:
        if clause.quantity == "state":
            words, refused = clause.words()
            left = left - set(words) if refused else left & set(words)
    return bool(left)


def _may(model: DeclaredModel, strategy: Strategy, line: Line, clause: Clause, startable: set[str]) -> bool:
    """Whether a condition on another line can hold once the lines in `startable` were given."""
    name = str(clause.name)
    if clause.quantity in DEEDS and clause.quantity != "not_given":
        return bool(model.was_given(name)) or any(one.line in startable for one in givers(strategy, name))
    if clause.quantity == "line":
        return bool(accepted_statuses(clause) & {"not_started", "declined"}) or name in startable
    if clause.quantity == "time_since_radiation":
        past = model.history.doses if model.history else ()
        given = model.history.given if model.history else ()
        return (
            bool(past)
            or any(getattr(model.treatments.get(p.treatment), "radiation", ()) for p in given)
            or any(one.line in startable and irradiates(model, strategy, one) for one in strategy.lines)
        )
    return True
