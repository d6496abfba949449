"""Paths of a block of patients through the states under one strategy, all patients a step at a time.

A step takes each patient to the next thing that happens: a transition, the start or end of a treatment,
an adverse event, a choice, the change of an effect. Semi-Markov microsimulation after Putter, Fiocco and
Geskus 2007 (Stat Med 26:2389) and Jackson 2016 (JSS 70:8), with hazards as `hazards` describes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.errors import ScenarioError
from survsim.kernels.patient_path import CodeArray
from survsim.kernels.patient_step import (
    add_values,
    move,
    next_event,
    note_entry,
    sort_out,
)
from survsim.simulation.cord_biology.myelopathy import CordSettings
from survsim.simulation.engine import cord, counting, hazards, latent, lines, resume
from survsim.simulation.engine.arrays import Values
from survsim.simulation.engine.follow import Follow
from survsim.simulation.engine.known import Known
from survsim.simulation.engine.luck import Luck
from survsim.simulation.engine.paths import Paths, SojournLog, empty_paths
from survsim.simulation.engine.plain import is_plain, simulate_plain
from survsim.simulation.engine.plan import DiseasePlan, StrategyPlan
from survsim.simulation.engine.workspace import Workspace, each_kind

MAX_STEPS = 20_000
"""Events a path may have before the horizon; more means a cycle that takes next to no time."""


def simulate_block(
    disease: DiseasePlan,
    plan: StrategyPlan,
    settings: CordSettings,
    luck: Luck,
    patients: dict[str, FloatArray],
    follow: Follow,
    known: Sequence[Known] = (),
) -> Paths:
    """Simulate the patients of `luck` under `plan`, from what is `known` in each draw; what became of them."""
    if not known and is_plain(disease, plan, follow):
        paths = simulate_plain(disease, plan, luck, patients, follow)
        paths.counts = np.cumsum(paths.counts, axis=1)[:, : follow.points]
        return paths
    paths = empty_paths(
        luck.size,
        toxicities=len(plan.toxicities),
        lines=len(plan.lines),
        treated=bool(plan.treatments),
        taus=len(follow.taus),
        grid=(len(luck.draws) * len(disease.names), follow.points + 1),
    )
    taus = follow.taus if follow.values else None
    w = Workspace(
        disease,
        plan,
        settings,
        luck,
        patients,
        history=follow.sojourns or bool(known),
        taus=taus,
        counts=follow.taus,
    )
    run = _Run(w, paths, follow, known)
    run.start()
    for _ in range(MAX_STEPS):
        if not w.patient.size:
            break
        run.step()
    else:
        raise ScenarioError(
            f"strategy {plan.name}: a patient has had {MAX_STEPS} events by time {w.clock.time.min():g}. Some cycle of "
            f"states or lines takes next to no time; last in {disease.names[int(w.state[0])]}. "
            "Give its transitions or its lines a time."
        )
    run.end()
    return paths


def _rows(table: FloatArray) -> FloatArray:
    """The table as rows of patients, (rows, n)."""
    return table.reshape(-1, table.shape[-1])


class _Run:
    """The loop over one block: the working arrays, what is recorded, and how a step is taken."""

    def __init__(self, w: Workspace, paths: Paths, follow: Follow, known: Sequence[Known]) -> None:
        self.w, self.paths, self.follow = w, paths, follow
        self.begins: resume.Begins | None = resume.resume(w, known) if known else None
        self.per_time = 1.0 / follow.grid_step
        self.log = SojournLog() if follow.sojourns else None

    def start(self) -> None:
        w = self.w
        everybody = np.arange(w.patient.size)
        rows, states = self.paths.counts.shape[0], len(w.disease.names)
        self.paths.counts[:, 0] = np.bincount(w.draw * states + w.state, minlength=rows)
        self._has_progressed(w.disease.progression[w.state].nonzero()[0])
        if w.has_lines:
            if self.begins is not None:
                lines.stop_others(w, everybody)
            self._lines_go_on(everybody, entered=everybody)
        else:
            self._enter(everybody)

    def _has_progressed(self, who: IntArray) -> None:
        """Whoever starts progressed has no time free of progression ahead."""
        w = self.w
        self.paths.progression_at[w.patient[who]] = 0.0
        if self.begins is None and w.past.is_kept:
            w.past.progressed_at[who], w.past.n_progressions[who] = 0.0, 1.0

    def _enter(self, entered: IntArray) -> None:
        """Fresh budgets for those who entered a state; at the start of a history, on clocks that have run."""
        if self.begins is None:
            hazards.enter(self.w, entered)
            return
        hazards.go_on(self.w, self.begins.state, self.begins.ages, self.begins.performance, entered)
        self.begins = None

    def step(self) -> None:
        w = self.w
        when, code = next_event(w.clock.at, w.finished, self.follow.horizon)
        if w.values is not None:
            self._add_value(w.values, when)
        w.clock.time = when
        done, changed, moved = sort_out(code, w.finished, w.clock.scheduled)
        elsewhere = self._scheduled(changed, code)
        entered, dead = self._move(moved, code, w.disease.targets)
        for target, who in elsewhere:
            changed, entered, dead = self._displace(target, who, changed, entered, dead)
        if w.has_lines:
            self._lines_go_on(np.concatenate([changed, entered]), entered=entered)
        else:
            self._enter(entered)
        self._clear(done, dead)

    def _scheduled(self, changed: IntArray, code: CodeArray) -> list[tuple[int, IntArray]]:
        """Handle everything but transitions; `code` are rows of `Clock.at`. Who is taken to which other state."""
        w = self.w
        elsewhere: list[tuple[int, IntArray]] = []
        treatments, harms = len(w.plan.treatments), len(w.plan.toxicities)
        for kind, who in each_kind(changed, code, w.clock.scheduled):
            if kind == 0:
                lines.start(w, who)
            elif kind <= treatments:
                lines.planned_end(w, kind - 1, who)
            elif kind <= treatments + harms:
                x = kind - 1 - treatments
                self.paths.toxicity[x][w.patient[who]] = 1.0
                lines.toxicity(w, x, who)
                if w.plan.toxicities[x].leads_to >= 0:
                    elsewhere.append((w.plan.toxicities[x].leads_to, who))
            elif kind == treatments + harms + 1:
                lines.patient_choice(w, who)
            elif kind == w.clock.scheduled - 1:
                cord.harm(w, who)
            else:
                w.lines.revised[who] = True
        return elsewhere

    def _displace(
        self, target: int, who: IntArray, changed: IntArray, entered: IntArray, dead: IntArray
    ) -> tuple[IntArray, IntArray, IntArray]:
        """Take `who` to a state as an event does; those who changed and are still there, who entered, who died."""
        w = self.w
        who = who.compress(w.state[who] != target)
        code = np.full(w.state.size, w.clock.scheduled, dtype=np.int8)
        ways = np.full((w.disease.dead.size, 1), target, dtype=np.int8)
        alive, died = self._move(who, code, ways)
        still = np.ones(w.state.size, dtype=bool)
        still[who] = False
        return (
            changed.compress(still[changed]),
            np.concatenate([entered, alive]),
            np.concatenate([dead, died]),
        )

    def _move(self, moved: IntArray, code: CodeArray, targets: CodeArray) -> tuple[IntArray, IntArray]:
        """Take the patients `moved` through their transitions; who entered a living state, who died."""
        w, paths, disease = self.w, self.paths, self.w.disease
        leaves = any(line.stops_on_leaving for line in w.plan.lines)
        left = w.state.copy() if leaves else None
        latent.spend(w, moved)
        if w.counts is not None:
            counting.flush(w, moved)
        if self.log is not None or (
            w.counts is not None and disease.worth is not None and disease.worth.jumps.size
        ):
            source = w.state[moved]
            target = targets[source, code[moved] - w.clock.scheduled]
            counting.moves(w, moved, source, target)
            if self.log is not None:
                self.log.add(w.patient[moved], source, target, w.past.entry[moved], w.clock.time[moved])
        before = w.state.copy() if disease.within_stage is not None and w.past.is_kept else None
        entered, dead = move(
            moved, code, w.clock.scheduled, w.clock.time, w.patient, w.draw, w.state, targets, disease.dead,
            disease.progression, paths.counts, self.per_time, paths.death_at, paths.death_state,
            paths.progression_at,
        )  # fmt: skip
        if w.past.is_kept:
            worse = self._note(entered, before)
            if w.has_lines and worse.size:
                lines.progression(w, worse)
            if left is not None:
                lines.state_left(w, entered, left[entered])
            if w.has_lines and disease.untreatable.any():
                lines.withdraw(w, entered.compress(disease.untreatable[w.state[entered]]))
        return entered, dead

    def _note(self, entered: IntArray, before: CodeArray | None) -> IntArray:
        """Keep the history of those who entered a state; who of them has progressed."""
        w, disease = self.w, self.w.disease
        progression, change = disease.progression, disease.performance_change
        groups = [(entered, progression, change)]
        if before is not None and disease.within_stage is not None:
            same = disease.within_stage[before[entered], w.state[entered]]
            nothing = (np.zeros_like(progression), np.zeros_like(change))
            groups = [(entered.compress(~same), progression, change), (entered.compress(same), *nothing)]
        worse = [
            note_entry(
                who, w.state, w.clock.time, counts, changes, w.past.entry, w.past.previous_time, w.past.performance,
                w.past.n_progressions, w.past.progressed_at,
            )
            for who, counts, changes in groups
        ]  # fmt: skip
        return worse[0]

    def _lines_go_on(self, who: IntArray, *, entered: IntArray) -> None:
        """After something happened to `who`: next line, fresh budgets for those who entered a state."""
        w = self.w
        if not who.size:
            return
        lines.schedule(w, who)
        recovers = w.plan.start_rules.ask_dose and bool(w.cord.settings.recovery_after)
        if w.plan.changes.size or recovers:
            change = hazards.next_change(w, who)
            w.clock.change_at[who] = np.minimum(change, w.next_recovery(who)) if recovers else change
        stayed = np.ones(w.patient.size, dtype=bool)
        stayed[entered] = False
        self._enter(entered)
        if w.clock.has_effects:
            hazards.revise(w, (stayed & w.lines.revised).nonzero()[0])
        w.lines.revised[:] = False

    def _add_value(self, values: Values, when: FloatArray) -> None:
        """Quality-adjusted time and cost of the stretch that ends at `when`."""
        w, disease, plan = self.w, self.w.disease, self.w.plan
        add_values(
            w.patient, w.state, w.draw, w.clock.time, when, np.array(values.taus), disease.groups, disease.utility,
            disease.cost_per_time, plan.utility_changes, plan.costs_per_time, w.lines.given, values.quality, values.paid,
            _rows(values.in_group),
        )  # fmt: skip

    def _clear(self, done: IntArray, dead: IntArray) -> None:
        """Close the paths of those who are done; from time to time go on without them."""
        w = self.w
        who = np.concatenate([done, dead])
        if not who.size:
            return
        self._close(who)
        w.finished[who] = True
        w.clock.time[who] = self.follow.horizon
        w.n_left -= who.size
        if w.n_left < 0.4 * w.finished.size:
            w.keep((~w.finished).nonzero()[0])

    def _close(self, who: IntArray) -> None:
        """What is added up to the end of a path."""
        w, paths = self.w, self.paths
        if self.log is not None:
            living = ~w.disease.dead[w.state[who]]
            here, state = who[living], w.state[who[living]]
            self.log.add(w.patient[here], state, state, w.past.entry[here], w.clock.time[here])
        if w.counts is not None:
            counting.flush(w, who)
        if not w.has_lines:
            return
        paths.worst_grade[w.patient[who]] = w.past.worst_grade[who]
        for k, treatment in enumerate(w.plan.treatments):
            if treatment.irradiates:
                cord.add_dose(w, k, who.compress(w.lines.given[k][who]), harms=False)

    def end(self) -> None:
        """When everybody is done: what was added up by patient is what is told."""
        w, paths = self.w, self.paths
        paths.counts = np.cumsum(paths.counts, axis=1)[:, : self.follow.points]
        paths.sojourns = self.log.done() if self.log else None
        paths.started = w.started
        if w.counts is not None:
            paths.plain, paths.discounted = w.counts.plain.T, w.counts.discounted.T
        if w.values is not None:
            paths.quality, paths.cost, paths.in_group = w.values.quality, w.values.paid, w.values.in_group
        if w.has_lines:
            paths.course_dose, paths.course_square = w.cord.course_dose, w.cord.course_square
            paths.interval, paths.myelopathy_at = w.cord.interval, w.cord.myelopathy_at
            paths.cord_dose = cord.highest(w)
