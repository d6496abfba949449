"""The g-formula: collapse cases, populations, both kinds of model, messages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import (
    Surv,
    cox_ph,
    parametric_survival,
    royston_parmar,
    standardised_survival,
    treatment_weights,
)
from survsim.errors import InputError
from tests.helpers.causal_worlds import confounded


@pytest.fixture(scope="module")
def world():
    return confounded(120, -0.6, np.random.default_rng(8))


def test_without_covariates_it_is_the_prediction_of_the_model(world):
    surv, frame = world
    fit = cox_ph(surv, "z", frame)
    made = standardised_survival(fit, frame, "z", [4, 8], tau=8, n_resamples=0)
    told = fit.predict_survival(pd.DataFrame({"z": [0.0, 1.0]}), [4, 8]).survival
    for g in (0, 1):
        found = [made.row("survival", float(g), t)["estimate"] for t in (4, 8)]
        np.testing.assert_allclose(found, told[g], rtol=1e-12)
    assert np.isnan(made.conf_low).all() and made.replicates.size == 0


def test_the_mean_is_over_the_population_asked_for(world):
    surv, frame = world
    fit = cox_ph(surv, "z * x", frame)
    made = {
        who: standardised_survival(fit, frame, "z", 6, tau=6, population=who, n_resamples=0).estimate
        for who in ("all", "treated", "untreated")
    }
    share = float(frame["z"].mean())
    # Survival and means are linear in the population, ratios are not.
    mixed = share * made["treated"] + (1 - share) * made["untreated"]
    np.testing.assert_allclose(made["all"][:6], mixed[:6], rtol=1e-10)
    assert abs(made["treated"][0] - made["untreated"][0]) > 0.01


def test_the_spline_model_is_the_mean_of_its_laws(world):
    surv, frame = world
    fit = royston_parmar(surv, "z + x", frame, df=2)
    made = standardised_survival(fit, frame, "z", [5, 10], tau=10, n_resamples=0)
    law = fit.distribution(frame.assign(z=1.0))
    assert made.row("survival", 1.0, 5)["estimate"] == pytest.approx(
        float(law.survival(5.0).mean()), rel=1e-12
    )
    grid = np.linspace(0, 10, 2001)
    curve = np.concatenate([[1.0], [law.survival(t).mean() for t in grid[1:]]])
    assert made.row("rmst", 1.0)["estimate"] == pytest.approx(np.trapezoid(curve, grid), rel=1e-5)


@pytest.mark.parametrize("kind", ["cox", "spline"])
def test_the_bootstrap_fits_again(world, kind):
    surv, frame = world
    fit = cox_ph(surv, "z + x", frame) if kind == "cox" else royston_parmar(surv, "z + x", frame, df=1)
    made = standardised_survival(fit, frame, "z", 6, tau=12, n_resamples=12, seed=2)
    row = made.row("rmst", "difference")
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert made.replicates.shape == (12, 8) and made.n_undefined == 0
    assert (
        standardised_survival(fit, frame, "z", 6, tau=12, n_resamples=12, seed=2).conf_low[2]
        == made.conf_low[2]
    )


def test_words_as_levels_and_reference():
    surv, frame = confounded(80, 0.0, np.random.default_rng(1))
    frame = frame.assign(drug=np.where(frame["z"] == 1, "yes", "no"))
    fit = cox_ph(surv, "drug + x", frame)
    made = standardised_survival(fit, frame, "drug", 6, tau=6, n_resamples=0)
    turned = standardised_survival(fit, frame, "drug", 6, tau=6, reference="yes", n_resamples=0)
    assert (made.groups, turned.groups) == (("no", "yes"), ("yes", "no"))
    assert turned.row("rmst", "difference")["estimate"] == pytest.approx(
        -made.row("rmst", "difference")["estimate"]
    )


def test_messages(world):
    surv, frame = world
    fit = cox_ph(surv, "z + x", frame)
    with pytest.raises(InputError, match="does not name the treatment 'drug'"):
        standardised_survival(fit, frame.assign(drug=frame["z"]), "drug", 6)
    with pytest.raises(InputError, match="data has 3 rows; the fit is of 120"):
        standardised_survival(fit, frame.head(3), "z", 6)
    with pytest.raises(InputError, match="takes a fit of cox_ph or royston_parmar"):
        standardised_survival(parametric_survival(surv, "weibull", "z + x", frame), frame, "z", 6)
    with pytest.raises(InputError, match=r"takes a fit.*TreatmentWeights"):
        standardised_survival(treatment_weights(frame["z"], "x", frame), frame, "z", 6)
    with pytest.raises(InputError, match="without a formula"):
        standardised_survival(cox_ph(surv, None, frame), frame, "z", 6)
    with pytest.raises(InputError, match="the spline model has no formula"):
        standardised_survival(royston_parmar(surv, df=1), frame, "z", 6)
    strata = Surv.right(surv.time, surv.event, unit="months", stratum=frame["x"])
    with pytest.raises(InputError, match="frailty, offset and strata"):
        standardised_survival(cox_ph(strata, "z", frame), frame, "z", 6)
    three = frame.assign(z=np.arange(120) % 3)
    with pytest.raises(InputError, match="two levels; it has 3"):
        standardised_survival(cox_ph(surv, "z + x", three), three, "z", 6)
