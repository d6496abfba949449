"""Trials that are run by a group-sequential plan: how often, when and why they stop, look by look.

The plan's boundaries hold for the log-rank z, benefit positive. Looks come at numbers of events or at calendar times; at the
latter the boundaries stay those of the plan, whatever number of events has been seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from survsim.core.checks import BoolArray, FloatArray, IntArray, float_vector, one_of
from survsim.core.errors import InputError
from survsim.core.provenance import Provenance
from survsim.core.result import Result, result
from survsim.core.tables import Columns
from survsim.estimate.resampling.sequential_design import GroupSequentialDesign
from survsim.estimate.resampling.trial_analysis import analyse_trials
from survsim.scenario.trial_design import check_sizes
from survsim.simulation.trials.trial_data import TrialData, TrialDesign, trial_data

LookBy = Literal["events", "calendar"]


@result
class SequentialTrials(Result):
    """How simulated trials end under a group-sequential plan.

    Attributes
    ----------
    efficacy, futility, harm : (looks,) share of trials that stop at a look for benefit, for futility, and in a two-sided plan
        for harm; `mc_std_error` : (looks,) Monte Carlo error of the first.
    continued : (looks,) share that goes on after a look; of the last, all that end without a finding.
    time, events : (looks,) mean calendar time and events at a look, of the trials that reach it.
    rejected, rejected_mc_std_error : share of trials with a finding of benefit, and its error.
    duration, n_event, n_arrived : means at the end of the trials.
    """

    look_by: str
    information: FloatArray
    efficacy: FloatArray
    futility: FloatArray
    harm: FloatArray
    mc_std_error: FloatArray
    continued: FloatArray
    time: FloatArray
    events: FloatArray
    rejected: float
    rejected_mc_std_error: float
    duration: float
    n_event: float
    n_arrived: float
    replicates: int
    time_unit: str

    def columns(self) -> Columns:
        """Columns look, information, efficacy, mc_std_error, futility, harm, continued, time, events."""
        return {
            "look": np.arange(1, self.information.size + 1),
            "information": self.information,
            **{
                name: getattr(self, name)
                for name in ("efficacy", "mc_std_error", "futility", "harm", "continued", "time", "events")
            },
        }

    def headline(self) -> str:
        return (
            f"{self.replicates} trials, looks by {self.look_by}: benefit found in {self.rejected:.3f} "
            f"({self.rejected_mc_std_error:.3f}); {self.duration:.1f} {self.time_unit}, {self.n_event:.0f} events and "
            f"{self.n_arrived:.0f} patients on average"
        )


def simulate_sequential_trials(
    design: TrialDesign,
    plan: GroupSequentialDesign,
    *,
    looks: Sequence[float],
    replicates: int,
    look_by: LookBy = "events",
    stop_for_futility: bool = True,
    seed: int = 1,
) -> SequentialTrials:
    """Simulate trials that are looked at by a plan, with the log-rank test, and count where they end.

    Parameters
    ----------
    design : a trial of two arms with fixed allocation and no looks of its own; ``design.under_null()`` gives the level.
    plan : boundaries, as `group_sequential_design` gives them.
    looks : (looks,) rising: numbers of events, or calendar times, one for each look of the plan.
    replicates, seed : trials, and the seed of their streams.
    look_by : "events" or "calendar". A trial that runs out of follow-up before a look is analysed once, as its last look.
    stop_for_futility : with False, trials go on beyond a futility boundary: what a plan that does not bind allows.

    Returns
    -------
    SequentialTrials : shares that stop at each look for benefit, futility and harm; times and events.

    Raises
    ------
    InputError : a single arm, looks that do not fit the plan or do not rise, sizes that `simulate_trials` refuses.

    References
    ----------
    Jennison, Turnbull 2000, Group Sequential Methods, chapter 13.

    Example
    -------
    >>> from survsim import TrialDesign
    >>> from survsim.distributions import Exponential
    >>> from survsim.trials import group_sequential_design, simulate_sequential_trials
    >>> a, b = (Exponential(rate=r, time_unit="months") for r in (0.12, 0.06))
    >>> design = TrialDesign(control=a, treated=b, n=120, accrual_rate=10, follow_up=12)
    >>> plan = group_sequential_design([0.5, 1.0], futility="obrien-fleming")
    >>> found = simulate_sequential_trials(design, plan, looks=[40, 80], replicates=300)
    >>> 0.7 < found.rejected < 1.0
    True
    """
    check_sizes(design, replicates)
    one_of("look_by", look_by, ("events", "calendar"))
    at = _looks(design, plan, looks, look_by)
    data = trial_data(design, replicates=replicates, seed=seed)
    end = data.arrival[:, -1] + design.follow_up
    open_trials = np.ones(replicates, dtype=bool)
    closed, found = np.full(replicates, np.nan), np.zeros(replicates, dtype=np.int64)
    rows: dict[str, list[float]] = {
        k: [] for k in ("efficacy", "futility", "harm", "continued", "time", "events")
    }
    for k, point in enumerate(at):
        calendar = np.minimum(
            data.time_of_event(int(point)) if look_by == "events" else np.full(replicates, point), end
        )
        final = (calendar >= end) | (k == at.size - 1)
        z, events = _analysed(data, calendar, design)
        stage = np.where(final, at.size - 1, k)
        better = open_trials & (z >= plan.efficacy[stage])
        worse = open_trials & (plan.sides == 2) & (z <= -plan.efficacy[stage])
        idle = (
            open_trials
            & ~better
            & ~worse
            & (plan.sides == 1)
            & (z <= plan.futility[stage])
            & ~final
            & stop_for_futility
        )
        rows["time"].append(_mean(calendar, open_trials))
        rows["events"].append(_mean(events, open_trials))
        stops = better | worse | idle | (open_trials & final)
        closed[stops], found[stops] = calendar[stops], events[stops]
        open_trials = open_trials & ~stops
        for name, hit in (("efficacy", better), ("futility", idle), ("harm", worse)):
            rows[name].append(float(hit.mean()))
        rows["continued"].append(float(open_trials.mean()))
    rows["continued"][-1] = max(1.0 - sum(sum(rows[name]) for name in ("efficacy", "futility", "harm")), 0.0)
    share = {name: np.array(values) for name, values in rows.items()}
    rejected = float(share["efficacy"].sum())
    return SequentialTrials(
        provenance=Provenance.of(
            "simulate_sequential_trials",
            plan,
            looks=at.tolist(),
            look_by=look_by,
            replicates=int(replicates),
            seed=seed,
        ),
        look_by=look_by,
        information=plan.information,
        **share,
        mc_std_error=np.sqrt(share["efficacy"] * (1 - share["efficacy"]) / replicates),
        rejected=rejected,
        rejected_mc_std_error=float(np.sqrt(rejected * (1 - rejected) / replicates)),
        duration=float(closed.mean()),
        n_event=float(found.mean()),
        n_arrived=float((data.arrival <= closed[:, None]).sum(axis=1).mean()),
        replicates=int(replicates),
        time_unit=design.time_unit,
    )


def _analysed(data: TrialData, calendar: FloatArray, design: TrialDesign) -> tuple[FloatArray, IntArray]:
    """The log-rank z, benefit positive, and events at calendar times (B,)."""
    time, event, here = data.cut_at(calendar)
    made = analyse_trials(np.where(here, time, 0.0), event & here, data.arm, unit=design.time_unit)
    return np.nan_to_num(-np.asarray(made.z)), (event & here).sum(axis=1)


def _mean(values: FloatArray | IntArray, of: BoolArray) -> float:
    return float(values[of].mean()) if of.any() else float("nan")


def _looks(
    design: TrialDesign, plan: GroupSequentialDesign, looks: Sequence[float], look_by: LookBy
) -> FloatArray:
    at = float_vector("looks", looks)
    if not isinstance(plan, GroupSequentialDesign):
        raise InputError(f"plan is what group_sequential_design returns; got {type(plan).__name__}.")
    if design.single_arm or design.allocation != "fixed" or design.looks:
        raise InputError(
            "a plan is for two arms of fixed allocation, in a design without looks of its own; give looks here."
        )
    if at.size != plan.information.size:
        raise InputError(f"the plan has {plan.information.size} looks; got {at.size} under looks.")
    if (at <= 0).any() or (np.diff(at) <= 0).any():
        raise InputError(f"looks rise from above 0; got {at.tolist()}.")
    if look_by == "events" and ((at % 1 != 0).any() or at[-1] > design.n):
        raise InputError(f"looks by events are whole numbers up to n = {design.n}; got {at.tolist()}.")
    return at
