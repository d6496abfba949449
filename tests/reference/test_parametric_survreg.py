"""Parametric models against R: survreg, and Poisson regression on split follow-up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from survsim import Surv, parametric_survival, royston_parmar

PINNED = json.loads((Path(__file__).parent / "parametric.json").read_text())["data"]
CELLS = [
    pytest.param(name, cell, id=f"{name}-{cell['family']}-{'weighted' if cell['weighted'] else 'plain'}")
    for name, part in PINNED.items()
    for cell in part["survreg"]
]
PIECES = [
    pytest.param(name, cell, id=f"{name}-{'weighted' if cell['weighted'] else 'plain'}")
    for name, part in PINNED.items()
    for cell in part["piecewise"]
]
CLOSE = {"rtol": 1e-6, "atol": 1e-8}


def response(columns: dict[str, Any], weighted: bool, cluster: bool = False) -> Surv:
    return Surv.right(
        columns["time"],
        columns["event"],
        unit="days",
        entry=columns.get("entry"),
        weight=columns["weight"] if weighted else None,
        cluster=columns["cluster"] if cluster else None,
    )


def matrix(part: dict[str, Any]) -> np.ndarray:
    return np.column_stack([part["columns"][c] for c in part["covariates"]])


@pytest.mark.parametrize(("name", "cell"), CELLS)
def test_survreg(name: str, cell: dict[str, Any]) -> None:
    part = PINNED[name]
    x = matrix(part)
    plain = parametric_survival(response(part["columns"], cell["weighted"]), cell["family"], None, x)
    robust = parametric_survival(response(part["columns"], cell["weighted"], True), cell["family"], None, x)
    # survreg reports log time for the exponential too; here it is the log rate
    sign = -1.0 if cell["family"] == "exponential" else 1.0
    assert plain.log_likelihood == pytest.approx(cell["log_likelihood"], rel=1e-9)
    np.testing.assert_allclose(sign * plain.estimate, cell["estimate"], **CLOSE)
    np.testing.assert_allclose(plain.std_error, cell["std_error"], **CLOSE)
    np.testing.assert_allclose(robust.std_error, cell["cluster_std_error"], **CLOSE)


@pytest.mark.parametrize(("name", "cell"), PIECES)
def test_piecewise_exponential_is_poisson_regression(name: str, cell: dict[str, Any]) -> None:
    part = PINNED[name]
    fit = parametric_survival(
        response(part["columns"], cell["weighted"]),
        "piecewise_exponential",
        None,
        matrix(part),
        cuts=cell["cuts"],
    )
    assert fit.log_likelihood == pytest.approx(cell["log_likelihood"], rel=1e-9)
    np.testing.assert_allclose(fit.estimate, cell["estimate"], **CLOSE)
    np.testing.assert_allclose(fit.std_error, cell["std_error"], **CLOSE)


@pytest.mark.parametrize("name", ["lung", "veteran", "ovarian", "kidney", "pbc", "colon"])
@pytest.mark.parametrize(
    ("scale", "family"), [("hazard", "weibull"), ("odds", "loglogistic"), ("normal", "lognormal")]
)
def test_one_degree_of_freedom_is_the_simple_family_of_survreg(name: str, scale: str, family: str) -> None:
    part = PINNED[name]
    cell = next(c for c in part["survreg"] if c["family"] == family and c["weighted"])
    fit = royston_parmar(response(part["columns"], True), None, matrix(part), df=1, scale=scale)
    assert fit.log_likelihood == pytest.approx(cell["log_likelihood"], rel=1e-9)
    shape = np.exp(-cell["estimate"][-1])
    np.testing.assert_allclose(fit.estimate[2:], -shape * np.array(cell["estimate"][1:-1]), **CLOSE)
    np.testing.assert_allclose(fit.estimate[:2], [-shape * cell["estimate"][0], shape], **CLOSE)


def test_weibull_on_lung_by_sex_has_the_published_numbers() -> None:
    # R 4.2.2, survreg(Surv(time, status) ~ sex, lung): intercept, sex, scale, log-likelihood
    columns = PINNED["lung"]["columns"]
    sex = 1.0 + np.array(columns["female"])[:, None]
    fit = parametric_survival(response(columns, False), "weibull", None, sex)
    np.testing.assert_allclose(fit.estimate[:2], [5.4885837507, 0.3955780075], rtol=1e-9)
    assert np.exp(fit.estimate[2]) == pytest.approx(0.7550880138, rel=1e-9)
    assert fit.log_likelihood == pytest.approx(-1148.65156468, rel=1e-11)
