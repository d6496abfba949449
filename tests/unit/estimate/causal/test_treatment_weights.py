"""Weights by hand, their diagnostics, and a message for each thing that can be wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, balance, ipw_kaplan_meier, treatment_weights
from survsim.errors import ConvergenceError, InputError, SmallSampleWarning
from survsim.estimate.causal.logistic import logistic

OLD = pd.DataFrame({"old": [0, 0, 0, 0, 1, 1, 1, 1]})
DRUG = [0, 0, 0, 1, 0, 1, 1, 1]


def test_two_strata_by_hand():
    w = treatment_weights(DRUG, "old", OLD)
    np.testing.assert_allclose(w.propensity, [0.25] * 4 + [0.75] * 4, rtol=1e-10)
    expected = np.array([4 / 3, 4 / 3, 4 / 3, 4, 4, 4 / 3, 4 / 3, 4 / 3]) / 2
    np.testing.assert_allclose(w.weight, expected, rtol=1e-10)
    # Each group weighs (2, 2, 2, 6)/3: (12/3)^2 / (48/9) = 3.
    np.testing.assert_allclose(w.effective_size, [3, 3], rtol=1e-10)
    np.testing.assert_allclose(w.largest_share, [0.5, 0.5], rtol=1e-10)


def test_overlap_weights_by_hand():
    expected = [0.25, 0.25, 0.25, 0.75, 0.75, 0.25, 0.25, 0.25]
    np.testing.assert_allclose(
        treatment_weights(DRUG, "old", OLD, estimand="overlap").weight, expected, rtol=1e-10
    )


def test_weights_for_the_treated_by_hand():
    with pytest.warns(SmallSampleWarning, match="row 4 carries 75% of the weight of 0"):
        made = treatment_weights(DRUG, "old", OLD, estimand="att")
    np.testing.assert_allclose(made.weight, [1 / 3, 1 / 3, 1 / 3, 1, 3, 1, 1, 1], rtol=1e-10)


def test_reference_turns_the_groups():
    a = treatment_weights(DRUG, "old", OLD)
    b = treatment_weights(DRUG, "old", OLD, reference=1)
    assert b.groups == (1, 0)
    np.testing.assert_allclose(a.weight, b.weight, rtol=1e-9)


def test_truncation_draws_in_the_largest_weight():
    frame = pd.DataFrame({"x": np.linspace(-1, 1, 40)})
    z = (np.arange(40) % 3 == 0) | (np.arange(40) > 30)
    free = treatment_weights(z, "x", frame)
    cut = treatment_weights(z, "x", frame, truncate=0.1)
    low, high = np.quantile(free.weight, [0.1, 0.9])
    np.testing.assert_array_equal(cut.weight, np.clip(free.weight, low, high))
    np.testing.assert_array_equal(cut.untruncated, free.weight)


def test_balance_by_hand_is_exact_after_saturated_weights():
    made = balance(treatment_weights(DRUG, "old", OLD))
    # Means 1/4 and 3/4, variances 1/4 each: difference 1 standard deviation.
    np.testing.assert_allclose(made.difference_before, [1.0], rtol=1e-12)
    np.testing.assert_allclose(made.difference_after, [0.0], atol=1e-9)
    np.testing.assert_allclose(made.mean_after, [[0.5], [0.5]], rtol=1e-9)
    assert "0 above 0.1" in made.headline()


def test_firth_adds_half_an_observation_to_each_cell_of_a_table():
    x = np.array([[1.0, 0]] * 5 + [[1.0, 1]] * 5)
    y = np.array([1, 0, 0, 0, 0, 1, 1, 1, 1, 1], bool)
    found = logistic(x, y, separation="firth")
    assert found.firth
    np.testing.assert_allclose(
        found.estimate, [np.log(1.5 / 4.5), np.log(5.5 / 0.5) - np.log(1.5 / 4.5)], rtol=1e-7
    )


def test_the_two_ways_to_the_maximum_meet():
    rng = np.random.default_rng(5)
    x = np.column_stack([np.ones(60), rng.normal(size=(60, 2))])
    y, counts = rng.random(60) < 0.4, rng.integers(0, 3, 60).astype(float)
    slow, fast = (logistic(x, y, counts, resample=flag) for flag in (False, True))
    np.testing.assert_allclose(slow.estimate, fast.estimate, rtol=1e-7)
    np.testing.assert_allclose(slow.std_error, fast.std_error, rtol=1e-6)


def test_separation_says_what_to_do():
    with pytest.raises(ConvergenceError, match=r"no positivity.*Coarsen or drop"):
        treatment_weights([0, 0, 0, 0, 0, 1, 1, 1], "old", OLD)
    fixed = treatment_weights([0, 0, 0, 0, 0, 1, 1, 1], "old", OLD, separation="firth")
    assert fixed.firth and np.isfinite(fixed.weight).all() and "Firth" in fixed.headline()


def test_the_treatment_may_be_named():
    frame = pd.DataFrame({"old": [0, 0, 0, 0, 1, 1, 1, 1], "arm": [0, 0, 0, 1, 0, 1, 1, 1]})
    for given in ("arm", ["arm"]):
        named = treatment_weights(given, "old", frame)
        np.testing.assert_array_equal(named.weight, treatment_weights(frame.arm, "old", frame).weight)
    with pytest.raises(InputError, match="treatment='arn' is no column of data"):
        treatment_weights("arn", "old", frame)


def test_three_levels():
    with pytest.raises(InputError, match=r"two levels; it has 3: 0, 1, 2. Compare two"):
        treatment_weights([0, 1, 2, 0, 1, 2, 0, 1], "old", OLD)


def test_one_level():
    with pytest.raises(InputError, match=r"it has 1: 1. Everybody had the same"):
        treatment_weights([1] * 8, "old", OLD)


def test_missing_treatment():
    with pytest.raises(InputError, match="treatment is missing in row 2"):
        treatment_weights([0, 1, np.nan, 0, 1, 0, 1, 0], "old", OLD)


def test_missing_covariate():
    with pytest.raises(InputError, match="missing or infinite in row 0"):
        treatment_weights(DRUG, "old", OLD.assign(old=[np.nan, 0, 0, 0, 1, 1, 1, 1]))


def test_columns_that_repeat_each_other():
    with pytest.raises(InputError, match="repeat each other"):
        treatment_weights(DRUG, "old + twice", OLD.assign(twice=2 * OLD["old"]))


@pytest.mark.parametrize(
    "options", [{"estimand": "atc"}, {"truncate": 0.7}, {"reference": "x"}, {"separation": "no"}]
)
def test_options_outside_their_range(options):
    with pytest.raises(InputError, match=next(iter(options))):
        treatment_weights(DRUG, "old", OLD, **options)


def test_stabilised_belongs_to_everybody():
    with pytest.raises(InputError, match='belong to estimand="ate"'):
        treatment_weights(DRUG, "old", OLD, estimand="att", stabilised=True)


def test_an_exploding_weight_is_named():
    frame = pd.DataFrame({"x": np.repeat([0.0, 1.0], 40)})
    z = np.concatenate([np.tile([0, 1], 20), np.ones(40, int)])
    z[79] = 0
    with pytest.warns(SmallSampleWarning, match="poor overlap: row 79 carries 50% of the weight of 0"):
        treatment_weights(z, "x", frame)


def test_balance_messages():
    w = treatment_weights(DRUG, "old", OLD)
    with pytest.raises(InputError, match="come together"):
        balance(w, "old")
    with pytest.raises(InputError, match="data has 3 rows"):
        balance(w, "old", OLD.head(3))
    with pytest.raises(InputError, match="'x' is constant within both"):
        balance(w, "x", pd.DataFrame({"x": [1.0] * 8}))


def test_weights_under_separation_ask_for_the_chance_of_the_treatment_given_alone():
    """By Firth's likelihood the chance of the other treatment comes out as 0; 1 / chance of the own is finite."""
    x = np.random.default_rng(8).normal(size=120).round(2)
    labels = np.where(x > 0, "T", "C")
    made = treatment_weights(labels, "x", pd.DataFrame({"x": x}), separation="firth", stabilised=False)
    own = np.where(labels == "T", made.propensity, 1.0 - made.propensity)
    assert made.propensity.max() == 1.0
    np.testing.assert_allclose(made.weight, 1.0 / own)


@pytest.mark.parametrize("options", [{}, {"resample": True}, {"separation": "firth"}])
@pytest.mark.parametrize("separated", [False, True])
def test_the_origin_and_the_unit_of_a_covariate_do_not_move_the_chances(options, separated):
    z = np.array([-1.2, -0.7, -0.4, 0.1, 0.3, 0.6, 0.9, 1.4, 1.5, 2.0])
    y = z > 0.2 if separated else np.array([0, 0, 1, 0, 1, 0, 1, 1, 0, 1], bool)
    if separated:
        options = {**options, "separation": "firth"}
    right = logistic(np.column_stack([np.ones(10), z]), y, **options)
    for scale, shift in ((1.0, 2015.0), (3.0, 1e5), (0.1, 2015.0), (1e-4, 0.0), (1e4, 0.0)):
        found = logistic(np.column_stack([np.ones(10), scale * z + shift]), y, **options)
        np.testing.assert_allclose(found.chance, right.chance, rtol=1e-8)
        np.testing.assert_allclose(found.estimate[1] * scale, right.estimate[1], rtol=1e-8)
        np.testing.assert_allclose(found.std_error[1] * scale, right.std_error[1], rtol=1e-8)


def test_a_calendar_year_loses_no_resample():
    rng = np.random.default_rng(4)
    x, arm = rng.normal(size=40), np.tile(["a", "b"], 20)
    surv = Surv.right(rng.exponential(8.0, 40), rng.random(40) < 0.8, unit="months")
    one, other = (
        ipw_kaplan_meier(surv, arm, "x", pd.DataFrame({"x": x * a + b}), times=[5.0], tau=6.0, n_resamples=40)
        for a, b in ((1.0, 0.0), (0.1, 2015.0))
    )
    assert other.n_undefined == one.n_undefined
    np.testing.assert_allclose(other.std_error, one.std_error, rtol=1e-8)


def test_firth_gives_a_column_that_repeats_another_no_coefficient():
    x = np.column_stack([np.ones(6), [0.0, 1, 2, 3, 4, 5], [1.0, 3, 5, 7, 9, 11]])
    y = np.array([0, 0, 1, 0, 1, 1], bool)
    found, plain = logistic(x, y, separation="firth"), logistic(x[:, :2], y, separation="firth")
    assert found.firth
    assert found.estimate[2] == 0.0
    assert plain.chance.std() > 0.1
