"""Batch kernels against the single estimators, one data set at a time."""

import numpy as np
import pytest

from survsim import Surv, kaplan_meier, logrank_test, rmst
from survsim.estimate.nonparametric.quantiles import TOLERANCE
from survsim.kernels import batch_product_limit as batch
from survsim.kernels import batch_trials


def data(rng, n):
    time = rng.integers(1, 30, n).astype(float)
    return time, rng.random(n) < 0.6


@pytest.mark.parametrize("delayed", [False, True])
def test_resampled_curves_equal_curves_of_resamples(delayed):
    rng = np.random.default_rng(1)
    time, event = data(rng, 40)
    entry = np.maximum(time - rng.integers(1, 30, 40), 0.0) if delayed else None
    rows = rng.integers(0, 40, (8, 40))
    counts = np.stack([np.bincount(r, minlength=40) for r in rows]).astype(float)
    made = batch.Resampled(time, event, entry)
    curves = made.curves(counts)
    for b, r in enumerate(rows):
        s = Surv.right(time[r], event[r], unit="days", entry=None if entry is None else entry[r])
        km = kaplan_meier(s, conf_type="none") if not delayed else None
        if km is None:
            n_risk, _ = made.tables(counts[b : b + 1])
            slow = [((s.entry < t) & (t <= s.time)).sum() for t in made.time]
            np.testing.assert_allclose(n_risk[0], slow)
            continue
        at = np.searchsorted(km.time, made.time, side="right")
        np.testing.assert_allclose(curves[b], np.append(1.0, km.estimate)[at])
        assert batch.crossing_times(made.time, curves, 0.5, TOLERANCE)[b] == km.median().estimate[0]
        tau = min(12.0, km.time[-1])
        assert batch.restricted_means(made.time, curves, tau)[b] == pytest.approx(
            rmst(s, tau=tau).estimate[0]
        )
        assert batch.survival_at(made.time, curves, 7.0)[b] == pytest.approx(km.survival_at(7.0).estimate[0])


def test_survival_before_the_first_time_is_one():
    assert batch.survival_at(np.array([2.0]), np.array([[0.5]]), 1.0).tolist() == [1.0]


def efron(beta, time, event, x):
    """Efron's log partial likelihood as the paper writes it."""
    value = 0.0
    risk = np.exp(x @ beta)
    for t in np.unique(time[event]):
        dead = event & (time == t)
        d = int(dead.sum())
        value += (x[dead] @ beta).sum()
        for k in range(d):
            value -= np.log(risk[time >= t].sum() - k / d * risk[dead].sum())
    return value


def test_trials_equal_single_tests():
    rng = np.random.default_rng(3)
    trials, n = 30, 24
    time = rng.integers(1, 12, (trials, n)).astype(float)
    event = rng.random((trials, n)) < 0.7
    arm = rng.integers(0, 2, n)
    out = batch_trials.two_arm(batch_trials.pack(time, event, arm))
    for b in range(trials):
        test = logrank_test(Surv.right(time[b], event[b], unit="days"), arm)
        assert out[b, 0] == event[b].sum()
        assert out[b, 1] == pytest.approx(test.observed[1] - test.expected[1], abs=1e-12)
        assert out[b, 2] == pytest.approx(test.covariance[1, 1], abs=1e-12)
        x, beta = arm[:, None].astype(float), out[b, 3]
        up, mid, down = (efron(np.array([beta + h]), time[b], event[b], x) for h in (1e-4, 0, -1e-4))
        assert abs(up - down) / 2e-4 < 1e-6
        assert out[b, 4] == pytest.approx((-(up - 2 * mid + down) / 1e-8) ** -0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("event", "arm", "estimate"),
    [
        ([0, 0, 0, 0], [0, 1, 0, 1], np.nan),
        ([1, 0, 1, 0], [0, 1, 0, 1], -np.inf),
        ([0, 1, 0, 1], [0, 1, 0, 1], np.inf),
        ([1, 1, 1, 1], [0, 0, 1, 1], -np.inf),
    ],
)
def test_trials_without_an_estimate_say_which_way(event, arm, estimate):
    key = batch_trials.pack(np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([event], bool), np.array(arm))
    np.testing.assert_equal(batch_trials.two_arm(key)[0, 3], estimate)


def test_row_means_equal_rmst_with_ties():
    rng = np.random.default_rng(6)
    time = np.sort(rng.integers(1, 10, (6, 30)), axis=1).astype(float)
    event = np.zeros((6, 30), bool)
    for b in range(6):
        # Events before censorings at equal times.
        raw = rng.random(30) < 0.6
        order = np.lexsort((~raw, time[b]))
        event[b] = raw[order]
    member = rng.random((6, 30)) < 0.5
    mean, variance = batch.row_means(time, event, member, 6.0)
    for b in range(6):
        one = rmst(Surv.right(time[b][member[b]], event[b][member[b]], unit="days"), tau=6.0)
        assert mean[b] == pytest.approx(one.estimate[0])
        assert variance[b] == pytest.approx(one.std_error[0] ** 2)
