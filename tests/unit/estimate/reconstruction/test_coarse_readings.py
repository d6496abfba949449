"""Few readings of a curve, months apart: patients are found wherever there are any that meet them and the printed numbers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from survsim import kaplan_meier, reconstruct_ipd
from survsim.errors import EvidenceWarning

LEVELS = ([0, 3, 6, 12, 24], [1, 0.92, 0.81, 0.58, 0.33])


def read(time, event, at, table):
    """A curve at a few times and numbers at risk, counted: those with time >= t, and the curve after the deaths at t."""
    drops = np.unique(time[event])
    steps = [1.0 - (event & (time == t)).sum() / (time >= t).sum() for t in drops]
    curve = np.append(1.0, np.cumprod(steps))[np.searchsorted(drops, at, side="right")]
    return (np.asarray(at, float), curve), (np.asarray(table, float), [(time >= t).sum() for t in table])


def made_in_silence(line, table, **told):
    with warnings.catch_warnings():
        warnings.simplefilter("error", EvidenceWarning)
        return reconstruct_ipd(line, at_risk=table, unit="months", **told)


@pytest.mark.parametrize(
    ("times", "numbers"), [([0, 6, 12, 24], [48, 38, 27, 13]), ([0, 6, 12, 18], [48, 38, 27, 18])]
)
def test_levels_at_the_printed_times_and_their_numbers_are_met(times, numbers):
    r = made_in_silence(LEVELS, (times, numbers))
    assert r.fitted_at_risk.tolist() == numbers
    curve = kaplan_meier(r.surv())
    assert curve.at_risk(times).ravel().tolist() == numbers
    own = curve.survival_at(LEVELS[0][1:]).estimate.ravel()
    assert np.abs(own - LEVELS[1][1:]).max() <= 0.5 / 48 + 0.005


@pytest.mark.parametrize("table", [[0, 6, 12, 18, 24], [0, 6, 12, 18], [0, 12, 24], [0, 3, 6, 9, 12]])
@pytest.mark.parametrize(
    "at", [[3, 6, 12, 24], [3, 6, 12, 18, 24], [1, 2, 3, 6, 12, 24], [12, 24], [5, 11, 20]]
)
@pytest.mark.parametrize("monthly", [False, True])
def test_exact_readings_of_sixty_patients_are_met_within_half_a_patient(at, table, monthly):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        life, end = rng.exponential(14, 60), rng.uniform(6, 40, 60)
        time, event = np.minimum(life, end), life <= end
        line, numbers = read(np.ceil(time) if monthly else time, event, at, table)
        r = made_in_silence(line, numbers)
        assert r.fitted_at_risk.tolist() == [n for n in numbers[1] if n > 0]
        assert np.abs(r.fitted_survival[1:] - line[1]).max() <= 0.5 / 60 + 1e-9


def test_one_death_among_many_censored():
    # 12 patients: 3 leave before 3, 2 between 3 and 4, one of 7 dies, 4 leave before 6: S = 6/7.
    time = np.array([1, 2, 2.5, 3.2, 3.5, 4, 5, 5.2, 5.4, 5.6, 7, 8])
    line, table = read(time, time == 4, [3, 6, 12], [0, 3, 6])
    r = made_in_silence(line, table)
    assert r.n_event == 1
    assert r.fitted_at_risk.tolist() == [12, 9, 2]
    np.testing.assert_allclose(r.fitted_survival[1:], line[1], atol=1e-9)


def test_nobody_censored_between_readings():
    # Half of 48 are dead at 6 and count no longer there; the curve and the table are the same numbers.
    r = made_in_silence(([6, 12], [24 / 48, 21 / 48]), ([0, 6, 12], [48, 24, 21]))
    assert r.n_event == 27
    assert r.fitted_at_risk.tolist() == [48, 24, 21]
    np.testing.assert_allclose(r.fitted_survival[1:], [0.5, 21 / 48], atol=1e-9)


def test_deaths_at_a_printed_time_count_in_its_number():
    # 10 of 50 die before 6 and 2 leave; 8 leave before 12, where 18 of 30 die. Were they dead before, 12 were at risk at most.
    line, table = ([6, 12], [0.8, 0.8 * 12 / 30]), ([0, 6, 12], [50, 38, 30])
    r = made_in_silence(line, table)
    assert r.fitted_at_risk.tolist() == [50, 38, 30]
    assert np.abs(r.fitted_survival[1:] - line[1]).max() <= 0.5 / 50 + 0.005  # read to 0.01


def test_what_no_patients_can_meet_is_said_with_the_number():
    # With S(12-) <= S(6) = 0.5 at most half of 48 are still at risk at 12.
    with pytest.warns(
        EvidenceWarning, match="disagree .at most 24 of those at risk at 0 can be at 12, printed 30"
    ):
        reconstruct_ipd(([6, 12], [0.5, 0.45]), at_risk=([0, 12], [48, 30]), unit="months")


def test_a_miss_of_another_method_is_not_blamed_on_the_figure():
    told = {"at_risk": ([0, 6, 12], [48, 24, 21]), "unit": "months", "method": "guyot"}
    with pytest.warns(EvidenceWarning) as said:
        reconstruct_ipd(([6, 12], [24 / 48, 21 / 48]), **told)
    texts = [str(w.message) for w in said]
    assert not any("disagree" in text for text in texts)
    assert any("use method='optimised'" in text or " at risk at " in text for text in texts)
