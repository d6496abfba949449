"""The completeness table counts what is said, where the question arises, and nothing else."""

from __future__ import annotations

import pytest

from survsim.evidence.ask.completeness import COLUMNS
from survsim.evidence.ask.store import load_evidence
from survsim.evidence.raw.curate import curate
from tests.helpers.mini_study import write_raw


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    data = tmp_path_factory.mktemp("study") / "data"
    write_raw(data)
    curate(data)
    return load_evidence(data)


def test_counts_by_hand(store):
    table = store.completeness()
    assert tuple(table.columns) == COLUMNS
    counts = {(r.table, r.field): (r.rows, r.filled) for r in table.itertuples()}
    assert counts["estimates", "origin"] == (10, 10)
    assert counts["estimates", "estimator"] == (10, 3)
    assert counts["estimates", "interval"] == (8, 3)
    assert counts["estimates", "comparator"] == (1, 1)
    assert counts["estimates", "instrument"] == (0, 0)
    assert counts["estimates", "p_scope"] == (1, 0)
    assert counts["studies", "first_author"] == (4, 4)
    assert counts["studies", "followup_method"] == (4, 0)
    assert (table["filled"] + table["missing"] == table["rows"]).all()


def test_one_population_only(store):
    table = store.completeness(population="surrogate").set_index("field")
    assert table.loc["first_author", "rows"] == 1


def test_every_row_says_what_to_read(store):
    assert (store.completeness()["to_do"].str.len() > 10).all()
