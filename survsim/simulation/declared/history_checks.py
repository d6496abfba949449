"""Faults of a history: times out of order, ways the disease does not have, treatments nobody knows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.graph_checks import ways_out
from survsim.simulation.declared.history import History, PastToxicity
from survsim.simulation.declared.number_checks import numbers_of
from survsim.simulation.declared.past_course_checks import past_course_faults
from survsim.simulation.declared.past_way_checks import step_faults, waiting_faults


def history_faults(model: DeclaredModel) -> Iterator[str]:
    """Sentences, each one fault of the history of a model; none without a history."""
    history = model.history
    if history is None:
        return
    ways = list(_way_faults(model, history))
    for fault in (
        *ways,
        *(() if ways else step_faults(model, history)),
        *_treatment_faults(model, history),
        *past_course_faults(model, history),
        *(() if ways else waiting_faults(model, history)),
        *_other_faults(model, history),
        *_patient_faults(model, history),
    ):
        yield f"history: {fault}"


def _way_faults(model: DeclaredModel, history: History) -> Iterator[str]:
    ways = {(state, target) for state, targets in ways_out(model).items() for target in targets}
    dead = {s.name for s in model.states if s.death}
    here, path = model.initial, history.path
    if not isinstance(model.start, str | None):
        begins = ", ".join(model.start_states)
        if not path or path[0].state not in model.start_states or np.any(numbers_of(model, path[0].at) != 0):
            yield f"people start in several states; let the path begin with that of this patient at 0: {begins}"
            return
        here, path = path[0].state, path[1:]
    for step in path:
        if step.state not in model.state_names:
            yield f"{step.state!r} is not a state; states: {', '.join(model.state_names)}"
            return
        if step.state in dead:
            yield f"{step.state} is a death: there is nothing to simulate from there"
        elif (here, step.state) not in ways:
            yield f"nobody goes from {here} to {step.state}; transitions: {', '.join(t.name for t in model.transitions)}"
        here = step.state
    yield from _order_faults(
        model, [("0", 0.0), *((s.state, s.at) for s in history.path), ("now", history.now)]
    )


def _order_faults(
    model: DeclaredModel, times: list[tuple[str, float | str]], *, what: str = "entered"
) -> Iterator[str]:
    for (first, a), (second, b) in itertools.pairwise(times):
        early = np.atleast_1d(numbers_of(model, b) < numbers_of(model, a))
        if early.any():
            share = f" in {int(early.sum())} of {early.size} draws" if early.size > 1 else ""
            yield f"{second} ({b}) comes before {first} ({a}){share}"


def _treatment_faults(model: DeclaredModel, history: History) -> Iterator[str]:
    own = {name: s.name for s in model.strategies for name in s.treatments}
    for past in history.given:
        name = past.treatment
        if name not in model.treatments:
            where = (
                f"; strategy {own[name]} has one of its own, move it to the treatments all share"
                if name in own
                else ""
            )
            known = ", ".join(model.treatments) or "none"
            yield f"{name!r} is not a treatment of the model; known: {known}{where}"
            continue
        if name in own:
            yield f"strategy {own[name]} has a treatment {name} of its own; a history is the same under every strategy"
        treatment = model.treatments[name]
        end = history.now if past.end is None else past.end
        yield from _order_faults(
            model,
            [("0", 0.0), (f"start of {name}", past.start), (f"end of {name}", end), ("now", history.now)],
        )
        for region in past.fractions:
            if region not in {r.region for r in treatment.radiation}:
                known = ", ".join(r.region for r in treatment.radiation) or "none"
                yield f"{name} reaches no region {region!r}; regions: {known}"
        if past.responded and treatment.response_probability is None:
            yield f"{name} has no response_probability, so nobody responds to it"


def _other_faults(model: DeclaredModel, history: History) -> Iterator[str]:
    """Of adverse events and of doses of no treatment."""
    twice = {f"{e.name} of {e.treatment}" for e in history.toxicities if history.toxicities.count(e) > 1}
    yield from (f"toxicity {name} stands twice; list it once" for name in sorted(twice))
    for event in history.toxicities:
        events = [x.name for x in getattr(model.treatments.get(event.treatment), "toxicities", ())]
        if event.treatment not in {p.treatment for p in history.given}:
            yield f"toxicity {event.name} is of {event.treatment}, which was not given"
        elif event.name not in events:
            yield f"{event.treatment} has no toxicity {event.name!r}; known: {', '.join(events) or 'none'}"
        else:
            yield from _led_faults(model, history, event)
    for dose in history.doses:
        yield from _order_faults(
            model, [("0", 0.0), (f"dose to {dose.region}", dose.ended), ("now", history.now)]
        )


def _led_faults(model: DeclaredModel, history: History, event: PastToxicity) -> Iterator[str]:
    """An adverse event that takes its patient to a state which the path does not hold."""
    came = next(x for x in model.treatments[event.treatment].toxicities if x.name == event.name)
    if came.leads_to is not None and came.leads_to not in {s.state for s in history.path}:
        dead = any(s.name == came.leads_to and s.death for s in model.states)
        yield f"toxicity {event.name} of {event.treatment} leads to {came.leads_to}" + (
            ", a death: there is nothing to simulate from there"
            if dead
            else ", which the path does not hold; add it with its time"
        )


def _patient_faults(model: DeclaredModel, history: History) -> Iterator[str]:
    population = model.population
    known = {c.name for c in population.covariates}
    for name in history.covariates:
        if name not in known:
            yield f"{name!r} is not a covariate; known: {', '.join(sorted(known)) or 'none'}"
    for c in population.covariates:
        if c.distribution != "fixed" and c.name not in history.covariates:
            yield (
                f"covariate {c.name} differs between patients, and what happened says something about it; "
                f"give the patient's own under covariates"
            )
    if not isinstance(population.performance_status, int) and history.performance_status is None:
        yield "the performance status differs between patients; give performance_status, as it is now"
