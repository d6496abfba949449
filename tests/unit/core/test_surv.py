"""The door for patient data: what it accepts, joins, refuses, and the words it refuses with."""

import numpy as np
import pandas as pd
import pytest

from survsim import Surv
from survsim.errors import InputError


def right(**changes):
    given = {"time": [5.0, 8.0, 8.0, 12.0], "event": [1, 0, 1, 1], "unit": "months"} | changes
    return Surv.right(given.pop("time"), given.pop("event"), **given)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time": [5, -8, 8, 12]}, r"found -8 in row 1"),
        ({"time": [5, np.nan, 8, 12]}, r"time must be finite; found nan in row 1"),
        ({"time": [5, np.inf, np.inf, 12]}, r"found inf in rows 1, 2"),
        ({"time": ["five", 8, 8, 12]}, r"time must hold numbers; got 'five' \(str\)"),
        ({"time": [[5, 8], [8, 12]]}, r"one-dimensional; got shape \(2, 2\)"),
        ({"event": [1, 2, 1, 2]}, r"found \{1, 2\}. If 2 marks the event, pass event_value=2"),
        ({"event": [1, 0, 1]}, r"one value per time \(4\); got shape \(3,\)"),
        ({"event": ["dead", "alive", "dead", "dead"]}, r"True/False or 0/1; found the words 'dead'"),
        ({"event": [1, np.nan, 0, 1]}, r"event is missing in row 1"),
        ({"unit": "fortnights"}, r"one of days, weeks, months, years; got 'fortnights'"),
        ({"entry": [0, 8, 1, 2]}, r"found entry 8 and time 8 in row 1"),
        ({"entry": [0, -1, 1, 2]}, r"entry must not be negative; found -1 in row 1"),
        ({"weight": [1, 0, 1, 1]}, r"weight must be positive; found 0 in row 1"),
        ({"weight": [1, 1, 1]}, r"weight has 3 values, but time has 4"),
        ({"stratum": ["a", None, "b", "b"]}, r"stratum is missing in row 1"),
        ({"cluster": ["a", 1, "b", 2]}, r"cluster mixes kinds of labels"),
    ],
)
def test_refusals_name_value_place_and_remedy(changes, words):
    if "cluster" in changes:
        changes = {"cluster": np.array(changes["cluster"], dtype=object)}
    with pytest.raises(InputError, match=words):
        right(**changes)


def test_empty_is_refused():
    with pytest.raises(InputError, match="at least one patient"):
        Surv.right([], [], unit="days")


def test_events_may_be_booleans_integers_floats_or_nullable():
    for event in ([True, False], [1, 0], [1.0, 0.0], pd.array([1, 0], dtype="Int64")):
        assert Surv.right([1, 2], event, unit="days").event.tolist() == [True, False]


def test_all_events_are_not_mistaken_for_another_coding():
    assert Surv.right([1, 2], [1, 1], unit="days").event.all()


def test_time_zero_counts():
    assert len(right(time=[0, 8, 8, 12])) == 4


def test_caller_keeps_his_arrays():
    time = np.array([1.0, 2.0])
    surv = Surv.right(time, [1, 0], unit="days")
    time[0] = 99.0
    assert surv.time[0] == 1.0
    assert time.flags.writeable


def test_times_that_differ_in_the_last_bit_are_one_time():
    surv = Surv.right([0.1 + 0.2, 0.3, 1.0], [1, 1, 0], unit="years")
    assert surv.time[0] == surv.time[1]
    assert 0.1 + 0.2 != 0.3


def test_joining_chains_as_r_does():
    # Three times, each within the tolerance of the next: one cut, the first (R aeqSurv).
    step = 1.2e-8
    surv = Surv.right([1.0, 1.0 + step, 1.0 + 2 * step, 3.5], [1, 1, 1, 1], unit="years")
    assert np.unique(surv.time).size == 2


def test_entry_and_time_are_joined_together():
    with pytest.raises(InputError, match="entry must be before time"):
        Surv.right([0.3, 1.0], [1, 1], entry=[0.1 + 0.2 - 1e-12, 0.3], unit="years")
    surv = Surv.right([0.3, 1.0], [1, 1], entry=[0.0, 0.1 + 0.2], unit="years")
    assert surv.entry[1] == surv.time[0]


def test_order_is_given_for_continuous_times_only():
    assert right().order is None
    assert Surv.right([2.5, 1.25], [1, 1], unit="days").order.tolist() == [1, 0]


def test_competing_keeps_labels_and_censoring():
    surv = Surv.competing([1, 2, 3, 4], ["t", "none", "o", "t"], unit="years", censored="none")
    assert surv.cause_labels == ("o", "t")
    assert surv.cause.tolist() == [2, 0, 1, 2]
    assert surv.event.tolist() == [True, False, True, True]
    assert surv.for_cause("t").event.tolist() == [True, False, False, True]


def test_competing_refusals():
    with pytest.raises(InputError, match="of another kind than the causes"):
        Surv.competing([1, 2], ["t", "o"], unit="years")
    with pytest.raises(InputError, match="there is no event"):
        Surv.competing([1, 2], [0, 0], unit="years")
    with pytest.raises(InputError, match="has no causes"):
        right().for_cause("t")
    with pytest.raises(InputError, match="must be one of 'o', 't'; got 'x'"):
        Surv.competing([1, 2], ["t", "o"], unit="years", censored="none").for_cause("x")


def test_from_frame_names_all_missing_columns():
    frame = pd.DataFrame({"t": [1.0], "d": [1]})
    assert len(Surv.from_frame(frame, time="t", event="d", unit="days")) == 1
    with pytest.raises(InputError, match="no column 'months', 'w'"):
        Surv.from_frame(frame, time="months", event="d", weight="w", unit="days")


def test_take_repeats_and_masks():
    surv = right(time=[5.5, 8.0, 8.0, 12.0], weight=[1, 2, 3, 4])
    picked = surv.take([3, 3, 0])
    assert picked.time.tolist() == [12.0, 12.0, 5.5]
    assert picked.weight.tolist() == [4, 4, 1]
    assert picked.order.tolist() == [2, 0, 1]
    assert len(surv.take(surv.event)) == 3
    with pytest.raises(InputError, match="no patient is left"):
        surv.take(np.zeros(4, bool))
    with pytest.raises(InputError, match="3 values for 4 patients"):
        surv.take(np.zeros(3, bool))


def test_units_convert():
    surv = Surv.right([30.4375, 365.25], [1, 1], unit="days").to_unit("months")
    assert surv.time.tolist() == [1.0, 12.0]
    assert surv.unit == "months"


def test_printout_says_what_it_holds():
    assert repr(right(weight=[1, 2, 1, 1])) == "Surv: 4 patients, 3 events, follow-up to 12 months (weight)"


def test_categorical_strata_keep_their_order():
    strata = pd.Series(pd.Categorical(["low", "high", "low", "high"], categories=["low", "mid", "high"]))
    surv = right(stratum=strata)
    assert surv.stratum_labels == ("low", "high")
    assert surv.stratum.tolist() == [0, 1, 0, 1]
