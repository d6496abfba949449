"""A strategy in plain sentences, made from its data alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from survsim.core.errors import ScenarioError
from survsim.core.names import in_sentence, readable
from survsim.simulation.declared.clause import DEEDS, Clause
from survsim.simulation.declared.effect import Effect, LastsFor
from survsim.simulation.declared.strategy import DoseRule, Line, StopRule, Strategy, Treatment

NAMED = re.compile("\x02(.+?)\x03")
"""A parameter in a sentence that is not yet told."""
_QUANTITY = {
    "time": "the time",
    "time_in_state": "the time in the present state",
    "time_since_progression": "the time since the last progression",
    "time_since_line_end": "the time since the last line ended",
    "time_since_radiation": "the interval since the last radiation",
    "performance_status": "the performance status",
    "n_progressions": "the number of progressions",
    "toxicity_grade": "the worst toxicity grade so far",
    "cord_dose": "the cumulative cord dose (Gy EQD2)",
    "planned_cord_dose": "the cumulative cord dose with this line (Gy EQD2)",
    "lines_started": "the number of lines started",
}


def explain(
    strategy: Strategy,
    *,
    treatments: Mapping[str, Treatment] | None = None,
    time_unit: str = "time units",
    meanings: Mapping[str, str] | None = None,
) -> str:
    """The strategy as sentences; `treatments` are those that it shares with others, and must be all it lacks.

    Parameters
    ----------
    strategy : what is to be told.
    treatments : treatments that it shares with others, by name; its own stand in it.
    time_unit : the word for the unit of its times.
    meanings : what its parameters mean, by name (`Scenario.meanings` of a scenario), told in quotes in the place of a
        number; a parameter that is not among them is told by its name in words.

    Returns
    -------
    str : a heading and a sentence a line.

    Raises
    ------
    ScenarioError : a rule that names a treatment neither it nor `treatments` has.

    Examples
    --------
    >>> from survsim.simulation import Strategy, explain
    >>> print(explain(Strategy(strategy="surgery_alone", label="Surgery alone")))
    Surgery alone (surgery_alone)
    No further treatment is given.
    """
    unit = time_unit
    text = []
    head = [f"{strategy.title} ({strategy.name})"]
    if strategy.description:
        head.append(strategy.description)
    if not strategy.lines:
        text.append("No further treatment is given.")
    titles = {
        name: in_sentence(one.label or readable(name))
        for name, one in {**(treatments or {}), **strategy.treatments}.items()
    }
    for number, line in enumerate(strategy.lines, start=1):
        text += _line(number, line, unit, titles)
    for name in dict.fromkeys(t for line in strategy.lines for t in line.treatments):
        treatment = strategy.treatments.get(name, (treatments or {}).get(name))
        if treatment is None and treatments is not None:
            known = ", ".join({**treatments, **strategy.treatments}) or "none"
            raise ScenarioError(f"strategy {strategy.name}: {name} is not a treatment; known: {known}.")
        if treatment is None:
            text.append(f"- {name}: defined with the model.")
        else:
            text += _treatment(name, treatment, unit)
    return "\n".join([*head, *(_told(sentence, meanings or {}) for sentence in text)])


def _told(sentence: str, meanings: Mapping[str, str]) -> str:
    """A sentence with the parameters in it told by what they mean."""

    def told(found: re.Match[str]) -> str:
        meaning = meanings.get(found[1], "")
        return f'"{meaning}"' if meaning else readable(found[1])

    return NAMED.sub(told, sentence)


def _line(number: int, line: Line, unit: str, titles: Mapping[str, str]) -> list[str]:
    given = " with ".join(titles.get(t, readable(t)) for t in line.treatments)
    start = " or ".join(_conditions(clauses, unit, titles) for clauses in line.alternatives())
    text = [f"{number}. {line.line.replace('_', ' ')}: {given}, {start}."]
    if line.accept != 1.0:
        text.append(f"   Patients accept it with probability {_number(line.accept)}.")
    if line.repeats > 1:
        text.append(f"   It can be given up to {line.repeats} times.")
    if line.allow_without_previous:
        text.append("   It may also be a first course of radiation.")
    if line.allow_radiation_together:
        text.append("   Its courses of radiation are one plan.")
    text += [f"   {_stop(rule, unit, titles)}" for rule in line.stop]
    text += [f"   {_dose(rule)}" for rule in line.modify]
    return text


def _conditions(clauses: tuple[Clause, ...], unit: str, titles: Mapping[str, str]) -> str:
    if not clauses:
        return "as soon as no other line runs"
    if (
        len(clauses) == 1
        and clauses[0].quantity == "time"
        and clauses[0].at_least == 0 == (clauses[0].at_most or 0)
    ):
        return "from the start"
    return "once " + " and ".join(_told_by_words(c, unit, titles) for c in clauses)


def clause_text(clause: Clause, unit: str) -> str:
    """One clause in words, parameters by their names in words."""
    return _told(_told_by_words(clause, unit, {}), {})


def _told_by_words(clause: Clause, unit: str, titles: Mapping[str, str]) -> str:
    if clause.quantity in ("state", "line", "response"):
        words, refused = clause.words()
        subject = {
            "state": "the state",
            "line": f"line {(clause.name or '').replace('_', ' ')}",
            "response": "response",
        }[clause.quantity]
        return f"{subject} is {'not ' if refused else ''}{' or '.join(w.replace('_', ' ') for w in words)}"
    if clause.quantity in DEEDS:
        verb = {"completed": "was completed", "stopped": "was stopped early", "given": "was given"}
        name = clause.name or ""
        return f"{titles.get(name, name)} {verb.get(clause.quantity, 'was not given')}"
    subject = readable(clause.name or "") if clause.quantity == "covariate" else _QUANTITY[clause.quantity]
    limits = []
    if clause.at_least is not None:
        limits.append(f"at least {_number(clause.at_least)}")
    if clause.at_most is not None:
        limits.append(f"at most {_number(clause.at_most)}")
    said = " and ".join(limits)
    return f"{subject} is {said}{_unit_of(said, unit) if clause.quantity.startswith('time') else ''}"


def _stop(rule: StopRule, unit: str, titles: Mapping[str, str]) -> str:
    what = " and ".join(titles.get(t, readable(t)) for t in rule.treatments) or "the line"
    if rule.on == "progression":
        return f"Progression ends {what}."
    if rule.on == "state_left":
        left = " or ".join(_states(name) for name in rule.states) or "the state in which it is given"
        return f"Leaving {left} ends {what}."
    if rule.on == "time":
        return f"{_spoken(what)} is given for {_time(rule.after, unit)} at most."
    if rule.on == "draw":
        law = rule.law.family.replace("_", " ") if rule.law is not None else ""
        return f"{_spoken(what)} is given for a time drawn from a law: {law}."
    if rule.on == "patient_choice":
        return f"Patients end {what} by choice at a rate of {_number(rule.rate)}."
    return f"{_event(rule)} ends {what}."


def _dose(rule: DoseRule) -> str:
    return f"{_event(rule)} lowers the dose to {rule.dose_factor:.0%}."


def _event(rule: StopRule | DoseRule) -> str:
    return f"{_spoken(rule.name or 'toxicity')} of grade {rule.grade_at_least} or more"


def _treatment(name: str, treatment: Treatment, unit: str) -> list[str]:
    if treatment.duration is not None:
        length = f"for {_time(treatment.duration, unit)}"
    elif treatment.cycles is not None:
        length = f"in {treatment.cycles} cycles of {_time(treatment.cycle_length, unit)}"
    else:
        length = "until something ends it"
    text = [f"- {treatment.label or readable(name)}: {treatment.kind}, given {length}."]
    for r in treatment.radiation:
        text.append(
            f"  {r.fractions} fractions of {_number(r.dose_per_fraction)} Gy reach {r.region.replace('_', ' ')}."
        )
    text += [f"  {_effect(e, unit)}" for e in treatment.effects]
    for x in treatment.toxicities:
        late = ", also after its end" if x.late else ""
        leads = f" and leads to {x.leads_to.replace('_', ' ')}" if x.leads_to else ""
        text.append(
            f"  {_spoken(x.name)} of grade {x.grade} comes with probability {_number(x.probability)}{late}{leads}."
        )
    if treatment.response_probability is not None:
        text.append(f"  A response comes with probability {_number(treatment.response_probability)}.")
    return text


def _effect(effect: Effect, unit: str) -> str:
    source, _, target = effect.transition.partition(">")
    way = f"{_states(source)} to {_states(target)}"
    if effect.hazard_ratio is not None:
        what = f"The hazard from {way} is multiplied by {_number(effect.hazard_ratio)}"
    elif effect.distribution is not None:
        what = (
            f"The time from {way} follows a law of its own ({effect.distribution.family.replace('_', ' ')})"
        )
    else:
        what = f"The time from {way} is stretched by {_number(effect.acceleration_factor)}"
    what += _duration(effect, unit)
    if effect.delay != 0.0:
        what += f", {_time(effect.delay, unit)} after the start"
    for step in effect.waning:
        what += f", from {step.after:g} {unit} on by {_number(step.factor)}"
    return what + (" in responders." if effect.among == "responders" else ".")


def _states(pattern: str) -> str:
    """The states that a pattern names: one, all, or those whose names share a word."""
    if "*" not in pattern:
        return pattern.replace("_", " ")
    shared = pattern.replace("*", " ").replace("_", " ").split()
    return f"any {' '.join(shared)} state" if shared else "any state"


def _duration(effect: Effect, unit: str) -> str:
    """How long an effect lasts, in words."""
    lasts = effect.lasts
    if isinstance(lasts, str):
        text = " while it is given" if lasts == "while_on" else " from its start on"
    else:
        if isinstance(lasts, LastsFor):
            text = f" until {_time(lasts.for_, unit)} after its start"
        else:
            begin, end = _time(lasts.waning.from_, unit), _number(lasts.waning.to)
            text = f" in full until {begin} after its start, fading to nothing at {end}"
        if lasts.unless_stopped_before != 0.0:
            text += f", unless it was stopped before {_time(lasts.unless_stopped_before, unit)}"
    return text + (", at the latest until progression" if effect.ends_on else "")


def _number(value: Any) -> str:
    """A figure, or the name of a parameter between marks, by which `_told` finds it."""
    return f"\x02{value}\x03" if isinstance(value, str) else f"{value:g}"


def _time(value: Any, unit: str) -> str:
    said = _number(value)
    return said + _unit_of(said, unit)


def _unit_of(said: str, unit: str) -> str:
    """The unit behind a figure: one month, two months."""
    return f" {unit[:-1] if said.split(' ')[-1] == '1' and unit.endswith('s') else unit}"


def _spoken(name: str) -> str:
    words = name if name.startswith('"') else readable(name)
    return words[:1].upper() + words[1:]
