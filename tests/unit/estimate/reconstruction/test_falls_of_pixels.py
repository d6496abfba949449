"""A trace from pixels falls by less than a patient in places: such falls are no deaths, and a guess never beats the curve."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from survsim import reconstruct_ipd
from survsim.errors import EvidenceWarning
from tests.helpers.reconstruction_truth import curve_at, log_hazard_ratio


def _arm(seed, median, n=100):
    """Patients, and their curve as a trace of pixels has it: a fall of a tenth of a patient after every drop but the first ones."""
    rng = np.random.default_rng(seed)
    death, end = rng.exponential(median / np.log(2), n), rng.uniform(10.0, 36.0, n)
    time, event = np.minimum(death, end), death <= end
    drops = np.unique(time[event])
    level = curve_at(drops, time, event)
    later = drops + 0.3 * np.diff(np.append(drops, time.max()))
    first = drops.size // 4
    t = np.append(drops[:first], np.column_stack([drops, later])[first:].ravel())
    s = np.append(level[:first], np.column_stack([level, level - 0.1 / n])[first:].ravel())
    return (time, event), (np.append(t, time.max()), np.append(s, s[-1]))


def _reconstructed(trace, n=100):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvidenceWarning)
        return reconstruct_ipd(trace, unit="months", n=n, tolerance=0.005)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_small_falls_are_no_deaths(seed):
    arms = [_arm(seed, 12.0), _arm(seed + 100, 18.0)]
    made = [_reconstructed(trace) for _, trace in arms]
    for (patients, _), r in zip(arms, made):
        assert r.max_absolute_error <= 0.015
        assert abs(r.n_event - int(patients[1].sum())) <= 25
    truth = log_hazard_ratio(*((t, e, np.zeros(t.size)) for (t, e), _ in arms))
    found = log_hazard_ratio(*((r.time, r.event, np.zeros(r.time.size)) for r in made))
    assert found == pytest.approx(truth, abs=0.2)


def test_the_trace_of_every_drop_alone_still_tells_the_events():
    (time, event), _ = _arm(7, 12.0)
    drops = np.unique(time[event])
    assert _reconstructed((drops, curve_at(drops, time, event).round(5))).n_event == int(event.sum())
