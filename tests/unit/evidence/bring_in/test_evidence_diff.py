"""What changed between two states of the evidence."""

from __future__ import annotations

import shutil

import pytest

from survsim.core.errors import EvidenceError
from survsim.evidence.bring_in.diff import CellChange, diff_evidence
from survsim.evidence.raw.curate import curate
from tests.helpers.mini_study import write_raw


@pytest.fixture
def states(tmp_path):
    write_raw(tmp_path / "old" / "data")
    curate(tmp_path / "old")
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    return tmp_path / "old", tmp_path / "new"


def edit(study, table, change):
    file = study / "data" / "curated" / f"{table}.csv"
    head, *rows = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([head, *change(rows)]) + "\n", encoding="utf-8")


def test_the_same_tables_in_another_order_show_nothing(states):
    old, new = states
    for table in ("estimates", "studies", "arms", "curves", "outcomes"):
        edit(new, table, lambda rows: rows[::-1])
    assert diff_evidence(old, new).tables == ()


def test_rows_that_came_went_and_changed_are_named(states):
    old, new = states
    edit(old, "estimates", lambda rows: [r for r in rows if not r.startswith("alpha_e06")])
    edit(new, "estimates", lambda rows: [r.replace(",0.68,", ",0.70,") for r in rows if "gamma_e02" not in r])
    (found,) = diff_evidence(old, new).tables
    assert (found.table, found.came, found.went) == ("estimates", ("alpha_e06",), ("gamma_e02",))
    assert found.changed == (CellChange(row="alpha_e01", column="value", old="0.68", new="0.70"),)


def test_a_key_of_several_columns_names_the_row(states):
    old, new = states
    edit(new, "curves", lambda rows: [r.replace(",0.45,", ",0.44,") for r in rows])
    (found,) = diff_evidence(old, new).tables
    assert [(c.row, c.column) for c in found.changed] == [("alpha_os/24", "survival")]


def test_rows_with_one_key_are_told_apart(states):
    old, new = states
    edit(new, "studies", lambda rows: [*rows, rows[0]])
    (found,) = diff_evidence(old, new).tables
    assert found.came == ("alpha_2019#2",) and not found.changed


def test_a_table_and_a_column_that_one_state_lacks(states):
    old, new = states
    (old / "data" / "curated" / "curves.csv").unlink()
    file = old / "data" / "curated" / "sources.csv"
    rows = [line.rsplit(",", 1)[0] for line in file.read_text(encoding="utf-8").splitlines()]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    by_name = {t.table: t for t in diff_evidence(old, new).tables}
    assert len(by_name["curves"].came) == 3
    assert by_name["sources"].columns_came == ("note",) and not by_name["sources"].changed
    assert {t.table for t in diff_evidence(new, old).tables} == {"curves", "sources"}


def test_a_folder_without_tables_is_refused(states, tmp_path):
    with pytest.raises(EvidenceError, match="does not exist"):
        diff_evidence(tmp_path / "nowhere", states[0])
    shutil.rmtree(states[1] / "data" / "curated")
    with pytest.raises(EvidenceError, match="has no curated tables"):
        diff_evidence(states[0], states[1])
