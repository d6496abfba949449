"""A response that left rows out, or that a selection took them from, takes columns of all rows by their labels, and refuses those that have none."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import (
    Surv,
    concordance,
    cox_ph,
    kaplan_meier,
    landmark,
    logrank_test,
    parametric_survival,
    read_result,
)
from survsim.core.errors import InputError
from survsim.errors import EvidenceWarning

RNG = np.random.default_rng(3)
N = 40
WHOLE = pd.DataFrame({
    "t": np.ceil(RNG.exponential(200, N)), "e": RNG.integers(1, 3, N), "sex": RNG.integers(1, 3, N), "age": RNG.normal(60, 8, N),
    "site": RNG.integers(0, 4, N), "off": RNG.normal(0, 0.1, N),
}, index=[f"p{i}" for i in range(N)])  # fmt: skip
LACKING = WHOLE.assign(t=WHOLE.t.where(~np.isin(np.arange(N), [5, 17])))
KEPT = WHOLE.drop(index=["p5", "p17"])
OPTIONS: Any = dict(unit="days", event_value=2)
EXPECTED = Surv.right("t", "e", data=KEPT, **OPTIONS)


def left_out(frame: Any = LACKING, **options: Any) -> Surv:
    with pytest.warns(EvidenceWarning, match="2 of 40 rows left out"):
        return Surv.right("t", "e", data=frame, missing="drop", **OPTIONS, **options)


SURV = left_out()


@pytest.mark.parametrize(
    "ask",
    [
        lambda s, d: cox_ph(s, "age", d).estimate,
        lambda s, d: cox_ph(s, data=d[["age", "sex"]]).estimate,
        lambda s, d: cox_ph(s, "age", d, offset=d.off, frailty=d.site).estimate,
        lambda s, d: parametric_survival(s, "weibull", "age", d).estimate,
        lambda s, d: logrank_test(s, "sex", data=d).p_value,
        lambda s, d: logrank_test(s, d.sex).p_value,
        lambda s, d: kaplan_meier(s, d.sex).estimate,
        lambda s, d: concordance(s, d.age).estimate,
        lambda s, d: s.take(d.sex == 1).time,
        lambda s, d: kaplan_meier(s.with_data(d), "sex").estimate,
        lambda s, d: kaplan_meier(s.to_unit("months"), d.sex).estimate,
    ],
)
def test_the_rows_that_are_left_are_found_by_label(ask: Callable[[Any, Any], Any]) -> None:
    """As if the rows had been dropped from the frame beforehand, whatever the order of the frame."""
    expected = ask(EXPECTED, KEPT)
    np.testing.assert_array_equal(ask(SURV, LACKING), expected)
    np.testing.assert_array_equal(ask(SURV, LACKING[::-1]), expected)
    np.testing.assert_array_equal(ask(SURV, KEPT), expected)


def test_a_gap_in_a_covariate_is_dropped_on_top() -> None:
    frame = LACKING.assign(age=LACKING.age.where(np.arange(N) != 9))
    with pytest.warns(EvidenceWarning, match="1 of 38 rows left out"):
        found = cox_ph(SURV, "age", frame, missing="drop")
    rest = KEPT.drop(index="p9")
    np.testing.assert_array_equal(
        found.estimate, cox_ph(Surv.right("t", "e", data=rest, **OPTIONS), "age").estimate
    )


def test_causes_know_it_too() -> None:
    with pytest.warns(EvidenceWarning, match="2 of 40"):
        surv = Surv.competing("t", "e", data=LACKING, unit="days", missing="drop", censored=1)
    np.testing.assert_array_equal(
        cox_ph(surv.for_cause(2), "age", LACKING).estimate, cox_ph(EXPECTED, "age", KEPT).estimate
    )


def test_a_part_of_it_is_the_part_of_those_rows_alone() -> None:
    men = SURV.take(LACKING.sex == 1)
    np.testing.assert_array_equal(
        kaplan_meier(men, LACKING.site[LACKING.sex == 1]).estimate,
        kaplan_meier(EXPECTED.take(KEPT.sex == 1), KEPT.site[KEPT.sex == 1]).estimate,
    )
    np.testing.assert_array_equal(
        kaplan_meier(men, LACKING.site).estimate, kaplan_meier(men, "site").estimate
    )


def test_rows_that_a_selection_left_out_are_found_by_label_too() -> None:
    surv = Surv.right(WHOLE.t, WHOLE.e, **OPTIONS)
    late = landmark(surv, 50)
    part = WHOLE[late.kept]
    expected = logrank_test(late.surv, part.sex).p_value
    for given in (WHOLE.sex, WHOLE.sex[::-1], part.sex):
        assert logrank_test(late.surv, given).p_value == expected
    np.testing.assert_array_equal(
        cox_ph(late.surv, "age", WHOLE).estimate, cox_ph(late.surv, "age", part).estimate
    )
    again = late.surv.take(np.arange(len(part))[::-2])
    chosen = part.sex.iloc[::-2]
    for column in (WHOLE.sex, part.sex, chosen):
        assert logrank_test(again, column).p_value == logrank_test(again, chosen.to_numpy()).p_value
    with pytest.raises(InputError, match=f"{len(part)} of 40 rows were selected, and by has no row labels"):
        logrank_test(late.surv, WHOLE.sex.to_numpy())
    with pytest.raises(InputError, match="one value per time"):
        logrank_test(late.surv, WHOLE.sex.drop(index=part.index[0]))
    with pytest.raises(InputError, match="4 of 40 rows were selected"):  # drawn twice: two rows of one label
        logrank_test(surv.take([0, 0, 1, 2]), WHOLE.sex)


@pytest.mark.parametrize("values", [LACKING.sex.to_numpy(), LACKING.sex.tolist(), LACKING.reset_index().sex])
def test_columns_without_its_labels_are_refused_with_the_reason(values: Any) -> None:
    with pytest.raises(InputError, match="missing='drop' left 2 of 40 rows out when the response was made"):
        logrank_test(SURV, values)
    nameless = left_out({c: LACKING[c].to_numpy() for c in LACKING})
    with pytest.raises(InputError, match="missing='drop' left 2 of 40 rows out when the response was made"):
        logrank_test(nameless, values)
    assert logrank_test(nameless, "sex").p_value == logrank_test(EXPECTED, KEPT.sex).p_value


def test_other_rows_are_refused_as_ever(tmp_path: Any) -> None:
    with pytest.raises(InputError, match="must be the same patients"):
        cox_ph(EXPECTED, "age", LACKING)  # nobody said that rows may be left out
    with pytest.raises(InputError, match="one value per time"):
        logrank_test(SURV, WHOLE.sex[:39])
    twice = left_out(LACKING.set_axis(["a", "b"] * 20))
    with pytest.raises(InputError, match="left 2 of 40 rows out"):
        logrank_test(twice, LACKING.sex)
    cox_ph(SURV, "age", LACKING).save(tmp_path / "fit.json")
    with pytest.raises(InputError, match="one value per time"):
        logrank_test(read_result(tmp_path / "fit.json").surv, LACKING.sex)


@pytest.mark.parametrize(
    "again",
    [copy.copy, copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s)), lambda s: s.with_parts(weight=None)],
)
def test_copies_know_it(again: Callable[[Surv], Surv]) -> None:
    assert logrank_test(again(SURV), LACKING.sex).p_value == logrank_test(EXPECTED, KEPT.sex).p_value


def test_a_number_of_rows_is_told_before_gaps_that_it_explains() -> None:
    with pytest.raises(InputError, match="data has 40 rows, the response 38"):
        cox_ph(EXPECTED, "age", LACKING.assign(age=np.nan), missing="drop")


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # pandas 4 will not have it
def test_a_frame_sorted_in_place_afterwards_keeps_its_patients() -> None:
    frame = WHOLE.copy()
    surv = Surv.right("t", "e", data=frame, **OPTIONS)
    before = logrank_test(surv, "sex").p_value
    frame.sort_values("age", inplace=True)
    assert logrank_test(surv, "sex").p_value == before
