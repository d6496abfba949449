"""True parameters lie anywhere in the posteriors of `calibrate`, evenly; halved standard errors do not go unseen."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from survsim.calibration import calibrate
from tests.helpers.calibration_bases import (
    COHORTS,
    MODEL,
    PRIORS,
    half_width,
    ranks,
    simulated_base,
    worst_distance,
)
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


@pytest.mark.long
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


def test_held_out_targets_lie_in_their_intervals_as_often_as_said():
    """Fifteen bases, six targets held out of each: 80% within the binomial error (three standard deviations)."""
    held = {"target 1", "target 3", "target 5", "contrast 1", "patient 1", "patient 2"}
    inside = []
    for seed in range(50_000, 50_015):
        _, targets = simulated_base(seed)
        targets = [dataclasses.replace(t, use="hold_out") if t.label in held else t for t in targets]
        checks = calibrate(MODEL, COHORTS, PRIORS, targets, study_sd="tau", size=600, seed=seed).checks
        kept = checks.to_frame().query("use == 'hold_out' and quantity not in ['free at', 'event by']")
        inside += list(kept["inside"])
    assert len(inside) > 60
    assert abs(np.mean(inside) - 0.8) < 3 * np.sqrt(0.8 * 0.2 / len(inside))
