"""Columns named from a frame give what the columns themselves give."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import survsim
from survsim import Surv
from survsim.errors import EvidenceWarning, InputError

FRAME = pd.DataFrame(
    {
        "months": [5, 8, 8, 12, 3, 4.0, 9, 11],
        "state": ["dead", "alive", "dead", "dead", "alive", "dead", "dead", "lost"],
        "arm": list("AABBABAB"),
        "sex": list("xyxyxyyx"),
        "age": [50, 60, 55, 70, 65, 44, 52, 61],
        "why": ["tumour", "none", "other", "tumour", "none", "other", "tumour", "none"],
    },
    index=list("abcdefgh"),
)
BY_HAND = Surv.right(FRAME["months"], FRAME["state"] == "dead", unit="months")
NAMED = Surv.right("months", "state", data=FRAME, event_value="dead", unit="months")


def test_a_response_by_names_is_that_of_the_columns():
    np.testing.assert_array_equal(NAMED.time, BY_HAND.time)
    np.testing.assert_array_equal(NAMED.event, BY_HAND.event)
    assert NAMED.frame is FRAME
    two = Surv.right("months", "state", data=FRAME, event_value=["dead", "lost"], unit="months")
    assert two.event.sum() == 6


@pytest.mark.parametrize("kind", ["dict", "arrow", "categorical", "string"])
def test_other_tables_and_types_give_the_same(kind):
    data = {
        "dict": lambda: FRAME.to_dict("list"),
        "arrow": lambda: pa.table(FRAME.reset_index(drop=True)),
        "categorical": lambda: FRAME.assign(
            state=FRAME["state"].astype("category").cat.add_categories("never")
        ),
        "string": lambda: FRAME.astype({"state": "string", "months": "Float64"}),
    }[kind]()
    made = Surv.right("months", "state", data=data, event_value="dead", unit="months")
    np.testing.assert_array_equal(made.event, BY_HAND.event)
    assert survsim.logrank_test(made, "arm").p_value == survsim.logrank_test(BY_HAND, FRAME["arm"]).p_value


@pytest.mark.parametrize(
    "ask",
    [
        survsim.kaplan_meier,
        survsim.nelson_aalen,
        survsim.logrank_test,
        lambda surv, by, data=None: survsim.rmst(surv, by, 8.0, data=data),
        lambda surv, by, data=None: survsim.nonparametric.conditional_survival(
            surv, by, 3.0, [5.0], data=data
        ),
    ],
)
def test_groups_by_name_are_those_of_the_column(ask):
    expected = ask(BY_HAND, FRAME["arm"]).to_frame()
    for found in (ask(NAMED, "arm"), ask(BY_HAND, "arm", data=FRAME.iloc[::-1])):
        pd.testing.assert_frame_equal(found.to_frame(), expected)


def test_several_columns_make_combined_groups():
    assert survsim.kaplan_meier(NAMED, "arm + sex").groups == ("A, x", "A, y", "B, x", "B, y")
    labels = FRAME["arm"] + ", " + FRAME["sex"]
    expected = survsim.kaplan_meier(BY_HAND, labels).estimate
    np.testing.assert_array_equal(survsim.kaplan_meier(NAMED, "~ arm + sex").estimate, expected)


def test_a_model_finds_its_covariates_in_the_data_of_the_response():
    expected = survsim.cox_ph(BY_HAND, "age + arm", FRAME, penalty="firth")
    found = survsim.cox_ph(NAMED, "age + arm", penalty="firth")
    np.testing.assert_array_equal(found.estimate, expected.estimate)
    part = NAMED.take([0, 2, 3, 5, 6, 7])
    assert list(part.frame.index) == ["a", "c", "d", "f", "g", "h"]
    assert NAMED.to_unit("days").frame is FRAME


def test_competing_causes_by_name():
    named = Surv.competing(
        "months", "why", data=FRAME, censored="none", unit="months", stratum="sex", source="me"
    )
    assert named.cause_labels == ("other", "tumour") and named.stratum_labels == ("x", "y")
    assert named.for_cause("tumour").frame is FRAME and named.sources == ("me",)
    found = survsim.aalen_johansen(named, "arm").to_frame()
    plain = Surv.competing(FRAME["months"], FRAME["why"], censored="none", unit="months")
    pd.testing.assert_frame_equal(found, survsim.aalen_johansen(plain, FRAME["arm"]).to_frame())


def test_rows_with_gaps_are_dropped_when_asked_and_counted():
    holes = FRAME.copy()
    holes.loc["b", "months"] = np.nan
    holes.loc["e", "state"] = None
    with pytest.raises(InputError, match=r"time is missing in row 1 \(labelled 'b'\); missing='drop' leaves"):
        Surv.right("months", "state", data=holes, event_value="dead", unit="months")
    with pytest.warns(
        EvidenceWarning, match=r"2 of 8 rows left out \(1 without time, 1 without event\): rows 1, 4"
    ):
        kept = Surv.right("months", "state", data=holes, event_value="dead", unit="months", missing="drop")
    assert len(kept) == 6 and list(kept.frame.index) == list("acdfgh")
    assert survsim.kaplan_meier(kept, "arm").n_patients.tolist() == [2, 4]
    with pytest.raises(InputError, match="every row has a missing value"):
        Surv.right([np.nan, 1.0], [1, None], unit="days", missing="drop")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"time": "month"}, r"time='month' is no column of data. Did you mean 'months'\?"),
        ({"event": "dead"}, r"event='dead' is no column of data"),
        (
            {"event_value": "died"},
            r"event_value must be among what event holds \('dead', 'alive', 'lost'\); got 'died'",
        ),
        (
            {"event_value": None},
            r"found the words 'dead', 'alive', 'lost'. Say by event_value which .* event_value='dead'",
        ),
        ({"data": None}, r"time='months' names a column, but no data were given"),
        ({"missing": "ignore"}, r"missing must be"),
    ],
)
def test_refusals_say_what_to_type(options, words):
    given = {
        "time": "months",
        "event": "state",
        "data": FRAME,
        "event_value": "dead",
        "unit": "months",
    } | options
    with pytest.raises(InputError, match=words):
        Surv.right(**given)


def test_a_name_without_data_is_refused():
    with pytest.raises(InputError, match=r"by='arm' names a column, but this response remembers no data"):
        survsim.kaplan_meier(BY_HAND, "arm")
    with pytest.raises(InputError, match=r"data has 3 rows for 8"):
        survsim.kaplan_meier(
            Surv.right([1] * 8, [1] * 8, unit="days"), "arm", data=FRAME.head(3).to_dict("list")
        )


def test_a_refusal_names_the_argument_that_was_given():
    with pytest.raises(InputError, match=r"offset='agee' is no column of data. Did you mean 'age'"):
        survsim.cox_ph(NAMED, "age", offset="agee", penalty="firth")


@pytest.mark.parametrize(
    "marks",
    [
        [1, 2],
        (2, 1),
        {1, 2},
        frozenset({1, 2}),
        np.array([1.0, 2.0]),
        pd.Series([1, 2]),
        pd.Index([2, 1]),
        pd.array([1, 2]),
    ],
)
def test_the_labels_of_events_may_come_in_anything_that_holds_labels(marks):
    codes = [0, 1, 2, 0]
    assert Surv.right([1, 2, 3, 4], codes, unit="months", event_value=marks).event.tolist() == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "marks",
    [np.eye(2), pd.DataFrame({"a": [1]}), [[1, 2]], {"a": 1}, [np.array([1, 2])], np.array(7), [None]],
)
def test_what_cannot_mark_an_event_is_named(marks):
    with pytest.raises(InputError, match="event_value must be"):
        Surv.right([1, 2, 3, 4], [0, 1, 2, 0], unit="months", event_value=marks)
