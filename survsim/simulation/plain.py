"""The short way for strategies without rules: one pass over the states in their order, no steps.

Where nothing is scheduled (no lines, or lines that only set constant factors from time 0 on), no state is
entered twice and no history is asked for, a path is a chain of minima. The arithmetic is that of
`hazards`, so that both ways give the same bits; a test compares them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.kernels.patient_path import CodeArray
from survsim.simulation.luck import Luck
from survsim.simulation.paths import Paths
from survsim.simulation.plan import DiseasePlan, StrategyPlan, TransitionPlan
from survsim.simulation.states import HISTORY

if TYPE_CHECKING:
    from survsim.simulation.engine import Follow


def is_plain(disease: DiseasePlan, plan: StrategyPlan, follow: Follow) -> bool:
    """Whether the short way gives everything that is asked for."""
    asks_history = any(name in HISTORY for row in disease.out for t in row for name, _ in t.covariates)
    wanted = follow.values or follow.sojourns
    return plan.constant is not None and not disease.cyclic and not asks_history and not wanted


def simulate_plain(
    disease: DiseasePlan,
    plan: StrategyPlan,
    luck: Luck,
    patients: dict[str, FloatArray],
    follow: Follow,
    paths: Paths,
) -> Paths:
    """Fill `paths` for the patients of `luck`; see `is_plain` for when this is allowed."""
    arrivals: dict[int, list[tuple[IntArray, FloatArray]]] = {s: [] for s in disease.order}
    paths.counts[disease.initial, 0] = luck.size
    for state in disease.order:
        if state == disease.initial:
            who, time = None, None
        elif not arrivals[state]:
            continue
        elif len(arrivals[state]) == 1:
            who, time = arrivals[state][0]
        else:
            who, time = (np.concatenate(part) for part in zip(*arrivals[state]))
        when, code = _leave(disease, plan, state, luck, patients, who, time)
        _count(paths, disease, state, when, code, 1.0 / follow.grid_step)
        _arrive(paths, disease, state, when, code, who, arrivals)
    for found in (paths.death_at, paths.progression_at):
        np.copyto(found, np.inf, where=found >= follow.horizon)
    paths.started[:] = 1.0
    return paths


def _leave(
    disease: DiseasePlan,
    plan: StrategyPlan,
    state: int,
    luck: Luck,
    patients: dict[str, FloatArray],
    who: IntArray | None,
    time: FloatArray | None,
) -> tuple[FloatArray, CodeArray]:
    """When the patients `who` leave a state, and through which of its transitions."""
    constants = plan.constant[state] if plan.constant is not None else ()
    when = np.zeros(0)
    code = np.zeros(luck.size if who is None else who.size, dtype=np.int8)
    for slot, (transition, (factor, slowness)) in enumerate(zip(disease.out[state], constants)):
        at = _fires(transition, factor, slowness, luck, patients, who, time)
        if slot == 0:
            when = at
        else:
            earlier = at < when
            # not in place: the first times may be those that the strategies share
            when = np.minimum(when, at)
            np.copyto(code, slot, where=earlier)
    return when, code


def _fires(
    transition: TransitionPlan,
    factor: float,
    slowness: float,
    luck: Luck,
    patients: dict[str, FloatArray],
    who: IntArray | None,
    time: FloatArray | None,
) -> FloatArray:
    law = transition.law
    own = _own_factor(transition, patients, who)
    if factor == 1.0 and own is None and not transition.forward:
        # strategies share these times; only a slower clock tells them apart
        at = luck.time(transition.stream, law)
        at = at if who is None else at[who]
        at = at if slowness == 1.0 else slowness * at
        return at if time is None else time + at
    budget = luck.exponential(transition.stream)
    budget = budget if who is None else budget[who]
    budget = budget if own is None else budget / own
    budget = budget if factor == 1.0 else budget / factor
    if not transition.forward or time is None:
        reached = slowness * law.inverse_cumulative_hazard(budget)
        return reached if time is None else time + reached
    reached = law.inverse_cumulative_hazard(law.cumulative_hazard(time) + budget)
    return reached if slowness == 1.0 else time + slowness * np.maximum(reached - time, 0.0)


def _own_factor(
    transition: TransitionPlan, patients: dict[str, FloatArray], who: IntArray | None
) -> FloatArray | None:
    if not transition.covariates and transition.frailty is None:
        return None
    everybody = slice(None) if who is None else who
    score: FloatArray | float = 0.0
    for name, coefficient in transition.covariates:
        score = score + coefficient * patients[name][everybody]
    if transition.frailty is not None:
        score = score + transition.frailty_power * np.log(
            patients[f"frailty/{transition.frailty}"][everybody]
        )
    return np.exp(score)


def _count(
    paths: Paths, disease: DiseasePlan, state: int, when: FloatArray, code: CodeArray, per_time: float
) -> None:
    """Move everybody on the grid; what comes after its end falls into the last column, which is dropped."""
    width, row = paths.counts.shape[1], disease.out[state]
    place = when * per_time
    np.ceil(place, out=place)
    np.minimum(place, width - 1.0, out=place)
    if len(row) > 1:
        place += np.multiply(code, float(width))
    moves = np.bincount(place.astype(np.int64), minlength=len(row) * width).reshape(len(row), width)
    for slot, transition in enumerate(row):
        paths.counts[transition.target] += moves[slot]
        paths.counts[state] -= moves[slot]


def _arrive(
    paths: Paths,
    disease: DiseasePlan,
    state: int,
    when: FloatArray,
    code: CodeArray,
    who: IntArray | None,
    arrivals: dict[int, list[tuple[IntArray, FloatArray]]],
) -> None:
    row = disease.out[state]
    if who is not None and all(disease.dead[t.target] for t in row):
        # all of them die next, whichever way: one write
        paths.death_at[who] = when
        paths.death_state[who] = disease.targets[state][code]
        return
    for slot, transition in enumerate(row):
        target = transition.target
        taken = np.flatnonzero(code == slot)
        patient, time = taken if who is None else who[taken], when[taken]
        if disease.dead[target]:
            paths.death_at[patient] = time
            paths.death_state[patient] = target
            continue
        arrivals[target].append((patient, time))
        if disease.progression[target]:
            paths.progression_at[patient] = np.minimum(paths.progression_at[patient], time)
