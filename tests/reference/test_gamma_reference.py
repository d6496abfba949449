"""The gamma family against R's dgamma and pgamma, maximised there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import gamma

from survsim import Surv, parametric_survival
from survsim.errors import InputError

PINNED = json.loads((Path(__file__).parent / "gamma.json").read_text())
ROWS = pd.DataFrame(PINNED["rows"])


def fitted(cell: dict[str, Any]) -> Any:
    entry = ROWS["entry"] if cell["late"] else None
    surv = Surv.right(ROWS["time"], ROWS["event"], unit="days", entry=entry)
    formula = " + ".join(cell["covariates"]) or None
    return parametric_survival(surv, "gamma", formula=formula, data=ROWS if formula else None)


@pytest.mark.parametrize("cell", PINNED["cells"], ids=lambda c: f"{len(c['covariates'])}-{c['late']}")
def test_estimates(cell: dict[str, Any]) -> None:
    fit = fitted(cell)
    assert fit.log_likelihood == pytest.approx(cell["log_likelihood"], abs=1e-6)
    np.testing.assert_allclose(fit.estimate, cell["estimate"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(fit.std_error, cell["std_error"], rtol=1e-3)


def test_the_law_is_a_gamma() -> None:
    """Mean exp(mu), shape 1 / sigma^2; of uncensored times the mean is the mean of the times."""
    law = fitted(PINNED["cells"][0]).distribution()
    fit = fitted(PINNED["cells"][0])
    shape = np.exp(-2 * fit.estimate[1])
    same = gamma(shape, scale=np.exp(fit.estimate[0]) / shape)
    at = np.array([30.0, 300.0, 900.0])
    np.testing.assert_allclose(law.survival(at), same.sf(at), rtol=1e-7)
    whole = parametric_survival(Surv.right(ROWS["time"], np.ones(len(ROWS)), unit="days"), "gamma")
    assert np.exp(whole.estimate[0]) == pytest.approx(ROWS["time"].mean(), rel=1e-6)
    a, _, scale = gamma.fit(ROWS["time"], floc=0)
    assert np.exp(-2 * whole.estimate[1]) == pytest.approx(a, rel=1e-5)
    assert a * scale == pytest.approx(np.exp(whole.estimate[0]), rel=1e-5)


def test_it_lies_inside_the_generalised_gamma_and_refuses_a_second_formula() -> None:
    surv = Surv.right(ROWS["time"], ROWS["event"], unit="days")
    one, two = (parametric_survival(surv, family) for family in ("gamma", "generalised_gamma"))
    assert one.log_likelihood < two.log_likelihood
    with pytest.raises(InputError, match="gamma family has no ancillary"):
        parametric_survival(surv, "gamma", ancillary="sex", data=ROWS)
