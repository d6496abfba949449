"""Sums along paths against slow obvious twins."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.kernels.patient_values import add_once, add_pieces, add_stretch

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
        "acts": np.array([0, 2], dtype=np.int64),
    }


def worth(block, rate, extra, i):
    """What a patient's state is worth per unit of time now."""
    s, d = block["state"][i], block["draw"][i]
    added = sum(extra[s * 2 + k, d] for k, t in enumerate(block["acts"]) if block["given"][t, i])
    return rate[s, d] + added


def test_stretches(block):
    rng, outcomes = block["rng"], 2
    rate, extra = rng.normal(size=(outcomes, STATES, DRAWS)), rng.normal(size=(outcomes, STATES * 2, DRAWS))
    plain, discounted = np.zeros((outcomes * 2, N)), np.zeros((outcomes * 2, N))
    since, before = block["since"].copy(), until(block["since"])[None].copy()
    add_stretch(
        block["who"], block["state"], block["draw"], since, block["when"], TAUS, rate, extra, block["acts"], block["given"],
        np.array([0, -1]), before, until(block["when"])[None], until(TAUS)[None], plain, discounted,
    )  # fmt: skip
    for o in range(outcomes):
        for a, tau in enumerate(TAUS):
            expected, late = np.zeros(N), np.zeros(N)
            for m, i in enumerate(block["who"]):
                low, high = min(block["since"][i], tau), min(block["when"][m], tau)
                expected[i] = worth(block, rate[o], extra[o], i) * (high - low)
                late[i] = worth(block, rate[o], extra[o], i) * (until(high) - until(low))
            assert plain[o * 2 + a] == pytest.approx(expected)
            assert discounted[o * 2 + a] == pytest.approx(late if o == 0 else np.zeros(N))
    assert since[block["who"]] == pytest.approx(block["when"])
    assert before[0, block["who"]] == pytest.approx(until(block["when"]))


@pytest.mark.parametrize("by_patient", [True, False])
def test_pieces(block, by_patient):
    rng = block["rng"]
    rate, extra = rng.normal(size=(STATES, DRAWS)), rng.normal(size=(STATES * 2, DRAWS))
    factors = rng.uniform(0.5, 1.5, (3, DRAWS))
    edges = np.sort(rng.uniform(1.0, 9.0, (2, N if by_patient else 1)), axis=0)
    patient = rng.permutation(N).astype(np.int64)
    plain, discounted = np.zeros((2, N)), np.zeros((2, N))
    add_pieces(
        block["who"], block["state"], block["draw"], patient, block["since"], block["when"], TAUS, rate, extra, block["acts"],
        block["given"], factors, edges, until(edges), until(block["since"]), until(block["when"]), until(TAUS), plain, discounted,
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
        assert plain[a] == pytest.approx(expected)
        assert discounted[a] == pytest.approx(late)


def test_amounts_that_are_counted_once(block):
    amount = np.array([[[1.0, 2.0], [3.0, 0.0]], [[0.0, 5.0], [7.0, 8.0]]])
    who, row = block["who"], block["rng"].integers(0, 2, block["who"].size).astype(np.int64)
    weight = np.exp(-FORCE * block["since"][who])[None]
    plain, discounted = np.zeros((4, N)), np.zeros((4, N))
    add_once(
        who, row, block["draw"], block["since"], TAUS, amount, np.array([-1, 0]), weight, plain, discounted
    )  # fmt: skip
    for o in range(2):
        for a, tau in enumerate(TAUS):
            expected, late = np.zeros(N), np.zeros(N)
            for m, i in enumerate(who):
                if block["since"][i] < tau:
                    expected[i] = amount[o, row[m], block["draw"][i]]
                    late[i] = expected[i] * weight[0, m] if o == 1 else 0.0
            assert plain[o * 2 + a] == pytest.approx(expected)
            assert discounted[o * 2 + a] == pytest.approx(late)
