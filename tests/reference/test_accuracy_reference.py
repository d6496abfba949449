"""Uno's concordance, time-dependent AUC and Brier score against survival, riskRegression and numerical derivatives in R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from survsim import Surv, concordance
from survsim.cox import brier_score, time_dependent_auc

HERE = Path(__file__).parent
PINNED = json.loads((HERE / "accuracy.json").read_text())
GRID = json.loads((HERE / "cox_grid.json").read_text())["data"]
SCORES = {part["set"]: part for part in PINNED["scores"]}
CLOSE = {"rtol": 1e-6, "atol": 1e-10}


def response(name: str, **columns: bool) -> Surv:
    c = GRID[name]["columns"]
    return Surv.right(
        c["time"], c["event"], unit="days", **{k: c[k] for k, wanted in columns.items() if wanted}
    )


@pytest.mark.parametrize(
    "cell", PINNED["uno"], ids=lambda c: f"{c['set']}-{c['weighted']}-{c['stratified']}-{c['tau']}"
)
def test_unos_concordance_equals_survival(cell: dict[str, Any]) -> None:
    score = -np.array(SCORES[cell["set"]]["lp"])
    parts = {"weight": cell["weighted"], "stratum": cell["stratified"]}
    found = concordance(response(cell["set"], **parts), score, weighting="uno", tau=cell["tau"])
    np.testing.assert_allclose([found.concordant, found.discordant, found.tied], cell["count"], **CLOSE)
    np.testing.assert_allclose(
        [found.estimate, found.std_error], [cell["estimate"], cell["std_error"]], **CLOSE
    )
    grouped = concordance(
        response(cell["set"], cluster=True, **parts), score, weighting="uno", tau=cell["tau"]
    )
    np.testing.assert_allclose(grouped.std_error, cell["cluster_error"], **CLOSE)


@pytest.mark.parametrize("name", SCORES)
def test_auc_and_brier_score_equal_riskregression(name: str) -> None:
    pinned, surv = SCORES[name], response(name)
    # riskRegression divides the sum of squares by n - 1, the jackknife of survival and of survsim by n; its
    # influence of the censoring curve is the large-sample one, ours the derivative of the product-limit estimate (the
    # test below, by numerical derivatives).
    fewer = np.sqrt((len(surv) - 1) / len(surv))
    auc = time_dependent_auc(surv, -np.array(pinned["lp"]), pinned["times"], conf_type="plain")
    np.testing.assert_allclose(auc.estimate, pinned["auc"], **CLOSE)
    np.testing.assert_allclose(auc.std_error, fewer * np.array(pinned["auc_error"]), rtol=3e-4)
    np.testing.assert_allclose(auc.conf_low, auc.estimate - 1.959963984540054 * auc.std_error, rtol=1e-12)
    brier = brier_score(surv, 1.0 - np.array(pinned["risk"]), pinned["times"])
    np.testing.assert_allclose(brier.estimate, pinned["brier"], **CLOSE)
    np.testing.assert_allclose(brier.std_error, fewer * np.array(pinned["brier_error"]), rtol=5e-3)
    np.testing.assert_allclose(brier.null, pinned["null"], **CLOSE)


@pytest.mark.parametrize("cell", PINNED["weights"], ids=lambda c: f"{c['set']}-{c['weighted']}")
def test_errors_with_weights_and_clusters_equal_numerical_derivatives(cell: dict[str, Any]) -> None:
    pinned = SCORES[cell["set"]]
    score, survival = -np.array(pinned["lp"]), 1.0 - np.array(pinned["risk"])
    for clustered, column in ((False, 1), (True, 2)):
        surv = response(cell["set"], weight=cell["weighted"], cluster=clustered)
        auc = time_dependent_auc(surv, score, pinned["times"])
        brier = brier_score(surv, survival, pinned["times"])
        for found, expected in ((auc, cell["auc"]), (brier, cell["brier"])):
            expected = np.array(expected)
            np.testing.assert_allclose(found.estimate, expected[:, 0], **CLOSE)
            np.testing.assert_allclose(found.std_error, expected[:, column], rtol=1e-5)
        np.testing.assert_allclose(brier.integrated, cell["integrated"][0], **CLOSE)
        np.testing.assert_allclose(brier.integrated_std_error, cell["integrated"][column], rtol=1e-5)
