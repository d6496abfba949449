"""Sums along paths against slow obvious twins."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.kernels.patient_values import add_once, add_pieces, add_stays, add_stretch, add_to_all

N, STATES, DRAWS = 60, 3, 2
TAUS = np.array([4.0, 9.0])
FORCE = 0.03


def until(t):
    return (1.0 - np.exp(-FORCE * np.asarray(t))) / FORCE


@pytest.fixture
def block():
    rng = np.random.default_rng(7)
    since = rng.uniform(0.0, 8.0, N)
    who = np.sort(rng.permutation(N)[:40]).astype(np.int64)
    return {
        "rng": rng,
        "who": who,
        "state": rng.integers(0, STATES, N).astype(np.int8),
        "draw": rng.integers(0, DRAWS, N).astype(np.int64),
        "since": since,
        "when": since[who] + rng.choice([0.0, 1.0], who.size, p=[0.2, 0.8]) * rng.uniform(0.0, 6.0, who.size),
        "given": rng.random((3, N)) < 0.5,
        "acts": np.array([[0, 0], [2, 1]], dtype=np.int64),  # the second while any of two is given
    }


def worth(block, rate, extra, i):
    """What a patient's state is worth per unit of time now."""
    s, d = block["state"][i], block["draw"][i]
    added = sum(
        extra[s * 2 + k, d] for k, any_of in enumerate(block["acts"]) if block["given"][any_of, i].any()
    )
    return rate[s, d] + added


def test_stretches(block):
    rng, outcomes = block["rng"], 2
    rate, extra = rng.normal(size=(outcomes, STATES, DRAWS)), rng.normal(size=(outcomes, STATES * 2, DRAWS))
    plain, discounted = np.zeros((N, outcomes * 2)), np.zeros((N, outcomes * 2))
    patient = rng.permutation(N).astype(np.int64)  # arrays of sums are by patient of the block
    since = np.empty(N)
    since[patient] = block["since"]
    before = until(since)[None].copy()
    add_stretch(
        block["who"], patient, block["state"], block["draw"], since, block["when"], TAUS, rate, extra, block["acts"], block["given"],
        np.array([0, -1]), before, until(block["when"])[None], until(TAUS)[None], plain, discounted,
    )  # fmt: skip
    for o in range(outcomes):
        for a, tau in enumerate(TAUS):
            expected, late = np.zeros(N), np.zeros(N)
            for m, i in enumerate(block["who"]):
                low, high = min(block["since"][i], tau), min(block["when"][m], tau)
                expected[i] = worth(block, rate[o], extra[o], i) * (high - low)
                late[i] = worth(block, rate[o], extra[o], i) * (until(high) - until(low))
            assert plain[patient, o * 2 + a] == pytest.approx(expected)
            assert discounted[patient, o * 2 + a] == pytest.approx(late if o == 0 else np.zeros(N))
    assert since[patient[block["who"]]] == pytest.approx(block["when"])
    assert before[0, patient[block["who"]]] == pytest.approx(until(block["when"]))


def test_everybody_at_once_comes_to_the_same_bits(block):
    rng, outcomes = block["rng"], 2
    rate, amount = rng.normal(size=(outcomes, 1, DRAWS)), rng.normal(size=(outcomes, 1, DRAWS))
    start = block["since"]
    end = start + rng.choice([0.0, 1.0], N, p=[0.2, 0.8]) * rng.uniform(0.0, 6.0, N)
    everybody, state, row = np.arange(N), np.zeros(N, dtype=np.int8), np.zeros(N, dtype=np.int64)
    counts, discount = rng.random(N) < 0.5, np.array([0, -1])
    one, other = np.zeros((2, N, outcomes * 2)), np.zeros((2, 2, outcomes, N))
    since, before = start.copy(), until(start)[None].copy()
    add_stretch(
        everybody, everybody, state, block["draw"], since, end, TAUS, rate, np.zeros((outcomes, 0, 1)), np.zeros((0, 1), dtype=np.int64),
        block["given"], discount, before, until(end)[None], until(TAUS)[None], *one,
    )  # fmt: skip
    who, weight = counts.nonzero()[0], np.exp(-FORCE * end)[None]
    add_once(
        who, everybody, row[who], block["draw"], end, TAUS, amount, discount, np.ascontiguousarray(weight[:, who]), *one
    )  # fmt: skip
    for a, tau in enumerate(TAUS):
        add_stays(
            block["draw"], start, end, tau, rate[:, 0].copy(), discount, until(start)[None], until(end)[None],
            until(TAUS)[[a]], other[0, a], other[1, a],
        )  # fmt: skip
        add_to_all(
            block["draw"], counts, end, tau, amount[:, 0].copy(), discount, weight, other[0, a], other[1, a]
        )  # fmt: skip
        for which in (0, 1):
            np.testing.assert_array_equal(one[which][:, a::2].T, other[which, a])


@pytest.mark.parametrize("by_patient", [True, False])
def test_pieces(block, by_patient):
    rng = block["rng"]
    rate, extra = rng.normal(size=(STATES, DRAWS)), rng.normal(size=(STATES * 2, DRAWS))
    factors = rng.uniform(0.5, 1.5, (3, DRAWS))
    edges = np.sort(rng.uniform(1.0, 9.0, (2, N if by_patient else 1)), axis=0)
    patient = rng.permutation(N).astype(np.int64)
    plain, discounted = np.zeros((N, 2)), np.zeros((N, 2))
    since = np.empty(N)
    since[patient] = block["since"]
    add_pieces(
        block["who"], block["state"], block["draw"], patient, since, block["when"], TAUS, rate, extra, block["acts"],
        block["given"], factors, edges, until(edges), until(since), until(block["when"]), until(TAUS), plain, discounted,
    )  # fmt: skip
    for a, tau in enumerate(TAUS):
        expected, late = np.zeros(N), np.zeros(N)
        for m, i in enumerate(block["who"]):
            own = edges[:, patient[i] if by_patient else 0]
            low, high = min(block["since"][i], tau), min(block["when"][m], tau)
            for j, (begin, end) in enumerate(zip([0.0, *own], [*own, np.inf])):
                first, last = max(low, begin), min(high, end)
                if last > first:
                    value = worth(block, rate, extra, i) * factors[j, block["draw"][i]]
                    expected[i] += value * (last - first)
                    late[i] += value * (until(last) - until(first))
        assert plain[patient, a] == pytest.approx(expected)
        assert discounted[patient, a] == pytest.approx(late)


def test_amounts_that_are_counted_once(block):
    amount = np.array([[[1.0, 2.0], [3.0, 0.0]], [[0.0, 5.0], [7.0, 8.0]]])
    who, row = block["who"], block["rng"].integers(0, 2, block["who"].size).astype(np.int64)
    weight = np.exp(-FORCE * block["since"][who])[None]
    plain, discounted = np.zeros((N, 4)), np.zeros((N, 4))
    patient = block["rng"].permutation(N).astype(np.int64)
    add_once(
        who, patient, row, block["draw"], block["since"], TAUS, amount, np.array([-1, 0]), weight, plain, discounted
    )  # fmt: skip
    for o in range(2):
        for a, tau in enumerate(TAUS):
            expected, late = np.zeros(N), np.zeros(N)
            for m, i in enumerate(who):
                if block["since"][i] < tau:
                    expected[i] = amount[o, row[m], block["draw"][i]]
                    late[i] = expected[i] * weight[0, m] if o == 1 else 0.0
            assert plain[patient, o * 2 + a] == pytest.approx(expected)
            assert discounted[patient, o * 2 + a] == pytest.approx(late)
