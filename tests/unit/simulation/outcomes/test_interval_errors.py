"""The error of the ends of an interval over draws, against what the ends do when everything is drawn again."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.core.errors import InputError
from survsim.simulation.outcomes.end_errors import interval_errors


@pytest.mark.parametrize("draw", ["normal", "exponential"])
def test_the_error_is_the_spread_of_the_ends_over_repeated_simulations(draw):
    """4000 simulations of 300 draws: the ends vary as much as each of them says, on average."""
    rng = np.random.default_rng(20261129)
    values = getattr(rng, draw)(size=(4000, 300))
    ends = np.quantile(values, [0.025, 0.975], axis=-1)
    told = np.array([one.mean() for one in interval_errors(values)])
    assert told == pytest.approx(ends.std(axis=-1), rel=0.08)


def test_noise_of_the_patients_is_part_of_it():
    """Twice the spread of the values, by noise of each, is twice the error."""
    values = np.random.default_rng(2).normal(size=300)
    low, high = interval_errors(values)
    assert [float(x) for x in interval_errors(2.0 * values)] == pytest.approx([2.0 * low, 2.0 * high])


def test_with_few_draws_the_side_with_ranks_is_taken():
    low, high = interval_errors(np.arange(10.0))
    assert low > 0.0 and high == pytest.approx(low)


def test_equal_draws_have_no_error_and_rows_are_told_apart():
    low, high = interval_errors(np.stack([np.ones(50), np.arange(50.0)]))
    assert low.shape == (2,) and low[0] == high[0] == 0.0 and low[1] > 0.0


@pytest.mark.parametrize(
    ("values", "level", "words"),
    [
        ([1.0], 0.95, "at least two draws"),
        (3.0, 0.95, "at least two draws"),
        ([1.0, np.inf], 0.95, "must be finite"),
        ([1.0, 2.0], 1.5, "conf_level"),
    ],
)
def test_what_has_no_ends_is_refused(values, level, words):
    with pytest.raises(InputError, match=words):
        interval_errors(values, level)
