"""A message advises only what the function that was called can do."""

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, concordance, cox_ph, parametric_survival
from survsim.causal import treatment_weights
from survsim.competing import cause_specific_cox
from survsim.errors import InputError

RNG = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {"age": RNG.normal(60, 9, 40), "arm": RNG.integers(0, 2, 40), "time": RNG.exponential(9, 40)}
)
SURV = Surv.right(FRAME.time, np.ones(40), unit="months")
HOLES = FRAME.assign(age=FRAME.age.where(FRAME.index != 3))


@pytest.mark.parametrize(
    ("use", "can_drop"),
    [
        (lambda: cox_ph(SURV, "age", HOLES), True),
        (lambda: parametric_survival(SURV, "weibull", "age", HOLES), True),
        (
            lambda: cause_specific_cox(
                Surv.competing(FRAME.time, FRAME.arm + 1, unit="months"), "age", HOLES
            ),
            True,
        ),
        (lambda: Surv.right([1, 2, np.nan], [1, 1, 1], unit="months"), True),
        (lambda: treatment_weights(FRAME.arm == 1, "age", HOLES), False),
        (lambda: cox_ph(SURV, "age", FRAME).predict_survival(HOLES, [3.0]), False),
        (lambda: cox_ph(SURV, "age", FRAME).linear_predictor(HOLES), False),
        (lambda: parametric_survival(SURV, "weibull", "age", FRAME).predict_survival(HOLES, [3.0]), False),
        (lambda: concordance(SURV, HOLES.age), False),
    ],
)
def test_missing_is_advised_where_it_is_taken(use, can_drop):
    with pytest.raises(InputError, match="row") as told:
        use()
    assert ("missing='drop' leaves" in str(told.value)) == can_drop
    assert ("drop those rows" in str(told.value)) != can_drop


def test_gap_times_are_named_by_cluster():
    with pytest.raises(InputError, match="name the patients by cluster="):
        Surv.right([5, 6, 7], [1, 1, 0], unit="days", id=[1, 1, 2])
    with pytest.raises(InputError, match="Correct the dates"):
        Surv.right([5, 6, 7], [0, 1, 0], entry=[0, 3, 0], unit="days", id=[1, 1, 2])


def test_columns_without_text_for_a_name():
    for frame in (
        FRAME[["time", "arm"]].set_axis([0, 1], axis=1),
        FRAME[["time", "arm"]].set_axis(pd.MultiIndex.from_tuples([("a", 0), ("a", 1)]), axis=1),
    ):
        time, event = list(frame.columns)
        np.testing.assert_array_equal(Surv.right(time, event, data=frame, unit="months").time, FRAME.time)
        with pytest.raises(InputError, match="no column of data"):
            Surv.right(time, 9, data=frame, unit="months")
