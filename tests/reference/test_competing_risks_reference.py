"""Cumulative incidence, Gray's test, Fine-Gray and cause-specific regression against survival and cmprsk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from survsim import Surv, aalen_johansen, cause_specific_cox, fine_gray, gray_test

PINNED = json.loads((Path(__file__).parent / "competing_risks.json").read_text())["data"]
SETS = tuple(PINNED)
CLOSE = {"rtol": 1e-6, "atol": 1e-10}


def number(values: Any) -> np.ndarray:
    return np.array(values, dtype=float)


def columns(name: str) -> dict[str, np.ndarray]:
    return {k: number(v) for k, v in PINNED[name]["columns"].items()}


def response(name: str, *, weighted: bool = False, entered: bool = False, stratified: bool = False) -> Surv:
    c = columns(name)
    return Surv.competing(
        c["time"],
        np.array(["none", "a", "b"])[c["cause"].astype(int)],
        censored="none",
        unit="months",
        weight=c["weight"] if weighted else None,
        entry=c["entry"] if entered else None,
        stratum=c["s"].astype(int) if stratified else None,
    )


def covariates(name: str) -> np.ndarray:
    c = columns(name)
    return np.column_stack([c["x1"], c["x2"]])


def check_curve(found: Any, expected: dict[str, Any]) -> None:
    np.testing.assert_allclose(found.time, expected["time"], **CLOSE)
    np.testing.assert_allclose(found.estimate, number(expected["estimate"]), **CLOSE)
    np.testing.assert_allclose(found.std_error, number(expected["std_error"]), **CLOSE)
    np.testing.assert_allclose(found.survival, number(expected["survival"]), **CLOSE)
    np.testing.assert_allclose(found.survival_std_error, number(expected["survival_std_error"]), **CLOSE)
    inside = (found.estimate > 0) & (found.estimate < 1)
    for mine, theirs in ((found.conf_low, "low"), (found.conf_high, "high")):
        np.testing.assert_allclose(mine[inside], number(expected[theirs])[inside], **CLOSE)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("cell", range(4))
def test_incidence_equals_survfit(name: str, cell: int) -> None:
    expected = PINNED[name]["incidence"][cell]
    surv = response(name, weighted=expected["weighted"], entered=expected["entered"])
    check_curve(aalen_johansen(surv), expected)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("conf_type", ["log", "plain"])
def test_other_bands_equal_survfit(name: str, conf_type: str) -> None:
    check_curve(aalen_johansen(response(name), conf_type=conf_type), PINNED[name]["bands"][conf_type])


@pytest.mark.parametrize("name", SETS)
def test_aalens_variance_equals_cuminc(name: str) -> None:
    found, expected = aalen_johansen(response(name), variance="aalen"), PINNED[name]["cuminc"]
    variance = number(expected["variance"])
    known = np.isfinite(variance)
    np.testing.assert_allclose(found.estimate[known], number(expected["estimate"])[known], **CLOSE)
    np.testing.assert_allclose(found.std_error[known] ** 2, variance[known], **CLOSE)
    assert known.mean() > 0.8


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("cell", range(6))
def test_gray_equals_cuminc(name: str, cell: int) -> None:
    expected = PINNED[name]["gray"][cell]
    surv = response(name, stratified=expected["stratified"])
    for k, cause in enumerate("ab"):
        found = gray_test(surv, columns(name)["g"].astype(int), cause=cause, rho=expected["rho"])
        np.testing.assert_allclose([found.chi2, found.p_value, found.df], expected["tests"][k], **CLOSE)


@pytest.mark.parametrize("name", SETS)
def test_fine_gray_equals_crr(name: str) -> None:
    expected = PINNED[name]["crr"]
    fit = fine_gray(response(name), None, covariates(name), cause="a", censoring_ties="together")
    np.testing.assert_allclose(fit.estimate, expected["estimate"], **CLOSE)
    np.testing.assert_allclose(fit.covariance, number(expected["covariance"]), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fit.log_likelihood, expected["log_likelihood"], **CLOSE)
    np.testing.assert_allclose(fit.hazard, expected["hazard"], **CLOSE)
    curves = number(expected["predicted"])
    predicted = fit.predict_incidence(np.array([[0.0, 0.0], [1.0, 1.0]]), curves[:, 0])
    np.testing.assert_allclose(predicted.estimate[0].T, curves[:, 1:], **CLOSE)


@pytest.mark.parametrize("name", SETS)
def test_groups_of_censoring_equal_crr(name: str) -> None:
    fit = fine_gray(
        response(name), None, covariates(name), cause="a", censoring_ties="together",
        censoring_by=columns(name)["s"].astype(int),
    )  # fmt: skip
    np.testing.assert_allclose(fit.estimate, PINNED[name]["grouped"], **CLOSE)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("cell", range(8))
def test_fine_gray_equals_finegray_and_coxph(name: str, cell: int) -> None:
    expected = PINNED[name]["finegray"][cell]
    surv = response(name, **{k: expected[k] for k in ("weighted", "entered", "stratified")})
    fit = fine_gray(surv, None, covariates(name), cause="a", variance="robust")
    np.testing.assert_allclose(fit.estimate, expected["estimate"], **CLOSE)
    np.testing.assert_allclose(fit.covariance, number(expected["robust"]), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fit.model_covariance, number(expected["model"]), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", SETS)
def test_cause_specific_curves_equal_survfit(name: str) -> None:
    expected = PINNED[name]["cause_specific"]
    # Breslow: of a multi-state fit with Efron ties, survfit takes the increments without them.
    model = cause_specific_cox(response(name), None, covariates(name), ties="breslow")
    np.testing.assert_allclose(
        np.concatenate([f.estimate for f in model.fits.values()]), expected["estimate"], **CLOSE
    )
    found = model.predict_incidence(np.array([[0.0, 0.0], [1.0, 1.0]]), expected["time"])
    np.testing.assert_allclose(found.estimate[0].T, number(expected["estimate_a"]), **CLOSE)
    np.testing.assert_allclose(found.estimate[1].T, number(expected["estimate_b"]), **CLOSE)
