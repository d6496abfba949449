"""Summary survival curve: two studies by hand, the fixed-effect product, imputation, refusals."""

import warnings

import numpy as np
import pytest

from survsim import Surv, pooled_survival_curve
from survsim.errors import EvidenceError, EvidenceWarning, InputError, SmallSampleWarning

STUDY, TIME = ["A", "A", "B", "B"], [12, 24, 12, 24]
SURVIVAL, N_RISK = [0.8, 0.6, 0.7, 0.5], [100, 78, 50, 33]


def pooled(**options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        return pooled_survival_curve(
            STUDY, TIME, SURVIVAL, N_RISK, unit="months", **{"conf_transform": "log", **options}
        )


def arcsine(n, p):
    return np.arcsin(np.sqrt((n * p + 0.25) / (n + 0.5)))


def test_two_studies_by_hand_fixed():
    y = np.array([[arcsine(100, 0.8), arcsine(78, 0.75)], [arcsine(50, 0.7), arcsine(33, 5 / 7)]])
    w = 4 * (np.array([[100, 78], [50, 33]]) + 0.5)
    centre = (w * y).sum(axis=0) / w.sum(axis=0)
    survival = np.cumprod(np.sin(centre) ** 2)
    log_variance = np.cumsum(4 / np.tan(centre) ** 2 / w.sum(axis=0))
    curve = pooled(effects="fixed")
    np.testing.assert_allclose(curve.survival, survival, rtol=1e-12)
    np.testing.assert_allclose(curve.log_std_error**2, log_variance, rtol=1e-12)
    np.testing.assert_allclose(curve.conf_low, survival * np.exp(-1.959963984540054 * log_variance**0.5))
    assert curve.q == pytest.approx((w * (y - centre) ** 2).sum())
    assert curve.q_df == 2


def test_two_studies_by_hand_random():
    y = np.array([[arcsine(100, 0.8), arcsine(78, 0.75)], [arcsine(50, 0.7), arcsine(33, 5 / 7)]])
    v = 0.25 / (np.array([[100, 78], [50, 33]]) + 0.5)
    moments = np.empty((2, 2))
    for a in range(2):
        for b in range(2):
            w = 1 / np.sqrt(v[:, a] * v[:, b])
            da, db = y[:, a] - w @ y[:, a] / w.sum(), y[:, b] - w @ y[:, b] / w.sum()
            moments[a, b] = (w @ (da * db) - (a == b)) / (w.sum() - (w**2).sum() / w.sum())
    values, vectors = np.linalg.eigh(moments)
    between = vectors @ np.diag(np.maximum(values, 0)) @ vectors.T
    precisions = [np.linalg.inv(np.diag(v[j]) + between) for j in range(2)]
    covariance = np.linalg.inv(sum(precisions))
    centre = covariance @ sum(p @ row for p, row in zip(precisions, y))
    curve = pooled(effects="random")
    np.testing.assert_allclose(curve.tau2_matrix, between, atol=1e-14)
    np.testing.assert_allclose(curve.survival, np.cumprod(np.sin(centre) ** 2), rtol=1e-12)
    g = 2 / np.tan(centre)
    assert curve.log_std_error[1] ** 2 == pytest.approx(g @ covariance @ g)


def test_large_numbers_at_risk_give_the_weighted_product_of_conditional_survival():
    # With n without limit the arcsine of each interval is pooled with weights n.
    curve = pooled_survival_curve(
        STUDY, TIME, [0.8, 0.6, 0.8, 0.6], [1e9, 8e8, 3e9, 2e9], unit="months", effects="fixed"
    )
    np.testing.assert_allclose(curve.survival, [0.8, 0.6], rtol=1e-8)


def test_identical_studies_have_no_heterogeneity():
    with pytest.warns(SmallSampleWarning, match="fewer than three"):
        curve = pooled_survival_curve(
            ["A", "A", "B", "B"], TIME, [0.8, 0.6, 0.8, 0.6], [50, 40, 50, 40], unit="months"
        )
    assert curve.i2 == 0.0
    np.testing.assert_allclose(curve.tau2_matrix, 0.0, atol=1e-15)
    np.testing.assert_allclose(curve.prediction_low, curve.conf_low)


def test_a_study_that_stops_early_leaves_the_rest_to_the_others():
    curve = pooled_survival_curve(
        ["A", "A", "B"], [12, 24, 12], [0.8, 0.6, 0.8], [100, 80, 60], unit="months", effects="fixed"
    )
    assert curve.n_study.tolist() == [2, 1]
    assert curve.survival[1] / curve.survival[0] == pytest.approx((80 * 0.75 + 0.25) / 80.5)


def test_median_and_area_are_linear_between_readings():
    curve = pooled(effects="fixed")
    s = curve.survival
    assert curve.median == np.inf
    assert "inf" in curve.headline()
    assert curve.rmst == pytest.approx(6 * (1 + s[0]) + 6 * (s[0] + s[1]))
    assert curve.rmst_conf_low < curve.rmst < curve.rmst_conf_high
    deeper = pooled_survival_curve(
        STUDY, TIME, [0.7, 0.3, 0.7, 0.3], [90, 60, 90, 60], unit="months", effects="fixed"
    )
    s = deeper.survival
    assert deeper.median == pytest.approx(12 + 12 * (s[0] - 0.5) / (s[0] - s[1]))
    assert deeper.median_conf_low < deeper.median < deeper.median_conf_high


def test_missing_numbers_at_risk_follow_the_studys_own_censoring():
    # n = 100, S = 0.8 before the second interval and 60 at risk there: G(12) = 0.75, rate -log(0.75) / 12.
    with pytest.warns(EvidenceWarning, match="imputed for A"):
        curve = pooled_survival_curve(
            ["A"] * 3 + ["B"] * 3,
            [12, 24, 36] * 2,
            [0.8, 0.6, 0.5, 0.9, 0.7, 0.6],
            [100, 60, np.nan, 80, 70, 50],
            unit="months",
            effects="fixed",
        )
    assert curve.studies.n_risk[0, 2] == pytest.approx(100 * 0.6 * 0.75**2)
    assert curve.studies.is_imputed.sum() == 1
    assert "1 numbers at risk were imputed" in curve.headline()


def test_a_study_without_numbers_takes_the_mean_rate_or_the_assumed_one():
    rows = (["A", "A", "B", "B"], TIME, SURVIVAL, [100, 60, np.nan, np.nan])
    with pytest.warns(EvidenceWarning, match="imputed for B"):
        shared = pooled_survival_curve(*rows, unit="months", effects="fixed", n_start={"B": 50})
    assert shared.studies.n_risk[1, 1] == pytest.approx(50 * 0.7 * 0.75)
    with pytest.warns(EvidenceWarning):
        assumed = pooled_survival_curve(
            *rows, unit="months", effects="fixed", n_start={"B": 50}, censoring_rate=0.0
        )
    assert assumed.studies.n_risk[1, 1] == pytest.approx(35.0)


def test_draws_follow_the_stated_law():
    curve = pooled(effects="random")
    draws = curve.draws(4000, seed=3, new_study=False)
    assert draws.shape == (4000, 2)
    np.testing.assert_allclose(np.log(draws).std(axis=0), curve.log_std_error, rtol=0.1)
    assert curve.draws(4000, seed=3).std(axis=0)[1] > draws.std(axis=0)[1]


def test_distribution_meets_the_curve():
    curve = pooled(effects="fixed")
    law = curve.to_distribution()
    np.testing.assert_allclose(law.survival(curve.time), curve.survival, rtol=1e-12)


def test_patients_are_read_at_the_times_asked_for():
    rng = np.random.default_rng(5)
    groups = {
        label: Surv.right(np.minimum(t, 40), t <= 40, unit="months", source=f"patients:{label}")
        for label, t in ((name, rng.exponential(25, 80)) for name in ("one", "two", "three"))
    }
    curve = pooled_survival_curve(time=[6, 12, 24], patients=groups)
    first = groups["one"]
    assert curve.studies.survival[0, 0] == pytest.approx((first.time > 6).mean())
    assert curve.studies.n_risk[0].tolist() == [80, (first.time > 6).sum(), (first.time > 12).sum()]
    assert curve.provenance.references() == ("patients:one", "patients:two", "patients:three")
    assert curve.unit == "months"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"survival": [0.8, 0.9, 0.7, 0.5]}, "A rises to 0.9 at time 24"),
        ({"survival": [80, 60, 70, 50]}, "is it in per cent"),
        ({"time": [12, 24, 24, 36]}, "A lacks time|B lacks time 12"),
        ({"n_risk": [100, -1, 50, 33]}, "-1 at risk"),
        ({"n_risk": None}, "A, B: neither numbers at risk nor a number of patients"),
        ({"n_risk": None, "n_start": {"A": 10, "B": 10}}, "censoring is unknown"),
        ({"n_start": {"C": 10}}, "n_start names studies that have no rows: C"),
        ({"study": ["A", "A", "A", "A"]}, "two rows at one time"),
        ({"unit": None}, "with unit="),
        ({"effects": "mixed"}, "effects must be one of"),
        ({"conf_transform": "identity"}, "conf_transform must be one of"),
    ],
)
def test_messages(change, message):
    arguments = {
        "study": STUDY,
        "time": TIME,
        "survival": SURVIVAL,
        "n_risk": N_RISK,
        "unit": "months",
        **change,
    }
    with pytest.raises(InputError, match=message):
        pooled_survival_curve(**arguments)


def test_one_study_and_mixed_units_are_refused():
    with pytest.raises(InputError, match="pooling needs two"):
        pooled_survival_curve(["A", "A"], [12, 24], [0.8, 0.6], [10, 8], unit="months")
    two = {"a": Surv.right([1, 2], [1, 1], unit="months"), "b": Surv.right([1, 2], [1, 1], unit="years")}
    with pytest.raises(InputError, match="mixes the units months, years"):
        pooled_survival_curve(patients=two, time=[1])


def test_tcga_ucs_split_by_stage():
    from survsim import load_evidence

    evidence = load_evidence()
    surv = evidence.surv("tcga_ucs", endpoint="overall_survival", unit="months")
    stage = evidence.patients("tcga_ucs")["figo_stage_group"].to_numpy()
    groups = {label: surv.take(stage == label) for label in ("I", "II", "III", "IV")}
    curve = pooled_survival_curve(time=[6, 12, 18, 24, 36], patients=groups)
    assert np.all(np.diff(curve.survival) < 0)
    assert curve.n_study.tolist() == [4] * 5
    assert curve.provenance.references() == ("patients:tcga_ucs",)
    # Stage by stage the curves differ, so the band of a new group is wider than the interval of the mean.
    assert np.all(curve.prediction_high - curve.prediction_low > curve.conf_high - curve.conf_low)
    fixed = pooled_survival_curve(time=[6, 12, 18, 24, 36], patients=groups, effects="fixed")
    whole = (surv.time > 12).mean()
    assert fixed.conf_low[1] < whole < fixed.conf_high[1]


@pytest.mark.parametrize(
    ("n_risk", "message"),
    [
        ([100, 780, 50, 33], "A has 780 at risk at time 12, survival 0.8 leaves 82 at most"),
        ([100, 99, 50, 33], "A has 99 at risk"),
        ([100, 95, 50, 33], "A has 95 at risk"),
        ([100, 78, 50, 38], "B has 38 at risk at time 12, survival 0.7 leaves 37 at most"),
    ],
)
def test_numbers_at_risk_that_survival_does_not_leave(n_risk, message):
    with pytest.raises(EvidenceError, match=message):
        pooled_survival_curve(STUDY, TIME, SURVIVAL, n_risk, unit="months")


def test_numbers_at_risk_within_rounding_are_taken():
    # 0.8 may be 0.805: 80.5, so 81, and one more.
    curve = pooled_survival_curve(STUDY, TIME, SURVIVAL, [100, 82, 50, 37], unit="months", effects="fixed")
    assert curve.studies.n_risk[:, 1].tolist() == [82, 37]


def test_numbers_at_risk_are_compared_with_the_last_printed_one():
    rows = (["A"] * 3 + ["B"] * 3, [12, 24, 36] * 2, [0.8, 0.6, 0.5] * 2)
    with pytest.raises(EvidenceError, match=r"A has 70 at risk at time 24, survival 0\.6 leaves 62 at most"):
        pooled_survival_curve(*rows, [100, np.nan, 70, 100, 80, 60], unit="months")
    with pytest.raises(EvidenceError, match=r"A has 45 at risk at time 12, survival 0\.8 leaves 42 at most"):
        pooled_survival_curve(
            *rows, [np.nan, 45, 30, 100, 80, 60], unit="months", n_start={"A": 50}, censoring_rate=0.0
        )


def test_patients_who_enter_late_may_raise_the_number_at_risk():
    entry = np.repeat([0.0, 5.0], [20, 80])
    surv = Surv.right(entry + np.linspace(1, 30, 100), np.ones(100), unit="months", entry=entry)
    with pytest.warns(SmallSampleWarning):
        curve = pooled_survival_curve(patients={"a": surv, "b": surv}, time=[6, 12])
    assert curve.studies.n_risk[0, 1] > curve.studies.n_risk[0, 0]


def test_a_study_that_ends_before_the_first_time_is_named():
    long, short = (Surv.right(t, [1, 1], unit="months") for t in ([10, 20], [2, 3]))
    with pytest.raises(InputError, match="short ends at 3, before the first time 6"):
        pooled_survival_curve(patients={"long": long, "short": short}, time=[6, 12])
    with pytest.raises(InputError, match="no value above 0"):
        pooled_survival_curve(patients={"long": long, "short": short}, time=[0])


SEEN = [1, 1, 1, 0, 1, 1]
PLAIN = Surv.right([1, 2, 3, 4, 5, 6.0], SEEN, unit="months")


def test_a_study_without_anybody_at_the_start_is_refused_by_name():
    late = Surv.right([1, 2, 3, 4, 5, 6.0], SEEN, unit="months", entry=[0.5, 1, 0.5, 2, 1, 3])
    for studies in ({"c": PLAIN, "late": late}, {"late": late, "later": late}):
        with pytest.raises(InputError, match=r"nobody of late is under observation at 0.*enters at 0.5"):
            pooled_survival_curve(patients=studies, time=[2, 5.0], n_draws=99)
    gap = Surv.right([1, 1.5, 6, 6.0], [1, 0, 1, 0], unit="months", entry=[0, 0, 3, 3])
    with pytest.raises(InputError, match=r"nobody of gap is under observation at 2.*interval to 5 begins"):
        pooled_survival_curve(patients={"c": PLAIN, "gap": gap}, time=[2, 5.0], n_draws=99)


@pytest.mark.filterwarnings("ignore::survsim.errors.SmallSampleWarning")
def test_whole_weights_are_patients_and_others_the_number_that_would_be_as_sure():
    weight = [1, 2, 1, 3, 1, 2]
    heavy = Surv.right(PLAIN.time, PLAIN.event, unit="months", weight=weight)
    repeated = PLAIN.take(np.repeat(np.arange(6), weight))
    of = lambda surv: pooled_survival_curve(patients={"c": PLAIN, "a": surv}, time=[2, 5.0], n_draws=99)  # noqa: E731
    np.testing.assert_allclose(of(heavy).survival, of(repeated).survival)
    np.testing.assert_allclose(of(heavy).conf_low, of(repeated).conf_low)
    halves = Surv.right(PLAIN.time, PLAIN.event, unit="months", weight=np.full(6, 0.5))
    np.testing.assert_allclose(of(halves).survival, of(PLAIN).survival)
    uneven = Surv.right(PLAIN.time, PLAIN.event, unit="months", weight=[0.5, 1.5, 1, 1, 1, 1])
    assert of(uneven).studies.n_risk[0, 0] == pytest.approx(36 / 6.5)  # (sum w)^2 / sum w^2
