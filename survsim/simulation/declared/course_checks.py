"""Faults of conditions on earlier treatments, and of radiation given again: what was completed must be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from survsim.simulation.declared.clause import DEEDS, Clause
from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.graph_checks import ways_out
from survsim.simulation.declared.rules import LINE_STATUS
from survsim.simulation.declared.strategy import Line, Strategy, Treatment

CALLED_AGAIN = re.compile(
    r"\b(re[\s_-]?(irradiat|rt\b|radiat)|second[\s_-]course|repeat(ed)?[\s_-](irradiat|radi))", re.IGNORECASE
)
"""Names and labels by which a reader takes a course for one that follows another."""

MAY_BE_FIRST = "say allow_without_previous: true if it may also be the first course"


def givers(strategy: Strategy, name: str) -> list[Line]:
    """The lines that a condition on `name` is about: those that give the treatment, else the line of that name."""
    return [one for one in strategy.lines if name in one.treatments] or [
        one for one in strategy.lines if one.line == name
    ]


def accepted_statuses(clause: Clause) -> set[str]:
    """The statuses of the line with which a condition on a line holds."""
    words, refused = clause.words()
    return set(LINE_STATUS) - set(words) if refused else set(words)


def deed_fault(model: DeclaredModel, strategy: Strategy, line: Line, clause: Clause) -> str:
    """Why a condition such as ``{completed: radiotherapy}`` cannot be asked or never holds; empty if it can."""
    name = str(clause.name)
    past = {p.status for p in model.was_given(name)}
    if clause.quantity == "not_given" and past:
        return ""  # a strategy may be written for others than this patient, too
    if clause.quantity in past or (past and clause.quantity == "given") or "running" in past:
        return ""
    lines = givers(strategy, name)
    if not lines:
        known = dict.fromkeys([t for one in strategy.lines for t in one.treatments])
        known |= dict.fromkeys(one.line for one in strategy.lines)
        return f"{name!r} is neither a treatment nor a line of this strategy; known: {', '.join(known)}"
    if clause.quantity != "not_given" and lines == [line] and line.repeats == 1:
        return f"it asks for its own {name} before its only start: the rule can never fire"
    if clause.quantity == "completed" and not any(_ends(model, strategy, one, name) for one in lines):
        return f"{name} has no planned end (give it a duration or cycles): the rule can never fire"
    if clause.quantity == "stopped" and not any(_stops(one, name) for one in lines):
        return f"no stop rule ends {name}: the rule can never fire"
    return ""


def _ends(model: DeclaredModel, strategy: Strategy, line: Line, name: str) -> bool:
    asked = [name] if name in line.treatments else line.treatments
    given = [model.treatment(strategy, t) for t in asked]
    return any(t is None or t.duration is not None or t.cycles is not None for t in given)


def _stops(line: Line, name: str) -> bool:
    return any(not rule.treatments or name in (line.line, *rule.treatments) for rule in line.stop)


def irradiates(model: DeclaredModel, strategy: Strategy, line: Line) -> bool:
    """Whether a line gives any radiation to the cord, or says that it irradiates again."""
    return bool(_radiation_of(model, strategy, line))


def radiation_faults(model: DeclaredModel, strategy: Strategy) -> Iterator[str]:
    """Courses of radiation that may be the first or the second, unsaid; intervals since a radiation that never is."""
    courses = [one for one in strategy.lines if irradiates(model, strategy, one)]
    for line in strategy.lines:
        where = f"strategy {strategy.name}, line {line.line}"
        asks = [c for cs in line.alternatives() for c in cs if c.quantity == "time_since_radiation"]
        doses = [one for one in courses if _to_cord(model, strategy, one)]
        if (
            asks
            and not [one for one in doses if one is not line or one.repeats > 1]
            and not _irradiated(model)
        ):
            yield (
                f"{where}: it waits for a time since radiation, which no other line gives: the rule can never fire"
            )
            continue
        found = [f for f in (_together(model, strategy, line), _again(model, strategy, line, courses)) if f]
        yield from (f"{where}: {fault}" for fault in found)


def _together(model: DeclaredModel, strategy: Strategy, line: Line) -> str:
    """Two courses in one line, such as a first course and one that was meant to follow it."""
    given = _radiotherapy_of(model, strategy, line)
    if len(given) < 2 or line.allow_radiation_together:
        return ""
    return (
        f"it gives {' and '.join(given)} at once, which are {len(given)} courses of radiation; give each a line of its "
        "own, or say allow_radiation_together: true if they are one plan, such as a boost"
    )


def _again(model: DeclaredModel, strategy: Strategy, line: Line, courses: list[Line]) -> str:
    """Why a course may be a first one although it is written as a second, or follow one that was not completed."""
    past = _irradiated(model)
    if line not in courses or line.allow_without_previous or "completed" in past:
        return ""
    if line.repeats == 1 and any(model.was_given(name) for name in (line.line, *line.treatments)):
        return ""  # a line of the past is not given again
    if line.repeats > 1:
        own = set(_radiation_of(model, strategy, line))
        if not all(
            _only_first(cs, {line.line, *own}) or _asks(model, strategy, cs, {line.line: own})
            for cs in line.alternatives()
        ):
            return (
                f"it irradiates up to {line.repeats} times, yet can start again without a completed earlier course; make "
                f"the next course a line of its own with the condition {{completed: {_first(model, strategy, line)}}}, or "
                "say allow_without_previous: true"
            )
    others = [one for one in courses if one is not line]
    called = _called_again(model, strategy, line)
    if called and not others and not past:
        return (
            f"{called}, yet it is the only course of radiation of this strategy; add the line of the first course and "
            f"the condition that it was completed, give the first course in a history, or {MAY_BE_FIRST}"
        )
    earlier = courses[: courses.index(line)]
    before = others if called else [one for one in earlier if not _follows(model, strategy, one, line)]
    if not before and not past:
        return ""
    if any(one in earlier and _sure(model, one) for one in before) or _follows(
        model, strategy, line, *before
    ):
        return ""
    if not before:
        return (
            "it irradiates after a course that the history says was not completed; say allow_without_previous: true "
            "if that is meant"
        )
    return (
        f"it irradiates after {', '.join(one.line for one in before)}, yet can start without a completed earlier "
        f"course; add the condition {{completed: {_first(model, strategy, before[0])}}}, or {MAY_BE_FIRST}"
    )


def _called_again(model: DeclaredModel, strategy: Strategy, line: Line) -> str:
    """By what a reader takes a line for re-irradiation: its words, or its place in the other strategies; else empty."""
    given = _radiation_of(model, strategy, line)
    for name, treatment in given.items():
        if words := _called(name, treatment.label, line.line):
            return f"{words!r} is called a second course"
    for other in model.strategies:
        courses = [one for one in other.lines if irradiates(model, other, one)]
        for name in given:
            lines = [one for one in courses if name in one.treatments]
            rest = [one for one in courses if one not in lines]
            if (
                other is not strategy
                and lines
                and rest
                and all(_follows(model, other, one, *rest) for one in lines)
            ):
                return f"{name} follows another course in strategy {other.name}"
    return ""


def _radiation_of(model: DeclaredModel, strategy: Strategy, line: Line) -> dict[str, Treatment]:
    """The treatments of a line that irradiate the cord, or say that they irradiate again, by name."""
    given = _radiotherapy_of(model, strategy, line)
    return {name: t for name, t in given.items() if t.radiation or _called(name, t.label)}


def _radiotherapy_of(model: DeclaredModel, strategy: Strategy, line: Line) -> dict[str, Treatment]:
    """The treatments of a line that are radiotherapy, the cord reached or not, by name."""
    given = {name: model.treatment(strategy, name) for name in line.treatments}
    return {
        name: t for name, t in given.items() if t is not None and (t.radiation or t.kind == "radiotherapy")
    }


def _called(*names: str) -> str:
    """The first of these names by which a reader takes a course for one that follows another; empty if none."""
    return next((words for words in names if CALLED_AGAIN.search(words.replace("_", " "))), "")


def _to_cord(model: DeclaredModel, strategy: Strategy, line: Line) -> bool:
    return any(t.radiation for t in _radiation_of(model, strategy, line).values())


def _first(model: DeclaredModel, strategy: Strategy, line: Line) -> str:
    return next(iter(_radiation_of(model, strategy, line)))


def _irradiated(model: DeclaredModel) -> set[str]:
    """How the courses of radiation in the history ended."""
    if model.history is None:
        return set()
    courses = {
        p.status for p in model.history.given if getattr(model.treatments.get(p.treatment), "radiation", ())
    }
    return courses | ({"completed"} if model.history.doses else set())


def _sure(model: DeclaredModel, line: Line) -> bool:
    """Whether everybody has completed this line before a later one can start: nothing delays, declines or ends it."""
    return not (line.start or line.or_start) and line.accept == 1.0 and _whole(model, line)


def _whole(model: DeclaredModel, line: Line) -> bool:
    """Whether whoever began a line and is given another has completed it: nothing ends it before."""
    out = ways_out(model)
    barred = {s.name for s in model.states if not s.treatable and not s.death}
    free = {s.name for s in model.states if s.treatable and not s.death}
    # whoever leaves a state in which nothing is given had her course ended there, and is treated again
    return not line.stop and not any(set(out.get(name, ())) & free for name in barred)


def _follows(model: DeclaredModel, strategy: Strategy, line: Line, *before: Line) -> bool:
    """Whether a line can only start after a course of one of the lines `before` was completed."""
    courses = {one.line: set(_radiation_of(model, strategy, one)) for one in before}
    return bool(before) and all(
        _asks(model, strategy, cs, courses, {line.line}) for cs in line.alternatives()
    )


def _only_first(clauses: tuple[Clause, ...], own: set[str]) -> bool:
    """Whether these conditions can only hold before a repeated line was given."""
    return any(
        (c.quantity == "not_given" and c.name in own)
        or (c.quantity == "line" and c.name in own and accepted_statuses(c) <= {"not_started"})
        or (c.quantity == "lines_started" and c.at_most == 0.0)
        for c in clauses
    )


def _completed_line(strategy: Strategy, name: str, courses: dict[str, set[str]]) -> bool:
    """Whether a line that was completed had its course: no rule ends that course alone while the rest goes on."""
    lines = {one.line: one for one in strategy.lines}
    return name in courses and not any(set(rule.treatments) & courses[name] for rule in lines[name].stop)


def _asks(
    model: DeclaredModel,
    strategy: Strategy,
    clauses: tuple[Clause, ...],
    courses: dict[str, set[str]],
    seen: set[str] | None = None,
) -> bool:
    """Whether these conditions together can only hold after one of `courses` was completed, each a line with what it gives."""
    lines = {one.line: one for one in strategy.lines}
    seen = seen or set()
    for clause in clauses:
        name = str(clause.name)
        if clause.quantity == "completed" and (
            any(name in given for given in courses.values()) or _completed_line(strategy, name, courses)
        ):
            return True
        radiation = [one for one in strategy.lines if _to_cord(model, strategy, one)]
        if clause.quantity == "time_since_radiation" and radiation:
            ended = {one.line for one in radiation} - seen <= set(courses) and _irradiated(model) <= {
                "completed"
            }
            if ended and all(_whole(model, one) for one in radiation):
                return True
        begun: list[Line] = []
        if clause.quantity == "line" and name in lines:
            accepted = accepted_statuses(clause)
            if accepted <= {"completed"} and _completed_line(strategy, name, courses):
                return True
            if not accepted & {"not_started", "declined"}:
                begun = [lines[name]]
        elif clause.quantity in DEEDS and clause.quantity != "not_given":
            begun = givers(strategy, name)
        # a line that was begun had met its own conditions before
        if begun and all(
            (one.line in courses and _whole(model, one))
            or (
                one.line not in seen
                and all(_asks(model, strategy, cs, courses, seen | {one.line}) for cs in one.alternatives())
            )
            for one in begun
        ):
            return True
    return False
