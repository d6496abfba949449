"""Tabulation against a slow obvious twin: entry < t <= time, events before censorings."""

import numpy as np
import pytest

from survsim.kernels import risk_set


def slow_table(time, event, entry, weight):
    at = sorted(set(time.tolist()))
    rows = []
    for t in at:
        risk = sum(w for x, s, w in zip(time, entry, weight) if s < t <= x)
        d = sum(w for x, e, w in zip(time, event, weight) if x == t and e)
        c = sum(w for x, e, w in zip(time, event, weight) if x == t and not e)
        rows.append((t, risk, d, c))
    return np.array(rows, float).T


def sample(rng, n, whole):
    time = rng.integers(0, 12, n).astype(float)
    if not whole:
        time += 0.25 * rng.integers(0, 3, n)
    return time, rng.random(n) < rng.choice([0.0, 0.4, 1.0])


@pytest.mark.parametrize("n", [1, 2, 7, 60])
@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_general_table_equals_slow_twin(n, delayed, weighted):
    rng = np.random.default_rng(n)
    for _ in range(10):
        time, event = sample(rng, n, whole=False)
        entry = time - rng.integers(1, 6, n) if delayed else np.full(n, -1.0)
        weight = rng.uniform(0.5, 2, n) if weighted else np.ones(n)
        got = risk_set.tabulate(time, event, entry if delayed else None, weight if weighted else None)
        np.testing.assert_allclose(got, slow_table(time, event, entry, weight), atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_fast_tables_equal_the_general_one(n):
    rng = np.random.default_rng(10 + n)
    for _ in range(20):
        time, event = sample(rng, n, whole=False)
        fast = risk_set.tabulate_sorted(*risk_set.unpack(risk_set.packed_sort(time, event)))
        np.testing.assert_array_equal(fast, risk_set.tabulate(time, event))
        time, event = sample(rng, n, whole=True)
        np.testing.assert_array_equal(
            risk_set.tabulate_counts(risk_set.whole_counts(time, event)), risk_set.tabulate(time, event)
        )


def test_counting_in_blocks_adds_up(monkeypatch):
    rng = np.random.default_rng(3)
    time, event = rng.integers(0, 5, 1000).astype(float), rng.random(1000) < 0.5
    whole = risk_set.tabulate_counts(risk_set.whole_counts(time, event))
    monkeypatch.setattr(risk_set, "BLOCK", 64)
    np.testing.assert_array_equal(risk_set.tabulate_counts(risk_set.whole_counts(time, event)), whole)


def test_packed_sort_is_lossless_and_puts_events_first():
    time = np.array([3.0, 0.1, 3.0, 0.0, 1e300, 5e-324])
    event = np.array([False, True, True, False, True, True])
    back, seen = risk_set.unpack(risk_set.packed_sort(time, event))
    np.testing.assert_array_equal(back, np.sort(time))
    assert seen.tolist() == [False, True, True, True, False, True]


@pytest.mark.parametrize(("n", "groups"), [(1, 1), (5, 2), (80, 3), (400, 8)])
def test_group_counts_agree_on_every_path(n, groups):
    rng = np.random.default_rng(n)
    for _ in range(20):
        time, event = sample(rng, n, whole=False)
        codes = rng.integers(0, groups, n)
        slow = risk_set.group_counts(time, event, None, codes, groups)
        fast = risk_set.group_counts_sorted(time, event, codes, groups)
        np.testing.assert_array_equal(slow[0], fast[0])
        np.testing.assert_array_equal(slow[1], fast[1])
        time = np.floor(time)
        slow = risk_set.group_counts(time, event, None, codes, groups)
        counted = risk_set.group_counts_whole(time, event, codes, groups)
        np.testing.assert_array_equal(slow[0], counted[0])
        np.testing.assert_array_equal(slow[1], counted[1])
