"""Treatment lines of a block of patients: when they may start, what starts with them, what ends them."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import IntArray
from survsim.kernels.patient_lines import begin_line, between_lines, close_line, give, next_line, take_off
from survsim.kernels.patient_path import CodeArray, within
from survsim.simulation.declared.rules import COMPLETED, DECLINED, RUNNING, STOPPED
from survsim.simulation.engine.cord import add_dose
from survsim.simulation.engine.plan import LinePlan, ToxicityPlan
from survsim.simulation.engine.workspace import Workspace


def schedule(w: Workspace, who: IntArray) -> IntArray:
    """Find when the next line starts for the patients `who`, start those that start now; who was touched.

    Lines are looked at in their order; the one that can start soonest is next, the first at equal times.
    """
    touched = []
    waiting = between_lines(who, w.running, w.line_count, w.plan.start_rules.repeats)
    while waiting.size:
        now = _next_line(w, waiting)
        if not now.size:
            break
        start(w, now)
        touched.append(now)
        # a line that was declined leaves the patient free for the next one at once
        waiting = now.compress(w.running[now] < 0)
    return np.concatenate(touched) if touched else np.zeros(0, dtype=np.int64)


def _next_line(w: Workspace, who: IntArray) -> IntArray:
    """Schedule the start of the next line for `who`, as things stand; those for whom that is now."""
    rules = w.plan.start_rules
    extra = np.zeros((rules.kind.size if rules.made else 0, who.size))
    for row, quantity, name, line in rules.made:
        if quantity == "covariate":
            extra[row] = w.covariate(name)[who]
        else:
            extra[row] = w.cord_dose(who, line if quantity == "planned_cord_dose" else None)
    return next_line(
        who, w.time, w.history, w.state, w.line_status, w.response, w.line_count, rules.repeats, rules.line_of,
        rules.ends, rules.kind, rules.subject, rules.low, rules.high, rules.words, extra, w.start_at, w.start_line,
    )  # fmt: skip


def start(w: Workspace, who: IntArray) -> None:
    """Start the scheduled line of each patient in `who`, unless the patient declines it."""
    for number, line in enumerate(w.plan.lines):
        here = who.compress(w.start_line[who] == number)
        if not here.size:
            continue
        if line.accept < 1.0:
            agreed = _uniform(w, f"accept/{line.name}", here, w.line_count[number][here]) <= line.accept
            refused = here.compress(~agreed)
            w.line_count[number][refused] = line.repeats  # who declines is not asked again
            w.line_status[number][refused] = DECLINED
            w.start_at[refused] = np.inf
            here = here.compress(agreed)
        _begin(w, number, line, here)


def _begin(w: Workspace, number: int, line: LinePlan, who: IntArray) -> None:
    repeat = begin_line(
        who, w.time, number, RUNNING, w.running, w.line_status[number], w.line_count[number], w.line_given[number],
        w.start_at, w.lines_started,
    )  # fmt: skip
    for k in line.treatments:
        treatment = w.plan.treatments[k]
        before = give(
            who, w.time, treatment.duration, treatment.acts, w.given[k], w.given_at[k], w.end_at[k], w.dose[k],
            w.revised, w.times_given[k],
        )  # fmt: skip
        if w.paid is not None and treatment.cost:
            for i, tau in enumerate(w.taus):
                w.paid[i][who[w.time[who] < tau]] += treatment.cost
        if treatment.response_probability > 0:
            yes = _uniform(w, f"response/{treatment.name}", who, before) <= treatment.response_probability
            w.responds[k][who] = yes
            w.response[who] = yes
        for x, toxicity in enumerate(w.plan.toxicities):
            if toxicity.treatment == k:
                _arm_toxicity(w, x, toxicity, who, before)
    if line.choice_rate > 0:
        u = _uniform(w, f"choice/{line.name}", who, repeat)
        w.choice_at[who] = w.time[who] - np.log(u) / line.choice_rate


def _arm_toxicity(w: Workspace, x: int, toxicity: ToxicityPlan, who: IntArray, repeat: CodeArray) -> None:
    u = _uniform(w, toxicity.stream, who, repeat)
    comes = u <= toxicity.probability
    if not toxicity.late:
        w.toxicity_at[x][who] = np.inf
    if comes.any():
        # given that it comes, u / probability is uniform again
        here = who.compress(comes)
        at = w.time[here] + toxicity.onset.sample(u.compress(comes) / toxicity.probability)
        # one that is late may still be on its way from an earlier course
        w.toxicity_at[x][here] = np.minimum(at, w.toxicity_at[x][here])


def _uniform(w: Workspace, stream: str, who: IntArray, repeat: CodeArray) -> np.ndarray:
    patient = w.patient[who]
    last = int(repeat.max(initial=0))
    if last == 0:
        return w.luck.uniform(stream)[patient]
    u = np.empty(who.size)
    for v in range(last + 1):
        now = repeat == v
        if now.any():
            u[now] = w.luck.uniform(stream, v)[patient[now]]
    return u


def end_treatments(w: Workspace, treatments: tuple[int, ...], who: IntArray, status: int) -> None:
    """End the given treatments of the patients `who`; a line with none left is over, with `status`."""
    for k in treatments:
        treatment = w.plan.treatments[k]
        had = take_off(
            who, w.time, treatment.acts_while_on, treatment.calls_off, w.given[k], w.end_at[k], w.ended_at[k],
            w.revised, w.toxicity_at,
        )  # fmt: skip
        add_dose(w, k, had)
    for number, line in enumerate(w.plan.lines):
        if any(k in line.treatments for k in treatments):
            close_line(
                who, w.time, number, status, np.array(line.treatments), w.given, w.running,
                w.line_status[number], w.line_ended_at, w.choice_at,
            )  # fmt: skip


def planned_end(w: Workspace, k: int, who: IntArray) -> None:
    """A treatment reaches its planned end."""
    end_treatments(w, (k,), who, COMPLETED)


def patient_choice(w: Workspace, who: IntArray) -> None:
    """The patient ends the line that runs."""
    w.choice_at[who] = np.inf
    for number, line in enumerate(w.plan.lines):
        here = who.compress(w.running[who] == number)
        end_treatments(w, line.treatments, here, STOPPED)


def progression(w: Workspace, who: IntArray) -> None:
    """A progression ends what the rules of the running line say it ends."""
    for number, line in enumerate(w.plan.lines):
        if not line.stops_on_progression:
            continue
        here = who.compress(w.running[who] == number)
        for treatments in line.stops_on_progression:
            end_treatments(w, treatments, here, STOPPED)


def toxicity(w: Workspace, x: int, who: IntArray) -> None:
    """An adverse event happens: it is noted, may lower the dose and may end treatments."""
    event = w.plan.toxicities[x]
    w.toxicity_at[x][who] = np.inf
    w.worst_grade[who] = np.maximum(w.worst_grade[who], event.grade)
    if event.performance_change:
        w.performance[who] = within(w.performance[who] + event.performance_change, 0.0, 4.0)
    for number, line in enumerate(w.plan.lines):
        if event.treatment not in line.treatments or not (line.dose_rules or line.stops_on_toxicity):
            continue
        here = who.compress(w.running[who] == number)
        if not here.size:
            continue
        for grade, name, factor in line.dose_rules:
            if event.grade >= grade and name in (None, event.name):
                for k in line.treatments:
                    w.dose[k][here] *= factor
                w.revised[here] = True
        for grade, name, treatments in line.stops_on_toxicity:
            if event.grade >= grade and name in (None, event.name):
                end_treatments(w, treatments, here, STOPPED)
