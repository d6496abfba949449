"""The ranges of doubt of a reconstruction hold the truth as often as the record says, and as the headline promises."""

from __future__ import annotations

import json

import numpy as np
import pytest

from survsim import reconstruct_ipd
from survsim.estimate.reconstruction.uncertainty import COVERED, SPREAD, left_open
from tests.helpers.reconstruction_ranges import CELLS, COMBINATIONS, needed_factor, rows_of, share
from tests.statistical.validate_reconstruction_ranges import FIRST_SEED, RECORD, SETS

RECORDED = json.loads(RECORD.read_text(encoding="utf-8"))
QUANTITIES = ("events", "median", "log_hazard_ratio")
NONE_REACHES = float("inf")


def recorded(table, known):
    rows = [r for r in RECORDED["needed"] if (r["risk_table"], r["known"]) == (table, known)]
    return [r | {q: [NONE_REACHES if x is None else x for x in r[q]] for q in QUANTITIES} for r in rows]


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize(("table", "known"), COMBINATIONS)
def test_each_combination_covers_what_is_promised(table, known, quantity):
    rows = recorded(table, known)
    assert RECORDED["arms"] >= 120 and len(rows) == RECORDED["arms"] // 2
    assert share(rows, quantity, SPREAD) >= COVERED


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_all_combinations_together_cover_nine_in_ten(quantity):
    rows = [row for combination in COMBINATIONS for row in recorded(*combination)]
    assert share(rows, quantity, SPREAD) >= 0.9


def test_the_factor_is_not_there_for_nothing():
    rows = [row for combination in COMBINATIONS for row in recorded(*combination)]
    assert share(rows, "log_hazard_ratio", 1.0) < share(rows, "log_hazard_ratio", SPREAD)


def test_the_first_pair_made_again_is_that_of_the_record():
    again = list(rows_of(CELLS[0], FIRST_SEED, SETS))
    for row in again:
        (old,) = [r for r in recorded(row["risk_table"], row["known"]) if r["pair"] == FIRST_SEED]
        for quantity in QUANTITIES:
            np.testing.assert_allclose(row[quantity], old[quantity], rtol=0.02, atol=0.02)


def test_the_factor_that_is_needed():
    nothing = (np.nan, np.nan)
    assert needed_factor(5.0, 5.0, 5.0, 5.0, *nothing) == 0.0
    assert needed_factor(8.0, 5.0, 4.0, 7.0, *nothing) == pytest.approx(1.5)
    assert needed_factor(3.0, 5.0, 4.0, 7.0, *nothing) == pytest.approx(2.0)
    assert needed_factor(3.0, 5.0, 5.0, 7.0, *nothing) == np.inf
    assert needed_factor(3.0, 5.0, 5.0, 7.0, 3.0, 6.0) == 0.0
    assert needed_factor(np.inf, 5.0, 4.0, 7.0, *nothing) == np.inf
    assert needed_factor(np.inf, 5.0, 4.0, np.inf, *nothing) == 0.0


def test_what_the_readings_themselves_leave_open():
    sparse = reconstruct_ipd(
        ([2.0, 6.0, 14.0, 20.0], [0.9, 0.7, 0.4, 0.3]), at_risk=([0, 10], [200, 100]), unit="months", tolerance=0.005
    )  # fmt: skip
    low, high = left_open(sparse, np.array([sparse.n_event, 12.0, 0.0]))
    # Between the readings at 6 and 14 the curve crosses a half; which drop did it was not read.
    assert (low[1], high[1]) == (6.0, 14.0)
    assert (low[0], high[0]) == (sparse.n_event - 1, sparse.n_event + 1)
    marked = reconstruct_ipd(
        ([2, 6, 14], [0.9, 0.7, 0.4]), n=20, censor_marks=[3.0, 4, 5, 7, 8, 9, 10], unit="months", time_tolerance=0.5
    )  # fmt: skip
    assert left_open(marked, np.array([10.0, 12.0, 0.0]))[0][0] < 8.0
