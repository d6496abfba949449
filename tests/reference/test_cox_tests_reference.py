"""Robust score tests, exact ties after the fit, and weighted log-rank tests against R's survival package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from survsim import Surv, cox_ph, logrank_test

HERE = Path(__file__).parent
PINNED = json.loads((HERE / "cox_tests.json").read_text())
GRID = json.loads((HERE / "cox_grid.json").read_text())["data"]
CLOSE = {"rtol": 1e-6, "atol": 1e-10}


def covariates(name: str) -> np.ndarray:
    return np.column_stack([GRID[name]["columns"][c] for c in GRID[name]["covariates"]]).astype(float)


def response(cell: dict[str, Any], **more: Any) -> Surv:
    c = GRID[cell["set"]]["columns"]
    return Surv.right(
        c["time"],
        c["event"],
        unit="days",
        entry=c["entry"] if cell["entered"] else None,
        stratum=c["stratum"] if cell["stratified"] else None,
        **more,
    )


def name_of(cell: dict[str, Any]) -> str:
    said = [k for k in ("weighted", "stratified", "entered", "clustered") if cell.get(k)]
    return "-".join([cell["set"], str(cell.get("ties", cell.get("rho"))), str(cell.get("gamma", "")), *said])


@pytest.mark.parametrize("cell", PINNED["scores"], ids=name_of)
def test_robust_score_test_equals_coxph(cell: dict[str, Any]) -> None:
    c, x = GRID[cell["set"]]["columns"], covariates(cell["set"])
    weight = {"weight": c["weight"]} if cell["weighted"] else {}
    row_wise = cox_ph(response(cell, **weight), None, x, ties=cell["ties"], robust=True)
    grouped = cox_ph(response(cell, cluster=c["cluster"], **weight), None, x, ties=cell["ties"])
    np.testing.assert_allclose(row_wise.robust_score_statistic, cell["row"], **CLOSE)
    np.testing.assert_allclose(grouped.robust_score_statistic, cell["cluster"], **CLOSE)
    tests = grouped.tests().set_index("test")
    assert tests.loc["robust score", "statistic"] == grouped.robust_score_statistic


@pytest.mark.parametrize("cell", PINNED["exact"], ids=lambda c: c["set"])
def test_exact_ties_after_the_fit_equal_coxph(cell: dict[str, Any]) -> None:
    c = GRID[cell["set"]]["columns"]
    surv = Surv.right(c["time"], c["event"], unit="days")
    fit = cox_ph(surv, None, covariates(cell["set"]), ties="exact")
    for kind in ("martingale", "deviance"):
        np.testing.assert_allclose(fit.residuals(kind), cell[kind], **CLOSE)
    for transform, chi2 in cell["zph"].items():
        found = fit.proportional_hazards_test(transform)
        np.testing.assert_allclose(found.chi2, chi2, rtol=1e-6)


@pytest.mark.parametrize("cell", PINNED["logrank"], ids=name_of)
def test_weighted_logrank_equals_the_robust_score_test(cell: dict[str, Any]) -> None:
    c = GRID[cell["set"]]["columns"]
    more = {"cluster": c["cluster"]} if cell["clustered"] else {}
    groups = (np.arange(1, len(c["time"]) + 1) * 5) % 3
    found = logrank_test(
        response(cell, weight=c["weight"], **more), groups, rho=cell["rho"], gamma=cell["gamma"]
    )
    np.testing.assert_allclose(found.chi2, cell["chi2"], **CLOSE)
    assert found.df == 2
    assert found.weighted
