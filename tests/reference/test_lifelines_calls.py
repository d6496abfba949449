"""What people type daily in lifelines, typed by docs/from_lifelines.md: the same numbers, or those of the convention that a row names."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter, NelsonAalenFitter
from lifelines.datasets import load_diabetes, load_rossi
from lifelines.statistics import proportional_hazard_test

import survsim
from survsim import Surv

FORMULA = "fin + age + race + wexp + mar + paro + prio"
ROSSI: pd.DataFrame = load_rossi()
WEEKS = Surv.right("week", "arrest", data=ROSSI, unit="weeks")


def theirs(data: pd.DataFrame = ROSSI, **options: Any) -> CoxPHFitter:
    robust = options.pop("robust", False)
    return CoxPHFitter(**options).fit(data, "week", "arrest", formula=FORMULA, robust=robust)


@functools.cache
def fitted(**options: Any) -> survsim.CoxFit:
    return survsim.cox_ph(WEEKS, FORMULA, ROSSI, **options)


@pytest.mark.parametrize(("l1_ratio", "penalizer"), [(0.0, 0.1), (1.0, 0.02), (0.5, 0.05)])
def test_a_penalizer_is_of_the_mean_log_likelihood(l1_ratio: float, penalizer: float) -> None:
    penalty: dict[str, Any] = (
        {"penalty": "elasticnet", "l1_ratio": l1_ratio} if l1_ratio else {"penalty": "ridge"}
    )
    ours = fitted(**penalty, penalty_strength=penalizer * len(ROSSI))
    found = theirs(penalizer=penalizer, l1_ratio=l1_ratio).params_
    # lifelines smooths the absolute value, which leaves some 1e-5 of a coefficient that is 0 here.
    np.testing.assert_allclose(ours.estimate, found, atol=2e-5)


def test_the_test_of_proportional_hazards_is_that_of_r() -> None:
    """survival 3.5.3, cox.zph of the same model; lifelines has the sum of scaled Schoenfeld residuals with one variance."""
    test = fitted().proportional_hazards_test()
    r = [0.0624, 5.9740, 2.0683, 4.2246, 1.0110, 0.0184, 0.5206, 17.6944]
    np.testing.assert_allclose(test.chi2, r, atol=6e-5)
    found = proportional_hazard_test(theirs(), ROSSI, time_transform="km").summary["test_statistic"]
    assert found["age"] == pytest.approx(11.030, abs=1e-3)
    scaled = fitted().residuals("scaled_schoenfeld")
    time = 1.0 - survsim.kaplan_meier(WEEKS).steps().at(scaled["time"])
    away = time - time.mean()
    one_variance = (away @ scaled["age"]) ** 2 / (len(away) * fitted().std_error[1] ** 2 * away @ away)
    assert one_variance == pytest.approx(found["age"], rel=1e-4)


def test_the_baseline_of_a_prediction_has_the_ties_of_its_fit() -> None:
    """survival 3.5.3: summary(survfit(fit, rossi[1:2, ]), times = c(20, 40)), and with ctype = 1, which is Breslow's hazard."""
    new = ROSSI.iloc[:2]
    efron, breslow = (
        [[0.90264814, 0.78927426], [0.76232447, 0.53418377]],
        [[0.90291017, 0.78984848], [0.76291096, 0.53521412]],
    )
    np.testing.assert_allclose(fitted().predict_survival(new, [20, 40]).survival, efron, atol=1e-7)
    np.testing.assert_allclose(theirs().predict_survival_function(new, times=[20, 40]).T, breslow, atol=1e-6)


def test_robust_errors_are_one_where_no_time_is_tied() -> None:
    """With ties survival 3.5.3 has those of survsim; lifelines' change with the order of rows."""
    robust = survsim.cox_ph(WEEKS, FORMULA, ROSSI, robust=True).robust_std_error
    r = [0.19554, 0.02534, 0.29233, 0.21806, 0.38024, 0.19920, 0.02897]
    np.testing.assert_allclose(robust, r, atol=6e-6)
    orders = [theirs(ROSSI.sample(frac=1, random_state=k), robust=True).standard_errors_ for k in (0, 1)]
    assert np.abs(orders[0] - orders[1]).max() > 1e-5
    apart = ROSSI.assign(week=ROSSI["week"] + np.random.default_rng(1).uniform(-0.3, 0.3, len(ROSSI)))
    surv = Surv.right("week", "arrest", data=apart, unit="weeks")
    ours = survsim.cox_ph(surv, FORMULA, apart, robust=True).robust_std_error
    np.testing.assert_allclose(ours, theirs(apart, robust=True).standard_errors_, rtol=1e-5)


def test_cumulative_hazards_are_one_without_smoothing() -> None:
    plain = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(ROSSI["week"], ROSSI["arrest"])
    ours = survsim.nelson_aalen(WEEKS).steps().at(plain.cumulative_hazard_.index)
    np.testing.assert_allclose(ours, plain.cumulative_hazard_.iloc[:, 0], rtol=1e-12)
    smooth = NelsonAalenFitter().fit(ROSSI["week"], ROSSI["arrest"]).cumulative_hazard_
    assert float(smooth.iloc[-1, 0]) == pytest.approx(0.30596, abs=5e-6)


def test_intervals_are_closed_in_lifelines() -> None:
    """Opened a little below, they are those of survsim, whose curve just before a time is the row of lifelines."""
    data = load_diabetes()
    found = (
        KaplanMeierFitter().fit_interval_censoring(data["left"], data["right"], tol=1e-10).survival_function_
    )
    exact = data["left"] == data["right"]
    low = np.where(exact, data["left"], np.maximum(data["left"] - 0.01, 0.0))
    closed = survsim.interval_censored_survival(low, data["right"], unit="years").steps()
    at = np.arange(5.0, 26.0)
    np.testing.assert_allclose(closed.at(at - 0.5), found.loc[at, "NPMLE_estimate_upper"], atol=1e-5)
    # survival 3.5.3: survfit(Surv(left, right, type = "interval2") ~ 1), 0 and Inf as NA.
    half_open = survsim.interval_censored_survival(data["left"], data["right"], unit="years").steps()
    r = [0.9839103, 0.8857786, 0.5424458, 0.2222568, 0.0892744, 0.0319815]
    np.testing.assert_allclose(half_open.at([5, 10, 15, 20, 25, 30]), r, atol=1e-6)
