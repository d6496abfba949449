"""The short way for strategies without rules: one pass over the states in their order, no steps.

Where nothing is scheduled (no lines, or lines that only set constant factors from time 0 on), no state is
entered twice and no history is asked for, a path is a chain of minima. Every array holds all patients of the
block, those who never come to a state with a time of arrival that never is: selecting by a mask costs more
than adding. The arithmetic is that of `hazards`, so that both ways give the same bits; a test compares them.
"""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.kernels.patient_path import CodeArray, never_unless
from survsim.kernels.patient_step import count_moves
from survsim.simulation.engine.follow import Follow
from survsim.simulation.engine.hazards import own_budget, own_time
from survsim.simulation.engine.luck import Luck
from survsim.simulation.engine.paths import Paths
from survsim.simulation.engine.plain_counting import PlainCounts
from survsim.simulation.engine.plan import DiseasePlan, StrategyPlan, TransitionPlan
from survsim.simulation.laws.by_draw import ByDraw, law_of, number_of

_NO_CODE = np.zeros(0, dtype=np.int8)


def is_plain(disease: DiseasePlan, plan: StrategyPlan, follow: Follow) -> bool:
    """Whether the short way gives everything that is asked for."""
    asks_history = any(t.asks_history for row in disease.out for t in row)
    opens = any(
        t.needs_effect or t.age is not None or t.latent is not None for row in disease.out for t in row
    )
    stays = any(not row and not dead for row, dead in zip(disease.out, disease.dead))
    moving = disease.worth is not None and any(course is not None for course in disease.worth.courses)
    wanted = follow.values or follow.sojourns or moving or (disease.worth is not None and stays)
    return (
        plan.constant is not None
        and not opens
        and not (plan.lines and disease.untreatable.any())
        and not disease.starts
        and not disease.cyclic
        and not asks_history
        and not wanted
    )


def simulate_plain(
    disease: DiseasePlan,
    plan: StrategyPlan,
    luck: Luck,
    patients: dict[str, FloatArray],
    follow: Follow,
) -> Paths:
    """Paths of the patients of `luck`; see `is_plain` for when this is allowed.

    Death states are only counted (who died in which is asked for with the stays, on the long way), and the
    arrays of death state, cord dose, grade and myelopathy are empty: without rules nothing of the kind happens.
    """
    states = len(disease.names)
    counts = np.zeros((len(luck.draws) * states, follow.points + 1), dtype=np.int64)
    arrival: dict[int, FloatArray | None] = {disease.initial: None}
    death: FloatArray | None = None
    # whoever starts in a state of progression has progressed at the start
    progression: FloatArray | None = np.zeros(luck.size) if disease.progression[disease.initial] else None
    counts[disease.initial :: states, 0] = luck.each
    counting = None
    if disease.worth is not None and plan.worth is not None:
        counting = PlainCounts(disease.worth, plan.worth, plan, luck, follow)
    for state in disease.order:
        row = disease.out[state]
        when, code = _leave(disease, plan, state, luck, patients, arrival[state], follow.horizon)
        targets = np.array([t.target for t in row])
        count_moves(
            counts, states, state, luck.draw_of, targets, when, _NO_CODE if code is None else code,
            1.0 / follow.grid_step,
        )  # fmt: skip
        if counting is not None:
            counting.visit(disease, state, arrival[state], when, code)
        if all(disease.dead[t.target] for t in row):
            death = _sooner(death, when)
            continue
        for slot, transition in enumerate(row):
            target = transition.target
            at = when if code is None else never_unless(code, slot, when)
            if disease.dead[target]:
                death = _sooner(death, at)
                continue
            arrival[target] = _sooner(arrival.get(target), at)
            if disease.progression[target]:
                progression = _sooner(progression, at)
    nothing = np.zeros((0, luck.size))
    never = luck.shared(("never",), lambda: np.full(luck.size, np.inf))
    begun = luck.shared(("begun",), lambda: np.ones((1, luck.size)))
    return Paths(
        death_at=never if death is None else death,
        death_state=np.zeros(0, dtype=np.int64),
        progression_at=never if progression is None else progression,
        quality=None,
        cost=None,
        in_group=nothing[:, None],
        plain=nothing if counting is None else counting.plain,
        discounted=nothing if counting is None else counting.discounted,
        cord_dose=nothing[:, 0],
        course_dose=nothing[:, None],
        course_square=nothing[:, None],
        interval=nothing[:, 0],
        worst_grade=nothing[:, 0],
        toxicity=nothing,
        started=begun[: len(plan.lines)],
        myelopathy_at=nothing,
        counts=counts,
    )


def _sooner(a: FloatArray | None, b: FloatArray) -> FloatArray:
    return b if a is None else np.minimum(a, b)


def _leave(
    disease: DiseasePlan,
    plan: StrategyPlan,
    state: int,
    luck: Luck,
    patients: dict[str, FloatArray],
    arrival: FloatArray | None,
    horizon: float,
) -> tuple[FloatArray, CodeArray | None]:
    """When everybody leaves a state (n,), and through which of its transitions (None if it has one)."""
    row = disease.out[state]
    factors = plan.constant[state] if plan.constant is not None else ()
    if all(_is_one(number) for factor in factors for number in factor) and not any(t.forward for t in row):
        stay, code = luck.shared(
            ("stay", disease.names[state]), lambda: _first([own_time(t, luck, patients) for t in row])
        )
        # rounding keeps order: the least of the sums is the sum with the least
        return stay if arrival is None else arrival + stay, code
    return _first(
        [
            _fires(t, factor, slowness, luck, patients, arrival, horizon)
            for t, (factor, slowness) in zip(row, factors)
        ]
    )


def _is_one(number: ByDraw) -> bool:
    return isinstance(number, float) and number == 1.0


def _first(times: list[FloatArray]) -> tuple[FloatArray, CodeArray | None]:
    """The least time and its number, the first of equals."""
    when, code = times[0], None
    for slot, at in enumerate(times[1:], start=1):
        # a later slot has the larger number
        found = (at < when).view(np.int8) * np.int8(slot)
        code = found if code is None else np.maximum(code, found)
        when = np.minimum(when, at)
    return when, code


def _fires(
    transition: TransitionPlan,
    factor: ByDraw,
    slowness: ByDraw,
    luck: Luck,
    patients: dict[str, FloatArray],
    arrival: FloatArray | None,
    horizon: float,
) -> FloatArray:
    """When a transition would be taken (n,), infinity for those who do not come to its state."""
    draws = luck.draw_of
    if _is_one(factor) and not transition.forward:
        at = own_time(transition, luck, patients)
        at = at if _is_one(slowness) else number_of(slowness, draws) * at
        return at if arrival is None else arrival + at
    budget = own_budget(transition, luck, patients)
    if arrival is None:
        budget = budget if _is_one(factor) else budget / number_of(factor, draws)
        reached = law_of(transition.law, draws).inverse_cumulative_hazard(budget)
        return np.asarray(number_of(slowness, draws) * reached)
    # an inverse may be dear: only for those who come
    who = np.flatnonzero(arrival < horizon)
    time, budget, draws = arrival[who], budget[who], draws[who]
    law, slower = law_of(transition.law, draws), number_of(slowness, draws)
    budget = budget if _is_one(factor) else budget / number_of(factor, draws)
    when = np.full(arrival.shape, np.inf)
    if transition.forward:
        reached = law.inverse_cumulative_hazard(law.cumulative_hazard(time) + budget)
        when[who] = reached if _is_one(slowness) else time + slower * np.maximum(reached - time, 0.0)
    else:
        when[who] = time + slower * law.inverse_cumulative_hazard(budget)
    return when
