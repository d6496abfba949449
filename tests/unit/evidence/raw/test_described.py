"""Corrections, readings, topics and what typed cells settle by themselves."""

from __future__ import annotations

import pytest

from survsim.core.errors import EvidenceError
from survsim.evidence.raw.curate import curated_tables
from tests.helpers.mini_study import write_raw

HEAD = "table,row_id,column,was,became,why,by\n"


@pytest.fixture
def raw(tmp_path):
    return write_raw(tmp_path / "data")


def estimates(raw):
    return {r["estimate_id"]: r for r in curated_tables(raw)["estimates"]}


def correct(raw, line):
    (raw / "declared" / "corrections.csv").write_text(HEAD + line + "\n", encoding="utf-8")


def test_a_correction_changes_the_cell_and_is_kept_with_its_reason(raw):
    correct(raw, "estimates,beta_e01,origin,diagnosis,surgery,printed: after surgery,reading_1")
    tables = curated_tables(raw)
    row = next(r for r in tables["estimates"] if r["estimate_id"] == "beta_e01")
    assert (row["origin"], row["origin_basis"], row["origin_set_by"]) == (
        "surgery",
        "printed: after surgery",
        "reading_1",
    )
    kept = [r for r in tables["corrections"] if r["rule"] == "second_look"]
    assert [(r["was"], r["became"], r["by"]) for r in kept] == [("diagnosis", "surgery", "reading_1")]


def test_a_correction_of_another_state_is_refused(raw):
    correct(raw, "estimates,beta_e01,value,0.5,0.6,misprint,reading_1")
    with pytest.raises(EvidenceError, match=r"written for '0.5', the cell holds '0.40'"):
        curated_tables(raw)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("estimates,beta_e01,colour,,red,x,reading_1", "no column 'colour'"),
        ("estimates,nobody_e01,value,1,2,x,reading_1", "rows that do not exist"),
        ("cases,case_a,surgery,unknown,partial,x,reading_1", "written for 'unknown'"),
    ],
)
def test_a_correction_that_fits_nothing_is_refused(raw, line, words):
    correct(raw, line)
    with pytest.raises(EvidenceError, match=words):
        curated_tables(raw)


def test_a_number_may_belong_to_a_study_of_another_set_and_has_its_topic(raw):
    later = raw / "literature" / "later"
    later.mkdir()
    (later / "studies.csv").write_text("study_id,site,design,read_what\n", encoding="utf-8")
    (later / "estimates.csv").write_text(
        "estimate_id,study_id,arm_id,endpoint,measure,value,value_unit,n_arm,place\n"
        "beta_s01,beta_2020,all,overall_survival,median,14,months,900,abstract\n",
        encoding="utf-8",
    )
    (later / "topics.csv").write_text(
        "estimate_id,topic,state,event_detail,time_origin\nbeta_s01,2,survival,,diagnosis of relapse\n",
        encoding="utf-8",
    )
    with pytest.raises(EvidenceError, match=r"origin 'diagnosis of relapse' is not in declared/origins.csv"):
        curated_tables(raw)
    (raw / "declared" / "origins.csv").write_text(
        "printed,origin\ndiagnosis of relapse,relapse\n", encoding="utf-8"
    )
    row = estimates(raw)["beta_s01"]
    assert (row["state"], row["origin"], row["origin_basis"]) == (
        "survival",
        "relapse",
        "printed: diagnosis of relapse",
    )
    assert row["status"] == "unchecked"


def test_a_number_that_is_declared_left_out_is_not_curated(raw):
    path = raw / "declared" / "excluded.csv"
    path.write_text(
        path.read_text(encoding="utf-8") + "beta_e01,estimate,x,beta_2020,cut off\n", encoding="utf-8"
    )
    assert "beta_e01" not in estimates(raw)


def test_typed_cells_settle_what_follows_from_them_and_no_more(raw):
    rows = estimates(raw)
    assert rows["alpha_e01"]["estimator"] == "model"
    assert rows["alpha_e05"]["estimator"] == "crude"
    assert rows["gamma_e02"]["estimator"] == "crude"
    assert rows["alpha_e03"]["estimator"] == "not_reported"
    assert rows["beta_e01"]["unit_of_analysis"] == "patient"
    assert rows["alpha_e01"]["p_scope"] == "not_reported"
    assert rows["alpha_e02"]["p_scope"] == ""
