"""Cox regression: hand-solved fits, known wrong answers of other programs, one test per message."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from survsim import (
    ConvergenceError,
    ExtrapolationWarning,
    InputError,
    Surv,
    concordance,
    cox_ph,
    pool_imputations,
)
from tests.helpers.slow_cox import random_study

NINE = {"time": [1, 1, 2, 2, 2, 2, 3, 4, 5], "event": [1, 0, 1, 1, 1, 0, 0, 1, 0]}
NINE_X = np.array([2.0, 0, 1, 1, 0, 1, 0, 1, 0])
NINE_WEIGHT = [1, 2, 3, 4, 3, 2, 1, 2, 1]


def some(n: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    time = np.ceil(rng.exponential(10, n))
    return time, rng.random(n) < 0.7, rng.normal(size=n), (rng.random(n) < 0.5) * 1.0


def surv_of(time: Any, event: Any, **more: Any) -> Surv:
    return Surv.right(time, event, unit="days", **more)


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
        "hazard_ratio",
        "conf_low",
        "conf_high",
        "p_value",
    ]
    assert plain.term.tolist() == ["age", "stage[T.late]"]
    assert (plain.conf_low < plain.hazard_ratio).all() and (plain.hazard_ratio < plain.conf_high).all()
    robust = cox_ph(surv, "age + stage", frame, robust=True)
    assert "robust_std_error" in robust.to_frame()
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
    known = json.loads((Path(__file__).parents[2] / "reference" / "firth_breast.json").read_text())
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
    from survsim.estimate.cox_prepare import prepare
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


def test_prediction_uses_the_formula_on_new_data(study: tuple[Surv, pd.DataFrame]) -> None:
    surv, frame = study
    fit = cox_ph(surv, "bs(age, df=3) + stage", frame)
    own = fit.predict_survival(None, [5.0, 10.0])
    again = fit.predict_survival(frame, [5.0, 10.0])
    np.testing.assert_allclose(again.survival, own.survival, rtol=1e-12)
    with pytest.raises(InputError, match="not seen in the fit"):
        fit.predict_survival(pd.DataFrame({"age": [50.0], "stage": ["new"]}), [5.0])


@pytest.mark.parametrize("conf_type", ["log-log", "log", "plain"])
def test_prediction_intervals_hold_the_curve(study: tuple[Surv, pd.DataFrame], conf_type: str) -> None:
    curve = cox_ph(study[0], "age", study[1]).predict_survival(study[1].iloc[:3], conf_type=conf_type)
    frame = curve.to_frame()
    assert ((frame.conf_low <= frame.survival) & (frame.survival <= frame.conf_high)).all()
    assert frame.conf_low.min() >= 0 and frame.conf_high.max() <= 1
    assert (np.diff(curve.survival, axis=1) <= 0).all()


def test_prediction_before_the_first_event_is_one_and_beyond_the_last_warns(
    study: tuple[Surv, pd.DataFrame],
) -> None:
    surv, frame = study
    fit = cox_ph(surv, "age", frame)
    early = fit.predict_survival(frame.iloc[:1], [0.5])
    assert early.survival[0, 0] == early.conf_low[0, 0] == early.conf_high[0, 0] == 1.0
    with pytest.warns(ExtrapolationWarning, match="follow-up ends at"):
        fit.predict_survival(frame.iloc[:1], [surv.time.max() + 1])


def test_prediction_asks_for_the_stratum() -> None:
    time, event, x, z = some()
    fit = cox_ph(surv_of(time, event, stratum=np.where(z > 0, "b", "a")), None, x)
    with pytest.raises(InputError, match="say stratum="):
        fit.predict_survival([[0.0]], [3.0])
    with pytest.raises(InputError, match="stratum must give one of 'a', 'b'"):
        fit.predict_survival([[0.0]], [3.0], stratum="c")
    both = fit.predict_survival([[0.0], [0.0]], [3.0], stratum=["a", "b"]).survival[:, 0]
    base = fit.baseline_hazard()
    for label, survival in zip(("a", "b"), both):
        rows = base.to_frame()
        rows = rows[(rows.stratum == label) & (rows.time <= 3)]
        assert survival == pytest.approx(rows.survival.iloc[-1] if len(rows) else 1.0)
    with pytest.raises(InputError, match="has no strata"):
        cox_ph(surv_of(time, event), None, x).predict_survival([[0.0]], [3.0], stratum="a")


def test_prediction_checks_the_columns(study: tuple[Surv, pd.DataFrame]) -> None:
    surv, frame = study
    fit = cox_ph(surv, None, frame[["age"]])
    assert fit.predict_survival(frame.iloc[:2], [3.0]).survival.shape == (2, 1)
    with pytest.raises(InputError, match="has no column 'age'"):
        fit.predict_survival(frame[["stage"]], [3.0])
    with pytest.raises(InputError, match="must have the fit's 1 columns"):
        fit.predict_survival([[1.0, 2.0]], [3.0])
    with pytest.raises(InputError, match="data must be finite"):
        fit.predict_survival([[np.nan]], [3.0])


def test_baseline_hazard_respects_delayed_entry() -> None:
    """Risk sets of two and three patients; another program counts all five at each event."""
    surv = surv_of([2, 4, 6, 8, 9], [1, 1, 1, 0, 0], entry=[0, 0, 3, 3, 7])
    fit = cox_ph(surv, None, [[0.0], [1.0], [0.0], [1.0], [0.0]])
    r = fit.hazard_ratio[0]
    np.testing.assert_allclose(fit.baseline_hazard().hazard, [1 / (1 + r), 1 / (1 + 2 * r), 1 / (1 + r)])


def test_factor_terms_are_tested_as_one(study: tuple[Surv, pd.DataFrame]) -> None:
    surv, frame = study
    frame = frame.assign(site=np.arange(60) % 3)
    test = cox_ph(surv, "age + C(site)", frame).proportional_hazards_test("rank")
    assert test.terms == ("age", "C(site)", "GLOBAL") and test.df.tolist() == [1, 2, 3]
    assert "global chi2" in repr(test)
    with pytest.raises(InputError, match="transform must be one of"):
        cox_ph(surv, "age", frame).proportional_hazards_test("sqrt")


def test_log_time_needs_positive_events() -> None:
    time, event, x, _ = some()
    fit = cox_ph(surv_of(np.where(event, time - time.min(), time), event), None, x)
    with pytest.raises(InputError, match="events after time 0"):
        fit.proportional_hazards_test("log")


def test_residuals_of_an_exact_fit_are_refused() -> None:
    time, event, x, _ = some()
    fit = cox_ph(surv_of(time, event), None, x, ties="exact")
    for ask in (fit.residuals, fit.proportional_hazards_test):
        with pytest.raises(InputError, match="refit with one of them"):
            ask()


def test_dfbeta_is_close_to_leaving_a_patient_out() -> None:
    time, event, x, _ = some(200, 9)
    surv = surv_of(time, event)
    fit = cox_ph(surv, None, x)
    row = int(np.abs(fit.dfbeta()[:, 0]).argmax())
    keep = np.arange(200) != row
    change = fit.estimate[0] - cox_ph(surv.take(keep), None, x[keep]).estimate[0]
    assert fit.dfbeta()[row, 0] == pytest.approx(change, rel=0.25)


def test_smooth_hazard_ratio_is_flat_where_hazards_are_proportional() -> None:
    rng = np.random.default_rng(12)
    x = rng.normal(size=800)
    fit = cox_ph(surv_of(rng.exponential(np.exp(-0.5 * x)), np.ones(800, bool)), None, x)
    curve = fit.hazard_ratio_over_time("x1", df=1)
    inside = (curve.conf_low < 0.5) & (curve.conf_high > 0.5)
    assert inside.mean() > 0.9 and curve.constant == pytest.approx(0.5, abs=0.1)
    assert list(curve.to_frame()) == ["time", "log_hazard_ratio", "conf_low", "conf_high"]
    with pytest.raises(InputError, match="too few for df=3"):
        cox_ph(
            surv_of([1, 1, 1, 2, 2, 3], [1, 1, 1, 1, 1, 0]), None, [[1.0], [2], [0], [1], [0], [1]]
        ).hazard_ratio_over_time("x1")


def test_calibration_is_near_the_diagonal_and_refuses_late_times() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=400)
    time, censor = rng.exponential(10 * np.exp(-x)), rng.uniform(5, 30, 400)
    fit = cox_ph(surv_of(np.minimum(time, censor), time <= censor), None, x)
    table = fit.calibration(5.0, groups=4)
    assert table.n.sum() == 400
    assert np.abs(table.predicted - table.observed).max() < 0.12
    assert ((table.conf_low <= table.observed) & (table.observed <= table.conf_high)).all()
    with pytest.raises(InputError, match="within follow-up"):
        fit.calibration(1e6)


def test_validation_takes_the_optimism_off() -> None:
    rng = np.random.default_rng(4)
    matrix = rng.normal(size=(60, 6))
    surv = surv_of(np.ceil(rng.exponential(10, 60)), rng.random(60) < 0.8)
    fit = cox_ph(surv, None, matrix)
    found = fit.validate(seed=1, n_bootstrap=60)
    # Nothing predicts here: the apparent concordance is all optimism.
    assert found.apparent[0] > 0.55
    assert abs(found.corrected[0] - 0.5) < found.apparent[0] - 0.5
    assert found.corrected[1] < 0.7
    np.testing.assert_allclose(found.corrected, fit.validate(seed=1, n_bootstrap=60).corrected)
    with pytest.raises(InputError, match="at least 2"):
        fit.validate(seed=1, n_bootstrap=1)


def test_concordance_refuses_data_without_pairs() -> None:
    with pytest.raises(InputError, match="no two patients"):
        concordance(surv_of([1, 2], [0, 0]), [1.0, 2.0])


def test_imputations_pool_by_rubins_rules() -> None:
    """Two fits with estimates 1 and 2 and variance 0.5: T = 0.5 + 1.5 x 0.5 = 1.25."""

    class Fit:
        terms = ("x",)

        def __init__(self, estimate: float) -> None:
            self.estimate, self.covariance = np.array([estimate]), np.array([[0.5]])

    pooled = pool_imputations([Fit(1.0), Fit(2.0)], complete_df=50)
    assert pooled.estimate[0] == 1.5 and pooled.covariance[0, 0] == pytest.approx(1.25)
    share = 0.75 / 1.25
    old, seen = 1 / share**2, 51 / 53 * 50 * (1 - share)
    assert pooled.df[0] == pytest.approx(1 / (1 / old + 1 / seen))
    with pytest.raises(InputError, match="at least two"):
        pool_imputations([Fit(1.0)])
    other = Fit(1.0)
    other.terms = ("y",)
    with pytest.raises(InputError, match="different terms"):
        pool_imputations([Fit(1.0), other])


def test_to_lifelines_fits_the_same_model() -> None:
    surv, x = random_study(np.random.default_rng(3), 80)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = cox_ph(surv, None, x).to_lifelines()
    np.testing.assert_allclose(theirs.params_, cox_ph(surv, None, x).estimate, atol=1e-4)
    with pytest.raises(InputError, match="Efron ties without"):
        cox_ph(surv, None, x, ties="breslow").to_lifelines()


def test_a_million_ties_do_not_hang() -> None:
    n = 1_000_000
    x = (np.arange(n) % 2).astype(float)
    fit = cox_ph(
        surv_of(np.full(n, 5.0), np.arange(n) % 4 == 1), None, x[:, None] + np.arange(n)[:, None] % 3
    )
    assert np.isfinite(fit.estimate).all()
