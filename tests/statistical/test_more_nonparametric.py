"""Coverage and size beyond the Kaplan-Meier curve: a small live cell, and the recorded grid held to thresholds."""

import json

import pytest

from tests.statistical.validate_nonparametric import RECORD, cell


def slack(level, n, errors=3.0):
    return errors * (level * (1 - level) / n) ** 0.5


@pytest.mark.long
def test_a_live_cell_is_near_its_levels():
    found = cell(50, 0.3, 12, 7)
    assert set(found["coverage"]) == {"nelson_aalen", "median", "conditional_survival", "bootstrap_rmst"}
    for share, n in found["coverage"].values():
        assert share >= 0.95 - slack(0.95, n) - 0.02
    for share, n in found["size"].values():
        assert share <= 0.05 + slack(0.05, n) + 0.02


@pytest.mark.parametrize("n", [50, 100])
def test_recorded_cells_from_fifty_patients_keep_their_levels(n):
    cells = [c for c in json.loads(RECORD.read_text())["cells"] if c["n"] == n]
    assert len(cells) == 2
    for one in cells:
        for name, (share, repeats) in one["coverage"].items():
            # The bootstrap of a restricted mean is a percentile interval and somewhat short.
            allowed = 0.03 if name == "bootstrap_rmst" else 0.02
            assert share >= 0.95 - slack(0.95, repeats) - allowed, (name, one["censored"], share)
        for name, (share, repeats) in one["size"].items():
            assert share <= 0.05 + slack(0.05, repeats) + 0.01, (name, one["censored"], share)


def test_small_samples_are_recorded_too():
    cells = json.loads(RECORD.read_text())["cells"]
    assert {(c["n"], c["censored"]) for c in cells} == {(n, c) for n in (10, 20, 50, 100) for c in (0.3, 0.7)}
