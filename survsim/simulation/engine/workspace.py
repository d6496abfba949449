"""The working arrays of a block of patients under one strategy; the last axis is patients."""

from __future__ import annotations

from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.kernels.patient_lines import worst_dose
from survsim.kernels.patient_path import CodeArray
from survsim.simulation.cord_biology.myelopathy import CordSettings
from survsim.simulation.declared.rules import HISTORY_ROWS
from survsim.simulation.engine.luck import Luck
from survsim.simulation.engine.plan import DiseasePlan, StrategyPlan

_ALWAYS = ("patient", "state", "time", "at", "finished")
_EFFECTS = ("budget", "age", "used", "factor", "slowness", "since")
_HISTORY = ("history", "visits")
_LINES = (
    "running",
    "line_status",
    "line_count",
    "line_given",
    "start_line",
    "given_at",
    "ended_at",
    "given",
    "times_given",
    "dose",
    "responds",
    "response",
    "dose_sum",
    "dose_square_sum",
    "myelopathy_at",
    "revised",
)


class Workspace:
    """Where each patient of a block stands. Patients who are done are removed from time to time.

    `at` holds the time of everything that may come next, a row each: with lines the start of the next line, the
    ends of treatments, toxicities, the patient's choice, changes of effects and the myelopathy that acts; then
    the transitions out of the state. `history` has the rows `HISTORY_ROWS`. The names below are their rows.
    """

    patient: IntArray
    state: CodeArray
    finished: BoolArray  # still present, but done
    time: FloatArray
    at: FloatArray  # (rows, n)
    event_at: FloatArray  # (slots, n) absolute time of each transition out of the state
    budget: FloatArray  # (slots, n) exponential budget left since `since`
    age: FloatArray  # (slots, n) age of each transition's own clock at `since`
    used: FloatArray  # (slots, n) cumulative hazard at that age
    factor: FloatArray  # (slots, n) hazard ratio in force
    slowness: FloatArray  # (slots, n) acceleration factor in force
    since: FloatArray  # (slots, n)
    history: FloatArray  # (rows, n)
    entry: FloatArray
    visits: IntArray  # (states, n)
    previous_time: FloatArray
    progressed_at: FloatArray
    n_progressions: FloatArray
    performance: FloatArray
    running: CodeArray  # line that runs, -1 for none
    line_status: CodeArray  # (lines, n)
    line_count: CodeArray  # (lines, n) times offered
    line_given: CodeArray  # (lines, n) times begun
    lines_started: FloatArray
    line_ended_at: FloatArray
    start_at: FloatArray  # when the next line starts if nothing happens before
    start_line: CodeArray
    given_at: FloatArray  # (treatments, n) latest start, infinity if never
    ended_at: FloatArray  # (treatments, n) latest end, however it came
    given: BoolArray  # (treatments, n)
    times_given: CodeArray  # (treatments, n) times begun, in whichever line
    end_at: FloatArray  # (treatments, n)
    dose: FloatArray  # (treatments, n) 1 unless reduced
    responds: BoolArray  # (treatments, n)
    response: CodeArray
    toxicity_at: FloatArray  # (toxicities, n)
    worst_grade: FloatArray
    choice_at: FloatArray
    change_at: FloatArray
    dose_sum: FloatArray  # (regions, n) Gy
    dose_square_sum: FloatArray  # (regions, n) sum of fraction doses squared
    radiation_ended_at: FloatArray
    myelopathy_at: FloatArray  # (models, n)
    harm_at: FloatArray  # the myelopathy that acts
    revised: BoolArray  # a treatment that acts began, ended or changed in this step

    def __init__(
        self,
        disease: DiseasePlan,
        plan: StrategyPlan,
        cord: CordSettings,
        luck: Luck,
        patients: dict[str, FloatArray],
        *,
        history: bool = False,
    ) -> None:
        self.disease, self.plan, self.cord, self.luck = disease, plan, cord, luck
        self.patients = patients
        self.taus: tuple[float, ...] = ()
        self.quality: FloatArray | None = None  # (taus, n)
        self.paid: FloatArray | None = None  # (taus, n)
        self.has_lines = bool(plan.lines)
        self.has_effects = any(table is not None for row in plan.tables for table in row)
        self.has_history = disease.uses_history or disease.cyclic or self.has_lines or history
        self.slots = max(len(row) for row in disease.out)
        n = luck.size
        self.patient = np.arange(n)
        self.state = np.full(n, disease.initial, dtype=np.int8)
        self.finished, self.n_left = np.zeros(n, dtype=bool), n
        self.time = np.zeros(n)
        # start, choice, change and harm besides treatments and toxicities
        self.scheduled = 4 + len(plan.treatments) + len(plan.toxicities) if self.has_lines else 0
        self.at = np.full((self.scheduled + self.slots, n), np.inf)
        if self.has_effects:
            self._make_effects(n)
        if self.has_history:
            self._make_history(n)
        if self.has_lines:
            self._make_lines(n)
        self._name_rows()

    def _make_effects(self, n: int) -> None:
        for name in ("budget", "age", "used"):
            setattr(self, name, np.zeros((self.slots, n)))
        self.factor, self.slowness = np.ones((self.slots, n)), np.ones((self.slots, n))
        self.since = np.zeros((self.slots, n))

    def _make_history(self, n: int) -> None:
        self.history = np.zeros((len(HISTORY_ROWS), n))
        for name in ("progressed_at", "line_ended_at", "radiation_ended_at"):
            self.history[HISTORY_ROWS.index(name)] = -np.inf
        self.history[HISTORY_ROWS.index("performance")] = self.patients["performance_status"]
        self.visits = np.zeros((len(self.disease.names) if self.disease.cyclic else 0, n), dtype=np.int64)

    def _make_lines(self, n: int) -> None:
        lines, treatments, regions = len(self.plan.lines), len(self.plan.treatments), len(self.plan.regions)
        models = len(self.cord.myelopathy.models) if self.cord.myelopathy else 0
        self.running, self.start_line = np.full(n, -1, dtype=np.int8), np.zeros(n, dtype=np.int8)
        self.line_status = np.zeros((lines, n), dtype=np.int8)
        self.line_count = np.zeros((lines, n), dtype=np.int8)
        self.line_given = np.zeros((lines, n), dtype=np.int8)
        self.response = np.zeros(n, dtype=np.int8)
        self.given_at = np.full((treatments, n), np.inf)
        self.ended_at = np.full((treatments, n), -np.inf)
        self.given = np.zeros((treatments, n), dtype=bool)
        self.times_given = np.zeros((treatments, n), dtype=np.int8)
        self.responds = np.zeros((treatments, n), dtype=bool)
        self.dose = np.ones((treatments, n))
        self.revised = np.zeros(n, dtype=bool)
        self.dose_sum, self.dose_square_sum = np.zeros((regions, n)), np.zeros((regions, n))
        self.myelopathy_at = np.full((models, n), np.inf)

    def _name_rows(self) -> None:
        """Let the names of rows point into `at` and `history`."""
        self.event_at = self.at[self.scheduled :]
        if self.has_lines:
            first_harm = 1 + len(self.plan.treatments)
            self.start_at, self.end_at = self.at[0], self.at[1:first_harm]
            self.toxicity_at = self.at[first_harm : self.scheduled - 3]
            self.choice_at, self.change_at, self.harm_at = self.at[self.scheduled - 3 : self.scheduled]
        if self.has_history:
            for name, row in zip(HISTORY_ROWS, self.history):
                setattr(self, name, row)

    def keep(self, who: IntArray) -> None:
        """Keep only the patients at positions `who`."""
        names: tuple[str, ...] = _ALWAYS
        if self.has_effects:
            names += _EFFECTS
        if self.has_history:
            names += _HISTORY
        if self.has_lines:
            names += _LINES
        names += tuple(name for name in ("quality", "paid") if getattr(self, name) is not None)
        for name in names:
            setattr(self, name, getattr(self, name).take(who, axis=-1))
        self._name_rows()

    def covariate(self, name: Any) -> FloatArray:
        """A patient covariate or frailty of those present."""
        return self.patients[name][self.patient]

    def cord_doses(
        self,
        who: IntArray,
        alpha_betas: tuple[float, ...],
        line: int | None = None,
        kept: FloatArray | None = None,
    ) -> FloatArray:
        """Highest EQD2 over the cord regions for each alpha/beta, (alpha_betas, m).

        With the planned dose of `line` if one is given, and a share `kept` (m,) of what was given before.
        """
        more = np.zeros((2, len(self.plan.regions)))
        for k in () if line is None else self.plan.lines[line].treatments:
            t = self.plan.treatments[k]
            added = t.fractions * t.dose_per_fraction
            more += added, added * t.dose_per_fraction
        share = np.ones(who.size) if kept is None else kept
        return worst_dose(who, share, self.dose_sum, self.dose_square_sum, np.array(alpha_betas), *more)

    def cord_dose(self, who: IntArray, line: int | None = None) -> FloatArray:
        """What a rule sees: highest EQD2 (m,) over the regions now, recovered, with the plan of `line` on top."""
        left = self.kept(who, self.time[who]) if self.cord.recovery_after else None
        return np.asarray(self.cord_doses(who, (self.cord.alpha_beta,), line, left)[0])

    def kept(self, who: IntArray, time: FloatArray) -> FloatArray:
        """Share (m,) of the dose of earlier courses that still counts at `time` (m,).

        Compared as absolute times, in the same sum that schedules `next_recovery`.
        """
        step = np.zeros(who.size, dtype=np.int64)
        for after in self.cord.recovery_after:
            step += time >= self.radiation_ended_at[who] + after
        return np.asarray(1.0 - np.array([0.0, *self.cord.recovery_share])[step])

    def next_recovery(self, who: IntArray) -> FloatArray:
        """When the next share of the dose of `who` is forgiven (m,), infinity if nothing more is."""
        soonest = np.full(who.size, np.inf)
        for after in self.cord.recovery_after:
            at = self.radiation_ended_at[who] + after
            np.minimum(soonest, np.where(at > self.time[who], at, np.inf), out=soonest)
        return soonest
