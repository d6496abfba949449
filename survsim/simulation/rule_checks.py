"""Faults of strategies against the model they are simulated in, rules that can never fire among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from survsim.simulation.rules import GROWING, LINE_STATUS
from survsim.simulation.strategy import Clause, DoseRule, Line, StopRule, Strategy, Treatment

if TYPE_CHECKING:
    from survsim.simulation.model import Model


def rule_faults(model: Model) -> Iterator[str]:
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


def _effect_faults(model: Model, strategy: Strategy) -> Iterator[str]:
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
        regions = [r.region for r in treatment.radiation]
        if len(set(regions)) < len(regions):
            yield f"treatment {name}: a region is listed twice; make two treatments of one line instead"


def _line_faults(model: Model, strategy: Strategy, line: Line) -> Iterator[str]:
    treatments = {t: model.treatment(strategy, t) or Treatment() for t in line.treatments}
    for rule in line.stop:
        for name in rule.treatments:
            if name not in line.treatments:
                yield f"a stop rule names {name}, which this line does not give"
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


def _clause_fault(model: Model, strategy: Strategy, line: Line, clause: Clause) -> str:
    if clause.quantity in ("state", "line", "response"):
        return _word_fault(model, strategy, line, clause)
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


def _word_fault(model: Model, strategy: Strategy, line: Line, clause: Clause) -> str:
    words, refused = clause.words()
    if clause.quantity == "state":
        allowed: tuple[str, ...] = model.state_names
        dead = [s.name for s in model.states if s.death]
        if not refused and words and all(w in dead for w in words):
            return f"{', '.join(words)} is a death: the rule can never fire"
    elif clause.quantity == "response":
        allowed = ("yes", "no")
        given = [model.treatment(strategy, t) for one in strategy.lines for t in one.treatments]
        if (
            words == ("yes",)
            and not refused
            and not any(t and t.response_probability is not None for t in given)
        ):
            return "no treatment of the strategy has a response_probability: the rule can never fire"
    else:
        allowed = LINE_STATUS
        lines = [one.line for one in strategy.lines]
        if clause.name not in lines:
            return f"{clause.name!r} is not a line; lines: {', '.join(lines)}"
        if words == ("running",) and not refused:
            return "one line runs at a time: the rule can never fire"
        known = all(w in allowed for w in words)
        own = clause.name == line.line and line.repeats == 1
        if own and known and not refused and "not_started" not in words:
            return "it asks for its own end before its only start: the rule can never fire"
    unknown = [w for w in words if w not in allowed]
    return f"unknown {', '.join(unknown)}; allowed: {', '.join(allowed)}" if unknown else ""


def _contradiction(model: Model, clauses: tuple[Clause, ...]) -> Iterator[str]:
    left = set(model.state_names)
    for clause in clauses:
        if clause.quantity == "state":
            words, refused = clause.words()
            left &= set(model.state_names) - set(words) if refused else set(words)
    if not left:
        yield "its conditions on state exclude each other: the line can never start"


def _range(model: Model, strategy: Strategy, line: Line, quantity: str) -> tuple[float, float]:
    """Lowest and highest value a quantity can have in this strategy."""
    if quantity in GROWING:
        never = quantity.startswith("time_since") and quantity != "time_since_progression"
        return 0.0, float("inf") if never else model.horizon
    if quantity in ("performance_status", "toxicity_grade"):
        return 0.0, 4.0
    if quantity == "n_progressions":
        return 0.0, float("inf") if any(s.progression for s in model.states) else 0.0
    if quantity == "lines_started":
        return 0.0, float(sum(one.repeats for one in strategy.lines))
    most = sum(_dose(model, strategy, one) * one.repeats for one in strategy.lines)
    return (_dose(model, strategy, line), most) if quantity == "planned_cord_dose" else (0.0, most)


def _dose(model: Model, strategy: Strategy, line: Line) -> float:
    """EQD2 of a line's radiation to the region it hits hardest; 0 where a dose is a parameter."""
    ab = model.cord.alpha_beta
    dose: dict[str, float] = {}
    for name in line.treatments:
        for r in (model.treatment(strategy, name) or Treatment()).radiation:
            each = _extreme(model, r.dose_per_fraction, max) or 0.0
            dose[r.region] = dose.get(r.region, 0.0) + r.fractions * each * (each + ab) / (2.0 + ab)
    return max(dose.values(), default=0.0)


def _extreme(model: Model, number: float | str | None, pick: Callable[..., float]) -> float | None:
    if number is None:
        return None
    return float(pick(model.parameters[number].ravel())) if isinstance(number, str) else float(number)
