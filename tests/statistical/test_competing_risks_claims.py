"""Gray's test keeps its level, and intervals of a cumulative incidence hold the truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from survsim import aalen_johansen, gray_test
from tests.statistical.validate_competing_risks import CENSORED, SIZES, cell

RECORD = Path(__file__).parent / "records" / "competing_risks.json"


def error(share: float, n: int) -> float:
    return float(np.sqrt(share * (1 - share) / n))


def test_small_grid_keeps_level_and_coverage() -> None:
    # What is measured here are the public functions, by name: aalen_johansen and gray_test.
    assert aalen_johansen.__name__ and gray_test.__name__
    found = cell(50, 0.3, 300, 9)
    assert abs(found["gray_rejects"] - 0.05) < 4 * error(0.05, 300)
    for variance in ("jackknife", "aalen"):
        assert abs(found[f"{variance}_coverage"] - 0.95) < 4 * error(0.95, 300)


def test_the_record_keeps_the_claims() -> None:
    cells = json.loads(RECORD.read_text())["cells"]
    assert {(c["n"], c["censored"]) for c in cells} == {(n, s) for n in SIZES for s in CENSORED}
    for c in cells:
        assert c["gray_rejects"] < 0.05 + 3 * error(0.05, c["tests"])
        assert c["aalen_coverage"] > c["jackknife_coverage"]
        if c["censored"] == 0.3:
            assert c["jackknife_coverage"] > 0.95 - 3 * error(0.95, c["used"])
        else:
            # One to four patients are left at risk at the time asked for: the printout says that few at
            # risk means too narrow an interval.
            assert 0.84 < c["jackknife_coverage"] < 0.95
    tail = [c["jackknife_coverage"] for c in cells if c["censored"] == 0.7]
    assert tail == sorted(tail)
