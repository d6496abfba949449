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


@compiled("void(f8[:, ::1], i8[::1], i8[::1], b1[::1], b1[::1], f8, f8[:, ::1], f8[:, ::1], f8[:, ::1])")
def _leave(
    increments: Array,
    live: Array,
    source: Array,
    frail: Array,
    left: Array,
    z: float,
    gone: Array,
    stay: Array,
    leaves: Array,
) -> None:
    """Survival of a stay (S, n + 1) and the mass (T, n) that leaves by each live transition in each cell of it."""
    states, n = stay.shape[0], increments.shape[1]
    gone[:, :] = 0.0
    for t in range(source.size):
        if not left[source[t]]:
            continue
        factor = z if frail[t] else 1.0
        for cell in range(n):
            gone[source[t], cell] += factor * increments[t, cell]
    for i in range(states):
        if not left[i]:
            stay[i, :] = 1.0
            continue
        stay[i, 0] = 1.0
        last, ratio = -1.0, 1.0
        for cell in range(n):
            step = gone[i, cell]
            # A constant hazard needs its exponential once; widths of cells differ in their last bits.
            if abs(step - last) > 1e-13 * step:
                last, ratio = step, math.exp(-step)
            stay[i, cell + 1] = stay[i, cell] * ratio
            gone[i, cell] = (stay[i, cell] - stay[i, cell + 1]) / step if step > 0.0 else 0.0
    for t in live:
        factor = z if frail[t] else 1.0
        for cell in range(n):
            leaves[t, cell] = factor * gone[source[t], cell] * increments[t, cell]


@compiled("void(f8[:, ::1], i8[::1], i8[::1], i8[::1], f8[:, ::1], i8, f8[:, ::1])")
def _settle(
    halves: Array, live: Array, source: Array, target: Array, entries: Array, m: int, now: Array
) -> None:
    """Entries (S,) of cell m into the first row of `now`, with the moves that begin and end within it."""
    states = entries.shape[0]
    for i in range(states):
        now[0, i] = entries[i, m]
    for _ in range(SWEEPS):
        for i in range(states):
            now[1, i] = entries[i, m]
        for t in live:
            now[1, target[t]] += now[0, source[t]] * halves[t, 0]
        change = 0.0
        for i in range(states):
            change += abs(now[1, i] - now[0, i])
            now[0, i] = now[1, i]
        if change < 1e-15:
            break


@compiled("void(f8[:, ::1], i8[::1], i8[::1], i8[::1], f8[::1], f8[:, ::1], f8[:, ::1])")
def _first(
    leaves: Array, live: Array, source: Array, target: Array, start: Array, halves: Array, entries: Array
) -> None:
    """Entries (S, n) straight from the start, and the two-cell means (T, n) by which later ones follow."""
    entries[:, :] = 0.0
    for t in live:
        halves[t, 0] = 0.5 * leaves[t, 0]
        for m in range(1, halves.shape[1]):
            halves[t, m] = 0.5 * (leaves[t, m] + leaves[t, m - 1])
        for m in range(halves.shape[1]):
            entries[target[t], m] += start[source[t]] * leaves[t, m]


@compiled("void(f8[:, ::1], f8[:, ::1], i8[::1], i8[::1], i8[::1], b1[::1], f8[::1], f8[:, ::1], f8[:, ::1])")
def _march(
    stay: Array,
    halves: Array,
    live: Array,
    source: Array,
    target: Array,
    occupies: Array,
    start: Array,
    entries: Array,
    occupied: Array,
) -> None:
    """Carry the first entries on through the grid, and count who is where."""
    states, n = entries.shape
    now, still = np.empty((2, states)), np.empty((states, n))
    for i in range(states):
        for m in range(n + 1):
            occupied[i, m] = start[i] * stay[i, m]
        if occupies[i]:
            for m in range(n):
                still[i, m] = 0.5 * (stay[i, m] + stay[i, m + 1])
    for m in range(n):
        _settle(halves, live, source, target, entries, m, now)
        for i in range(states):
            mass = now[0, i]
            entries[i, m] = mass
            if occupies[i] and mass != 0.0:
                for d in range(n - m):
                    occupied[i, m + 1 + d] += mass * still[i, d]
        for t in live:
            mass, j = now[0, source[t]], target[t]
            if mass != 0.0:
                for d in range(n - m - 1):
                    entries[j, m + 1 + d] += mass * halves[t, 1 + d]


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
    stay, leaves, gone = np.empty((states, n + 1)), np.empty((transitions, n)), np.empty((states, n))
    # Transitions whose source is left and whose target matters: the others only empty their source.
    live = np.flatnonzero(left[source] & wanted[target])
    halves, came, there = np.empty((transitions, n)), np.empty((states, n)), np.empty((states, n + 1))
    for r in range(rows):
        entries[r] = 0.0
        occupied[r] = 0.0
        for q in range(nodes.shape[1]):
            z, w = nodes[r, q], weights[r, q]
            _leave(increments[r], live, source, frail, left, z, gone, stay, leaves)
            _first(leaves, live, source, target, start, halves, came)
            _march(stay, halves, live, source, target, occupies, start, came, there)
            for i in range(states):
                total = 0.0
                if wanted[i]:
                    for m in range(n):
                        entries[r, i, m] += w * came[i, m]
                        total += came[i, m]
                if occupies[i]:
                    for m in range(n + 1):
                        occupied[r, i, m] += w * there[i, m]
                entered[r, q, i] = total
            for t in live:
                i, step = source[t], 0.0
                for other in range(transitions):
                    if source[other] == i:
                        step += increments[r, other, n - 1] * (z if frail[other] else 1.0)
                if step > 0.0:
                    own = increments[r, t, n - 1] * (z if frail[t] else 1.0)
                    entered[r, q, target[t]] += there[i, n] * own / step
