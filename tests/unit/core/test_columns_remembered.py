"""Columns named when a response was built can be named of whatever is made from it; a gap that can be dropped is dropped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph, kaplan_meier, landmark, logrank_test, mixture_cure, reverse_kaplan_meier
from survsim.causal import time_varying_treatment
from survsim.core.errors import InputError
from survsim.core.named_columns import gaps_of
from survsim.errors import EvidenceWarning

FRAME = pd.DataFrame(
    {"t": [1.0, 2, 3, 4, 5, 6, 7, 8], "e": [1, 0, 1, 1, 0, 1, 1, 0], "g": list("uvuvuvuv"), "x": [3.0, 1, 2, 5, 4, 6, 8, 7]},
    index=list("abcdefgh"),
)  # fmt: skip
NAMED = Surv.right("t", "e", data=FRAME, unit="months")
PASSED = Surv.right(FRAME.t, FRAME.e, unit="months")


def test_the_reversed_curve_and_the_landmark_remember_them() -> None:
    by_name, by_column = reverse_kaplan_meier(NAMED, "g"), reverse_kaplan_meier(PASSED, FRAME.g)
    pd.testing.assert_frame_equal(by_name.to_frame(), by_column.to_frame())
    late = kaplan_meier(landmark(NAMED, 3.0).surv, "g")
    pd.testing.assert_frame_equal(
        late.to_frame(), kaplan_meier(landmark(PASSED, 3.0).surv, FRAME.g[FRAME.t > 3]).to_frame()
    )


def test_a_response_with_other_parts_remembers_them() -> None:
    heavy = NAMED.with_parts(weight=np.full(8, 2.0))
    assert heavy.frame is NAMED.frame and heavy.weight is not None and NAMED.weight is None


def test_a_cure_model_with_named_columns_needs_no_data_again() -> None:
    frame = pd.DataFrame(
        {"t": [1, 2, 2, 3, 4, 5, 7, 40, 50, 60, 60, 60], "e": [1] * 7 + [0] * 5, "g": list("aabbabababab")}
    )
    named = mixture_cure(Surv.right("t", "e", data=frame, unit="months"), "exponential", "g")
    passed = mixture_cure(Surv.right(frame.t, frame.e, unit="months"), "exponential", "g", frame)
    np.testing.assert_array_equal(named.estimate, passed.estimate)


def test_treatment_over_time_takes_named_columns() -> None:
    start = np.where(np.arange(8) % 3 == 0, 0.5, np.inf)
    named = time_varying_treatment(NAMED, start, "x", penalty="firth")
    np.testing.assert_array_equal(
        named.estimate, time_varying_treatment(PASSED, start, "x", FRAME, penalty="firth").estimate
    )
    with pytest.raises(InputError, match="formula and data come together"):
        time_varying_treatment(PASSED, start, "x")


def test_a_gap_in_one_of_two_groups_is_dropped_where_it_is_asked() -> None:
    surv = Surv.right("t", "e", data=FRAME.assign(h=[None] + ["k"] * 7), unit="months")
    with pytest.raises(InputError, match="missing in row 0"):
        kaplan_meier(surv, "g + h")
    with pytest.warns(EvidenceWarning, match="1 of 8 rows left out"):
        fit = kaplan_meier(surv, "g + h", missing="drop")
    assert list(fit.groups) == ["u, k", "v, k"]
    right = kaplan_meier(PASSED.take(np.arange(1, 8)), FRAME.g[1:]).to_frame()
    np.testing.assert_array_equal(fit.to_frame()["estimate"], right["estimate"])


@pytest.mark.parametrize(
    "by",
    [["a", "", "b", "b"], np.array(["a", " ", "b", "b"]), pd.Series(["a", "", "b", "b"], dtype="category")],
)
def test_blank_labels_are_missing_where_missing_is_dropped(by: object) -> None:
    surv = Surv.right([1, 2, 3, 4], [1] * 4, unit="months")
    assert gaps_of(by).tolist() == [False, True, False, False]
    with pytest.warns(EvidenceWarning, match="1 of 4 rows left out"):
        test = logrank_test(surv, by, missing="drop")
    right = logrank_test(Surv.right([1, 3, 4], [1] * 3, unit="months"), ["a", "b", "b"])
    assert test.p_value == right.p_value


def test_blank_text_in_a_formula_is_dropped_too() -> None:
    frame = FRAME.assign(h=["p", " ", "q", "p", "q", "p", "q", "p"])
    with pytest.raises(InputError, match=r"blank in row 1.*missing='drop'"):
        cox_ph(PASSED, "h", frame)
    with pytest.warns(EvidenceWarning, match="1 without h"):
        fit = cox_ph(PASSED, "h", frame, missing="drop")
    whole = frame.h != " "
    np.testing.assert_array_equal(
        fit.estimate, cox_ph(PASSED.take(whole.to_numpy()), "h", frame[whole]).estimate
    )
