"""Faults of the courses that a history holds: twice, over one another, in too few days, of more than was planned."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from survsim.core.checks import FloatArray
from survsim.core.times import lengthless
from survsim.core.units import DAYS_PER
from survsim.simulation.declared.declared_model import DeclaredModel
from survsim.simulation.declared.history import History, PastDose, PastTreatment
from survsim.simulation.declared.number_checks import numbers_of
from survsim.simulation.declared.strategy import Radiation, Treatment

LEAST_SHARE = 0.5
"""A course that took less than this share of its planned time was not completed."""


def past_course_faults(model: DeclaredModel, history: History) -> Iterator[str]:
    """Sentences, each one fault of a course that was given; what is no treatment of the model is told elsewhere."""
    known = [p for p in history.given if p.treatment in model.treatments]
    for past in known:
        yield from _line_faults(model, past)
        yield from _length_faults(model, history, past)
        for course in model.treatments[past.treatment].radiation:
            yield from _fraction_faults(model, history, past, course)
    pairs = [f for a, b in itertools.combinations(known, 2) for f in _pair_faults(model, history, a, b)]
    yield from pairs or _often_faults(model, known)
    for dose in history.doses:
        yield from _dose_faults(model, history, dose, known)
    for a, b in itertools.combinations(history.doses, 2):
        if a == b:
            yield f"the dose of {a.fractions} fractions to {a.region} that ended at {a.ended} stands twice; list it once"


def span(model: DeclaredModel, history: History, past: PastTreatment) -> tuple[FloatArray, FloatArray]:
    """Start and end of a course, one that runs until now, each () or (draws,)."""
    end = history.now if past.end is None else past.end
    return numbers_of(model, past.start), numbers_of(model, end)


def planned(model: DeclaredModel, treatment: Treatment) -> FloatArray | None:
    """How long a treatment is planned to be given, () or (draws,); None without a planned end."""
    if treatment.duration is not None:
        return numbers_of(model, treatment.duration)
    if treatment.cycles is None:
        return None
    return treatment.cycles * numbers_of(model, treatment.cycle_length or 0.0)


def in_draws(bad: FloatArray | NDArray[np.bool_]) -> str:
    """How many draws are at fault, where numbers differ between draws."""
    marks = np.atleast_1d(np.asarray(bad, dtype=bool))
    return f" in {int(marks.sum())} of {marks.size} draws" if marks.size > 1 else ""


def _line_faults(model: DeclaredModel, past: PastTreatment) -> Iterator[str]:
    lines = dict.fromkeys(one.line for s in model.strategies for one in s.lines)
    if past.line is not None and past.line not in lines:
        yield (
            f"{past.treatment} counts as line {past.line!r}, which no strategy has; lines: {', '.join(lines) or 'none'}. "
            "Name one of them, or leave line out"
        )


def _length_faults(model: DeclaredModel, history: History, past: PastTreatment) -> Iterator[str]:
    """Courses that were completed in a part of the time they take, or run beyond it."""
    treatment = model.treatments[past.treatment]
    plan = planned(model, treatment)
    if plan is None:
        return
    start, end = span(model, history, past)
    if past.status == "running":
        over = lengthless(end, start + plan)
        if np.any(over):
            yield (
                f"{past.treatment} is said to run, but its planned end lies before now{in_draws(over)}; say completed "
                "and its end"
            )
    short = (end - start) < LEAST_SHARE * plan - 1e-9
    # of radiation its fractions tell
    if past.status == "completed" and not treatment.radiation and np.any(short):
        yield (
            f"{past.treatment} is said to be completed from {past.start} to {past.end}, less than half of the "
            f"{float(np.max(plan)):g} {model.time_unit} it is planned to take{in_draws(short)}; say stopped, or its true dates"
        )


def _fraction_faults(
    model: DeclaredModel, history: History, past: PastTreatment, course: Radiation
) -> Iterator[str]:
    """More fractions than were planned, or than the days of the course allow."""
    told = past.fractions.get(course.region)
    if told is not None and told > course.fractions:
        yield (
            f"{past.treatment} brought {told} fractions to {course.region}, and {course.fractions} are declared; list what "
            "came on top under doses, or declare a treatment of its own"
        )
        return
    start, end = span(model, history, past)
    plan = planned(model, model.treatments[past.treatment])
    share = np.ones(())
    if told is None and past.status != "completed" and plan is not None:
        share = np.clip((end - start) / np.maximum(plan, 1e-12), 0.0, 1.0)
    given = np.floor((course.fractions if told is None else told) * share + 1e-9)
    most = most_fractions(model, end - start, course.fractions_per_day)
    crowded = given > most
    if np.any(crowded):
        yield (
            f"{past.treatment} brought {float(np.max(given)):g} fractions to {course.region} from {past.start} to {_end(past)}, "
            f"where {course.fractions_per_day} a day come to at most {float(np.min(most)):g}{in_draws(crowded)}; give its true "
            "dates, or say fractions_per_day in its radiation"
        )


def most_fractions(model: DeclaredModel, length: FloatArray, per_day: int) -> FloatArray:
    """The most fractions that fit into a length of time, its first and last day counted."""
    days = np.maximum(length, 0.0) * DAYS_PER[model.time_unit]
    return per_day * (np.floor(days + 1e-6) + 1.0)


def _end(past: PastTreatment) -> str:
    return "now" if past.end is None else str(past.end)


def _pair_faults(
    model: DeclaredModel, history: History, first: PastTreatment, second: PastTreatment
) -> Iterator[str]:
    """The same course twice, or two courses of radiation that ran at the same time."""
    (a, b), (c, d) = span(model, history, first), span(model, history, second)
    same = first.treatment == second.treatment
    if same and (first.start, first.end) == (second.start, second.end):
        yield f"{first.treatment} from {first.start} to {_end(first)} stands twice; list it once"
        return
    over = (a < d) & (c < b)
    irradiate = bool(
        model.treatments[first.treatment].radiation and model.treatments[second.treatment].radiation
    )
    if np.any(over) and (same or (irradiate and not _one_plan(model, first, second))):
        yield (
            f"{first.treatment} from {first.start} to {_end(first)} and {second.treatment} from {second.start} to "
            f"{_end(second)} run at the same time{in_draws(over)}; give their true dates"
            + ("" if same else ", or say allow_radiation_together: true of a line that gives both")
        )


def _one_plan(model: DeclaredModel, first: PastTreatment, second: PastTreatment) -> bool:
    """Whether a line says of both courses that they are one plan."""
    both = {first.treatment, second.treatment}
    return any(
        one.allow_radiation_together and both <= set(one.treatments)
        for s in model.strategies
        for one in s.lines
    )


def _often_faults(model: DeclaredModel, known: list[PastTreatment]) -> Iterator[str]:
    """A treatment given more often than a line that gives it may be."""
    for name in dict.fromkeys(p.treatment for p in known):
        courses = [p for p in known if p.treatment == name]
        for strategy in model.strategies:
            # without a name a course counts as the first line that gives it
            first = next((one.line for one in strategy.lines if name in one.treatments), None)
            for line in strategy.lines:
                times = sum((p.line or first) == line.line for p in courses)
                if times > line.repeats:
                    yield (
                        f"{name} stands {times} times as line {line.line} of strategy {strategy.name}, which is given once"
                        f"{'' if line.repeats == 1 else f' to {line.repeats} times'}; name the line of each course, or raise "
                        "repeats"
                    )


def _dose_faults(
    model: DeclaredModel, history: History, dose: PastDose, known: list[PastTreatment]
) -> Iterator[str]:
    """Doses that are none, and those that a course under `given` has brought already."""
    if np.any(numbers_of(model, dose.dose_per_fraction) <= 0):
        yield f"dose_per_fraction of the dose to {dose.region} must be above 0 Gy; it is {dose.dose_per_fraction}"
    ended = numbers_of(model, dose.ended)
    for past in known:
        start, end = span(model, history, past)
        inside = (start <= ended) & (ended <= end)
        regions = [r.region for r in model.treatments[past.treatment].radiation]
        if dose.region in regions and np.any(inside):
            yield (
                f"the dose of {dose.fractions} fractions to {dose.region} that ended at {dose.ended} lies within "
                f"{past.treatment}, which is under given{in_draws(inside)}: it would count twice. doses are of courses that are "
                "no treatment of the model"
            )
