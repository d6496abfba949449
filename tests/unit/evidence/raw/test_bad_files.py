"""Files that are no table of ours: one clear message each, nothing executed, nothing lost."""

from __future__ import annotations

import json

import pytest

import survsim
from survsim.core.yaml_files import read_yaml
from survsim.evidence.raw import csv_text
from survsim.evidence.raw.curate import curate
from tests.helpers.mini_study import curated_content, write_curated, write_raw


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    raw = write_raw(folder)
    return write_curated(folder, curated_content(raw))


def found(data, rule):
    report = survsim.check_evidence(data)
    faults = [f for f in report.faults if f.rule == rule]
    assert faults, [f.rule for f in report.faults]
    assert report.exit_code == (2 if any(f.severity == "error" for f in report.faults) else 0)
    return faults


def test_a_right_folder_passes(data):
    assert survsim.check_evidence(data).exit_code == 0


def test_wrong_encoding_names_line_and_bytes(data):
    (data / "curated" / "studies.csv").write_bytes("study_id,title\na,Mülheim\n".encode("latin-1"))
    fault = found(data, "encoding")[0]
    assert (fault.table, fault.row) == ("studies", "line 2")
    assert "UTF-8" in fault.remedy


def test_a_byte_order_mark_is_no_fault_of_the_text(data):
    file = data / "curated" / "sources.csv"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert {f.rule for f in survsim.check_evidence(data).errors} == {"checksum"}


def test_semicolons_are_named(data):
    (data / "curated" / "arms.csv").write_text("study_id;arm_id;n_arm\na;b;1,5\n", encoding="utf-8")
    assert "commas" in found(data, "delimiter")[0].remedy


def test_a_binary_file_is_named(data):
    (data / "curated" / "arms.csv").write_bytes(b"PK\x03\x04\x00\x00\x00study_id,arm_id\n")
    assert found(data, "encoding")[0].table == "arms"


def test_an_empty_file_is_named(data):
    (data / "curated" / "arms.csv").write_bytes(b"")
    assert found(data, "empty_file")[0].table == "arms"


@pytest.mark.parametrize("line", ["alpha_2019,chemo", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"])
def test_a_ragged_row_is_named(data, line):
    file = data / "curated" / "arms.csv"
    file.write_text(file.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    assert found(data, "ragged_row")[0].row.startswith("line ")


def test_a_short_row_cannot_hide_behind_quoted_commas(data):
    file = data / "curated" / "aliases.csv"
    file.write_text(
        'alias_id,study_id,alias_arm_id,arm_id,why\na,b,c,d,"x, y, z, w"\na,b\n', encoding="utf-8"
    )
    assert [f.row for f in found(data, "ragged_row")] == ["line 3"]


def test_a_column_named_twice_is_named(data):
    (data / "curated" / "aliases.csv").write_text("alias_id,alias_id\na,b\n", encoding="utf-8")
    assert found(data, "duplicate_column")[0].column == "alias_id"


def test_ten_thousand_columns_are_one_message(data):
    head = ",".join(f"c{i}" for i in range(10_000))
    (data / "curated" / "aliases.csv").write_text(head + "\n", encoding="utf-8")
    faults = found(data, "too_many_columns")
    assert [f.value for f in faults] == ["10000 columns"]


def test_a_huge_file_is_refused_without_reading_it(data):
    with (data / "curated" / "estimates.csv").open("ab") as file:
        file.truncate(2**30)
    fault = found(data, "file_too_large")[0]
    assert fault.value == "1024 MB"
    assert fault.table == "estimates"


def test_the_limit_is_about_bytes(data, monkeypatch):
    monkeypatch.setattr(csv_text, "MAX_BYTES", 10)
    assert {f.table for f in found(data, "file_too_large")} >= {"estimates", "studies"}


def test_a_missing_table_is_named(data):
    (data / "curated" / "flags.csv").unlink()
    assert found(data, "missing_table")[0].table == "flags"


def test_a_link_that_leaves_the_study_is_not_followed(data, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text("alias_id\nsecret\n", encoding="utf-8")
    (data / "curated" / "aliases.csv").unlink()
    (data / "curated" / "aliases.csv").symlink_to(outside)
    fault = found(data, "path_outside")[0]
    assert "secret" not in json.dumps(fault.to_dict())


@pytest.mark.parametrize("path", ["../../elsewhere.csv", "/etc/passwd"])
def test_a_descriptor_path_that_leaves_the_study_is_named(data, path):
    file = data / "datapackage.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["resources"][0]["path"] = path
    file.write_text(json.dumps(content), encoding="utf-8")
    assert found(data, "path_outside")[0].value == path


def test_a_changed_table_is_one_fault_and_hides_none(data):
    file = data / "curated" / "estimates.csv"
    file.write_text(file.read_text(encoding="utf-8").replace(",0.68,", ",0.99,"), encoding="utf-8")
    (fault,) = survsim.check_evidence(data).errors
    assert fault.rule == "interval_contains"
    assert "estimates.csv: The table was changed by hand" in fault.remedy
    with pytest.raises(survsim.errors.EvidenceError, match="survsim data curate"):
        survsim.load_evidence(data)


def test_raw_files_that_changed_are_named(data):
    (data / "raw" / "ipd" / "drugs.csv").write_text("id,record,start,stop\np1,d1,31,120\n", encoding="utf-8")
    (data / "raw" / "ipd" / "new.csv").write_text("a\n1\n", encoding="utf-8")
    faults = found(data, "raw_changed")
    assert {(f.row, f.value) for f in faults} == {
        ("raw/ipd/drugs.csv", "changed"),
        ("raw/ipd/new.csv", "new"),
    }


@pytest.mark.parametrize(("text", "rule"), [("{", "descriptor_damaged"), ("[1]", "descriptor_damaged")])
def test_a_damaged_descriptor_is_one_fault(data, text, rule):
    (data / "datapackage.json").write_text(text, encoding="utf-8")
    assert len(found(data, rule)) == 1
    with pytest.raises(survsim.errors.EvidenceError, match="damaged"):
        survsim.load_evidence(data)


def test_a_missing_descriptor_is_one_fault(data):
    (data / "datapackage.json").unlink()
    assert len(found(data, "descriptor_missing")) == 1
    with pytest.raises(survsim.errors.EvidenceError, match="missing"):
        survsim.load_evidence(data)


def test_a_table_the_descriptor_does_not_know_is_named(data):
    file = data / "datapackage.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    content["resources"] = [r for r in content["resources"] if r["name"] != "arms"]
    file.write_text(json.dumps(content), encoding="utf-8")
    assert found(data, "not_in_descriptor")[0].table == "arms"


def test_a_table_nothing_reads_is_a_warning(data):
    (data / "curated" / "notes.csv").write_text("a\n1\n", encoding="utf-8")
    assert found(data, "unknown_table")[0].severity == "warning"


def test_yaml_that_asks_for_an_object_is_refused(tmp_path):
    file = tmp_path / "case.yml"
    witness = tmp_path / "witness"
    file.write_text(f"case_id: !!python/object/apply:os.mkdir ['{witness}']\n", encoding="utf-8")
    with pytest.raises(survsim.errors.EvidenceError, match=r"line 1: .*Only plain values are read"):
        read_yaml(file, error=survsim.errors.EvidenceError)
    assert not witness.exists()


@pytest.mark.parametrize(
    ("text", "words"), [("a: [1", "Check indentation and quotes"), ("- 1\n", "must be a mapping")]
)
def test_a_case_file_that_is_none_is_refused(data, text, words):
    (data / "raw" / "case" / "case.yml").write_text(text, encoding="utf-8")
    with pytest.raises(survsim.errors.EvidenceError, match=words):
        curate(data)


def test_yaml_in_another_encoding_is_refused(tmp_path):
    (tmp_path / "case.yml").write_bytes(b"case_id: m\xfcller\n")
    with pytest.raises(survsim.errors.EvidenceError, match="not UTF-8"):
        read_yaml(tmp_path / "case.yml", error=survsim.errors.EvidenceError)


def test_a_folder_that_is_no_study_is_refused(tmp_path):
    with pytest.raises(survsim.errors.EvidenceError, match=r"no curated/ or raw/ folder"):
        survsim.load_evidence(tmp_path)
    with pytest.raises(survsim.errors.EvidenceError, match="does not exist"):
        survsim.load_evidence(tmp_path / "nowhere")


def test_lines_that_end_as_on_an_old_macintosh_are_named(data):
    (data / "curated" / "arms.csv").write_bytes(b"study_id,arm_id\ra,b\r")
    fault = found(data, "unreadable")[0]
    assert fault.table == "arms"
    assert "CSV UTF-8" in fault.remedy


@pytest.mark.parametrize("names", [("estimates",), ("arms", "curves"), ("topics",)])
def test_a_set_without_its_studies_is_said_to_be_half_assembled_and_stops_curating(data, names):
    half = data / "raw" / "literature" / "half"
    half.mkdir(parents=True)
    for name in names:
        (half / f"{name}.csv").write_text("study_id,arm_id\nlee_2021,all\n", encoding="utf-8")
    (fault,) = found(data, "set_incomplete")
    assert fault.row == "raw/literature/half"
    assert fault.value == ", ".join(f"{n}.csv" for n in names)
    assert "no studies.csv, so that no row of it is read" in fault.remedy
    assert not [f for f in survsim.check_evidence(data).errors if f.rule == "raw_changed" and "half" in f.row]
    before = (data / "datapackage.json").read_bytes()
    with pytest.raises(survsim.errors.EvidenceError, match=r"raw/literature/half: .*half assembled"):
        survsim.evidence.curate(data)
    assert (data / "datapackage.json").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("literature/lung/arm.csv", "arms.csv"),
        ("literature/heart/Curves.csv", "curves.csv"),
        ("literature/heart/at-risk.csv", "at_risk.csv"),
        ("literature/lung/topics.tsv", "topics.csv"),
        ("literature/heart/censor_marks.xlsx", "censor_marks.csv"),
        ("declared/correction.csv", "corrections.csv"),
    ],
)
def test_a_table_whose_name_is_not_quite_one_is_named_and_stops_curating(data, name, meant):
    file = data / "raw" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("study_id,arm_id\nlee_2021,all\n", encoding="utf-8")
    (fault,) = found(data, "file_unread")
    assert (fault.severity, fault.row, fault.value) == ("error", f"raw/{name}", meant)
    assert f"call it {meant}" in fault.remedy
    assert not [f for f in survsim.check_evidence(data).errors if f.rule == "raw_changed" and name in f.row]
    before = (data / "datapackage.json").read_bytes()
    with pytest.raises(survsim.errors.EvidenceError, match=f"raw/{name}: Nothing reads it.*call it {meant}"):
        survsim.evidence.curate(data)
    assert (data / "datapackage.json").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("literature/lung/estimates_old.csv", "a set, data/raw/literature/<set>/, holds studies.csv"),
        ("literature/lung/deep/estimates.csv", "a set, data/raw/literature/<set>/, holds studies.csv"),
        ("literature/estimates.csv", "a set, data/raw/literature/<set>/, holds studies.csv"),
        ("literature/lung/supplement.xlsx", "survsim data import"),
        ("ipd/cohort.csv", "patient_columns.csv"),
    ],
)
def test_a_file_that_nothing_reads_is_said_to_be_idle_and_stops_nothing(data, name, said):
    file = data / "raw" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("study_id,arm_id\nlee_2021,all\n", encoding="utf-8")
    survsim.evidence.curate(data)
    (fault,) = found(data, "file_unread")
    assert (fault.severity, fault.row) == ("warning", f"raw/{name}")
    assert said in fault.remedy
    assert survsim.check_evidence(data).exit_code == 0


def test_notes_papers_and_records_may_lie_where_they_like(data):
    for name in (
        "literature/lung/README.md",
        "literature/lung/paper.pdf",
        "declared/audit_2026.csv",
        "ipd/SOURCES.md",
    ):
        file = data / "raw" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("a,b\n1,2\n", encoding="utf-8")
    survsim.evidence.curate(data)
    assert "file_unread" not in {f.rule for f in survsim.check_evidence(data).faults}


def test_typed_tables_that_lack_columns_are_said_to_lack_them(data):
    half = data / "raw" / "literature" / "half"
    half.mkdir(parents=True)
    (half / "studies.csv").write_text("study_id\nlee_2021\n", encoding="utf-8")
    (fault,) = found(data, "raw_unreadable")
    assert "half/studies.csv has no column site" in fault.remedy and "survsim data curate" in fault.remedy
    assert not [f for f in survsim.check_evidence(data).errors if f.rule == "raw_changed" and "half" in f.row]


def test_cases_alone_are_a_whole_set(data):
    alone = data / "raw" / "literature" / "alone"
    alone.mkdir(parents=True)
    (alone / "cases.csv").write_text("case_id\n", encoding="utf-8")
    assert not [f for f in survsim.check_evidence(data).errors if f.rule == "set_incomplete"]


def test_a_cell_far_too_long_is_told_where_it_is_typed_and_where_it_is_read(data):
    """Arrow reads such a cell and other readers of CSV do not: the door is one, and no later command stumbles over it."""
    typed = data / "raw" / "literature" / "lung" / "studies.csv"
    was = typed.read_text(encoding="utf-8")
    typed.write_text(was.replace("A registry", "x" * 131_073), encoding="utf-8")
    with pytest.raises(survsim.errors.EvidenceError, match=r"\[cell_too_long\].*131,072 characters"):
        curate(data.parent)
    typed.write_text(was, encoding="utf-8")
    table = data / "curated" / "studies.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("A registry", "x" * 131_073), encoding="utf-8")
    fault = found(data, "cell_too_long")[0]
    assert (fault.table, fault.row, fault.column) == ("studies", "row 2", "title")
