"""What a user did is said: a constant column in any family, a covariate far beyond the data of the fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, parametric_survival, royston_parmar
from survsim.errors import ConvergenceError, InputError
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


def test_a_fit_from_an_earlier_file_predicts_from_its_covariance():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"x": rng.normal(size=40)})
    fit = parametric_survival(
        Surv.right(rng.exponential(9.0, 40), np.ones(40), unit="months"), "lognormal", "x", data
    )
    np.testing.assert_allclose(fit.root @ fit.root.T, fit.covariance, rtol=1e-12)
    earlier = replace(fit, root=None)
    one, other = (f.predict_survival(data.iloc[:2], [4.0]).std_error for f in (fit, earlier))
    np.testing.assert_allclose(other, one, rtol=1e-6)
    np.testing.assert_allclose(earlier.draws(3, seed=1), fit.draws(3, seed=1), rtol=1e-10)


def test_a_robust_covariance_of_fewer_clusters_than_coefficients_can_be_drawn_from():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"x": rng.normal(size=40), "z": rng.normal(size=40)})
    surv = Surv.right(
        rng.exponential(9.0, 40), np.ones(40), unit="months", cluster=np.tile([0, 1, 2], 14)[:40]
    )
    fit = parametric_survival(surv, "weibull", "x + z", data)
    assert np.isfinite(fit.draws(3, seed=1)).all()
    assert np.isfinite(fit.predict_survival(data.iloc[:2], [4.0]).std_error).all()


@pytest.mark.parametrize("shift", [0.0, 2015.0])
def test_only_the_arm_without_events_is_named_beside_a_calendar_year(shift):
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"year": rng.integers(-3, 4, 40) + shift, "arm": np.tile(["a", "b"], 20)})
    surv = Surv.right(rng.exponential(9.0, 40), data["arm"] == "a", unit="months")
    with pytest.raises(ConvergenceError, match=r"do not determine arm\[T.b\]; the"):
        parametric_survival(surv, "weibull", "year + arm", data)
    with pytest.raises(ConvergenceError, match=r"do not determine arm\[T.b\]; the"):
        parametric_survival(surv, "piecewise_exponential", "year + arm", data, cuts=[5.0])
    with pytest.raises(ConvergenceError, match=r"do not determine arm\[T.b\]; the"):
        royston_parmar(surv, "year + arm", data, df=2)
