"""Compiled sums of what is counted along simulated paths, plain and discounted, up to several horizons.

As in `patient_step`, patients are the last axis; the last axis of numbers of a plan is draws, one where all draws have the
same. Integrals of the discount come ready made: no transcendental functions here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.kernels._jit import compiled

Array = NDArray[Any]


@compiled(
    "void(i8[::1], i1[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[:, :, ::1], f8[:, :, ::1], i8[::1], b1[:, ::1], i8[::1], f8[:, ::1],"
    " f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])"
)
def add_stretch(
    who: Array,
    state: Array,
    draw: Array,
    since: Array,
    when: Array,
    taus: Array,
    rate: Array,
    extra: Array,
    acts: Array,
    given: Array,
    discount: Array,
    before: Array,
    after: Array,
    at_tau: Array,
    plain: Array,
    discounted: Array,
) -> None:
    """Count the stretch of `who` from `since` (n,) to `when` (m,), as far as it lies before each of `taus`.

    `rate` (outcomes, states, draws) per unit of time, and `extra` (outcomes, states times acting, draws) what each of the
    treatments `acts` (acting,) adds while it is `given` (treatments, n). `discount` (outcomes,) is the row of `before` (discounts, n), `after` (discounts, m)
    and `at_tau` (discounts, taus) that holds the discounted time from 0 to the start, to the end and to each horizon; -1 for
    none. `plain`, `discounted` (outcomes times taus, n). `since` and `before` are set to the end.
    """
    acting, horizons = acts.size, taus.size
    rates, extras = rate.shape[2] > 1, extra.shape[2] > 1
    for m in range(who.size):
        i = who[m]
        start, end = since[i], when[m]
        if not start < end:
            continue
        since[i] = end
        s, d = state[i], draw[i] if rates or extras else 0
        for o in range(rate.shape[0]):
            value, row = rate[o, s, d if rates else 0], discount[o]
            for k in range(acting):
                # no branch that cannot be foreseen
                value += given[acts[k], i] * extra[o, s * acting + k, d if extras else 0]
            for a in range(horizons):
                tau = taus[a]
                if start < tau:
                    plain[o * horizons + a, i] += value * (min(end, tau) - start)
                    if row >= 0:
                        until = after[row, m] if end <= tau else at_tau[row, a]
                        discounted[o * horizons + a, i] += value * (until - before[row, i])
        for row in range(after.shape[0]):
            before[row, i] = after[row, m]


@compiled("f8(f8[::1], f8[::1], f8[::1], f8, f8, f8, f8)")
def _pieces(
    amounts: Array, edges: Array, until: Array, start: float, stop: float, before: float, after: float
) -> float:
    """Sum of `amounts` between `edges`, from `start` to `stop`; `until`, `before` and `after` is how times are counted."""
    low, low_until, total = start, before, 0.0
    for j in range(amounts.size):
        edge = edges[j] if j < edges.size else np.inf
        if edge <= low:
            continue
        high_until = until[j] if edge < stop else after
        total += amounts[j] * (high_until - low_until)
        low, low_until = edge, high_until
        if low >= stop:
            break
    return total


@compiled(
    "void(i8[::1], i1[::1], i8[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], i8[::1], b1[:, ::1], f8[:, ::1],"
    " f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1])"
)
def add_pieces(
    who: Array,
    state: Array,
    draw: Array,
    patient: Array,
    since: Array,
    when: Array,
    taus: Array,
    rate: Array,
    extra: Array,
    acts: Array,
    given: Array,
    factors: Array,
    edges: Array,
    edges_until: Array,
    before: Array,
    after: Array,
    at_tau: Array,
    plain: Array,
    discounted: Array,
) -> None:
    """Count the stretch of one outcome whose values are multiplied by factors that change at given times.

    As `add_stretch`, of one outcome. `factors` (edges + 1, draws); `edges`, `edges_until` (edges, patients of the block or 1)
    the times at which they change and the discounted time from 0 to them; `before`, `after` and `at_tau` are empty without
    discount.
    """
    acting, many = acts.size, edges.shape[1] > 1
    rates, extras, changes = rate.shape[1] > 1, extra.shape[1] > 1, factors.shape[1] > 1
    own, own_until, own_factors = (
        np.empty(edges.shape[0]),
        np.empty(edges.shape[0]),
        np.empty(factors.shape[0]),
    )
    for m in range(who.size):
        i = who[m]
        s, d, start, end = state[i], draw[i], since[i], when[m]
        if not start < end:
            continue
        value = rate[s, d if rates else 0]
        for k in range(acting):
            value += given[acts[k], i] * extra[s * acting + k, d if extras else 0]
        if value == 0.0:
            continue
        p = patient[i] if many else 0
        for j in range(edges.shape[0]):
            own[j], own_until[j] = edges[j, p], edges_until[j, p]
        for j in range(factors.shape[0]):
            own_factors[j] = value * factors[j, d if changes else 0]
        for a in range(taus.size):
            if start < taus[a]:
                plain[a, i] += _pieces(
                    own_factors, own, own, start, min(end, taus[a]), start, min(end, taus[a])
                )
                if before.size:
                    until = after[m] if end <= taus[a] else at_tau[a]
                    discounted[a, i] += _pieces(
                        own_factors, own, own_until, start, min(end, taus[a]), before[i], until
                    )


@compiled(
    "void(i8[::1], i8[::1], i8[::1], f8[::1], f8[::1], f8[:, :, ::1], i8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])"
)
def add_once(
    who: Array,
    row: Array,
    draw: Array,
    time: Array,
    taus: Array,
    amount: Array,
    discount: Array,
    weight: Array,
    plain: Array,
    discounted: Array,
) -> None:
    """Count row `row` (m,) of `amount` (outcomes, rows, draws) for `who` now, before each of `taus`.

    `weight` (discounts, m) is what the moment counts for; the rest as in `add_stretch`.
    """
    many = amount.shape[2] > 1
    for m in range(who.size):
        i = who[m]
        d = draw[i] if many else 0
        for o in range(amount.shape[0]):
            value = amount[o, row[m], d]
            if value == 0.0:
                continue
            g = discount[o]
            for a in range(taus.size):
                if time[i] < taus[a]:
                    plain[o * taus.size + a, i] += value
                    if g >= 0:
                        discounted[o * taus.size + a, i] += value * weight[g, m]
