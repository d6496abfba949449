"""Faults of conditions on earlier treatments, and of radiation given again: what was completed must be asked."""

from __future__ import annotations

from collections.abc import Iterator

from survsim.simulation.declared.clause import DEEDS, Clause
from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.rules import LINE_STATUS
from survsim.simulation.declared.strategy import Line, Strategy


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
    """Whether a line gives any radiation to the cord."""
    treatments = [model.treatment(strategy, t) for t in line.treatments]
    return any(t is not None and t.radiation for t in treatments)


def radiation_faults(model: DeclaredModel, strategy: Strategy) -> Iterator[str]:
    """Re-irradiation that may be the first course, unsaid; intervals since a radiation that never is."""
    courses = [one for one in strategy.lines if irradiates(model, strategy, one)]
    for line in strategy.lines:
        where = f"strategy {strategy.name}, line {line.line}"
        asks = [c for cs in line.alternatives() for c in cs if c.quantity == "time_since_radiation"]
        others = [one for one in courses if one is not line or one.repeats > 1] or _irradiated(model)
        if asks and not others:
            yield (
                f"{where}: it waits for a time since radiation, which no other line gives: the rule can never fire"
            )
            continue
        before = courses[: courses.index(line)] if line in courses else []
        if (
            not before
            or line.allow_without_previous
            or any(map(_sure, before))
            or "completed" in _irradiated(model)
        ):
            continue
        names = {one.line for one in before} | {
            t
            for one in before
            for t in one.treatments
            if getattr(model.treatment(strategy, t), "radiation", ())
        }
        if not all(_assured(strategy, cs, names, {line.line}) for cs in line.alternatives()):
            first = next(t for one in before for t in one.treatments if t in names)
            yield (
                f"{where}: it irradiates after {', '.join(one.line for one in before)}, yet can start without a "
                f"completed earlier course; add the condition {{completed: {first}}}, or say "
                "allow_without_previous: true if it may also be the first course"
            )


def _irradiated(model: DeclaredModel) -> set[str]:
    """How the courses of radiation in the history ended."""
    if model.history is None:
        return set()
    courses = {
        p.status for p in model.history.given if getattr(model.treatments.get(p.treatment), "radiation", ())
    }
    return courses | ({"completed"} if model.history.doses else set())


def _sure(line: Line) -> bool:
    """Whether everybody has completed this line before a later one can start: nothing delays, declines or stops it."""
    return not (line.start or line.or_start or line.stop) and line.accept == 1.0


def _assured(strategy: Strategy, clauses: tuple[Clause, ...], courses: set[str], seen: set[str]) -> bool:
    """Whether these conditions together can only hold after one of `courses` was completed."""
    lines = {one.line: one for one in strategy.lines}
    for clause in clauses:
        if clause.quantity == "completed" and clause.name in courses:
            return True
        begun: list[Line] = []
        if clause.quantity == "line" and clause.name in lines:
            accepted = accepted_statuses(clause)
            if clause.name in courses and accepted <= {"completed"}:
                return True
            if not accepted & {"not_started", "declined"}:
                begun = [lines[clause.name]]
        elif clause.quantity in DEEDS and clause.quantity != "not_given":
            begun = givers(strategy, str(clause.name))
        # a line that was begun had met its own conditions before
        if begun and all(
            one.line not in seen
            and all(_assured(strategy, cs, courses, seen | {one.line}) for cs in one.alternatives())
            for one in begun
        ):
            return True
    return False
