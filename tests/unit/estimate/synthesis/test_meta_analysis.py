"""Pooling by hand, at its edges, and what it refuses."""

import numpy as np
import pytest
from scipy import stats

from survsim import leave_one_out, meta_analysis, meta_regression, small_study_tests, subgroup_test
from survsim.errors import EvidenceWarning, InputError, SmallSampleWarning

Y, S = [-0.36, -0.22, -0.51, -0.05], [0.12, 0.15, 0.21, 0.11]


def test_fixed_effect_by_hand():
    pooled = meta_analysis([0.0, 1.0, 2.0], [1.0, 1.0, 0.5], method="fixed", conf_method="wald")
    assert pooled.estimate == pytest.approx((0 + 1 + 4 * 2) / 6)
    assert pooled.std_error == pytest.approx(6**-0.5)
    assert pooled.q == pytest.approx(1.5**2 + 0.5**2 + 4 * 0.5**2)
    assert pooled.tau2 == 0.0
    np.testing.assert_allclose(pooled.weights, [1 / 6, 1 / 6, 4 / 6])


def test_dersimonian_laird_by_hand():
    # Equal variances 1: Q = 8, tau2 = (Q - 2) / (3 - 1), mean 0, SE^2 = (1 + tau2) / 3.
    pooled = meta_analysis([-2.0, 0.0, 2.0], [1.0, 1.0, 1.0], method="DL", conf_method="wald")
    assert pooled.tau2 == pytest.approx(3.0)
    assert pooled.std_error == pytest.approx((4 / 3) ** 0.5)
    assert pooled.i2 == pytest.approx(75.0)
    assert pooled.prediction_high == pytest.approx(stats.norm.ppf(0.975) * (3 + 4 / 3) ** 0.5)


def test_sidik_jonkman_on_bcg_is_where_the_modification_acts():
    ai = np.array([4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27])
    n1 = np.add(ai, [119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886])
    ci = np.array([11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29])
    n2 = np.add(ci, [128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825])
    y, s = np.log(ai / n1 / (ci / n2)), np.sqrt(1 / ai - 1 / n1 + 1 / ci - 1 / n2)
    assert meta_analysis(y, s, method="SJ").std_error == pytest.approx(0.187059, abs=1e-6)
    assert meta_analysis(y, s, method="SJ", conf_method="knapp-hartung").std_error == pytest.approx(
        0.181428, abs=1e-6
    )
    default = meta_analysis(y, s)
    assert [default.conf_low, default.prediction_low] == pytest.approx([-1.108444, -1.996017], abs=1e-6)


def test_two_studies_use_the_prior_and_agree_with_brute_force():
    y, v, scale = np.array([-0.5, 0.1]), np.array([0.04, 0.09]), 0.5
    with pytest.warns(SmallSampleWarning, match="trial A, trial B"):
        pooled = meta_analysis(y, np.sqrt(v), labels=["trial A", "trial B"], tau_prior_scale=scale)
    tau, mu = np.meshgrid(np.linspace(0, 3.5, 351), np.linspace(-6, 6, 1201), indexing="ij")
    density = np.exp(-0.5 * (tau / scale) ** 2)
    for yi, vi in zip(y, v):
        density *= stats.norm.pdf(yi, mu, np.sqrt(vi + tau**2))
    density[0] *= 0.5  # trapezium at tau = 0
    mass = density.sum(axis=0) / density.sum()
    grid = mu[0]
    assert pooled.estimate == pytest.approx(mass @ grid, abs=5e-4)
    assert pooled.std_error == pytest.approx(np.sqrt(mass @ (grid - mass @ grid) ** 2), rel=2e-3)
    assert pooled.conf_low == pytest.approx(np.interp(0.025, np.cumsum(mass), grid), abs=8e-3)
    assert pooled.method == "half-normal prior"


def test_one_study_predicts_wider_than_itself():
    with pytest.warns(SmallSampleWarning, match="1 study"):
        pooled = meta_analysis([-0.4], [0.2])
    assert pooled.estimate == pytest.approx(-0.4, abs=1e-9)
    assert pooled.conf_high - pooled.conf_low > 2 * 1.96 * 0.2
    assert pooled.prediction_high > pooled.conf_high


def test_two_studies_without_prior_keep_the_classical_formula():
    with pytest.warns(SmallSampleWarning):
        pooled = meta_analysis([0.0, 1.0], [0.5, 0.5], tau_prior_scale=None, conf_method="wald")
    assert pooled.std_error == pytest.approx(((0.25 + pooled.tau2) / 2) ** 0.5)


def test_single_study_fixed_effect_is_the_study():
    with pytest.warns(SmallSampleWarning, match="method='fixed'"):
        pooled = meta_analysis([0.3], [0.1], method="fixed")
    assert (pooled.estimate, pooled.std_error, pooled.conf_method) == (0.3, pytest.approx(0.1), "wald")


def test_tau2_at_its_boundary_is_said():
    pooled = meta_analysis([0.1, 0.12, 0.3, 0.05], [0.2, 0.2, 0.2, 0.2])
    assert pooled.tau2 == 0.0
    assert "boundary 0" in pooled.summary()


def test_empty_interval_of_tau2_is_said():
    pooled = meta_analysis([0.1, 0.1, 0.1, 0.1], [0.2, 0.2, 0.2, 0.2])
    assert (pooled.tau2_conf_low, pooled.tau2_conf_high) == (0.0, 0.0)
    assert "better than chance" in pooled.headline()


def test_a_fixed_effect_has_no_limits_of_tau2():
    """As metafor says of method = "EE": the model has no random effects, and 0 (0.4 to 2693) would contradict itself."""
    with pytest.warns(SmallSampleWarning):
        pooled = meta_analysis([-0.1, 2.2], [0.3, 0.4], method="fixed", conf_method="wald")
    assert pooled.tau2 == 0.0
    assert np.isnan([pooled.tau2_conf_low, pooled.tau2_conf_high]).all()
    assert "tau2 0, I2 95.3%" in pooled.headline()
    # metafor 3.8-1: rma(c(-.1, 2.2), sei = c(.3, .4), method = "EE").
    found = (pooled.estimate, pooled.std_error, pooled.conf_low, pooled.conf_high, pooled.p_value)
    assert found == pytest.approx((0.7280, 0.2400, 0.2576, 1.1984, 0.0024), abs=5e-5)
    by_year = meta_regression(np.sin(np.arange(12)), [0.2] * 12, np.arange(12.0), method="fixed")
    assert "residual tau2 0, I2" in by_year.headline()


def test_duplicate_through_a_cluster_changes_nothing():
    once = meta_analysis(Y, S)
    with pytest.warns(EvidenceWarning, match=r"study 4, study 5 \(cluster d\)"):
        twice = meta_analysis([*Y, Y[-1]], [*S, S[-1]], clusters=["a", "b", "c", "d", "d"])
    for name in ("estimate", "std_error", "conf_low", "conf_high", "prediction_low", "tau2", "k"):
        assert getattr(twice, name) == pytest.approx(getattr(once, name), abs=1e-12)
    assert twice.labels[-1] == "study 4 + study 5"


def test_overlap_can_be_refused():
    with pytest.raises(InputError, match=r"share patients: A, B \(cluster x\)"):
        meta_analysis(
            [0.1, 0.2, 0.3], [0.1] * 3, labels=["A", "B", "C"], clusters=["x", "x", "y"], overlap="refuse"
        )


def test_the_same_label_twice_warns():
    with pytest.warns(EvidenceWarning, match="trial A occur more than once"):
        meta_analysis(Y, S, labels=["trial A", "trial B", "trial A", "trial C"])


def test_the_same_source_twice_warns():
    with pytest.warns(EvidenceWarning, match="estimates:a_e01"):
        meta_analysis(
            Y, S, source=["estimates:a_e01", "estimates:b_e01", "estimates:a_e01", "estimates:c_e01"]
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"std_error": [0.1, 0.0, 0.2, 0.1]}, r"study 2 \(row 1\): estimate -0.22, std_error 0"),
        ({"estimate": [0.1, np.nan, 0.2, 0.1]}, r"study 2 \(row 1\): estimate nan"),
        ({"std_error": [0.1, 0.2]}, "estimate has 4 values, std_error 2"),
        ({"estimate": [], "std_error": []}, "nothing to pool"),
        ({"estimate": ["a", "b", "c", "d"]}, "one number a study"),
        ({"estimate": np.zeros((2, 2))}, "one-dimensional"),
        ({"method": "MLX"}, "method must be one of"),
        ({"conf_method": "t"}, "conf_method must be one of"),
        ({"conf_level": 95}, "conf_level must lie in"),
        ({"labels": ["a"]}, "labels has 1 names for 4"),
        ({"clusters": ["a"]}, "clusters has 1 labels for 4"),
        ({"clusters": ["a", None, "b", "c"]}, r"clusters is missing for study 2"),
        ({"clusters": list("aabc"), "overlap": "drop"}, "overlap must be one of"),
        ({"data": 3}, "pass moderators"),
        ({"tau_prior_scale": -1}, "tau_prior_scale must lie"),
    ],
)
def test_messages(change, message):
    arguments = {"estimate": Y, "std_error": S, **change}
    with pytest.raises(InputError, match=message):
        meta_analysis(**arguments)


def test_posterior_prediction_is_wider_where_tau2_is_estimated_as_zero():
    y, s = [0.1, 0.12, 0.3, 0.05], [0.2] * 4
    short, fair = meta_analysis(y, s), meta_analysis(y, s, prediction_method="posterior")
    assert short.conf_low == fair.conf_low
    assert fair.prediction_low < short.prediction_low
    assert "half-normal prior on tau, scale 0.5" in fair.headline()
    with pytest.raises(InputError, match="needs tau_prior_scale"):
        meta_analysis(y, s, prediction_method="posterior", tau_prior_scale=None)


def test_one_study_without_prior_is_refused():
    with pytest.raises(InputError, match="says nothing of tau2"):
        meta_analysis([0.1], [0.1], tau_prior_scale=None)


def test_frame_and_printout():
    frame = meta_analysis(Y, S, labels=list("ABCD")).to_frame()
    assert list(frame["kind"]) == ["study"] * 4 + ["pooled", "prediction"]
    assert frame["weight"][:4].sum() == pytest.approx(1.0)


def test_moderators_reach_meta_regression_and_average_over_a_cluster():
    x = [1.0, 2.0, 3.0, 4.0, 4.0]
    with pytest.warns(SmallSampleWarning):
        once = meta_analysis(Y, S, moderators=x[:4])
    with pytest.warns(EvidenceWarning), pytest.warns(SmallSampleWarning):
        twice = meta_analysis([*Y, Y[-1]], [*S, S[-1]], moderators=x, clusters=list("abcdd"))
    np.testing.assert_allclose(twice.estimate, once.estimate)
    np.testing.assert_allclose(twice.std_error, once.std_error)


def test_formula_equals_matrix():
    import pandas as pd

    y, s = np.linspace(-1, 1, 8) ** 3, np.full(8, 0.2)
    data = pd.DataFrame({"site": list("aabbaabb"), "year": np.arange(8.0)})
    by_formula = meta_regression(y, s, "year + C(site)", data=data)
    matrix = np.column_stack([data["year"], data["site"] == "b"])
    by_matrix = meta_regression(y, s, matrix)
    np.testing.assert_allclose(np.sort(by_formula.estimate), np.sort(by_matrix.estimate), rtol=1e-9)
    ahead = by_formula.predict(data.iloc[:2])
    assert (ahead["prediction_low"] <= ahead["conf_low"]).all()
    assert "residual tau2" in by_formula.summary()


@pytest.mark.parametrize("method", ["REML", "ML", "DL", "PM", "SJ", "HE", "HS", "fixed"])
@pytest.mark.parametrize(("origin", "unit"), [(0, 1e12), (1e6, 1), (1e7, 1), (1e8, 1), (1e8, 1e-9)])
def test_meta_regression_knows_no_origin_and_no_unit(method, origin, unit):
    """A year is one whether it is counted from 0 or from 1e8; metafor 3.8.1 has slope, its error and tau2 by REML with Wald limits."""
    y, s = [0.1, 0.5, 0.9, 0.4, -0.2, 0.3], [0.1, 0.2, 0.1, 0.2, 0.3, 0.15]
    m = np.array([0.2, 1.1, -0.4, 0.7, 0.3, -1.0])
    right = meta_regression(y, s, m, method=method, conf_method="wald")
    if method == "REML":
        found = right.estimate[1], right.std_error[1], right.tau2
        assert found == pytest.approx((-0.0680776960164, 0.2379481433246, 0.1327830882030), rel=1e-9)
    moved = meta_regression(y, s, (m + origin) * unit, method=method, conf_method="wald")
    assert (moved.estimate[1] * unit, moved.std_error[1] * unit) == pytest.approx(
        (right.estimate[1], right.std_error[1]), rel=1e-7
    )
    for name in ("tau2", "q", "i2", "tau2_conf_high", "tau2_std_error", "moderator_p_value", "r2"):
        assert getattr(moved, name) == pytest.approx(getattr(right, name), rel=1e-7, nan_ok=True), name
    expected = right.predict(np.array([[0.5], [3.0]]))
    np.testing.assert_allclose(moved.predict((np.array([[0.5], [3.0]]) + origin) * unit), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("moderators", "message"),
    [
        (np.ones((8, 1)), "constant or repeat"),
        (np.ones((8, 8)), "cannot carry 9 terms"),
        (np.ones((3, 1)), "3 rows for 8 studies"),
        ([1, 2, np.nan, 4, 5, 6, 7, 8], r"rows \[2\]"),
        (list("abcdefgh"), "use a formula"),
        ("year", "pass data="),
    ],
)
def test_meta_regression_messages(moderators, message):
    with pytest.raises(InputError, match=message):
        meta_regression(np.arange(8.0), np.ones(8), moderators)


def test_subgroups_with_two_groups_equal_meta_regression_on_an_indicator():
    y, s, g = np.array([-0.9, -0.7, -0.8, 0.1, 0.0, -0.2]), np.full(6, 0.2), list("AAABBB")
    test = subgroup_test(y, s, g)
    fit = meta_regression(y, s, [0, 0, 0, 1, 1, 1])
    assert test.statistic == pytest.approx(fit.moderator_statistic)
    assert test.p_value == pytest.approx(fit.moderator_p_value)
    assert test.estimate[1] - test.estimate[0] == pytest.approx(fit.estimate[1])
    separate = subgroup_test(y, s, g, tau2="separate", method="fixed", conf_method="wald")
    assert separate.statistic == pytest.approx((test.estimate[1] - test.estimate[0]) ** 2 / (0.08 / 3))
    assert len(separate.to_frame()) == 2
    assert "2 groups" in separate.headline()


def test_subgroup_messages():
    with pytest.raises(InputError, match="holds one label"):
        subgroup_test(Y, S, ["a"] * 4)
    with pytest.raises(InputError, match="leave nothing to judge"):
        subgroup_test(Y, S, list("abcd"))
    with pytest.warns(EvidenceWarning), pytest.raises(InputError, match="lie in different groups"):
        subgroup_test(Y, S, list("aabb"), clusters=[1, 2, 2, 3])


def test_leave_one_out_names_the_influential():
    pooled = meta_analysis([0.0, 0.1, -0.1, 0.05, 3.0], [0.2] * 5, labels=["a", "b", "c", "d", "odd"])
    influence = leave_one_out(pooled)
    assert "odd" in influence.headline()
    assert influence.to_frame()["is_influential"].tolist() == [False, False, False, False, True]


def test_two_studies_have_no_prediction_interval_by_k_minus_2():
    pooled = meta_analysis([-0.5, -0.1, 0.3], [0.1, 0.2, 0.15], prediction_method="k_minus_2")
    with pytest.warns(SmallSampleWarning, match="no prediction interval"):
        found = leave_one_out(pooled)
    assert np.isnan(found.prediction_low).all() and np.isnan(found.prediction_high).all()
    assert np.isfinite(found.conf_low).all()
    four = meta_analysis([-0.5, -0.1, 0.3, 0.1], [0.1, 0.2, 0.15, 0.1], prediction_method="k_minus_2")
    again = meta_analysis([-0.1, 0.3, 0.1], [0.2, 0.15, 0.1], prediction_method="k_minus_2")
    assert leave_one_out(four).prediction_low[0] == pytest.approx(again.prediction_low)


def test_leave_one_out_needs_three():
    with pytest.warns(SmallSampleWarning):
        pooled = meta_analysis([0.1, 0.2], [0.1, 0.1])
    with pytest.raises(InputError, match="at least 3"):
        leave_one_out(pooled)
    with pytest.warns(SmallSampleWarning, match="three studies"):
        leave_one_out(meta_analysis([0.1, 0.2, 0.3], [0.1] * 3))


def test_small_study_messages():
    with pytest.raises(InputError, match="show no funnel"):
        small_study_tests(meta_analysis([0.1, 0.2, 0.3], [0.1] * 3))
    with pytest.warns(SmallSampleWarning, match="little power below 10"):
        tests = small_study_tests(meta_analysis(Y, S))
    assert "trim-and-fill" in tests.headline()
    assert list(tests.to_frame()["test"]) == ["egger", "begg", "trim and fill"]


def test_other_results_are_refused_by_name():
    fit = meta_regression([-0.9, -0.6, -0.4, -0.1, 0.1], [0.2, 0.1, 0.2, 0.1, 0.2], [[1], [2], [3], [4], [5]])
    for function in (leave_one_out, small_study_tests):
        with pytest.raises(InputError, match=f"{function.__name__} takes .*; got MetaRegression"):
            function(fit)


def test_posterior_prediction_is_refused_with_moderators():
    with pytest.raises(InputError, match="'posterior' is not available with moderators"):
        meta_analysis([*Y, 0.1], [*S, 0.2], moderators=[1, 2, 3, 4, 5], prediction_method="posterior")


def test_refits_keep_the_posterior_prediction():
    y, s = np.array([*Y, -0.3, -0.1]), np.array([*S, 0.1, 0.3])
    pooled = meta_analysis(y, s, prediction_method="posterior", tau_prior_scale=0.4)
    assert pooled.prediction_prior_scale == 0.4
    assert meta_analysis(y, s).prediction_prior_scale is None
    influence = leave_one_out(pooled)
    for i in range(6):
        rest = np.arange(6) != i
        alone = meta_analysis(y[rest], s[rest], prediction_method="posterior", tau_prior_scale=0.4)
        assert influence.prediction_low[i] == pytest.approx(alone.prediction_low, rel=1e-9)
        assert influence.prediction_high[i] == pytest.approx(alone.prediction_high, rel=1e-9)
    assert (influence.prediction_low != leave_one_out(meta_analysis(y, s)).prediction_low).all()


def test_refits_keep_the_prediction_interval_of_k_minus_2():
    y, s = np.array([*Y, -0.3, -0.1]), np.array([*S, 0.1, 0.3])
    influence = leave_one_out(meta_analysis(y, s, prediction_method="k_minus_2"))
    for i in range(6):
        rest = np.arange(6) != i
        alone = meta_analysis(y[rest], s[rest], prediction_method="k_minus_2")
        assert influence.prediction_high[i] == pytest.approx(alone.prediction_high, rel=1e-9)


# trimfill(rma(yi, sei = , method = "REML", control = list(tol = 1e-10))) of metafor 3.8-1; in both Egger's slope,
# which has no tau2, points to the other side.
FUNNELS = [
    (
        [-0.214, -0.136, 0.112, -0.642, 0.09],
        [0.325, 0.381, 0.066, 0.131, 0.561],
        ("left", 3, -0.511144, 0.200951),
    ),
    (
        [-0.678, 0.568, -1.052, -0.698, -0.188, -1.47, -0.588, 0.391, -0.93, -0.252, -0.168, -0.998, -0.095],
        [0.445, 0.232, 0.563, 0.108, 0.417, 0.501, 0.43, 0.599, 0.473, 0.211, 0.216, 0.38, 0.396],
        ("right", 2, -0.324334, 0.158352),
    ),
]


@pytest.mark.filterwarnings("ignore::survsim.core.errors.SmallSampleWarning")
@pytest.mark.parametrize(("y", "s", "filled"), FUNNELS)
def test_trim_and_fill_takes_the_side_of_the_pooled_model(y, s, filled):
    pooled = meta_analysis(y, s, conf_method="wald")
    tests = small_study_tests(pooled)
    side, n, estimate, error = filled
    assert (tests.egger_slope > 0) == (side == "right")
    assert (tests.filled_side, tests.n_filled) == (side, n)
    assert [tests.filled.estimate, tests.filled.std_error] == pytest.approx([estimate, error], abs=2e-6)
    other = small_study_tests(pooled, side={"left": "right", "right": "left"}[side])
    assert (other.filled_side, other.n_filled) == ("none", 0)
    assert other.filled.estimate == pooled.estimate
    assert small_study_tests(pooled, side=side).filled.estimate == tests.filled.estimate
    with pytest.raises(InputError, match="side must be one of 'left', 'right', None"):
        small_study_tests(pooled, side="both")


def test_the_prediction_by_k_minus_2_is_that_of_higgins():
    y, se = np.array([-0.3710637, -0.2231436, -0.3396774]), np.array([0.17421, 0.15362, 0.19709])
    made = meta_analysis(y, se, method="DL", prediction_method="k_minus_2")
    # tau2 is 0 here: a t quantile with one degree of freedom, tan(0.475 pi), times the error of the common effect.
    reach = np.tan(0.475 * np.pi) / np.sqrt(np.sum(1 / se**2))
    assert made.tau2 == 0.0
    assert made.prediction_low == pytest.approx(made.estimate - reach, rel=1e-9)
    assert made.prediction_high == pytest.approx(made.estimate + reach, rel=1e-9)
    plain = meta_analysis(y, se, method="DL")
    assert (made.conf_low, made.conf_high) == (plain.conf_low, plain.conf_high)
    with pytest.raises(InputError, match="at least three studies; there are 2"):
        meta_analysis(y[:2], se[:2], prediction_method="k_minus_2")
