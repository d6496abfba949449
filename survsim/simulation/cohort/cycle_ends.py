"""How cycles count: from shares of a cohort at the ends of cycles to times, weights and shares that are summed.

What counts at the start of a cycle, at its end, or as the mean of both; each is discounted where it is counted, the mean
of both at the start. Models of matrices and of curves that are read at cycle ends differ in nothing else.
"""

from __future__ import annotations

import numpy as np

from survsim.core.checks import FloatArray
from survsim.core.errors import ScenarioError
from survsim.simulation.cohort.totals import Counted
from survsim.simulation.declared.cycles import Correction
from survsim.simulation.engine.discounting import DiscountPlan

MOST_CYCLES = 100_000
"""Cycles that are followed, each with its shares, in every draw and under every strategy."""


def whole_cycles(tau: float, cycle: float) -> int:
    """Cycles to a horizon; refused where that is no whole number of them, or more than can be held."""
    # not divided: the quotient of a long horizon and a short cycle may be no number
    if tau > MOST_CYCLES * cycle * (1 + 1e-9):
        raise ScenarioError(
            f"cycles of {cycle:.12g} to {tau:.12g} are more than {MOST_CYCLES}; give a longer cycle or a shorter horizon."
        )
    n = round(tau / cycle)
    if n < 1 or abs(n * cycle - tau) > 1e-9 * tau:
        raise ScenarioError(
            f"{tau:.12g} is no whole number of cycles of {cycle:.12g}; choose horizons that are multiples of the cycle."
        )
    return n


def counted_cycles(share: FloatArray, length: float, correction: Correction | tuple[float, ...]) -> Counted:
    """What is counted of the shares (states, n + 1) at the ends of n cycles of `length`, the start of the first included."""
    n = share.shape[1] - 1
    ends = length * np.arange(n + 1, dtype=np.float64)
    each = np.full(n, length)
    if correction == "start":
        return Counted(ends[:-1], each, share[:, :-1], ends[:-1])
    if correction == "end":
        return Counted(ends[1:], each, share[:, 1:], ends[:-1])
    if correction == "life_table":
        return Counted(ends[:-1], each, 0.5 * (share[:, :-1] + share[:, 1:]), ends[:-1])
    return Counted(ends, length * end_weights(correction, n), share, ends)


def weight_once(
    discount: DiscountPlan | None,
    length: float,
    n: int,
    correction: Correction | tuple[float, ...],
    once: str,
) -> FloatArray:
    """What an amount at each end of `n` cycles (n,) counts for."""
    weight = discount.weight(length * np.arange(1, n + 1, dtype=np.float64)) if discount else np.ones(n)
    if once == "plain" or correction in ("start", "end", "life_table"):
        return np.asarray(weight)
    return np.asarray(weight * end_weights(correction, n)[1:])


def end_weights(correction: Correction | tuple[float, ...], n: int) -> FloatArray:
    """Weights of the n + 1 cycle ends."""
    if not isinstance(correction, str):
        if len(correction) != n + 1:
            raise ScenarioError(
                f"correction: {n} cycles have {n + 1} ends from 0 on, each with a weight; found {len(correction)} weights."
            )
        return np.array(correction)
    weight = np.ones(n + 1)
    if correction == "half_cycle":
        weight[[0, -1]] = 0.5
        return weight
    if n % 2:
        raise ScenarioError(
            f"correction: simpson takes an even number of cycles; there are {n}. Use life_table."
        )
    weight[1::2], weight[2:-1:2], weight[[0, -1]] = 4 / 3, 2 / 3, 1 / 3
    return weight
