"""Trials that are run by a group-sequential plan: how often, when and why they stop, look by look.

The plan's boundaries hold for the z of the test, benefit positive. Looks come at numbers of events, at amounts of the test's
information or at calendar times; at the last the boundaries stay those of the plan, whatever has been seen.
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
from survsim.scenario.trial_design import check_sizes
from survsim.scenario.trial_looks import AskedTest, LookTest, calendar_of_information
from survsim.simulation.trials.trial_data import TrialData, TrialDesign, trial_data

LookBy = Literal["events", "information", "calendar"]


@result
class SequentialTrials(Result):
    """How simulated trials end under a group-sequential plan.

    Attributes
    ----------
    efficacy, futility, harm : (looks,) share of trials that stop at a look for benefit, for futility, and in a two-sided plan
        for harm; `mc_std_error` : (looks,) Monte Carlo error of the first.
    continued : (looks,) share that goes on after a look; of the last, all that end without a finding.
    time, events, seen_information : (looks,) mean calendar time, events and information of the test at a look, of the trials
        that reach it.
    rejected, rejected_mc_std_error : share of trials with a finding of benefit, and its error.
    duration, n_event, n_arrived : means at the end of the trials.
    """

    look_by: str
    test: str
    information: FloatArray
    efficacy: FloatArray
    futility: FloatArray
    harm: FloatArray
    mc_std_error: FloatArray
    continued: FloatArray
    time: FloatArray
    events: FloatArray
    seen_information: FloatArray
    rejected: float
    rejected_mc_std_error: float
    duration: float
    n_event: float
    n_arrived: float
    replicates: int
    time_unit: str

    def columns(self) -> Columns:
        """Columns look, information, efficacy, mc_std_error, futility, harm, continued, time, events,
        seen_information."""
        return {
            "look": np.arange(1, self.information.size + 1),
            "information": self.information,
            **{
                name: getattr(self, name)
                for name in (
                    "efficacy",
                    "mc_std_error",
                    "futility",
                    "harm",
                    "continued",
                    "time",
                    "events",
                    "seen_information",
                )
            },
        }

    def headline(self) -> str:
        return (
            f"{self.replicates} trials, {self.test} at looks by {self.look_by}: benefit found in {self.rejected:.3f} "
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
    test: LookTest = "logrank",
    weights: tuple[float, float] | None = None,
    tau: float | None = None,
    seed: int = 1,
) -> SequentialTrials:
    """Simulate trials that are looked at by a plan, and count where they end.

    Parameters
    ----------
    design : a trial of two arms with fixed allocation and no looks of its own; ``design.under_null()`` gives the level.
    plan : boundaries, as `group_sequential_design` gives them.
    looks : (looks,) rising: numbers of events, calendar times, or amounts of information, one for each look of the plan.
    replicates, seed : trials, and the seed of their streams.
    look_by : "events", "calendar" or "information": the variance of the log-rank score (about a quarter of the events in a trial
        of equal arms), of a weighted score alike, of restricted means one over that of their difference; a look comes with the
        event that brings it. A trial that runs out of follow-up before a look is analysed once, as its last look.
    stop_for_futility : with False, trials go on beyond a futility boundary: what a plan that does not bind allows.
    test : "logrank"; "weighted" with `weights`, rho and gamma of Fleming and Harrington; "rmst", the difference of restricted
        means to `tau`. A look at which too few are followed to tau has no answer and stops nothing.

    Returns
    -------
    SequentialTrials : shares that stop at each look for benefit, futility and harm; times and events.

    Raises
    ------
    InputError : a single arm, looks that do not fit the plan or do not rise, sizes that `simulate_trials` refuses.

    References
    ----------
    Jennison, Turnbull 2000, Group Sequential Methods, chapter 13; Fleming, Harrington 1991, Counting Processes and Survival
    Analysis; Murray, Tsiatis 1999, Biometrics 55:1085 (restricted means at looks).

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
    one_of("look_by", look_by, ("events", "information", "calendar"))
    tested = AskedTest.checked(test, weights, tau, design.time_unit)
    at = _looks(design, plan, looks, look_by)
    data = trial_data(design, replicates=replicates, seed=seed)
    end = data.arrival[:, -1] + design.follow_up
    open_trials = np.ones(replicates, dtype=bool)
    closed, found = np.full(replicates, np.nan), np.zeros(replicates, dtype=np.int64)
    rows: dict[str, list[float]] = {
        k: [] for k in ("efficacy", "futility", "harm", "continued", "time", "events", "seen_information")
    }
    for k, point in enumerate(at):
        calendar = _calendar(data, tested, look_by, float(point), end)
        final = (calendar >= end) | (k == at.size - 1)
        seen = tested.at(data, calendar)
        z, events = seen.z, seen.events
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
        rows["seen_information"].append(_mean(seen.information, open_trials))
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
        test=test,
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


def _calendar(
    data: TrialData, tested: AskedTest, look_by: LookBy, point: float, end: FloatArray
) -> FloatArray:
    """When a look comes in each trial (B,), not after its end."""
    if look_by == "information":
        return calendar_of_information(tested, data, point, end)
    return np.minimum(data.time_of_event(int(point)) if look_by == "events" else point, end)


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
