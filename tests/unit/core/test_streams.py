"""Named streams: addressable, independent of how they are read, uniform."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.core.errors import InputError
from survsim.core.streams import CELL, Streams, stream_key


@pytest.mark.parametrize("start", [0, 1, 3, 4, CELL, 99_990])
def test_any_run_of_patients_is_the_same_as_in_the_whole(start: int) -> None:
    streams = Streams(3)
    whole = streams.uniforms("x", size=100_000, draw=2, visit=1)
    assert np.array_equal(
        streams.uniforms("x", start=start, size=10, draw=2, visit=1), whole[start : start + 10]
    )


def test_every_part_of_the_address_changes_the_luck() -> None:
    def read(seed: int = 1, name: str = "a", **address: int) -> np.ndarray:
        return Streams(seed).uniforms(name, size=8, **address)

    different = [read(), read(seed=2), read(name="b"), read(draw=1), read(visit=1), read(start=8)]
    assert len({a.tobytes() for a in different}) == len(different)


def test_pinned_values_so_that_no_upgrade_changes_results_unseen() -> None:
    assert stream_key(1, "progression") == (14306127910849301794, 11220384512613530742)
    found = Streams(1).uniforms("progression", size=2)
    assert found.tolist() == [0.9502354566540352, 0.13896199200059345]


def test_uniform_and_without_zero() -> None:
    u = Streams(5).uniforms("u", size=200_000)
    assert u.min() > 0.0
    assert u.max() <= 1.0
    assert abs(u.mean() - 0.5) < 4 / np.sqrt(12 * u.size)
    counts = np.histogram(u, bins=100, range=(0, 1))[0]
    # chi-square with 99 degrees of freedom: mean 99, standard deviation 14
    assert ((counts - 2000) ** 2 / 2000).sum() < 99 + 5 * 14.1


def test_neighbouring_streams_are_uncorrelated() -> None:
    a, b = (Streams(5).uniforms(f"transition/{k}", size=100_000) for k in "ab")
    c = Streams(5).uniforms("transition/a", size=100_000, draw=1)
    for other in (b, c):
        assert abs(np.corrcoef(a, other)[0, 1]) < 4 / np.sqrt(a.size)


def test_exponentials_are_the_inversion_of_the_uniforms() -> None:
    s = Streams(9)
    assert np.array_equal(s.exponentials("e", size=1000), -np.log(s.uniforms("e", size=1000)))


@pytest.mark.parametrize("seed", [-1, 1.5, True, "a"])
def test_seed_must_be_a_whole_number(seed: object) -> None:
    with pytest.raises(InputError, match="seed must be a whole number from 0"):
        Streams(seed)
