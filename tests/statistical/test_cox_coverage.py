"""Coverage and size of Cox regression with few patients: a small grid here, the long one in the record."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.statistical.validate_cox import CENSORED, EFFECTS, SIZES, cell

RECORD = Path(__file__).parent / "records" / "cox_coverage.json"


def error(share: float, n: int) -> float:
    return float(np.sqrt(share * (1 - share) / n))


@pytest.mark.parametrize(
    ("n", "censored", "effect"), [(100, 0.3, 0.0), (20, 0.7, 0.0), (50, 0.3, EFFECTS[1])]
)
def test_intervals_hold_the_truth(n: int, censored: float, effect: float) -> None:
    found = cell(n, censored, effect, 300, 4)
    used = 300 - found["without_information"]
    assert found["firth_coverage"] > 0.95 - 4 * error(0.95, used)
    assert found["wald_coverage_of_finite_fits"] > 0.95 - 4 * error(0.95, used)
    if effect == 0.0:
        assert found["score_rejects"] < 0.05 + 4 * error(0.05, used) + 0.01


def test_the_record_is_complete_and_keeps_the_claims() -> None:
    cells = json.loads(RECORD.read_text())["cells"]
    assert {(c["n"], c["censored"], c["log_hazard_ratio"]) for c in cells} == {
        (n, s, e) for n in SIZES for s in CENSORED for e in EFFECTS
    }
    for c in cells:
        used = c["repeats"] - c["without_information"]
        assert c["firth_coverage"] > 0.95 - 3 * error(0.95, used) - 0.01
        if c["n"] >= 50:
            assert abs(c["wald_coverage_of_finite_fits"] - 0.95) < 3 * error(0.95, used) + 0.015
        if c["log_hazard_ratio"] > 0 and c["n"] * (1 - c["censored"]) < 20:
            # What Firth is for: nearer the truth, and there when maximum likelihood has no answer.
            assert abs(c["firth_bias"]) < 0.35 and c["without_maximum"] > 0
