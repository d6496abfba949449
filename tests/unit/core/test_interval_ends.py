"""Ends of intervals that are not known: what they mean is said, and nobody is told to leave a patient out."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import interval_censored_survival
from survsim.errors import InputError
from survsim.parametric import interval_censored_parametric

DOORS = {
    "turnbull": interval_censored_survival,
    "parametric": partial(interval_censored_parametric, family="exponential"),
}
LEFT = "low is not known in row 1: low is 0 where the event came before high"
RIGHT = "high is not known in row 1: high is inf where the event was not seen yet"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        ([1, np.nan], [2, 3], LEFT),
        ([1, -np.inf], [2, 3], LEFT),
        (pd.array([1, None], dtype="Int64"), [2, 3], LEFT),
        ([1, 2], [2, np.nan], RIGHT),
        ([1, 2], [2, None], RIGHT),
        (pd.to_timedelta([1, None], unit="D"), pd.to_timedelta([2, 3], unit="D"), LEFT),
        ([1, np.nan], [2, np.nan], "neither low nor high is known in row 1"),
        ([1, np.inf], [2, np.inf], "low is infinite in row 1: low is the last time without event"),
        ([1, 3], [2, 2], "low is above high in row 1"),
        ([-1, 3], [2, 4], "low is below 0 in row 0"),
        ([], [], "low has 0 values and high 0"),
    ],
)
def test_an_end_that_is_not_known_has_a_code(door: str, low: Any, high: Any, told: str) -> None:
    with pytest.raises(InputError, match=told) as raised:
        DOORS[door](low, high, unit="days")
    assert "drop" not in str(raised.value)


def test_both_kinds_of_ends_are_told_at_once() -> None:
    with pytest.raises(InputError, match=r"low is not known in row 0.*; high is not known in row 1"):
        interval_censored_survival([np.nan, 1], [2, np.nan], unit="months")


def test_the_codes_are_those_of_interval2() -> None:
    """survival 3.5.3: survfit(Surv(low, high, type = "interval2") ~ 1), with NA for 0 and inf, whose search stops at 1e-6 or so."""
    low, high = [0, 1, 2, 2, 5, 0, 3], [1.5, 3, np.inf, 4, np.inf, 2, 3]
    found = interval_censored_survival(low, high, unit="months")
    assert found.steps().at([1.5, 3.0, 4.0]) == pytest.approx([0.653757, 0.182803, 0.182803], abs=2e-6)


def test_ends_apart_by_rounding_are_one_time() -> None:
    """0.1 + 0.2 is above 0.3 by its last bit: an event time known exactly."""
    last_bit = interval_censored_parametric([0.1 + 0.2, 1], [0.3, 2], "exponential", unit="years")
    plain = interval_censored_parametric([0.3, 1], [0.3, 2], "exponential", unit="years")
    np.testing.assert_allclose(last_bit.estimate, plain.estimate, rtol=1e-9)
