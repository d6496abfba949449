"""Figures of parametric fits: the drawn values are those of the results."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from survsim import Surv, compare_families, kaplan_meier, parametric_survival
from survsim.errors import InputError
from tests.helpers.pictures import overlapping_texts


def sample() -> tuple[Surv, np.ndarray]:
    rng = np.random.default_rng(2)
    x = rng.integers(0, 2, 90).astype(float)
    time, end = 14 * np.exp(-0.5 * x) * rng.weibull(1.3, 90), rng.uniform(6, 30, 90)
    return Surv.right(np.minimum(time, end), time <= end, unit="months"), x[:, None]


def line(ax, gid: str):
    return next(item for item in ax.lines if item.get_gid() == gid)


def test_prediction_curves_and_the_end_of_data() -> None:
    surv, x = sample()
    fit = parametric_survival(surv, "weibull", None, x)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        prediction = fit.predict_survival(np.array([[0.0], [1.0]]), np.linspace(0, 48, 60))
    ax = prediction.plot(names=["control", "treated"], endpoint="Overall survival")
    np.testing.assert_array_equal(line(ax, "curve:1").get_ydata(), prediction.survival[1])
    assert line(ax, "end-of-data").get_xdata()[0] == fit.end_of_follow_up
    assert overlapping_texts(ax) == []
    with pytest.raises(InputError, match="names has 1 labels"):
        prediction.plot(names=["one"])


def test_comparison_over_kaplan_meier() -> None:
    surv, _ = sample()
    comparison = compare_families(surv)
    ax = comparison.plot(kaplan_meier=kaplan_meier(surv), until=60.0)
    best = comparison.best()
    drawn = line(ax, f"family:{best.family}")
    np.testing.assert_allclose(drawn.get_ydata(), best.distribution().survival(drawn.get_xdata()))
    assert ax.get_legend().get_texts()[1].get_text().endswith("(AIC +0.0)")
    assert overlapping_texts(ax) == []


def test_too_many_curves_are_refused() -> None:
    surv, x = sample()
    fit = parametric_survival(surv, "weibull", None, x)
    with pytest.raises(InputError, match="cannot be told apart"):
        fit.predict_survival(np.zeros((9, 1)), [1.0]).plot()
