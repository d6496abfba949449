"""The same label, or the same reference, twice: every function that pools studies warns, for their patients would count twice."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

from survsim import map_prior, meta_analysis, power_prior
from survsim.borrowing import commensurate_prior, map_rate_prior, power_prior_rate
from survsim.errors import EvidenceWarning, SmallSampleWarning
from survsim.synthesis import pool_proportions, pool_two_arms

Y, S, EVENTS, N, TIME = [0.1, 0.3, 0.2], [0.1, 0.1, 0.2], [3, 5, 9], [10, 12, 30], [100.0, 120.0, 300.0]
POOLS = {
    "meta_analysis": lambda y, d, **k: meta_analysis(y, S, **k),
    "map_prior": lambda y, d, **k: map_prior(y, S, tau_scale=0.5, **k),
    "power_prior": lambda y, d, **k: power_prior(y, S, power=0.5, **k),
    "commensurate_prior": lambda y, d, **k: commensurate_prior(y, S, tau_scale=0.5, **k),
    "map_rate_prior": lambda y, d, **k: map_rate_prior(d, TIME, tau_scale=0.5, **k),
    "power_prior_rate": lambda y, d, **k: power_prior_rate(d, TIME, power=0.5, **k),
    "pool_proportions": lambda y, d, **k: pool_proportions(d, N, **k),
    "pool_two_arms": lambda y, d, **k: pool_two_arms(d, N, [4, 4, 12], N, **k),
}
BY_LABELS = [name for name in POOLS if name != "power_prior_rate"]  # which has no labels=


def said(pool, words, y=Y, d=EVENTS, **options):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        pool(y, d, **options)
    texts = [str(w.message) for w in found if issubclass(w.category, EvidenceWarning)]
    assert all(issubclass(w.category, EvidenceWarning | SmallSampleWarning) for w in found)
    return [text for text in texts if words in text]


@pytest.mark.parametrize("name", BY_LABELS)
def test_a_label_that_occurs_twice_warns(name):
    assert len(said(POOLS[name], "A occur more than once", labels=["A", "A", "B"])) == 1
    assert not said(POOLS[name], "more than once", labels=["A", "C", "B"])
    assert not said(POOLS[name], "more than once")


@pytest.mark.parametrize("name", POOLS)
def test_a_reference_that_occurs_twice_warns(name):
    assert len(said(POOLS[name], "t:1 occur more than once", source=["t:1", "t:2", "t:1"])) == 1
    assert not said(POOLS[name], "more than once", source=["t:1", "t:2"])


@pytest.mark.parametrize("name", POOLS)
@pytest.mark.parametrize(("index", "warns"), [(["A", "A", "B"], 1), (["A", "C", "B"], 0), ([0, 0, 1], 0)])
def test_words_that_name_the_rows_of_a_column_count_as_labels(name, index, warns):
    columns = {"y": pd.Series(Y, index=index), "d": pd.Series(EVENTS, index=index)}
    assert len(said(POOLS[name], "A occur more than once", **columns)) == warns
