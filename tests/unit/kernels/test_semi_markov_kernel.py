"""The grid march against a hand-solved case and an obvious twin; it must also run without compilation."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.kernels import semi_markov

SOURCE, TARGET = np.array([0, 1]), np.array([1, 2])


def run(
    increments, *, source=SOURCE, target=TARGET, states=3, nodes=((1.0,),), weights=((1.0,),), frail=None
):
    rows, transitions, n = increments.shape
    left = np.isin(np.arange(states), source)
    entries = np.empty((rows, states, n))
    occupied = np.empty((rows, states, n + 1))
    entered = np.empty((rows, len(nodes[0]), states))
    semi_markov.courses(
        increments,
        source,
        target,
        np.zeros(transitions, bool) if frail is None else np.array(frail),
        left,
        np.ones(states, bool),
        np.ones(states, bool),
        np.eye(states)[0].copy(),
        np.array(nodes),
        np.array(weights),
        entries,
        occupied,
        entered,
    )
    return entries, occupied, entered


def test_two_cells_by_hand():
    """Half leave in each cell: 1/2 and 1/4 enter state 1; of those in the first cell 1/4 is through it already."""
    half = np.log(2.0)
    entries, occupied, _ = run(np.full((1, 2, 2), half))
    q = np.array([0.5, 0.25])
    np.testing.assert_allclose(entries[0, 1], q, rtol=1e-14)
    dead = [q[0] * 0.25, q[1] * 0.25 + q[0] * (0.25 + 0.125)]
    np.testing.assert_allclose(entries[0, 2], dead, rtol=1e-14)
    np.testing.assert_allclose(occupied[0, 0], [1, 0.5, 0.25], rtol=1e-14)
    np.testing.assert_allclose(occupied[0, 1], [0, 0.5 * 0.75, 0.25 * 0.75 + 0.5 * 0.375], rtol=1e-14)


def twin(increments, n):
    """Chain 0 -> 1 -> 2 written as the sums of the module's docstring."""
    leave = [np.exp(-np.concatenate([[0], np.cumsum(increments[t])])) for t in (0, 1)]
    q0, q1 = -np.diff(leave[0]), -np.diff(leave[1])
    dead = np.zeros(n)
    for m in range(n):
        for k in range(m + 1):
            dead[m] += q0[k] * 0.5 * (q1[m - k] + (q1[m - k - 1] if m > k else 0.0))
    return q0, dead


def test_the_obvious_twin():
    increments = np.random.default_rng(3).uniform(0.01, 0.4, size=(1, 2, 12))
    entries, occupied, _ = run(increments)
    first, second = twin(increments[0], 12)
    np.testing.assert_allclose(entries[0, 1], first, rtol=1e-13)
    np.testing.assert_allclose(entries[0, 2], second, rtol=1e-12)
    # Nobody is lost: entries of the last state are its occupancy and those before hold the rest.
    np.testing.assert_allclose(occupied[0].sum(axis=0), 1.0, atol=1e-13)


def test_nobody_is_lost_where_the_way_leads_back():
    increments = np.random.default_rng(4).uniform(0.01, 0.5, size=(2, 3, 10))
    _, occupied, _ = run(
        increments,
        source=np.array([0, 1, 1]),
        target=np.array([1, 0, 2]),
        nodes=[[0.5, 1.7], [0.4, 2.0]],
        weights=[[0.6, 0.4], [0.5, 0.5]],
        frail=[True, False, True],
    )
    np.testing.assert_allclose(occupied.sum(axis=1), 1.0, atol=1e-12)


def test_those_who_enter_beyond_the_grid_are_counted_by_the_last_hazards():
    rates = np.array([0.3, 0.1])[None, :, None] * np.full((1, 2, 5), 0.2)
    _, _, entered = run(rates, source=np.array([0, 0]), target=np.array([1, 2]))
    assert entered[0, 0, 1] == pytest.approx(0.75, abs=1e-12)
    assert entered[0, 0, 2] == pytest.approx(0.25, abs=1e-12)
