"""What must hold for a Cox fit whatever the data."""

from __future__ import annotations

import numpy as np
import pytest
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


@pytest.mark.parametrize("ties", ["breslow", "efron"])
@pytest.mark.parametrize("penalty", [None, "ridge", "elasticnet", "firth"])
@pytest.mark.parametrize("full", [False, True])
def test_whole_weights_are_repeated_rows_under_every_penalty(
    ties: str, penalty: str | None, full: bool
) -> None:
    rng = np.random.default_rng(4)
    n = 30
    # Tied events of other weights are no copies of one another under Efron: no ties there between rows of other times.
    time, event, x = rng.permutation(n) + 2.0, rng.random(n) < 0.8, rng.normal(size=(n, 2)) * [1.0, 40.0]
    count = np.where(event & (ties == "efron"), 1, rng.integers(1, 4, n))
    parts = {"stratum": rng.choice(["a", "b"], n), "entry": rng.choice([0.0, 0.5, 1.0], n)} if full else {}
    more = {"penalty": penalty, "penalty_strength": 3.0 if penalty in ("ridge", "elasticnet") else None}
    surv = Surv.right(time, event, unit="months", **parts)
    copies = np.repeat(np.arange(n), count)
    heavy = surv.with_parts(weight=count.astype(float))
    one = cox_ph(heavy, None, x, ties=ties, **more)
    two = cox_ph(surv.take(copies), None, x[copies], ties=ties, **more)
    np.testing.assert_allclose(one.estimate, two.estimate, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(one.std_error, two.std_error, rtol=1e-8)
    new = x[:3]
    if penalty != "elasticnet":
        stratum = ["a", "b", "a"] if full else None
        first, second = (f.predict_survival(new, [5.0, 12.0], stratum=stratum).survival for f in (one, two))
        np.testing.assert_allclose(first, second, rtol=1e-8)
