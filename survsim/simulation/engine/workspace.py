"""The working arrays of a block of patients under one strategy; the last axis is patients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.kernels.patient_lines import worst_dose
from survsim.kernels.patient_path import CodeArray
from survsim.kernels.patient_step import by_kind
from survsim.simulation.cord_biology.myelopathy import CordSettings
from survsim.simulation.engine.arrays import Clock, Cord, Latent, Lines, Past, Values, keep
from survsim.simulation.engine.counts import Counts
from survsim.simulation.engine.luck import Luck
from survsim.simulation.engine.plan import DiseasePlan, StrategyPlan
from survsim.simulation.laws.by_draw import ByDraw, LawByDraw, law_of, number_of
from survsim.simulation.laws.mortality import MortalityTable


class Workspace:
    """Where each patient of a block stands. Patients who are done are removed from time to time.

    What differs by patient is in groups (`arrays`): the clock, the past, the lines of treatment, the cord and the
    values; beside them who is there, in which state, and who is done, and by patient of the block how often each line
    was started.
    """

    def __init__(
        self,
        disease: DiseasePlan,
        plan: StrategyPlan,
        cord: CordSettings,
        luck: Luck,
        patients: dict[str, FloatArray],
        *,
        history: bool = False,
        taus: tuple[float, ...] | None = None,
        counts: tuple[float, ...] | None = None,
    ) -> None:
        """`history` keeps the past even where no rule asks; `taus` are the horizons of values, None for no values.

        `counts` are those of the outcomes that the model declares.
        """
        self.disease, self.plan, self.luck, self.patients = disease, plan, luck, patients
        self.has_lines = bool(plan.treatments)
        self.origin: ByDraw = 0.0  # time zero; a history ends at 0 and began before
        n = luck.size
        self.patient: IntArray = np.arange(n)
        self.draw: IntArray = luck.draw_of  # place among the draws of the block
        self.state: CodeArray = _first_states(disease, luck)
        self.finished: BoolArray = np.zeros(n, dtype=bool)  # still present, but done
        self.n_left = n
        self.clock = Clock.start(plan, max(len(row) for row in disease.out), n)
        asked = disease.uses_history or disease.cyclic or self.has_lines or history
        states = len(disease.names) if disease.cyclic else 0
        self.past = Past.start(patients["performance_status"] if asked else None, states, n)
        self.lines = Lines.start(plan, n if self.has_lines else 0)
        self.started: FloatArray = np.zeros((len(plan.lines), n))
        self.cord = Cord.start(cord, plan, n if self.has_lines else 0)
        self.values = None if taus is None else Values.start(taus, n, len(disease.groups))
        self.latent = Latent.start(disease, luck)
        worth = disease.worth
        self.counts = None if counts is None or worth is None else Counts.start(worth, counts, n)

    def keep(self, who: IntArray) -> None:
        """Keep only the patients at positions `who`."""
        self.patient, self.state = self.patient.take(who), self.state.take(who)
        # of one draw all places are 0
        self.draw = self.draw.take(who) if len(self.luck.draws) > 1 else self.draw[: who.size]
        self.finished = self.finished.take(who)
        self.clock, self.past = keep(self.clock, who), keep(self.past, who)
        if self.has_lines:
            self.lines = keep(self.lines, who)
        if self.latent is not None:
            self.latent = keep(self.latent, who)

    def number(self, value: ByDraw, who: IntArray) -> ByDraw:
        """A number of the plan for the patients `who`: one, or one each."""
        return number_of(value, self.draw[who]) if isinstance(value, np.ndarray) else value

    def law(self, law: Any, who: IntArray) -> Any:
        """A law of the plan for the patients `who`."""
        if isinstance(law, MortalityTable):
            return law.of(lambda name: self.covariate(name)[who])
        return law_of(law, self.draw[who]) if isinstance(law, LawByDraw) else law

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
        planned = () if line is None else self.plan.lines[line].treatments
        doses = [self.plan.treatments[k] for k in planned]
        draws = max((t.dose_per_fraction.shape[1] for t in doses), default=1)
        more = np.zeros((2, len(self.plan.regions), draws))
        for t in doses:
            added = t.fractions[:, None] * t.dose_per_fraction
            more += np.stack([added, added * t.dose_per_fraction])
        share = np.ones(who.size) if kept is None else kept
        return worst_dose(
            who, self.patient, self.draw, share, self.cord.dose_sum, self.cord.dose_square_sum, np.array(alpha_betas), *more
        )  # fmt: skip

    def cord_dose(self, who: IntArray, line: int | None = None) -> FloatArray:
        """What a rule sees: highest EQD2 (m,) over the regions now, recovered, with the plan of `line` on top."""
        left = self.kept(who, self.clock.time[who]) if self.cord.settings.recovery_after else None
        return np.asarray(self.cord_doses(who, (self.cord.settings.alpha_beta,), line, left)[0])

    def kept(self, who: IntArray, time: FloatArray) -> FloatArray:
        """Share (m,) of the dose of earlier courses that still counts at `time` (m,).

        Compared as absolute times, in the same sum that schedules `next_recovery`.
        """
        step = np.zeros(who.size, dtype=np.int64)
        for after in self.cord.settings.recovery_after:
            step += time >= self.past.radiation_ended_at[who] + after
        return np.asarray(1.0 - np.array([0.0, *self.cord.settings.recovery_share])[step])

    def next_recovery(self, who: IntArray) -> FloatArray:
        """When the next share of the dose of `who` is forgiven (m,), infinity if nothing more is."""
        soonest = np.full(who.size, np.inf)
        for after in self.cord.settings.recovery_after:
            at = self.past.radiation_ended_at[who] + after
            np.minimum(soonest, np.where(at > self.clock.time[who], at, np.inf), out=soonest)
        return soonest


def each_kind(who: IntArray, code: CodeArray, kinds: int) -> Iterator[tuple[int, IntArray]]:
    """Each kind that some of `who` are of by their `code` (n,), which is below `kinds`, and who they are."""
    ordered, ends = by_kind(who, code, kinds)
    begin = 0
    for kind, end in enumerate(ends.tolist()):
        if end > begin:
            yield kind, ordered[begin:end]
        begin = end


def _first_states(disease: DiseasePlan, luck: Luck) -> CodeArray:
    """State (n,) in which each patient starts."""
    if not disease.starts:
        return np.full(luck.size, disease.initial, dtype=np.int8)
    shares = np.stack(np.broadcast_arrays(*(share for _, share in disease.starts)))
    edges = np.cumsum(shares.reshape(len(shares), -1), axis=0)[:-1]
    u = luck.uniform("start")
    place = np.zeros(luck.size, dtype=np.int64)
    for edge in edges:
        place += number_of(edge, luck.draw_of) < u if edge.size > 1 else edge[0] < u
    return np.array([state for state, _ in disease.starts], dtype=np.int8)[place]
