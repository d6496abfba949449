"""Faults of what a model counts: names that do not exist, numbers outside the range of their kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from survsim.core.checks import FloatArray
from survsim.simulation.declared.counted import COST, DISCOUNTED, QUALITY, uses_cost, uses_quality
from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.number_checks import numbers_of
from survsim.simulation.declared.values import Outcome

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_TAKEN = (
    "survival_time",
    "alive",
    "progression_free_time",
    "progression_free",
    "cord_dose",
    "toxicity_grade_3",
    "radiation_interval",
    "joint",
    "net_benefit",
)
"""Names of measures that a simulation has of itself."""


def values_faults(model: DeclaredModel) -> Iterator[str]:
    """Sentences, each one fault of `values` with its place."""
    if model.values is None:
        return
    for name, outcome in model.values.outcomes.items():
        where = f"values.outcomes.{name}"
        for fault in (*_name_faults(model, name), *_place_faults(model, outcome)):
            yield f"{where}: {fault}"
        for field, key, value in _numbers(outcome):
            fault = number_fault(outcome, field, numbers_of(model, value))
            if fault:
                yield f"{where}.{field}.{key} {fault}"
        states = [s.name for s in model.states if not s.death]
        told = _raised_fault(outcome, states, lambda value: numbers_of(model, value))
        if told:
            yield f"{where}.course {told}"


def _name_faults(model: DeclaredModel, name: str) -> Iterator[str]:
    if not _NAME.fullmatch(name) or name.startswith(DISCOUNTED) or name in _TAKEN:
        yield (
            "an outcome is named by a letter, then letters, digits and _; it is none of the measures that a "
            f"simulation has of itself ({', '.join(_TAKEN)}), and its discounted sum is called discounted_NAME by itself"
        )
    if (name == QUALITY and uses_quality(model)) or (name == COST and uses_cost(model)):
        yield (
            f"states or treatments declare a {name.replace('_', ' ')} of their own; give the numbers here alone, "
            "or call this outcome something else"
        )


def _place_faults(model: DeclaredModel, outcome: Outcome) -> Iterator[str]:
    """Names of states, treatments, ways, events and lines that the model does not have."""
    yield from _state_faults(model, outcome)
    treatments = _treatments(model)
    events = {e for t, names in treatments.items() for x in names for e in (x, f"{t}/{x}")}
    living = [s.name for s in model.states if not s.death]
    lines = {line.line for s in model.strategies for line in s.lines}
    asked = (
        ("treatment", [u.treatment for u in outcome.under_treatment], treatments),
        ("treatment", [_treatment_in(name, living) for name in outcome.by_treatment], treatments),
        ("toxicity", list(outcome.at_event), sorted(events)),
        ("line or treatment", [*outcome.at_start, *outcome.at_stop], [*sorted(lines), *treatments]),
    )
    for what, names, known in asked:
        yield from (_unknown(what, name, known) for name in dict.fromkeys(names) if name not in known)
    yield from _meaning_faults(model, outcome, treatments)
    pairs = [(u.state, u.treatment) for u in outcome.under_treatment]
    for pair in dict.fromkeys(p for p in pairs if pairs.count(p) > 1):
        yield f"the value of {pair[0]} under {pair[1]} is given twice"
    for name in outcome.at_transition:
        if ">" not in name or not any(t.matches(name) for t in model.transitions):
            yield _unknown("transition", name, [t.name for t in model.transitions])
    course = outcome.course
    own = [c.name for c in model.population.covariates]
    if course is not None and course.age is not None and course.age not in own:
        yield _unknown("covariate", course.age, own)
    if outcome.kind != "quality" and not any(True for _ in _numbers(outcome)):
        yield "it counts nothing; give by_state, by_treatment, or what is counted once (at_entry, at_start, ...)"


def _meaning_faults(model: DeclaredModel, outcome: Outcome, treatments: Iterable[str]) -> Iterator[str]:
    """Names counted at starts and stops that are those of a treatment and of a line that does not give it."""
    for name in dict.fromkeys(n for n in (*outcome.at_start, *outcome.at_stop) if n in treatments):
        for strategy in model.strategies:
            if any(line.line == name and name not in line.treatments for line in strategy.lines):
                yield (
                    f"{name!r} is a treatment, and strategy {strategy.name} has a line of that name which does not give it; "
                    "give the line another name, so that it is clear which of them is counted"
                )


def _state_faults(model: DeclaredModel, outcome: Outcome) -> Iterator[str]:
    states = {s.name: s for s in model.states}
    for name in (*outcome.by_state, *(u.state for u in outcome.under_treatment)):
        if name not in states:
            yield _unknown("state", name, states)
        elif states[name].death:
            yield f"{name} is a death: nothing is counted per time there; count what it brings once, under at_entry"
    yield from (_unknown("state", name, states) for name in outcome.at_entry if name not in states)


def _treatments(model: DeclaredModel) -> dict[str, list[str]]:
    """The treatments of the model and of its strategies, each with the names of its toxicities."""
    found: dict[str, list[str]] = {}
    own = [(n, t) for s in model.strategies for n, t in s.treatments.items()]
    for name, treatment in (*own, *model.treatments.items()):
        found.setdefault(name, []).extend(x.name for x in treatment.toxicities)
    return found


def _treatment_in(name: str, living: Sequence[str]) -> str:
    """The treatment of a name that may be ``treatment/state``."""
    treatment, _, state = name.rpartition("/")
    return treatment if state in living and treatment else name


def _unknown(what: str, name: str, known: Any) -> str:
    return f"{name!r} is not a {what}; known: {', '.join(known) or 'none'}"


def _numbers(outcome: Outcome) -> Iterator[tuple[str, str, Any]]:
    """Every number of an outcome, with the field and key it stands under."""
    for field in ("by_state", "by_treatment"):
        yield from ((field, key, value) for key, value in getattr(outcome, field).items())
    for under in outcome.under_treatment:
        yield "under_treatment", f"{under.state}/{under.treatment}", under.value
    if outcome.course is not None:
        yield from (("course", f"factors.{i}", v) for i, v in enumerate(outcome.course.factors))
    for field, amounts in outcome.once():
        yield from ((field, key, value) for key, value in amounts.items())


def _raised_fault(outcome: Outcome, states: Iterable[str], numbers: Callable[[Any], FloatArray]) -> str:
    """What is wrong with factors by age that raise a utility above full health, or a share of time above the whole.

    Factors by time may be the weights of a correction of cycles, some of which lie above 1.
    """
    if outcome.kind not in ("quality", "time") or outcome.course is None or outcome.course.age is None:
        return ""
    default = 1.0 if outcome.kind == "quality" else 0.0
    values = [numbers(outcome.by_state.get(s, default)) for s in states]
    values += [numbers(under.value) for under in outcome.under_treatment]
    for factor in outcome.course.factors:
        raised = max((float((numbers(factor) * v).max()) for v in values), default=0.0)
        if raised > 1 + 1e-9 and max(float(v.max()) for v in values) <= 1:
            what = "a utility" if outcome.kind == "quality" else "a share of time"
            return (
                f"has the factor {float(numbers(factor).max()):g}, which makes {what} of {raised:g}; it is at most 1. Give "
                "factors from the highest value down"
            )
    return ""


def number_fault(outcome: Outcome, field: str, numbers: FloatArray) -> str:
    """What is wrong with a number of this kind, in some draw."""
    per_state = field in ("by_state", "under_treatment")
    low, high = float(numbers.min()), float(numbers.max())
    if field == "course":
        return f"is {low:g}; a factor is at least 0" if low < 0 else ""
    if outcome.kind == "cost" and low < 0:
        return (
            f"is {low:g}; a cost is at least 0. Where a loss of quality is meant, give it under an outcome of kind: "
            "quality; a saving under one of kind: number with better: lower"
        )
    if outcome.kind == "quality" and per_state and high > 1:
        return (
            f"is {high:g}; a utility is at most 1, full health. Where a cost is meant, give it under an outcome "
            "of kind: cost"
        )
    if outcome.kind == "quality" and per_state and low < -1:
        return (
            f"is {low:g}; a utility is at least -1, as far below death as health is above it. Where a cost is meant, give it "
            "under an outcome of kind: cost"
        )
    if outcome.kind == "quality" and field == "by_treatment" and not -2 <= low <= high <= 1:
        wrong = low if low < -2 else high
        return (
            f"is {wrong:g}; what a treatment adds to a utility lies between -2 and 1. Where a cost is meant, give it under an "
            "outcome of kind: cost"
        )
    if outcome.kind == "time" and per_state and not 0 <= low <= high <= 1:
        wrong = low if low < 0 else high
        return f"is {wrong:g}; the share of time that counts lies between 0 and 1"
    return ""
