"""Weights that are no counts have no scale: estimates, robust variance, knots and groups are those of any multiple of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph, parametric_survival, royston_parmar
from survsim.core.quantiles import weighted_quantiles
from survsim.errors import ConvergenceError

N = 90
DRAW = np.random.default_rng(11)
FRAME = pd.DataFrame({"age": DRAW.normal(60.0, 8.0, N), "arm": np.resize(["a", "b"], N)})
TIME = np.ceil(DRAW.weibull(1.3, N) * np.where(FRAME.arm == "b", 9.0, 12.0))
EVENT = DRAW.random(N) < 0.7
WEIGHT = DRAW.uniform(0.3, 3.0, N)
CLUSTER = np.arange(N) // 3
SCALES = (1e-6 / WEIGHT.sum(), 1.0 / WEIGHT.sum(), 1e3)


def of_scale(scale: float, **more: Any) -> Surv:
    return Surv.right(TIME, EVENT, unit="months", weight=WEIGHT * scale, cluster=CLUSTER, **more)


def fit(family: str, surv: Surv) -> Any:
    if family == "royston_parmar":
        return royston_parmar(surv, "age + arm", FRAME, df=3)
    options = {"cuts": [5.0, 10.0]} if family == "piecewise_exponential" else {}
    return parametric_survival(surv, family, "age + arm", FRAME, **options)


@pytest.mark.parametrize(
    "family",
    ["weibull", "gompertz", "gamma", "generalised_gamma", "piecewise_exponential", "royston_parmar"],
)
def test_estimates_and_robust_variance_do_not_depend_on_the_scale(family: str) -> None:
    whole = fit(family, of_scale(1.0))
    error = np.sqrt(np.diag(whole.covariance))
    for scale in SCALES:
        other = fit(family, of_scale(scale))
        np.testing.assert_allclose(other.estimate, whole.estimate, atol=1e-5 * error.min(), rtol=1e-6)
        np.testing.assert_allclose(np.sqrt(np.diag(other.covariance)), error, rtol=1e-4)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_what_runs_to_infinity_does_so_at_any_scale(scale: float) -> None:
    # nobody of the last group has an event
    group = np.where(EVENT, "a", np.resize(["a", "b"], N))
    surv = Surv.right(TIME, EVENT, unit="months", weight=WEIGHT * scale)
    with pytest.raises(ConvergenceError):
        parametric_survival(surv, "weibull", "group", pd.DataFrame({"group": group}))


def test_knots_do_not_depend_on_the_scale() -> None:
    whole = royston_parmar(of_scale(1.0), df=4).model.spline.knots
    for scale in SCALES:
        np.testing.assert_allclose(
            royston_parmar(of_scale(scale), df=4).model.spline.knots, whole, rtol=1e-12
        )


def test_groups_of_a_calibration_do_not_depend_on_the_scale() -> None:
    whole, *others = (
        cox_ph(of_scale(s), "age + arm", FRAME).calibration(10.0, groups=4) for s in (1.0, *SCALES)
    )
    assert len(whole.n) == 4
    for other in others:
        assert other.n.tolist() == whole.n.tolist()


def test_quantiles_of_whole_weights_are_those_of_copies() -> None:
    values, weight = np.array([5.0, 1.0, 3.0, 8.0]), np.array([2.0, 1.0, 4.0, 3.0])
    share = np.linspace(0.0, 1.0, 13)
    right = np.quantile(np.repeat(values, weight.astype(int)), share)
    np.testing.assert_allclose(weighted_quantiles(values, weight, share), right, rtol=1e-14)


def test_quantiles_of_equal_weights_are_those_without_any() -> None:
    values, share = np.array([5.0, 1.0, 3.0, 8.0, 8.0]), np.linspace(0.0, 1.0, 9)
    for each in (0.01, 0.7, 2.5):
        found = weighted_quantiles(values, np.full(5, each), share)
        np.testing.assert_allclose(found, np.quantile(values, share), rtol=1e-14)
