"""Numbers of one row that say a thing twice: real contradictions are told on every road, rounding and names are not lost."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, check_summary, cox_ph, effect_size, effect_sizes, logrank_test, pool_medians
from survsim.core.information import least_median_error
from survsim.errors import EvidenceWarning, InputError
from survsim.printed import printed_number
from survsim.synthesis import pool_rmst, pool_survival_points

Z = 1.959963984540054
PETO = {"observed_minus_expected": -10, "variance": 25}  # log ratio -0.4, error 0.2, p = 0.0455
BOTH = {"observed": [20, 30], "expected": [28, 22]}  # ratio 0.524, error 0.285, chi-square 5.19: p = 0.023


@pytest.mark.parametrize(
    "numbers",
    [
        PETO | {"p_value": 0.9},
        PETO | {"conf_low": 1.2, "conf_high": 2.2},
        PETO | {"hazard_ratio": 0.67, "conf_low": 0.2, "conf_high": 2.2},
        PETO | {"hazard_ratio": 1.5},
        PETO | {"hazard_ratio": 0.67, "conf_high": 0.4, "conf_low": 0.3} | {"hazard_ratio": 0.35},
        PETO | {"favours": "control"},
        PETO | {"n_event": 30},
        BOTH | {"p_value": 0.9},
        BOTH | {"hazard_ratio": 0.52, "conf_low": 0.05, "conf_high": 5.4},
        BOTH | {"n_event": 400},
        BOTH | {"n_event": [30, 20]},
        BOTH | {"observed_minus_expected": 8, "variance": 12},
        {"observed_minus_expected": -30, "variance": 5, "n_event": [10, 10]},
        {"observed_minus_expected": 25, "variance": 5, "n_event": 20},
        {"hazard_ratio": 1.0, "p_value": 0.001, "n_event": 100},
        {"hazard_ratio": 0.3, "p_value": 1.0, "n_event": 100},
        {"p_value": 0.04, "n_event": 60, "favours": "research", "conf_low": 1.3, "conf_high": 2.1},
    ],
)
def test_whatever_the_road_what_is_printed_beside_it_is_compared(numbers):
    assert effect_size(**numbers).flagged
    with pytest.raises(InputError, match="beyond_counts='widen'"):
        effect_size(**numbers, beyond_counts="refuse")


@pytest.mark.parametrize(
    "numbers",
    [
        PETO | {"p_value": 0.046, "hazard_ratio": 0.66, "conf_low": 0.45, "conf_high": 0.99, "n_event": 101},
        BOTH | {"p_value": 0.023, "n_event": [20, 30], "favours": "research"},
        BOTH | {"observed_minus_expected": -8, "variance": 12.1},
        # Few events in one arm bound a Cox model's error, 0.471, not the log-rank test's.
        {"observed": [5, 45], "expected": [25, 25], "n_event": [5, 45]},
    ],
)
def test_numbers_of_one_log_rank_test_agree(numbers):
    assert effect_size(**numbers, beyond_counts="refuse").notes == ()


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    ("o_minus_e", "n_event", "most", "variance"),
    [(100, 130, 23, 30), (55, [15, 65], 8.7, 16), (2, 100, 25, 27)],
)
def test_v_is_at_most_the_product_of_expected_events_over_their_sum(sign, o_minus_e, n_event, most, variance):
    """O - E of -100 in 130 events leaves E of at least 100: V is at most 100 x 30 / 130 = 23.1, 24.8 by rounding."""
    events = n_event[::sign] if isinstance(n_event, list) else n_event
    printed = {"observed_minus_expected": -sign * o_minus_e, "n_event": events}
    found = effect_size(**printed, variance=variance)
    assert found.flagged and "events allow no less than" in found.notes[0]
    assert found.std_error > variance**-0.5
    effect_size(**printed, variance=most, beyond_counts="refuse")


def test_a_printed_log_rank_test_is_never_beyond_its_bound():
    rng = np.random.default_rng(3)
    for k in range(200):
        arm = np.repeat([1.0, 0.0], (20, 40) if k % 2 else (30, 30))
        time = rng.exponential(np.exp(-rng.uniform(-4, 4) * arm))
        surv = Surv.right(np.minimum(time, 2.0), time < 2.0, unit="years")
        test = logrank_test(surv, arm)
        difference = float(test.observed[1] - test.expected[1])
        seen = [int(surv.event[arm == a].sum()) for a in (1.0, 0.0)]
        if min(seen) < 1 or test.chi2 < 1e-3:
            continue
        row = {
            "observed_minus_expected": round(difference, 1),
            "variance": round(difference**2 / test.chi2, 1),
        }
        for events in (seen, sum(seen)):
            assert not effect_size(**row, n_event=events, beyond_counts="refuse").notes, row


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_numbers_of_one_trial_never_contradict_themselves(digits):
    """Log-rank test and Cox model of simulated trials, printed: no road refuses them."""
    rng = np.random.default_rng(7)
    for k in range(12):
        arm = np.repeat([1.0, 0.0], (40, 80) if k % 2 else (60, 60))
        time = rng.exponential(np.exp(-rng.uniform(-1.2, 1.2) * arm))
        event = (time < 1.5).astype(int)
        surv = Surv.right(np.minimum(time, 1.5), event, unit="years")
        fit = cox_ph(surv, None, arm[:, None])
        test = logrank_test(surv, arm)
        seen = [int(event[arm == a].sum()) for a in (1.0, 0.0)]
        b, s = float(fit.estimate[0]), float(fit.std_error[0])
        printed = {
            "hazard_ratio": round(np.exp(b), digits),
            "conf_low": round(np.exp(b - Z * s), digits),
            "conf_high": round(np.exp(b + Z * s), digits),
            "p_value": round(float(test.p_value), 3) or None,
            "n_event": seen,
        }
        if not 0.0 < printed["conf_low"] < printed["hazard_ratio"] < printed["conf_high"]:
            continue
        expected = np.asarray(test.expected, float)[::-1]
        both = {"observed": seen, "expected": [round(float(e), 1) for e in expected]}
        for row in (printed, printed | both):
            effect_size(**row, beyond_counts="refuse")


@pytest.mark.parametrize(
    ("ratio", "low", "high"),
    [(1.0, 0.8, 1.2), (0.5, 0.3, 0.9), (0.7, 0.5, 0.9), (3.0, 1.0, 8.6), (12, 1.5, 98)],
)
def test_an_interval_printed_with_few_digits_is_not_asymmetric(ratio, low, high):
    assert not effect_size(hazard_ratio=ratio, conf_low=low, conf_high=high).flagged


@pytest.mark.parametrize(
    ("numbers", "least"),
    [
        # HR 0.85 to 0.95 and p 0.55 to 0.65 allow errors of 0.09 to 0.36; 2 / sqrt(60).
        ({"hazard_ratio": 0.9, "p_value": 0.6, "n_event": 60}, 2 / np.sqrt(60)),
        ({"hazard_ratio": 0.99, "p_value": 0.9, "n_event": 200}, 2 / np.sqrt(200)),
    ],
)
def test_an_error_that_rounding_leaves_open_is_what_the_events_allow(numbers, least):
    found = effect_sizes([numbers | {"label": "a"}])
    assert found.std_error[0] == pytest.approx(least)
    assert not found.effects[0].flagged and "by rounding" in found.effects[0].notes[0]


def test_limits_in_whole_months_are_compared_within_them():
    rows = [
        {"value": 13, "conf_low": 12, "conf_high": 14, "n": 60, "n_event": 50},
        {"value": 10, "conf_low": 7, "conf_high": 15, "n": 35},
        {"value": 11, "conf_low": 8, "conf_high": 16, "n": 40},
    ]
    with pytest.warns(EvidenceWarning, match="by rounding"):
        pooled = pool_medians(rows, unit="months")
    assert pooled.analyses[0].study_std_error[0] == pytest.approx(least_median_error(50))


def test_a_share_with_one_decimal_agrees_with_its_counts():
    found = printed_number({"value": 0.3, "n_event": 5, "n": 16}, "proportion")
    assert found.estimate == pytest.approx(np.log(5 / 11))


def test_p_of_one_is_compared_and_gives_no_error():
    numbers = {"hazard_ratio": 1.0, "conf_low": 0.8, "conf_high": 1.3, "p_value": 1}
    assert not effect_size(**numbers).flagged
    assert effect_size(**numbers | {"hazard_ratio": 0.5, "conf_low": 0.4, "conf_high": 0.62}).flagged
    assert effect_size(p_value=1.0, n_event=100).log_hazard_ratio == 0.0
    with pytest.raises(InputError, match="allow no route"):
        effect_size(hazard_ratio=0.8, p_value=1.0)
    with pytest.raises(InputError, match="p_value must lie"):
        effect_size(hazard_ratio=0.8, p_value=1.2)


# ---- names


MEDIAN = {"value": 1.0, "conf_low": 0.7, "conf_high": 1.3}
Row = namedtuple("Row", ["value", "conf_low", "conf_high", "unit"])


@pytest.mark.parametrize(
    "row",
    [
        MEDIAN | {"unit": "years"},
        MEDIAN | {"value_unit": "years"},
        MEDIAN | {"time_unit": "years"},
        Row(1.0, 0.7, 1.3, "years"),
        pd.Series(MEDIAN | {"unit": "years", "year": 2001}),
    ],
)
def test_the_unit_of_a_row_is_read(row):
    assert pool_medians([row] * 3, unit="months").estimate[0] == pytest.approx(12.0)


@pytest.mark.parametrize("name", ["unit", "time_unit", "value_unit"])
def test_the_unit_of_a_point_is_read(name):
    row = {"value": 0.5, "time": 2.0, "n": 40, name: "years"}
    assert printed_number(row, "survival", unit="months").time == pytest.approx(24.0)


def test_the_unit_of_a_restricted_mean_is_that_of_its_horizon():
    found = printed_number(
        {"value": 2.0, "time": 5.0, "std_error": 0.1, "unit": "years"}, "rmst", unit="months"
    )
    assert (found.value, found.time, found.std_error) == pytest.approx((24.0, 60.0, 1.2))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"n_events": 10}, r"'n_events' \(did you mean 'n_event'\?\)"),
        ({"units": "years"}, r"'units' \(did you mean 'unit'\?\)"),
        ({"conf_hi": 13}, r"'conf_hi' \(did you mean 'conf_high'\?\)"),
        ({"level": 0.5}, "'level'"),
        ({"unit": "years", "value_unit": "months"}, "stand for one thing"),
    ],
)
def test_a_name_that_nobody_reads_is_refused(row, message):
    with pytest.raises(InputError, match=message):
        pool_medians([MEDIAN | row] * 2, unit="months")
    points = {"value": 0.5, "time": 12, "n": 40}
    with pytest.raises(InputError, match=message):
        pool_survival_points(
            [points | row | ({"time_unit": "months"} if "unit" in row else {})], unit="months"
        )
    with pytest.raises(InputError, match=message):
        pool_rmst([{"value": 9, "time": 12, "std_error": 1} | row], unit="months")


def test_columns_that_describe_a_row_are_no_numbers():
    row = MEDIAN | {"label": "a", "source": "b", "study": "c", "year": 2001, "country": "NL", "doi": "10.1"}
    assert printed_number(row, "median").label == "a"


# ---- Wald limits


def test_wald_limits_may_leave_the_range():
    mean = printed_number({"value": 11.8, "conf_low": 11.0, "conf_high": 12.6, "time": 12}, "rmst")
    assert (
        mean.std_error == pytest.approx(1.6 / (2 * Z))
        and not mean.flagged
        and "leave 0 to 12" in mean.notes[0]
    )
    point = printed_number({"value": 0.95, "conf_low": 0.88, "conf_high": 1.02, "time": 12}, "survival")
    assert point.std_error == pytest.approx(0.14 / (2 * Z) / (0.95 * 0.05))
    median = printed_number({"value": 5, "conf_low": -1, "conf_high": 11}, "median")
    assert median.std_error == pytest.approx(12 / (2 * Z) / 5)


@pytest.mark.parametrize(
    ("row", "scale"),
    [
        ({"value": 11.8, "conf_low": 11.0, "conf_high": 13.5, "time": 12}, "rmst"),
        ({"value": 0.95, "conf_low": 0.7, "conf_high": 1.02, "time": 12}, "survival"),
        ({"value": 0.95, "conf_low": 0.96, "conf_high": 1.02, "time": 12}, "survival"),
        ({"value": 0.95, "conf_high": 1.02, "time": 12}, "survival"),
    ],
)
def test_what_is_no_interval_is_refused(row, scale):
    assert "excludes its estimate" in printed_number(row, scale).reason


def test_a_tolerance_met_exactly_is_met():
    """Kaplan-Meier 0.6 at 12, 0.57 printed: 0.03 apart, and 2.8e-17."""
    arm = Surv.right([2, 4, 5, 7, 11, 13, 14, 20], [1, 1, 0, 1, 0, 1, 0, 1], unit="months")
    assert check_summary(arm, survival=[(12, 0.57)]).agrees.all()
    # 50 seen and 51 expected differ by the one event that is allowed.
    assert effect_size(observed=[20, 30], expected=[28.3, 22.7]).route == "observed and expected"


def test_a_lower_limit_that_rounds_to_0_leaves_the_upper_half():
    """0.04 (0.004 to 0.4), printed as 0.04 (0.00 to 0.40), has the error log(10) / z either way."""
    whole = effect_size(hazard_ratio=0.04, conf_low=0.004, conf_high=0.4)
    found = effect_size(hazard_ratio=0.04, conf_low=0.0, conf_high=0.4, beyond_counts="refuse")
    assert found.std_error == pytest.approx(np.log(10) / Z) == pytest.approx(whole.std_error)
    assert (found.route, found.flagged) == ("hr and upper limit", False)
    assert "lower limit rounds to 0" in found.headline()
    # Its p-value stays two-sided: z = log(0.04) / error is 2.74.
    assert (
        "p = 0.3 is printed"
        in effect_size(hazard_ratio=0.04, conf_low=0.0, conf_high=0.4, p_value=0.3).headline()
    )


def test_a_lower_limit_of_0_that_nothing_rounds_to_contradicts_its_row():
    """0.5 with 0.9 above has 0.28 below, and no decimals make that 0."""
    numbers = {"hazard_ratio": 0.5, "conf_low": 0.0, "conf_high": 0.9}
    with pytest.raises(InputError, match=r"lower limit of 0 is printed, .* gives one of 0\.28"):
        effect_size(**numbers, beyond_counts="refuse")
    assert effect_size(**numbers).flagged
    with pytest.raises(InputError, match="conf_low must be positive and finite; got 0"):
        effect_size(**numbers, one_sided=True)


def test_a_p_value_that_rounds_to_0_is_a_bound():
    """As programs print 0.0004 with three decimals: beside an interval it agrees or not, and alone it gives no error."""
    sure = {"hazard_ratio": 0.4, "conf_low": 0.25, "conf_high": 0.64}
    found = effect_size(**sure, p_value=0.0, beyond_counts="refuse")
    assert found.std_error == effect_size(**sure).std_error
    with pytest.raises(InputError, match=r"p = 0 is printed, estimate and error give p = 0\.41"):
        effect_size(hazard_ratio=0.9, conf_low=0.7, conf_high=1.16, p_value=0.0, beyond_counts="refuse")
    assert effect_size(hazard_ratio=0.5, p_value=0.0, n_event=100).route == "hr and events"
