"""Pseudo data from summary numbers: every set prints the numbers again; what is not printed is assumed aloud."""

from __future__ import annotations

import numpy as np
import pytest

from survsim import check_summary, kaplan_meier, load_evidence
from survsim.errors import InputError
from survsim.reconstruction import pooled, pseudo_ipd_from_summaries


def test_every_set_prints_the_numbers_again():
    sets = pseudo_ipd_from_summaries(
        median=14.0, survival_at=[(12, 0.55), (24, 0.3)], n=200, n_event=140, unit="months", m=10
    )
    for s in sets.survs():
        km = kaplan_meier(s)
        assert km.n_patients[0] == 200
        assert int(s.event.sum()) == 140
        np.testing.assert_allclose(km.survival_at([12.0, 24.0]).estimate, [0.55, 0.30], atol=0.006)
        assert km.median().estimate[0] == pytest.approx(14.0, rel=0.03)
        assert not check_summary(s, median=14.0, survival=[(12, 0.55)]).to_frame().empty


@pytest.mark.parametrize("n_event", [1, 10, 20, 35, 40, 79])
def test_every_set_prints_its_median_however_few_die(n_event):
    sets = pseudo_ipd_from_summaries(median=14.0, n=80, n_event=n_event, unit="months", m=20)
    for s in sets.survs():
        assert kaplan_meier(s).median().estimate[0] == pytest.approx(14.0)
        assert int(s.event.sum()) == n_event and s.time.size == 80
    assert not any("do not print" in text for text in sets.assumed)


def test_points_that_no_whole_patients_have_are_named():
    # One death makes one level beside 1: it is not 0.7 and 0.3.
    sets = pseudo_ipd_from_summaries(survival_at={6: 0.7, 12: 0.3}, n=20, n_event=1, unit="months", m=3)
    assert {int(s.event.sum()) for s in sets.survs()} == {1}
    assert any("of 3 sets do not print survival 0." in text for text in sets.assumed)


def test_counts_of_typed_rows_are_those_of_the_arm():
    row = {"measure": "median", "value": 14.0, "n": 80, "n_event": 40, "label": "a"}
    sets = pseudo_ipd_from_summaries([row], unit="months", m=5)
    assert {(s.time.size, int(s.event.sum())) for s in sets.survs()} == {(80, 40)}
    assert not any("no number is printed" in text for text in sets.assumed)


@pytest.mark.parametrize("name", ["arm_id", "study", "endpoint"])
def test_typed_rows_of_two_arms_are_refused(name):
    row = {"measure": "median", "value": 14.0, "n": 80, "label": "a"}
    other = row | {"measure": "survival_probability", "value": 0.7, "time": 6}
    with pytest.raises(InputError, match=r"rows are of 2 arms or endpoints \(x, y\)"):
        pseudo_ipd_from_summaries([row | {name: "x"}, other | {name: "y"}], unit="months", m=2)
    pseudo_ipd_from_summaries([row | {name: "x"}, other], unit="months", m=2)


def test_the_interval_of_a_median_comes_back_from_the_deaths_it_speaks_for():
    # The exact variance of a log median under constant hazard lies between 1/(2 d log(2)^2) and 1/(d log(2)^2).
    sets = pseudo_ipd_from_summaries(median=14.0, conf_int=(11.0, 17.8), n=120, unit="months", m=20)
    printed = (np.log(17.8) - np.log(11.0)) / (2 * 1.959963984540054)
    found = pooled(sets, "median")
    assert any("speaks for" in text for text in sets.assumed)
    assert found.std_error[0] == pytest.approx(printed, rel=0.25)


def test_one_point_leaves_the_shape_open_and_two_do_not():
    one = pseudo_ipd_from_summaries(survival_at={12: 0.6}, n=100, n_event=70, unit="months", m=30)
    two = pseudo_ipd_from_summaries(survival_at={12: 0.6, 24: 0.36}, n=100, n_event=70, unit="months", m=30)
    far = [pooled(s, "survival", times=24.0).between[0] for s in (one, two)]
    assert far[0] > 5 * far[1]
    assert any("shape drawn" in text for text in one.assumed)
    assert one.grade == "summaries" and "lower grade" in one.headline()


def test_constant_hazard_is_recovered():
    # S(12) = 0.6 and S(24) = 0.36 lie on one exponential: the median is 12 log 2 / log(1/0.6) = 16.28.
    sets = pseudo_ipd_from_summaries(survival_at={12: 0.6, 24: 0.36}, n=400, n_event=300, unit="months")
    assert pooled(sets, "median").value[0] == pytest.approx(12 * np.log(2) / np.log(1 / 0.6), rel=0.02)


def test_the_printed_number_of_deaths_decides_and_follow_up_is_compared():
    sets = pseudo_ipd_from_summaries(median=10.0, n=100, n_event=50, followup=90.0, unit="months", m=3)
    assert any("printed 90" in text for text in sets.assumed)


def test_rows_of_the_evidence_go_the_same_road():
    store = load_evidence()
    frame = store.estimates
    rows = frame[
        (frame["measure"] == "median") & (frame["endpoint"] == "overall_survival") & frame["n_arm"].between(20, 500)
        & frame["conf_low"].notna() & frame["conf_high"].notna() & (frame["value_unit"] == "months")
    ]  # fmt: skip
    record = store.estimate(str(rows["estimate_id"].iloc[0]))
    sets = pseudo_ipd_from_summaries([record], unit="months", m=5)
    assert sets.references == (record.reference,)
    assert pooled(sets, "median").value[0] == pytest.approx(record.value, rel=0.15)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "n is missing"),
        ({"n": 50}, "give a median"),
        ({"n": 50.5, "median": 10}, "whole number"),
        ({"n": 50, "median": -3}, "positive"),
        ({"n": 50, "median": 10, "n_event": 60}, "60 events in 50"),
        ({"n": 50, "survival_at": [(12, 0.5), (24, 0.6)]}, "must fall"),
        ({"n": 50, "survival_at": [(12, 60)]}, "per cent"),
        ({"n": 50, "survival_at": [(12, 1.0)]}, "no place"),
        ({"n": 50, "survival_at": [(12,)]}, "pairs"),
        ({"n": 50, "conf_int": (3, 5)}, "median too"),
        ({"n": 50, "median": 10, "conf_int": (11, 15)}, "excludes"),
        ({"rows": [{"value": 3, "measure": "hazard_ratio"}], "n": 50}, "hold medians"),
        ({"n": 50, "median": 10, "m": 1}, "m"),
    ],
)
def test_bad_numbers_are_refused(given, told):
    rows = given.pop("rows", ())
    with pytest.raises(InputError, match=told):
        pseudo_ipd_from_summaries(rows, unit="months", **given)
