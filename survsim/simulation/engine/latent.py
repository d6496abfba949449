"""Budgets that a patient carries from state to state: transitions that share a latent time spend one of them.

With one hazard on one clock in every state the time at which it is spent is the same whatever happens in between, under
every strategy: the latent time of a death. Where hazards differ by state, or treatments act on them, what was spent so far
counts and the rest is spent under what holds now.
"""

from __future__ import annotations

import numpy as np

from survsim.core.checks import IntArray
from survsim.kernels.patient_step import budget_left
from survsim.simulation.engine import hazards
from survsim.simulation.engine.arrays import Latent
from survsim.simulation.engine.plan import TransitionPlan
from survsim.simulation.engine.workspace import Workspace, each_kind


def spend(w: Workspace, who: IntArray) -> None:
    """Take off what `who` have spent of their latent times in the state that they leave now."""
    if w.latent is None:
        return
    for state, here in each_kind(who, w.state, len(w.disease.out)):
        for slot, transition in enumerate(w.disease.out[state]):
            if transition.latent is not None:
                _spend(w, w.latent, state, slot, transition, here)


def _spend(
    w: Workspace, latent: Latent, state: int, slot: int, transition: TransitionPlan, who: IntArray
) -> None:
    k, table = latent.names.index(str(transition.latent)), w.plan.tables[state][slot]
    if table is None and transition.needs_effect:
        return
    budget = latent.budget[k][who]
    if table is None:
        law, age = w.law(transition.law, who), latent.age[k][who]
        reached = age + (w.clock.time[who] - latent.since[k][who])
        rest = budget - (law.cumulative_hazard(reached) - law.cumulative_hazard(age))
    else:
        used = hazards.used_so_far(w, slot, transition, table, who)
        rest = budget_left(who, w.clock.budget[slot], w.clock.factor[slot], w.clock.used[slot], used)
    latent.left[k][who] *= np.maximum(rest, 0.0) / budget
