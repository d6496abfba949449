"""The one road: what a row may stand for, with which error, and what its counts forbid."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import logit

from survsim import pool_medians
from survsim.core.information import (
    least_hazard_error,
    least_median_error,
    least_ratio_error,
    least_rmst_error,
)
from survsim.errors import EvidenceError, InputError
from survsim.joint_model import hazard_ratio_term, median_term, survival_term
from survsim.printed import Refusal, effect_size, effect_sizes, printed_number
from survsim.synthesis import pool_survival_points

Z = 1.959963984540054


def reason(row, scale, **allowed):
    found = printed_number(row, scale, **allowed)
    assert hasattr(found, "reason"), found
    return found.reason


def test_a_median_with_counts_is_a_kaplan_meier_median():
    """Constant hazard, no censoring: Greenwood 1/(4n) over the squared density (log(2)/2)^2 on the log scale."""
    only_n = printed_number({"value": 14.0, "n": 40}, "median")
    assert only_n.std_error == pytest.approx(1 / (np.log(2) * np.sqrt(40)))
    assert only_n.n_effective == pytest.approx(40.0)
    assert only_n.assumed == ("error from n = 40, 75% taken as events with design factor 1.56",)
    both = printed_number({"value": 14.0, "n": 40, "n_event": 30}, "median")
    assert both.std_error == pytest.approx(only_n.std_error)
    assert printed_number({"value": 14.0, "n": 40}, "median", assume_events=0.5).std_error == pytest.approx(
        only_n.std_error * np.sqrt(1.5)
    )
    assert "assume_events says" in reason({"value": 14.0, "n": 40}, "median", assume_events=None)


def test_the_factor_of_a_median_lies_between_its_two_follow_ups():
    """Simulated Kaplan-Meier medians: variance of the log times deaths, all followed and follow-up to the median."""
    from survsim import Surv, kaplan_meier

    rng = np.random.default_rng(4)
    n, logs = 200, {True: [], False: []}
    deaths = {True: [], False: []}
    for _ in range(400):
        time = rng.exponential(size=n)
        for whole in logs:
            end = np.inf if whole else 1.0
            surv = Surv.right(np.minimum(time, end), time <= end, unit="months")
            logs[whole].append(np.log(kaplan_meier(surv).median().estimate[0]))
            deaths[whole].append(surv.event.sum())
    factor = {whole: np.var(logs[whole]) * np.mean(deaths[whole]) for whole in logs}
    assert factor[False] < 1.56 < factor[True]
    assert factor[True] == pytest.approx(1 / np.log(2) ** 2, rel=4 * np.sqrt(2 / 400))


@pytest.mark.parametrize("typed", [True, False])
def test_an_interquartile_range_is_no_interval_however_the_row_is_typed(typed):
    row = {
        "value": 10.0,
        "conf_low": 6.0,
        "conf_high": 20.0,
        "conf_note": "interquartile_range_not_used",
        "n": 30,
    }
    if typed:
        row = row | {"conf_level": 0.95}
    assert printed_number(row, "median").route == "number of patients"
    assert "neither" in reason({k: v for k, v in row.items() if k != "n"}, "median", assume_level=0.95)


def test_levels_are_used_when_stated_and_assumed_only_when_told():
    row = {"value": 10.0, "conf_low": 7.0, "conf_high": 15.0}
    width = np.log(15 / 7) / 2
    assert printed_number(row, "median").std_error == pytest.approx(width / Z)
    assert printed_number(row | {"conf_level": 0.9}, "median").std_error == pytest.approx(
        width / 1.6448536269514722
    )
    unstated = row | {"conf_level": np.nan}
    assert "neither an interval" in reason(unstated, "median")
    found = printed_number(unstated, "median", assume_level=0.95)
    assert found.std_error == pytest.approx(width / Z) and "unstated level taken as 95%" in found.assumed[0]
    assert "Is it in per cent" in reason(row | {"conf_level": 95}, "median")


def test_half_an_interval_where_the_other_end_was_not_reached():
    row = {"value": 10.0, "conf_low": 7.0, "conf_high": np.inf}
    assert printed_number(row, "median").std_error == pytest.approx(np.log(10 / 7) / Z)
    one_sided = {"value": 0.5, "conf_low": 0.4, "conf_note": "one_sided", "n": 60}
    found = printed_number(one_sided, "proportion")
    assert found.std_error == pytest.approx((logit(0.5) - logit(0.4)) / 1.6448536269514722)


@pytest.mark.parametrize(
    ("row", "scale"),
    [
        ({"value": 16.0, "value_qualifier": "lower_bound", "n": 42}, "median"),
        ({"value": 0.1, "value_qualifier": "upper_bound", "n": 42}, "proportion"),
        ({"value": 0.7, "value_qualifier": "upper_bound", "conf_low": 0.5, "conf_high": 0.9}, "hazard_ratio"),
        ({"value": 0.7, "value_qualifier": "upper_bound", "n": 9, "time": 3}, "survival"),
    ],
)
def test_bounds_are_no_estimates(row, scale):
    assert "no estimate" in reason(row, scale)


def test_words_for_none_and_about_enter_and_say_so():
    none = printed_number({"value": 0.0, "value_qualifier": "zero_in_words", "n": 19}, "proportion")
    assert none.estimate == pytest.approx(logit(0.5 / 20)) and "taken as 0" in none.assumed[0]
    about = printed_number({"value": 0.5, "value_qualifier": "approximate", "n": 23}, "proportion")
    assert about.estimate == 0.0 and "approximate" in about.assumed[0]


def test_a_row_is_not_another_measure():
    row = {"measure": "hazard_ratio", "value": 0.7, "conf_low": 0.5, "conf_high": 0.98}
    for scale in ("median", "survival", "cumulative_hazard", "proportion", "rmst", "rate"):
        assert reason(row, scale) == "its measure is hazard_ratio"
    with pytest.raises(InputError, match="its measure is hazard_ratio"):
        pool_medians([row], unit="months")
    with pytest.raises(InputError, match="its measure is median"):
        effect_size(type("R", (), {"measure": "median", "value": 9.0})())


def test_the_same_survival_on_two_scales():
    row = {"value": 0.6, "n": 50, "time": 12}
    odds, hazard = (printed_number(row, s, design_factor=1.0) for s in ("survival", "cumulative_hazard"))
    on_share = odds.std_error * 0.6 * 0.4
    assert on_share == pytest.approx(np.sqrt(0.6 * 0.4 / 50))
    assert hazard.std_error == pytest.approx(on_share / (0.6 * -np.log(0.6)))


def test_rates_and_plain_values():
    rate = printed_number({"value": 0.05, "n_event": 25}, "rate")
    assert (rate.estimate, rate.std_error) == (pytest.approx(np.log(0.05)), 0.2)
    assert "allow no less than 0.2" in reason(
        {"value": 0.05, "conf_low": 0.049, "conf_high": 0.051, "n_event": 25}, "rate"
    )
    value = printed_number({"value": 62.3, "conf_low": 50.3, "conf_high": 74.3}, "value")
    assert value.std_error == pytest.approx(12 / Z)


@pytest.mark.parametrize("unit", ["months", "years"])
def test_events_bound_the_error_of_a_restricted_mean(unit):
    """Weibull times of shape 3 whose mean to 12 is 10 have the cumulative hazard 0.8311 at 12, by quadrature of S."""
    mean, _ = quad(lambda t: np.exp(-0.8311381607920 * (t / 12) ** 3), 0, 12)
    assert mean == pytest.approx(10, abs=1e-6)
    least = (10 - 12 * np.exp(-0.8311381607920)) / (3 * np.sqrt(10))
    assert least_rmst_error(10, 12, 10) == pytest.approx(least, abs=1e-6)
    row = {"value": 10, "conf_low": 9.99, "conf_high": 10.01, "n_event": 10, "time": 12, "unit": "months"}
    assert f"10 events allow no less than {least:.3g}" in reason(row, "rmst")
    wide = printed_number(row, "rmst", unit=unit, beyond_counts="widen")
    assert wide.flagged and wide.std_error == pytest.approx(least / (12 if unit == "years" else 1), abs=1e-6)
    honest = row | {"conf_low": 9.0, "conf_high": 11.0}
    assert not printed_number(honest, "rmst", unit=unit).flagged
    assert "10 patients allow" in reason({**row, "n": 10, "n_event": None}, "rmst")
    assert "beside 0 events" in reason(honest | {"n_event": 0}, "rmst")
    assert printed_number(honest | {"value": 12, "conf_high": 12, "conf_low": 11.9}, "rmst").estimate == 12


@pytest.mark.parametrize("share", [1e-9, 1e-6, 0.01, 0.5, 0.999, 1 - 1e-9, 1.0])
def test_the_bound_of_a_restricted_mean_is_a_share_of_what_is_lost_and_lived(share):
    found = least_rmst_error(share, 1.0, 4)
    assert 0 <= found <= min(share / 6, (1 - share) / 2) * (1 + 1e-6)


@pytest.mark.parametrize("named", ["unit", "time_unit", "value_unit"])
def test_one_stated_unit_is_that_of_a_restricted_mean_and_its_horizon(named):
    row = {"value": 1.7, "time": 3, "std_error": 0.1, named: "years"}
    found = printed_number(row, "rmst", unit="months")
    assert (found.value, found.time, found.std_error) == pytest.approx((20.4, 36.0, 1.2))


@pytest.mark.parametrize(
    ("scale", "row"),
    [
        ("survival", {"value": 0.5, "time": 12, "std_error": 7}),
        ("cumulative_hazard", {"value": 0.5, "time": 12, "std_error": 7, "conf_low": 0.4, "conf_high": 0.6}),
        ("proportion", {"value": 0.5, "std_error": 0.51}),
        ("rmst", {"value": 1.7, "time": 3, "std_error": 1.6}),
    ],
)
def test_no_standard_error_is_more_than_half_of_its_range(scale, row):
    found = printed_number(row, scale)
    assert isinstance(found, Refusal) and "half of the range" in found.text and "per cent" in found.text
    allowed = row | {"std_error": 0.05, "conf_low": None, "conf_high": None}
    assert not isinstance(printed_number(allowed, scale), Refusal)


def test_rmst_bounds_are_in_the_unit_asked_for():
    row = {
        "value": 2.0,
        "value_unit": "years",
        "time": 5.0,
        "time_unit": "years",
        "conf_low": 1.8,
        "conf_high": 2.2,
    }
    found = printed_number(row, "rmst", unit="months")
    assert (found.value, found.time) == (24.0, 60.0)
    assert found.std_error == pytest.approx(12 * 0.2 / Z)


# ---- what counts forbid


def test_information_bounds_by_hand():
    assert least_ratio_error(100) == 0.2
    assert least_ratio_error((1, 39)) == pytest.approx(np.sqrt(1 + 1 / 39))
    assert least_hazard_error(25) == 0.2
    assert least_median_error(25) == pytest.approx(0.2 / 3)


def test_cox_never_beats_its_bound():
    """Two arms, many data sets: the fitted standard error is at least sqrt(1/d1 + 1/d2), and that at least 2/sqrt(d)."""
    from survsim import Surv, cox_ph

    rng = np.random.default_rng(2)
    for _ in range(20):
        arm = (rng.random(60) < rng.uniform(0.2, 0.8)).astype(float)
        time = rng.exponential(np.exp(-rng.normal() * arm))
        event = rng.random(60) < 0.7
        fit = cox_ph(Surv.right(time, event, unit="months"), None, arm[:, None])
        d1, d = (event & (arm == 1)).sum(), event.sum()
        bound = least_ratio_error((d1, d - d1))
        assert fit.std_error[0] >= bound * (1 - 1e-9)
        assert bound >= least_ratio_error(d) - 1e-12


def test_a_rounded_ratio_with_its_p_value_is_bounded_by_its_events():
    found = effect_size(hazard_ratio=1.01, p_value=0.6, n_event=40)
    assert found.std_error == pytest.approx(2 / np.sqrt(40)) and found.flagged
    assert "40 events allow no less than 0.316" in found.notes[0]
    row = {"hazard_ratio": 1.01, "p_value": 0.6, "n_event": 40, "label": "trial A"}
    with pytest.raises(
        InputError,
        match=r"trial A: a standard error of 0\.019 follows from the hazard ratio and p-value, 40 events allow",
    ):
        effect_sizes([row])
    assert effect_sizes([row], beyond_counts="widen").std_error[0] == pytest.approx(found.std_error)


@pytest.mark.parametrize("n_event", [40, (20, 20), (39, 1)])
def test_an_interval_too_narrow_for_its_events(n_event):
    numbers = {"hazard_ratio": 0.8, "conf_low": 0.75, "conf_high": 0.853, "n_event": n_event}
    least = least_ratio_error(n_event)
    assert effect_size(**numbers).std_error == pytest.approx(least)
    with pytest.raises(InputError, match="allow no less than"):
        effect_size(**numbers, beyond_counts="refuse")
    with pytest.raises(EvidenceError, match="allow no less than"):
        hazard_ratio_term(
            0.8, {"a": 1.0}, {"a": 0.0}, study="s", conf_low=0.75, conf_high=0.853, n_event=n_event
        )


def test_a_possible_interval_beside_its_events_is_left_alone():
    found = effect_size(hazard_ratio=0.75, conf_low=0.60, conf_high=0.94, n_event=310)
    assert found.std_error == pytest.approx(0.114530222) and not found.flagged


def test_one_arm_counts_bound_their_own_share():
    row = {
        "measure": "hazard_ratio",
        "arm_id": "a",
        "value": 0.8,
        "conf_low": 0.75,
        "conf_high": 0.853,
        "n_arm": 40,
    }
    assert "40 patients of one arm allow no less than 0.158" in reason(row, "hazard_ratio")
    found = printed_number(row, "hazard_ratio", beyond_counts="widen")
    assert found.std_error == pytest.approx(1 / np.sqrt(40)) and found.flagged


def test_medians_that_ten_events_cannot_give_are_not_pooled():
    rows = [
        {"value": 10, "conf_low": 9.9, "conf_high": 10.1, "n_event": 10},
        {"value": 12, "conf_low": 8, "conf_high": 17, "n_event": 30},
        {"value": 9, "conf_low": 6, "conf_high": 13, "n_event": 25},
    ]
    with pytest.raises(
        InputError, match=r"row 0: a standard error of 0\.0051 follows from the interval, 10 events allow"
    ):
        pool_medians(rows, unit="months")
    with pytest.warns(UserWarning, match="0.105 is taken"):
        wide = pool_medians(rows, unit="months", beyond_counts="widen")
    assert wide.analyses[0].study_std_error[0] == pytest.approx(least_median_error(10))
    with pytest.raises(EvidenceError, match="10 events allow"):
        median_term(10, study="s", unit="months", conf_low=9.9, conf_high=10.1, n_event=10)


def test_survival_that_ten_patients_cannot_give_is_not_pooled():
    row = {"value": 0.5, "conf_low": 0.49, "conf_high": 0.51, "n": 10, "time": 12}
    with pytest.raises(InputError, match=r"10 patients allow no less than 0\.632"):
        pool_survival_points([row], unit="months")
    with pytest.raises(EvidenceError, match="10 patients allow"):
        survival_term([12], [0.5], study="s", unit="months", conf_low=[0.49], conf_high=[0.51], n=10)
    by_events = printed_number({**row, "n": None, "n_event": 16}, "cumulative_hazard", beyond_counts="widen")
    assert by_events.std_error == pytest.approx(0.25)


def test_counts_that_contradict_each_other():
    assert "30 events in 20 patients" in reason({"value": 9.0, "n": 20, "n_event": 30}, "median")
    assert "5 of 20 is 0.25, 0.4 is printed" in reason({"value": 0.4, "n": 20, "n_event": 5}, "proportion")
    assert "must be a count" in reason({"value": 9.0, "n": -4}, "median")


@pytest.mark.parametrize(
    ("row", "scale"),
    [
        ({"value": "nine"}, "median"),
        ({"value": 9.0, "n": "forty"}, "median"),
        ({"value": 9.0, "conf_low": 9.0, "conf_high": 9.0}, "median"),
        ({"value": 9.0, "std_error": 0.0}, "median"),
        ({"value": 1.2, "n": 9, "time": 3}, "survival"),
        ({"value": 0.7, "n_event": "many"}, "hazard_ratio"),
        ({"value": 0.7, "n_event": 2, "n_arm": "x"}, "hazard_ratio"),
        ({"value": None}, "value"),
        ({}, "rate"),
    ],
)
def test_a_faulty_row_is_refused_and_raises_nothing(row, scale):
    assert reason(row, scale)


@pytest.mark.parametrize(
    "allowed",
    [
        {"assume_events": 2},
        {"assume_level": 95},
        {"design_factor": -1},
        {"beyond_counts": "x"},
        {"unit": "moons"},
    ],
)
def test_wrong_arguments_are_the_callers_fault(allowed):
    with pytest.raises(InputError):
        printed_number({"value": 9.0, "n": 40}, "median", **allowed)
    with pytest.raises(InputError, match="scale must be one of"):
        printed_number({"value": 9.0}, "mode")


def test_an_effect_size_has_its_interval_and_p_value():
    found = effect_size(hazard_ratio=0.75, conf_low=0.60, conf_high=0.9375)
    assert (found.conf_low, found.conf_high) == (pytest.approx(0.6), pytest.approx(0.9375))
    assert found.p_value == pytest.approx(2 * 0.005814, abs=2e-4)
    frame = effect_sizes([{"hazard_ratio": np.exp(-0.392), "p_value": 0.05}]).to_frame()
    assert frame.loc[0, "p_value"] == pytest.approx(0.05)
    assert frame.loc[0, "conf_high"] == pytest.approx(1.0)
    at_90 = effect_size(hazard_ratio=0.75, conf_low=0.60, conf_high=0.9375, conf_level=0.9)
    assert at_90.conf_low == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("scale", "row", "told", "error"),
    [
        # sqrt(1.56 / (0.75 * 20)), from n alone.
        ("median", {"value": 10, "n": 20, "n_event": 0}, "a median of 10 is printed beside 0 events", 0.3226),
        # sqrt(1.2 / (20 * 0.5 * 0.5)), from n alone.
        (
            "survival",
            {"value": 0.5, "n": 20, "n_event": 0, "time": 12},
            "survival 0.5 is printed beside 0",
            0.4899,
        ),
        (
            "survival",
            {"value": 0.5, "conf_low": 0.4, "conf_high": 0.6, "n_event": 0, "time": 12},
            "beside 0",
            0.2069,
        ),
        ("rate", {"value": 0.1, "conf_low": 0.05, "conf_high": 0.2, "n_event": 0}, "a rate of 0.1", 0.3537),
        # Limits 0.4 and 0.6 are 2 * 1.96 errors of 0.2069 apart on log odds; 0.3 of the share is 0.3 / 0.25.
        (
            "survival",
            {"value": 0.5, "conf_low": 0.4, "conf_high": 0.6, "std_error": 0.3, "time": 12},
            r"of 0.3 is printed \(1.2 on the scale of the analysis\), the interval gives 0.207",
            1.2,
        ),
        (
            "rmst",
            {"value": 20, "conf_low": 18, "conf_high": 22, "std_error": 4, "time": 36},
            "gives 1.02",
            4.0,
        ),
        ("value", {"value": 20, "conf_low": 12, "conf_high": 28, "std_error": 1}, "gives 4.08", 4.0817),
        (
            "hazard_ratio",
            {"value": 0.7, "conf_low": 0.5, "conf_high": 0.98, "std_error": 0.5},
            "of 0.5 is printed, the interval gives 0.172",
            0.5,
        ),
        # 1 / sqrt(20 * 0.25) of the patients, above the 0.207 of the interval.
        (
            "proportion",
            {"value": 0.5, "conf_low": 0.4, "conf_high": 0.6, "n_event": 2, "n": 20},
            "2 of 20 is 0.1, 0.5 is printed",
            0.4472,
        ),
    ],
)
def test_numbers_that_cannot_all_be_true(scale, row, told, error):
    refused = printed_number(row, scale)
    assert isinstance(refused, Refusal) and refused.contradicts
    assert re.search(told, refused.reason)
    kept = printed_number(row, scale, beyond_counts="widen")
    assert kept.flagged and re.search(told, " ".join(kept.notes))
    assert kept.std_error == pytest.approx(error, abs=5e-5)


@pytest.mark.parametrize(
    ("scale", "row"),
    [
        ("survival", {"value": 0.95, "conf_low": 0.94, "conf_high": 0.96, "std_error": 0.01, "time": 12}),
        ("survival", {"value": 1.0, "n": 20, "n_event": 0, "time": 12}),
        # Greenwood beside a log-log interval: 19 of 20.
        ("survival", {"value": 0.95, "conf_low": 0.695, "conf_high": 0.993, "std_error": 0.0487, "time": 12}),
        ("median", {"value": 14, "conf_low": 9, "conf_high": 24, "std_error": 3.1}),
        ("hazard_ratio", {"value": 0.7, "conf_low": 0.5, "conf_high": 0.98, "std_error": 0.2}),
        ("rate", {"value": 0.1, "conf_low": 0.05, "conf_high": 0.2, "std_error": 0.04}),
    ],
)
def test_a_standard_error_beside_its_own_interval_agrees(scale, row):
    found = printed_number(row, scale)
    assert not found.flagged and found.notes == ()


def test_a_hazard_ratio_term_takes_a_standard_error_that_its_interval_bears_out():
    options = {"study": "D", "conf_low": 0.5, "conf_high": 0.98}
    assert hazard_ratio_term(0.7, {"a": 1}, {"a": 0}, std_error=0.17, **options).payload["se"] == 0.17
    with pytest.raises(EvidenceError, match=r"of 0.5 is printed, the interval gives 0.172"):
        hazard_ratio_term(0.7, {"a": 1}, {"a": 0}, std_error=0.5, **options)
    wide = hazard_ratio_term(0.7, {"a": 1}, {"a": 0}, std_error=0.05, beyond_counts="widen", **options)
    assert wide.payload["se"] == pytest.approx(np.log(0.98 / 0.5) / 3.919928)
