"""Paths of a block of patients through the states under one strategy, all patients a step at a time.

A step takes each patient to the next thing that happens: a transition, the start or end of a treatment,
an adverse event, a choice, the change of an effect. Semi-Markov microsimulation after Putter, Fiocco and
Geskus 2007 (Stat Med 26:2389) and Jackson 2016 (JSS 70:8), with hazards as `hazards` describes.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.errors import ScenarioError
from survsim.kernels.patient_path import CodeArray, first_event, move_on_grid, time_spent, within
from survsim.simulation import cord, hazards, lines
from survsim.simulation.luck import Luck
from survsim.simulation.myelopathy import CordSettings
from survsim.simulation.paths import Paths, SojournLog, empty_paths
from survsim.simulation.plain import is_plain, simulate_plain
from survsim.simulation.plan import DiseasePlan, StrategyPlan
from survsim.simulation.workspace import Workspace

MAX_STEPS = 20_000
"""Events a path may have before the horizon; more means a cycle that takes next to no time."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """What is looked at: the end of following, an even grid, horizons of quality and cost, stays."""

    horizon: float
    grid_step: float
    points: int
    taus: tuple[float, ...]
    values: bool = False
    sojourns: bool = False


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
        rows = [*self._schedule_rows(), *w.event_at]
        when, code = first_event(rows, self.follow.horizon)
        np.copyto(code, -1, where=w.finished)
        if self.follow.values:
            self._add_value(when)
        w.time = when
        first = len(rows) - w.slots
        done = ((code < 0) & ~w.finished).nonzero()[0]
        moved = (code >= first).nonzero()[0]
        changed = self._scheduled(code, first) if first else moved[:0]
        entered, dead = self._move(moved, code, first)
        if w.has_lines:
            self._lines_go_on(np.concatenate([changed, entered]), entered=entered)
        else:
            hazards.enter(w, entered)
        self._clear(done, dead)

    def _schedule_rows(self) -> list[FloatArray]:
        w = self.w
        if not w.has_lines:
            return []
        rows = [w.start_at, *w.end_at, *w.toxicity_at, w.choice_at]
        if w.plan.changes:
            rows.append(w.change_at)
        if self._harms:
            rows.append(w.harm_at)
        return rows

    @property
    def _harms(self) -> bool:
        settings = self.w.cord.myelopathy
        return settings is not None and settings.acts_by is not None

    def _scheduled(self, code: CodeArray, first: int) -> IntArray:
        """Handle everything but transitions; the patients concerned."""
        w = self.w
        treatments, harms = len(w.plan.treatments), len(w.plan.toxicities)
        changed = ((code >= 0) & (code < first)).nonzero()[0]
        kinds = code[changed]
        for kind in np.bincount(kinds, minlength=first).nonzero()[0].tolist():
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
            elif kind == first - 1 and self._harms:
                cord.harm(w, who)
            else:
                w.revised[who] = True
        return changed

    def _move(self, moved: IntArray, code: CodeArray, first: int) -> tuple[IntArray, IntArray]:
        """Take the patients `moved` through their transitions; who entered a living state, who died."""
        w, paths, disease = self.w, self.paths, self.w.disease
        source = w.state[moved]
        target = disease.targets[source, code[moved] - first]
        time = w.time[moved]
        move_on_grid(paths.counts, source, target, time, self.per_time)
        if self.log is not None:
            self.log.add(w.patient[moved], source, target, w.entry[moved], time)
        w.state[moved] = target
        dies = disease.dead[target]
        lives = ~dies
        dead, entered = moved.compress(dies), moved.compress(lives)
        patient = w.patient[dead]
        paths.death_at[patient] = time.compress(dies)
        paths.death_state[patient] = target.compress(dies)
        progresses = disease.progression[target]
        if progresses.any():
            who = w.patient[moved.compress(progresses)]
            paths.progression_at[who] = np.minimum(paths.progression_at[who], time.compress(progresses))
        if w.has_history:
            self._note_entry(entered, target.compress(lives), time.compress(lives))
        return entered, dead

    def _note_entry(self, who: IntArray, state: CodeArray, time: FloatArray) -> None:
        w = self.w
        w.previous_time[who] = time - w.entry[who]
        w.entry[who] = time
        if w.disease.changes_performance:
            change = w.disease.performance_change[state]
            w.performance[who] = within(w.performance[who] + change, 0.0, 4.0)
        worse = who.compress(w.disease.progression[state])
        w.n_progressions[worse] += 1
        w.progressed_at[worse] = w.time[worse]
        if w.has_lines and worse.size:
            lines.progression(w, worse)

    def _lines_go_on(self, who: IntArray, *, entered: IntArray) -> None:
        """After something happened to `who`: next line, fresh budgets for those who entered a state."""
        w = self.w
        if not who.size:
            return
        lines.schedule(w, who)
        if w.plan.changes:
            w.change_at[who] = hazards.next_change(w, who)
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
        if who.size:
            self._write(who)
            w.finished[who] = True
            w.time[who] = self.follow.horizon
        left = (~w.finished).nonzero()[0]
        if left.size < 0.6 * w.finished.size:
            w.keep(left)

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
        paths.cord_dose[patient] = w.cord_dose(who)
        paths.worst_grade[patient] = w.worst_grade[who]
        # a row at a time: numpy is several times slower with a slice beside an index
        for i in range(paths.started.shape[0]):
            paths.started[i][patient] = w.line_given[i][who]
        for m in range(paths.myelopathy_at.shape[0]):
            paths.myelopathy_at[m][patient] = w.myelopathy_at[m][who]
