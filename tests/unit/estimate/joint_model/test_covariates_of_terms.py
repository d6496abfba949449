"""Covariates of terms: columns of patients in any form, one value of an arm; and evidence without an event."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, evidence_model
from survsim.errors import EvidenceError, InputError
from survsim.joint_model import (
    case_term,
    hazard_ratio_term,
    median_term,
    patients_term,
    rate_term,
    survival_term,
)

TIME, EVENT, X = [1.0, 2.0, 3.0, 4.0, 5.0], [1, 1, 0, 1, 1], [1, 0, 1, 0, 0]


def own(covariates=None):
    return patients_term(Surv.right(TIME, EVENT, unit="months"), covariates, study="own")


@pytest.mark.parametrize(
    "columns",
    [{"x": X}, {"x": np.array(X), "z": 1}, {"x": tuple(X)}, {"x": pd.Series(X)}, pd.DataFrame({"x": X})],
)
def test_columns_of_patients_give_the_poisson_regression(columns):
    """One interval, no prior: log rates d / T of the two groups, 1/4 and 3/11."""
    options = {"breaks": [], "study_scale": None, "walk_sd": None, "coefficient_sd": None}
    model = evidence_model([own(columns)], "x", **options)
    frame = model.to_frame()
    assert frame["estimate"].tolist() == pytest.approx([np.log(3 / 11), np.log((1 / 4) / (3 / 11))], abs=1e-7)
    assert frame["std_error"].tolist() == pytest.approx([3**-0.5, (1 / 3 + 1) ** 0.5], abs=1e-7)


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        ({"x": [1, 0]}, "2 rows for 5 patients"),
        ({"x": X, "stage": {"I": 0.5, "II": 0.5}}, "shares of categories for stage beside columns"),
        ({"x": [[1, 2]] * 5}, "several values a patient in x"),
        (X, "covariates must map each covariate to its value"),
    ],
)
def test_covariates_of_patients_that_are_no_columns(covariates, message):
    with pytest.raises(InputError, match=message):
        own(covariates)


def test_an_arm_has_one_value_of_each_covariate():
    arms = {"study": "a", "unit": "months"}
    for make in (
        lambda c: survival_term(12, 0.5, c, n=20, **arms),
        lambda c: median_term(12, c, n=20, **arms),
        lambda c: rate_term(4, 90, c, **arms),
        lambda c: case_term(4.0, c, **arms),
        lambda c: hazard_ratio_term(0.7, c, {"x": 0}, study="a", n_event=20),
        lambda c: hazard_ratio_term(0.7, {"x": 0}, c, study="a", n_event=20),
    ):
        with pytest.raises(InputError, match="x has several values, and an arm has one"):
            make({"x": [1, 0]})
        assert make({"x": 1, "stage": {"I": 0.6, "III": 0.4}}).study == "a"


@pytest.mark.parametrize(
    "term",
    [
        survival_term(12, 1.0, study="B", unit="months", n=50),
        survival_term([6, 12], [1.0, 1.0], study="B", unit="months", n=50),
        case_term(12, study="B", unit="months", status="right"),
        patients_term(Surv.right([1, 2, 3], [0, 0, 0], unit="months"), study="B"),
        rate_term(0, 100, study="B", unit="months"),
    ],
    ids=["one share of 1", "two shares of 1", "alive", "patients alive", "rate of 0"],
)
def test_survivors_alone_identify_no_hazard(term):
    """The likelihood exp(-H) rises for ever as the hazard falls: no optimum, told as such."""
    with pytest.raises(EvidenceError, match="does not identify log hazard of interval 1"):
        evidence_model([term], None, breaks=[6])


def test_survivors_alone_are_no_certainty_without_a_walk():
    term = survival_term(12, 1.0, study="B", unit="months", n=50)
    with pytest.raises(EvidenceError, match="no term holds an event"):
        evidence_model([term], None, breaks=[6], walk_sd=None)
