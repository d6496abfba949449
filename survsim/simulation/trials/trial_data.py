"""Patients of trials that were never run: arrival, arm, event, dropout, and what is known at a cut-off.

Every random number has an address (`survsim.core.streams`): stream name and position of trial and patient. Two
designs with equal seeds therefore share arrivals and luck, and a null run differs from an alternative run only by
the effect.
"""

from __future__ import annotations

import dataclasses
from typing import Literal, Self

import numpy as np
from scipy.special import ndtr

from survsim.core.checks import FloatArray, IntArray, between, one_of
from survsim.core.display import displayed
from survsim.core.distributions import HazardDistribution
from survsim.core.door import with_doors
from survsim.core.errors import InputError
from survsim.core.pairing import in_columns_of, paired
from survsim.core.streams import Streams
from survsim.core.trial_rows import as_table
from survsim.simulation.trials.accrual import accrual_pairs, arrival_times

Allocation = Literal["fixed", "response_adaptive"]
BLOCK = 10
"""Patients between two updates of a response-adaptive allocation."""


@displayed
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrialDesign:
    """A trial as it would be written in a protocol.

    Attributes
    ----------
    control, treated : distributions of the time to the event in each arm, in one time unit.
    n : patients planned; accrual_rate : patients arriving per time unit, all centres together.
    accrual_changes : pairs of a calendar time, rising, and the rate from then on, as centres open or close.
    treated_share : share randomised to the treated arm; 1 makes a single-arm trial.
    follow_up : time the last patient is followed when the trial runs to its end.
    dropout_rate : hazard of loss to follow-up.
    looks : numbers of events at which the trial is analysed, rising; empty for one analysis at the end.
    allocation : "fixed", or "response_adaptive": after every ten patients the odds of the treated arm become
        (P(better) / P(worse))^adaptation, both between 0.1 and 0.9.
    """

    control: HazardDistribution
    treated: HazardDistribution
    n: int
    accrual_rate: float
    follow_up: float
    treated_share: float = 0.5
    dropout_rate: float = 0.0
    looks: tuple[int, ...] = ()
    allocation: Allocation = "fixed"
    adaptation: float = 0.5
    accrual_changes: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.control.time_unit != self.treated.time_unit:
            raise InputError(
                f"control is in {self.control.time_unit} and treated in {self.treated.time_unit}; use one unit."
            )
        if isinstance(self.n, bool) or self.n < 2:
            raise InputError(f"n must be at least 2 patients; got {self.n!r}.")
        between("accrual_rate", self.accrual_rate, 0.0, np.inf)
        object.__setattr__(self, "accrual_changes", accrual_pairs(self.accrual_changes))
        between("follow_up", self.follow_up, 0.0, np.inf)
        between("dropout_rate", self.dropout_rate, 0.0, 1e6, open_ends=False)
        if not 0 < self.treated_share <= 1:
            raise InputError(
                f"treated_share must lie in (0, 1]; got {self.treated_share!r}. 1 is a single arm."
            )
        one_of("allocation", self.allocation, ("fixed", "response_adaptive"))
        rising = all(a < b for a, b in zip(self.looks, self.looks[1:]))
        if self.looks and (not rising or self.looks[0] < 1 or self.looks[-1] > self.n):
            raise InputError(f"looks are rising numbers of events from 1 to n = {self.n}; got {self.looks}.")

    @property
    def time_unit(self) -> str:
        """Unit of every time of the trial."""
        return self.control.time_unit

    @property
    def single_arm(self) -> bool:
        """Whether everybody is treated."""
        return self.treated_share == 1.0

    @property
    def accrual_time(self) -> float:
        """Expected time until the last patient has arrived."""
        return float(arrival_times(np.array([float(self.n)]), self.accrual_rate, self.accrual_changes)[0])

    def under_null(self) -> Self:
        """The same trial with a treatment that does nothing."""
        return dataclasses.replace(self, treated=self.control)


@with_doors
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TrialData:
    """Complete histories of B trials of n patients, before any cut-off.

    Attributes
    ----------
    arrival : (B, n) calendar time; arm : (B, n) 1 if treated; time, dropout : (B, n) from arrival.
    """

    arrival: FloatArray
    arm: IntArray
    time: FloatArray
    dropout: FloatArray

    def __post_init__(self) -> None:
        """Frames with labels of trials and patients pair by both."""
        names = ("arrival", "arm", "time", "dropout")
        tables = paired(**{name: getattr(self, name) for name in names})
        columns, of = next(
            ((t.columns, n) for n, t in zip(names, tables) if hasattr(t, "columns")), (None, "")
        )
        for name, table in zip(names, tables):
            object.__setattr__(self, name, as_table(name, in_columns_of(columns, name, table, of)))

    def cut_at(self, calendar: FloatArray) -> tuple[FloatArray, np.ndarray, np.ndarray]:
        """Follow-up (B, n), event seen (B, n) and whether a patient had arrived (B, n) at calendar times (B,)."""
        open_for = calendar[:, None] - self.arrival
        here = open_for > 0
        limit = np.minimum(self.dropout, np.maximum(open_for, 0.0))
        # Held against the calendar, not the time since arrival: (arrival + time) - arrival loses bits, and the
        # event that triggers a look would miss it.
        event = here & (self.seen_on <= calendar[:, None])
        return np.where(event, self.time, np.minimum(self.time, limit)), event, here

    def time_of_event(self, number: int) -> FloatArray:
        """Calendar time (B,) of the `number`-th event; infinity in trials that never reach it."""
        return np.partition(self.seen_on, number - 1, axis=1)[:, number - 1]

    @property
    def seen_on(self) -> FloatArray:
        """Calendar time of each event (B, n), infinity where dropout comes first."""
        return np.where(self.time <= self.dropout, self.arrival + self.time, np.inf)


def trial_data(design: TrialDesign, *, replicates: int, seed: int = 1) -> TrialData:
    """Draw the histories of `replicates` trials.

    Arrivals are a Poisson process of rate `accrual_rate`; arms are balanced in permuted blocks of ten, or follow the
    responses seen so far.

    Parameters
    ----------
    design : the trial.
    replicates : how many.
    seed : of their streams.

    Returns
    -------
    TrialData : arrival, arm and time of each patient (replicates, n); `.cut_at(calendar)` is what is known by then.

    Raises
    ------
    InputError : replicates that are no whole number from 1.

    Example
    -------
    >>> from survsim import TrialDesign
    >>> from survsim.distributions import Exponential
    >>> from survsim.trials import trial_data
    >>> a, b = (Exponential(rate=r, time_unit="months") for r in (0.12, 0.06))
    >>> design = TrialDesign(control=a, treated=b, n=40, accrual_rate=10, follow_up=12)
    >>> trial_data(design, replicates=3).time.shape
    (3, 40)
    """
    if isinstance(replicates, bool) or replicates < 1:
        raise InputError(f"replicates must be a whole number from 1; got {replicates!r}.")
    streams = Streams(seed)
    shape = (replicates, design.n)

    def luck(name: str) -> FloatArray:
        return streams.uniforms(f"trial/{name}", size=replicates * design.n).reshape(shape)

    waited = np.cumsum(-np.log(luck("arrival")), axis=1)
    arrival = arrival_times(waited, design.accrual_rate, design.accrual_changes)
    u = luck("event")
    both = (design.control.sample(u), design.treated.sample(u))
    never = np.full(shape, np.inf)
    dropout = -np.log(luck("dropout")) / design.dropout_rate if design.dropout_rate > 0 else never
    if design.allocation == "fixed":
        arm = _balanced(luck("arm"), design.treated_share)
    else:
        arm = _adaptive(design, arrival, both, dropout, luck("arm"))
    return TrialData(arrival=arrival, arm=arm, time=np.where(arm == 1, both[1], both[0]), dropout=dropout)


def _balanced(u: FloatArray, share: float) -> IntArray:
    """Permuted blocks: within each ten patients the treated are those with the smallest uniforms."""
    trials, n = u.shape
    arm = np.zeros((trials, n), dtype=np.int64)
    done = 0
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        wanted = round(share * stop) - done
        rank = u[:, start:stop].argsort(axis=1).argsort(axis=1)
        arm[:, start:stop] = rank < wanted
        done += wanted
    return arm


def _adaptive(
    design: TrialDesign,
    arrival: FloatArray,
    both: tuple[FloatArray, FloatArray],
    dropout: FloatArray,
    u: FloatArray,
) -> IntArray:
    """Allocation that follows what is known of both hazards when a block of patients arrives."""
    trials, n = u.shape
    arm = np.zeros((trials, n), dtype=np.int64)
    odds_share = np.full(trials, design.treated_share)
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        if start:
            now = arrival[:, start]
            time = np.where(arm[:, :start] == 1, both[1][:, :start], both[0][:, :start])
            past = TrialData(
                arrival=arrival[:, :start], arm=arm[:, :start], time=time, dropout=dropout[:, :start]
            )
            followed, event, _ = past.cut_at(now)
            odds_share = _share(followed, event, arm[:, :start], design.adaptation)
        arm[:, start:stop] = u[:, start:stop] <= odds_share[:, None]
    return arm


def _share(time: FloatArray, event: np.ndarray, arm: IntArray, power: float) -> FloatArray:
    """Share of the next block that is treated: from the posterior that its hazard is the lower."""
    rates = []
    for a in (0, 1):
        mine = arm == a
        # Half an event and some exposure keep an arm without events finite (Jeffreys).
        rates.append(((event & mine).sum(axis=1) + 0.5, (time * mine).sum(axis=1) + 1e-9))
    (d0, t0), (d1, t1) = rates
    better = ndtr((np.log(d0 / t0) - np.log(d1 / t1)) / np.sqrt(1 / d0 + 1 / d1))
    better = np.clip(better, 1e-9, 1 - 1e-9)
    odds = (better / (1 - better)) ** power
    return np.clip(odds / (1 + odds), 0.1, 0.9)
