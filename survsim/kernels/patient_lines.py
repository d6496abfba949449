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
    """Those of `who` whose `threshold`, by patient, is not above their risk and who are not ill yet.

    `risk` is (m,), or (1,) where it is the same for all.
    """
    hit = np.empty(who.size, np.int64)
    each = 1 if risk.size > 1 else 0
    a = 0
    for m in range(who.size):
        i = who[m]
        hit[a] = i
        a += (threshold[patient[i]] <= risk[each * m]) & (ill_at[i] == np.inf)
    return hit[:a].copy()


@compiled("void(i8[::1], i8[::1], f8[::1], f8[::1], f8[::1], b1, f8[::1])")
def _wait_for(
    who: Array, draw: Array, time: Array, since: Array, low: Array, needs: bool, wait: Array
) -> None:
    """Lengthen `wait` until the time since `since` has reached `low`; for ever if it `needs` to have been and was not.

    `draw` (m,) as `who`.
    """
    many = low.size > 1
    for m in range(who.size):
        i = who[m]
        wait[m] = max(wait[m], low[draw[m] if many else 0] - (time[i] - since[i]))
        if needs and since[i] == -np.inf:
            wait[m] = np.inf


@compiled("void(i8[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1])")
def _rule_out(
    who: Array, draw: Array, time: Array, since: Array, low: Array, high: Array, wait: Array
) -> None:
    """Make `wait` infinite where ``low <= since <= high`` does not hold; with `time`, for the time since it then."""
    grows, lows, highs = time.size > 0, low.size > 1, high.size > 1
    for m in range(who.size):
        i, d = who[m], draw[m]
        value = time[i] - since[i] + wait[m] if grows else since[i]
        if not low[d if lows else 0] <= value <= high[d if highs else 0]:
            wait[m] = np.inf


@compiled("void(i8[::1], i1[::1], f8[::1], f8[::1])")
def _rule_out_words(who: Array, code: Array, words: Array, wait: Array) -> None:
    """Make `wait` infinite where the word of `code` is 0."""
    for m in range(who.size):
        if words[code[who[m]]] < 1.0:
            wait[m] = np.inf


@compiled("i8[::1](i8[::1], f8[::1], f8[::1], i1[::1], f8[::1], i1[::1])")
def _schedule(who: Array, time: Array, wait: Array, line: Array, start_at: Array, start_line: Array) -> Array:
    now, a = np.empty(who.size, np.int64), 0
    for m in range(who.size):
        i = who[m]
        start_at[i], start_line[i] = time[i] + wait[m], line[m]
        now[a] = i
        a += wait[m] == 0.0
    return now[:a].copy()


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
    best, choice = np.full(who.size, np.inf), np.zeros(who.size, np.int8)
    wait, here, stands = np.empty(who.size), np.arange(who.size), time[:0]
    own, anything = draw[who], np.full(1, -np.inf)
    start = 0
    for j in range(line_of.size):
        line, count = line_of[j], line_count[line_of[j]]
        for m in range(who.size):
            wait[m] = 0.0 if count[who[m]] < repeats[line] else np.inf
        for k in range(start, ends[j]):
            if kind[k] == GROWS or kind[k] == AFTER:
                _wait_for(who, own, time, history[subject[k]], low[k], kind[k] == AFTER, wait)
        for k in range(start, ends[j]):
            if kind[k] == GROWS or kind[k] == AFTER:
                _rule_out(who, own, time, history[subject[k]], anything, high[k], wait)
            elif kind[k] == STANDS:
                _rule_out(who, own, stands, history[subject[k]], low[k], high[k], wait)
            elif kind[k] == EXTRA:
                _rule_out(here, own, stands, extra[k], low[k], high[k], wait)
            elif kind[k] == LINE:
                _rule_out_words(who, line_status[subject[k]], words[k], wait)
            else:
                _rule_out_words(who, state if kind[k] == STATE else response, words[k], wait)
        start = ends[j]
        for m in range(who.size):
            if wait[m] < best[m]:
                best[m], choice[m] = wait[m], line
    return _schedule(who, time, best, choice, start_at, start_line)


@compiled(
    "void(i8[::1], i8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[:, ::1],"
    " f8[:, ::1], f8[:, ::1], f8[::1])"
)
def deliver(
    who: Array,
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
    before, where it is shorter, to `interval`.
    """
    long, doses = duration.size > 1, each.shape[1] > 1
    for i in who:
        share, length = 1.0, duration[draw[i] if long else 0]
        if length > 0.0:
            share = min((time[i] - begun[i]) / length, 1.0)
        # an interval is between two courses, so the end of the one before must still be known
        interval[i] = min(interval[i], begun[i] - radiation_ended_at[i])
        for r in range(fractions.size):
            if fractions[r] > 0.0:
                # the last fraction of a completed course must not be lost to rounding
                one = each[r, draw[i] if doses else 0]
                dose = math.floor(fractions[r] * share + 1e-9) * one
                total, square = dose_sum[r, i], dose_square_sum[r, i]
                dose_sum[r, i] = total + dose
                dose_square_sum[r, i] = square + dose * one
                course_dose[r, i] += dose_sum[r, i] - total
                course_square[r, i] += dose_square_sum[r, i] - square
        radiation_ended_at[i] = time[i]


@compiled("f8[:, ::1](i8[::1], i8[::1], f8[::1], f8[:, ::1], f8[:, ::1], f8[::1], f8[:, ::1], f8[:, ::1])")
def worst_dose(
    who: Array,
    draw: Array,
    kept: Array,
    dose_sum: Array,
    dose_square_sum: Array,
    alpha_beta: Array,
    more: Array,
    more_square: Array,
) -> Array:
    """Highest EQD2 in Gy over the regions for each alpha/beta, (alpha_betas, m).

    Of what was given a share `kept` (m,) counts; `more` (regions, draws) comes on top.
    """
    out = np.zeros((alpha_beta.size, who.size))
    many = more.shape[1] > 1
    for m in range(who.size):
        i = who[m]
        d = draw[i] if many else 0
        for r in range(dose_sum.shape[0]):
            total = kept[m] * dose_sum[r, i] + more[r, d]
            square = kept[m] * dose_square_sum[r, i] + more_square[r, d]
            for a in range(alpha_beta.size):
                dose = (square + alpha_beta[a] * total) / (2.0 + alpha_beta[a])
                out[a, m] = max(out[a, m], dose)
    return out


@compiled("i1[::1](i8[::1], f8[::1], i8, i8, i1[::1], i1[::1], i1[::1], i1[::1], f8[::1], f8[::1])")
def begin_line(
    who: Array,
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
    """Line `number` begins for `who`; how often (m,) it had been offered to each before."""
    before = np.empty(who.size, np.int8)
    for m in range(who.size):
        i = who[m]
        before[m] = line_count[i]
        running[i], line_status[i], start_at[i] = number, status, np.inf
        lines_started[i] += 1.0
        line_count[i] += 1
        line_given[i] += 1
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


@compiled("i8[::1](i8[::1], f8[::1], b1, i8[::1], b1[::1], f8[::1], f8[::1], b1[::1], f8[:, ::1])")
def take_off(
    who: Array,
    time: Array,
    acts: bool,
    calls_off: Array,
    given: Array,
    end_at: Array,
    ended_at: Array,
    revised: Array,
    toxicity_at: Array,
) -> Array:
    """A treatment ends for those of `who` who have it, and the toxicities that it `calls_off`; who had it."""
    had = np.empty(who.size, np.int64)
    a = 0
    for i in who:
        if not given[i]:
            continue
        given[i], end_at[i], ended_at[i] = False, np.inf, time[i]
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
