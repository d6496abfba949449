"""Predicted hazards, quantiles and medians against R's survival package."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, aalen_johansen, cause_specific_cox, cox_ph, parametric_survival, royston_parmar
from survsim.errors import ExtrapolationWarning

HERE = Path(__file__).parent
PINNED = json.loads((HERE / "predictions.json").read_text())
RISKS = json.loads((HERE / "competing_risks.json").read_text())["data"]
GRID = json.loads((HERE / "cox_grid.json").read_text())["data"]
SHARES = PINNED["shares"]
CLOSE = {"rtol": 1e-6, "atol": 1e-10}
NEW = pd.DataFrame(PINNED["new"])
LUNG = pd.DataFrame(PINNED["lung"])


def cell_name(cell: dict[str, Any]) -> str:
    return "-".join([cell["set"], cell["ties"]] + [k for k in ("stratified", "entered") if cell[k]])


@pytest.mark.parametrize("cell", PINNED["cox"], ids=cell_name)
def test_cox_predictions_equal_survfit(cell: dict[str, Any]) -> None:
    c = GRID[cell["set"]]["columns"]
    x = np.column_stack([c[k] for k in GRID[cell["set"]]["covariates"]]).astype(float)
    surv = Surv.right(
        c["time"], c["event"], unit="days",
        entry=c["entry"] if cell["entered"] else None,
        stratum=c["stratum"] if cell["stratified"] else None,
    )  # fmt: skip
    fit = cox_ph(surv, None, x, ties=cell["ties"])
    stratum = [c["stratum"][i] for i in (0, 4)] if cell["stratified"] else None
    quantiles = fit.predict_quantile(SHARES, x[[0, 4]], stratum=stratum)
    hazards = fit.predict_cumulative_hazard(x[[0, 4]], cell["times"], stratum=stratum)
    for i, expected in enumerate(cell["patients"]):
        # R gives NA where a curve or a limit does not fall so far.
        pinned = [
            [np.inf if v in (None, "NA") else v for v in expected[k]] for k in ("quantile", "low", "high")
        ]
        found = [getattr(quantiles, k)[i] for k in ("estimate", "conf_low", "conf_high")]
        np.testing.assert_allclose(found, pinned, **CLOSE)
        np.testing.assert_allclose(hazards.estimate[i], expected["cumulative"], **CLOSE)
        np.testing.assert_allclose(hazards.std_error[i], expected["std_error"], **CLOSE)
    ratio = np.exp(1.959963984540054 * hazards.std_error / hazards.estimate)
    np.testing.assert_allclose(hazards.conf_high, hazards.estimate * ratio, rtol=1e-12)
    np.testing.assert_allclose(hazards.conf_low, hazards.estimate / ratio, rtol=1e-12)


def lung() -> Surv:
    return Surv.right(LUNG["time"], LUNG["event"], unit="days")


@pytest.mark.parametrize("law", PINNED["laws"], ids=lambda law: law["dist"])
def test_quantiles_of_laws_equal_survreg(law: dict[str, Any]) -> None:
    family = {"weibull": "weibull", "lognormal": "lognormal", "loglogistic": "loglogistic"}
    fit = parametric_survival(lung(), family.get(law["dist"], "exponential"), formula="age + sex", data=LUNG)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExtrapolationWarning)
        found = fit.predict_quantile(SHARES, NEW)
    log_time, error = np.array(law["log_quantile"]), np.array(law["log_error"])
    np.testing.assert_allclose(np.log(found.estimate), log_time, rtol=1e-6)
    for limit, sign in ((found.conf_low, -1), (found.conf_high, 1)):
        np.testing.assert_allclose(np.log(limit), log_time + sign * 1.959963984540054 * error, rtol=2e-6)
    np.testing.assert_array_equal(
        fit.predict_median(NEW).estimate[:, 0], found.estimate[:, SHARES.index(0.5)]
    )


@pytest.mark.parametrize("kind", ["weibull", "spline"])
def test_hazards_of_a_weibull_law_equal_the_delta_method_on_survreg(kind: str) -> None:
    """A Royston-Parmar spline with one degree of freedom is the Weibull law."""
    expected = PINNED["laws"][0]["hazards"]
    if kind == "weibull":
        fit = parametric_survival(lung(), "weibull", formula="age + sex", data=LUNG)
    else:
        fit = royston_parmar(lung(), "age + sex", LUNG, df=1)
    times = [100.0, 400.0, 900.0]
    for found, value, error in (
        (fit.predict_hazard(NEW, times), "hazard", "log_error"),
        (fit.predict_cumulative_hazard(NEW, times), "cumulative", "cumulative_log_error"),
    ):
        for i, patient in enumerate(expected):
            np.testing.assert_allclose(found.estimate[i], patient[value], rtol=1e-5)
            log_error = found.std_error[i] / found.estimate[i]
            np.testing.assert_allclose(log_error, patient[error], rtol=2e-5)
            np.testing.assert_allclose(
                np.log(found.conf_high[i] / found.estimate[i]), 1.959963984540054 * log_error, rtol=1e-9
            )


@pytest.mark.parametrize("cell", PINNED["incidence"], ids=lambda c: f"{c['set']}-{c['entered']}")
def test_incidence_quantiles_and_event_free_survival_equal_survfit(cell: dict[str, Any]) -> None:
    c = {k: np.array(v, dtype=float) for k, v in RISKS[cell["set"]]["columns"].items()}
    surv = Surv.competing(
        c["time"], np.array(["none", "a", "b"])[c["cause"].astype(int)], censored="none", unit="months",
        entry=c["entry"] if cell["entered"] else None,
    )  # fmt: skip
    curves = aalen_johansen(surv)
    table = curves.quantile([0.05, 0.2, 0.4]).to_frame()
    for cause, expected in cell["causes"].items():
        mine = table[table["cause"] == cause]
        for column, theirs in (("estimate", "estimate"), ("conf_low", "low"), ("conf_high", "high")):
            pinned = [np.inf if v in (None, "NA") else v for v in expected[theirs]]
            np.testing.assert_allclose(mine[column], pinned, **CLOSE)
    free = curves.event_free_at([1, 3, 5])
    for column in ("n_risk", "std_error"):
        np.testing.assert_allclose(getattr(free, column), cell[column], **CLOSE)
    np.testing.assert_allclose(free.estimate, cell["survival"], **CLOSE)
    np.testing.assert_allclose(free.conf_low, cell["low"], **CLOSE)
    np.testing.assert_allclose(free.conf_high, cell["high"], **CLOSE)
    np.testing.assert_array_equal(curves.at_risk([1, 3, 5])[0], free.n_risk)


@pytest.mark.filterwarnings("ignore:survival asked for at")  # the times are those of all strata together
@pytest.mark.parametrize("cell", PINNED["stratified"], ids=lambda c: c["set"])
def test_incidence_of_stratified_cox_models_equals_their_cumulative_hazards_joined(
    cell: dict[str, Any],
) -> None:
    c = {k: np.array(v, dtype=float) for k, v in RISKS[cell["set"]]["columns"].items()}
    surv = Surv.competing(
        c["time"], np.array(["none", "a", "b"])[c["cause"].astype(int)], censored="none", unit="months",
        stratum=c["s"].astype(int),
    )  # fmt: skip
    fit = cause_specific_cox(surv, None, np.column_stack([c["x1"], c["x2"]]))
    new = pd.DataFrame(cell["new"])
    found = fit.predict_incidence(new[["x1", "x2"]].to_numpy(), cell["time"], stratum=new["s"].tolist())
    np.testing.assert_allclose(found.estimate, np.array(cell["incidence"]), **CLOSE)
