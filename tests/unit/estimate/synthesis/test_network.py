"""Treatment networks: by hand, with multi-arm studies, in parts, and from single arms."""

import warnings

import numpy as np
import pytest

from survsim import meta_analysis, network_meta_analysis
from survsim.errors import EvidenceError, EvidenceWarning, InputError, SmallSampleWarning
from survsim.synthesis import compare_single_arms

TRIANGLE = (
    ["s1", "s2", "s3", "s4", "s5", "s6"],
    ["B", "B", "C", "C", "C", "C"],
    ["A", "A", "A", "A", "B", "B"],
)


def test_indirect_effect_by_hand():
    with pytest.warns(SmallSampleWarning, match="0 contrasts more"):
        n = network_meta_analysis(
            ["s1", "s2"], ["B", "C"], ["A", "A"], [-0.3, -0.7], [0.1, 0.2], effects="fixed"
        )
    i, j = n.treatments.index("C"), n.treatments.index("B")
    assert n.estimate[i, j] == pytest.approx(-0.4)
    assert n.std_error[i, j] == pytest.approx(0.05**0.5)
    assert n.node_splits == ()


def test_two_treatments_are_a_meta_analysis():
    y, s = [-0.5, -0.1, -0.3, 0.2], [0.1, 0.2, 0.15, 0.12]
    n = network_meta_analysis(list("abcd"), ["B"] * 4, ["A"] * 4, y, s)
    pair = meta_analysis(y, s)
    assert n.tau2 == pytest.approx(pair.tau2, rel=1e-8)
    assert n.estimate[1, 0] == pytest.approx(pair.estimate)
    assert n.conf_low[1, 0] == pytest.approx(pair.conf_low)
    assert n.prediction_high[1, 0] == pytest.approx(pair.prediction_high)


def test_three_arm_study_counts_its_control_once():
    # Arms with variances 1, 2, 3: contrasts against A have variance 3 and 4 and covariance 1.
    rows = (["t"] * 3 + ["u", "v"], ["B", "C", "C", "B", "C"], ["A", "A", "B", "A", "A"])
    n = network_meta_analysis(
        *rows, [1.0, 2.0, 1.0, 1.5, 2.5], np.sqrt([3, 4, 5, 2, 2]), effects="fixed", conf_method="wald"
    )
    x = np.array([[1, 0], [0, 1], [1, 0], [0, 1]])
    v = np.diag([3.0, 4.0, 2.0, 2.0])
    v[0, 1] = v[1, 0] = 1.0
    w = np.linalg.inv(v)
    beta = np.linalg.solve(x.T @ w @ x, x.T @ w @ [1.0, 2.0, 1.5, 2.5])
    np.testing.assert_allclose(n.estimate[1:, 0], beta)
    assert n.n_study == 3


def test_node_split_finds_a_conflict_and_equals_the_difference_of_sources():
    y = [-0.5, -0.5, -1.0, -1.0, 0.6, 0.6]
    n = network_meta_analysis(*TRIANGLE, y, [0.1] * 6, effects="fixed")
    split = n.splits().set_index(["treatment", "comparator"]).loc[("C", "B")]
    assert split["direct"] == pytest.approx(0.6)
    assert split["indirect"] == pytest.approx(-0.5)
    assert split["std_error"] == pytest.approx((3 * 0.005) ** 0.5)
    assert "in conflict: B over A" in n.headline()
    calm = network_meta_analysis(*TRIANGLE, [-0.5, -0.5, -1.0, -1.0, -0.5, -0.5], [0.1] * 6)
    assert "in conflict: none" in calm.headline()
    assert calm.treatments[int(np.argmax(calm.p_score))] == "C"
    assert len(calm.to_frame()) == 6


def test_reference_changes_only_the_order():
    y, s = [-0.5, -0.4, -1.0, -1.2, -0.3, -0.6], [0.1, 0.2, 0.1, 0.2, 0.1, 0.2]
    a, c = (network_meta_analysis(*TRIANGLE, y, s, reference=r) for r in "AC")
    assert c.treatments == ("C", "A", "B")
    assert a.estimate[2, 0] == pytest.approx(c.estimate[0, 1], rel=1e-8)
    assert a.conf_low[2, 0] == pytest.approx(c.conf_low[0, 1], rel=1e-6)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((["s1", "s2"], ["B", "D"], ["A", "C"]), r"2 parts that no study connects: \{A, B\}; \{C, D\}"),
        ((["s1", "s1"], ["B", "C"], ["A", "A"]), "s1 has 3 arms .* all 3"),
        ((["s1", "s1"], ["B", "A"], ["A", "B"]), "one contrast twice"),
        ((["s1", "s2"], ["B", "A"], ["A", "A"]), "compared with itself in s2"),
        ((["s1", "s2"], ["B"], ["A", "A"]), "must agree in length"),
    ],
)
def test_messages(rows, message):
    with pytest.raises(InputError, match=message):
        network_meta_analysis(*rows, [0.1, 0.2], [0.1, 0.1])


def test_standard_errors_that_contradict_one_another():
    with pytest.raises(InputError, match="contradict one another"):
        network_meta_analysis(["t"] * 3, ["B", "C", "C"], ["A", "A", "B"], [0, 0, 0], [0.1, 0.1, 0.5])


def test_unknown_reference():
    with pytest.raises(InputError, match="not among the treatments A, B, C"):
        network_meta_analysis(*TRIANGLE, [0.0] * 6, [0.1] * 6, reference="placebo")


def test_single_arms_are_compared_with_a_warning():
    with pytest.warns(EvidenceWarning, match="not randomised"):
        table = compare_single_arms(
            ["A", "A", "A", "B", "B", "B"], [2.0, 2.1, 1.9, 2.5, 2.6, 2.4], [0.2] * 6, reference="B"
        )
    assert table["estimate"].tolist() == pytest.approx([-0.5])
    assert (table["prediction_low"] <= table["conf_low"]).all()
    with warnings.catch_warnings(), pytest.raises(InputError, match="all arms received A"):
        compare_single_arms(["A", "A"], [1, 2], [0.1, 0.1])


THREE_ARMS = (["t"] * 3 + ["u", "v"], ["B", "C", "C", "B", "C"], ["A", "A", "B", "A", "A"])


@pytest.mark.parametrize("error", [0.1, 0.4])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_contrasts_of_one_study_that_do_not_add_up(order, error):
    rows = [[column[i] for i in (*order, 3, 4)] for column in (*THREE_ARMS, [0.1, 0.5, -3.0, 0.2, 0.4])]
    with pytest.raises(EvidenceError, match=r"t: C over B is given as -3, .*\(0\.5\).*\(0\.1\) is 0\.4"):
        network_meta_analysis(*rows, [error] * 5)


def test_a_lost_sign_is_found_whichever_way_the_row_is_written():
    for treatment, comparator, value in (("C", "B", -0.4), ("B", "C", 0.4)):
        rows = (["t"] * 3, ["B", "C", treatment], ["A", "A", comparator], [0.1, 0.5, value])
        with pytest.raises(EvidenceError, match=r"t: C over B is given as -0\.4"):
            network_meta_analysis(*rows, [0.2] * 3)


def test_rounding_of_published_contrasts_is_no_contradiction():
    # Hazard ratios 0.50 and 0.75 against A; 0.67 is their ratio to two decimals.
    ratios = np.log([0.75, 0.50, 0.67, 0.8, 0.6])
    n = network_meta_analysis(*THREE_ARMS, ratios, [0.12] * 5)
    assert n.n_contrast == 4
    # Three decimals on a scale where standard errors are tiny.
    exact = network_meta_analysis(*THREE_ARMS, [0.1004, 0.5, 0.401, 0.1, 0.5], [0.001] * 5)
    assert exact.n_study == 3


@pytest.mark.filterwarnings("ignore::survsim.core.errors.SurvsimWarning")
@pytest.mark.parametrize("size", [5.0, -3.0, 40.0])
def test_contrasts_that_are_alike_and_contradict_one_another_have_their_spread(size):
    """With equal errors the restricted likelihood has a closed form; B, C, B over A and C over B cannot all be `size`.

    The spread was looked for near the range of the contrasts, which is none here: it ended in an error of a root finder.
    """
    n = network_meta_analysis(list("pqrs"), list("BCBC"), list("AAAB"), [size] * 4, [0.1] * 4)
    x = np.array([[1.0, 0], [0, 1], [1, 0], [-1, 1]])
    left = np.linalg.lstsq(x, np.full(4, size), rcond=None)[1][0]
    assert n.tau2 == pytest.approx(left / 2 - 0.01, rel=1e-9)


def test_one_study_in_a_network_is_one_study_in_a_meta_analysis():
    with pytest.warns(
        SmallSampleWarning, match="nothing is left to estimate tau2 by; tau has a half-normal prior"
    ):
        n = network_meta_analysis(["s"], ["B"], ["A"], [0.2], [0.1], tau_prior_scale=0.4)
    with pytest.warns(SmallSampleWarning):
        alone = meta_analysis([0.2], [0.1], tau_prior_scale=0.4)
    for name in ("estimate", "std_error", "conf_low", "conf_high", "prediction_low", "prediction_high"):
        assert getattr(n, name)[1, 0] == pytest.approx(getattr(alone, name), abs=1e-9)
    assert n.tau2 == pytest.approx(alone.tau2) and n.df == np.inf
    assert "half-normal prior of scale 0.4" in n.headline()
    assert n.p_score == pytest.approx([1 - alone.p_value / 2, alone.p_value / 2])
    # A half-normal tau has mean square 0.4^2.
    assert n.std_error[1, 0] == pytest.approx(np.sqrt(0.1**2 + 0.4**2))


def test_a_star_of_single_studies_adds_up_the_heterogeneity_of_both_arms_of_an_indirect_comparison():
    """C over B is the difference of two studies: variance 0.01 + 0.04 + 2 tau2, tau half-normal, by simulation and by hand."""
    with pytest.warns(SmallSampleWarning):
        n = network_meta_analysis(["s1", "s2"], ["B", "C"], ["A", "A"], [-0.3, -0.7], [0.1, 0.2])
    i, j = n.treatments.index("C"), n.treatments.index("B")
    assert n.estimate[i, j] == pytest.approx(-0.4)
    assert n.std_error[i, j] == pytest.approx(np.sqrt(0.05 + 2 * 0.25))
    rng = np.random.default_rng(5)
    tau = np.abs(rng.normal(0, 0.5, 400_000))
    drawn = rng.normal(-0.4, np.sqrt(0.05 + 2 * tau**2))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert (n.conf_low[i, j], n.conf_high[i, j]) == pytest.approx((low, high), abs=0.02)
    ahead = np.quantile(rng.normal(-0.4, np.sqrt(0.05 + 3 * tau**2)), 0.975)
    assert n.prediction_high[i, j] == pytest.approx(ahead, abs=0.02)


def test_random_effects_of_which_nothing_is_known_need_a_prior_or_are_refused():
    with pytest.raises(InputError, match="says nothing of tau2; give tau_prior_scale or use effects='fixed'"):
        network_meta_analysis(["s"], ["B"], ["A"], [0.2], [0.1], tau_prior_scale=None)
    with pytest.warns(SmallSampleWarning, match="with effects='fixed', taken for 0"):
        n = network_meta_analysis(["s"], ["B"], ["A"], [0.2], [0.1], effects="fixed")
    assert n.conf_high[1, 0] == pytest.approx(0.2 + 1.959964 * 0.1) and n.notes == ()
