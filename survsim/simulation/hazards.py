"""When each transition fires: exponential budgets spent along cumulative hazards.

A transition holds a budget E ~ Exp(1). Its hazard at the age v of its own clock is factor * h(v), and the
clock runs at 1 / slowness, so the transition fires when factor * (H(v) - H(v0)) has spent the budget:
v = H^-1(H(v0) + budget / factor). When a treatment starts or ends, what was spent so far is taken off and
the rest is spent under the new factors: exact for any distribution, and the same luck under every strategy.
"""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.distributions import HazardDistribution
from survsim.kernels.patient_path import used_up
from survsim.simulation.plan import EffectPlan, TransitionPlan
from survsim.simulation.workspace import Workspace


def enter(w: Workspace, who: IntArray) -> None:
    """Draw the budgets of the transitions out of the state that the patients `who` have just entered."""
    for state, row in enumerate(w.disease.out):
        here = who.compress(w.state[who] == state) if len(w.disease.out) > 1 else who
        if not here.size or not row:
            continue
        for slot in range(w.slots):
            if slot < len(row):
                _arm(w, state, slot, row[slot], here)
            else:
                w.event_at[slot][here] = np.inf
        if w.disease.cyclic:
            w.visits[state][here] += 1


def _arm(w: Workspace, state: int, slot: int, transition: TransitionPlan, who: IntArray) -> None:
    budget = _luck(w, state, transition.stream, who)
    fixed = _own_factor(w, transition, who)
    if fixed is not None:
        budget = budget / fixed
    time = w.time[who]
    law = transition.law
    if not w.has_effects or not w.plan.effects[state][slot]:
        start = law.cumulative_hazard(time) if transition.forward else None
        at = law.inverse_cumulative_hazard(budget if start is None else start + budget)
        w.event_at[slot][who] = at if transition.forward else time + at
        return
    age = time if transition.forward else np.zeros(who.size)
    used = law.cumulative_hazard(age) if transition.forward else np.zeros(who.size)
    factor, slowness = _factors(w, w.plan.effects[state][slot], who)
    w.budget[slot][who], w.age[slot][who], w.used[slot][who] = budget, age, used
    w.factor[slot][who], w.slowness[slot][who] = factor, slowness
    w.since[slot][who] = time
    w.event_at[slot][who] = _fires(law, time, age, used, budget, factor, slowness)


def revise(w: Workspace, who: IntArray) -> None:
    """Spend the budgets of `who` up to now and go on under the treatments now in force."""
    for state, row in enumerate(w.disease.out):
        effects = w.plan.effects[state]
        if not any(effects):
            continue
        here = who.compress(w.state[who] == state)
        if not here.size:
            continue
        for slot, transition in enumerate(row):
            if effects[slot]:
                _spend(w, slot, transition, effects[slot], here)


def _spend(
    w: Workspace, slot: int, transition: TransitionPlan, effects: tuple[EffectPlan, ...], who: IntArray
) -> None:
    new_factor, new_slowness = _factors(w, effects, who)
    factor, slowness = w.factor[slot][who], w.slowness[slot][who]
    changed = ((new_factor != factor) | (new_slowness != slowness)).nonzero()[0]
    if not changed.size:
        return
    who, factor, slowness = who[changed], factor[changed], slowness[changed]
    law, time = transition.law, w.time[who]
    age = w.age[slot][who] + (time - w.since[slot][who]) / slowness
    used = law.cumulative_hazard(age)
    budget = used_up(w.budget[slot][who], factor, w.used[slot][who], used)
    factor, slowness = new_factor[changed], new_slowness[changed]
    w.budget[slot][who], w.age[slot][who], w.used[slot][who] = budget, age, used
    w.factor[slot][who], w.slowness[slot][who], w.since[slot][who] = factor, slowness, time
    w.event_at[slot][who] = _fires(law, time, age, used, budget, factor, slowness)


def _fires(
    law: HazardDistribution,
    time: FloatArray,
    age: FloatArray,
    used: FloatArray,
    budget: FloatArray,
    factor: FloatArray,
    slowness: FloatArray,
) -> FloatArray:
    reached = law.inverse_cumulative_hazard(used + budget / factor)
    return time + slowness * np.maximum(reached - age, 0.0)


def _factors(w: Workspace, effects: tuple[EffectPlan, ...], who: IntArray) -> tuple[FloatArray, FloatArray]:
    """Hazard ratio and acceleration factor in force now for the patients `who`."""
    log_factor, log_slowness = np.zeros(who.size), np.zeros(who.size)
    time = w.time[who]
    for effect in effects:
        k = effect.treatment
        begun = w.given_at[k][who]
        in_force = begun <= time
        if effect.while_on:
            in_force &= w.given[k][who]
        if effect.responders:
            in_force &= w.responds[k][who]
        logs: FloatArray | float = effect.logs[0]
        if effect.times.size:
            # compared as absolute times, in the same sum that scheduled the change
            step = np.zeros(who.size, dtype=np.int64)
            for after in effect.times:
                step += time >= begun + after
            logs = effect.logs[step]
        total = log_slowness if effect.slows_clock else log_factor
        total += np.where(in_force, w.dose[k][who] * logs, 0.0)
    return np.exp(log_factor), np.exp(log_slowness)


def next_change(w: Workspace, who: IntArray) -> FloatArray:
    """Next time at which an effect of a treatment already begun begins, wanes or ends by itself."""
    soonest = np.full(who.size, np.inf)
    time = w.time[who]
    for k, after in w.plan.changes:
        at = w.given_at[k][who] + after
        np.minimum(soonest, np.where(at > time, at, np.inf), out=soonest)
    return soonest


def _luck(w: Workspace, state: int, stream: str, who: IntArray) -> FloatArray:
    patient = w.patient[who]
    if not w.disease.cyclic:
        found = w.luck.exponential(stream)
        return found if who.size == found.size else found[patient]
    visit = w.visits[state][who]
    budget = np.empty(who.size)
    for v in np.unique(visit):
        now = visit == v
        budget[now] = w.luck.exponential(stream, int(v))[patient[now]]
    return budget


def _own_factor(w: Workspace, transition: TransitionPlan, who: IntArray) -> FloatArray | None:
    """Hazard ratio from the patient's covariates, history and frailty; None where there is none."""
    if not transition.covariates and transition.frailty is None:
        return None
    score = np.zeros(who.size)
    for name, coefficient in transition.covariates:
        score += coefficient * _history(w, name, who)
    if transition.frailty is not None:
        score += transition.frailty_power * np.log(w.covariate(f"frailty/{transition.frailty}")[who])
    return np.exp(score)


def _history(w: Workspace, name: str, who: IntArray) -> FloatArray:
    if name == "entry_time":
        return w.time[who]
    if name == "n_progressions":
        return w.n_progressions[who]
    if name == "time_in_previous_state":
        return w.previous_time[who]
    if name == "performance_status":
        return w.performance[who]
    return w.covariate(name)[who]
