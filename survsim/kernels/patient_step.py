"""Compiled steps of simulated paths: what comes next, who moves where, how clocks run.

Patients are the last axis of every array, `who` holds positions in it; the last axis of numbers of a plan is draws,
one where all draws have the same, and `draw` is the draw of each patient. No random numbers, no transcendental
functions: the arithmetic is that of plain loops, the same bits on every machine and for every size of a block.
Random budgets and the laws of times stay with numpy, whose logarithms and powers are faster than compiled ones.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.kernels._jit import compiled

Array = NDArray[Any]


@compiled("Tuple((f8[::1], i1[::1]))(f8[:, ::1], b1[::1], f8)")
def next_event(at: Array, finished: Array, limit: float) -> tuple[Array, Array]:
    """Earliest time (n,) over the rows of `at` and its row; `limit` and -1 where nothing comes before `limit`.

    At equal times the first row wins. Patients who are `finished` have -1. There are at most 127 rows.
    """
    rows, n = at.shape
    when = np.empty(n)
    code = np.empty(n, np.int8)
    first = np.empty(512, np.int64)
    # pieces that stay in the nearest cache, rows outside: the inner loop is a comparison on whole vectors
    for begin in range(0, n, 512):
        m = min(512, n - begin)
        best = when[begin : begin + m]
        best[:] = limit
        first[:] = -1
        for r in range(rows):
            row = at[r, begin : begin + m]
            for i in range(m):
                sooner = row[i] < best[i]
                best[i] = row[i] if sooner else best[i]
                first[i] = r if sooner else first[i]
        for i in range(m):
            code[begin + i] = -1 if finished[begin + i] else first[i]
    return when, code


@compiled("Tuple((i8[::1], i8[::1], i8[::1]))(i1[::1], b1[::1], i8)")
def sort_out(code: Array, finished: Array, first: int) -> tuple[Array, Array, Array]:
    """Positions of those for whom nothing more comes, something scheduled comes, a transition comes."""
    n = code.size
    done, changed, moved = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    a = b = c = 0
    for i in range(n):
        # written always and counted if meant: no branch that cannot be foreseen
        k = code[i]
        done[a] = changed[b] = moved[c] = i
        a += (k < 0) & (not finished[i])
        b += (k >= 0) & (k < first)
        c += k >= first
    return done[:a].copy(), changed[:b].copy(), moved[:c].copy()


@compiled("Tuple((i8[::1], i8[::1]))(i8[::1], i1[::1], i8)")
def by_kind(changed: Array, code: Array, kinds: int) -> tuple[Array, Array]:
    """`changed` in the order of their `code` (n,), which is below `kinds`, and where each kind ends (kinds,)."""
    ends, place = np.zeros(kinds, np.int64), np.zeros(kinds, np.int64)
    for i in changed:
        ends[code[i]] += 1
    for k in range(1, kinds):
        place[k] = ends[k - 1]
        ends[k] += ends[k - 1]
    ordered = np.empty(changed.size, np.int64)
    for i in changed:
        ordered[place[code[i]]] = i
        place[code[i]] += 1
    return ordered, ends


@compiled(
    "Tuple((i8[::1], i8[::1]))(i8[::1], i1[::1], i8, f8[::1], i8[::1], i8[::1], i1[::1], i1[:, ::1], b1[::1],"
    " b1[::1], i8[:, ::1], f8, f8[::1], i8[::1], f8[::1])"
)
def move(
    moved: Array,
    code: Array,
    first: int,
    time: Array,
    patient: Array,
    draw: Array,
    state: Array,
    targets: Array,
    dead: Array,
    progression: Array,
    counts: Array,
    per_time: float,
    death_at: Array,
    death_state: Array,
    progression_at: Array,
) -> tuple[Array, Array]:
    """Take `moved` through their transitions and write down deaths and progressions; who lives on, who died.

    `targets` (states, slots); `counts` (draws times states, points + 1) holds changes of the number in each state, booked
    at the first grid point not before the time of the move.
    """
    last, states = counts.shape[1] - 1, dead.size
    many = counts.shape[0] > states
    entered, died = np.empty(moved.size, np.int64), np.empty(moved.size, np.int64)
    a = b = 0
    for i in moved:
        source, t, p = state[i], time[i], patient[i]
        target = targets[source, code[i] - first]
        place = int(min(math.ceil(t * per_time), float(last)))
        base = draw[i] * states if many else 0
        counts[base + target, place] += 1
        counts[base + source, place] -= 1
        state[i] = target
        if progression[target] and t < progression_at[p]:
            progression_at[p] = t
        if dead[target]:
            death_at[p], death_state[p] = t, target
            died[b] = i
            b += 1
        else:
            entered[a] = i
            a += 1
    return entered[:a].copy(), died[:b].copy()


@compiled("void(i8[:, ::1], i8, i8, i8[::1], i8[::1], f8[::1], i1[::1], f8)")
def count_moves(
    counts: Array,
    states: int,
    state: int,
    draw: Array,
    targets: Array,
    when: Array,
    code: Array,
    per_time: float,
) -> None:
    """Book the moves of everybody out of `state`, as `move` does, through the transition `code` to `targets`.

    What comes after the end of the grid falls into the last column. Without codes all go the one way there is.
    """
    last = counts.shape[1] - 1
    many, draws = code.size > 0, counts.shape[0] > states
    end = float(last)
    for i in range(when.size):
        place = int(min(math.ceil(min(when[i] * per_time, end)), last))
        base = draw[i] * states if draws else 0
        counts[base + targets[code[i] if many else 0], place] += 1
        counts[base + state, place] -= 1


@compiled("i8[::1](i8[::1], i1[::1], f8[::1], b1[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def note_entry(
    who: Array,
    state: Array,
    time: Array,
    progression: Array,
    performance_change: Array,
    entry: Array,
    previous_time: Array,
    performance: Array,
    n_progressions: Array,
    progressed_at: Array,
) -> Array:
    """Keep the history of those who have just entered a state; the positions of those who progressed.

    The performance status stays between 0 and 4.
    """
    worse = np.empty(who.size, np.int64)
    a = 0
    for i in who:
        s, t = state[i], time[i]
        previous_time[i] = t - entry[i]
        entry[i] = t
        performance[i] = min(max(performance[i] + performance_change[s], 0.0), 4.0)
        if progression[s]:
            n_progressions[i] += 1.0
            progressed_at[i] = t
            worse[a] = i
            a += 1
    return worse[:a].copy()


@compiled(
    "UniTuple(f8[::1], 2)(i8[::1], i8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], b1[:, ::1], b1[:, ::1],"
    " f8[:, ::1], i8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, :, ::1])"
)
def effect_logs(
    who: Array,
    draw: Array,
    time: Array,
    progressed_at: Array,
    given_at: Array,
    ended_at: Array,
    given: Array,
    responds: Array,
    dose: Array,
    flags: Array,
    least: Array,
    times: Array,
    logs: Array,
) -> tuple[Array, Array]:
    """Log hazard ratio and log acceleration factor (m,) in force for `who`.

    Effects e: `flags` (effects, 6) are treatment, slows the clock, ends at progression, among responders, and where
    its steps begin and end in `times` (steps of all, draws); `logs` (effects, steps + 1, draws) are its values before,
    between and after them. It goes on after the treatment has ended if that was given for `least` (effects, draws).
    """
    factor, slowness = np.zeros(who.size), np.zeros(who.size)
    exposures, changes, values = least.shape[1] > 1, times.shape[1] > 1, logs.shape[2] > 1
    for m in range(who.size):
        i = who[m]
        d = draw[i]
        level, at, enough = d if values else 0, d if changes else 0, d if exposures else 0
        for e in range(flags.shape[0]):
            k = flags[e, 0]
            begun = given_at[k, i]
            if begun > time[i] or (flags[e, 3] and not responds[k, i]):
                continue
            # in the sum that ended the treatment, so that a planned end is as long as planned
            if (not given[k, i] and ended_at[k, i] < begun + least[e, enough]) or (
                flags[e, 2] and progressed_at[i] > begun
            ):
                continue
            step = 0
            # compared as absolute times, in the same sum that scheduled the change
            for s in range(flags[e, 4], flags[e, 5]):
                if time[i] >= begun + times[s, at]:
                    step += 1
            if flags[e, 1]:
                slowness[m] += dose[k, i] * logs[e, step, level]
            else:
                factor[m] += dose[k, i] * logs[e, step, level]
    return factor, slowness


@compiled(
    "void(i8[::1], i1[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1],"
    " f8[:, ::1], b1[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1])"
)
def add_values(
    patient: Array,
    state: Array,
    draw: Array,
    time: Array,
    when: Array,
    taus: Array,
    groups: Array,
    utility: Array,
    cost_per_time: Array,
    utility_changes: Array,
    costs_per_time: Array,
    given: Array,
    quality: Array,
    paid: Array,
    in_group: Array,
) -> None:
    """Add the values of the stretch from `time` to `when` (n,), as far as it lies before each of `taus`.

    `groups` (groups, states); `utility`, `cost_per_time` (states, draws), and what a treatment that is `given`
    (treatments, n) changes in them (treatments, draws). By patient: `quality`, `paid` (taus, patients), `in_group`
    (groups times taus, patients).
    """
    worth, cost = utility.shape[1] > 1, cost_per_time.shape[1] > 1
    more, dearer = utility_changes.shape[1] > 1, costs_per_time.shape[1] > 1
    for i in range(state.size):
        p, s, d, start = patient[i], state[i], draw[i], time[i]
        if not start < when[i]:
            continue
        value, rate = utility[s, d if worth else 0], cost_per_time[s, d if cost else 0]
        for k in range(given.shape[0]):
            if given[k, i]:
                value += utility_changes[k, d if more else 0]
                rate += costs_per_time[k, d if dearer else 0]
        for a in range(taus.size):
            spent = min(when[i], taus[a]) - start
            if spent <= 0.0:
                continue
            quality[a, p] += value * spent
            paid[a, p] += rate * spent
            for g in range(groups.shape[0]):
                in_group[g * taus.size + a, p] += groups[g, s] * spent


@compiled("f8[::1](i8[::1], i8[::1], f8[::1], f8[:, ::1], i8[::1], f8[:, ::1])")
def next_change(
    who: Array, draw: Array, time: Array, given_at: Array, treatment: Array, after: Array
) -> Array:
    """Soonest time (m,) that lies ahead of `who` and is `after` (changes, draws) the start of a `treatment` (changes,)."""
    soonest, many = np.full(who.size, np.inf), after.shape[1] > 1
    for m in range(who.size):
        i = who[m]
        d = draw[i] if many else 0
        for c in range(treatment.size):
            at = given_at[treatment[c], i] + after[c, d]
            if time[i] < at < soonest[m]:
                soonest[m] = at
    return soonest


@compiled("void(i8[::1], i8[::1], f8[::1], f8[::1], f8[::1])")
def stay_for(who: Array, patient: Array, time: Array, stay: Array, event_at: Array) -> None:
    """Set the event of `who` to the time from now that each patient of the block would `stay`."""
    for i in who:
        event_at[i] = time[i] + stay[patient[i]]


@compiled("Tuple((i8[::1], f8[::1]))(i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def revisit(
    who: Array,
    time: Array,
    factor: Array,
    slowness: Array,
    age: Array,
    since: Array,
    new_factor: Array,
    new_slowness: Array,
) -> tuple[Array, Array]:
    """Which of `who` have a factor or slowness other than the new ones (m,), and how old their clocks are now."""
    changed, old = np.empty(who.size, np.int64), np.empty(who.size)
    a = 0
    for m in range(who.size):
        i = who[m]
        if new_factor[m] != factor[i] or new_slowness[m] != slowness[i]:
            changed[a] = m
            old[a] = age[i] + (time[i] - since[i]) / slowness[i]
            a += 1
    return changed[:a].copy(), old[:a].copy()


@compiled("f8[::1](i8[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def budget_left(who: Array, budget: Array, factor: Array, before: Array, after: Array) -> Array:
    """What is left (m,) of the budgets of `who` after their cumulative hazards rose from `before` to `after` (m,)."""
    left = np.empty(who.size)
    for m in range(who.size):
        i = who[m]
        left[m] = max(budget[i] - factor[i] * (after[m] - before[i]), 0.0)
    return left


@compiled(
    "void(i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1],"
    " f8[::1], f8[::1], f8[::1])"
)
def run_clock(
    who: Array,
    time: Array,
    new_budget: Array,
    new_age: Array,
    new_used: Array,
    new_factor: Array,
    new_slowness: Array,
    reached: Array,
    budget: Array,
    age: Array,
    used: Array,
    factor: Array,
    slowness: Array,
    since: Array,
    event_at: Array,
) -> None:
    """Let clocks run on from now with new (m,) budgets, ages, cumulative hazards, factors and slownesses.

    `reached` (m,) is the age at which the budget will be spent.
    """
    for m in range(who.size):
        i = who[m]
        budget[i], age[i], used[i] = new_budget[m], new_age[m], new_used[m]
        factor[i], slowness[i], since[i] = new_factor[m], new_slowness[m], time[i]
        event_at[i] = time[i] + new_slowness[m] * max(reached[m] - new_age[m], 0.0)
