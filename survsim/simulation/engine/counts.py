"""What was counted of a block of patients so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from survsim.core.checks import FloatArray, IntArray
from survsim.kernels.patient_values import add_once
from survsim.simulation.engine.worth import WorthPlan


def until_each(worth: WorthPlan, time: FloatArray) -> FloatArray:
    """What the time from 0 to `time` (n,) counts for under each discount (discounts, n)."""
    if len(worth.discounts) == 1:
        return worth.discounts[0].until(time)[None]
    found = [d.until(time) for d in worth.discounts]
    return np.array(found, dtype=np.float64).reshape(len(found), time.size)


@dataclass(slots=True)
class Counts:
    """What was counted so far, up to each horizon: `plain`, `discounted` (n, outcomes times taus).

    Each patient is counted until `since` (n,); `until` (discounts, n) is the discounted time from 0 to then, `at_tau`
    (discounts, taus) that to each horizon. All are by patient of the block, and stay when patients are dropped.
    """

    taus: FloatArray
    at_tau: FloatArray
    plain: FloatArray
    discounted: FloatArray
    until: FloatArray
    since: FloatArray

    @classmethod
    def start(cls, worth: WorthPlan, taus: tuple[float, ...], n: int) -> Counts:
        """Nothing yet."""
        ends = np.array(taus)
        at_tau = until_each(worth, ends)
        size = (n, len(worth.names) * ends.size)
        return cls(
            ends, at_tau, np.zeros(size), np.zeros(size), np.zeros((len(worth.discounts), n)), np.zeros(n)
        )

    def once(
        self,
        worth: WorthPlan,
        amount: FloatArray,
        who: IntArray,
        patient: IntArray,
        row: IntArray,
        draw: IntArray,
        time: FloatArray,
    ) -> None:
        """Count row `row` (m,) of amounts (outcomes, rows, draws) for `who`, each at its `time` (present,)."""
        if not who.size:
            return
        now = time[who]
        weight = np.array([d.weight(now) for d in worth.discounts]).reshape(len(worth.discounts), who.size)
        add_once(
            who,
            patient,
            row,
            draw,
            time,
            self.taus,
            amount,
            worth.discount,
            weight,
            self.plain,
            self.discounted,
        )
