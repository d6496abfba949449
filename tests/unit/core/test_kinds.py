"""What is no number does not become one."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, kaplan_meier, reconstruct_ipd
from survsim.core.checks import between, event_vector, float_matrix, float_vector, label_codes
from survsim.core.errors import InputError
from survsim.cox import cox_trials
from survsim.distributions import Exponential, Gompertz, LogLogistic, Weibull
from survsim.trials import analyse_trials

WRONG = {
    "datetime64": np.array(["2020-01-01", "2021-01-01", "2022-01-01"], "M8[D]"),
    "dates": [dt.date(2020, 1, 1)] * 3,
    "timestamps with a zone": pd.Series(pd.to_datetime(["2020-01-01"] * 3, utc=True)),
    "complex": np.array([1, 2, 3 + 0j]),
    "text": ["5", "6_0", "7"],
    "one text": [5, "6", 7],
    "text in an object column": pd.Series(["5", "6", "7"], dtype=object),
    "text column": pd.Series(["5", "6", "7"], dtype="string"),
    "bytes": np.array([b"5", b"6", b"7"]),
    "booleans": [True, False, True],
    "one boolean": [1.0, True, 2.0],
    "objects": [object()] * 3,
    "a set": {1.0, 2.0, 3.0},
    "a frame": pd.DataFrame({"a": [1.0, 2, 3]}),
}
MISSING = {
    "masked": np.ma.array([1.0, 99, 3], mask=[0, 1, 0]),
    "None": [1.0, None, 3.0],
    "NA": pd.Series([1, None, 3], dtype="Int64"),
    "NaT": pd.Series(pd.to_timedelta([1, None, 3], unit="D")),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("where", ["time", "entry", "weight"])
def test_wrong_kinds_are_refused_wherever_numbers_are_wanted(kind, where):
    given = {"time": [5.0, 6.0, 7.0], "entry": None, "weight": None} | {where: WRONG[kind]}
    with pytest.raises(InputError, match=where):
        Surv.right(given.pop("time"), [1, 0, 1], unit="months", **given)


@pytest.mark.parametrize("kind", MISSING)
def test_missing_values_are_named_by_row(kind):
    with pytest.raises(InputError, match=r"time (is missing|must be finite; found nan) in row 1"):
        Surv.right(MISSING[kind], [1, 0, 1], unit="months")


@pytest.mark.parametrize(
    "events",
    [
        np.ma.array([True, True, False], mask=[0, 1, 0]),
        pd.Series([True, None, False], dtype="boolean"),
        [True, None, False],
        [1, pd.NA, 0],
        [1.0, np.nan, 0.0],
    ],
)
def test_missing_events_are_named_by_row(events):
    with pytest.raises(InputError, match="event is missing in row 1"):
        Surv.right([1, 2, 3], events, unit="months")


@pytest.mark.parametrize("events", [["1", "0", "1"], [1j, 0, 1], np.array([0, 1, 1], "m8[D]"), [1, "0", 1]])
def test_events_of_a_wrong_kind(events):
    with pytest.raises(InputError, match="event"):
        Surv.right([1, 2, 3], events, unit="months")


@pytest.mark.parametrize(
    "events",
    [pd.Series([True, False, True], dtype="boolean"), [1, 0, 1], [1.0, False, True], np.ma.array([1, 0, 1])],
)
def test_events_of_a_right_kind(events):
    assert Surv.right([1, 2, 3], events, unit="months").event.tolist() == [True, False, True]


@pytest.mark.parametrize(
    "days",
    [
        np.array([30, 61, 365], "m8[D]"),
        np.array([30, 61, 365], "m8[D]").astype("m8[ns]"),
        pd.to_timedelta([30, 61, 365], unit="D"),
        pd.Series(pd.to_timedelta([30, 61, 365], unit="D")),
        [dt.timedelta(30), dt.timedelta(61), dt.timedelta(365)],
        [pd.Timedelta(30, "D"), pd.Timedelta(61, "D"), pd.Timedelta(365, "D")],
    ],
)
def test_durations_are_converted_by_the_unit_exactly(days):
    assert Surv.right(days, [1, 1, 0], unit="days").time.tolist() == [30.0, 61.0, 365.0]
    assert Surv.right(days, [1, 1, 0], unit="months").time.tolist() == [d / 30.4375 for d in (30, 61, 365)]


def test_durations_in_months_weeks_and_years():
    assert Surv.right(np.array([6, 12], "m8[M]"), [1, 0], unit="months").time.tolist() == [6.0, 12.0]
    assert Surv.right(np.array([1, 2], "m8[Y]"), [1, 0], unit="months").time.tolist() == [12.0, 24.0]
    assert Surv.right(np.array([1, 2], "m8[W]"), [1, 0], unit="days").time.tolist() == [7.0, 14.0]
    with pytest.raises(InputError, match="mixes durations with plain numbers"):
        Surv.right([dt.timedelta(3), 5.0], [1, 0], unit="days")


def test_dates_hint_at_subtraction():
    with pytest.raises(InputError, match=r"got the date 2020-01-01 in row 0\. Subtract the date of origin"):
        Surv.right(WRONG["datetime64"], [1, 1, 1], unit="days")


def test_durations_at_the_other_doors():
    s = Surv.right([10, 20, 30], [1, 1, 0], unit="days", entry=np.array([1, 2, 3], "m8[D]"))
    assert s.entry.tolist() == [1.0, 2.0, 3.0]
    curve = kaplan_meier(Surv.right([10, 20, 30], [1, 1, 0], unit="days"))
    assert curve.survival_at(pd.Timedelta(15, "D")).estimate.round(4).tolist() == [0.6667]
    frame = pd.DataFrame({"t": pd.to_timedelta([7, 14], unit="D"), "e": [1, 0]})
    assert Surv.from_frame(frame, time="t", event="e", unit="weeks").time.tolist() == [1.0, 2.0]
    with pytest.raises(InputError, match="times"):
        reconstruct_ipd((["0", "5"], [1, 0.5]), at_risk=([0], [10]), unit="months")


def test_numbers_in_other_clothes_are_numbers():
    assert float_vector("x", [Decimal("1.5"), 2, np.float32(3)]).tolist() == [1.5, 2.0, 3.0]
    assert float_vector("x", pd.Series([1, 2], dtype="Int64")).tolist() == [1.0, 2.0]
    assert float_vector("x", np.ma.array([1.0, 2.0])).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    "value", ["0.5", True, 0.5 + 0j, None, np.datetime64("2020-01-01"), [0.1, 0.2], float("nan")]
)
def test_one_number_is_a_number(value):
    with pytest.raises(InputError):
        between("conf_level", value, 0.0, 1.0)


def test_columns_of_a_frame_are_told_by_name():
    with pytest.raises(InputError, match=r"data\['b'\].*got '1'"):
        float_matrix("data", pd.DataFrame({"a": [1, 2], "b": ["1", "2"]}))
    assert float_matrix("data", pd.DataFrame({"a": [True, False]})).tolist() == [[1.0], [0.0]]


@pytest.mark.parametrize(
    "labels",
    [
        ["a", None, "b"],
        ["a", float("nan"), "b"],
        ["a", "", "b"],
        ["a", "  ", "b"],
        [1.0, np.nan, 2.0],
        pd.Series(["a", pd.NA, "b"], dtype="string"),
        pd.Series(["a", None, "b"], dtype="category"),
        pd.Series([1, None, 2], dtype="Int64"),
        pd.Series(pd.to_datetime(["2020-01-01", None, "2020-01-02"])),
        np.array(["a", "", "b"]),
        np.ma.array([1, 2, 3], mask=[0, 1, 0]),
        [pd.Timestamp("2020-01-01"), pd.NaT, pd.Timestamp("2020-01-02")],
    ],
)
def test_a_missing_label_is_refused_with_its_position(labels):
    with pytest.raises(InputError, match="by is missing in row 1"):
        label_codes("by", labels, 3)


@pytest.mark.parametrize("where", ["stratum", "cluster", "id"])
def test_missing_labels_of_a_response(where):
    with pytest.raises(InputError, match=f"{where} is missing in row 2"):
        Surv.right([1, 2, 3], [1, 0, 1], unit="months", **{where: ["a", "b", np.nan]})


def test_missing_causes():
    with pytest.raises(InputError, match="cause is missing in row 1"):
        Surv.competing([1, 2, 3], ["tumour", None, "none"], unit="months", censored="none")


def test_length_is_told_before_kind_of_event():
    with pytest.raises(InputError, match="one value per time"):
        event_vector([1, 0], 3)


@pytest.mark.parametrize(
    "value", [10**400, -(10**400), Fraction(10**400), Decimal("sNaN"), Decimal("NaN"), Decimal("Infinity")]
)
def test_numbers_beyond_floats_are_refused(value):
    with pytest.raises(InputError, match="time"):
        Surv.right([value, 1, 2], [1, 0, 1], unit="months")
    with pytest.raises(InputError):
        between("tau", value, 0.0, 1e9)


def test_masked_rows_in_a_list_keep_their_masks():
    """numpy drops the masks of the rows of a list."""
    hidden = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])
    whole, arm = [1.0, 2.0, 3.0], [0, 1, 1]
    for time in ([hidden], [whole, hidden], np.ma.atleast_2d(hidden), hidden):
        events = np.ones((len(time), 3)) if np.ndim(time[0]) else [1, 1, 1]
        with pytest.raises(InputError, match="time is missing in row"):
            analyse_trials(time, events, arm, unit="months")
    with pytest.raises(InputError, match="time is missing in row 1"):
        cox_trials([hidden], [[1, 1, 1]], arm)
    with pytest.raises(InputError, match="event is missing in row 1"):
        cox_trials([whole], [np.ma.array([1, 1, 1], mask=[0, 1, 0])], arm)
    with pytest.raises(InputError, match="x is missing"):
        cox_trials([whole], [[1, 1, 1]], [np.ma.array([0, 1, 1], mask=[0, 1, 0])])


def test_trials_in_a_frame_ragged_rows_and_a_single_arm():
    times, events, arm = [[1.0, 2, 3, 4, 5, 6]], [[1, 1, 0, 1, 1, 1]], [0, 1, 0, 1, 0, 1]
    right = cox_trials(times, events, arm).estimate
    assert cox_trials(pd.DataFrame(times), pd.DataFrame(events), arm).estimate == pytest.approx(right)
    z = analyse_trials(times, events, arm, unit="months").z
    assert analyse_trials(pd.DataFrame(times), pd.DataFrame(events), arm, unit="months").z == pytest.approx(z)
    for run in (cox_trials, lambda *a: analyse_trials(*a, unit="months")):
        with pytest.raises(InputError):
            run([[1.0, 2], [1.0]], [[1, 1], [1]], [0, 1])
        with pytest.raises(InputError, match="everybody"):
            run(times, events, [0] * 6)


@pytest.mark.parametrize(
    "level", [1 - 1e-16, [0.95], np.array([0.95]), np.ma.masked, 10**400, Decimal("sNaN")]
)
def test_levels_that_are_no_share_are_refused(level):
    with pytest.raises(InputError, match="conf_level"):
        kaplan_meier(Surv.right([1, 2, 3], [1, 1, 0], unit="months"), conf_level=level)


def test_weights_without_a_square_are_refused():
    with pytest.raises(InputError, match="weight must be positive"):
        Surv.right([1, 2, 3], [1, 1, 0], unit="months", weight=[1e-300] * 3)


@pytest.mark.parametrize(
    "t",
    [
        pd.to_timedelta([30], unit="D"), np.array(["2020-01-01"], "M8[D]"), np.ma.array([1.0, 2.0], mask=[0, 1]), ["5"],
        "6_0", None, [True], 1 + 2j, pd.array([1, None], dtype="Int64"), pd.NaT,
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["survival", "hazard", "cumulative_hazard", "quantile", "rmst"])
def test_a_law_is_asked_at_numbers(method, t):
    """30 days became 2.6e15 months, at which nobody is alive; a mask was dropped; text was read as a number."""
    for law in (
        Weibull(shape=1.2, scale=9.0, time_unit="months"),
        LogLogistic(shape=1.4, scale=9.0, time_unit="months"),
    ):
        with pytest.raises(InputError):
            getattr(law, method)(t)


def test_numbers_of_every_kind_are_numbers_for_a_law():
    law = Exponential(rate=0.1, time_unit="months")
    for t in (3, 3.0, np.float32(3), np.int64(3), Decimal(3), Fraction(3)):
        assert float(law.survival(t)) == pytest.approx(np.exp(-0.3))
    np.testing.assert_allclose(law.survival(pd.Series([1, 3])), np.exp([-0.1, -0.3]))
    np.testing.assert_allclose(law.quantile([0.0, 0.5, 1.0]), [0.0, np.log(2) / 0.1, np.inf])


@pytest.mark.parametrize("p", [-0.1, 1.1, np.inf, [0.5, 2.0]])
def test_a_quantile_is_of_a_share(p):
    with pytest.raises(InputError, match="p must be a share from 0 to 1"):
        Gompertz(shape=0.1, rate=0.05, time_unit="months").quantile(p)


@pytest.mark.parametrize("u", [-0.1, 1.5, np.nan, [0.5, 2.0], ["0.5"], None])
def test_a_draw_is_of_a_uniform_number(u):
    with pytest.raises(InputError, match=r"u (must|is missing)"):
        Weibull(shape=1.2, scale=9.0, time_unit="months").sample(u)


def test_parameters_of_a_law_keep_their_mask():
    with pytest.raises(InputError, match="rate must be a number"):
        Exponential(rate=np.ma.array([0.1, 0.2], mask=[False, True]), time_unit="months")


def test_a_number_of_numpy_is_told_as_a_number() -> None:
    with pytest.raises(InputError, match=r"p must lie in \(0, 1\); got 1\.5\.$"):
        between("p", np.float64(1.5), 0.0, 1.0)
