"""Treatment lines of a block of patients: when they may start, what starts with them, what ends them."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import IntArray
from survsim.kernels.patient_path import within
from survsim.simulation.cord import add_dose
from survsim.simulation.plan import LinePlan, ToxicityPlan
from survsim.simulation.rules import COMPLETED, DECLINED, RUNNING, STOPPED
from survsim.simulation.workspace import Workspace


def schedule(w: Workspace, who: IntArray) -> IntArray:
    """Find when the next line starts for the patients `who`, start those that start now; who was touched.

    Lines are looked at in their order; the one that can start soonest is next, the first at equal times.
    """
    touched = []
    waiting = who.compress(w.running[who] < 0)
    left = np.zeros(waiting.size, dtype=bool)
    for number, line in enumerate(w.plan.lines):
        left |= w.line_count[number][waiting] < line.repeats
    waiting = waiting.compress(left)
    while waiting.size:
        best = np.full(waiting.size, np.inf)
        choice = np.zeros(waiting.size, dtype=np.int8)
        for number, line in enumerate(w.plan.lines):
            spent = w.line_count[number][waiting] >= line.repeats
            if spent.all():
                continue
            for clauses in line.conditions:
                wait = clauses.wait(w, waiting, number)
                wait[spent] = np.inf
                sooner = wait < best
                np.copyto(best, wait, where=sooner)
                np.copyto(choice, number, where=sooner)
        w.start_at[waiting] = w.time[waiting] + best
        w.start_line[waiting] = choice
        now = waiting.compress(best == 0.0)
        if not now.size:
            break
        start(w, now)
        touched.append(now)
        # a line that was declined leaves the patient free for the next one at once
        waiting = now.compress(w.running[now] < 0)
    return np.concatenate(touched) if touched else np.zeros(0, dtype=np.int64)


def start(w: Workspace, who: IntArray) -> None:
    """Start the scheduled line of each patient in `who`, unless the patient declines it."""
    for number, line in enumerate(w.plan.lines):
        here = who.compress(w.start_line[who] == number)
        if not here.size:
            continue
        if line.accept < 1.0:
            agreed = _uniform(w, f"accept/{line.name}", here, w.line_count[number][here]) <= line.accept
            refused = here.compress(~agreed)
            w.line_count[number][refused] += 1
            w.line_status[number][refused] = DECLINED
            w.start_at[refused] = np.inf
            here = here.compress(agreed)
        _begin(w, number, line, here)


def _begin(w: Workspace, number: int, line: LinePlan, who: IntArray) -> None:
    time = w.time[who]
    w.running[who] = number
    w.line_status[number][who] = RUNNING
    w.start_at[who] = np.inf
    w.lines_started[who] += 1
    repeat = w.line_count[number][who]
    w.line_count[number][who] += 1
    w.line_given[number][who] += 1
    for k in line.treatments:
        treatment = w.plan.treatments[k]
        w.given[k][who] = True
        w.given_at[k][who] = time
        w.end_at[k][who] = time + treatment.duration
        w.dose[k][who] = 1.0
        if treatment.acts:
            w.revised[who] = True
        if w.paid is not None and treatment.cost:
            for i, tau in enumerate(w.taus):
                w.paid[i][who[time < tau]] += treatment.cost
        if treatment.response_probability > 0:
            yes = _uniform(w, f"response/{treatment.name}", who, repeat) <= treatment.response_probability
            w.responds[k][who] = yes
            w.response[who] = yes
    for x, toxicity in enumerate(w.plan.toxicities):
        if toxicity.treatment in line.treatments:
            _arm_toxicity(w, x, toxicity, who, repeat)
    if line.choice_rate > 0:
        u = _uniform(w, f"choice/{line.name}", who, repeat)
        w.choice_at[who] = time - np.log(u) / line.choice_rate


def _arm_toxicity(w: Workspace, x: int, toxicity: ToxicityPlan, who: IntArray, repeat: IntArray) -> None:
    u = _uniform(w, toxicity.stream, who, repeat)
    comes = u <= toxicity.probability
    # given that it comes, u / probability is uniform again
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        within = np.where(comes, u / toxicity.probability, 1.0)
    at = w.time[who] + toxicity.onset.sample(within)
    w.toxicity_at[x][who] = np.where(comes, at, np.inf)


def _uniform(w: Workspace, stream: str, who: IntArray, repeat: IntArray) -> np.ndarray:
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
        here = who.compress(w.given[k][who])
        if not here.size:
            continue
        add_dose(w, k, here)
        w.given[k][here] = False
        if w.plan.treatments[k].acts_while_on:
            w.revised[here] = True
        w.end_at[k][here] = np.inf
        for x, toxicity in enumerate(w.plan.toxicities):
            if toxicity.treatment == k and not toxicity.late:
                w.toxicity_at[x][here] = np.inf
    for number, line in enumerate(w.plan.lines):
        if not any(k in line.treatments for k in treatments):
            continue
        here = who.compress(w.running[who] == number)
        if not here.size:
            continue
        left = w.given[line.treatments[0]][here]
        for k in line.treatments[1:]:
            left = left | w.given[k][here]
        over = here.compress(~left)
        w.line_status[number][over] = status
        w.running[over] = -1
        w.line_ended_at[over] = w.time[over]
        w.choice_at[over] = np.inf


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
