"""Intervals from pseudo data sets cover the truth of the law, also where the figure was read badly on purpose."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from survsim import kaplan_meier, reconstruct_ipd
from survsim.errors import EvidenceWarning
from survsim.reconstruction import pooled, pseudo_sets

REPEATS, N, SETS = 150, 300, 10
AT = 12.0
TOLERANCE = 0.06
"""Read badly on purpose: an error as large as that of 300 patients, so that leaving it out must show."""


def _repeat(seed):
    """Whether the interval with the figure's error, and that of one reconstruction, hold the true survival."""
    rng = np.random.default_rng(seed)
    death, end = rng.exponential(18.0, N), rng.uniform(20.0, 40.0, N)
    time, event = np.minimum(death, end), death <= end
    drops = np.sort(time[event])
    level = np.cumprod(1 - 1 / (N - np.searchsorted(np.sort(time), drops)))
    # A misplaced axis and a hand that shakes, each half of the variance, as the method supposes.
    sd = TOLERANCE / 1.959963984540054 / np.sqrt(2)
    at = np.linspace(0, drops.size - 1, 60).astype(int)
    read = level[at] + sd * (rng.standard_normal(60) + rng.standard_normal() * (1 - level[at]))
    read = np.minimum.accumulate(np.clip(read, 0, 1))
    table = np.arange(0.0, 36.0, 6.0)
    risk = (time[None, :] >= table[:, None]).sum(axis=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvidenceWarning)
        made = reconstruct_ipd(
            (drops[at], read), at_risk=(table[risk > 0], risk[risk > 0]), unit="months", method="guyot"
        )
        sets = pseudo_sets(made, SETS, tolerance=TOLERANCE, seed=seed)
    truth = np.exp(-AT / 18.0)
    found = pooled(sets, "survival", times=AT)
    alone = kaplan_meier(made.surv()).survival_at(AT)
    return (
        found.conf_low[0] <= truth <= found.conf_high[0],
        alone.conf_low[0] <= truth <= alone.conf_high[0],
        found.added_share[0],
    )


@pytest.fixture(scope="module")
def repeats():
    return np.array([_repeat(900 + i) for i in range(REPEATS)], float)


def test_the_interval_covers_where_one_reconstruction_does_not(repeats):
    covers, alone, added = repeats.mean(axis=0)
    error = np.sqrt(0.95 * 0.05 / REPEATS)
    assert covers >= 0.95 - 2.5 * error
    assert alone < covers
    assert 0.05 < added < 0.9
