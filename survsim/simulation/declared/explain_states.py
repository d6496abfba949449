"""The states of a disease, the ways between them and what is counted, in plain sentences made from their data alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from survsim.simulation.declared.states import State, Transition
from survsim.simulation.declared.values import Discount, Outcome, Values
from survsim.simulation.laws.law import LawBase, MortalityLaw

SHOWN = 6
"""Numbers of a list that are told before the rest are counted."""


def explain_states(
    states: Sequence[State],
    transitions: Sequence[Transition],
    *,
    start: str | Mapping[str, Any] | None,
    values: Values | None,
    time_unit: str,
) -> str:
    """The disease as sentences: where it begins, each way with the law of its time, and what is counted."""
    titles = {s.name: s.title for s in states}
    text = [_begins(start if start is not None else states[0].name, titles)]
    for number, way in enumerate(transitions, start=1):
        text.append(
            f"{number}. From {titles.get(way.source, way.source)} to {titles.get(way.target, way.target)}: {_way(way, time_unit)}."
        )
    alive = [titles[s.name] for s in states if s.absorbing]
    if alive:
        text.append(f"Nobody leaves {' or '.join(alive)}, alive.")
    return "\n".join([*text, *explain_values(values, titles, time_unit)])


def ways_of(states: Sequence[State], transitions: Sequence[Transition], start: Any) -> list[dict[str, Any]]:
    """Rows source, target, death and number for a picture of the ways, those out of the first state of all first."""
    titles = {s.name: s.title for s in states}
    dead = {s.name for s in states if s.death}
    first = next(iter(start)) if isinstance(start, Mapping) else start or states[0].name
    rows = [
        {"source": titles[t.source], "target": titles[t.target], "death": t.target in dead, "number": number}
        for number, t in enumerate(transitions, start=1)
    ]
    return sorted(rows, key=lambda row: row["source"] != titles[first])


def _begins(start: str | Mapping[str, Any], titles: Mapping[str, str]) -> str:
    if isinstance(start, str):
        return f"Everybody begins in: {titles.get(start, start)}."
    shares = ", ".join(f"{told_number(v)} in {titles.get(k, k)}" for k, v in start.items())
    return f"Patients begin {shares}."


def _way(way: Transition, unit: str) -> str:
    since = {
        "reset": "time since entry",
        "forward": f"time since the start, in {unit}",
        "age": f"age ({way.age})",
    }[way.clock]
    told = [f"{_law(way.distribution)}, by {since}"]
    told += [f"times exp({told_number(v)} x {name.replace('_', ' ')})" for name, v in way.covariates.items()]
    if way.frailty is not None:
        told.append(f"times the frailty {way.frailty}")
    if way.needs_effect:
        told.append("only while a treatment that acts on it is in force")
    if way.within_stage:
        told.append("no progression")
    if way.latent is not None:
        told.append(f"one latent time of the patient, {way.latent}, under every strategy")
    return ", ".join(told)


def _law(law: Any) -> str:
    if isinstance(law, tuple):
        return f"{_law(law[0]).split(' with ', maxsplit=1)[0]}, one in each of {len(law)} draws"
    if isinstance(law, MortalityLaw):
        named = [name for name, _ in law.sheets[0].where]
        named += ["calendar year"] if law.now is not None else []
        return f"mortality of the population by {' and '.join(['age', *named])}"
    if isinstance(law, LawBase):
        given = ", ".join(f"{k.replace('_', ' ')} {told_number(v)}" for k, v in law if k != "family")
        return f"{law.family.replace('_', ' ')} with {given}" if given else law.family.replace("_", " ")
    return type(law).__name__


def told_number(value: Any) -> str:
    """A number, the name of a parameter, or the first of a list of them."""
    if isinstance(value, tuple | list):
        rest = len(value) - SHOWN
        shown = ", ".join(told_number(v) for v in value[:SHOWN])
        return f"({shown}{f' and {rest} more' if rest > 0 else ''})"
    return value if isinstance(value, str) else f"{value:.8g}"


def explain_values(values: Values | None, titles: Mapping[str, str], unit: str) -> Iterator[str]:
    """What is counted, and how it is discounted, as sentences."""
    if values is None:
        return
    if values.discount is not None and values.discount.rate > 0:
        yield f"Life is counted plain and discounted {_discount(values.discount)}."
    for name, outcome in values.outcomes.items():
        discount = values.discount_of(outcome)
        how = f", discounted {_discount(discount)}" if discount is not None else ""
        yield f"Counted: {outcome.label or name} ({outcome.kind}, in {outcome.unit_in(unit)}{how})."
        yield from (f"   {line}" for line in _outcome(outcome, titles, unit))


def _discount(discount: Discount) -> str:
    way = {"yearly": "by the year", "continuous": "continuously", "steps": "in steps"}[discount.form]
    return f"at {discount.rate:g} a year, {way}"


def _outcome(outcome: Outcome, titles: Mapping[str, str], unit: str) -> Iterator[str]:
    def each(numbers: Mapping[str, Any]) -> str:
        return ", ".join(f"{titles.get(k, k.replace('_', ' '))} {told_number(v)}" for k, v in numbers.items())

    if outcome.by_state:
        yield f"by state, a {unit.removesuffix('s')}: {each(outcome.by_state)}."
    if outcome.by_treatment:
        yield f"while given, on top: {each(outcome.by_treatment)}."
    for one in outcome.under_treatment:
        state = titles.get(one.state, one.state)
        yield f"in {state} under {one.treatment.replace('_', ' ')}: {told_number(one.value)} instead."
    for name, numbers in outcome.once():
        if numbers:
            yield f"once {name.replace('_', ' ')}: {each(numbers)}."
    if outcome.course is not None:
        by = f"age ({outcome.course.age})" if outcome.course.age else f"time, in {unit}"
        breaks, factors = told_number(outcome.course.breaks), told_number(outcome.course.factors)
        yield f"multiplied between breaks of {by} {breaks} by {factors}."
