"""Marginal structural Cox models against glm, cumprod and coxph of R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv
from survsim.causal import MarginalStructuralCox, marginal_structural_cox

PINNED = json.loads((Path(__file__).parent / "marginal_structural.json").read_text())
ROWS = pd.DataFrame(PINNED["rows"])


def fitted(cell: dict[str, Any], rows: pd.DataFrame) -> MarginalStructuralCox:
    surv = Surv.right(rows["stop"], rows["event"], entry=rows["start"], id=rows["id"], unit="years")
    formulas = {name: cell.get(name) for name in ("numerator", "denominator", "formula")}
    treatment = rows["once" if cell["once"] else "drug"]
    return marginal_structural_cox(surv, treatment, rows, starts_once=cell["once"], **formulas)


@pytest.mark.parametrize("cell", PINNED["cells"], ids=["on and off", "baseline and time", "once"])
def test_weights_and_model(cell: dict[str, Any]) -> None:
    found = fitted(cell, ROWS)
    np.testing.assert_allclose(found.weight, cell["weight"], rtol=1e-7)
    np.testing.assert_allclose(found.cox.estimate, np.atleast_1d(cell["estimate"]), rtol=1e-6)
    np.testing.assert_allclose(found.cox.robust_std_error, np.atleast_1d(cell["std_error"]), rtol=1e-6)


def test_the_order_of_rows_does_not_matter() -> None:
    cell = PINNED["cells"][1]
    mixed = ROWS.sample(frac=1.0, random_state=3)
    found = fitted(cell, mixed)
    np.testing.assert_allclose(found.weight, np.array(cell["weight"])[mixed.index], rtol=1e-7)
    np.testing.assert_allclose(found.cox.estimate, cell["estimate"], rtol=1e-6)
