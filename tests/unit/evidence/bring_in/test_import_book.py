"""A spreadsheet into a study: one round tells every fault with its cell, and what others left half done does not block it."""

from __future__ import annotations

import re

import openpyxl
import pytest

import survsim
from survsim.core.errors import EvidenceError
from survsim.evidence.bring_in.import_book import import_book
from survsim.evidence.bring_in.spreadsheet import NOT_REACHED
from survsim.evidence.bring_in.template import add_study, add_study_book
from survsim.evidence.bring_in.template_book import book_bytes
from survsim.evidence.bring_in.template_lists import lists_of
from survsim.evidence.raw.locate import data_folder
from survsim.report.new_study import new_study
from tests.helpers.studies import tree_bytes

STUDY = {"study_id": "kim_2019", "site": "thymus", "design": "rct", "read_what": "abstract", "n_total": 120}


def number(n, measure, **cells):
    return {
        "estimate_id": f"kim_2019_e{n:02}", "study_id": "kim_2019", "arm_id": "chemo", "endpoint": "overall_survival",
        "measure": measure, "place": "table 2",
    } | cells  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    return data_folder(new_study("tumour", tmp_path))


@pytest.fixture
def book(folder, tmp_path):
    """Fills the template of the study; rows by sheet."""

    def fill(**sheets):
        path = tmp_path / "kim_2019.xlsx"
        path.write_bytes(book_bytes("kim_2019", lists_of(folder.raw)))
        made = openpyxl.load_workbook(path)
        for name, rows in sheets.items():
            head = {c.value: c.column for c in made[name][1]}
            for at, row in enumerate(rows, start=2):
                for column, value in row.items():
                    made[name].cell(at, head[column]).value = value
        made.save(path)
        return path

    return fill


def faults(folder, path):
    before = tree_bytes(folder.root)
    with pytest.raises(EvidenceError) as caught:
        import_book(folder, path)
    assert tree_bytes(folder.root) == before
    return str(caught.value).splitlines()


def test_one_round_tells_faults_of_cells_and_of_the_whole_set_each_with_its_cell(folder, book):
    path = book(
        studies=[STUDY | {"design": "RCT", "n_total": "12O"}],
        estimates=[
            number(1, "hazard_ratio", value="0,7", endpoint="OS"),
            number(2, "median", value=10, conf_low=12, conf_high=30, endpoint="progresion_free_survival"),
            number(3, "survival_probability", value=55, conf_level=95, conf_low=0.4, conf_high=0.6),
            number(4, "hazard_ratio", value=0.8, study_id="kim_2018"),
        ],
    )
    head, *lines = faults(folder, path)
    assert head == f"kim_2019.xlsx has {len(lines)} faults; nothing was written."
    assert all(re.match(r"(studies|estimates)!([A-Z]{1,2}\d+|[A-Z]\d+:)", line) for line in lines)
    sheet = openpyxl.load_workbook(path)
    letters = {n: {c.value: c.column_letter for c in sheet[n][1]} for n in ("studies", "estimates")}

    def told(table, row, column, words):
        at = f"{table}!{letters[table][column]}{row} ({column})"
        assert any(line.startswith(at) and words in line for line in lines), (at, words, lines)

    told("studies", 2, "design", "did you mean 'rct'?")
    told("studies", 2, "n_total", "not one number")
    told("estimates", 2, "value", "decimal comma")
    told("estimates", 2, "endpoint", "OS: did you mean overall_survival?")
    told("estimates", 3, "endpoint", "did you mean progression_free_survival?")
    told("estimates", 3, "conf_low", "above the value")
    told("estimates", 3, "conf_level", "Give the level")
    told("estimates", 3, "value_unit", "Give the unit")
    told("estimates", 4, "value", "Write percent as a proportion")
    told("estimates", 4, "conf_level", "Write 0.95")
    told("estimates", 4, "time", "Give the time in months")
    told("estimates", 5, "study_id", "did you mean kim_2019?")


def test_after_these_are_mended_the_second_round_is_clean(folder, book):
    path = book(
        studies=[STUDY],
        estimates=[
            number(1, "hazard_ratio", value=0.7),
            number(2, "median", value=10, value_unit="months", conf_low=8, conf_high=30, conf_level=0.95),
        ],
    )
    done = import_book(folder, path)
    assert done.merged.added == {"studies": ("kim_2019",), "estimates": ("kim_2019_e01", "kim_2019_e02")}
    assert survsim.check_evidence(folder.root).errors == ()


@pytest.mark.parametrize("word", ["not reached", "NR", "n.r.", "NE", "Not estimable", "not_reached"])
def test_words_for_what_was_not_reached(word):
    assert NOT_REACHED.fullmatch(word)


@pytest.mark.parametrize("word", ["9", "no", "none", "reached", "nearly", ""])
def test_other_words_say_nothing_of_the_kind(word):
    assert not NOT_REACHED.fullmatch(word)


@pytest.mark.parametrize("word", ["not reached", "NE"])
def test_a_limit_that_was_not_reached_is_a_note_and_a_median_is_left_out_by_name(folder, book, word):
    rows = [
        number(1, "median", value=word, conf_low=20.1, conf_high=word, conf_level=0.95),
        number(2, "median", value=9, value_unit="months", conf_low=5, conf_high=word, conf_level=0.95,
               endpoint="progression_free_survival"),
    ]  # fmt: skip
    done = import_book(folder, book(studies=[STUDY], estimates=rows))
    assert done.not_reached == ("kim_2019_e01",)
    store = survsim.load_evidence(folder.root)
    kept = store.estimates.set_index("estimate_id").loc["kim_2019_e02"]
    assert (kept["value"], kept["conf_low"], kept["conf_high_note"]) == (9, 5, "not_reached")
    assert "kim_2019_e01" not in set(store.estimates["estimate_id"])
    (left,) = [r for r in store.excluded.itertuples() if r.item_id == "kim_2019_e01"]
    assert left.reason == "a median that was not reached is no number" and "from 20.1" in left.description
    assert survsim.check_evidence(folder.root).errors == ()
    again = import_book(folder, book(studies=[STUDY], estimates=rows))
    assert not again.changed and not again.merged.files

    reached = [rows[0] | {"value": 31, "value_unit": "months", "conf_high": 40}, rows[1]]
    import_book(folder, book(studies=[STUDY], estimates=reached), replace_rows=True)
    store = survsim.load_evidence(folder.root)
    assert store.estimate("kim_2019_e01").value == 31 and "kim_2019_e01" not in set(store.excluded["item_id"])


def test_a_ratio_that_was_not_reached_is_a_fault(folder, book):
    _, line = faults(folder, book(studies=[STUDY], estimates=[number(1, "hazard_ratio", value="NR")]))
    assert "a hazard_ratio that was not reached is no number" in line


def test_an_endpoint_that_is_none_says_which_there_are_and_where_a_new_one_goes(folder, book):
    rows = [number(1, "hazard_ratio", value=0.7, endpoint="quality_of_life")]
    _, line = faults(folder, book(studies=[STUDY], estimates=rows))
    assert "overall_survival" in line and "data/raw/declared/endpoints.csv" in line
    declared = folder.raw / "declared" / "endpoints.csv"
    new = "quality_of_life,qol,occurrence,not_stated,loss of quality,none,none\n"
    declared.write_text(declared.read_text(encoding="utf-8") + new, encoding="utf-8")
    assert import_book(folder, book(studies=[STUDY], estimates=rows)).changed


def test_a_study_begun_by_hand_waits_and_blocks_nobody(folder, book):
    add_study(folder, "okafor_2022")
    own = folder.raw / "literature" / "published" / "studies.csv"
    done = import_book(folder, book(studies=[STUDY], estimates=[number(1, "hazard_ratio", value=0.7)]))
    (waits,) = [line for line in done.waiting if "studies.csv" in line]
    assert waits.startswith("raw/literature/published/studies.csv, okafor_2022: site")
    # It stays where it was typed, is in no table, and the check says what it lacks; nothing else is wrong.
    assert "okafor_2022" in own.read_text(encoding="utf-8")
    store = survsim.load_evidence(folder.root)
    assert "kim_2019" in set(store.studies["study_id"]) and "okafor_2022" not in set(
        store.studies["study_id"]
    )
    report = survsim.check_evidence(folder.root)
    waits = [f for f in report.warnings if f.rule == "waits"]
    assert not report.errors and any("okafor_2022" in f.row and "lacks site" in f.remedy for f in waits)
    # Whatever breaks the files afterwards is told with what it broke.
    own.write_text(own.read_text(encoding="utf-8").replace("okafor_2022", "okafor_2023"), encoding="utf-8")
    (fault,) = survsim.check_evidence(folder.root).errors
    assert fault.rule == "raw_unreadable" and "belongs to study 'okafor_2022'" in fault.remedy


def test_rows_begun_by_hand_are_told_with_what_they_lack_before_any_curating(folder):
    add_study(folder, "okafor_2022")
    told = {(f.table, f.row): f.remedy for f in survsim.check_evidence(folder.root).errors}
    assert set(told) == {("studies", "okafor_2022"), ("estimates", "okafor_2022_e01")}
    assert "it lacks site, " in told["studies", "okafor_2022"]
    assert "it lacks arm_id, endpoint, measure, " in told["estimates", "okafor_2022_e01"]
    assert all("then run survsim data curate" in remedy for remedy in told.values())


def test_a_row_spoilt_by_hand_that_is_in_the_tables_is_not_left_out_unseen(folder, book):
    raw = folder.raw / "literature" / "example" / "estimates.csv"
    raw.write_text(raw.read_text(encoding="utf-8").replace(",0.80,,0.55,", ",0.80,,0.95,"), encoding="utf-8")
    lines = faults(folder, book(studies=[STUDY], estimates=[number(1, "hazard_ratio", value=0.7)]))
    assert any("beside the spreadsheet: error: estimates.csv, example_2001_e01" in line for line in lines)


def test_the_template_offers_words_of_this_disease_and_colours_what_must_be_filled(folder, book, tmp_path):
    import_book(folder, book(studies=[STUDY], estimates=[number(1, "hazard_ratio", value=0.7)]))
    path = tmp_path / "next_2020.xlsx"
    add_study_book(folder, "next_2020", path)
    made = openpyxl.load_workbook(path)
    words = {c[0].value: [x.value for x in c[1:] if x.value] for c in made["words"].iter_cols()}
    assert words["endpoint"][0] == "overall_survival" and "disease_free_survival" in words["endpoint"]
    assert words["site"] == ["thymus"] and words["directness"] == ["same_disease", "same_site", "indirect"]
    for name, needed in {
        "studies": {"site", "design", "read_what"},
        "estimates": {"value", "place", "time", "value_unit"},
    }.items():
        sheet = made[name]
        letters = {c.value: c.column_letter for c in sheet[1]}
        coloured = {str(r.sqref).split("2:")[0] for r in sheet.conditional_formatting}
        assert {letters[n] for n in needed} <= coloured


def test_a_group_size_that_is_no_number_is_one_fault_at_its_own_cell(folder, book):
    path = book(
        studies=[STUDY], estimates=[number(1, "median", value=10, value_unit="months", n_arm="fifty")]
    )
    head, *lines = faults(folder, path)
    assert head.startswith("kim_2019.xlsx has 1 faults") and "(n_arm): 'fifty' is not one number" in lines[0]


@pytest.mark.parametrize("name", ["../lee", "a" * 300, "lee 2021", "-lee"])
def test_an_id_that_add_study_refuses_is_refused_by_the_import(folder, book, name):
    with pytest.raises(EvidenceError, match="is not a name: use letters, digits and underscores"):
        add_study(folder, name)
    path = book(
        studies=[STUDY | {"study_id": name}],
        estimates=[number(1, "median", value=10, value_unit="months", study_id=name)],
    )
    _, line, *_ = faults(folder, path)
    assert line.startswith("studies!A2 (study_id): study ") and "is not a name" in line


@pytest.mark.parametrize("name", ["../x", "lee\ne01", "a\\b", ".hidden"])
def test_a_number_is_called_by_a_name(folder, book, name):
    path = book(
        studies=[STUDY], estimates=[number(1, "median", value=10, value_unit="months", estimate_id=name)]
    )
    assert any("(estimate_id)" in line and "is no name" in line for line in faults(folder, path))


def test_a_number_that_no_sum_can_hold_is_told_without_warnings(folder, book):
    """numpy's own warnings, which are errors here, would name lines of the package."""
    path = book(studies=[STUDY], estimates=[number(1, "proportion", value=1e308, n_arm=40)])
    assert any("value" in line for line in faults(folder, path))
