"""When each transition fires: exponential budgets spent along cumulative hazards.

A transition holds a budget E ~ Exp(1). Its hazard at the age v of its own clock is factor * h(v), and the
clock runs at 1 / slowness, so the transition fires when factor * (H(v) - H(v0)) has spent the budget:
v = H^-1(H(v0) + budget / factor). When a treatment starts or ends, what was spent so far is taken off and
the rest is spent under the new factors: exact for any distribution, and the same luck under every strategy.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.core.distributions import HazardDistribution
from survsim.kernels.patient_path import CodeArray
from survsim.kernels.patient_step import budget_left, effect_logs, revisit, run_clock, stay_for
from survsim.kernels.patient_step import next_change as step_ahead
from survsim.simulation.engine.effects import EffectTable
from survsim.simulation.engine.luck import Luck
from survsim.simulation.engine.plan import TransitionPlan
from survsim.simulation.engine.workspace import Workspace, each_kind
from survsim.simulation.laws.by_draw import ByDraw, law_of, number_of


def enter(w: Workspace, who: IntArray) -> None:
    """Draw the budgets of the transitions out of the state that the patients `who` have just entered."""
    for state, here in each_kind(who, w.state, len(w.disease.out)):
        row = w.disease.out[state]
        for slot in range(w.clock.slots):
            if slot < len(row):
                _arm(w, state, slot, row[slot], here)
            else:
                w.clock.event_at[slot][here] = np.inf
        if w.disease.cyclic:
            w.past.visits[state][here] += 1


def _arm(w: Workspace, state: int, slot: int, transition: TransitionPlan, who: IntArray) -> None:
    table = w.plan.tables[state][slot]
    alike = not w.disease.cyclic and not transition.asks_history and transition.latent is None
    if transition.needs_effect and table is None:
        w.clock.event_at[slot][who] = np.inf
        return
    if alike and table is None and not transition.forward:
        stay = own_time(transition, w.luck, w.patients)
        stay_for(who, w.patient, w.clock.time, stay, w.clock.event_at[slot])
        return
    time = w.clock.time[who]
    budget = (
        own_budget(transition, w.luck, w.patients)[w.patient[who]]
        if alike
        else _budget(w, state, transition, who)
    )
    law, origin = w.law(transition.law, who), _origin(w, transition, who)
    if w.latent is not None and transition.latent is not None:
        w.latent.arm(transition.latent, who, budget, time, time - origin if transition.forward else 0.0)
    if table is None:
        start = law.cumulative_hazard(time - origin) if transition.forward else None
        at = law.inverse_cumulative_hazard(budget if start is None else start + budget)
        w.clock.event_at[slot][who] = at + origin if transition.forward else time + at
        return
    age = time - origin if transition.forward else np.zeros(who.size)
    factor, slowness = _factors(w, table, who, transition.needs_effect)
    if table.laws:
        which = _law_in_force(w, table, who)
        _run_under(w, slot, transition, table, which, who, budget, age, factor, slowness)
        return
    used = law.cumulative_hazard(age) if transition.forward else np.zeros(who.size)
    _run(w, slot, law, who, budget, age, used, factor, slowness)


def _origin(w: Workspace, transition: TransitionPlan, who: IntArray) -> ByDraw:
    """When a clock that is not set back was at 0: at the origin of the path, or at birth."""
    origin = w.number(w.origin, who)
    return (
        origin if transition.age is None else origin - transition.per_year * w.covariate(transition.age)[who]
    )


def go_on(w: Workspace, state: int, ages: tuple[ByDraw, ...], performance: ByDraw, who: IntArray) -> None:
    """Let the transitions out of a state run on for `who` from clocks of these ages: what is left is a fresh budget.

    `performance` is the status on entry into the state, which their hazards go by.
    """
    now = w.past.performance[who]
    w.past.performance[who] = w.number(performance, who)
    for slot, (transition, began) in enumerate(zip(w.disease.out[state], ages)):
        age = np.zeros(who.size) + w.number(began, who)
        law = w.law(transition.law, who)
        used, table = law.cumulative_hazard(age), w.plan.tables[state][slot]
        budget = _budget(w, state, transition, who)
        if w.latent is not None and transition.latent is not None:
            w.latent.arm(transition.latent, who, budget, w.clock.time[who], age)
        if table is not None:
            factors = _factors(w, table, who, transition.needs_effect)
            if table.laws:
                which = _law_in_force(w, table, who)
                _run_under(w, slot, transition, table, which, who, budget, age, *factors)
            else:
                _run(w, slot, law, who, budget, age, used, *factors)
        elif transition.needs_effect:
            w.clock.event_at[slot][who] = np.inf
        else:
            reached = law.inverse_cumulative_hazard(used + budget)
            w.clock.event_at[slot][who] = w.clock.time[who] + (reached - age)
    w.past.performance[who] = now
    if w.disease.cyclic:
        w.past.visits[state][who] += 1


def revise(w: Workspace, who: IntArray) -> None:
    """Spend the budgets of `who` up to now and go on under the treatments now in force."""
    for state, here in each_kind(who, w.state, len(w.disease.out)):
        for slot, (transition, table) in enumerate(zip(w.disease.out[state], w.plan.tables[state])):
            if table is not None:
                _spend(w, slot, transition, table, here)


def _spend(w: Workspace, slot: int, transition: TransitionPlan, table: EffectTable, who: IntArray) -> None:
    new_factor, new_slowness = _factors(w, table, who, transition.needs_effect)
    if table.laws:
        _spend_under(w, slot, transition, table, who, new_factor, new_slowness)
        return
    changed, age = revisit(
        who,
        w.clock.time,
        w.clock.factor[slot],
        w.clock.slowness[slot],
        w.clock.age[slot],
        w.clock.since[slot],
        new_factor,
        new_slowness,
    )
    if not changed.size:
        return
    who = who[changed]
    law = w.law(transition.law, who)
    used = law.cumulative_hazard(age)
    budget = budget_left(who, w.clock.budget[slot], w.clock.factor[slot], w.clock.used[slot], used)
    _run(w, slot, law, who, budget, age, used, new_factor[changed], new_slowness[changed])


def _law_in_force(w: Workspace, table: EffectTable, who: IntArray) -> CodeArray:
    """Which of the laws of effects (m,) is in force for `who`, the last of several; 0 for none."""
    which = np.zeros(who.size, dtype=np.int8)
    lines, whole = w.lines, np.ones_like(w.lines.dose)
    for code, (row, _) in enumerate(table.laws, start=1):
        flags = table.flags[row : row + 1].copy()
        flags[:, 1] = 0
        in_force, _ = effect_logs(
            who, w.draw, w.clock.time, w.past.progressed_at, lines.given_at, lines.ended_at, lines.given, lines.responds, whole,
            flags, table.least[row : row + 1], table.times, table.on[row : row + 1],
        )  # fmt: skip
        which[in_force > 0.0] = code
    return which


def _each_law(
    w: Workspace, transition: TransitionPlan, table: EffectTable, which: CodeArray, who: IntArray
) -> Iterator[tuple[IntArray, HazardDistribution]]:
    """The positions in `who` that are under each law, and the law."""
    for code in np.bincount(which).nonzero()[0].tolist():
        here = (which == code).nonzero()[0]
        yield here, w.law(table.laws[code - 1][1] if code else transition.law, who[here])


def _run_under(
    w: Workspace,
    slot: int,
    transition: TransitionPlan,
    table: EffectTable,
    which: CodeArray,
    who: IntArray,
    budget: FloatArray,
    age: FloatArray,
    factor: FloatArray,
    slowness: FloatArray,
) -> None:
    """Run the clocks of `who` on from now, each under the law that is in force."""
    w.clock.law[slot][who] = which
    for here, law in _each_law(w, transition, table, which, who):
        used = law.cumulative_hazard(age[here])
        _run(w, slot, law, who[here], budget[here], age[here], used, factor[here], slowness[here])


def _spend_under(
    w: Workspace,
    slot: int,
    transition: TransitionPlan,
    table: EffectTable,
    who: IntArray,
    factor: FloatArray,
    slowness: FloatArray,
) -> None:
    """Spend the budgets of `who` under the law that was in force, and go on under the one that is now."""
    clock, which = w.clock, _law_in_force(w, table, who)
    before = clock.law[slot][who]
    same = (factor == clock.factor[slot][who]) & (slowness == clock.slowness[slot][who]) & (which == before)
    changed = (~same).nonzero()[0]
    if not changed.size:
        return
    who, before = who[changed], before[changed]
    age = _age_now(w, slot, who)
    used = used_so_far(w, slot, transition, table, who)
    budget = budget_left(who, clock.budget[slot], clock.factor[slot], clock.used[slot], used)
    _run_under(
        w, slot, transition, table, which[changed], who, budget, age, factor[changed], slowness[changed]
    )


def _age_now(w: Workspace, slot: int, who: IntArray) -> FloatArray:
    """Ages (m,) of the clocks of `who`."""
    clock = w.clock
    return np.asarray(
        clock.age[slot][who] + (clock.time[who] - clock.since[slot][who]) / clock.slowness[slot][who]
    )


def used_so_far(
    w: Workspace, slot: int, transition: TransitionPlan, table: EffectTable, who: IntArray
) -> FloatArray:
    """Cumulative hazard (m,) at the ages of the clocks of `who`, under the law that is in force of each."""
    age = _age_now(w, slot, who)
    if not table.laws:
        return np.asarray(w.law(transition.law, who).cumulative_hazard(age))
    used = np.empty(who.size)
    for here, law in _each_law(w, transition, table, w.clock.law[slot][who], who):
        used[here] = law.cumulative_hazard(age[here])
    return used


def _run(
    w: Workspace,
    slot: int,
    law: HazardDistribution,
    who: IntArray,
    budget: FloatArray,
    age: FloatArray,
    used: FloatArray,
    factor: FloatArray,
    slowness: FloatArray,
) -> None:
    """Run the clocks of `who` on from now, with these numbers (m,)."""
    shut = factor == 0.0
    if shut.any():
        reached = law.inverse_cumulative_hazard(used + budget / np.where(shut, 1.0, factor))
        reached[shut] = np.inf
    else:
        reached = law.inverse_cumulative_hazard(used + budget / factor)
    run_clock(
        who, w.clock.time, budget, age, used, factor, slowness, reached, w.clock.budget[slot], w.clock.age[slot], w.clock.used[slot],
        w.clock.factor[slot], w.clock.slowness[slot], w.clock.since[slot], w.clock.event_at[slot],
    )  # fmt: skip


def _factors(
    w: Workspace, table: EffectTable, who: IntArray, needs_effect: bool = False
) -> tuple[FloatArray, FloatArray]:
    """Hazard ratio and acceleration factor in force now for the patients `who`.

    A way that `needs_effect` is shut, with factor 0, for those on whom none is in force.
    """
    lines, progressed = w.lines, w.past.progressed_at
    standing = (lines.given_at, lines.ended_at, lines.given, lines.responds)
    factor, slowness = effect_logs(
        who,
        w.draw,
        w.clock.time,
        progressed,
        *standing,
        lines.dose,
        table.flags,
        table.least,
        table.times,
        table.logs,
    )
    factor = np.exp(factor)
    if needs_effect:
        counted = table.flags.copy()
        counted[:, 1] = 0
        whole = np.ones_like(lines.dose)
        in_force, _ = effect_logs(
            who,
            w.draw,
            w.clock.time,
            progressed,
            *standing,
            whole,
            counted,
            table.least,
            table.times,
            table.on,
        )
        factor[in_force == 0.0] = 0.0
    return factor, np.exp(slowness)


def next_change(w: Workspace, who: IntArray) -> FloatArray:
    """Next time at which an effect of a treatment already begun begins, wanes or ends by itself."""
    treatment, after = w.plan.changes, w.plan.changes_after
    return np.asarray(step_ahead(who, w.draw, w.clock.time, w.lines.given_at, treatment, after))


def own_budget(transition: TransitionPlan, luck: Luck, patients: dict[str, FloatArray]) -> FloatArray:
    """Exponential budgets of a block over the hazard ratio of each patient: the same under every strategy.

    For transitions that ask for no history, on the first visit of their state.
    """
    if not transition.covariates and transition.frailty is None:
        return luck.exponential(transition.stream)

    def make() -> FloatArray:
        score: FloatArray | float = 0.0
        for name, coefficient in transition.covariates:
            score = score + number_of(coefficient, luck.draw_of) * patients[name]
        if transition.frailty is not None:
            power = number_of(transition.frailty_power, luck.draw_of)
            score = score + power * np.log(patients[f"frailty/{transition.frailty}"])
        return luck.exponential(transition.stream) / np.exp(score)

    return luck.shared(("budget", transition.stream), make)


def own_time(transition: TransitionPlan, luck: Luck, patients: dict[str, FloatArray]) -> FloatArray:
    """Times of a block from entry that no strategy changes; a slower clock only stretches them."""

    def make() -> FloatArray:
        law = law_of(transition.law, luck.draw_of)
        return np.asarray(law.inverse_cumulative_hazard(own_budget(transition, luck, patients)))

    return luck.shared(("time", transition.stream), make)


def _budget(w: Workspace, state: int, transition: TransitionPlan, who: IntArray) -> FloatArray:
    """Budgets (m,) of those who enter now, over their hazard ratio by what is known of them now."""
    patient, budget = w.patient[who], np.empty(who.size)
    if w.latent is not None and transition.latent is not None:
        budget[:] = w.latent.left[w.latent.names.index(transition.latent)][who]
    else:
        visit = w.past.visits[state][who] if w.disease.cyclic else np.zeros(who.size, np.int64)
        for v in np.bincount(visit).nonzero()[0].tolist():
            now = visit == v
            budget[now] = w.luck.exponential(transition.stream, v)[patient[now]]
    if not transition.covariates and transition.frailty is None:
        return budget
    score = np.zeros(who.size)
    for name, coefficient in transition.covariates:
        score += w.number(coefficient, who) * _history(w, name, who)
    if transition.frailty is not None:
        power = w.number(transition.frailty_power, who)
        score += power * np.log(w.covariate(f"frailty/{transition.frailty}")[who])
    return np.asarray(budget / np.exp(score))


def _history(w: Workspace, name: str, who: IntArray) -> FloatArray:
    if name == "entry_time":
        return w.past.entry[who] - w.number(w.origin, who)
    if name == "n_progressions":
        return w.past.n_progressions[who]
    if name == "time_in_previous_state":
        return w.past.previous_time[who]
    if name == "performance_status":
        return w.past.performance[who]
    return w.covariate(name)[who]
