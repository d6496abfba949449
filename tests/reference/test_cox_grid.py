"""Cox regression against R's survival package: eight data sets, every combination of options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from survsim import Surv, cox_ph

GRID = json.loads((Path(__file__).parent / "cox_grid.json").read_text())["data"]
CELLS = [
    pytest.param(
        name,
        cell,
        id="-".join([name, cell["ties"]] + [k for k in ("weighted", "stratified", "entered") if cell[k]]),
    )
    for name, part in GRID.items()
    for cell in part["cells"]
]
CLOSE = {"rtol": 1e-6, "atol": 1e-10}


def response(columns: dict[str, Any], cell: dict[str, Any], **more: Any) -> Surv:
    return Surv.right(
        columns["time"],
        columns["event"],
        unit="days",
        entry=columns["entry"] if cell["entered"] else None,
        weight=columns["weight"] if cell["weighted"] else None,
        stratum=columns["stratum"] if cell["stratified"] else None,
        **more,
    )


@pytest.mark.parametrize(("name", "cell"), CELLS)
def test_every_number_of_the_fit_is_that_of_r(name: str, cell: dict[str, Any]) -> None:
    columns = GRID[name]["columns"]
    x = np.column_stack([columns[c] for c in GRID[name]["covariates"]])
    fit = cox_ph(response(columns, cell), None, x, ties=cell["ties"])
    np.testing.assert_allclose(fit.estimate, cell["estimate"], **CLOSE)
    np.testing.assert_allclose(fit.std_error, cell["std_error"], **CLOSE)
    np.testing.assert_allclose(
        [fit.log_likelihood_null, fit.log_likelihood], cell["log_likelihood"], rtol=1e-9
    )
    np.testing.assert_allclose(fit.score_statistic, cell["score"], **CLOSE)
    if cell["ties"] != "exact":
        row_wise = cox_ph(response(columns, cell), None, x, ties=cell["ties"], robust=True)
        np.testing.assert_allclose(row_wise.robust_std_error, cell["robust_std_error"], **CLOSE)
        grouped = cox_ph(response(columns, cell, cluster=columns["cluster"]), None, x, ties=cell["ties"])
        np.testing.assert_allclose(grouped.robust_std_error, cell["cluster_std_error"], **CLOSE)
