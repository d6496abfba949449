"""Bias and coverage of parametric fits: a small grid here, the long one in the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.statistical.validate_parametric import Q, cell, grid

RECORD = Path(__file__).parent / "records" / "parametric_coverage.json"


@pytest.mark.parametrize("family", sorted(Q))
def test_estimates_centre_on_the_truth_and_intervals_hold_it(family: str) -> None:
    found = cell(family, 150, 0.3, 200, 5)
    assert found["without_estimate"] == 0.0
    # bias of maximum likelihood is of order 1/n: allow it beside four Monte Carlo errors
    assert abs(found["bias"]) < 4 * found["bias_error"] + 0.01
    error = (0.95 * 0.05 / 200) ** 0.5
    for name in ("coverage_effect", "coverage_survival"):
        assert 0.95 - 4 * error < found[name] <= 1.0


def test_the_record_shows_the_small_sample_behaviour() -> None:
    record = json.loads(RECORD.read_text())
    cells = record["cells"]
    assert {(c["family"], c["n"], c["censored"]) for c in cells} == {(f, n, s) for f in Q for n, s in grid(f)}
    for c in cells:
        error = (0.95 * 0.05 / c["repeats"]) ** 0.5
        if c["n"] == 100 and c["censored"] == 0.3:
            assert c["without_estimate"] == 0.0
            assert abs(c["coverage_effect"] - 0.95) < 4 * error + 0.01
            assert abs(c["coverage_survival"] - 0.95) < 4 * error + 0.01
