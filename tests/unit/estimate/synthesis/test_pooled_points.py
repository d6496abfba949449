"""Pooling of printed survival, medians and restricted means: errors by hand, refusals by name."""

import numpy as np
import pytest
from scipy.special import expit, logit

from survsim import meta_analysis, pool_medians
from survsim.errors import EvidenceWarning, InputError
from survsim.estimate.printed.number import Terms
from survsim.estimate.printed.road import take_or_raise
from survsim.synthesis import pool_rmst, pool_survival_points

Z = 1.959963984540054


def one(quantity="survival", **numbers):
    return quantity, numbers


def survival_effect(row, factor):
    return take_or_raise(row[1], row[0], Terms(unit="months", design_factor=factor))


median_effect = survival_effect


def test_survival_error_from_its_interval():
    effect = survival_effect(one(value=0.5, conf_low=0.4, conf_high=0.62), 2.0)
    assert effect.estimate == 0.0
    assert effect.std_error == pytest.approx((logit(0.62) - logit(0.4)) / (2 * Z))
    assert effect.route == "interval"


def test_survival_error_from_one_half_when_the_other_end_is_at_the_wall():
    effect = survival_effect(one(value=0.9, conf_low=0.7, conf_high=1.0), 2.0)
    assert effect.std_error == pytest.approx((logit(0.9) - logit(0.7)) / Z)
    assert "lower half" in effect.notes[0]


def test_survival_error_from_a_standard_error_is_the_delta_rule():
    assert survival_effect(one(value=0.8, std_error=0.04), 2.0).std_error == pytest.approx(0.04 / 0.16)


def test_survival_error_from_n_is_binomial_times_the_design_factor():
    effect = survival_effect(one(value=0.4, n=60), 2.0)
    assert effect.std_error**2 == pytest.approx(1 / 12 + 1 / 18)
    assert effect.route == "number of patients"
    assert survival_effect(one(value=0.4, n=60), 1.0).std_error < effect.std_error


def test_survival_of_zero_and_one_is_finite():
    nobody, everybody = (survival_effect(one(value=v, n=20), 2.0) for v in (0.0, 1.0))
    assert nobody.estimate == pytest.approx(np.log(0.5 / 10.5))
    assert everybody.estimate == pytest.approx(-nobody.estimate)


def test_median_errors():
    both = median_effect(one("median", value=10.0, conf_low=7.0, conf_high=15.0), 1.5)
    assert both.std_error == pytest.approx(np.log(15 / 7) / (2 * Z))
    upper_open = median_effect(one("median", value=10.0, conf_low=7.0), 1.5)
    assert upper_open.std_error == pytest.approx(np.log(10 / 7) / Z)
    by_events = median_effect(one("median", value=10.0, n_event=24), 1.5)
    assert by_events.std_error == pytest.approx(0.25)


def test_each_time_is_a_meta_analysis_on_log_odds():
    rows = [
        {
            "value": v,
            "conf_low": v - 0.1,
            "conf_high": v + 0.1,
            "time": t,
            "label": f"s{i}",
            "source": f"estimates:s{i}_{t}",
        }
        for t in (12, 24)
        for i, v in enumerate((0.6 - t / 100, 0.5, 0.7 - t / 100))
    ]
    pooled = pool_survival_points(rows, unit="months")
    assert pooled.time.tolist() == [12.0, 24.0]
    v = np.array([0.48, 0.5, 0.58])
    by_hand = meta_analysis(logit(v), (logit(v + 0.1) - logit(v - 0.1)) / (2 * Z))
    assert pooled.estimate[0] == pytest.approx(expit(by_hand.estimate))
    assert pooled.prediction_low[0] == pytest.approx(expit(by_hand.prediction_low))
    assert len(pooled.provenance.references()) == 6
    frame = pooled.studies()
    assert frame["estimate"][:3].tolist() == pytest.approx([0.48, 0.5, 0.58])
    assert set(frame["route"]) == {"interval"}
    assert "6 published rows" in pooled.summary()


def test_rows_with_assumed_errors_are_named():
    rows = [{"value": v, "n": 40, "time": 60, "label": f"s{i}"} for i, v in enumerate((0.3, 0.4, 0.35))]
    with pytest.warns(EvidenceWarning, match="s0: error from n = 40 with design factor 1.2"):
        pooled = pool_survival_points(rows, unit="months")
    assert "3 errors rest on" in pooled.headline()


def test_rows_of_one_cluster_enter_once():
    rows = [{"value": v, "conf_low": 0.8 * v, "conf_high": 1.25 * v} for v in (10.0, 12.0, 15.0)]
    once = pool_medians(rows, unit="months")
    shared = [*rows[:2], {**rows[2], "cluster": "registry"}, {**rows[2], "cluster": "registry"}]
    with pytest.warns(EvidenceWarning, match="share patients"):
        twice = pool_medians(shared, unit="months")
    assert (twice.conf_low[0], twice.n_study[0]) == (pytest.approx(once.conf_low[0]), 3)
    assert twice.studies()["route"].tolist() == ["interval", "interval", "joined rows"]


def test_restricted_means_are_pooled_as_they_are():
    pooled = pool_rmst([{"value": v, "std_error": 1.0, "time": 36} for v in (20, 22, 24)], unit="months")
    assert pooled.estimate[0] == pytest.approx(22.0)


@pytest.mark.parametrize(
    ("pool", "row", "message"),
    [
        (pool_survival_points, {"value": 48, "time": 12, "n": 9}, "Is it in per cent"),
        (pool_survival_points, {"value": 0.4, "time": 12}, "row 0: survival 0.4 has neither"),
        (pool_survival_points, {"value": 0.4, "std_error": 0.1}, "needs a positive time"),
        (
            pool_survival_points,
            {"value": 0.4, "time": 1, "conf_low": 0.5, "conf_high": 0.6},
            "excludes its estimate",
        ),
        (pool_survival_points, {"time": 12}, "row 0: no value is printed"),
        (pool_survival_points, {"value": "x", "time": 12}, "must be a number"),
        (pool_survival_points, {"value": 0.4, "time": 1, "time_unit": "Gy"}, "no unit of time"),
        (pool_medians, {"value": 9.0, "value_qualifier": "lower_bound"}, "printed as lower_bound"),
        (pool_medians, {"value": np.inf}, "positive and reached"),
        (pool_medians, {"value": 9.0}, "neither an interval nor a number of events"),
        (pool_medians, {"value": 9.0, "std_error": -1.0}, "std_error must be positive"),
        (pool_rmst, {"value": 40, "time": 36, "std_error": 1}, "lies within 0 and its horizon"),
        (pool_rmst, {"value": 30, "time": 36}, "without interval or std_error"),
    ],
)
def test_messages(pool, row, message):
    with pytest.raises(InputError, match=message):
        pool([row], unit="months")


def test_no_rows_is_an_error():
    with pytest.raises(InputError, match="no rows to pool"):
        pool_medians([], unit="months")


def test_rows_that_cannot_be_weighed_can_be_left_out_and_are_named():
    rows = [{"value": v, "conf_low": 0.8 * v, "conf_high": 1.25 * v} for v in (10.0, 12.0, 15.0)]
    with pytest.warns(EvidenceWarning, match="left out: bare: median 9 has neither"):
        pooled = pool_medians([*rows, {"value": 9.0, "label": "bare"}], unit="months", unusable="leave_out")
    assert pooled.estimate[0] == pytest.approx(pool_medians(rows, unit="months").estimate[0])
    assert len(pooled.left_out) == 1
    with pytest.raises(InputError, match="no rows to pool: bare"):
        pool_medians([{"value": 9.0, "label": "bare"}], unit="months", unusable="leave_out")


def test_stated_units_are_converted():
    terms = Terms(unit="months")
    days = {"value": 730.5, "conf_low": 365.25, "value_unit": "days"}
    found = take_or_raise(days, "median", terms)
    assert found.value == pytest.approx(24.0)
    assert found.std_error == pytest.approx(np.log(2.0) / Z)
    assert (
        take_or_raise({"value": 0.4, "n": 9, "time": 5, "time_unit": "years"}, "survival", terms).time == 60.0
    )


def point(label, time, value):
    return {"label": label, "time": time, "value": value, "std_error": 0.08}


@pytest.mark.filterwarnings("ignore::survsim.errors.SmallSampleWarning")
def test_survival_of_one_label_never_rises():
    rows = [point("A", 24, 0.55), point("A", 12, 0.50), point("B", 12, 0.6), point("B", 24, 0.5)]
    with pytest.raises(InputError, match=r"survival never rises: A: survival 0.55 at 24 after 0.5 at 12\."):
        pool_survival_points(rows, unit="months")
    two_arms = [*rows, point("A", 12, 0.7)]
    with pytest.warns(EvidenceWarning, match="A occur more than once"):
        assert pool_survival_points(two_arms, unit="months").time.tolist() == [12, 24]


@pytest.mark.filterwarnings("ignore::survsim.errors.SmallSampleWarning")
def test_pooled_survival_that_rises_is_said():
    """0.5 of A and B at 12 months, 0.7 of C alone at 24: no curve."""
    rows = [point("A", 12, 0.5), point("B", 12, 0.5), point("C", 24, 0.7)]
    with pytest.warns(EvidenceWarning, match="pooled survival rises from 0.5 at 12 to 0.7 at 24"):
        assert pool_survival_points(rows, unit="months").estimate == pytest.approx([0.5, 0.7])
