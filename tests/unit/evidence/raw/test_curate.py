"""Curation: declared conversions, aliases, arms, annotations; a set with errors replaces nothing."""

from __future__ import annotations

import hashlib

import pytest

import survsim
from survsim.core.errors import EvidenceError
from survsim.evidence.raw import conversions, transaction
from survsim.evidence.raw.curate import curate, curated_tables
from survsim.evidence.raw.locate import DataFolder
from tests.helpers.mini_study import ESTIMATES, STUDIES, write_raw

TYPED = """\
estimate_id,study_id,arm_id,arm_label,treatment_class,regimen,n_arm,n_events,stage_group,endpoint,measure,\
time_months,value,ci_lower,ci_upper,ci_level,p_value,comparator_arm_id,adjusted,place,note
t_e01,alpha_2019,gd,Two drugs,chemo,g + d,40,,IV,os,median_months,,10.2,1.41,NR,not stated,NS,,no,abstract,
t_e02,alpha_2019,gd,Two drugs,chemo,g + d,40,3,IV,toxicity,rate,,,,,,,,no,table 3,
t_e03,alpha_2019,gd,,chemo,,,,IV,os,hazard_ratio,,0.7,0.5,0.98,0.95,< .001,observed,yes,abstract,
t_e04,alpha_2019,gd,,chemo,,,,IV,os,median_weeks,,45,30,60,source labels it interquartile range,,,no,abstract,
"""


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    raw = write_raw(folder)
    typed = raw / "literature" / "typed"
    typed.mkdir()
    (typed / "studies.csv").write_text(STUDIES.splitlines()[0] + "\n" + "t" + STUDIES.splitlines()[1] + "\n")
    (typed / "estimates.csv").write_text(TYPED.replace("alpha_2019", "talpha_2019"))
    (raw / "declared" / "measures.csv").write_text(
        "printed,measure,value_unit\nmedian_months,median,months\nmedian_weeks,median,weeks\nrate,proportion,\n"
        "hazard_ratio,hazard_ratio,\n"
    )
    (raw / "declared" / "adjustments.csv").write_text(
        "printed,adjustment,adjusted_for\nno,unadjusted,\nyes,adjusted,\n"
    )
    (raw / "declared" / "annotations.csv").write_text(
        "table,row_id,column,value,why\nestimates,t_e02,event_detail,leukopenia,by the note\n"
        "estimates,t_e01,value,10.3,a misprint\nestimates,t_e04,event_detail,weeks,another unit\n"
    )
    return folder


def typed_rows(data):
    tables = curated_tables(data / "raw")
    return {r["estimate_id"]: r for r in tables["estimates"]}, tables


def test_qualifiers_leave_the_numeric_cells(data):
    rows, _ = typed_rows(data)
    first, third, fourth = rows["t_e01"], rows["t_e03"], rows["t_e04"]
    assert (first["conf_high"], first["conf_high_note"], first["conf_note"]) == (
        "",
        "not_reached",
        "level_not_stated",
    )
    assert (first["p_value"], first["p_note"]) == ("", "not significant, no number printed")
    assert (third["p_value"], third["p_qualifier"]) == ("0.001", "<")
    assert (fourth["conf_low"], fourth["conf_high"]) == ("", "")
    assert (fourth["value_unit"], fourth["conf_note"]) == ("weeks", "interquartile_range_not_used")


def test_a_count_without_a_rate_becomes_a_count(data):
    rows, _ = typed_rows(data)
    assert (rows["t_e02"]["measure"], rows["t_e02"]["value"], rows["t_e02"]["n_event"]) == (
        "event_count",
        "3",
        "3",
    )
    assert rows["t_e02"]["event_detail"] == "leukopenia"


def test_names_are_harmonised_and_the_route_is_said(data):
    rows, _ = typed_rows(data)
    assert rows["t_e03"]["endpoint"] == "overall_survival"
    assert (rows["t_e03"]["adjustment"], rows["t_e03"]["contrast"]) == ("adjusted", "treatment")
    assert (rows["t_e03"]["route"], rows["t_e02"]["route"]) == ("read_from_text", "reported")


def test_a_comparator_that_is_a_label_gets_a_row(data):
    _, tables = typed_rows(data)
    arms = {(r["study_id"], r["arm_id"]): r for r in tables["arms"]}
    assert arms["talpha_2019", "observed"]["declared_as"] == "label"
    assert arms["talpha_2019", "gd"]["label"] == "Two drugs"
    assert arms["talpha_2019", "gd"]["n_arm"] == "40"


def test_every_changed_cell_is_a_correction(data):
    _, tables = typed_rows(data)
    found = {(r["row_id"], r["column"], r["was"], r["became"]) for r in tables["corrections"]}
    assert ("t_e01", "value", "10.2", "10.3") in found
    assert ("t_e01", "conf_high", "NR", "") in found
    assert ("t_e03", "p_value", "< .001", "0.001") in found
    assert ("t_e04", "conf_low", "30", "") in found


def test_one_study_under_two_names_is_one(data):
    (data / "raw" / "declared" / "aliases.csv").write_text(
        "alias_id,study_id,alias_arm_id,arm_id,why\ntalpha_2019,alpha_2019,gd,chemo,same trial\n"
    )
    file = data / "raw" / "literature" / "typed" / "estimates.csv"
    again = "t_e05,talpha_2019,gd,,chemo,,60,,,os,median_months,,20.5,,,,,,no,abstract,\n"
    file.write_text(file.read_text() + again)
    rows, tables = typed_rows(data)
    assert "talpha_2019" not in {r["study_id"] for r in tables["studies"]}
    assert rows["t_e01"]["study_id"] == "alpha_2019"
    assert rows["t_e01"]["arm_id"] == "chemo"
    assert "t_e05" not in rows
    assert "the same number as alpha_e02" in {r["item_id"]: r for r in tables["excluded"]}["t_e05"]["reason"]


@pytest.mark.parametrize(
    ("cell", "number", "sign", "note"),
    [
        ("0.03", "0.03", "", ""),
        ("< .0001", "0.0001", "<", ""),
        ("<0.01 superiority", "0.01", "<", "superiority"),
        ("0.03 (one-tailed)", "0.03", "", "one-tailed"),
        ("", "", "", ""),
    ],
)
def test_p_values(cell, number, sign, note):
    split = conversions.split_p_value(cell)
    assert (split.number, split.qualifier, split.note) == (number, sign, note)


def test_cells_that_no_rule_understands_are_refused():
    with pytest.raises(survsim.errors.EvidenceError, match="p value 'tiny'"):
        conversions.split_p_value("tiny")
    with pytest.raises(survsim.errors.EvidenceError, match="confidence level 'high'"):
        conversions.level("high")
    assert conversions.level("0.95 (one-sided upper limit)") == ("0.95", "one_sided")
    assert conversions.thousands("11,424") == "11424"
    assert conversions.thousands("1,4") == "1,4"


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        (
            "declared/annotations.csv",
            "table,row_id,column,value,why\nestimates,nobody,value,1,x\n",
            "do not exist",
        ),
        (
            "declared/annotations.csv",
            "table,row_id,column,value,why\nestimates,alpha_e01,colour,1,x\n",
            "no column",
        ),
        (
            "declared/annotations.csv",
            "table,row_id,column,value,why\nestimates,alpha_e01,note,1,x\nestimates,alpha_e01,note,2,x\n",
            "twice",
        ),
        ("declared/sites.csv", "site,site_group\nlung,lung\n", "has no column histology"),
        (
            "declared/sites.csv",
            "site,site_group,histology,population,directness\nlung,a,b,index,indirect\nlung,a,b,index,indirect\n",
            "twice",
        ),
        ("literature/lung/studies.csv", "study_id,title\nalpha_2019,x\n", "has no column site"),
        (
            "literature/lung/studies.csv",
            STUDIES.replace("beta_2020,", "beta_2021,", 1),
            "has no row in studies.csv",
        ),
        ("literature/lung/estimates.csv", "estimate_id,value\na,1\n", "has no column study_id"),
        (
            "declared/patient_columns.csv",
            "file,dataset,table,source_column,column\npeople.csv,people,patients,name,patient_id\n",
            "has no column name",
        ),
        ("case/case.yml", "facts: 1\n", "mapping with a case_id"),
        (
            "declared/patient_columns.csv",
            "file,dataset,table,source_column,column\n../../../secret.csv,people,patients,id,patient_id\n",
            "path_outside",
        ),
    ],
)
def test_a_raw_file_that_cannot_be_curated_is_refused_and_nothing_is_lost(tmp_path, file, text, words):
    data = tmp_path / "data"
    raw = write_raw(data)
    curate(data)
    before = fingerprint(data)
    (raw / file).write_text(text, encoding="utf-8")
    with pytest.raises(survsim.errors.EvidenceError, match=words):
        curate(data)
    assert fingerprint(data) == before


def test_a_set_with_errors_replaces_nothing(tmp_path):
    data = tmp_path / "data"
    raw = write_raw(data)
    curate(data)
    before = fingerprint(data)
    wrong = ESTIMATES.replace(",0.68,", ",0.99,")
    (raw / "literature" / "lung" / "estimates.csv").write_text(wrong, encoding="utf-8")
    with pytest.raises(survsim.errors.EvidenceError, match="1 errors; the old ones stay"):
        curate(data)
    assert fingerprint(data) == before
    assert {f.rule for f in survsim.check_evidence(data).errors} == {"raw_changed"}


def test_curating_twice_changes_nothing(tmp_path):
    data = tmp_path / "data"
    write_raw(data)
    assert curate(data).changed
    before = fingerprint(data)
    assert not curate(data).changed
    assert fingerprint(data) == before


def test_without_raw_files_there_is_nothing_to_curate(tmp_path):
    (tmp_path / "data" / "curated").mkdir(parents=True)
    with pytest.raises(survsim.errors.EvidenceError, match="no raw/ folder"):
        curate(tmp_path)


def test_folders_change_names_without_the_system_call_too(tmp_path, monkeypatch):
    data = tmp_path / "data"
    raw = write_raw(data)
    curate(data)
    monkeypatch.setattr(transaction.ctypes, "CDLL", lambda *_, **__: object())
    (raw / "literature" / "lung" / "curves.csv").unlink()
    (raw / "literature" / "lung" / "at_risk.csv").unlink()
    (raw / "literature" / "lung" / "censor_marks.csv").unlink()
    assert curate(data).changed
    assert survsim.load_evidence(data).curves.empty
    assert not [p for p in data.iterdir() if p.name.startswith(".")]


def test_an_interrupted_swap_is_completed_or_undone(tmp_path):
    data = tmp_path / "data"
    write_raw(data)
    curate(data)
    checksum = survsim.load_evidence(data).checksum
    # The folder was exchanged, but the descriptor inside had not moved out yet.
    (data / "datapackage.json").rename(data / "curated" / "datapackage.json")
    (data / "datapackage.json").write_text("{}", encoding="utf-8")
    assert survsim.load_evidence(data).checksum == checksum
    transaction.complete(DataFolder(root=data))
    assert survsim.load_evidence(data).checksum == checksum
    assert not (data / "curated" / "datapackage.json").exists()


def fingerprint(data):
    files = [*sorted((data / "curated").iterdir()), data / "datapackage.json"]
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def _with_endpoint(raw, name):
    table = raw / "literature" / "lung" / "estimates.csv"
    lines = table.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[-1] = lines[-1].replace("overall_survival", name)
    table.write_text("".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("Overall_survival", "delta_e01, endpoint Overall_survival: did you mean overall_survival?"),
        ("overall survival", "endpoint overall survival: did you mean overall_survival?"),
        (" overall_survival", "endpoint ' overall_survival': did you mean overall_survival?"),
        ("overal_survival", "did you mean overall_survival?"),
        ("OS", "endpoint OS: did you mean overall_survival?"),
        ("stiffness", "'stiffness' is no endpoint of this study; it has: overall_survival"),
    ],
)
def test_an_endpoint_that_is_not_declared_is_refused_as_an_import_refuses_it(tmp_path, typed, message):
    raw = write_raw(tmp_path / "data")
    _with_endpoint(raw, typed)
    with pytest.raises(EvidenceError) as refused:
        curate(tmp_path)
    assert message in str(refused.value) and "declared/endpoints.csv" in str(refused.value)


def test_a_study_that_declares_no_endpoint_has_those_it_uses_each_in_one_spelling(tmp_path):
    raw = write_raw(tmp_path / "data")
    (raw / "declared" / "endpoints.csv").unlink()
    for path in raw.rglob("patient_*.csv"):
        path.unlink()
    (raw / "declared" / "known_warnings.csv").unlink()
    (raw / "declared" / "flags.csv").unlink()
    names = {r["endpoint"] for r in curated_tables(raw)["endpoints"]}
    assert names == {"overall_survival", "toxicity", "recurrence"}
    _with_endpoint(raw, "Overall_survival")
    with pytest.raises(
        EvidenceError, match=r"Overall_survival: did you mean overall_survival\? Both are used"
    ):
        curated_tables(raw)


def test_rows_are_counted_and_not_the_lines_of_a_cell(tmp_path):
    raw = write_raw(tmp_path / "data")
    table = raw / "literature" / "lung" / "studies.csv"
    table.write_text(
        table.read_text(encoding="utf-8").replace("A registry", '"A registry,\nin two lines"'),
        encoding="utf-8",
    )
    assert curate(tmp_path).rows["studies"] == 4
