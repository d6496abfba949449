"""Counting outcomes on the short way, a state at a time: with the arithmetic and order of `counting`, so the same bits."""

from __future__ import annotations

import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.kernels.patient_path import CodeArray
from survsim.kernels.patient_values import add_stays, add_to_all
from survsim.simulation.engine.counts import until_each
from survsim.simulation.engine.follow import Follow
from survsim.simulation.engine.luck import Luck
from survsim.simulation.engine.plan import DiseasePlan, StrategyPlan
from survsim.simulation.engine.worth import TreatedWorth, WorthPlan


class PlainCounts:
    """What a block comes to whose treatments, if any, are given from time 0 for ever.

    `plain`, `discounted` (outcomes times taus, n): everybody's sums side by side, since everybody is counted at once.
    """

    def __init__(
        self, worth: WorthPlan, treated: TreatedWorth, plan: StrategyPlan, luck: Luck, follow: Follow
    ) -> None:
        self.limits, self.given = treated.limits, np.ones((len(plan.treatments), luck.size), dtype=bool)
        self.worth, self.draw, self.horizon, self.taus = worth, luck.draw_of, follow.horizon, follow.taus
        outcomes, n, discounts = len(worth.names), luck.size, len(worth.discounts)
        self.sums = np.zeros((2, len(follow.taus), outcomes, n))
        self.values = _values(worth, treated)
        self.at_tau = until_each(worth, np.array(follow.taus))
        self.start: FloatArray = np.zeros(n)
        self.before: FloatArray = np.zeros((discounts, n))
        amounts = [a for a in (*treated.line_start, *treated.start) if a is not None]
        if amounts:
            now = np.array([d.weight(self.start) for d in worth.discounts]).reshape(discounts, n)
            for amount in amounts:
                self._add(amount[:, 0], np.ones(n, dtype=bool), self.start, now)

    @property
    def plain(self) -> FloatArray:
        """Undiscounted sums (outcomes times taus, n)."""
        return self._rows(0)

    @property
    def discounted(self) -> FloatArray:
        """Discounted sums (outcomes times taus, n)."""
        return self._rows(1)

    def _rows(self, which: int) -> FloatArray:
        by_outcome = self.sums[which].transpose(1, 0, 2)
        return by_outcome.reshape(-1, self.sums.shape[-1])

    def visit(
        self,
        disease: DiseasePlan,
        state: int,
        arrival: FloatArray | None,
        when: FloatArray,
        code: CodeArray | None,
    ) -> None:
        """Count everybody's stay in a state, from `arrival` to `when` (n,), and what leaving it brings."""
        ways = [state * len(disease.names) + t.target for t in disease.out[state]]
        brings = [
            slot for slot, row in enumerate(ways) if self.worth.jump is not None and self.worth.jumps[row]
        ]
        values = self.values[:, state]
        if not brings and not values.any():
            return
        if self.limits is not None:
            here = np.arange(when.size) if arrival is None else np.flatnonzero(arrival < max(self.taus))
            self.limits.check(np.full(here.size, state), self.given[:, here], self.draw[here])
        end = np.minimum(when, self.horizon)
        after, now = self._counted(end)
        if values.any():
            self._stay(values, arrival, end, after)
        for slot in brings:
            amount = self.worth.jump[:, ways[slot]] if self.worth.jump is not None else values
            self._add(amount, np.ones(end.size, dtype=bool) if code is None else code == slot, when, now)

    def _stay(
        self, values: FloatArray, arrival: FloatArray | None, end: FloatArray, after: FloatArray
    ) -> None:
        start, before = self.start, self.before
        if arrival is not None:
            start = np.minimum(arrival, self.horizon)
            before, _ = self._counted(start)
        each = np.ascontiguousarray(values)
        for a, tau in enumerate(self.taus):
            last = np.ascontiguousarray(self.at_tau[:, a])
            add_stays(
                self.draw, start, end, tau, each, self.worth.discount, before, after, last, self.sums[0, a], self.sums[1, a]
            )  # fmt: skip

    def _add(self, amount: FloatArray, counts: BoolArray, time: FloatArray, weight: FloatArray) -> None:
        """Count amounts (outcomes, draws) of those they count for, at `time` (n,)."""
        each = np.ascontiguousarray(amount)
        for a, tau in enumerate(self.taus):
            add_to_all(
                self.draw, counts, time, tau, each, self.worth.discount, weight, self.sums[0, a], self.sums[1, a]
            )  # fmt: skip

    def _counted(self, time: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What the time to then counts for, and what an amount then does, under each discount (discounts, n)."""
        found = [d.both(time) for d in self.worth.discounts]
        if len(found) == 1:
            return found[0][0][None], found[0][1][None]
        size = (2, len(found), time.size)
        until, weight = np.array([[pair[i] for pair in found] for i in (0, 1)]).reshape(size)
        return until, weight


def _values(worth: WorthPlan, treated: TreatedWorth) -> FloatArray:
    """What each state counts per unit of time with all treatments on, (outcomes, states, draws); summed as in `add_stretch`."""
    outcomes, states = worth.steady.shape[:2]
    values = worth.steady
    acting = treated.acts.shape[0]
    if not acting:
        return values
    extra = treated.steady.reshape(outcomes, states, acting, -1)
    for k in range(acting):
        values = values + extra[:, :, k]
    return values
