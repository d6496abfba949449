"""Parametric fits: the origin and the unit of a covariate change nothing, a weight of k is k patients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import (
    Surv,
    compare_families,
    mixture_cure,
    model_average,
    parametric_survival,
    royston_parmar,
)
from survsim.parametric import interval_censored_parametric

RNG = np.random.default_rng(5)
N = 70
X = RNG.normal(size=N).round(2)
ARM = np.tile(["a", "b"], N // 2)
TRUE = RNG.weibull(1.3, N) * 8 * np.exp(0.3 * X - 0.4 * (ARM == "b"))
END = RNG.uniform(8, 40, N)
CURED = RNG.random(N) < 0.3
TIME, EVENT = np.minimum(TRUE, END).round(2) + 0.01, TRUE <= END
ENTRY = np.where(RNG.random(N) < 0.3, 0.4 * TIME, 0.0).round(3)
TIMES = [3.0, 8.0]
WEIGHT = RNG.integers(1, 4, N)
BACKGROUND = np.full(N, 0.002)

Fit = Callable[[pd.DataFrame, pd.Series | None], Any]


def response(frame: pd.DataFrame, weight: Any) -> Surv:
    return Surv.right(frame["time"], frame["event"], unit="months", entry=frame["entry"], weight=weight)


def plateau(frame: pd.DataFrame, weight: Any) -> Surv:
    return Surv.right(frame["stop"], frame["dead"], unit="months", weight=weight)


def family(name: str, formula: str = "x * arm", **options: Any) -> Fit:
    def made(d: pd.DataFrame, w: Any) -> Any:
        given = {k: d[v] if k == "background" else v for k, v in options.items()}
        return parametric_survival(response(d, w), name, formula, d, **given)

    return made


def spline(formula: str = "x * arm", **options: Any) -> Fit:
    def made(d: pd.DataFrame, w: Any) -> Any:
        given = {k: d[v] if k == "background" else v for k, v in options.items()}
        return royston_parmar(response(d, w), formula, d, **given)

    return made


def visits(name: str) -> Fit:
    def made(d: pd.DataFrame, w: Any) -> Any:
        assert w is None
        low = np.floor(d["time"] / 3) * 3
        high = np.where(d["event"], low + 3, np.inf)
        return interval_censored_parametric(low, high, name, "x * arm", d, unit="months")

    return made


FITS: dict[str, Fit] = {
    **{
        name: family(name)
        for name in (
            "exponential", "weibull", "gompertz", "lognormal", "loglogistic", "gamma", "generalised_gamma",
        )
    },
    "piecewise": family("piecewise_exponential", cuts=[4.0, 9.0]),
    **{
        f"{name}, ancillary": family(name, "arm", ancillary="x")
        for name in ("weibull", "gompertz", "lognormal", "generalised_gamma")
    },
    "robust": family("lognormal", robust=True),
    "excess hazard": family("weibull", background="background"),
    **{f"spline, {scale}": spline(scale=scale) for scale in ("hazard", "odds", "normal")},
    "spline, effect of x changes": spline("x + arm", df=2, time_varying={"x": 1}),
    "spline, effect of the arm changes": spline("x + arm", df=3, time_varying={"arm": 2}),
    "spline, excess hazard": spline("x + arm", df=2, background="background"),
    "cure": lambda d, w: mixture_cure(plateau(d, w), "lognormal", "x", d, cure="x"),
    "average": lambda d, w: model_average(
        compare_families(response(d, w), "x + arm", d, families=["weibull", "lognormal", "gompertz"])
    ),
    "visits, weibull": visits("weibull"),
    "visits, gamma": visits("gamma"),
}  # fmt: skip


def data(scale: float = 1.0, shift: float = 0.0) -> pd.DataFrame:
    stop = np.where(CURED, 60.0, np.minimum(TRUE, 50.0)) + 0.01
    return pd.DataFrame(
        {
            "x": X * scale + shift, "arm": ARM, "time": TIME, "event": EVENT, "entry": ENTRY, "stop": stop,
            "dead": ~CURED & (TRUE < 50.0), "background": BACKGROUND,
        }
    )  # fmt: skip


def numbers(fit: Any, patients: pd.DataFrame, every: bool = False) -> dict[str, np.ndarray]:
    """The fit and its survival, or all its predictions, without the coefficients that stand for the origin."""
    seen = fit.predict_survival(patients, TIMES)
    found = {name: getattr(seen, name) for name in ("survival", "std_error", "conf_low", "conf_high")}
    parts = getattr(fit, "fits", (fit,))
    found["log likelihood"] = np.array([part.log_likelihood for part in parts])
    if every and len(parts) == 1:
        one = patients.iloc[:1]
        hazard, quantile = fit.predict_hazard(one, TIMES), fit.predict_quantile(0.2, one)
        found["hazard"] = np.stack([hazard.estimate, hazard.std_error])
        found["quantile"] = np.stack([quantile.estimate, quantile.conf_low, quantile.conf_high])
        found["rmst"] = fit.predict_rmst(7.0, one)[["rmst", "std_error"]].to_numpy()
    return found


def assert_alike(one: dict[str, np.ndarray], other: dict[str, np.ndarray], rtol: float) -> None:
    for name, value in one.items():
        assert np.isfinite(value).all(), name
        np.testing.assert_allclose(other[name], value, rtol=rtol, err_msg=name)


@pytest.mark.parametrize("name", FITS)
def test_the_origin_and_the_unit_of_a_covariate_change_nothing(name: str) -> None:
    plain = data()
    fit = FITS[name](plain, None)
    right = numbers(fit, plain.iloc[:3], every=True)
    for scale, shift in ((3.0, 1e5), (1.0, 2015.0), (-1000.0, 0.0), (0.001, 0.0)):
        moved = data(scale, shift)
        found = numbers(FITS[name](moved, None), moved.iloc[:3], every=shift == 1e5)
        assert_alike({key: right[key] for key in found}, found, 1e-7)


# Visits take no weights, and to the sandwich copies of a patient are independent patients, a weight is not.
@pytest.mark.parametrize("name", [n for n in FITS if n != "robust" and not n.startswith("visits")])
def test_a_whole_weight_is_as_many_patients(name: str) -> None:
    one = data()
    copies = one.loc[np.repeat(one.index, WEIGHT)].reset_index(drop=True)
    heavy = FITS[name](one, pd.Series(WEIGHT))
    assert_alike(numbers(FITS[name](copies, None), one.iloc[:3]), numbers(heavy, one.iloc[:3]), 1e-8)
