"""Cox regression: hand-solved fits, known wrong answers of other programs, one test per message."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cox_ph
from survsim.errors import ConvergenceError, InputError
from tests.helpers.cox_studies import some, surv_of

NINE = {"time": [1, 1, 2, 2, 2, 2, 3, 4, 5], "event": [1, 0, 1, 1, 1, 0, 0, 1, 0]}
NINE_X = np.array([2.0, 0, 1, 1, 0, 1, 0, 1, 0])
NINE_WEIGHT = [1, 2, 3, 4, 3, 2, 1, 2, 1]


@pytest.fixture
def study() -> tuple[Surv, pd.DataFrame]:
    time, event, x, z = some(60, 3)
    frame = pd.DataFrame({"age": 50 + 10 * x, "stage": np.where(z > 0, "late", "early")})
    return surv_of(time, event), frame


# -- known answers ----------------------------------------------------------------------------------


def test_weighted_efron_of_the_nine_patients() -> None:
    """Therneau's weighted test data; another program prints 2.2258 for 0.8726."""
    fit = cox_ph(surv_of(**NINE, weight=NINE_WEIGHT), None, NINE_X)
    assert fit.estimate[0] == pytest.approx(0.8726042464, rel=1e-9)
    assert fit.std_error[0] == pytest.approx(0.712570436, rel=1e-8)


def test_breslow_standard_error_under_weights() -> None:
    fit = cox_ph(surv_of(**NINE, weight=NINE_WEIGHT), None, NINE_X, ties="breslow")
    assert fit.estimate[0] == pytest.approx(0.8595574445, rel=1e-9)
    assert fit.std_error[0] == pytest.approx(0.7130942, rel=1e-6)


def test_two_by_two_solved_by_hand() -> None:
    """Times 1, 2, 3, x 0, 1, 0: l = -log(2 + r) + log r - log(1 + r), largest at r^2 = 2, r = exp(b)."""
    fit = cox_ph(surv_of([1, 2, 3], [1, 1, 0]), None, [[0.0], [1.0], [0.0]])
    assert fit.hazard_ratio[0] == pytest.approx(np.sqrt(2.0), rel=1e-10)


def test_a_risk_set_emptied_by_late_entry_is_respected() -> None:
    """Rows that enter at an event time are not at risk for it (another program counts them)."""
    surv = surv_of([1, 5, 6, 7, 8], [1, 1, 1, 1, 0], entry=[0, 1, 1, 1, 1])
    x = np.array([1.0, 2, 0, 1, 0])
    rest = cox_ph(surv.take(np.arange(1, 5)), None, x[1:])
    np.testing.assert_allclose(cox_ph(surv, None, x).estimate, rest.estimate, rtol=1e-10)


def test_start_stop_rows_of_one_patient_are_one_patient() -> None:
    time, event, x, _ = some(30, 5)
    time = time + 2
    cut = np.floor(time / 2)
    split = surv_of(np.r_[cut, time], np.r_[np.zeros(30, bool), event], entry=np.r_[np.zeros(30), cut])
    whole, parts = cox_ph(surv_of(time, event), None, x), cox_ph(split, None, np.r_[x, x])
    np.testing.assert_allclose(parts.estimate, whole.estimate, rtol=1e-10)
    np.testing.assert_allclose(parts.log_likelihood, whole.log_likelihood, rtol=1e-12)


def test_times_apart_in_the_last_bit_are_tied() -> None:
    time, event, x, _ = some(40, 7)
    jitter = time + np.where(np.arange(40) % 2, 1e-12, 0.0)
    np.testing.assert_allclose(
        cox_ph(surv_of(jitter, event), None, x).estimate,
        cox_ph(surv_of(time, event), None, x).estimate,
        rtol=1e-10,
    )


def test_score_test_is_the_log_rank_test_without_ties() -> None:
    rng = np.random.default_rng(1)
    time, event, z = rng.permutation(50) + 1.0, rng.random(50) < 0.7, np.arange(50) % 2.0
    from survsim import logrank_test

    surv = surv_of(time, event)
    assert cox_ph(surv, None, z).score_statistic == pytest.approx(logrank_test(surv, z).chi2, rel=1e-10)


def test_offset_takes_the_place_of_a_known_coefficient() -> None:
    time, event, x, z = some()
    surv = surv_of(time, event)
    full = cox_ph(surv, None, np.c_[x, z])
    part = cox_ph(surv, None, x, offset=z * full.estimate[1])
    assert part.estimate[0] == pytest.approx(full.estimate[0], rel=1e-8)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_units_of_a_covariate_do_not_matter(scale: float) -> None:
    time, event, x, _ = some()
    surv = surv_of(time, event)
    np.testing.assert_allclose(
        cox_ph(surv, None, x * scale).estimate * scale, cox_ph(surv, None, x).estimate, rtol=1e-9
    )


# -- what comes back --------------------------------------------------------------------------------


def test_frame_columns(study: tuple[Surv, pd.DataFrame]) -> None:
    surv, frame = study
    plain = cox_ph(surv, "age + stage", frame).to_frame()
    assert list(plain) == [
        "term",
        "estimate",
        "std_error",
        "robust_std_error",
        "hazard_ratio",
        "conf_low",
        "conf_high",
        "p_value",
    ]
    assert plain.term.tolist() == ["age", "stage[T.late]"]
    assert (plain.conf_low < plain.hazard_ratio).all() and (plain.hazard_ratio < plain.conf_high).all()
    robust = cox_ph(surv, "age + stage", frame, robust=True)
    assert plain.robust_std_error.isna().all()
    np.testing.assert_allclose(robust.to_frame().robust_std_error, robust.robust_std_error)
    np.testing.assert_allclose(robust.covariance, robust.robust_covariance)


def test_a_cluster_in_the_response_asks_for_the_robust_variance() -> None:
    time, event, x, _ = some()
    fit = cox_ph(surv_of(time, event, cluster=np.arange(40) // 2), None, x)
    assert fit.robust_std_error is not None and dict(fit.provenance.options)["robust"] is True


def test_few_events_are_said_once_with_the_remedy(study: tuple[Surv, pd.DataFrame]) -> None:
    surv, frame = study
    fit = cox_ph(surv.take(np.arange(15)), "age + stage", frame.iloc[:15])
    assert fit.note.count("penalty='firth' is safer") == 1 and fit.note in repr(fit)
    assert cox_ph(surv, "age", frame).note == ""


def test_fractional_weights_ask_for_the_robust_variance() -> None:
    time, event, x, _ = some()
    surv = surv_of(time, event, weight=np.linspace(0.5, 1.5, 40))
    assert "robust=True" in cox_ph(surv, None, x).note
    assert cox_ph(surv, None, x, robust=True).note == ""


def test_tests_and_aic(study: tuple[Surv, pd.DataFrame]) -> None:
    fit = cox_ph(study[0], "age", study[1])
    tests = fit.tests().set_index("test").statistic
    assert tests["Wald"] == pytest.approx((fit.estimate[0] / fit.std_error[0]) ** 2)
    assert tests["likelihood ratio"] == pytest.approx(2 * (fit.log_likelihood - fit.log_likelihood_null))
    assert fit.aic == pytest.approx(2 - 2 * fit.log_likelihood)


# -- refusals ---------------------------------------------------------------------------------------


def test_no_events_in_one_arm_names_the_term_and_firth() -> None:
    time, event, x, z = some()
    with pytest.raises(ConvergenceError, match=r"'x1' \(towards -infinity\).*penalty='firth'"):
        cox_ph(surv_of(time, event & (z == 0)), None, np.c_[z, x])


def test_a_covariate_that_orders_the_events_has_no_maximum() -> None:
    time, event, _, _ = some()
    with pytest.raises(ConvergenceError, match=r"'x1' \(towards \+infinity\)"):
        cox_ph(surv_of(time, event), None, -time)


@pytest.mark.parametrize("column", [1.0, 1e8 + 0.1])
def test_a_constant_column_is_named(column: float) -> None:
    time, event, x, _ = some()
    with pytest.raises(InputError, match="'x2': constant"):
        cox_ph(surv_of(time, event), None, np.c_[x, np.full(40, column)])


def test_a_column_constant_within_strata_is_named() -> None:
    time, event, x, z = some()
    with pytest.raises(InputError, match="within every stratum"):
        cox_ph(surv_of(time, event, stratum=z), None, np.c_[x, z])


def test_collinear_columns_are_named() -> None:
    time, event, x, z = some()
    with pytest.raises(InputError, match="'x3' is a linear combination of 'x1', 'x2'"):
        cox_ph(surv_of(time, event), None, np.c_[x, z, 2 * x - z + 3])


def test_more_covariates_than_patients_is_a_collinearity() -> None:
    time, event, _, _ = some()
    with pytest.raises(InputError, match=r"and \d+ more among"):
        cox_ph(surv_of(time, event), None, np.random.default_rng(0).normal(size=(40, 45)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ties": "exakt"}, "ties must be one of"),
        ({"penalty": "lasso"}, "penalty must be one of"),
        ({"conf_level": 95}, "conf_level must lie in"),
        ({"penalty": "ridge"}, "penalty='ridge' needs penalty_strength"),
        ({"penalty": "ridge", "penalty_strength": 1, "ties": "exact"}, "works with ties"),
        ({"penalty": "firth", "robust": True}, "no robust variance"),
        ({"penalty": "firth", "ties": "exact"}, "penalty='firth' works with"),
        ({"ties": "exact", "robust": True}, "ties='exact' has no robust variance"),
        ({"frailty": [0, 1] * 20, "penalty": "ridge"}, "cannot be combined"),
        ({"frailty": [0] * 40}, "between 2 and"),
        ({"frailty": [0, 1] * 20, "frailty_distribution": "normal"}, "frailty_distribution must be one of"),
        ({"frailty": [0, 1] * 20, "ties": "exact"}, "frailty works with"),
        ({"offset": [0.0] * 39}, "offset has 39 values"),
    ],
)
def test_options_that_do_not_go_together(change: dict[str, Any], message: str) -> None:
    time, event, x, _ = some()
    with pytest.raises(InputError, match=message):
        cox_ph(surv_of(time, event), None, x, **change)


@pytest.mark.parametrize(
    ("formula", "data", "message"),
    [
        (None, None, "give a formula and data"),
        ("age", None, "needs data"),
        (None, np.ones(39), "data has 39 rows, the response 40"),
        (None, np.full(40, np.nan), "missing or infinite in rows 0"),
        (None, np.ones((40, 0)), "no covariate"),
        (None, np.ones((40, 1, 1)), "one row per patient"),
        (None, pd.DataFrame({"a": ["x"] * 40}), "write a formula"),
    ],
)
def test_data_that_do_not_fit(formula: Any, data: Any, message: str) -> None:
    time, event, _, _ = some()
    with pytest.raises(InputError, match=message):
        cox_ph(surv_of(time, event), formula, data)


def test_no_events_at_all_and_several_causes() -> None:
    time, event, x, _ = some()
    with pytest.raises(InputError, match="none of the 40 patients has an event"):
        cox_ph(surv_of(time, np.zeros(40, bool)), None, x)
    with pytest.raises(InputError, match="for_cause"):
        cox_ph(Surv.competing(time, event.astype(int), unit="days"), None, x)


def test_one_patient_has_nothing_to_compare() -> None:
    with pytest.raises(InputError, match="constant among the patients at risk"):
        cox_ph(surv_of([3], [1]), None, [[1.0]])


def test_exact_ties_refuse_weights_and_very_many_ties() -> None:
    time, event, x, _ = some()
    with pytest.raises(InputError, match="no weighted form"):
        cox_ph(surv_of(time, event, weight=np.arange(40) + 1.0), None, x, ties="exact")
    with pytest.raises(InputError, match="500 events are tied"):
        cox_ph(surv_of(np.ones(1000), np.arange(1000) < 500), None, np.arange(1000.0), ties="exact")


# -- Firth ------------------------------------------------------------------------------------------


def test_firth_breast_cancer_with_monotone_likelihood() -> None:
    known = json.loads((Path(__file__).parents[3] / "reference" / "firth_breast.json").read_text())
    c = known["columns"]
    x = np.column_stack([c[name] for name in ("T", "N", "G", "CD")])
    surv = Surv.right(c["time"], c["event"], unit="months")
    with pytest.raises(ConvergenceError, match="'x3'"):
        cox_ph(surv, None, x)
    fit = cox_ph(surv, None, x, penalty="firth")
    frame = fit.to_frame()
    for name in ("estimate", "std_error", "conf_low", "conf_high"):
        np.testing.assert_allclose(frame[name], known[name], rtol=1e-6)
    np.testing.assert_allclose(frame.p_value, known["p_value"], rtol=1e-5)
    gain = fit.log_likelihood - fit.log_likelihood_null
    assert gain == pytest.approx(known["log_likelihood_gain"], abs=2e-6)


def test_firth_two_patients_is_log_three() -> None:
    fit = cox_ph(surv_of([1, 2], [1, 1]), None, [[1.0], [0.0]], penalty="firth")
    assert fit.estimate[0] == pytest.approx(np.log(3.0), rel=1e-8)
    assert fit.ties == "breslow" and "Breslow" in fit.note
    assert (
        "Efron" in cox_ph(surv_of([1, 2], [1, 1]), None, [[1.0], [0.0]], penalty="firth", ties="efron").note
    )


# -- penalties and frailty --------------------------------------------------------------------------


def test_elastic_net_meets_its_optimality_conditions() -> None:
    time, event, x, z = some(80, 2)
    surv, matrix = surv_of(time, event), np.c_[x, z, np.roll(x, 1), np.roll(z, 3)]
    strength, share = 6.0, 0.7
    fit = cox_ph(surv, None, matrix, penalty="elasticnet", penalty_strength=strength, l1_ratio=share)
    from survsim.estimate.cox.prepare import prepare
    from survsim.kernels.cox_newton import partial_likelihood

    p = prepare(surv, matrix, None, "efron", centre=False)
    score = partial_likelihood(p.at, p.x, None)(fit.estimate).gradient
    sd = matrix.std(axis=0, ddof=1)
    pull = score - strength * (1 - share) * sd**2 * fit.estimate
    kept = fit.estimate != 0
    assert 0 < kept.sum() < 4
    np.testing.assert_allclose(pull[kept], (strength * share * sd * np.sign(fit.estimate))[kept], rtol=1e-7)
    assert (np.abs(pull[~kept]) <= strength * share * sd[~kept] + 1e-9).all()
    assert np.isnan(fit.std_error).all() and "not defined" in fit.note
    with pytest.raises(InputError, match="no standard errors"):
        fit.predict_survival(matrix[:1])


def test_penalties_of_strength_zero_are_the_plain_fit() -> None:
    time, event, x, z = some()
    surv, matrix = surv_of(time, event), np.c_[x, z]
    plain = cox_ph(surv, None, matrix).estimate
    for penalty in ("ridge", "elasticnet"):
        fit = cox_ph(surv, None, matrix, penalty=penalty, penalty_strength=0.0)
        np.testing.assert_allclose(fit.estimate, plain, rtol=1e-7)


def test_ridge_is_finite_under_separation() -> None:
    time, event, x, z = some()
    fit = cox_ph(surv_of(time, event & (z == 0)), None, np.c_[z, x], penalty="ridge", penalty_strength=1.0)
    assert np.isfinite(fit.estimate).all() and fit.estimate[0] < 0


def test_frailty_of_no_variance_is_the_plain_fit() -> None:
    time, event, x, _ = some(60, 4)
    surv, groups = surv_of(time, event), np.arange(60) % 6
    plain = cox_ph(surv, None, x)
    for law in ("gamma", "lognormal"):
        fit = cox_ph(surv, None, x, frailty=groups, frailty_distribution=law)
        assert fit.frailty.distribution == law and len(fit.frailty.effect) == 6
        if fit.frailty.variance < 1e-4:
            np.testing.assert_allclose(fit.estimate, plain.estimate, rtol=1e-2)
        assert f"Shared {law} frailty over 6 groups" in repr(fit)


# -- prediction and diagnostics ---------------------------------------------------------------------
