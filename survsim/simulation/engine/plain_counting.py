"""Counting outcomes on the short way, a state at a time: with the arithmetic and order of `counting`, so the same bits."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.kernels.patient_path import CodeArray
from survsim.kernels.patient_values import add_stretch
from survsim.simulation.engine.counts import Counts, until_each
from survsim.simulation.engine.follow import Follow
from survsim.simulation.engine.luck import Luck
from survsim.simulation.engine.plan import DiseasePlan, StrategyPlan
from survsim.simulation.engine.worth import TreatedWorth, WorthPlan


class PlainCounts:
    """What a block comes to whose treatments, if any, are given from time 0 for ever."""

    def __init__(
        self, worth: WorthPlan, treated: TreatedWorth, plan: StrategyPlan, luck: Luck, follow: Follow
    ) -> None:
        self.worth, self.treated, self.draw, self.horizon = worth, treated, luck.draw_of, follow.horizon
        self.counts = Counts.start(worth, follow.taus, luck.size)
        self.given = np.ones((len(plan.treatments), luck.size), dtype=bool)
        nothing = np.zeros(luck.size)
        everybody = self.everybody = np.arange(luck.size)
        amounts = [a for a in (*treated.line_start, *treated.start) if a is not None]
        for amount in amounts:
            self.counts.once(worth, amount, everybody, np.zeros_like(everybody), self.draw, nothing)

    def visit(
        self,
        disease: DiseasePlan,
        state: int,
        arrival: FloatArray | None,
        when: FloatArray,
        code: CodeArray | None,
    ) -> None:
        """Count everybody's stay in a state, from `arrival` to `when` (n,), and what leaving it brings."""
        end = np.minimum(when, self.horizon)
        start = np.zeros(end.size) if arrival is None else np.minimum(arrival, self.horizon)
        before, after = (until_each(self.worth, t) for t in (start, end))
        c = self.counts
        add_stretch(
            self.everybody, np.full(end.size, state, dtype=np.int8), self.draw, start, end, c.taus, self.worth.steady, self.treated.steady, self.treated.acts,
            self.given, self.worth.discount, before, after, c.at_tau, c.plain, c.discounted,
        )  # fmt: skip
        if self.worth.jump is None:
            return
        for slot, transition in enumerate(disease.out[state]):
            row = state * len(disease.names) + transition.target
            if self.worth.jumps[row]:
                moved = when < self.horizon if code is None else (code == slot) & (when < self.horizon)
                who = moved.nonzero()[0]
                self.counts.once(self.worth, self.worth.jump, who, np.full(who.size, row), self.draw, when)
