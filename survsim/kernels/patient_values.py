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
    "void(i8[::1], i8[::1], i1[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[:, :, ::1], f8[:, :, ::1], i8[:, ::1], b1[:, ::1], i8[::1],"
    " f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])"
)
def add_stretch(
    who: Array,
    patient: Array,
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
    """Count the stretch of `who` from `since` to `when` (m,), as far as it lies before each of `taus`.

    `rate` (outcomes, states, draws) per unit of time, and `extra` (outcomes, states times acting, draws) what is added while
    any of the treatments in a row of `acts` (acting, most in a row) is `given` (treatments, n); a shorter row repeats its
    first. `discount` (outcomes,) is the row of `before` (discounts, patients), `after` (discounts, m) and `at_tau` (discounts,
    taus) that holds the discounted time from 0 to the start, to the end and to each horizon; -1 for none. `plain`, `discounted`
    (patients, outcomes times taus), `since` (patients,) and `before` are by `patient` (n,) of the block, so that one patient's
    sums lie together; the last two are set to the end.
    """
    (acting, most), horizons = acts.shape, taus.size
    rates, extras = rate.shape[2] > 1, extra.shape[2] > 1
    for m in range(who.size):
        i = who[m]
        p = patient[i]
        start, end = since[p], when[m]
        if not start < end:
            continue
        since[p] = end
        s, d = state[i], draw[i] if rates or extras else 0
        for o in range(rate.shape[0]):
            value, row = rate[o, s, d if rates else 0], discount[o]
            for k in range(acting):
                # no branch that cannot be foreseen
                on = given[acts[k, 0], i]
                for j in range(1, most):
                    on |= given[acts[k, j], i]
                value += on * extra[o, s * acting + k, d if extras else 0]
            if value == 0.0:
                continue
            for a in range(horizons):
                # a stretch behind the horizon counts for exactly 0: choices between numbers, not ways through the code
                tau = taus[a]
                plain[p, o * horizons + a] += value * (min(end, tau) - min(start, tau))
            if row < 0:
                continue
            ended, begun = after[row, m], before[row, p]
            for a in range(horizons):
                tau, last = taus[a], at_tau[row, a]
                until = ended if end <= tau else last
                discounted[p, o * horizons + a] += value * (until - (begun if start < tau else until))
        for row in range(after.shape[0]):
            before[row, p] = after[row, m]


@compiled(
    "void(i8[::1], f8[::1], f8[::1], f8, f8[:, ::1], i8[::1], f8[:, ::1], f8[:, ::1], f8[::1], f8[:, ::1], f8[:, ::1])"
)
def add_stays(
    draw: Array,
    start: Array,
    end: Array,
    tau: float,
    values: Array,
    discount: Array,
    before: Array,
    after: Array,
    at_tau: Array,
    plain: Array,
    discounted: Array,
) -> None:
    """Count everybody's stay in one state from `start` to `end` (n,) as far as it lies before `tau`, as `add_stretch` would.

    `values` (outcomes, draws) per unit of time; `before`, `after` (discounts, n), `at_tau` (discounts,); `plain`, `discounted`
    (outcomes, n) of this horizon. Choices are between numbers, not ways through the code, so that patients go in bunches.
    """
    n, many = start.size, values.shape[1] > 1
    for o in range(values.shape[0]):
        row, single = discount[o], values[o, 0]
        if not many and single == 0.0:
            continue
        for i in range(n):
            value = values[o, draw[i]] if many else single
            low, high = min(start[i], tau), min(end[i], tau)
            plain[o, i] += value * (high - low)
        if row < 0:
            continue
        last = at_tau[row]
        for i in range(n):
            value = values[o, draw[i]] if many else single
            until = after[row, i] if end[i] <= tau else last
            discounted[o, i] += value * (until - before[row, i]) if start[i] < min(end[i], tau) else 0.0


@compiled("void(i8[::1], b1[::1], f8[::1], f8, f8[:, ::1], i8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])")
def add_to_all(
    draw: Array,
    counts: Array,
    time: Array,
    tau: float,
    amount: Array,
    discount: Array,
    weight: Array,
    plain: Array,
    discounted: Array,
) -> None:
    """Count `amount` (outcomes, draws) at `time` (n,) for those it `counts` (n,) for, before `tau`, as `add_once` would."""
    n, many = time.size, amount.shape[1] > 1
    for o in range(amount.shape[0]):
        row, single = discount[o], amount[o, 0]
        if not many and single == 0.0:
            continue
        for i in range(n):
            value = (amount[o, draw[i]] if many else single) if counts[i] and time[i] < tau else 0.0
            plain[o, i] += value
            if row >= 0:
                discounted[o, i] += value * weight[row, i]


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
    "void(i8[::1], i1[::1], i8[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], i8[:, ::1], b1[:, ::1], f8[:, ::1],"
    " f8[:, ::1], f8[:, ::1], f8[::1], f8[::1], f8[::1], f8[:, :], f8[:, :])"
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
    (acting, most), many = acts.shape, edges.shape[1] > 1
    rates, extras, changes = rate.shape[1] > 1, extra.shape[1] > 1, factors.shape[1] > 1
    own, own_until, own_factors = (
        np.empty(edges.shape[0]),
        np.empty(edges.shape[0]),
        np.empty(factors.shape[0]),
    )
    for m in range(who.size):
        i = who[m]
        p = patient[i]
        s, d, start, end = state[i], draw[i], since[p], when[m]
        if not start < end:
            continue
        value = rate[s, d if rates else 0]
        for k in range(acting):
            on = given[acts[k, 0], i]
            for j in range(1, most):
                on |= given[acts[k, j], i]
            value += on * extra[s * acting + k, d if extras else 0]
        if value == 0.0:
            continue
        e = p if many else 0
        for j in range(edges.shape[0]):
            own[j], own_until[j] = edges[j, e], edges_until[j, e]
        for j in range(factors.shape[0]):
            own_factors[j] = value * factors[j, d if changes else 0]
        for a in range(taus.size):
            if start < taus[a]:
                plain[p, a] += _pieces(
                    own_factors, own, own, start, min(end, taus[a]), start, min(end, taus[a])
                )
                if before.size:
                    until = after[m] if end <= taus[a] else at_tau[a]
                    discounted[p, a] += _pieces(
                        own_factors, own, own_until, start, min(end, taus[a]), before[p], until
                    )


@compiled(
    "void(i8[::1], i8[::1], i8[::1], i8[::1], f8[::1], f8[::1], f8[:, :, ::1], i8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])"
)
def add_once(
    who: Array,
    patient: Array,
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
        p = patient[i]
        d = draw[i] if many else 0
        for o in range(amount.shape[0]):
            value = amount[o, row[m], d]
            if value == 0.0:
                continue
            g = discount[o]
            for a in range(taus.size):
                if time[i] < taus[a]:
                    plain[p, o * taus.size + a] += value
                    if g >= 0:
                        discounted[p, o * taus.size + a] += value * weight[g, m]
