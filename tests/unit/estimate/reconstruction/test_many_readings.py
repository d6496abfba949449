"""A curve of very many readings: sought by some of them, evenly along it, so that the work is bounded and nothing moves."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from survsim import reconstruct_ipd
from survsim.errors import EvidenceWarning
from survsim.estimate.reconstruction import optimised, pseudo_sets
from survsim.estimate.reconstruction.curve import Curve, thinned


def line(time: np.ndarray, survival: np.ndarray) -> Curve:
    return Curve(time=time, survival=survival, given=survival, kind="survival", readings="auto", noise=0.0)


def test_a_curve_that_is_short_enough_is_itself():
    curve = line(np.arange(5.0), np.linspace(1.0, 0.2, 5))
    assert thinned(curve, 5) is curve


def test_what_is_left_out_lies_close_to_what_is_kept_and_the_ends_stay():
    rng = np.random.default_rng(3)
    time = np.append(0.0, np.cumsum(rng.exponential(size=3000)))
    fall = rng.exponential(size=3000) * (rng.uniform(size=3000) < 0.2)
    survival = 1.0 - 0.8 * np.append(0.0, np.cumsum(fall)) / fall.sum()
    few = thinned(line(time, survival), 100)
    assert few.time.size <= 101
    assert (few.time[0], few.survival[0]) == (0.0, 1.0)
    assert (few.time[-1], few.survival[-1]) == (time[-1], survival[-1])
    assert set(zip(few.time, few.survival)) <= set(zip(time, survival))
    # Each reading has one that was kept at it or after it: together no further than one of 100 pieces of a way of 2.
    after = np.searchsorted(few.time, time)
    away = (few.time[after] - time) / time[-1] + (survival - few.survival[after]) / 0.8
    assert away.min() >= -1e-12
    assert away.max() <= 2 / 100 + 1e-12


def test_a_straight_line_of_very_many_readings_is_sought_by_few_of_them(monkeypatch):
    # By hand: S = 1 - 0.01 t to 60 of 100 patients: 60 deaths, median 50, time at risk 100 (60 - 0.01 60^2 / 2) = 4200.
    sizes = []
    polish = optimised.polish

    def seen(*given):
        sizes.append(given[0].size)
        return polish(*given)

    monkeypatch.setattr(optimised, "polish", seen)
    time = np.linspace(0.0, 60.0, 5001)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvidenceWarning)
        made = reconstruct_ipd((time, 1.0 - 0.01 * time), at_risk=([0], [100]), unit="months")
        assert max(sizes) <= optimised.MOST_READINGS + 1
        sizes.clear()
        pseudo_sets.pseudo_sets(made, 2, tolerance=0.005)
    assert max(sizes) <= pseudo_sets.MOST_READINGS + 1
    assert made.readings == "line"
    assert made.click_time.size == 5001
    assert made.n_event == 60
    assert made.time.sum() == pytest.approx(4200, rel=0.005)
    assert made.max_absolute_error <= 0.5 / 100 + 2e-4
