"""What a Cox fit gives afterwards: predictions, residuals, validation, pooling, interoperation."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, cause_specific_cox, concordance, cox_ph, kaplan_meier, pool_imputations
from survsim.errors import EvidenceWarning, ExtrapolationWarning, InputError
from tests.helpers.cox_studies import some, surv_of
from tests.helpers.slow_cox import random_study


@pytest.fixture
def study() -> tuple[Surv, pd.DataFrame]:
    time, event, x, z = some(60, 3)
    frame = pd.DataFrame({"age": 50 + 10 * x, "stage": np.where(z > 0, "late", "early")})
    return surv_of(time, event), frame


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


def test_residuals_that_an_exact_fit_has_not_are_refused() -> None:
    time, event, x, _ = some()
    fit = cox_ph(surv_of(time, event), None, x, ties="exact")
    for kind in ("score", "schoenfeld", "scaled_schoenfeld", "dfbeta", "dfbetas"):
        with pytest.raises(InputError, match="refit with one of them"):
            fit.residuals(kind)


def test_exact_and_efron_agree_where_no_times_are_tied() -> None:
    time, event, x, _ = some()
    time = time + np.arange(time.size) * 1e-3
    exact, efron = (cox_ph(surv_of(time, event), None, x, ties=t) for t in ("exact", "efron"))
    ours, theirs = (fit.proportional_hazards_test("rank").chi2 for fit in (exact, efron))
    assert ours == pytest.approx(theirs, rel=1e-6)
    assert exact.residuals("deviance") == pytest.approx(efron.residuals("deviance"), abs=1e-7)


def test_a_robust_score_needs_as_many_clusters_as_terms() -> None:
    time, event, x, _ = some()
    # two clusters make both the robust score and Wald's statistic of two terms what they are, whatever the data
    cluster = np.arange(time.size) % 2
    fit = cox_ph(surv_of(time, event, cluster=cluster), None, np.column_stack([x, x**2]))
    tests = fit.tests().set_index("test")
    assert np.isnan(fit.robust_score_statistic) and np.isfinite(fit.p_value).all()
    assert "robust score" not in tests.index and np.isnan(tests.loc["Wald", "p_value"])
    assert cox_ph(surv_of(time, event), None, x).robust_score_statistic is None


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


def test_smooth_hazard_ratio_takes_weights_for_copies_and_not_for_their_scale() -> None:
    rng = np.random.default_rng(5)
    x, time = rng.normal(size=(60, 2)), np.ceil(rng.exponential(6, 60))
    event, copies = rng.random(60) < 0.8, rng.integers(1, 4, 60)

    def curve(transform: str, rows: np.ndarray, weight: np.ndarray | None) -> np.ndarray:
        surv = Surv.right(time[rows], event[rows], unit="months", weight=weight)
        fit = cox_ph(surv, None, x[rows], ties="breslow")
        return fit.hazard_ratio_over_time("x1", transform=transform).to_frame().to_numpy()

    every = np.arange(60)
    for transform in ("km", "rank", "identity", "log"):
        weighted = curve(transform, every, copies.astype(float))
        np.testing.assert_allclose(weighted, curve(transform, np.repeat(every, copies), None), atol=1e-9)
        plain = curve(transform, every, None)
        for scale in (1.0, 2.0, 10.0, 0.1):
            scaled = curve(transform, every, np.full(60, scale))
            np.testing.assert_allclose(scaled[:, :2], plain[:, :2], atol=1e-9)
            np.testing.assert_allclose(scaled[:, 3] - scaled[:, 2], (plain[:, 3] - plain[:, 2]) / scale**0.5)


def test_clusters_widen_the_smooth_hazard_ratio_and_are_told_by_the_score_test() -> None:
    """Each patient twice in one cluster says no more than once."""
    rng = np.random.default_rng(6)
    x, time = rng.normal(size=40), np.ceil(rng.exponential(6, 40))
    once = Surv.right(time, np.ones(40), unit="months")
    twice = Surv.right(np.tile(time, 2), np.ones(80), unit="months", cluster=np.tile(np.arange(40), 2))
    one = cox_ph(once, None, x, ties="breslow", robust=True).hazard_ratio_over_time("x1")
    fit = cox_ph(twice, None, np.tile(x, 2), ties="breslow")
    both = fit.hazard_ratio_over_time("x1")
    np.testing.assert_allclose(both.conf_low, one.conf_low, atol=1e-9)
    with pytest.warns(EvidenceWarning, match="response has clusters"):
        fit.proportional_hazards_test()


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


@pytest.mark.parametrize(
    ("strata", "labels"), [("site", ["a", "b", "c"]), (["site", "sex"], ["a, 0", "b, 1", "c, 0"])]
)
def test_lifelines_predicts_on_the_frame_of_a_stratified_fit(
    strata: str | list[str], labels: list[str]
) -> None:
    surv, x = random_study(np.random.default_rng(3), 120)
    # no ties: lifelines has Breslow's baseline behind Efron's coefficients
    frame = pd.DataFrame({"t": surv.time + 1e-3 * np.arange(120), "e": surv.event, "x": x[:, 0]})
    frame = frame.assign(site=np.resize(["a", "b", "c"], 120), sex=np.resize([0, 1], 120))
    fit = cox_ph(Surv.right("t", "e", data=frame, unit="months", stratum=strata), "x", frame)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = fit.to_lifelines()
    for k, label in enumerate(labels):
        of_stratum = (frame[strata] == frame[strata].iloc[k]).to_numpy().reshape(120, -1).all(axis=1)
        # at an event of the stratum: between two lifelines draws a straight line
        at = [float(np.sort(frame.t[of_stratum & frame.e])[8])]
        ours = fit.predict_survival(frame.iloc[[k]], at, stratum=[label]).survival
        found = theirs.predict_survival_function(frame.iloc[[k]], times=at)
        np.testing.assert_allclose(found.to_numpy(), ours, atol=1e-3)


def test_lifelines_has_the_labels_of_strata_without_a_name() -> None:
    surv, x = random_study(np.random.default_rng(3), 80)
    surv = Surv.right(surv.time, surv.event, unit="months", stratum=np.resize(["a", "b"], 80))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = cox_ph(surv, None, x).to_lifelines()
    assert sorted(theirs.baseline_survival_.columns) == ["a", "b"]


def test_a_million_ties_do_not_hang() -> None:
    n = 1_000_000
    x = (np.arange(n) % 2).astype(float)
    fit = cox_ph(
        surv_of(np.full(n, 5.0), np.arange(n) % 4 == 1), None, x[:, None] + np.arange(n)[:, None] % 3
    )
    assert np.isfinite(fit.estimate).all()


def test_the_standard_error_of_a_prediction_is_that_of_the_survival_in_every_model() -> None:
    rng = np.random.default_rng(31)
    x = rng.normal(size=(300, 1))
    surv = Surv.right(rng.exponential(np.exp(-0.5 * x[:, 0])), rng.random(300) < 0.8, unit="years")
    cox = cox_ph(surv, None, x).predict_survival([[0.3]], [0.5], conf_type="plain")
    half = (cox.conf_high - cox.conf_low) / 2
    np.testing.assert_allclose(cox.std_error * 1.959963984540054, half, rtol=1e-9)
    # A model without covariates at their mean is Kaplan-Meier's curve, whose standard error is of S.
    curve, at = kaplan_meier(surv).survival_at([0.5]), x.mean(axis=0, keepdims=True)
    middle = cox_ph(surv, None, x).predict_survival(at, [0.5])
    assert middle.std_error[0, 0] == pytest.approx(curve.std_error[0], rel=0.15)


def test_a_curve_beyond_the_follow_up_of_its_own_stratum_is_told_of() -> None:
    """The last value of a stratum that was followed for less long than another is repeated, and that is said."""
    surv = Surv.right(
        [1, 2, 3, 4, 2, 5, 8, 9], [1, 1, 0, 1, 1, 0, 1, 1], unit="years", stratum=["n"] * 4 + ["s"] * 4
    )
    data = {"age": [50, 61, 55, 70, 66, 48, 59, 63]}
    fit = cox_ph(surv, "age", data)
    new = {"age": [60.0]}
    with pytest.warns(ExtrapolationWarning, match="ends at 4 in stratum 'n'"):
        found = fit.predict_survival(new, [3.0, 6.0], stratum="n")
    assert found.survival[0, 1] == fit.predict_survival(new, [4.0], stratum="n").survival[0, 0]
    # Neither within it, nor in the other stratum, nor at the event times that the fit itself lists.
    fit.predict_survival(new, [4.0], stratum="n")
    fit.predict_survival(new, [6.0], stratum="s")
    fit.predict_survival(new, stratum="n")


def test_an_incidence_beyond_the_follow_up_of_its_stratum_is_told_of() -> None:
    surv = Surv.competing(
        [1, 2, 3, 4, 2, 5, 8, 9], [1, 2, 0, 1, 1, 2, 1, 2], unit="years", stratum=["n"] * 4 + ["s"] * 4
    )
    fit = cause_specific_cox(surv, "age", {"age": [50, 61, 55, 70, 66, 48, 59, 63]})
    with pytest.warns(ExtrapolationWarning, match="ends at 4 in stratum 'n'"):
        fit.predict_incidence({"age": [60.0]}, [6.0], stratum="n")
    fit.predict_incidence({"age": [60.0]}, [6.0], stratum="s")


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_calibration_of_weights_is_that_of_repeated_patients(groups: int) -> None:
    time, event = np.array([5.0, 8, 9, 12, 7, 11]), np.array([1, 0, 1, 1, 1, 0])
    x, weight = np.array([0, 1, 2, 1, 0, 2.0]), np.array([1, 1, 6, 1, 1, 1])
    rows = np.repeat(np.arange(6), weight)
    heavy = cox_ph(Surv.right(time, event, unit="months", weight=weight), None, x, ties="breslow")
    many = cox_ph(Surv.right(time[rows], event[rows], unit="months"), None, x[rows], ties="breslow")
    found, expected = heavy.calibration(8.0, groups=groups), many.calibration(8.0, groups=groups)
    np.testing.assert_allclose(found.predicted, expected.predicted, rtol=1e-9)
    np.testing.assert_allclose(found.observed, expected.observed, rtol=1e-12)
    if groups == 1:
        assert found.predicted[0] == pytest.approx(0.8222, abs=1e-4)


def test_a_change_over_time_needs_events_at_two_times() -> None:
    one = cox_ph(Surv.right([3, 3, 3, 5, 6], [1, 1, 0, 0, 0], unit="months"), None, [0, 1, 1.0, 0, 0.5])
    with pytest.raises(InputError, match=r"the effect of 'x1' changes over time .*1 distinct time\)"):
        one.proportional_hazards_test()
    two = cox_ph(Surv.right([3, 3, 4, 5, 6], [1, 1, 1, 0, 0], unit="months"), None, [0, 1, 1.0, 0, 0.5])
    assert np.isfinite(two.proportional_hazards_test().p_value).all()


def test_new_patients_of_a_fit_with_offset_bring_theirs(study: tuple[Surv, pd.DataFrame]) -> None:
    surv, frame = study
    known = np.linspace(-1, 1, 60)
    fit = cox_ph(surv, "age", frame, offset=known)
    new = frame.assign(known=known).iloc[[3, 7]]
    own = fit.predict_survival(None, [5.0]).survival[[3, 7]]
    for given in (known[[3, 7]], "known", new.known):
        np.testing.assert_allclose(fit.predict_survival(new, [5.0], offset=given).survival, own)
    np.testing.assert_allclose(fit.linear_predictor(new, offset="known"), fit.linear_predictor()[[3, 7]])
    at_0, of_zeros = (fit.predict_survival(new, [5.0], offset=o).survival for o in (0, [0.0, 0.0]))
    np.testing.assert_array_equal(at_0, of_zeros)
    for ask in (
        lambda: fit.predict_survival(new, [5.0]),
        lambda: fit.predict_cumulative_hazard(new),
        lambda: fit.predict_hazard(new),
        lambda: fit.predict_quantile(0.5, new),
        lambda: fit.predict_median(new),
        lambda: fit.linear_predictor(new),
    ):
        with pytest.raises(InputError, match="fitted with an offset; pass offset="):
            ask()


def test_incidences_take_the_offset_of_the_fits() -> None:
    """The same offset for everybody moves the baseline the other way, and no prediction."""
    time, event, x, _ = some(60, 3)
    surv = Surv.competing(time, np.where(event, 1 + (np.arange(60) % 3 == 0), 0), unit="months")
    plain, moved = (cause_specific_cox(surv, None, x, offset=o) for o in (None, np.ones(60)))
    new = [[0.0], [1.0]]
    expected = plain.predict_incidence(new).estimate
    np.testing.assert_allclose(moved.predict_incidence(new, offset=1).estimate, expected, atol=1e-9)
    np.testing.assert_allclose(
        plain.predict_incidence(new, offset=[0.0, 1.0]).estimate[:, 1],
        moved.predict_incidence(new, offset=[1, 2]).estimate[:, 1],
        atol=1e-9,
    )
    with pytest.raises(InputError, match="fitted with an offset; pass offset="):
        moved.predict_incidence(new)
