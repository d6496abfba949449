"""Faults of strategies against the model they are simulated in, rules that can never fire among them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from survsim.simulation.declared.clause import DEEDS, Clause
from survsim.simulation.declared.course_checks import accepted_statuses, deed_fault, givers, radiation_faults
from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.graph_checks import ways_out
from survsim.simulation.declared.history import PastDose
from survsim.simulation.declared.number_checks import numbers_of
from survsim.simulation.declared.rules import GROWING, LINE_STATUS
from survsim.simulation.declared.strategy import DoseRule, Line, Radiation, StopRule, Strategy, Treatment


def rule_faults(model: DeclaredModel) -> Iterator[str]:
    """Sentences, each one fault with the strategy and line it is in."""
    for strategy in model.strategies:
        for line in strategy.lines:
            where = f"strategy {strategy.name}, line {line.line}"
            missing = [t for t in line.treatments if model.treatment(strategy, t) is None]
            if missing:
                known = ", ".join(sorted({*strategy.treatments, *model.treatments})) or "none"
                yield f"{where}: {', '.join(missing)} is not a treatment; known: {known}"
                continue
            for fault in _line_faults(model, strategy, line):
                yield f"{where}: {fault}"
        yield from _effect_faults(model, strategy)
        yield from radiation_faults(model, strategy)
        yield from _waiting_faults(model, strategy)


def _effect_faults(model: DeclaredModel, strategy: Strategy) -> Iterator[str]:
    used = dict.fromkeys(t for line in strategy.lines for t in line.treatments)
    for name in [*used, *strategy.treatments]:
        treatment = model.treatment(strategy, name)
        if treatment is None:
            continue
        for effect in treatment.effects:
            if ">" not in effect.transition or not any(
                t.matches(effect.transition) for t in model.transitions
            ):
                known = ", ".join(t.name for t in model.transitions)
                yield f"treatment {name}: no transition is called {effect.transition!r}; transitions: {known}"
        yield from _twice_faults(model, name, treatment)
        for x in treatment.toxicities:
            states = {s.name: s.death for s in model.states}
            if x.leads_to is not None and x.leads_to not in states:
                yield f"treatment {name}: toxicity {x.name} leads to {x.leads_to!r}; states: {', '.join(states)}"
            if (x.grade == 5) != (x.leads_to is not None and states.get(x.leads_to, False)):
                yield f"treatment {name}: toxicity {x.name}: grade 5, and it alone, leads to a death; say leads_to"
        regions = [r.region for r in treatment.radiation]
        if len(set(regions)) < len(regions):
            yield f"treatment {name}: a region is listed twice; make two treatments of one line instead, with allow_radiation_together: true"


def _twice_faults(model: DeclaredModel, name: str, treatment: Treatment) -> Iterator[str]:
    """One effect, or one ratio by name, that a treatment lets act twice on a transition, which takes it to its square."""
    for one, other in combinations(treatment.effects, 2):
        named = isinstance(one.factor(), str) and one.factor() == other.factor() and one.among == other.among
        if not named and one != other:
            continue
        both = [
            w.name for w in model.transitions if w.matches(one.transition) and w.matches(other.transition)
        ]
        if both:
            yield (
                f"treatment {name}: {one.factor()} acts twice on {both[0]}, which would take it to its square; leave one of the "
                "effects out, or give the second a parameter of its own"
            )


def _stop_faults(model: DeclaredModel, line: Line) -> Iterator[str]:
    """Names in the stop rules of a line that it does not give, or that nobody leaves."""
    for rule in line.stop:
        for name in rule.treatments:
            if name not in line.treatments:
                yield f"a stop rule names {name}, which this line does not give"
        living = [s.name for s in model.states if not s.death]
        for name in rule.states:
            if name not in living:
                yield f"a stop rule names {name!r}, which is no state that is left; there are: {', '.join(living)}"


def _line_faults(model: DeclaredModel, strategy: Strategy, line: Line) -> Iterator[str]:
    treatments = {t: model.treatment(strategy, t) or Treatment() for t in line.treatments}
    yield from _stop_faults(model, line)
    entered = {t for ts in ways_out(model).values() for t in ts}
    if any(rule.on == "progression" for rule in line.stop) and not any(
        s.progression and not s.death and s.name in entered for s in model.states
    ):
        yield "no state that can be entered is a progression: the stop rule on progression can never fire"
    events = {x.name for t in treatments.values() for x in t.toxicities}
    rules: tuple[StopRule | DoseRule, ...] = (*line.stop, *line.modify)
    for named in rules:
        if named.on == "toxicity" and named.name is not None and named.name not in events:
            yield f"no treatment of this line has the toxicity {named.name!r}: the rule can never fire"
        grades = [x.grade for t in treatments.values() for x in t.toxicities if named.name in (None, x.name)]
        if named.on == "toxicity" and named.grade_at_least > max(grades, default=0):
            yield f"no toxicity of this line has grade {named.grade_at_least} or more: the rule can never fire"
    for clauses in line.alternatives():
        for clause in clauses:
            fault = _clause_fault(model, strategy, line, clause)
            if fault:
                yield f"start condition on {clause.quantity}: {fault}"
        yield from _contradiction(model, clauses)
    if line.repeats > 1 and _takes_no_time(line, treatments):
        yield "it repeats without taking time; give a treatment a duration or ask for a time since something"


def _takes_no_time(line: Line, treatments: dict[str, Treatment]) -> bool:
    if any(t.duration is None or t.duration != 0 for t in treatments.values()):
        return False
    return not any(c.quantity in GROWING and c.at_least for clauses in line.alternatives() for c in clauses)


def _clause_fault(model: DeclaredModel, strategy: Strategy, line: Line, clause: Clause) -> str:
    if clause.quantity in ("state", "line", "response"):
        return _word_fault(model, strategy, line, clause)
    if clause.quantity in DEEDS:
        return deed_fault(model, strategy, line, clause)
    if clause.quantity == "covariate":
        known = [c.name for c in model.population.covariates]
        return (
            ""
            if clause.name in known
            else f"{clause.name!r} is not a covariate; known: {', '.join(known) or 'none'}"
        )
    low, high = _range(model, strategy, line, clause.quantity)
    least, most = _extreme(model, clause.at_least, min), _extreme(model, clause.at_most, max)
    if least is not None and least > high:
        return f"at_least {least:g} is above {high:g}, the most there can be: the rule can never fire"
    if most is not None and most < low:
        return f"at_most {most:g} is below {low:g}, the least there can be: the rule can never fire"
    return ""


def _word_fault(model: DeclaredModel, strategy: Strategy, line: Line, clause: Clause) -> str:
    words, refused = clause.words()
    if clause.quantity == "state":
        allowed: tuple[str, ...] = model.state_names
        dead = [s.name for s in model.states if s.death]
        if not refused and words and all(w in dead for w in words):
            return f"{', '.join(words)} is a death: the rule can never fire"
    elif clause.quantity == "response":
        allowed = ("yes", "no")
        given = _ever_given(model, strategy)
        if words == ("yes",) and not refused and not any(t.response_probability is not None for t in given):
            return "no treatment of the strategy has a response_probability: the rule can never fire"
    else:
        allowed = LINE_STATUS
        lines = {one.line: one for one in strategy.lines}
        if clause.name not in lines:
            return f"{clause.name!r} is not a line; lines: {', '.join(lines)}"
        if all(w in allowed for w in words):
            return _status_fault(model, strategy, line, lines[clause.name], accepted_statuses(clause))
    unknown = [w for w in words if w not in allowed]
    return f"unknown {', '.join(unknown)}; allowed: {', '.join(allowed)}" if unknown else ""


def _ever_given(model: DeclaredModel, strategy: Strategy) -> list[Treatment]:
    """The treatments of the lines of a strategy, and those of the history."""
    past = model.history.given if model.history else ()
    names = dict.fromkeys(
        [*(t for one in strategy.lines for t in one.treatments), *(p.treatment for p in past)]
    )
    return [model.treatment(strategy, name) or Treatment() for name in names]


def _status_fault(
    model: DeclaredModel, strategy: Strategy, line: Line, other: Line, accepted: set[str]
) -> str:
    """Why the line `other` never has one of the `accepted` statuses while no line runs; empty if it can."""
    if accepted <= {"running"}:
        return (
            "one line runs at a time: the rule can never fire"
            if accepted
            else "no status of the line is left"
        )
    if other is line and line.repeats == 1 and "not_started" not in accepted:
        return "it asks for its own end before its only start: the rule can never fire"
    never = _never_had(model, strategy, other)
    if accepted - never.keys():
        return ""
    reasons = ", ".join(never[status] for status in LINE_STATUS if status in accepted)
    return f"{reasons}: the rule can never fire"


def _never_had(model: DeclaredModel, strategy: Strategy, line: Line) -> dict[str, str]:
    """The statuses that a line cannot have when another may start, each with the reason."""
    never = {"running": "one line runs at a time"}
    if not _can_complete(model, strategy, line):
        never["completed"] = f"{line.line} has no planned end (give its treatments a duration or cycles)"
    if not line.stop:
        never["stopped"] = f"{line.line} has no stop rule"
    if (_extreme(model, line.accept, min) or 0.0) >= 1.0:
        never["declined"] = f"nobody declines {line.line} (accept is 1)"
    # a patient whose history holds a line may have had it ended in either way
    had = any(map(model.was_given, (line.line, *line.treatments)))
    return {status: why for status, why in never.items() if not (had and status in ("completed", "stopped"))}


def _can_complete(model: DeclaredModel, strategy: Strategy, line: Line) -> bool:
    """Whether the last treatment of a line can end as planned, others stopped before it if they are endless."""
    given = {t: model.treatment(strategy, t) for t in line.treatments}
    if None in given.values():
        return True  # an unknown treatment is told elsewhere
    endless = {name for name, t in given.items() if t and t.duration is None and t.cycles is None}
    stops = [set(rule.treatments or line.treatments) for rule in line.stop]
    return any(
        all(any(name in ended and last not in ended for ended in stops) for name in endless)
        for last in given
        if last not in endless
    )


def _waiting_faults(model: DeclaredModel, strategy: Strategy) -> Iterator[str]:
    """Lines that can only start after one another: whatever can start is found first, the rest waits for ever."""
    lines = {one.line: one for one in strategy.lines}
    clauses = [
        (one, c)
        for one in strategy.lines
        for cs in one.alternatives()
        for c in cs
        if c.quantity in ("line", *DEEDS)
    ]
    if any(_clause_fault(model, strategy, one, c) for one, c in clauses):
        return  # told already

    def holds(clause: Clause, startable: set[str]) -> bool:
        if clause.quantity in DEEDS and clause.quantity != "not_given":
            given = bool(model.was_given(str(clause.name)))
            return given or any(one.line in startable for one in givers(strategy, str(clause.name)))
        return (
            clause.quantity != "line"
            or "not_started" in accepted_statuses(clause)
            or clause.name in startable
        )

    startable = {
        one.line for one in strategy.lines if any(model.was_given(n) for n in (one.line, *one.treatments))
    }
    for _ in lines:
        startable |= {
            name
            for name, line in lines.items()
            if any(all(holds(c, startable) for c in cs) for cs in line.alternatives())
        }
    waiting = [name for name in lines if name not in startable]
    if len(waiting) == 1:
        yield f"strategy {strategy.name}: line {waiting[0]} waits for its own end: it can never start"
    elif waiting:
        yield (
            f"strategy {strategy.name}: lines {', '.join(waiting)} wait for one another to have been given: none of "
            "them can ever start"
        )


def most_progressions(model: DeclaredModel) -> float:
    """The most progressions a patient can have: living progression states on one way, infinite if states recur."""
    living = {s.name: s for s in model.states if not s.death}
    out = {
        name: [t for t in targets if t in living]
        for name, targets in ways_out(model).items()
        if name in living
    }
    most: dict[str, float] = {}
    # as many rounds as there are states settle a graph without a cycle; one more changes nothing then
    for _ in range(len(living) + 1):
        before = dict(most)
        most = {
            name: max((before.get(t, 0.0) + living[t].progression for t in targets), default=0.0)
            for name, targets in out.items()
        }
    if most != before:
        return float("inf")
    had = sum(living[s.state].progression for s in model.history.path) if model.history else 0
    # whoever starts in a state of progression has progressed
    return had + max(living[s].progression + most[s] for s in model.start_states)


def _contradiction(model: DeclaredModel, clauses: tuple[Clause, ...]) -> Iterator[str]:
    """What the clauses of one set, which must all hold, ask of the same thing and nobody can meet."""
    all_words = {"state": model.state_names, "line": LINE_STATUS, "response": ("yes", "no")}
    for quantity, name in dict.fromkeys((c.quantity, c.name) for c in clauses):
        same = [c for c in clauses if (c.quantity, c.name) == (quantity, name)]
        on = f"{quantity} {name}" if name else quantity
        if quantity in all_words:
            left = set(all_words[quantity])
            for words, refused in (c.words() for c in same):
                left &= set(all_words[quantity]) - set(words) if refused else set(words)
            if not left:
                yield f"its conditions on {on} exclude each other: the line can never start"
        elif quantity == "not_given" and any(c.name == name and c.quantity in _DONE for c in clauses):
            yield f"it asks that {name} was given and that it was not: the line can never start"
        elif quantity not in DEEDS and _crossed(model, same):
            yield f"its conditions on {on} exclude each other: the line can never start"


_DONE = tuple(deed for deed in DEEDS if deed != "not_given")


def _crossed(model: DeclaredModel, clauses: list[Clause]) -> bool:
    """Whether the largest at_least is above the smallest at_most, in every draw."""
    least = [numbers_of(model, c.at_least) for c in clauses if c.at_least is not None]
    most = [numbers_of(model, c.at_most) for c in clauses if c.at_most is not None]
    if not least or not most:
        return False
    return bool(np.all(functools.reduce(np.maximum, least) > functools.reduce(np.minimum, most)))


def _range(model: DeclaredModel, strategy: Strategy, line: Line, quantity: str) -> tuple[float, float]:
    """Lowest and highest value a quantity can have in this strategy."""
    if quantity in GROWING:
        before = _extreme(model, model.history.now, max) if model.history else None
        return 0.0, model.horizon + (before or 0.0)
    if quantity == "performance_status":
        return 0.0, 4.0
    if quantity == "toxicity_grade":
        events = [x for t in _ever_given(model, strategy) for x in t.toxicities]
        return 0.0, float(max((x.grade for x in events), default=0))
    if quantity == "n_progressions":
        return 0.0, most_progressions(model)
    if quantity == "lines_started":
        past = len(model.history.given) if model.history else 0
        return 0.0, float(past + sum(one.repeats for one in strategy.lines))
    most = sum(_dose(model, strategy, one.treatments, max) * one.repeats for one in strategy.lines)
    if model.history:
        most += sum(_dose(model, strategy, (p.treatment,), max) for p in model.history.given)
        most += sum(_eqd2(model, d, max) for d in model.history.doses)
    return (
        (_dose(model, strategy, line.treatments, min), most)
        if quantity == "planned_cord_dose"
        else (0.0, most)
    )


def _dose(
    model: DeclaredModel, strategy: Strategy, treatments: tuple[str, ...], pick: Callable[..., float]
) -> float:
    """EQD2 of treatments to the region they hit hardest, of the least or largest draw of each dose."""
    dose: dict[str, float] = {}
    for name in treatments:
        for r in (model.treatment(strategy, name) or Treatment()).radiation:
            dose[r.region] = dose.get(r.region, 0.0) + _eqd2(model, r, pick)
    return max(dose.values(), default=0.0)


def _eqd2(model: DeclaredModel, course: Radiation | PastDose, pick: Callable[..., float]) -> float:
    each, ab = _extreme(model, course.dose_per_fraction, pick) or 0.0, model.cord.alpha_beta
    return course.fractions * each * (each + ab) / (2.0 + ab)


def _extreme(model: DeclaredModel, number: float | str | None, pick: Callable[..., float]) -> float | None:
    if number is None:
        return None
    return float(pick(model.parameters[number].ravel())) if isinstance(number, str) else float(number)
