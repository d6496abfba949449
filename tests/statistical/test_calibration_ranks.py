"""True parameters lie anywhere in the posteriors of `calibrate`, evenly; halved standard errors do not go unseen."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.helpers.calibration_bases import PRIORS, half_width, ranks, worst_distance
from tests.statistical.validate_calibration_ranks import FIRST_SEED, RECORD

SAMPLE = 20


@pytest.fixture(scope="module")
def record():
    return json.loads(RECORD.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def sample():
    return [ranks(FIRST_SEED + i, size=600)[0] for i in range(SAMPLE)]


def test_the_record_holds_at_least_three_hundred_bases(record):
    assert record["bases"] >= 300
    for run in record["runs"].values():
        assert set(run["ranks"]) == set(PRIORS)
        assert all(len(values) == record["bases"] for values in run["ranks"].values())


@pytest.mark.parametrize("parameter", sorted(PRIORS))
def test_recorded_ranks_are_uniform(record, parameter):
    grid, width = half_width(record["bases"])
    assert width == pytest.approx(record["band"], abs=0.01)
    values = record["runs"]["as it is"]["ranks"][parameter]
    assert worst_distance(values, grid) < width


def test_halved_standard_errors_leave_the_band(record):
    grid, width = half_width(record["bases"])
    distances = {
        parameter: worst_distance(values, grid)
        for parameter, values in record["runs"]["standard errors halved"]["ranks"].items()
    }
    outside = {parameter for parameter, distance in distances.items() if distance > width}
    assert {"scale", "lo", "hr", "tau"} <= outside, distances


def test_the_record_can_be_made_again(record, sample):
    """With fewer points than the record, so each rank agrees within the sampler's own error."""
    for parameter in PRIORS:
        recorded = record["runs"]["as it is"]["ranks"][parameter][:SAMPLE]
        again = [place[parameter] for place in sample]
        assert np.abs(np.array(recorded) - again).max() < 0.12


@pytest.mark.parametrize("parameter", sorted(PRIORS))
def test_ranks_of_the_sample_are_uniform(sample, parameter):
    grid, width = half_width(SAMPLE)
    assert worst_distance([place[parameter] for place in sample], grid) < width
