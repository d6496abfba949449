"""Compiled steps of treatment lines: which may start, what starts with them, what ends them, what was delivered.

As in `patient_step`, patients are the last axis of every array and `who` holds positions in it; the last axis of
numbers of a plan is draws, one where all draws have the same, and `draw` is the draw of each patient.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.kernels._jit import compiled

Array = NDArray[Any]

STANDS, GROWS, AFTER, STATE, LINE, RESPONSE, EXTRA = range(7)
"""What a clause of a start condition looks at: a row of history as it is, the time since it, the time since it if it
ever was (it never was at minus infinity), a word, or a row of `extra`."""


@compiled("i8[::1](i8[::1], i1[::1], i1[:, ::1], i8[::1])")
def between_lines(who: Array, running: Array, line_count: Array, repeats: Array) -> Array:
    """Those of `who` whom no line runs for and to whom one may still be offered."""
    waiting = np.empty(who.size, np.int64)
    a = 0
    for i in who:
        left = False
        for line in range(repeats.size):
            left = left or line_count[line, i] < repeats[line]
        waiting[a] = i
        a += (running[i] < 0) & left
    return waiting[:a].copy()


@compiled("i8[::1](i8[::1], i8[::1], f8[::1], f8[::1], f8[::1])")
def falls_ill(who: Array, patient: Array, threshold: Array, risk: Array, ill_at: Array) -> Array:
    """Those of `who` whose `threshold` is not above their `risk` (m,) and who are not ill yet; `threshold`, `ill_at` by patient."""
    hit = np.empty(who.size, np.int64)
    a = 0
    for m in range(who.size):
        i = who[m]
        hit[a] = i
        p = patient[i]
        a += (threshold[p] <= risk[m]) & (ill_at[p] == np.inf)
    return hit[:a].copy()


@compiled(
    "i8[::1](i8[::1], i8[::1], f8[::1], f8[:, ::1], i1[::1], i1[:, ::1], i1[::1], i1[:, ::1], i8[::1], i8[::1], i8[::1],"
    " i8[::1], i8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[:, ::1], f8[::1], i1[::1])"
)
def next_line(
    who: Array,
    draw: Array,
    time: Array,
    history: Array,
    state: Array,
    line_status: Array,
    response: Array,
    line_count: Array,
    repeats: Array,
    line_of: Array,
    ends: Array,
    kind: Array,
    subject: Array,
    low: Array,
    high: Array,
    words: Array,
    extra: Array,
    start_at: Array,
    start_line: Array,
) -> Array:
    """Set when the next line of `who` starts, infinity where none can as things stand, and which; who starts now.

    Alternative j is for line `line_of[j]` and holds when clauses `ends[j - 1]` to `ends[j] - 1` hold together:
    low <= value <= high, where values of kind `GROWS` or `AFTER` rise by one per unit of time and the others stand still.
    `low` and `high` are (clauses, draws); `words` (clauses, w) turns codes into 0 and 1; `extra` (clauses, m) holds
    values made elsewhere. The first of equals wins.
    """
    now, a = np.empty(who.size, np.int64), 0
    lows, highs = low.shape[1] > 1, high.shape[1] > 1
    for m in range(who.size):
        i = who[m]
        d, end, best, choice = draw[i], 0, np.inf, 0
        for j in range(line_of.size):
            begin, end, line, wait = end, ends[j], line_of[j], 0.0
            if line_count[line, i] >= repeats[line]:
                continue
            for k in range(begin, end):
                if kind[k] == GROWS or kind[k] == AFTER:
                    since = history[subject[k], i]
                    wait = max(wait, low[k, d if lows else 0] - (time[i] - since))
                    wait = np.inf if kind[k] == AFTER and since == -np.inf else wait
            # what cannot be sooner need not be looked at
            holds, k = wait < best, begin
            while holds and k < end:
                top = high[k, d if highs else 0]
                if kind[k] == GROWS or kind[k] == AFTER:
                    holds = time[i] - history[subject[k], i] + wait <= top
                elif kind[k] == STANDS:
                    holds = low[k, d if lows else 0] <= history[subject[k], i] <= top
                elif kind[k] == EXTRA:
                    holds = low[k, d if lows else 0] <= extra[k, m] <= top
                elif kind[k] == LINE:
                    holds = words[k, line_status[subject[k], i]] >= 1.0
                else:
                    holds = words[k, state[i] if kind[k] == STATE else response[i]] >= 1.0
                k += 1
            if holds:
                best, choice = wait, line
        start_at[i], start_line[i] = time[i] + best, choice
        now[a] = i
        a += best == 0.0
    return now[:a].copy()


@compiled(
    "void(i8[::1], i8[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1],"
    " f8[:, ::1], f8[:, ::1], f8[::1])"
)
def deliver(
    who: Array,
    patient: Array,
    draw: Array,
    time: Array,
    begun: Array,
    radiation_ended_at: Array,
    duration: Array,
    fractions: Array,
    each: Array,
    dose_sum: Array,
    dose_square_sum: Array,
    course_dose: Array,
    course_square: Array,
    interval: Array,
) -> None:
    """Add the whole fractions that `who` got between `begun` and `time` to each region of the cord.

    `fractions` (regions,) planned fractions, `each` (regions, draws) their dose in Gy, over a course of length
    `duration` (draws,). What the sums rise by goes to the course (regions, n) as well, and the time since the course
    before, where it is shorter, to `interval`. Sums, course and interval are by patient, not by position.
    """
    long, doses = duration.size > 1, each.shape[1] > 1
    for i in who:
        p, share, length = patient[i], 1.0, duration[draw[i] if long else 0]
        if length > 0.0:
            share = min((time[i] - begun[i]) / length, 1.0)
        # an interval is between two courses, so the end of the one before must still be known
        interval[p] = min(interval[p], begun[i] - radiation_ended_at[i])
        for r in range(fractions.size):
            if fractions[r] > 0.0:
                # the last fraction of a completed course must not be lost to rounding
                one = each[r, draw[i] if doses else 0]
                dose = math.floor(fractions[r] * share + 1e-9) * one
                total, square = dose_sum[r, p], dose_square_sum[r, p]
                dose_sum[r, p] = total + dose
                dose_square_sum[r, p] = square + dose * one
                course_dose[r, p] += dose_sum[r, p] - total
                course_square[r, p] += dose_square_sum[r, p] - square
        radiation_ended_at[i] = time[i]


@compiled(
    "f8[:, ::1](i8[::1], i8[::1], i8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[::1], f8[:, ::1], f8[:, ::1])"
)
def worst_dose(
    who: Array,
    patient: Array,
    draw: Array,
    kept: Array,
    dose_sum: Array,
    dose_square_sum: Array,
    alpha_beta: Array,
    more: Array,
    more_square: Array,
) -> Array:
    """Highest EQD2 in Gy over the regions for each alpha/beta, (alpha_betas, m).

    Of what was given, by patient, a share `kept` (m,) counts; `more` (regions, draws) comes on top.
    """
    out = np.zeros((alpha_beta.size, who.size))
    many = more.shape[1] > 1
    for m in range(who.size):
        i = who[m]
        p, d = patient[i], draw[i] if many else 0
        for r in range(dose_sum.shape[0]):
            total = kept[m] * dose_sum[r, p] + more[r, d]
            square = kept[m] * dose_square_sum[r, p] + more_square[r, d]
            for a in range(alpha_beta.size):
                dose = (square + alpha_beta[a] * total) / (2.0 + alpha_beta[a])
                out[a, m] = max(out[a, m], dose)
    return out


@compiled("f8[::1](f8[:, :, ::1], f8[:, :, ::1], f8)")
def worst_of_courses(dose: Array, square: Array, alpha_beta: float) -> Array:
    """EQD2 in Gy (n,) of all courses together in the region that had most.

    `dose`, `square` (courses, regions, n) are Gy, and Gy times the dose per fraction.
    """
    courses, regions, n = dose.shape
    worst, here = np.zeros(n), np.empty(512)
    # pieces that stay in the nearest cache
    for begin in range(0, n, 512):
        m = min(512, n - begin)
        for r in range(regions):
            here[:] = 0.0
            for c in range(courses):
                gray, squared = dose[c, r, begin : begin + m], square[c, r, begin : begin + m]
                for i in range(m):
                    here[i] += (squared[i] + alpha_beta * gray[i]) / (2.0 + alpha_beta)
            for i in range(m):
                worst[begin + i] = max(worst[begin + i], here[i])
    return worst


@compiled("Tuple((u1[::1], f8[::1]))(f8[::1])")
def few_values(values: Array) -> tuple[Array, Array]:
    """Which of a few different values each is (n,), and these; none where there are more than 128.

    What was delivered is whole fractions, so that many patients share few doses, and a costly function need not be
    asked for each.
    """
    most, table, slot = 128, np.empty(128), np.full(512, -1, np.int16)
    codes, bits = np.empty(values.size, np.uint8), values.view(np.uint64)
    found = 0
    for i in range(values.size):
        # doses differ in their first digits: exponent and early bits of the fraction, folded
        place = (bits[i] >> np.uint64(52)) ^ (bits[i] >> np.uint64(43)) ^ (bits[i] >> np.uint64(34))
        place &= np.uint64(511)
        while slot[place] >= 0 and table[slot[place]] != values[i]:
            place = (place + np.uint64(1)) & np.uint64(511)
        if slot[place] < 0:
            if found == most:
                return codes, table[:0].copy()
            slot[place], table[found] = found, values[i]
            found += 1
        codes[i] = slot[place]
    return codes, table[:found].copy()


@compiled("i1[::1](f8[:, :, ::1])")
def courses_that_met(dose: Array) -> Array:
    """In how many of the courses of `dose` (courses, regions, n) the region that had most of them was (n,)."""
    courses, regions, n = dose.shape
    most, here = np.zeros(n, np.int8), np.empty(512, np.int8)
    for begin in range(0, n, 512):
        m = min(512, n - begin)
        for r in range(regions):
            here[:] = 0
            for c in range(courses):
                gray = dose[c, r, begin : begin + m]
                for i in range(m):
                    here[i] += gray[i] > 0.0
            for i in range(m):
                most[begin + i] = max(most[begin + i], here[i])
    return most


@compiled("i1[::1](i8[::1], i8[::1], f8[::1], i8, i8, i1[::1], i1[::1], i1[::1], f8[::1], f8[::1], f8[::1])")
def begin_line(
    who: Array,
    patient: Array,
    time: Array,
    number: int,
    status: int,
    running: Array,
    line_status: Array,
    line_count: Array,
    line_given: Array,
    start_at: Array,
    lines_started: Array,
) -> Array:
    """Line `number` begins for `who`; how often (m,) it had been offered to each before. `line_given` is by patient."""
    before = np.empty(who.size, np.int8)
    for m in range(who.size):
        i = who[m]
        before[m] = line_count[i]
        running[i], line_status[i], start_at[i] = number, status, np.inf
        lines_started[i] += 1.0
        line_count[i] += 1
        line_given[patient[i]] += 1.0
    return before


@compiled(
    "i1[::1](i8[::1], i8[::1], f8[::1], f8[::1], b1, b1[::1], f8[::1], f8[::1], f8[::1], b1[::1], i1[::1])"
)
def give(
    who: Array,
    draw: Array,
    time: Array,
    duration: Array,
    acts: bool,
    given: Array,
    given_at: Array,
    end_at: Array,
    dose: Array,
    revised: Array,
    times_given: Array,
) -> Array:
    """A treatment of `duration` (draws,) begins for `who`, in full dose; how often (m,) each had begun it before."""
    before = np.empty(who.size, np.int8)
    many = duration.size > 1
    for m in range(who.size):
        i = who[m]
        before[m] = times_given[i]
        times_given[i] += 1
        given[i], given_at[i], end_at[i] = True, time[i], time[i] + duration[draw[i] if many else 0]
        dose[i] = 1.0
        if acts:
            revised[i] = True
    return before


@compiled("i8[::1](i8[::1], f8[::1], b1, i8[::1], b1[::1], f8[::1], f8[::1], i1[::1], b1[::1], f8[:, ::1])")
def take_off(
    who: Array,
    time: Array,
    acts: bool,
    calls_off: Array,
    given: Array,
    end_at: Array,
    ended_at: Array,
    times_ended: Array,
    revised: Array,
    toxicity_at: Array,
) -> Array:
    """A treatment ends for those of `who` who have it, and the toxicities that it `calls_off`; who had it.

    `times_ended` counts how often it ended in this manner.
    """
    had = np.empty(who.size, np.int64)
    a = 0
    for i in who:
        if not given[i]:
            continue
        given[i], end_at[i], ended_at[i] = False, np.inf, time[i]
        times_ended[i] += 1
        if acts:
            revised[i] = True
        for x in calls_off:
            toxicity_at[x, i] = np.inf
        had[a] = i
        a += 1
    return had[:a].copy()


@compiled("void(i8[::1], f8[::1], i8, i8, i8[::1], b1[:, ::1], i1[::1], i1[::1], f8[::1], f8[::1])")
def close_line(
    who: Array,
    time: Array,
    number: int,
    status: int,
    treatments: Array,
    given: Array,
    running: Array,
    line_status: Array,
    line_ended_at: Array,
    choice_at: Array,
) -> None:
    """Line `number` is over, with `status`, for those of `who` whose line it is and who have none of its treatments."""
    for i in who:
        if running[i] != number:
            continue
        left = False
        for k in treatments:
            left = left or given[k, i]
        if not left:
            running[i], line_status[i], line_ended_at[i], choice_at[i] = -1, status, time[i], np.inf
