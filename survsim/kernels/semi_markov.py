"""A small semi-Markov course on a grid: entries into states, occupancy, mixed over a shared frailty.

Time is cut into n cells. The hazards of a state run on the clock since its entry and come as increments of the
cumulative hazard per cell, so the mass that leaves in a cell is exact; where in its cell an entry fell is taken as
uniform. Entering in cell k and staying l cells ends, half and half, in cells k + l and k + l + 1:

    E_j[m] = direct_j[m] + sum_{i -> j} sum_{k <= m} E_i[k] (q_ij[m - k] + q_ij[m - k - 1]) / 2.

The error is of second order in the width of a cell, so two grids and Richardson's extrapolation give the fourth.
Cycles (progressed, controlled again, progressed) need nothing special: entries only move forwards in time.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.kernels._jit import compiled

Array = NDArray[Any]

SWEEPS = 12
"""Passes that settle moves within one cell: enough for any chain of states, and each shrinks a cycle's rest by q / 2."""


@compiled("void(f8[:, ::1], i8[::1], b1[::1], b1[::1], f8, f8[:, ::1], f8[:, ::1])")
def _leave(
    increments: Array, source: Array, frail: Array, left: Array, z: float, stay: Array, leaves: Array
) -> None:
    """Survival of a stay (S, n + 1) and the mass (T, n) that leaves by each transition in each cell of it."""
    n = increments.shape[1]
    for i in range(stay.shape[0]):
        stay[i, :] = 1.0
        if not left[i]:
            continue
        passed = 0.0
        for cell in range(n):
            step = 0.0
            for t in range(source.size):
                if source[t] == i:
                    step += increments[t, cell] * (z if frail[t] else 1.0)
            passed += step
            stay[i, cell + 1] = math.exp(-passed)
            gone = stay[i, cell] - stay[i, cell + 1]
            for t in range(source.size):
                if source[t] == i:
                    own = increments[t, cell] * (z if frail[t] else 1.0)
                    leaves[t, cell] = gone * own / step if step > 0.0 else 0.0


@compiled("void(f8[:, ::1], i8[::1], i8[::1], f8[:, ::1], i8, f8[::1])")
def _settle(halves: Array, source: Array, target: Array, entries: Array, m: int, now: Array) -> None:
    """Entries `now` (S,) of cell m, with the moves that begin and end within it."""
    for i in range(now.size):
        now[i] = entries[i, m]
    for _ in range(SWEEPS):
        change = 0.0
        for j in range(now.size):
            value = entries[j, m]
            for t in range(source.size):
                if target[t] == j:
                    value += now[source[t]] * halves[t, 0]
            change += abs(value - now[j])
            now[j] = value
        if change < 1e-15:
            break


@compiled("void(f8[:, ::1], i8[::1], i8[::1], b1[::1], b1[::1], f8[::1], f8[:, ::1], f8[:, ::1])")
def _first(
    leaves: Array,
    source: Array,
    target: Array,
    left: Array,
    wanted: Array,
    start: Array,
    halves: Array,
    entries: Array,
) -> None:
    """Entries (S, n) straight from the start, and the two-cell means (T, n) by which later ones follow."""
    entries[:, :] = 0.0
    for t in range(source.size):
        if not (wanted[target[t]] and left[source[t]]):
            halves[t, :] = 0.0
            continue
        halves[t, 0] = 0.5 * leaves[t, 0]
        for m in range(1, halves.shape[1]):
            halves[t, m] = 0.5 * (leaves[t, m] + leaves[t, m - 1])
        for m in range(halves.shape[1]):
            entries[target[t], m] += start[source[t]] * leaves[t, m]


@compiled("void(f8[:, ::1], f8[:, ::1], i8[::1], i8[::1], b1[::1], b1[::1], f8[::1], f8[:, ::1], f8[:, ::1])")
def _march(
    stay: Array,
    halves: Array,
    source: Array,
    target: Array,
    wanted: Array,
    occupies: Array,
    start: Array,
    entries: Array,
    occupied: Array,
) -> None:
    """Carry the first entries on through the grid, and count who is where."""
    states, n = entries.shape
    now = np.empty(states)
    for i in range(states):
        for m in range(n + 1):
            occupied[i, m] = start[i] * stay[i, m]
    for m in range(n):
        _settle(halves, source, target, entries, m, now)
        for i in range(states):
            entries[i, m] = now[i]
            if occupies[i] and now[i] != 0.0:
                for later in range(m + 1, n + 1):
                    occupied[i, later] += now[i] * 0.5 * (stay[i, later - m - 1] + stay[i, later - m])
        for t in range(source.size):
            mass = now[source[t]]
            if mass != 0.0 and wanted[target[t]]:
                for later in range(m + 1, n):
                    entries[target[t], later] += mass * halves[t, later - m]


@compiled(
    "void(f8[:, :, ::1], i8[::1], i8[::1], b1[::1], b1[::1], b1[::1], b1[::1], f8[::1], f8[:, ::1], f8[:, ::1],"
    " f8[:, :, ::1], f8[:, :, ::1], f8[:, :, ::1])"
)
def courses(
    increments: Array,
    source: Array,
    target: Array,
    frail: Array,
    left: Array,
    wanted: Array,
    occupies: Array,
    start: Array,
    nodes: Array,
    weights: Array,
    entries: Array,
    occupied: Array,
    entered: Array,
) -> None:
    """Courses of many parameter sets, each mixed over its frailty nodes.

    Parameters
    ----------
    increments : (R, T, n) cumulative hazard of each transition in each cell of a stay.
    source, target, frail : (T,) state numbers of each transition, and whether the frailty multiplies it.
    left : (S,) states that can be left, of those that matter; wanted : (S,) states whose entries are asked for, with all
        states on the way to them; occupies : (S,) states whose occupancy is.
    start : (S,) distribution at time 0.
    nodes, weights : (R, Q) of the frailty; weights need not sum to 1.
    entries, occupied, entered : (R, S, n), (R, S, n + 1) and (R, Q, S), filled: mass entering in each cell, mass there
        at each of the n + 1 times, and by node what enters in all, beyond the last cell by the shares of hazard in it.
    """
    rows, transitions, n = increments.shape
    states = left.size
    stay, leaves = np.empty((states, n + 1)), np.zeros((transitions, n))
    halves, came, there = np.empty((transitions, n)), np.empty((states, n)), np.empty((states, n + 1))
    for r in range(rows):
        entries[r] = 0.0
        occupied[r] = 0.0
        for q in range(nodes.shape[1]):
            z, w = nodes[r, q], weights[r, q]
            _leave(increments[r], source, frail, left, z, stay, leaves)
            _first(leaves, source, target, left, wanted, start, halves, came)
            _march(stay, halves, source, target, wanted, occupies, start, came, there)
            for i in range(states):
                total = 0.0
                for m in range(n):
                    entries[r, i, m] += w * came[i, m]
                    total += came[i, m]
                for m in range(n + 1):
                    occupied[r, i, m] += w * there[i, m]
                entered[r, q, i] = total
            for t in range(transitions):
                i, step, own = source[t], 0.0, 0.0
                for other in range(transitions):
                    if source[other] == i:
                        step += increments[r, other, n - 1] * (z if frail[other] else 1.0)
                own = increments[r, t, n - 1] * (z if frail[t] else 1.0)
                if step > 0.0:
                    entered[r, q, target[t]] += there[i, n] * own / step
