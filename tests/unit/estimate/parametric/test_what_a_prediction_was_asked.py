"""What a user did is said: a constant column in any family, a covariate far beyond the data of the fit."""

from __future__ import annotations

import pytest

from survsim import Surv, parametric_survival
from survsim.errors import InputError
from survsim.estimate.parametric import regression

S = Surv.right([1, 2, 3, 4, 5, 6, 7, 8.0], [1, 1, 0, 1, 1, 0, 1, 1], unit="years")
X = [0.0, 1, 2, 3, 0, 1, 2, 3]
FAMILIES = [family for family in regression.FAMILIES if family != "generalised_gamma"]


def options(family):
    return {"cuts": [4]} if family == "piecewise_exponential" else {}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_constant_column_is_named(family):
    with pytest.raises(InputError, match=r"column 'x' is constant: its effect cannot be told"):
        parametric_survival(S, family, "x", {"x": [1.0] * 8}, **options(family))


def test_columns_that_add_up_to_the_baseline_are_named():
    both = {"a": X, "b": [3.0 - x for x in X]}
    with pytest.raises(InputError, match=r"column 'b' is a combination of the columns before it \(a\)"):
        parametric_survival(S, "piecewise_exponential", "a + b", both, cuts=[4])


@pytest.mark.parametrize(
    "family", ["exponential", "weibull", "gompertz", "loglogistic", "piecewise_exponential"]
)
def test_a_covariate_far_beyond_the_data_is_named(family):
    fit = parametric_survival(S, family, "x", {"x": X}, **options(family))
    said = (
        rf"the prediction for row 1 of data is beyond what the {family} law can hold \(.* is -?\d.*\): column 'x' is "
        r"-?100000 there, 0 to 3 in the data of the fit"
    )
    # the side on which the law has no number depends on the sign of the effect: rates of 0 are laws, scales of 0 are not
    with pytest.raises(InputError, match=said):
        for far in (1e5, -1e5):
            fit.predict_survival({"x": [1.0, far]}, [2.0])
