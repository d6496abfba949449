"""Causal comparisons against R: the same weights, curves, coefficients and clones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survsim import (
    Surv,
    balance,
    clone_censor_weight,
    cox_ph,
    ipw_cox,
    ipw_kaplan_meier,
    standardised_survival,
    treatment_weights,
)
from survsim.causal import time_varying_treatment

R = json.loads((Path(__file__).parent / "causal.json").read_text())
LUNG, JASA = R["lung"], R["jasa"]


@pytest.fixture(scope="module")
def lung():
    frame = pd.DataFrame({name: LUNG[name] for name in ("z", "age", "ecog")})
    return Surv.right(LUNG["time"], LUNG["event"], unit="days"), frame


@pytest.fixture(scope="module")
def weights(lung):
    return treatment_weights(lung[1]["z"], "age + ecog", lung[1])


def test_propensity_and_weights_are_those_of_glm(weights):
    np.testing.assert_allclose(weights.coefficient, LUNG["coefficient"], rtol=1e-8)
    np.testing.assert_allclose(weights.std_error, LUNG["std_error"], rtol=1e-6)
    np.testing.assert_allclose(weights.propensity, LUNG["propensity"], rtol=1e-8)
    np.testing.assert_allclose(weights.weight, LUNG["weight"], rtol=1e-8)


def test_balance_before_and_after(weights):
    made = balance(weights)
    for k, name in enumerate(("age_difference", "ecog_difference")):
        assert made.difference_before[k] == pytest.approx(LUNG[name]["before"], rel=1e-8)
        assert made.difference_after[k] == pytest.approx(LUNG[name]["after"], rel=1e-6, abs=1e-10)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_weighted_cox_with_robust_variance(lung, weights, ties):
    fit = ipw_cox(lung[0], lung[1]["z"], weights=weights, ties=ties)
    told = LUNG[ties]
    np.testing.assert_allclose(fit.estimate, told["estimate"], rtol=1e-7)
    np.testing.assert_allclose(fit.std_error, told["std_error"], rtol=1e-7)
    np.testing.assert_allclose(fit.robust_std_error, told["robust"], rtol=1e-7)


def test_weighted_curves_with_robust_variance(lung, weights):
    fit = ipw_kaplan_meier(
        lung[0], lung[1]["z"], weights=weights, times=LUNG["times"], tau=500, interval="robust"
    )
    for g, told in enumerate(LUNG["curves"]):
        rows = [fit.row("survival", g, t) for t in LUNG["times"]]
        np.testing.assert_allclose([r["estimate"] for r in rows], told["survival"], rtol=1e-8)
        np.testing.assert_allclose([r["std_error"] for r in rows], told["std_error"], rtol=1e-7)
        np.testing.assert_allclose([r["conf_low"] for r in rows], told["conf_low"], rtol=1e-6)
        np.testing.assert_allclose([r["conf_high"] for r in rows], told["conf_high"], rtol=1e-6)
        np.testing.assert_allclose(fit.weighted.at_risk(LUNG["times"])[g], told["n_risk"], rtol=1e-8)


def test_standardised_survival_is_the_mean_of_survfit_over_patients(lung):
    surv, frame = lung
    fit = cox_ph(surv, "z + age + ecog", frame)
    made = standardised_survival(fit, frame, "z", LUNG["times"], tau=500, n_resamples=0)
    for g in (0, 1):
        found = [made.row("survival", g, t)["estimate"] for t in LUNG["times"]]
        np.testing.assert_allclose(found, LUNG["standardised"][g], rtol=1e-7)


@pytest.fixture(scope="module")
def jasa():
    start = np.where(np.array(JASA["start"]) < 0, np.inf, JASA["start"])
    frame = pd.DataFrame({"age": JASA["age"], "surgery": JASA["surgery"]})
    return Surv.right(JASA["time"], JASA["event"], unit="days"), start, frame


def test_treatment_that_switches_on_is_tmerge_and_coxph(jasa):
    surv, start, frame = jasa
    fit = time_varying_treatment(surv, start, "age + surgery", frame)
    np.testing.assert_allclose(fit.estimate, JASA["varying"], rtol=1e-7)
    np.testing.assert_allclose(fit.std_error, JASA["varying_se"], rtol=1e-7)


def test_cloned_follow_up_is_survfit_on_weighted_start_stop_rows(jasa):
    surv, start, frame = jasa
    times = [30, 100, 300]
    made = clone_censor_weight(
        surv,
        start,
        grace=60,
        formula="age + surgery",
        data=frame,
        n_intervals=3,
        times=times,
        tau=300,
        n_resamples=0,
    )
    for g, group in enumerate(made.groups):
        found = [made.row("survival", group, t)["estimate"] for t in times]
        np.testing.assert_allclose(found, JASA["clones"][g], rtol=1e-6)
    np.testing.assert_allclose(made.weight_max, JASA["largest"], rtol=1e-6)
