"""What is asked of a Cox fit, against R's survival package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from survsim import Surv, cox_ph
from survsim.cox import CoxFit

HERE = Path(__file__).parent
GRID = json.loads((HERE / "cox_grid.json").read_text())["data"]
DETAILS = json.loads((HERE / "cox_details.json").read_text())
CLOSE = {"rtol": 1e-6, "atol": 1e-9}
SWITCHES = ("weighted", "stratified", "entered")
PICK = np.array([1, 2, 5, 11, 20]) - 1


def name_of(cell: dict[str, Any]) -> str:
    return "-".join([cell["set"], cell["ties"]] + [k for k in SWITCHES if cell[k]])


def covariates(name: str) -> np.ndarray:
    return np.column_stack([GRID[name]["columns"][c] for c in GRID[name]["covariates"]]).astype(float)


def response(name: str, *, entered: bool, weighted: bool = False, stratified: bool = False) -> Surv:
    c = GRID[name]["columns"]
    return Surv.right(
        c["time"],
        c["event"],
        unit="days",
        entry=c["entry"] if entered else None,
        weight=c["weight"] if weighted else None,
        stratum=c["stratum"] if stratified else None,
    )


@pytest.fixture(params=DETAILS["cells"], ids=name_of)
def case(request: pytest.FixtureRequest) -> tuple[dict[str, Any], CoxFit]:
    cell = request.param
    surv = response(cell["set"], **{k: cell[k] for k in SWITCHES})
    return cell, cox_ph(surv, None, covariates(cell["set"]), ties=cell["ties"])


def test_proportional_hazards_tests_equal_cox_zph(case: tuple[dict[str, Any], CoxFit]) -> None:
    cell, fit = case
    for transform, chi2 in cell["zph"].items():
        np.testing.assert_allclose(fit.proportional_hazards_test(transform).chi2, chi2, **CLOSE)


def test_predicted_curves_equal_survfit(case: tuple[dict[str, Any], CoxFit]) -> None:
    cell, fit = case
    rows = [0, 4]
    codes = GRID[cell["set"]]["columns"]["stratum"]
    stratum = [codes[i] for i in rows] if cell["stratified"] else None
    new = covariates(cell["set"])[rows]
    curve = fit.predict_survival(new, cell["times"], stratum=stratum)
    np.testing.assert_allclose(fit.baseline_hazard().cumulative_hazard[-1], cell["baseline"], **CLOSE)
    for i, expected in enumerate(cell["curves"]):
        np.testing.assert_allclose(curve.survival[i], expected["survival"], **CLOSE)
        # R's survfit gives the standard error of the cumulative hazard, -log S.
        np.testing.assert_allclose(
            curve.std_error[i], np.array(expected["std_error"]) * curve.survival[i], **CLOSE
        )
        np.testing.assert_allclose(curve.conf_low[i], expected["low"], **CLOSE)
        np.testing.assert_allclose(curve.conf_high[i], expected["high"], **CLOSE)


@pytest.mark.parametrize("kind", ["martingale", "deviance", "score", "dfbeta", "dfbetas"])
def test_residuals_by_row(case: tuple[dict[str, Any], CoxFit], kind: str) -> None:
    cell, fit = case
    np.testing.assert_allclose(fit.residuals(kind)[PICK], cell[kind], **CLOSE)


def test_schoenfeld_residuals(case: tuple[dict[str, Any], CoxFit]) -> None:
    cell, fit = case
    ours = fit.residuals("schoenfeld").iloc[:4][list(fit.terms)].to_numpy()
    scaled = fit.residuals("scaled_schoenfeld").iloc[:4][list(fit.terms)].to_numpy()
    # Events tied at a time may be listed in another order.
    np.testing.assert_allclose(ours.sum(axis=0), np.sum(cell["schoenfeld"], axis=0), **CLOSE)
    np.testing.assert_allclose(scaled.sum(axis=0), np.sum(cell["scaled"], axis=0), **CLOSE)


def test_concordance_and_its_standard_error(case: tuple[dict[str, Any], CoxFit]) -> None:
    cell, fit = case
    ours = fit.concordance()
    np.testing.assert_allclose(
        [ours.estimate, ours.std_error], [cell["concordance"], cell["concordance_se"]], **CLOSE
    )


@pytest.mark.parametrize("cell", DETAILS["ridge"], ids=lambda c: f"{c['set']}-{c['theta']}-{c['ties']}")
def test_ridge_equals_coxph_ridge(cell: dict[str, Any]) -> None:
    surv = response(cell["set"], entered=cell["set"] == "heart")
    fit = cox_ph(
        surv,
        None,
        covariates(cell["set"]),
        ties=cell["ties"],
        penalty="ridge",
        penalty_strength=cell["theta"],
    )
    np.testing.assert_allclose(fit.estimate, cell["estimate"], **CLOSE)
    np.testing.assert_allclose(fit.std_error, cell["std_error"], **CLOSE)
    np.testing.assert_allclose(fit.degrees_of_freedom, cell["df"], **CLOSE)
    np.testing.assert_allclose(fit.log_likelihood, cell["log_likelihood"], rtol=1e-9)


@pytest.mark.parametrize("cell", DETAILS["frailty"], ids=lambda c: f"{c['set']}-{c['distribution']}")
def test_shared_frailty_equals_coxph_frailty(cell: dict[str, Any]) -> None:
    surv = response(cell["set"], entered=cell["set"] == "cgd")
    law = {"gamma": "gamma", "gaussian": "lognormal"}[cell["distribution"]]
    groups = GRID[cell["set"]]["columns"]["cluster"]
    fit = cox_ph(surv, None, covariates(cell["set"]), frailty=groups, frailty_distribution=law)
    # R ends its search for the variance at about 1e-5 relative, so the variance decides the tolerance.
    np.testing.assert_allclose(fit.frailty.variance, cell["variance"], rtol=1e-3)
    np.testing.assert_allclose(fit.estimate, cell["estimate"], rtol=2e-4)
    np.testing.assert_allclose(fit.std_error, cell["std_error"], rtol=2e-4)
    if cell["marginal"] is not None:
        np.testing.assert_allclose(fit.log_likelihood, cell["marginal"], rtol=1e-8)
