"""By how much reconstructed patients may be wrong, and several arms in one call."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import survsim
from survsim import reconstruct_ipd
from survsim.errors import ConvergenceError, EvidenceWarning, InputError
from survsim.estimate.reconstruction.uncertainty import SPREAD
from survsim.reconstruction import compare_pair, pooled, pseudo_sets, reconstruct_arms
from tests.helpers.reconstruction_truth import cells, curve_at, log_hazard_ratio, pair

pytestmark = pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
CURVES = {"control": ([1, 3, 9], [0.8, 0.5, 0.3]), "treated": ([2, 5, 9], [0.9, 0.7, 0.6])}
RISK = ([0, 6, 12, 18, 24], [100, 80, 60, 45, 30])


@pytest.fixture(scope="module")
def arm():
    time = np.arange(1.0, 31.0)
    return reconstruct_ipd(
        (time, np.round(np.exp(-time / 40), 2)), at_risk=RISK, unit="months", tolerance=0.01
    )


def test_the_headline_says_by_how_much_events_and_median_may_be_wrong(arm):
    said = re.search(r"may be wrong by: events (\d+) to (\d+); median (\S+)", arm.headline())
    assert said and int(said[1]) <= arm.n_event <= int(said[2]) and int(said[1]) < int(said[2])
    open_ = arm.uncertainty()
    assert open_.low[0] == int(said[1]) and open_.stated
    assert "assumed" in reconstruct_ipd(CURVES["treated"], n=10, unit="months").headline()


def test_the_ranges_are_those_of_the_pseudo_data_sets(arm):
    sets = pseudo_sets(arm, 40, tolerance=0.01)
    events = np.bincount(sets.draw, weights=sets.event)
    open_ = arm.uncertainty(40)
    low, high = (np.quantile(events, q, method="inverted_cdf") for q in (0.025, 0.975))
    d = arm.n_event
    assert open_.low[0] == np.floor(min(d - SPREAD * max(d - low, 0), d - 1))
    assert open_.high[0] == np.ceil(max(d + SPREAD * max(high - d, 0), d + 1))


def test_a_blurred_reading_and_an_unknown_censoring_leave_more_open(arm):
    time = np.arange(1.0, 31.0)
    level = np.round(np.exp(-time / 40), 2)
    blurred = reconstruct_ipd((time, level), at_risk=RISK, unit="months", tolerance=0.05).uncertainty()
    told = reconstruct_ipd(
        (time, level), at_risk=RISK, unit="months", tolerance=0.01, n_event=arm.n_event
    ).uncertainty()
    alone = reconstruct_ipd((time, level), n=100, unit="months", tolerance=0.01).uncertainty()
    width = {
        name: r.high[0] - r.low[0]
        for name, r in {"b": blurred, "t": told, "a": alone, "o": arm.uncertainty()}.items()
    }
    assert width["t"] == 0 < width["o"] < width["b"] and width["o"] < width["a"]


def test_in_the_pseudo_sets_the_censored_move_with_deaths_that_keep_the_curve(arm):
    sets = pseudo_sets(arm, 20, tolerance=0.0)
    events = np.bincount(sets.draw, weights=sets.event)
    assert np.ptp(events) > 0
    at = np.array([5.0, 11.0, 17.0])
    for surv in sets.survs():
        np.testing.assert_allclose(
            curve_at(at, surv.time, surv.event), curve_at(at, arm.time, arm.event), atol=0.5 / 45 + 0.01
        )
        assert [(surv.time >= t).sum() for t in RISK[0]] == list(arm.fitted_at_risk)


def test_a_pair_says_what_reading_adds_to_its_ratio(arm):
    time = np.arange(1.0, 31.0)
    other = reconstruct_ipd(
        (time, np.round(np.exp(-time / 25), 2)),
        at_risk=([0, 12, 24], [100, 55, 25]),
        unit="months",
        tolerance=0.01,
    )
    found = compare_pair(arm, other)
    low, high = found.reading_range
    assert low < found.reconstructed[0] < high and "may be wrong by: hazard ratio" in found.headline()
    assert (
        found.total_range[0] < found.reconstructed[1] * 1.02
        and found.total_range[1] > 0.98 * found.reconstructed[2]
    )
    both = pooled(
        pseudo_sets(arm, 40, tolerance=0.01),
        "hazard_ratio",
        control=pseudo_sets(other, 40, tolerance=0.01, seed=2),
    )
    assert found.total_range == pytest.approx((both.conf_low[0], both.conf_high[0]))
    assert compare_pair(arm.surv(), other.surv()).n_draws == 0


def test_each_arm_is_what_it_is_alone_and_the_ratio_is_coxs():
    made = reconstruct_arms(CURVES, n={"control": 10, "treated": 10}, n_event=[7, 4], unit="months")
    for name, total in (("control", 7), ("treated", 4)):
        alone = reconstruct_ipd(CURVES[name], n=10, n_event=total, unit="months")
        np.testing.assert_array_equal(made[name].time, alone.time)
    fit = survsim.cox_ph(made.surv(), None, (made.to_frame().arm == "treated").to_numpy(float))
    assert made.reference == "control" and made.others == ("treated",)
    assert made.ratios[0].log_hazard_ratio == pytest.approx(fit.estimate[0], abs=1e-9)
    assert "treated against control: hazard ratio" in made.headline()


def test_a_frame_with_a_column_arm_is_taken_as_digitise_gives_it():
    frame = pd.concat([pd.DataFrame({"arm": a, "time": t, "survival": s}) for a, (t, s) in CURVES.items()])
    made = reconstruct_arms(frame, n=[10, 12], unit="months", reference="treated")
    assert made.arms == ("control", "treated") and [p.time.size for p in made.parts] == [10, 12]
    assert made.others == ("control",)


def test_an_arm_without_events_has_no_ratio_and_is_said():
    made = reconstruct_arms({"a": ([5, 9], [1.0, 1.0]), "b": CURVES["control"]}, n=[10, 10], unit="months")
    assert made.ratios == (None,) and "no hazard ratio" in made.headline()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n": 10}, "one number an arm"),
        ({"n": [10, 10, 10]}, "3 numbers for 2 arms"),
        ({"n": {"placebo": 10}}, "names 'placebo'"),
        ({"n": {"control": 10}}, "arm 'treated'.*give the numbers at risk"),
        ({"n": [10, 10], "n_event": [5, 11]}, "arm 'treated'.*n_event"),
        ({"n": [10, 10], "reference": "x"}, "no arm"),
        ({"n": [10, 10], "at_risk": {"control": ([0, 3], [10, 5])}}, "nothing for this arm"),
    ],
)
def test_numbers_that_are_not_one_an_arm_are_refused(given, message):
    with pytest.raises(InputError, match=message):
        reconstruct_arms(CURVES, unit="months", **given)


def test_one_arm_points_to_the_call_for_several():
    with pytest.raises(InputError, match="reconstruct_arms"):
        reconstruct_ipd(CURVES["control"], n={"control": 10}, unit="months")
    with pytest.raises(InputError, match="tolerance must lie in"):
        reconstruct_ipd(CURVES["control"], n=10, unit="months", tolerance=2)


def test_levels_that_are_whole_numbers_of_patients_say_that_nobody_left():
    cell = next(c for c in cells() if (c.shape, c.n, c.table, c.clicks) == ("flat tail", 500, None, 300))
    arm = pair(cell, np.random.default_rng(70_000 + 1000 * cells().index(cell)))[0]
    made = reconstruct_ipd((arm.click, arm.level), n=500, unit="months")
    assert made.n_event == arm.n_event
    assert any("nobody was censored before the last drop" in note for note in made.notes)


def test_marks_that_contradict_the_curve_are_said_and_the_curve_is_kept():
    cell = next(c for c in cells() if (c.shape, c.n, c.table, c.clicks) == ("late entry", 2000, None, 300))
    arm = pair(cell, np.random.default_rng(70_000 + 1000 * cells().index(cell)))[0]
    made = reconstruct_ipd(
        (arm.click, arm.level), n=2000, n_event=arm.n_event, censor_marks=arm.marks, unit="months"
    )
    assert any("marks do not go with the curve" in note for note in made.notes)
    assert made.rmse < 5e-4 and made.n_event == arm.n_event


def test_a_total_alone_spreads_the_censored_at_one_rate():
    # 400 patients, half of them lost at a constant rate: with the total told the curve is met to its rounding.
    rng = np.random.default_rng(3)
    time, lost = rng.exponential(20, 400), rng.exponential(20, 400)
    seen, died = np.minimum(time, lost), time <= lost
    at = np.sort(seen[died])
    left = 400 - np.searchsorted(np.sort(seen), at)
    level = np.cumprod(1 - 1 / left)
    keep = left >= 20
    made = reconstruct_ipd((at[keep], level[keep].round(3)), n=400, n_event=int(keep.sum()), unit="months")
    assert made.n_event == keep.sum() and made.rmse < 0.003


def test_the_ratio_of_true_patients_lies_in_the_range_that_the_figure_leaves_open():
    cell = next(c for c in cells() if (c.shape, c.n, c.table, c.clicks) == ("heavy censoring", 100, 12.0, 60))
    inside = 0
    for seed in range(6):
        arms = pair(cell, np.random.default_rng(4000 + seed))
        made = [
            reconstruct_ipd(
                (a.click, a.level),
                at_risk=(a.risk_time, a.at_risk),
                unit="months",
                tolerance=0.005,
                time_tolerance=0.025,
            )
            for a in arms
        ]
        truth = log_hazard_ratio(*((a.time, a.event, a.entry) for a in arms))
        low, high = np.log(compare_pair(made[1], made[0]).reading_range)
        inside += low <= truth <= high
    assert inside >= 5


def _two_arms():
    curves = ((([2, 5, 9], [0.9, 0.7, 0.6]), 65), (([1, 3, 9], [0.8, 0.5, 0.3]), 45))
    return [reconstruct_ipd(c, at_risk=([0, 6], [100, late]), unit="months") for c, late in curves]


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ({"hazard_ratio": 0.42, "conf_int": (0.5, 0.9)}, "excludes its estimate"),
        ({"hazard_ratio": 0.42, "conf_int": (0.3, 0.59), "p_value": 0.9}, r"p = 0\.9 is printed"),
        ({"conf_int": (0.3, 0.59), "p_value": 0.9}, r"p = 0\.9 is printed"),
    ],
)
def test_printed_numbers_that_exclude_one_another_are_refused(printed, told):
    with pytest.raises(InputError, match=told) as said:
        compare_pair(*_two_arms(), m=0, **printed)
    assert "beyond_counts" not in str(said.value)  # which this call does not have


@pytest.mark.parametrize("printed", [{"conf_int": (0.419, 0.421)}, {"p_value": 0.9}])
def test_an_interval_that_the_events_do_not_allow_does_not_agree(printed):
    with pytest.warns(EvidenceWarning, match="38 and 66 events"):
        assert compare_pair(*_two_arms(), m=0, hazard_ratio=0.42, **printed).agrees is False


@pytest.mark.parametrize(
    "printed",
    [
        {"hazard_ratio": 0.42, "conf_int": (0.28, 0.62), "p_value": 0.0},
        {"hazard_ratio": 0.42, "p_value": 0.0001},
        {"conf_int": (0.28, 0.62), "p_value": 0.0001},
        {"p_value": 0.0},
    ],
)
def test_printed_numbers_that_fit_are_taken(printed):
    assert compare_pair(*_two_arms(), m=0, **printed).agrees is True


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ({"p_value": 0.9}, r"log-rank p is .*e-06, printed 0\.9"),
        ({"conf_int": (0.9, 1.4)}, r"hazard ratio is 0\.\d+, printed 1\.1"),
    ],
)
def test_a_p_value_or_an_interval_alone_is_compared_too(printed, told):
    with pytest.warns(EvidenceWarning, match=told):
        assert compare_pair(*_two_arms(), m=0, **printed).agrees is False


@pytest.mark.parametrize("turned", [False, True])
def test_an_arm_without_events_has_no_ratio_and_is_told_in_its_own_words(turned):
    curve = ([2, 5, 9], [1, 1, 1]), ([1, 3, 9], [0.8, 0.5, 0.3])
    arms = [
        reconstruct_ipd(c, at_risk=([0, 6], [60, late]), unit="months") for c, late in zip(curve, (60, 30))
    ]
    sets = [pseudo_sets(arm, 2, tolerance=0.005) for arm in arms]
    if turned:
        arms, sets = arms[::-1], sets[::-1]
    for call in (
        lambda: compare_pair(*arms, m=0),
        lambda: pooled(sets[0], "hazard_ratio", control=sets[1]),
    ):
        with pytest.raises(ConvergenceError, match="ratio is 0 or infinite") as said:
            call()
        assert "x1" not in str(said.value) and "firth" not in str(said.value)
