"""Paths of a block of patients through the states under one strategy, all patients a step at a time.

A step takes each patient to the next thing that happens: a transition, the start or end of a treatment,
an adverse event, a choice, the change of an effect. Semi-Markov microsimulation after Putter, Fiocco and
Geskus 2007 (Stat Med 26:2389) and Jackson 2016 (JSS 70:8), with hazards as `hazards` describes.
"""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.errors import ScenarioError
from survsim.kernels.patient_path import CodeArray, time_spent
from survsim.kernels.patient_step import move, next_event, note_entry, sort_out, write_down
from survsim.simulation.cord_biology.myelopathy import CordSettings
from survsim.simulation.engine import cord, hazards, lines
from survsim.simulation.engine.follow import Follow
from survsim.simulation.engine.luck import Luck
from survsim.simulation.engine.paths import Paths, SojournLog, empty_paths
from survsim.simulation.engine.plain import is_plain, simulate_plain
from survsim.simulation.engine.plan import DiseasePlan, StrategyPlan
from survsim.simulation.engine.workspace import Workspace

MAX_STEPS = 20_000
"""Events a path may have before the horizon; more means a cycle that takes next to no time."""


def simulate_block(
    disease: DiseasePlan,
    plan: StrategyPlan,
    settings: CordSettings,
    luck: Luck,
    patients: dict[str, FloatArray],
    follow: Follow,
) -> Paths:
    """Simulate the patients of `luck` under `plan` and return what became of them."""
    if is_plain(disease, plan, follow):
        paths = simulate_plain(disease, plan, luck, patients, follow)
        paths.counts = np.cumsum(paths.counts, axis=1)[:, : follow.points]
        return paths
    paths = empty_paths(
        luck.size,
        toxicities=len(plan.toxicities),
        lines=len(plan.lines),
        models=len(settings.myelopathy.models) if settings.myelopathy else 0,
        taus=len(follow.taus),
        values=follow.values,
        grid=(len(disease.names), follow.points + 1),
    )
    w = Workspace(disease, plan, settings, luck, patients, history=follow.sojourns)
    run = _Run(w, paths, follow)
    run.start()
    for _ in range(MAX_STEPS):
        if not w.patient.size:
            break
        run.step()
    else:
        raise ScenarioError(
            f"strategy {plan.name}: a patient has had {MAX_STEPS} events by time {w.time.min():g}. Some cycle of "
            f"states or lines takes next to no time; last in {disease.names[int(w.state[0])]}. "
            "Give its transitions or its lines a time."
        )
    paths.counts = np.cumsum(paths.counts, axis=1)[:, : follow.points]
    paths.sojourns = run.log.done() if run.log else None
    return paths


class _Run:
    """The loop over one block: the working arrays, what is recorded, and how a step is taken."""

    def __init__(self, w: Workspace, paths: Paths, follow: Follow) -> None:
        self.w, self.paths, self.follow = w, paths, follow
        self.per_time = 1.0 / follow.grid_step
        self.log = SojournLog() if follow.sojourns else None
        if follow.values:
            w.taus, n = follow.taus, w.patient.size
            w.quality, w.paid = np.zeros((len(w.taus), n)), np.zeros((len(w.taus), n))

    def start(self) -> None:
        w = self.w
        everybody = np.arange(w.patient.size)
        self.paths.counts[w.disease.initial, 0] = everybody.size
        if w.has_lines:
            self._lines_go_on(everybody, entered=everybody)
        else:
            hazards.enter(w, everybody)

    def step(self) -> None:
        w = self.w
        when, code = next_event(w.at, w.finished, self.follow.horizon)
        if self.follow.values:
            self._add_value(when)
        w.time = when
        done, changed, moved = sort_out(code, w.finished, w.scheduled)
        self._scheduled(changed, code[changed])
        entered, dead = self._move(moved, code)
        if w.has_lines:
            self._lines_go_on(np.concatenate([changed, entered]), entered=entered)
        else:
            hazards.enter(w, entered)
        self._clear(done, dead)

    def _scheduled(self, changed: IntArray, kinds: CodeArray) -> None:
        """Handle everything but transitions; `kinds` are rows of `Workspace.at`."""
        w = self.w
        treatments, harms = len(w.plan.treatments), len(w.plan.toxicities)
        for kind in np.bincount(kinds).nonzero()[0].tolist():
            who = changed.compress(kinds == kind)
            if kind == 0:
                lines.start(w, who)
            elif kind <= treatments:
                lines.planned_end(w, kind - 1, who)
            elif kind <= treatments + harms:
                x = kind - 1 - treatments
                self.paths.toxicity[x][w.patient[who]] = 1.0
                lines.toxicity(w, x, who)
            elif kind == treatments + harms + 1:
                lines.patient_choice(w, who)
            elif kind == w.scheduled - 1:
                cord.harm(w, who)
            else:
                w.revised[who] = True

    def _move(self, moved: IntArray, code: CodeArray) -> tuple[IntArray, IntArray]:
        """Take the patients `moved` through their transitions; who entered a living state, who died."""
        w, paths, disease = self.w, self.paths, self.w.disease
        if self.log is not None:
            source = w.state[moved]
            target = disease.targets[source, code[moved] - w.scheduled]
            self.log.add(w.patient[moved], source, target, w.entry[moved], w.time[moved])
        entered, dead = move(
            moved, code, w.scheduled, w.time, w.patient, w.state, disease.targets, disease.dead,
            disease.progression, paths.counts, self.per_time, paths.death_at, paths.death_state,
            paths.progression_at,
        )  # fmt: skip
        if w.has_history:
            worse = note_entry(
                entered, w.state, w.time, disease.progression, disease.performance_change, w.entry,
                w.previous_time, w.performance, w.n_progressions, w.progressed_at,
            )  # fmt: skip
            if w.has_lines and worse.size:
                lines.progression(w, worse)
        return entered, dead

    def _lines_go_on(self, who: IntArray, *, entered: IntArray) -> None:
        """After something happened to `who`: next line, fresh budgets for those who entered a state."""
        w = self.w
        if not who.size:
            return
        lines.schedule(w, who)
        recovers = w.plan.start_rules.ask_dose and bool(w.cord.recovery_after)
        if w.plan.changes or recovers:
            change = hazards.next_change(w, who)
            w.change_at[who] = np.minimum(change, w.next_recovery(who)) if recovers else change
        stayed = np.ones(w.patient.size, dtype=bool)
        stayed[entered] = False
        hazards.enter(w, entered)
        if w.has_effects:
            hazards.revise(w, (stayed & w.revised).nonzero()[0])
        w.revised[:] = False

    def _add_value(self, when: FloatArray) -> None:
        """Quality-adjusted time and cost of the stretch that ends at `when`."""
        w, disease = self.w, self.w.disease
        if w.quality is None or w.paid is None:
            return
        utility, rate = disease.utility[w.state], disease.cost_per_time[w.state]
        costs = bool(disease.cost_per_time.any())
        if w.has_lines:
            for k, t in enumerate(w.plan.treatments):
                if t.utility_change:
                    utility += t.utility_change * w.given[k]
                if t.cost_per_time:
                    rate, costs = rate + t.cost_per_time * w.given[k], True
        for i, tau in enumerate(self.follow.taus):
            spent = time_spent(w.time, when, tau)
            w.quality[i] += utility * spent
            if costs:
                w.paid[i] += rate * spent

    def _clear(self, done: IntArray, dead: IntArray) -> None:
        """Write down those who are done; from time to time go on without them."""
        w = self.w
        who = np.concatenate([done, dead])
        if not who.size:
            return
        self._write(who)
        w.finished[who] = True
        w.time[who] = self.follow.horizon
        w.n_left -= who.size
        if w.n_left < 0.4 * w.finished.size:
            w.keep((~w.finished).nonzero()[0])

    def _write(self, who: IntArray) -> None:
        w, paths = self.w, self.paths
        patient = w.patient[who]
        if self.log is not None:
            living = ~w.disease.dead[w.state[who]]
            here, state = who[living], w.state[who[living]]
            self.log.add(patient[living], state, state, w.entry[here], w.time[here])
        if (
            paths.quality is not None
            and paths.cost is not None
            and w.quality is not None
            and w.paid is not None
        ):
            paths.quality[:, patient], paths.cost[:, patient] = w.quality[:, who], w.paid[:, who]
        if not w.has_lines:
            return
        for k, treatment in enumerate(w.plan.treatments):
            if treatment.irradiates:
                cord.add_dose(w, k, who.compress(w.given[k][who]), harms=False)
        paths.cord_dose[patient] = w.cord_doses(who, (w.cord.alpha_beta,))[0]
        write_down(
            who, w.patient, w.worst_grade, w.line_given, w.myelopathy_at, paths.worst_grade, paths.started,
            paths.myelopathy_at,
        )  # fmt: skip
