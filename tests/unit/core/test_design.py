"""A missing value never becomes a category."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import meta_regression
from survsim.core.design import design_matrix, formula_variables
from survsim.core.errors import InputError

DATA = pd.DataFrame({"site": ["a", None, "b", "a"], "x": [1.0, 2.0, np.nan, 4.0], "unused": [None] * 4})


@pytest.mark.parametrize(
    ("formula", "said"),
    [("site", "'site' missing or infinite in row 1"), ("C(site):x", "'site', 'x' missing or infinite in rows 1, 2"),
     ("np.log(x)", "'x' missing or infinite in row 2")],
)  # fmt: skip
def test_missing_values_are_refused_with_their_rows(formula: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        design_matrix(formula, DATA)


def test_columns_that_are_not_used_may_have_gaps() -> None:
    whole = DATA.iloc[[0, 3]]
    assert design_matrix("x", whole).matrix.tolist() == [[1.0], [4.0]]


def test_missing_categories_are_refused_on_new_data() -> None:
    design = design_matrix("site", DATA.dropna(subset="site"))
    with pytest.raises(InputError, match="'site' missing"):
        design.apply(DATA)


def test_meta_regression_refuses_them_too() -> None:
    with pytest.raises(InputError, match="'site' missing or infinite in row 1"):
        meta_regression([0.1, 0.2, 0.3, 0.4], [0.1] * 4, "site", data=DATA)


def test_variables_of_a_formula() -> None:
    assert formula_variables("C(site) + np.log(x)") == {"site", "x"}
    with pytest.raises(InputError, match="right-hand side only"):
        formula_variables("y ~ x")
