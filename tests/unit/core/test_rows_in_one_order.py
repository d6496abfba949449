"""Everything beside a response is in its order: the frame it remembers, weights beside causes, rows left out."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from survsim import Surv, kaplan_meier, logrank_test
from survsim.core.errors import EvidenceWarning, InputError
from survsim.nonparametric import rmst_test

FRAME = pd.DataFrame({"e": [1, 0, 0, 0], "arm": list("xxyy")}, index=list("abcd"))


def test_the_remembered_frame_is_in_the_order_of_the_response():
    # By hand: d has the time 1, c 2, b 3 and a 4; only a, of arm x, has the event, at 4.
    backwards = pd.Series([1.0, 2, 3, 4], index=list("dcba"))
    surv = Surv.right(backwards, "e", data=FRAME, unit="months")
    assert surv.frame.index.tolist() == list("dcba")
    assert logrank_test(surv, "arm").observed.tolist() == [1.0, 0.0]
    assert logrank_test(surv, FRAME.arm).observed.tolist() == [1.0, 0.0]
    causes = Surv.competing(backwards, "arm", data=FRAME, unit="months", censored="x")
    assert causes.frame.index.tolist() == list("dcba")
    assert causes.cause.tolist() == [1, 1, 0, 0]


def test_columns_without_labels_are_called_as_the_rows_of_the_frame_beside_them():
    surv = Surv.right([1.0, 2, 3, 4], [1, 0, 0, 0], data=FRAME, unit="months")
    assert surv.index.tolist() == list("abcd")
    later = Surv.right([1.0, 2, 3, 4], [1, 0, 0, 0], unit="months").with_data(FRAME)
    for one in (surv, later):
        assert logrank_test(one, FRAME.arm[::-1]).observed.tolist() == [1.0, 0.0]


def test_weights_entries_and_strata_pair_with_a_labelled_cause():
    cause = pd.Series(["x", "none", "y", "x"], index=list("abcd"))
    weight = pd.Series([1.0, 2, 3, 4], index=list("dcba"))
    made = Surv.competing(
        np.array([1.0, 2, 3, 4]), cause, unit="months", censored="none", weight=weight,
        entry=weight / 10, stratum=weight.astype(int),
    )  # fmt: skip
    assert made.weight.tolist() == [4.0, 3.0, 2.0, 1.0]
    assert made.entry.tolist() == [0.4, 0.3, 0.2, 0.1]
    assert [made.stratum_labels[k] for k in made.stratum] == [4, 3, 2, 1]
    assert made.index.tolist() == list("abcd")


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_rows_with_gaps_are_looked_for_after_pairing(turned, whole):
    time = pd.Series([np.nan, 2.0, 3, 4], index=list("abcd"))
    event = pd.Series([1.0 if whole else np.nan, 1, 0, 1], index=list("abcd"))
    frame = pd.DataFrame({"arm": list("xyyz")}, index=list("abcd"))
    step = -1 if turned else 1
    with pytest.warns(EvidenceWarning, match=r"1 of 4 rows left out .*: row 0 \(labelled 'a'\)"):
        made = Surv.right(
            time, event[::step], data=frame[::step], stratum="arm", unit="months", missing="drop"
        )
    assert made.time.tolist() == [2.0, 3.0, 4.0]
    assert made.event.tolist() == [True, False, True]
    assert made.frame.arm.tolist() == list("yyz")
    assert made.index.tolist() == list("bcd")


def test_a_column_of_categories_keeps_its_order_without_rows_that_have_gaps():
    stratum = pd.Categorical(["lo", "hi", None, "lo"], categories=["lo", "hi"])
    with pytest.warns(EvidenceWarning, match="1 without stratum"):
        made = Surv.right([1, 2, 3, 4], [1, 1, 1, 0], unit="months", stratum=stratum, missing="drop")
    assert made.stratum_labels == ("lo", "hi")


CODED = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 5), pa.array(["lo", "hi"]))
TABLE = pa.table({"t": list(range(1, 11)), "e": [1] * 10, "g": CODED})


@pytest.mark.parametrize(
    "by",
    [
        "g",
        CODED,
        TABLE["g"],
        pd.Series(pd.arrays.ArrowExtensionArray(CODED)),
        pd.arrays.ArrowExtensionArray(CODED),
    ],
    ids=["named", "array", "chunked", "column of pandas", "array of pandas"],
)
def test_a_dictionary_of_arrow_keeps_the_order_it_declares(by):
    # By hand: lo has 1, 3, 5, 7, 9 and hi 2, 4, 6, 8, 10: means to 6 of 21/5 and 24/5, hi less lo 0.6.
    surv = Surv.right("t", "e", data=TABLE, unit="months")
    found = rmst_test(surv, by, 6.0)
    assert found.groups == ("lo", "hi")
    assert found.estimate == pytest.approx([4.2, 4.8])
    assert found.contrast_estimate[0] == pytest.approx(0.6)
    assert kaplan_meier(surv, by).groups == ("lo", "hi")


def test_a_column_of_polars_is_coded_as_in_its_table():
    pl = pytest.importorskip("polars")
    surv = Surv.right([1, 2, 3, 4], [1, 1, 1, 0], unit="months")
    words = ["lo", "hi", "lo", "hi"]
    assert kaplan_meier(surv, pl.Series(words, dtype=pl.Categorical)).groups == ("hi", "lo")
    assert kaplan_meier(surv, pl.Series(words, dtype=pl.Enum(["lo", "hi"]))).groups == ("lo", "hi")


def test_labels_that_are_not_the_same_are_refused_beside_a_frame():
    with pytest.raises(InputError, match="different row labels"):
        Surv.right(pd.Series([1.0, 2, 3, 4], index=list("wxyz")), [1, 0, 0, 0], data=FRAME, unit="months")
