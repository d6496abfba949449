"""Group-sequential designs: printed designs of gsDesign, the tables of Jennison and Turnbull, multivariate normal truths."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from survsim.errors import InputError
from survsim.trials import group_sequential_boundaries, group_sequential_design

THIRDS = [1 / 3, 2 / 3, 1.0]
HSD = "hwang-shih-decani"


def to(decimals):
    return 0.5 * 10.0**-decimals + 1e-9


def test_the_default_design_of_gsdesign_is_the_printed_one():
    # gsDesign(): three looks, gamma -4 and -2, non-binding futility, 0.025 and 90% (documentation of gsProbability)
    plan = group_sequential_design(
        THIRDS, efficacy=HSD, efficacy_parameter=-4, futility=HSD, futility_parameter=-2
    )
    np.testing.assert_allclose(plan.efficacy, [3.01, 2.55, 2.00], atol=to(2))
    np.testing.assert_allclose(plan.futility, [-0.24, 0.94, 2.00], atol=to(2))
    np.testing.assert_allclose(norm.cdf(plan.futility), [0.4057, 0.8267, 0.9772], atol=to(4))
    np.testing.assert_allclose(norm.sf(plan.efficacy), [0.0013, 0.0054, 0.0228], atol=to(4))
    np.testing.assert_allclose(plan.inflation * np.array(THIRDS), [0.357, 0.713, 1.070], atol=to(3))
    np.testing.assert_allclose(plan.futility_alternative, [0.0148, 0.0289, 0.0563], atol=to(4))
    np.testing.assert_allclose(plan.efficacy_null, [0.0013, 0.0049, 0.0171], atol=to(4))
    np.testing.assert_allclose(plan.efficacy_alternative, [0.1412, 0.4403, 0.3185], atol=to(4))


def test_five_looks_on_one_side_are_the_printed_ones():
    # gsDesign(k = 5, test.type = 1), its printed test
    plan = group_sequential_design(np.arange(1, 6) / 5, efficacy=HSD, efficacy_parameter=-4)
    np.testing.assert_allclose(plan.efficacy, [3.25, 2.99, 2.69, 2.37, 2.03], atol=to(2))
    np.testing.assert_allclose(
        plan.inflation * plan.information, [0.205, 0.409, 0.614, 0.819, 1.023], atol=to(3)
    )
    np.testing.assert_allclose(
        plan.efficacy_alternative, [0.0370, 0.1512, 0.2647, 0.2699, 0.1771], atol=to(4)
    )
    assert plan.expected_information(effect=False) == pytest.approx(1.0197, abs=to(4))
    assert plan.expected_information() == pytest.approx(0.7366, abs=to(4))


@pytest.mark.parametrize(
    ("binding", "high", "low", "null"),
    [
        (True, [3.6128, 2.4382, 1.9232], [0.1436, 1.1807, 1.9232], [0.5571, 0.8913, 0.9750]),
        (False, [3.6128, 2.4406, 2.0002], [0.1860, 1.2406, 2.0002], [0.5738, 0.9020, 0.9785]),
    ],
)
def test_binding_and_non_binding_futility_are_the_printed_ones(binding, high, low, null):
    # gsDesign2, article "Computing spending boundaries": Lan-DeMets and gamma -0.5, 85% power, looks at 35% and 70%
    plan = group_sequential_design(
        [0.35, 0.7, 1.0], beta=0.15, futility=HSD, futility_parameter=-0.5, binding=binding
    )
    np.testing.assert_allclose(plan.efficacy, high, atol=to(4))
    np.testing.assert_allclose(plan.futility, low, atol=to(4))
    np.testing.assert_allclose(np.cumsum(plan.futility_null)[:1], null[:1], atol=to(4))
    np.testing.assert_allclose(np.cumsum(plan.futility_alternative), [0.0442, 0.0969, 0.15], atol=to(4))
    if binding:
        np.testing.assert_allclose(np.cumsum(plan.futility_null), null, atol=to(4))
        assert plan.efficacy_null.sum() == pytest.approx(0.025, abs=1e-9)


@pytest.mark.parametrize(
    ("looks", "pocock", "obrien"),
    [(2, 2.178, 1.977), (3, 2.289, 2.004), (4, 2.361, 2.024), (5, 2.413, 2.040), (10, 2.555, 2.087)],
)
def test_constants_of_pocock_and_of_obrien_and_fleming(looks, pocock, obrien):
    # Jennison and Turnbull 2000, tables 2.1 and 2.3, two-sided 0.05
    t = np.arange(1, looks + 1) / looks
    for delta, constant in ((0.5, pocock), (0.0, obrien)):
        plan = group_sequential_design(
            t, alpha=0.05, sides=2, efficacy="wang-tsiatis", efficacy_parameter=delta
        )
        assert plan.efficacy[-1] == pytest.approx(constant, abs=0.5e-3 + 1e-9)
        np.testing.assert_allclose(plan.efficacy * t ** (0.5 - delta), plan.efficacy[-1], atol=1e-9)


def covariance(t):
    t = np.asarray(t)
    return np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))


@pytest.mark.parametrize("efficacy", ["obrien-fleming", "pocock"])
def test_levels_are_spent_by_the_multivariate_normal_law(efficacy):
    # no integration of ours: z of the looks is normal with covariance sqrt(t_i / t_j)
    t = [0.3, 0.65, 1.0]
    plan = group_sequential_design(t, efficacy=efficacy)
    for k in (1, 2, 3):
        inside = multivariate_normal(
            np.zeros(k), covariance(t[:k]), abseps=1e-9, releps=1e-9, maxpts=4_000_000
        )
        below = inside.cdf(plan.efficacy[:k]) if k > 1 else norm.cdf(plan.efficacy[0])
        assert 1 - below == pytest.approx(plan.efficacy_null[:k].sum(), abs=2e-7)
    power = multivariate_normal(plan.drift * np.sqrt(t), covariance(t), abseps=1e-9, maxpts=4_000_000).cdf(
        plan.efficacy
    )
    assert 1 - power == pytest.approx(0.9, abs=2e-6)


@pytest.mark.parametrize("spending", ["obrien-fleming", "pocock"])
def test_a_two_sided_design_has_the_boundaries_of_the_function_for_them(spending):
    t = [0.25, 0.5, 0.75, 1.0]
    plan = group_sequential_design(t, alpha=0.05, sides=2, efficacy=spending)
    if spending == "obrien-fleming":
        np.testing.assert_allclose(
            plan.efficacy, group_sequential_boundaries(t, spending=spending), atol=1e-8
        )
    assert (plan.efficacy_null + plan.futility_null).sum() == pytest.approx(0.05, abs=1e-9)


def test_one_look_is_the_fixed_trial_and_events_are_schoenfelds():
    plan = group_sequential_design([1.0])
    assert plan.efficacy[0] == pytest.approx(norm.ppf(0.975), abs=1e-9)
    assert plan.inflation == pytest.approx(1.0, abs=1e-8)
    exact = 4 * (norm.ppf(0.975) + norm.ppf(0.9)) ** 2 / np.log(0.7) ** 2
    assert plan.events(0.7).tolist() == [int(np.ceil(exact))]


def test_a_futility_bound_that_does_not_bind_keeps_the_level_of_those_who_go_on():
    plan = group_sequential_design(THIRDS, futility="obrien-fleming")
    without = group_sequential_design(THIRDS)
    np.testing.assert_allclose(plan.efficacy, without.efficacy, atol=1e-12)
    assert plan.inflation > without.inflation


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"information": [0.5, 0.4, 1.0]}, "must rise from above 0 to 1"),
        ({"information": [0.5, 0.9]}, "must rise from above 0 to 1"),
        ({"sides": 3}, "sides must be one of 1, 2"),
        ({"efficacy": HSD}, "needs its parameter gamma"),
        ({"efficacy": "power"}, "needs its parameter rho"),
        ({"efficacy": "wang-tsiatis"}, "needs its delta"),
        ({"efficacy_parameter": 2}, "takes no parameter"),
        ({"efficacy": "fast"}, "efficacy must be one of"),
        ({"binding": True}, "go with futility"),
        ({"sides": 2, "futility": "pocock"}, "futility goes with a one-sided design"),
        ({"alpha": 0.6}, "alpha must lie in"),
        ({"beta": 0.99}, "beta must lie in"),
    ],
)
def test_refusals(given, message):
    with pytest.raises(InputError, match=message):
        group_sequential_design(**({"information": THIRDS} | given))


CLOSE = [[0.5, 0.50001, 1.0], [0.3, 0.30001, 0.8, 0.80001, 1.0]]


@pytest.mark.parametrize("futility", [None, "obrien-fleming"])
@pytest.mark.parametrize("looks", CLOSE)
def test_looks_close_together_end_as_the_multivariate_normal_says(looks, futility):
    # a kernel of all points by all points asked for gigabytes here
    plan = group_sequential_design(looks, futility=futility)
    t = np.array(looks)
    low = np.maximum(plan.futility, -12.0) * np.sqrt(t)
    high = np.minimum(plan.efficacy, 12.0) * np.sqrt(t)
    for drift, over in ((0.0, plan.efficacy_null), (plan.drift, plan.efficacy_alternative)):
        under = plan.futility_null if drift == 0.0 else plan.futility_alternative
        for k in range(1, t.size):
            law = multivariate_normal(
                drift * t[:k], np.minimum.outer(t, t)[:k, :k], allow_singular=True, seed=1
            )
            law.abseps = law.releps = 1e-8
            law.maxpts = 200_000
            ended = over[:k].sum() + under[:k].sum()
            assert 1.0 - law.cdf(high[:k], lower_limit=low[:k]) == pytest.approx(ended, abs=3e-5)


def test_bounds_of_close_looks_are_those_of_the_boundaries():
    looks = [0.5, 0.50001, 0.9, 1.0]
    plan = group_sequential_design(looks, alpha=0.05, sides=2, efficacy="pocock")
    np.testing.assert_allclose(
        plan.efficacy, group_sequential_boundaries(looks, spending="pocock"), atol=1e-8
    )


def test_the_list_of_spendings_of_efficacy_is_whole():
    with pytest.raises(InputError, match=r"efficacy must be one of .*power.*wang-tsiatis"):
        group_sequential_design([0.5, 1.0], efficacy="x")
    with pytest.raises(InputError, match=r"futility must be one of (?!.*wang-tsiatis)"):
        group_sequential_design([0.5, 1.0], futility="x")
