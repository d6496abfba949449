"""Whole numbers beyond every float, records of several values, and nothing at all: told in our words at each door."""

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, bootstrap, cox_ph, fine_gray, parametric_survival
from survsim.core.errors import InputError
from survsim.core.tables import frame
from survsim.cox import brier_score, time_dependent_auc
from survsim.nonparametric import pairwise_logrank

TIME, CAUSE = [5, 8, 8, 12, 13, 14], [1, 0, 2, 1, 1, 2]
SURV = Surv.right(TIME, np.array(CAUSE) > 0, unit="months")
X = [1.0, 3.0, 2.0, 0.5, 1.0, 2.0]
FIT = cox_ph(SURV, "x", pd.DataFrame({"x": X}))
LARGE = [10**400, *X[1:]]


@pytest.mark.parametrize(
    "asked",
    [
        lambda data: cox_ph(SURV, "x", data),
        lambda data: cox_ph(SURV, "C(x)", data),
        lambda data: fine_gray(Surv.competing(TIME, CAUSE, unit="months"), "x", data, cause=1),
        lambda data: FIT.predict_survival(data, [6]),
        lambda data: parametric_survival(SURV, "weibull", formula="x", data=data),
    ],
)
@pytest.mark.parametrize(
    "data", [pd.DataFrame({"x": pd.Series(LARGE, dtype=object)}), {"x": LARGE}], ids=["frame", "dict"]
)
def test_a_covariate_beyond_every_float_is_told_with_its_row(asked, data):
    with pytest.raises(InputError, match="column 'x' must be finite; the number in row 0"):
        asked(data)


def test_tables_hold_whole_numbers_beyond_every_float():
    groups = [10**400, 1.5, 10**400, 1.5, 10**400, 1.5]
    found = pairwise_logrank(SURV, groups).to_frame()
    assert [*found["group"], *found["other"]] == [1.5, 10**400]
    made = frame({"a": LARGE, "b": pd.Series(X, index=list("uvwxyz")), "c": 1.0})
    assert made["a"].tolist() == LARGE and made["b"].tolist() == X and made["c"].tolist() == [1.0] * 6
    assert frame({"a": 10**400, "b": 0.5})["a"].tolist() == [10**400]


@pytest.mark.parametrize("formula", ["x", "C(x)", "log(x)", "y + x"])
def test_a_column_of_records_is_refused(formula):
    records = np.array(list(zip(X, TIME, strict=True)), dtype=[("a", float), ("b", int)])
    data = pd.DataFrame({"y": X})
    data["x"] = records
    with pytest.raises(InputError, match="column 'x' holds records of several values"):
        cox_ph(SURV, formula, data)
    assert cox_ph(SURV, "y", data).estimate == FIT.estimate


@pytest.mark.parametrize("statistic", ["survival", "rmst", "quantile"])
def test_a_statistic_asked_at_nothing_is_refused(statistic):
    with pytest.raises(InputError, match="at is empty"):
        bootstrap(SURV, statistic, at=[], n_resamples=5)


@pytest.mark.parametrize("kind", [np.array, lambda values: pd.DataFrame({7.0: values})])
def test_truth_values_are_no_probabilities(kind):
    seen = [True, False, True, False, True, True]
    for asked in (brier_score, time_dependent_auc):
        with pytest.raises(InputError, match=r"\(bool\)"):
            asked(SURV, kind(seen), [7.0])
