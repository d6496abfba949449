"""Weighted curves: standardisation by hand, collapse without confounding, intervals, messages."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, ipw_cox, ipw_kaplan_meier, kaplan_meier, treatment_weights
from survsim.errors import InputError
from tests.helpers.causal_worlds import confounded

X = pd.DataFrame({"x": [0, 0, 0, 0, 1, 1, 1, 1]})
Z = [0, 0, 0, 1, 0, 1, 1, 1]
S = Surv.right([1, 2, 3, 4, 2, 1, 3, 5], [1] * 8, unit="months")


def test_saturated_weights_are_direct_standardisation_by_hand():
    fit = ipw_kaplan_meier(S, Z, "x", X, times=[2, 3], tau=3, interval="robust")
    # Half of the patients in each stratum; S(2 | untreated) = 1/3 and 0, S(2 | treated) = 1 and 2/3.
    assert fit.row("survival", 0, 2)["estimate"] == pytest.approx(0.5 * 1 / 3)
    assert fit.row("survival", 1, 2)["estimate"] == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert fit.row("survival", "difference", 2)["estimate"] == pytest.approx(2 / 3)
    assert fit.row("survival", "ratio", 2)["estimate"] == pytest.approx(5)
    # Means to 3: untreated strata (1+2+3)/3 and 2, treated 3 and (1+3+3)/3.
    assert fit.row("rmst", 0)["estimate"] == pytest.approx(2.0)
    assert fit.row("rmst", 1)["estimate"] == pytest.approx(0.5 * 3 + 0.5 * 7 / 3)
    assert np.isnan(fit.row("survival", "ratio", 3)["estimate"])


def test_without_confounding_the_curves_are_kaplan_meier():
    frame = pd.DataFrame({"x": [0, 1] * 6})
    surv = Surv.right(np.arange(1, 13), [1, 1, 0] * 4, unit="months")
    z = np.repeat([0, 1], 6)
    weights = treatment_weights(z, "x", frame)
    fit = ipw_kaplan_meier(surv, z, weights=weights, times=5, tau=5, interval="robust")
    km = kaplan_meier(surv, z)
    for g in (0, 1):
        np.testing.assert_allclose(fit.curves[g][1], km.estimate[km.rows(g)], rtol=1e-9)


def test_bootstrap_is_about_the_robust_error_and_repeats_itself():
    surv, frame = confounded(150, -0.5, np.random.default_rng(3))
    options = {"times": 6, "tau": 12}
    robust = ipw_kaplan_meier(surv, frame["z"], "x", frame, interval="robust", **options)
    boot = ipw_kaplan_meier(surv, frame["z"], "x", frame, n_resamples=150, seed=4, **options)
    again = ipw_kaplan_meier(surv, frame["z"], "x", frame, n_resamples=150, seed=4, **options)
    np.testing.assert_array_equal(boot.replicates, again.replicates)
    np.testing.assert_allclose(boot.estimate, robust.estimate, rtol=1e-9)
    np.testing.assert_allclose(boot.std_error[:4], robust.std_error[:4], rtol=0.3)
    assert boot.n_undefined == 0 and "bootstrap of 150" in boot.headline()


def test_weighted_cox_says_what_its_ratio_is():
    fit = ipw_cox(Surv.right([5, 3, 8, 2, 9, 7, 6, 4], [1, 1, 0, 1, 1, 0, 1, 1], unit="months"), Z, "x", X)
    assert fit.terms == ("treated",) and fit.robust_std_error is not None and "Marginal" in fit.note
    assert fit.provenance.method == "ipw_cox"


def test_messages():
    w = treatment_weights(Z, "x", X)
    with pytest.raises(InputError, match="pass formula and data of the propensity model, or weights"):
        ipw_kaplan_meier(S, Z)
    with pytest.raises(InputError, match="one or the other"):
        ipw_kaplan_meier(S, Z, "x", X, weights=w)
    with pytest.raises(InputError, match="not the one that the weights were made for"):
        ipw_kaplan_meier(S, [1 - z for z in Z], weights=w)
    with pytest.raises(InputError, match="data has 3 rows for 8 patients"):
        ipw_cox(S, Z, "x", X.head(3))
    with pytest.raises(InputError, match="differ in length"):
        ipw_cox(S.take([0, 1, 2]), Z[:3], weights=w)
    with pytest.raises(InputError, match="within the follow-up of both groups, 3 months; got 4"):
        ipw_kaplan_meier(S, Z, "x", X, tau=4)
    with pytest.raises(InputError, match="interval must be one of"):
        ipw_kaplan_meier(S, Z, "x", X, interval="bca")
    fit = ipw_kaplan_meier(S, Z, "x", X, times=2, tau=3, interval="robust")
    with pytest.raises(InputError, match=r"0 rows match .*there are .rmst, 0, 3."):
        fit.row("rmst", "treated")
