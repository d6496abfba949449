"""No column of a raw table loses its cells in silence: each name is read, a note, or refused with the one that is near."""

from __future__ import annotations

import pytest

import survsim
from survsim.core.errors import EvidenceError
from survsim.evidence.raw.curate import curate
from survsim.evidence.raw.known_columns import unknown_columns
from survsim.evidence.raw.locate import data_folder
from tests.helpers.mini_study import write_raw
from tests.helpers.studies import tree_bytes

PLACES = {
    "studies": ("literature/lung/studies.csv", "n_total", "n_totl"),
    "estimates": ("literature/lung/estimates.csv", "n_arm", "narm"),
    "a blank before": ("literature/lung/estimates.csv", "n_arm", " n_arm"),
    "curves": ("literature/lung/curves.csv", "tolerance", "tolerence"),
    "cases": ("literature/lung/cases.csv", "rt_dose_gy", "rt_dose"),
    "timeline": ("case/timeline.csv", "dose_gy", "dose_gray"),
    "declared": ("declared/sources.csv", "time_origin", "time_orgin"),
    "bias": ("declared/bias.csv", "judged_on", "judgedon"),
}


@pytest.fixture
def study(tmp_path):
    write_raw(tmp_path / "data")
    curate(tmp_path)
    return tmp_path


def renamed(study, place, old, new):
    """The table with one column under another name."""
    path = study / "data" / "raw" / place
    head, _, rest = path.read_text(encoding="utf-8").partition("\n")
    names = head.split(",")
    assert old in names, head
    path.write_text(",".join(new if n == old else n for n in names) + "\n" + rest, encoding="utf-8")
    return path.relative_to(study / "data" / "raw").as_posix()


@pytest.mark.parametrize(("place", "right", "typed"), PLACES.values(), ids=PLACES)
def test_a_misspelt_column_stops_curating_and_is_an_error_of_the_check(study, place, right, typed):
    where = renamed(study, place, right, typed)
    before = tree_bytes(study / "data")
    with pytest.raises(EvidenceError) as refused:
        curate(study)
    assert f"raw/{where}: {typed!r}; did you mean {right!r}?" in str(refused.value)
    assert tree_bytes(study / "data") == before
    (fault,) = survsim.check_evidence(study).errors
    assert (fault.rule, fault.row) == ("column_unread", f"raw/{where}") and repr(typed) in fault.remedy


def test_the_check_tells_of_a_column_lost_by_an_earlier_version(study, monkeypatch):
    renamed(study, "literature/lung/estimates.csv", "n_arm", "narm")
    monkeypatch.setattr("survsim.evidence.raw.curate.refuse_unknown_columns", lambda raw: None)
    curate(study)  # as 0.2 did: the checksums of raw are those of now, and n_arm is empty
    assert [f.rule for f in survsim.check_evidence(study).errors] == ["column_unread"]


def test_a_note_is_for_whoever_types_the_table(study):
    renamed(study, "declared/bias.csv", "judged_on", "note")
    assert unknown_columns(study / "data" / "raw") == {}
    curate(study)


def test_what_the_typed_format_fills_from_another_column_is_not_typed_beside_it(study):
    table = study / "data" / "raw" / "literature" / "other"
    table.mkdir()
    (table / "studies.csv").write_text("study_id,site,design,read_what\n", encoding="utf-8")
    (table / "estimates.csv").write_text(
        "estimate_id,study_id,arm_id,arm_label,treatment_class,regimen,n_arm,n_events,stage_group,endpoint,measure,"
        "time_months,value,ci_lower,ci_upper,ci_level,p_value,comparator_arm_id,adjusted,place,note,conf_low\n",
        encoding="utf-8",
    )
    with pytest.raises(EvidenceError, match="'conf_low' is filled from ci_lower in the typed format"):
        curate(study)


def test_the_typed_format_in_the_schemas_table_is_refused_with_the_schemas_name(study):
    renamed(study, "literature/lung/estimates.csv", "n_event", "n_events")
    with pytest.raises(EvidenceError, match="'n_events'; did you mean 'n_event'"):
        curate(study)


def test_the_shipped_tables_have_no_unread_column():
    assert unknown_columns(data_folder().raw) == {}


MAP = "file,dataset,table,source_column,column\n"
ROW = "people.csv,people,patients,patient,patient_id\n"
FAULTS = {
    "misspelt target": (MAP + ROW + "people.csv,people,patients,age,age_yaers\n", "'age_yaers' is no column of patients; did you mean 'age_years'"),
    "mapped twice": (MAP + ROW + "people.csv,people,patients,age,age_years\npeople.csv,people,patients,old,age_years\n", "fills age_years of patients twice, from 'age' and from 'old'"),
    "misspelt table": (MAP + "people.csv,people,patinets,patient,patient_id\n", "'patinets' is no table of patients; did you mean 'patients'"),
    "dataset": (MAP + ROW + "people.csv,people,patients,age,dataset\n", "dataset is no cell of the file"),
    "extra column": ("file,dataset,table,source_column,column,factor\npeople.csv,people,patients,age,age_years,12\n", "patient_columns.csv: 'factor'"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "message"), FAULTS.values(), ids=FAULTS)
def test_the_map_of_patient_columns_is_read_or_refused(study, content, message):
    raw = study / "data" / "raw"
    (raw / "ipd").mkdir(exist_ok=True)
    (raw / "ipd" / "people.csv").write_text("patient,age,old\n1,50,51\n", encoding="utf-8")
    (raw / "declared" / "patient_columns.csv").write_text(content, encoding="utf-8")
    with pytest.raises(EvidenceError, match=message):
        curate(study)


def test_an_outcome_of_patients_is_named_once_and_with_known_columns(study):
    table = study / "data" / "raw" / "declared" / "patient_outcomes.csv"
    was = table.read_text(encoding="utf-8")
    table.write_text(was + was.splitlines()[1] + "\n", encoding="utf-8")
    with pytest.raises(
        EvidenceError, match=r"patient_outcomes\.csv names 'people\.csv' 'people' 'overall_survival' twice"
    ):
        curate(study)
    head, _, rest = was.partition("\n")
    table.write_text(f"{head},factor\n" + rest.replace("recorded", "recorded,30.4"), encoding="utf-8")
    with pytest.raises(EvidenceError, match=r"patient_outcomes\.csv: 'factor'"):
        curate(study)


def test_an_annotation_of_a_case_names_a_column(study):
    table = study / "data" / "raw" / "declared" / "annotations.csv"
    head = "table,row_id,column,value,why\n"
    table.write_text(f"{head}cases,case_a,cns_sites,brain,read again\n", encoding="utf-8")
    with pytest.raises(EvidenceError, match="no column 'cns_sites'; did you mean 'cns_site'"):
        curate(study)
