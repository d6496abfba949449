"""What must hold for a Cox fit whatever the data."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from survsim import Surv, cox_ph
from tests.helpers.slow_cox import random_study

seeds = st.integers(0, 10_000)
quick = settings(deadline=None, max_examples=25)


def fit_of(surv: Surv, x: np.ndarray, **more):
    return cox_ph(surv, None, x, penalty="ridge", penalty_strength=0.1, **more)


@quick
@given(seeds, st.sampled_from(["efron", "breslow"]))
def test_order_of_rows_does_not_matter(seed: int, ties: str) -> None:
    rng = np.random.default_rng(seed)
    surv, x = random_study(rng)
    mixed = rng.permutation(len(surv))
    np.testing.assert_allclose(
        fit_of(surv.take(mixed), x[mixed], ties=ties).estimate, fit_of(surv, x, ties=ties).estimate, atol=1e-8
    )


@quick
@given(seeds, st.floats(0.1, 10.0), st.floats(-5.0, 5.0))
def test_shift_and_scale_of_a_covariate(seed: int, scale: float, shift: float) -> None:
    surv, x = random_study(np.random.default_rng(seed))
    moved = x.copy()
    moved[:, 0] = x[:, 0] * scale + shift
    one, two = fit_of(surv, x), fit_of(surv, moved)
    np.testing.assert_allclose(two.estimate * [scale, 1, 1], one.estimate, atol=1e-7)


@quick
@given(seeds)
def test_time_may_be_stretched_monotonically(seed: int) -> None:
    surv, x = random_study(np.random.default_rng(seed))
    entry = None if surv.entry is None else surv.entry**2
    other = Surv.right(
        surv.time**2, surv.event, unit="days", entry=entry, weight=surv.weight, stratum=surv.stratum
    )
    np.testing.assert_allclose(fit_of(other, x).estimate, fit_of(surv, x).estimate, atol=1e-8)


@quick
@given(seeds)
def test_breslow_with_whole_weights_is_breslow_with_copies(seed: int) -> None:
    rng = np.random.default_rng(seed)
    surv, x = random_study(rng, full=False)
    count = rng.integers(1, 4, len(surv))
    heavy = Surv.right(surv.time, surv.event, unit="months", weight=count.astype(float))
    copies = np.repeat(np.arange(len(surv)), count)
    # The penalty counts in standard deviations of the rows, which copies change: leave it out.
    one = cox_ph(heavy, None, x[:, [0]], ties="breslow").estimate
    np.testing.assert_allclose(
        cox_ph(surv.take(copies), None, x[copies][:, [0]], ties="breslow").estimate, one, atol=1e-8
    )


@quick
@given(seeds)
def test_splitting_follow_up_changes_nothing(seed: int) -> None:
    surv, x = random_study(np.random.default_rng(seed), full=False)
    cut = np.floor(surv.time / 2)
    split = Surv.right(
        np.r_[cut, surv.time], np.r_[np.zeros(len(surv), bool), surv.event], unit="months",
        entry=np.r_[np.zeros(len(surv)), cut],
    )  # fmt: skip
    one, two = fit_of(surv, x), cox_ph(split, None, np.r_[x, x], penalty="ridge", penalty_strength=0.1)
    # Doubling the rows changes the sample variance by (n - 1) / (n - 1/2) only.
    np.testing.assert_allclose(two.estimate, one.estimate, atol=2e-3)


@quick
@given(seeds)
def test_martingale_residuals_sum_to_zero(seed: int) -> None:
    surv, x = random_study(np.random.default_rng(seed))
    fit = fit_of(surv, x)
    assert abs(fit.residuals() @ surv.weight) < 1e-8


@quick
@given(seeds)
def test_firth_is_finite_and_inside_its_profile_limits(seed: int) -> None:
    surv, x = random_study(np.random.default_rng(seed), 15, full=False)
    if np.ptp(x[:, 1]) == 0:
        x[0, 1] = 1.0 - x[0, 1]
    fit = cox_ph(surv, None, x[:, :1], penalty="firth")
    low, high = fit.limits()
    assert np.isfinite(fit.estimate).all() and low[0] < fit.estimate[0] < high[0]
    assert 0.0 <= fit.p_value[0] <= 1.0
    # The interval holds 0 exactly when the test does not reject.
    assert (low[0] > 0 or high[0] < 0) == (fit.p_value[0] < 0.05)
