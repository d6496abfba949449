"""A block of patients set to what is known of one: lines, doses, clocks, and what may still come of the past."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.distributions import HazardDistribution
from survsim.kernels.patient_lines import worst_dose
from survsim.simulation.cord_biology.myelopathy import MODELS
from survsim.simulation.declared.rules import COMPLETED, RUNNING, STOPPED
from survsim.simulation.engine.known import GivenBefore, Known
from survsim.simulation.engine.plan import BEFORE, LinePlan
from survsim.simulation.engine.workspace import Workspace
from survsim.simulation.laws.by_draw import ByDraw, LawByDraw, by_draw, is_there, number_at

_STATUS = {"completed": COMPLETED, "stopped": STOPPED, "running": RUNNING}


@dataclasses.dataclass(frozen=True, slots=True)
class Begins:
    """The state from which everybody goes on, the age of each clock out of it, the performance status on entry."""

    state: int
    ages: tuple[ByDraw, ...]
    performance: ByDraw


def resume(w: Workspace, known: Sequence[Known]) -> Begins:
    """Put every patient of the block where the history ends in the own draw."""
    if len(known) == 1:
        _resume(w, known[0])
    else:
        for k, one in enumerate(known):
            _resume_draw(w, k, one)
        w.origin = by_draw([one.origin for one in known])
    ages = zip(*(one.ages for one in known))
    performance = by_draw([one.performance_then for one in known])
    return Begins(known[0].state, tuple(by_draw(each) for each in ages), performance)


def _resume_draw(w: Workspace, k: int, known: Known) -> None:
    """The patients of draw number `k` of the block, set up by themselves and put in their place."""
    here, luck = w.luck.place(k), w.luck.alone(k)
    patients = {"performance_status": w.patients["performance_status"][here]}
    part = Workspace(w.disease, w.plan, w.cord.settings, luck, patients, history=True)
    part.draw = np.full(luck.size, k)
    _resume(part, known)
    w.state[here] = part.state
    for name in ("clock", "past", "lines", "cord") if w.has_lines else ("clock", "past"):
        group, own = getattr(w, name), getattr(part, name)
        for field in dataclasses.fields(own):
            value = getattr(own, field.name)
            if isinstance(value, np.ndarray):
                getattr(group, field.name)[..., here] = value
    for m, threshold in part.cord.threshold.items():
        if m not in w.cord.threshold:
            w.cord.threshold[m] = w.luck.uniform("myelopathy").copy()
        w.cord.threshold[m][here] = threshold


def _resume(w: Workspace, known: Known) -> None:
    """Put every patient of `w`, all of one draw, where the history ends."""
    w.state[:] = known.state
    w.origin = known.origin
    past = w.past
    for name in ("origin", "entry", "previous_time", "progressed_at", "n_progressions", "performance"):
        getattr(past, name)[:] = getattr(known, name)
    if w.has_lines:
        for course in known.given:
            _treatment(w, course)
        _lines(w, known)
        _cord(w, known)
        _toxicities(w, known)


def _number(w: Workspace, value: ByDraw) -> float:
    """A number in the draw of the patients of `w`."""
    return number_at(value, int(w.draw[0]))


def _law(w: Workspace, law: Any) -> Any:
    return law.at(int(w.draw[0])) if isinstance(law, LawByDraw) else law


def _treatment(w: Workspace, course: GivenBefore) -> None:
    k = [t.name for t in w.plan.treatments].index(course.treatment)
    lines, running = w.lines, course.status == "running"
    lines.given_at[k], lines.given[k] = course.start, running
    lines.ended_at[k] = -np.inf if running else course.end
    w.clock.end_at[k] = course.start + _number(w, w.plan.treatments[k].duration) if running else np.inf
    lines.times_given[k] += 1
    if course.status == "completed":
        lines.times_completed[k] += 1
    elif course.status == "stopped":
        lines.times_stopped[k] += 1
    lines.responds[k] = course.responded
    if is_there(w.plan.treatments[k].response_probability):
        lines.response[:] = course.responded


@dataclasses.dataclass(slots=True)
class _Course:
    """A course of a line: its number in the strategy, or the name of a line of others, and what was given in it."""

    line: int | str | None
    given: list[GivenBefore]

    @property
    def runs(self) -> bool:
        return any(g.status == "running" for g in self.given)

    @property
    def end(self) -> float:
        return max(g.end for g in self.given)

    @property
    def status(self) -> int:
        """That of its last end; at equal times a planned end comes first, as on any path."""
        if self.runs:
            return RUNNING
        return max((g.end, _STATUS[g.status]) for g in self.given)[1]


def _line_of(w: Workspace, given: GivenBefore) -> int | str | None:
    """The line of the strategy that a treatment of the past counts as, or the name it has in others."""
    k = [t.name for t in w.plan.treatments].index(given.treatment)
    for number, line in enumerate(w.plan.lines):
        if given.line == line.name or (given.line is None and k in line.treatments):
            return number
    return given.line


def _courses(w: Workspace, known: Known) -> list[_Course]:
    """What was given as courses of lines, as they began; treatments of a line are one until one of them comes again.

    One line runs at a time: that which began last, the first of equals. What else runs is stopped now, as
    `lines.stop_others` has it.
    """
    names = [t.name for t in w.plan.treatments]
    lines = [_line_of(w, g) for g in known.given]
    by_it = [
        isinstance(n, int) and names.index(g.treatment) in w.plan.lines[n].treatments
        for n, g in zip(lines, known.given)
    ]
    runs = [
        (g.start, -n)
        for n, g, own in zip(lines, known.given, by_it)
        if own and g.status == "running" and isinstance(n, int)
    ]
    goes_on = -max(runs)[1] if runs else None
    courses: list[_Course] = []
    for line, g, own in zip(lines, known.given, by_it):
        if g.status == "running" and not (own and line == goes_on):
            g = dataclasses.replace(g, status="stopped", end=0.0)
        last = next((c for c in reversed(courses) if c.line == line), None)
        if line is None or last is None or g.treatment in [one.treatment for one in last.given]:
            courses.append(_Course(line, [g]))
        else:
            last.given.append(g)
    return courses


def _lines(w: Workspace, known: Known) -> None:
    """The lines of this strategy that the courses of the past count as."""
    courses = _courses(w, known)
    w.past.lines_started[:] = len(courses)
    w.past.line_ended_at[:] = max((c.end for c in courses if not c.runs), default=-np.inf)
    for course in courses:
        if not isinstance(course.line, int):
            continue
        line = w.plan.lines[course.line]
        # a line of which a part was given again has not ended while the rest runs
        w.lines.status[course.line] = RUNNING if w.lines.running[0] == course.line else course.status
        w.lines.count[course.line] += 1
        _doses(w, line, course, known)
        if course.runs:
            w.lines.running[:] = course.line
            for given in course.given:
                if given.status == "running":
                    _time_left(w, line, [t.name for t in w.plan.treatments].index(given.treatment), given)
            if is_there(line.choice_rate):
                # what comes at a constant rate is as far away as ever
                u = w.luck.uniform(f"choice/{line.name}")
                w.clock.choice_at[:] = -np.log(u) / _number(w, line.choice_rate)


def _doses(w: Workspace, line: LinePlan, course: _Course, known: Known) -> None:
    """Full doses of a course, or those to which an adverse event lowered them; events are of the last course."""
    given = [g.treatment for g in course.given]
    mine = [k for k in line.treatments if w.plan.treatments[k].name in given]
    w.lines.dose[mine] = 1.0
    for event in w.plan.toxicities:
        name = w.plan.treatments[event.treatment].name
        if event.treatment not in mine or (name, event.name) not in known.harms:
            continue
        for grade, which, factor in line.dose_rules:
            if event.grade >= grade and which in (None, event.name):
                w.lines.dose[mine] *= factor


def _time_left(w: Workspace, line: LinePlan, k: int, course: GivenBefore) -> None:
    """End treatment `k`, which runs, when the rules of its line say; a drawn time is one that has lasted until now."""
    for stream, law, treatments in line.lasts:
        if k not in treatments:
            continue
        if stream:
            one, elapsed = _law(w, law), -course.start
            used = float(one.cumulative_hazard(elapsed))
            at = one.inverse_cumulative_hazard(used - np.log(w.luck.uniform(stream))) - elapsed
        else:
            at = course.start + _number(w, law)
        w.clock.end_at[k] = np.minimum(w.clock.end_at[k], np.maximum(at, 0.0))


def _cord(w: Workspace, known: Known) -> None:
    """Doses of the past in the order they ended, and the myelopathy that may still come of them."""
    courses: list[tuple[float, float, str, list[tuple[str, float, float]]]] = []
    for course in known.given:
        treatment = w.plan.treatments[[t.name for t in w.plan.treatments].index(course.treatment)]
        if not treatment.irradiates or course.status == "running":
            continue
        share = 1.0
        length = _number(w, treatment.duration)
        if course.status == "stopped" and length > 0:
            share = min((course.end - course.start) / length, 1.0)
        planned = dict(zip(w.plan.regions, np.floor(treatment.fractions * share + 1e-9)))
        each = dict(
            zip(w.plan.regions, (_number(w, d if d.size > 1 else d[0]) for d in treatment.dose_per_fraction))
        )
        given = {r: course.fractions.get(r, 0) if course.fractions else n for r, n in planned.items()}
        courses.append(
            (
                course.end,
                course.start,
                course.treatment,
                [(r, n * each[r], n * each[r] ** 2) for r, n in given.items() if n],
            )
        )
    courses += [(end, end, BEFORE, [(region, dose, square)]) for region, dose, square, end in known.doses]
    hit = _Hits(w)
    for end, start, name, parts in sorted(courses, key=lambda c: c[0]):
        w.cord.interval[:] = np.minimum(w.cord.interval, start - w.past.radiation_ended_at)
        left = w.kept(np.zeros(1, np.int64), np.array([end]))[0] if w.cord.settings.recovery_after else 1.0
        w.cord.dose_sum *= left
        w.cord.dose_square_sum *= left
        for region, dose, square in parts:
            r = w.plan.regions.index(region)
            w.cord.dose_sum[r] += dose
            w.cord.dose_square_sum[r] += square
            w.cord.course_dose[w.plan.courses.index(name)][r] += dose
            w.cord.course_square[w.plan.courses.index(name)][r] += square
        w.past.radiation_ended_at[:] = end
        hit.note(end)
    hit.draw()


class _Hits:
    """Myelopathy that did not show until now: who is still to fall ill of a past course, by model.

    A hidden uniform decides: below the risk of a course it strikes after it. Each course leaves a band of it between
    the risk before and its own, of which the share that has not fallen ill yet is left.
    """

    def __init__(self, w: Workspace) -> None:
        self.w = w
        self.bands: list[tuple[float, list[float]]] = []

    def note(self, end: float) -> None:
        settings = self.w.cord.settings.myelopathy
        if settings is None:
            return
        alpha_beta = np.array([MODELS[name][1] for name in settings.models])
        nothing = np.zeros((2, len(self.w.plan.regions), 1))
        cord = self.w.cord
        doses = worst_dose(
            np.zeros(1, np.int64),
            self.w.patient,
            self.w.draw,
            np.ones(1),
            cord.dose_sum,
            cord.dose_square_sum,
            alpha_beta,
            *nothing,
        )
        self.bands.append((end, [float(MODELS[n][0](d)[0]) for n, d in zip(settings.models, doses)]))

    def draw(self) -> None:
        w, settings = self.w, self.w.cord.settings.myelopathy
        if settings is None or not self.bands:
            return
        onset, u = _law(w, w.disease.myelopathy_onset), w.luck.uniform("myelopathy")
        budget = -np.log(w.luck.uniform("myelopathy/onset"))
        for m, name in enumerate(settings.models):
            used = [float(onset.cumulative_hazard(-end)) for end, _ in self.bands]
            risks = np.maximum.accumulate([0.0, *(r[m] for _, r in self.bands)])
            mass = np.diff(risks) * np.exp(-np.array(used))
            edges = np.concatenate([[0.0], np.cumsum(mass), [mass.sum() + 1.0 - risks[-1]]])
            at = u * edges[-1]
            w.cord.threshold[m] = np.interp(at, edges, [*risks, 1.0])
            for (end, _), low, high, h in zip(self.bands, edges, edges[1:], used):
                struck = (at > low) & (at <= high)
                w.cord.myelopathy_at[m][struck] = end + onset.inverse_cumulative_hazard(h + budget[struck])
            if name == settings.acts_by:
                w.clock.harm_at[:] = w.cord.myelopathy_at[m]


def _toxicities(w: Workspace, known: Known) -> None:
    """Events that came are over; late ones of the past, and any of what still runs, may be ahead."""
    for x, event in enumerate(w.plan.toxicities):
        name = w.plan.treatments[event.treatment].name
        if (name, event.name) in known.harms:
            w.past.worst_grade[:] = np.maximum(w.past.worst_grade, event.grade)
            continue
        probability, onset = _number(w, event.probability), _law(w, event.onset)
        for before, course in enumerate(g for g in known.given if g.treatment == name):
            if course.status == "running" or event.late:
                at = _still_to_come(w.luck.uniform(event.stream, before), probability, onset, course)
                w.clock.toxicity_at[x] = np.minimum(at, w.clock.toxicity_at[x])


def _still_to_come(
    u: FloatArray, probability: float, onset: HazardDistribution, course: GivenBefore
) -> FloatArray:
    """Times from now (n,) of an event that has not come in the time since the start, infinity if it never does."""
    used = float(onset.cumulative_hazard(-course.start))
    waiting = probability * np.exp(-used)
    place = u * (1.0 - probability + waiting)
    at = np.full(u.shape, np.inf)
    comes = place <= waiting if waiting > 0 else np.zeros(u.shape, dtype=bool)
    budget = -np.log(place[comes] / waiting)
    at[comes] = course.start + onset.inverse_cumulative_hazard(used + budget)
    return at
