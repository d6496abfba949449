"""Reconstruction of patient data: by hand, with totals, with noise, and what it refuses."""

import numpy as np
import pytest

from survsim import kaplan_meier, reconstruct_ipd
from survsim.errors import EvidenceWarning, InputError
from survsim.reconstruction import perturbed_reconstructions

RISK = {"at_risk_times": [0, 6], "at_risk": [10, 7], "unit": "months"}


def test_ten_patients_by_hand():
    r = reconstruct_ipd([2, 5, 9], [0.9, 0.7, 0.6], **RISK, source="figures:paper_f2")
    assert sorted(r.time[r.event].tolist()) == [2, 5, 5, 9]
    assert (r.time[~r.event] == 9).all()
    assert r.fitted_at_risk.tolist() == [10, 7]
    km = kaplan_meier(r.surv())
    np.testing.assert_allclose(km.estimate, [0.9, 0.7, 0.6])
    assert r.surv().sources == ("figures:paper_f2",)
    assert "10 patients, 4 events" in r.summary()


def test_censoring_is_found_from_the_risk_table():
    # One death of 10 leaves 9; the table says 7 at 6 months, so two were censored between.
    r = reconstruct_ipd(
        [2, 8], [0.9, 0.9 * 6 / 7], at_risk_times=[0, 6], at_risk=[10, 7], unit="months", end=8
    )
    lost = r.time[~r.event & (r.time < 6)]
    assert lost.tolist() == pytest.approx([2.0, 4.0])
    assert r.fitted_at_risk.tolist() == [10, 7]
    assert r.n_event == 2


def test_total_of_events_settles_the_last_interval():
    times, survival = [3, 9, 12, 15], [0.95, 0.85, 0.7, 0.5]
    free = reconstruct_ipd(times, survival, at_risk_times=[0, 6], at_risk=[40, 36], unit="months")
    told = reconstruct_ipd(times, survival, at_risk_times=[0, 6], at_risk=[40, 36], unit="months", n_event=15)
    assert told.n_event == 15
    assert free.n_event != 15
    assert told.fitted_at_risk.tolist() == [40, 36]


def test_totals_that_cannot_be_met_are_noted():
    with pytest.warns(EvidenceWarning, match="0.100 at time 9"):
        r = reconstruct_ipd([2, 5, 9], [0.9, 0.7, 0.6], **RISK, n_event=3)
    assert r.n_event == 3
    assert r.fitted_survival[-1] == pytest.approx(0.7)
    too_few = reconstruct_ipd([2, 5, 9], [0.9, 0.7, 0.68], **RISK, n_event=1)
    assert too_few.notes == ("3 events, printed 1",)


def test_trailing_zeros_of_the_risk_table_are_cut():
    r = reconstruct_ipd(
        [2, 5, 9], [0.9, 0.7, 0.6], at_risk_times=[0, 6, 12, 18], at_risk=[10, 7, 0, 0], unit="months"
    )
    assert r.at_risk.tolist() == [10, 7]


def test_small_rises_of_digitised_levels_are_levelled():
    r = reconstruct_ipd([2, 4, 5, 9], [0.9, 0.905, 0.7, 0.6], **RISK)
    assert r.click_survival.tolist() == [1.0, 0.9, 0.9, 0.7, 0.6]


def test_a_curve_that_contradicts_its_risk_table_warns():
    with pytest.warns(EvidenceWarning, match="misses the curve by"):
        r = reconstruct_ipd([2, 5, 9], [0.9, 0.3, 0.2], **RISK)
    assert r.fitted_at_risk.tolist() == [10, 7]


def test_perturbed_reconstructions_spread_around_the_curve():
    t = np.linspace(1, 58, 60)
    grid = np.arange(0, 60, 6)
    at_risk = np.round(200 * np.exp(-grid / 25) * (1 - grid / 80))
    r = reconstruct_ipd(t, np.exp(-t / 25), at_risk_times=grid, at_risk=at_risk, unit="months")
    draws = perturbed_reconstructions(r, 60, seed=1, time_error=0.3)
    assert all(len(d) == 200 for d in draws)
    medians = [float(kaplan_meier(d).median().estimate[0]) for d in draws]
    assert np.mean(medians) == pytest.approx(25 * np.log(2), abs=0.5)
    assert np.std(medians) > 0.05
    again = perturbed_reconstructions(r, 2, seed=1, time_error=0.3)
    # Draws are addressed by seed and number asked for; the same call gives the same patients.
    assert np.array_equal(again[0].time, perturbed_reconstructions(r, 2, seed=1, time_error=0.3)[0].time)
    with pytest.raises(InputError, match="must not be negative"):
        perturbed_reconstructions(r, 2, seed=1, time_error=-1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"survival": [0.9, 0.95, 0.6]}, "rises by 0.05 at time 5"),
        ({"survival": [90, 70, 60]}, "Divide per cent by 100"),
        ({"survival": [0.9, 0.7]}, "3 readings, survival 2"),
        ({"at_risk": [10, 12]}, "grows from 10 to 12 at time 6"),
        ({"at_risk": [10.5, 7]}, "whole numbers"),
        ({"at_risk": [10]}, "2 values, at_risk 1"),
        ({"at_risk_times": [1, 6]}, "must start at 0"),
        ({"n_event": 11}, "n_event must lie within 0 and 10"),
        ({"end": 5}, "lies before the last reading"),
        ({"unit": "moons"}, "unit must be one of"),
    ],
)
def test_messages(change, message):
    arguments = {"times": [2, 5, 9], "survival": [0.9, 0.7, 0.6], **RISK, **change}
    with pytest.raises(InputError, match=message):
        reconstruct_ipd(**arguments)


@pytest.mark.parametrize(
    ("times", "survival"),
    [
        ([0, 1, 2, 4], [1.003, 0.9, 0.8, 0.6]),
        ([0, 1, 2, 4], [1.0, 0.9, 0.8, -0.002]),
        ([-0.01, 1, 2, 4], [1.0, 0.9, 0.8, 0.6]),
        ([0, 2, 3, 4], [1.02, 0.9, 0.7, -0.02]),
    ],
)
def test_readings_a_click_beside_the_axes_are_put_on_them(times, survival):
    on_them = np.maximum(times, 0.0), np.clip(survival, 0.0, 1.0)
    risk = {"at_risk_times": [0, 2], "at_risk": [20, 18], "unit": "months"}
    with pytest.warns(EvidenceWarning, match="click beside the axes"):
        noisy = reconstruct_ipd(times, survival, **risk)
    clean = reconstruct_ipd(*on_them, **risk)
    np.testing.assert_array_equal(noisy.time, clean.time)
    np.testing.assert_array_equal(noisy.event, clean.event)


@pytest.mark.parametrize(
    ("times", "survival"),
    [([0, 1], [1.05, 0.9]), ([0, 1], [1.0, -0.05]), ([-0.5, 4], [1.0, 0.6]), ([0, 4], [100.0, 60.0])],
)
def test_readings_far_beside_the_axes_are_refused(times, survival):
    with pytest.raises(InputError, match="readings need times from 0"):
        reconstruct_ipd(times, survival, at_risk_times=[0], at_risk=[20], unit="months")


def test_a_rise_as_thick_as_a_line_is_allowed_to_its_last_bit():
    """0.80 - 0.78 is more than 0.02 in floating point."""
    risk = {"at_risk_times": [0, 6], "at_risk": [120, 60], "unit": "months"}
    rising = reconstruct_ipd([0, 2, 4, 4.1, 8], [1, 0.85, 0.78, 0.80, 0.5], **risk)
    level = reconstruct_ipd([0, 2, 4, 4.1, 8], [1, 0.85, 0.78, 0.78, 0.5], **risk)
    np.testing.assert_array_equal(rising.time, level.time)
    with pytest.raises(InputError, match=r"rises by 0\.03"):
        reconstruct_ipd([0, 2, 4, 4.1, 8], [1, 0.85, 0.78, 0.81, 0.5], **risk)


def test_a_printed_total_of_events_that_cannot_be_met_is_told():
    with pytest.warns(EvidenceWarning, match="55 events are printed, and curve and numbers at risk give 31"):
        made = reconstruct_ipd(
            [3, 6, 9, 12, 15], [0.9, 0.75, 0.6, 0.5, 0.45], at_risk_times=[0, 6, 12], at_risk=[100, 60, 20],
            n_event=55, unit="months",
        )  # fmt: skip
    assert made.n_event == 31


def test_one_number_at_risk_says_nothing_about_who_was_censored():
    lone = reconstruct_ipd([2, 4, 9], [0.8, 0.6, 0.3], at_risk_times=[0], at_risk=[60], unit="months")
    assert "nobody is censored before the end" in lone.headline()
    told = reconstruct_ipd(
        [2, 4, 9], [0.8, 0.6, 0.3], at_risk_times=[0], at_risk=[60], n_event=30, unit="months"
    )
    assert not any("nobody is censored" in note for note in told.notes)
