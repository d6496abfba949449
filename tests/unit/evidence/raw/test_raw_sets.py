"""Rows added to raw tables: whole or not at all, and never over rows that are there."""

from __future__ import annotations

import pytest

from survsim.core.errors import EvidenceError
from survsim.evidence.bring_in.template import add_study
from survsim.evidence.raw import transaction
from survsim.evidence.raw.check import check_evidence
from survsim.evidence.raw.curate import curate
from survsim.evidence.raw.locate import data_folder
from survsim.evidence.raw.sets import choose_set, commit, merge
from tests.helpers.mini_study import write_raw
from tests.helpers.studies import tree_bytes

STUDY = {"study_id": "lee_2021", "site": "lung", "design": "rct", "n_total": "90", "read_what": "abstract"}
NUMBER = {
    "estimate_id": "lee_2021_e01",
    "study_id": "lee_2021",
    "arm_id": "chemo",
    "endpoint": "overall_survival",
    "measure": "median",
    "value": "20",
    "value_unit": "months",
    "place": "table 2",
}


@pytest.fixture
def folder(tmp_path):
    write_raw(tmp_path / "data")
    curate(tmp_path)
    return data_folder(tmp_path)


def test_new_rows_are_added_and_old_ones_stay(folder):
    before = (folder.raw / "literature" / "lung" / "studies.csv").read_text(encoding="utf-8").splitlines()
    merged = merge(folder.raw, "lung", {"studies": [STUDY], "estimates": [NUMBER]})
    assert merged.added == {"studies": ("lee_2021",), "estimates": ("lee_2021_e01",)}
    done = commit(folder, {"lung": merged.files})
    assert done.rows["studies"] == 5
    after = (folder.raw / "literature" / "lung" / "studies.csv").read_text(encoding="utf-8").splitlines()
    assert after[:-1] == before
    assert merge(folder.raw, "lung", {"studies": [STUDY], "estimates": [NUMBER]}).files == {}


def test_an_error_anywhere_leaves_every_byte(folder):
    before = tree_bytes(folder.root)
    merged = merge(folder.raw, "lung", {"studies": [STUDY], "estimates": [{**NUMBER, "value": "-3"}]})
    with pytest.raises(EvidenceError, match="time_measure_range"):
        commit(folder, {"lung": merged.files})
    assert tree_bytes(folder.root) == before


def test_a_stop_before_the_exchange_leaves_every_byte(folder, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    before = tree_bytes(folder.root)
    merged = merge(folder.raw, "lung", {"studies": [STUDY]})
    monkeypatch.setattr(transaction.Path, "rename", stop)
    with pytest.raises(KeyboardInterrupt):
        commit(folder, {"lung": merged.files})
    assert tree_bytes(folder.root) == before


def test_rows_that_differ_are_listed_and_replaced_on_request_only(folder):
    rows = {"estimates": [{**NUMBER, "estimate_id": "beta_e01", "study_id": "beta_2020", "arm_id": "all"}]}
    with pytest.raises(
        EvidenceError, match=r"estimates beta_e01: measure is survival_probability, the new row has"
    ):
        merge(folder.raw, "lung", rows)
    merged = merge(folder.raw, "lung", rows, replace=True)
    assert merged.replaced == {"estimates": ("beta_e01",)}
    assert b"beta_e01,beta_2020,all,overall_survival,median,,20,months,,,," in merged.files["estimates.csv"]


def test_a_study_of_another_set_is_refused(folder):
    with pytest.raises(EvidenceError, match="study beta_2020 is in the set lung"):
        merge(folder.raw, "other", {"studies": [{**STUDY, "study_id": "beta_2020"}]})


def test_which_set_new_rows_go_to(folder):
    assert choose_set(folder.raw, None) == "lung"
    assert choose_set(folder.raw, "mine") == "mine"
    for wanted, says in (("../../outside", "is not a name"), ("example", "invented studies only")):
        with pytest.raises(EvidenceError, match=says):
            choose_set(folder.raw, wanted)
    second = folder.raw / "literature" / "kidney"
    second.mkdir()
    (second / "studies.csv").write_text("study_id,site,design,read_what\n", encoding="utf-8")
    with pytest.raises(EvidenceError, match="which set"):
        choose_set(folder.raw, None)
    typed = "estimate_id,study_id,arm_id,endpoint,measure,value,place,ci_lower\n"
    (second / "estimates.csv").write_text(typed, encoding="utf-8")
    assert choose_set(folder.raw, None) == "lung"
    with pytest.raises(EvidenceError, match="in the typed format"):
        choose_set(folder.raw, "kidney")


def test_a_set_that_is_a_link_out_of_the_study_is_not_followed(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder.raw / "literature" / "away").symlink_to(outside)
    with pytest.raises(EvidenceError, match="away in data/raw is a link"):
        add_study(folder, "lee_2021", set_name="away")
    with pytest.raises(EvidenceError, match="away in data/raw is a link"):
        commit(folder, {"away": merge(folder.raw, "away", {"studies": [STUDY]}).files})
    assert list(outside.iterdir()) == []


def test_empty_rows_for_a_new_study_must_be_filled_before_curation(folder):
    made = add_study(folder, "lee_2021")
    words = made.words.read_text(encoding="utf-8")
    assert "estimates,measure,yes,text,,median mean survival_probability" in words
    assert "#" not in words
    with pytest.raises(EvidenceError, match=r"lee_2021, design: \[required_cell"):
        curate(folder.root)
    for name, says in (("LEE_2021", "is there already"), ("../lee", "is not a name"), ("", "is not a name")):
        with pytest.raises(EvidenceError, match=says):
            add_study(folder, name)


def test_a_table_that_is_a_link_is_not_written_through(folder, tmp_path):
    own = folder.raw / "literature" / "lung" / "studies.csv"
    apart = folder.raw / "literature" / "lung_studies.txt"
    own.rename(apart)
    own.symlink_to("../lung_studies.txt")
    before = apart.read_bytes()
    merged = merge(folder.raw, "lung", {"studies": [STUDY]})
    with pytest.raises(EvidenceError, match=r"studies\.csv in data/raw is a link"):
        commit(folder, {"lung": merged.files})
    assert own.is_symlink() and apart.read_bytes() == before


def test_the_list_of_words_that_add_study_writes_is_known_to_the_check(folder):
    add_study(folder, "lee_2021")
    assert not [f for f in check_evidence(folder.root).faults if f.rule == "file_unread"]
