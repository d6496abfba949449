"""What is known of the patients of a block, in groups of arrays; the last axis is patients.

What the steps ask for at every turn is by position among those who are still followed: such a group drops patients by
making a smaller one (`keep`), so that a new array needs no second list of names. What is added up along a path and told
at its end (`Cord`, `Values`, and `counts`) is by patient of the block and stays where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray
from survsim.kernels.patient_path import CodeArray
from survsim.simulation.cord_biology.myelopathy import CordSettings
from survsim.simulation.declared.rules import HISTORY_ROWS
from survsim.simulation.engine.luck import Luck
from survsim.simulation.engine.plan import DiseasePlan, StrategyPlan

Group = TypeVar("Group", "Clock", "Past", "Lines", "Latent")


def keep(group: Group, who: IntArray) -> Group:
    """The same group with the patients at positions `who` only; what is no array stays as it is."""
    parts: dict[str, Any] = {f.name: getattr(group, f.name) for f in fields(group)}
    fewer: dict[str, Any] = {
        k: v.take(who, axis=-1) if isinstance(v, np.ndarray) else v for k, v in parts.items()
    }
    return replace(group, **fewer)


@dataclass(slots=True)
class Clock:
    """When it is for each patient, and when everything that may come next will come.

    Attributes
    ----------
    at : (rows, n) a row each: with lines the start of the next line, the ends of treatments, toxicities, the
        patient's choice, changes of effects and the myelopathy that acts; then the transitions out of the state.
        The properties name its rows.
    budget, age, used, factor, slowness, since : (slots, n) of each transition: exponential budget left since
        `since`, age of its own clock then, cumulative hazard at that age, hazard ratio and acceleration factor in
        force. No rows where no treatment acts on a transition.
    law : (slots, n) number of the law in force among those of effects, 0 for the transition's own; no rows where no
        effect has a law.
    scheduled : rows of `at` before the transitions; treatments : rows that are ends of treatments.
    """

    time: FloatArray
    at: FloatArray
    budget: FloatArray
    age: FloatArray
    used: FloatArray
    factor: FloatArray
    slowness: FloatArray
    since: FloatArray
    law: CodeArray
    scheduled: int
    treatments: int

    @classmethod
    def start(cls, plan: StrategyPlan, slots: int, n: int) -> Clock:
        """At time 0 with nothing ahead; what a clock that acts has spent is written when it is armed."""
        # start, choice, change and harm besides treatments and toxicities
        scheduled = 4 + len(plan.treatments) + len(plan.toxicities) if plan.treatments else 0
        acts = any(table is not None for row in plan.tables for table in row)
        size = (slots if acts else 0, n)
        laws = any(table is not None and table.laws for row in plan.tables for table in row)
        return cls(
            time=np.zeros(n),
            at=np.full((scheduled + slots, n), np.inf),
            budget=np.empty(size),
            age=np.empty(size),
            used=np.empty(size),
            factor=np.empty(size),
            slowness=np.empty(size),
            since=np.empty(size),
            law=np.zeros((slots if laws else 0, n), dtype=np.int8),
            scheduled=scheduled,
            treatments=len(plan.treatments),
        )

    @property
    def slots(self) -> int:
        """Most transitions out of a state."""
        return self.at.shape[0] - self.scheduled

    @property
    def has_effects(self) -> bool:
        """Whether a treatment acts on some transition."""
        return bool(self.budget.shape[0])

    @property
    def event_at(self) -> FloatArray:
        """(slots, n) time of each transition out of the state."""
        return self.at[self.scheduled :]

    @property
    def start_at(self) -> FloatArray:
        """When the next line starts if nothing happens before."""
        return self.at[0]

    @property
    def end_at(self) -> FloatArray:
        """(treatments, n) planned end of each treatment."""
        return self.at[1 : 1 + self.treatments]

    @property
    def toxicity_at(self) -> FloatArray:
        """(toxicities, n)."""
        return self.at[1 + self.treatments : self.scheduled - 3]

    @property
    def choice_at(self) -> FloatArray:
        """When the patient stops the line by choice."""
        return self.at[self.scheduled - 3]

    @property
    def change_at(self) -> FloatArray:
        """When an effect begins, wanes or ends by itself."""
        return self.at[self.scheduled - 2]

    @property
    def harm_at(self) -> FloatArray:
        """When the myelopathy that acts sets in."""
        return self.at[self.scheduled - 1]


def _row(name: str) -> Any:
    """A row of the history under its name."""
    index = HISTORY_ROWS.index(name)
    return property(lambda past: past.rows[index])


@dataclass(slots=True)
class Past:
    """What happened to each patient, as far as anything asks for it.

    Attributes
    ----------
    rows : (HISTORY_ROWS, n), no rows where nothing asks; visits : (states, n) entries into each state, where
        states come again. The names below are its rows.
    """

    rows: FloatArray
    visits: IntArray

    origin = _row("origin")
    entry = _row("entry")
    previous_time = _row("previous_time")
    progressed_at = _row("progressed_at")
    n_progressions = _row("n_progressions")
    performance = _row("performance")
    line_ended_at = _row("line_ended_at")
    radiation_ended_at = _row("radiation_ended_at")
    worst_grade = _row("worst_grade")
    lines_started = _row("lines_started")

    @classmethod
    def start(cls, performance: FloatArray | None, states: int, n: int) -> Past:
        """Nothing has happened; without `performance` (n,) no history is kept."""
        if performance is None:
            return cls(np.zeros((0, n)), np.zeros((0, n), dtype=np.int64))
        rows = np.zeros((len(HISTORY_ROWS), n))
        for name in ("progressed_at", "line_ended_at", "radiation_ended_at"):
            rows[HISTORY_ROWS.index(name)] = -np.inf
        rows[HISTORY_ROWS.index("performance")] = performance
        return cls(rows, np.zeros((states, n), dtype=np.int64))

    @property
    def is_kept(self) -> bool:
        """Whether there is a history at all."""
        return bool(self.rows.shape[0])


@dataclass(slots=True)
class Lines:
    """Where each patient stands in the lines and treatments of the strategy.

    Attributes
    ----------
    running : line that runs, -1 for none; start_line : the one that starts at `Clock.start_at`.
    status, count : (lines, n) status, times offered.
    given_at, ended_at : (treatments, n) latest start (infinity if never) and latest end, however it came (minus
        infinity if never).
    given, times_given, times_completed, times_stopped : (treatments, n) on it now; times begun, ended as planned, and
        ended before, in whichever line.
    dose : (treatments, n) 1 unless reduced; responds : (treatments, n); response : latest.
    revised : a treatment that acts began, ended or changed in this step.
    """

    running: CodeArray
    start_line: CodeArray
    status: CodeArray
    count: CodeArray
    given_at: FloatArray
    ended_at: FloatArray
    given: BoolArray
    times_given: CodeArray
    times_completed: CodeArray
    times_stopped: CodeArray
    dose: FloatArray
    responds: BoolArray
    response: CodeArray
    revised: BoolArray

    @classmethod
    def start(cls, plan: StrategyPlan, n: int) -> Lines:
        """No line has begun."""
        lines, treatments = (len(plan.lines), n), (len(plan.treatments), n)
        return cls(
            running=np.full(n, -1, dtype=np.int8),
            start_line=np.zeros(n, dtype=np.int8),
            status=np.zeros(lines, dtype=np.int8),
            count=np.zeros(lines, dtype=np.int8),
            given_at=np.full(treatments, np.inf),
            ended_at=np.full(treatments, -np.inf),
            given=np.zeros(treatments, dtype=bool),
            times_given=np.zeros(treatments, dtype=np.int8),
            times_completed=np.zeros(treatments, dtype=np.int8),
            times_stopped=np.zeros(treatments, dtype=np.int8),
            dose=np.ones(treatments),
            responds=np.zeros(treatments, dtype=bool),
            response=np.zeros(n, dtype=np.int8),
            revised=np.zeros(n, dtype=bool),
        )


@dataclass(slots=True)
class Cord:
    """What the spinal cord of each patient of the block has had.

    Attributes
    ----------
    settings : of the model.
    dose_sum, dose_square_sum : (regions, n) Gy, and the sum of fraction doses squared; what has recovered is off.
    course_dose, course_square : (courses, regions, n) the same of each course of `StrategyPlan.courses`, whole.
    interval : (n,) shortest time from the end of a course to the start of the next; infinity without a second.
    myelopathy_at : (models, n) onset; threshold : model -> (patients of the block,) risk from which on each falls
        ill, where a history made it another than the plain luck.
    """

    settings: CordSettings
    dose_sum: FloatArray
    dose_square_sum: FloatArray
    course_dose: FloatArray
    course_square: FloatArray
    interval: FloatArray
    myelopathy_at: FloatArray
    threshold: dict[int, FloatArray]

    @classmethod
    def start(cls, settings: CordSettings, plan: StrategyPlan, n: int) -> Cord:
        """No dose yet."""
        models = len(settings.myelopathy.models) if settings.myelopathy else 0
        regions = (len(plan.regions), n)
        by_course = (len(plan.courses), *regions)
        return cls(
            settings=settings,
            dose_sum=np.zeros(regions),
            dose_square_sum=np.zeros(regions),
            course_dose=np.zeros(by_course),
            course_square=np.zeros(by_course),
            interval=np.full(n, np.inf),
            myelopathy_at=np.full((models, n), np.inf),
            threshold={},
        )


@dataclass(slots=True)
class Values:
    """Quality-adjusted time and cost so far of each patient of the block, up to each horizon of `taus`: (taus, n).

    `in_group` (groups, taus, n) is the time in groups of states.
    """

    taus: tuple[float, ...]
    quality: FloatArray
    paid: FloatArray
    in_group: FloatArray

    @classmethod
    def start(cls, taus: tuple[float, ...], n: int, groups: int = 0) -> Values:
        """Nothing yet."""
        return cls(taus, np.zeros((len(taus), n)), np.zeros((len(taus), n)), np.zeros((groups, len(taus), n)))


@dataclass(slots=True)
class Latent:
    """What is left of each latent time (`latent`), and how the transition that spends it was armed; rows are `names`.

    Attributes
    ----------
    left : (names, n) of a unit exponential, on entry into the present state.
    budget : (names, n) the same over the hazard ratio of the patient on that way; since, age : when, and the age of its clock.
    """

    names: tuple[str, ...]
    left: FloatArray
    budget: FloatArray
    since: FloatArray
    age: FloatArray

    @classmethod
    def start(cls, disease: DiseasePlan, luck: Luck) -> Latent | None:
        """Nothing is spent yet; None where no transition shares a latent time."""
        names = tuple(dict.fromkeys(t.latent for row in disease.out for t in row if t.latent is not None))
        if not names:
            return None
        left = np.stack([luck.exponential(f"latent/{name}") for name in names])
        return cls(names, left, *(np.zeros_like(left) for _ in range(3)))

    def arm(
        self, name: str, who: IntArray, budget: FloatArray, time: FloatArray, age: FloatArray | float
    ) -> None:
        """Note that `who` spend this budget from now on."""
        k = self.names.index(name)
        self.budget[k][who], self.since[k][who], self.age[k][who] = budget, time, age
