"""Columns of a frame whose names are those of functions of a formula."""

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph
from survsim.core.errors import InputError

RNG = np.random.default_rng(5)
FRAME = pd.DataFrame(
    {"age": RNG.uniform(40, 80, 40), "site": RNG.choice(list("abc"), 40), "x": RNG.normal(size=40)}
)
SURV = Surv.right(RNG.exponential(10, 40) + 0.1, np.ones(40), unit="months")
ALIKE = FRAME.assign(log=FRAME.x, C=FRAME.x, I=FRAME.x, bs=FRAME.x, factor=FRAME.x)


@pytest.mark.parametrize(
    "formula",
    ["log(age)", "C(site)", "factor(site)", "I(age / 10)", "bs(age, df=3)", "x + log(age)", "np.log(age)"],
)
def test_a_function_is_found_beside_a_column_of_its_name(formula):
    """The column hid the function: log(age) ended in "'Series' object is not callable"."""
    fit = cox_ph(SURV, formula, ALIKE)
    np.testing.assert_allclose(fit.estimate, cox_ph(SURV, formula, FRAME).estimate, rtol=1e-9)
    again = fit.predict_survival(ALIKE.iloc[:2], [3.0])
    assert len(again) if hasattr(again, "__len__") else again is not None


@pytest.mark.parametrize("formula", ["log", "C + age", "`log`", "I(log / 2)"])
def test_a_column_of_such_a_name_is_read_where_no_function_is_called(formula):
    plain = formula.replace("log", "x").replace("C", "x")
    found = cox_ph(SURV, formula, ALIKE.drop(columns="I")).estimate
    np.testing.assert_allclose(found, cox_ph(SURV, plain, FRAME).estimate, rtol=1e-9)


@pytest.mark.parametrize("formula", ["log(age) + log", "log(log)", "C(C)", "log + age + I(log(age))"])
def test_both_at_once_are_told(formula):
    with pytest.raises(InputError, match="rename the column"):
        cox_ph(SURV, formula, ALIKE.drop(columns="I"))
