"""Treatment lines of a block of patients: when they may start, what starts with them, what ends them."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import IntArray
from survsim.kernels.patient_lines import begin_line, between_lines, close_line, give, next_line, take_off
from survsim.kernels.patient_path import CodeArray, within
from survsim.simulation.declared.clause import DEEDS
from survsim.simulation.declared.rules import COMPLETED, DECLINED, RUNNING, STOPPED
from survsim.simulation.engine import counting
from survsim.simulation.engine.cord import add_dose
from survsim.simulation.engine.plan import LinePlan, ToxicityPlan
from survsim.simulation.engine.workspace import Workspace, each_kind
from survsim.simulation.laws.by_draw import ByDraw, is_there


def schedule(w: Workspace, who: IntArray) -> IntArray:
    """Find when the next line starts for the patients `who`, start those that start now; who was touched.

    Lines are looked at in their order; the one that can start soonest is next, the first at equal times.
    """
    touched = []
    waiting = between_lines(who, w.lines.running, w.lines.count, w.plan.start_rules.repeats)
    while waiting.size:
        now = _next_line(w, waiting)
        if not now.size:
            break
        start(w, now)
        touched.append(now)
        # a line that was declined leaves the patient free for the next one at once
        waiting = now.compress(w.lines.running[now] < 0)
    return np.concatenate(touched) if touched else np.zeros(0, dtype=np.int64)


def _next_line(w: Workspace, who: IntArray) -> IntArray:
    """Schedule the start of the next line for `who`, as things stand; those for whom that is now."""
    rules = w.plan.start_rules
    extra = np.zeros((rules.kind.size if rules.made else 0, who.size))
    for row, quantity, name, line in rules.made:
        if quantity == "covariate":
            extra[row] = w.covariate(name)[who]
        elif quantity in DEEDS:
            k = [t.name for t in w.plan.treatments].index(str(name))
            ends = {"completed": w.lines.times_completed, "stopped": w.lines.times_stopped}
            extra[row] = ends.get(quantity, w.lines.times_given)[k][who]
        else:
            extra[row] = w.cord_dose(who, line if quantity == "planned_cord_dose" else None)
    return next_line(
        who, w.draw, w.clock.time, w.past.rows, w.state, w.lines.status, w.lines.response, w.lines.count, rules.repeats, rules.line_of,
        rules.ends, rules.kind, rules.subject, rules.low, rules.high, rules.words, extra, w.clock.start_at, w.lines.start_line,
    )  # fmt: skip


def start(w: Workspace, who: IntArray) -> None:
    """Start the scheduled line of each patient in `who`, unless the patient declines it."""
    for number, here in each_kind(who, w.lines.start_line, len(w.plan.lines)):
        line = w.plan.lines[number]
        if is_there(1.0 - line.accept):
            accept = w.number(line.accept, here)
            agreed = _uniform(w, f"accept/{line.name}", here, w.lines.count[number][here]) <= accept
            refused = here.compress(~agreed)
            w.lines.count[number][refused] = line.repeats  # who declines is not asked again
            w.lines.status[number][refused] = DECLINED
            w.clock.start_at[refused] = np.inf
            here = here.compress(agreed)
        _begin(w, number, line, here)


def _begin(w: Workspace, number: int, line: LinePlan, who: IntArray) -> None:
    repeat = begin_line(
        who, w.patient, w.clock.time, number, RUNNING, w.lines.running, w.lines.status[number], w.lines.count[number],
        w.started[number], w.clock.start_at, w.past.lines_started,
    )  # fmt: skip
    worth = w.plan.worth
    if worth is not None:
        counting.flush_treated(w, line.treatments, who)
        counting.once(w, worth.line_start[number], who)
    for k in line.treatments:
        treatment = w.plan.treatments[k]
        before = give(
            who, w.draw, w.clock.time, np.atleast_1d(treatment.duration), treatment.acts, w.lines.given[k], w.lines.given_at[k], w.clock.end_at[k], w.lines.dose[k],
            w.lines.revised, w.lines.times_given[k],
        )  # fmt: skip
        if worth is not None:
            counting.once(w, worth.start[k], who)
        if w.values is not None and is_there(treatment.cost):
            for i, tau in enumerate(w.values.taus):
                here = who[w.clock.time[who] < tau]
                w.values.paid[i][w.patient[here]] += w.number(treatment.cost, here)
        if is_there(treatment.response_probability):
            chance = w.number(treatment.response_probability, who)
            yes = _uniform(w, f"response/{treatment.name}", who, before) <= chance
            w.lines.responds[k][who] = yes
            w.lines.response[who] = yes
        for x, toxicity in enumerate(w.plan.toxicities):
            if toxicity.treatment == k:
                _arm_toxicity(w, x, toxicity, who, before)
    for stream, law, treatments in line.lasts:
        length = _time_on(w, stream, law, who, repeat)
        for k in treatments:
            w.clock.end_at[k][who] = np.minimum(w.clock.end_at[k][who], w.clock.time[who] + length)
    if is_there(line.choice_rate):
        u = _uniform(w, f"choice/{line.name}", who, repeat)
        w.clock.choice_at[who] = w.clock.time[who] - np.log(u) / w.number(line.choice_rate, who)


def _time_on(w: Workspace, stream: str, law: Any, who: IntArray, repeat: CodeArray) -> ByDraw:
    """How long `who` are given what a rule says, from the start: a time, or drawn from its law."""
    if not stream:
        return w.number(law, who)
    budget = -np.log(_uniform(w, stream, who, repeat))
    return np.asarray(w.law(law, who).inverse_cumulative_hazard(budget))


def _arm_toxicity(w: Workspace, x: int, toxicity: ToxicityPlan, who: IntArray, repeat: CodeArray) -> None:
    u = _uniform(w, toxicity.stream, who, repeat)
    comes = u <= w.number(toxicity.probability, who)
    if not toxicity.late:
        w.clock.toxicity_at[x][who] = np.inf
    if comes.any():
        # given that it comes, u / probability is uniform again
        here = who.compress(comes)
        share = u.compress(comes) / w.number(toxicity.probability, here)
        at = w.clock.time[here] + w.law(toxicity.onset, here).sample(share)
        # one that is late may still be on its way from an earlier course
        w.clock.toxicity_at[x][here] = np.minimum(at, w.clock.toxicity_at[x][here])


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
    worth = w.plan.worth
    counting.flush_treated(w, treatments, who)
    for k in treatments:
        treatment = w.plan.treatments[k]
        times_ended = w.lines.times_completed if status == COMPLETED else w.lines.times_stopped
        had = take_off(
            who, w.clock.time, treatment.acts_while_on, treatment.calls_off, w.lines.given[k], w.clock.end_at[k], w.lines.ended_at[k],
            times_ended[k], w.lines.revised, w.clock.toxicity_at,
        )  # fmt: skip
        add_dose(w, k, had)
        if worth is not None:
            counting.once(w, worth.stop[k], had)
    for number, line in enumerate(w.plan.lines):
        if any(k in line.treatments for k in treatments):
            amount = None if worth is None else worth.line_stop[number]
            had = who.compress(w.lines.running[who] == number) if amount is not None else who
            close_line(
                who, w.clock.time, number, status, np.array(line.treatments), w.lines.given, w.lines.running,
                w.lines.status[number], w.past.line_ended_at, w.clock.choice_at,
            )  # fmt: skip
            if amount is not None:
                counting.once(w, amount, had.compress(w.lines.running[had] != number))


def planned_end(w: Workspace, k: int, who: IntArray) -> None:
    """A treatment reaches its planned end."""
    end_treatments(w, (k,), who, COMPLETED)


def patient_choice(w: Workspace, who: IntArray) -> None:
    """The patient ends the line that runs."""
    w.clock.choice_at[who] = np.inf
    for number, line in enumerate(w.plan.lines):
        here = who.compress(w.lines.running[who] == number)
        end_treatments(w, line.treatments, here, STOPPED)


def progression(w: Workspace, who: IntArray) -> None:
    """A progression ends what the rules of the running line say it ends."""
    for number, line in enumerate(w.plan.lines):
        if not line.stops_on_progression:
            continue
        here = who.compress(w.lines.running[who] == number)
        for treatments in line.stops_on_progression:
            end_treatments(w, treatments, here, STOPPED)


def state_left(w: Workspace, who: IntArray, source: CodeArray) -> None:
    """`who` leave the states `source` (m,): what the rules of the running line say ends with that."""
    for number, line in enumerate(w.plan.lines):
        for counts, treatments in line.stops_on_leaving:
            here = who.compress(counts[source] & (w.lines.running[who] == number))
            end_treatments(w, treatments, here, STOPPED)


def withdraw(w: Workspace, who: IntArray) -> None:
    """Everything that is given to `who` ends."""
    for k in range(len(w.plan.treatments)):
        end_treatments(w, (k,), who.compress(w.lines.given[k, who]), STOPPED)


def stop_others(w: Workspace, who: IntArray) -> None:
    """What is given to `who` and is not of the line that runs ends: a strategy gives what its lines give."""
    for k in range(len(w.plan.treatments)):
        of_it = np.array([k in line.treatments for line in w.plan.lines] + [False])  # the last for no line
        end_treatments(w, (k,), who.compress(w.lines.given[k, who] & ~of_it[w.lines.running[who]]), STOPPED)


def toxicity(w: Workspace, x: int, who: IntArray) -> None:
    """An adverse event happens: it is noted, may lower the dose and may end treatments."""
    event = w.plan.toxicities[x]
    if w.plan.worth is not None:
        counting.once(w, w.plan.worth.event[x], who)
    w.clock.toxicity_at[x][who] = np.inf
    w.past.worst_grade[who] = np.maximum(w.past.worst_grade[who], event.grade)
    if event.performance_change:
        w.past.performance[who] = within(w.past.performance[who] + event.performance_change, 0.0, 4.0)
    for number, line in enumerate(w.plan.lines):
        if event.treatment not in line.treatments or not (line.dose_rules or line.stops_on_toxicity):
            continue
        here = who.compress(w.lines.running[who] == number)
        if not here.size:
            continue
        for grade, name, factor in line.dose_rules:
            if event.grade >= grade and name in (None, event.name):
                for k in line.treatments:
                    w.lines.dose[k][here] *= factor
                w.lines.revised[here] = True
        for grade, name, treatments in line.stops_on_toxicity:
            if event.grade >= grade and name in (None, event.name):
                end_treatments(w, treatments, here, STOPPED)
