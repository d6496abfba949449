"""Identities of the causal comparisons that hold for any data."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from survsim import Surv, balance, clone_censor_weight, ipw_kaplan_meier, treatment_weights
from survsim.errors import SmallSampleWarning
from tests.helpers.causal_worlds import late_treatment

COUNTS = st.lists(st.integers(1, 6), min_size=4, max_size=4)
SEEDS = st.integers(0, 10_000)


def stratified(counts, seed):
    """Patients of both treatments in both strata, events only."""
    x = np.repeat([0, 0, 1, 1], counts)
    z = np.repeat([0, 1, 0, 1], counts)
    time = np.random.default_rng(seed).integers(1, 30, x.size).astype(float)
    return Surv.right(time, np.ones(x.size), unit="months"), x, z


def quietly(function, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallSampleWarning)
        return function(*args, **options)


@settings(deadline=None, max_examples=30)
@given(COUNTS, SEEDS)
def test_saturated_weighting_is_direct_standardisation(counts, seed):
    surv, x, z = stratified(counts, seed)
    at = min(surv.time[z == 0].max(), surv.time[z == 1].max()) / 2
    fit = quietly(
        ipw_kaplan_meier, surv, z, "x", pd.DataFrame({"x": x}), times=at, tau=2 * at, interval="robust"
    )
    for g in (0, 1):
        direct = sum(np.mean(x == k) * np.mean(surv.time[(x == k) & (z == g)] > at) for k in (0, 1))
        np.testing.assert_allclose(fit.row("survival", g, at)["estimate"], direct, atol=1e-8)


@settings(deadline=None, max_examples=30)
@given(COUNTS)
def test_saturated_weights_make_each_group_the_whole(counts):
    _, x, z = stratified(counts, 1)
    made = quietly(treatment_weights, z, "x", pd.DataFrame({"x": x}), stabilised=False)
    for g in (0, 1):
        np.testing.assert_allclose(made.weight[z == g].sum(), z.size, rtol=1e-7)
    if np.ptp(x[z == 0]) or np.ptp(x[z == 1]):
        np.testing.assert_allclose(balance(made).difference_after, 0.0, atol=1e-6)


@settings(deadline=None, max_examples=15)
@given(SEEDS)
def test_the_order_of_patients_and_the_unit_of_time_do_not_matter(seed):
    surv, start, frame = late_treatment(40, np.random.default_rng(seed))
    order = np.random.default_rng(seed + 1).permutation(40)
    options = {"formula": "x", "separation": "firth", "n_resamples": 0}
    last = 12.0
    there = [(surv.time > 6) & (start <= 6), (surv.time > last) & (start > 6)]
    if not all(rows.any() for rows in there) or not (start[surv.time > last] <= 6).any():
        return
    a = quietly(clone_censor_weight, surv, start, grace=6, data=frame, tau=last, **options)
    moved = frame.iloc[order].reset_index(drop=True)
    b = quietly(clone_censor_weight, surv.take(order), start[order], grace=6, data=moved, tau=last, **options)
    c = quietly(
        clone_censor_weight, surv.to_unit("years"), start / 12, grace=0.5, data=frame, tau=1, **options
    )
    np.testing.assert_allclose(a.estimate, b.estimate, rtol=1e-7)
    np.testing.assert_allclose(
        a.row("rmst", "ratio")["estimate"], c.row("rmst", "ratio")["estimate"], rtol=1e-7
    )
