"""A spreadsheet as a table of evidence: every cell that cannot be taken is named, all at once."""

from __future__ import annotations

import datetime
import zipfile

import openpyxl
import pytest

from survsim.core.errors import EvidenceError
from survsim.evidence.bring_in import spreadsheet
from survsim.evidence.bring_in.spreadsheet import read_book
from survsim.evidence.bring_in.template import add_study_book
from survsim.evidence.raw.curate import curate
from survsim.evidence.raw.locate import data_folder
from tests.helpers.mini_study import write_raw

STUDY = {"study_id": "lee_2021", "site": "lung", "design": "rct", "n_total": 90, "read_what": "abstract"}
NUMBER = {
    "estimate_id": "lee_2021_e01",
    "study_id": "lee_2021",
    "arm_id": "chemo",
    "endpoint": "overall_survival",
    "measure": "hazard_ratio",
    "value": 0.68,
    "place": "table 2",
}


def save(path, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        columns = list(dict.fromkeys(c for row in rows for c in row))
        sheet.append(columns)
        for row in rows:
            sheet.append([row.get(c) for c in columns])
    book.save(path)
    return path


@pytest.fixture
def refused(tmp_path):
    def message(**sheets):
        with pytest.raises(EvidenceError) as caught:
            read_book(save(tmp_path / "in.xlsx", **sheets))
        return str(caught.value)

    return message


def test_cells_come_as_text_as_typed(tmp_path):
    row = {**NUMBER, "conf_low": 0.5, "conf_high": "0.90", "n_arm": 45.0, "stage": "3-4"}
    book = read_book(save(tmp_path / "in.xlsx", studies=[STUDY], estimates=[row, {}], mine=[{"a": 1}]))
    (read,) = book.rows["estimates"]
    assert (read["value"], read["conf_low"], read["conf_high"]) == ("0.68", "0.5", "0.90")
    assert (read["n_arm"], read["stage"]) == ("45", "3-4")
    assert book.not_read == ("mine",)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("value", "=1/2", "holds a formula"),
        ("value", "0,68", "has a decimal comma"),
        ("n_arm", "1,234", "has a comma"),
        ("n_arm", "about 40", "is not one number"),
        ("p_value", "<0.001", "is not one number"),
        ("stage", datetime.datetime(2021, 4, 3), "is a date"),
        ("stage", "3-Apr", "looks like a date"),
        ("value", "2021-04-03", "is a date made of a number"),
        ("note", "+one", "begins with '+'"),
        ("measure", "hazard", "is not one of: median"),
        ("place", "", "is empty and must be filled"),
        ("value", True, "is TRUE or FALSE"),
    ],
)
def test_a_cell_that_cannot_be_taken_is_named_by_its_address(refused, column, value, says):
    columns = list({**NUMBER, column: value})
    message = refused(studies=[STUDY], estimates=[{**NUMBER, column: value}])
    address = f"estimates!{openpyxl.utils.get_column_letter(columns.index(column) + 1)}2"
    assert says in message and address in message
    assert "1 faults" in message


def test_text_that_begins_like_a_formula_is_refused(tmp_path):
    path = save(tmp_path / "in.xlsx", estimates=[{**NUMBER, "note": "x"}])
    book = openpyxl.load_workbook(path)
    cell = book["estimates"].cell(2, 8)
    cell.value = "=cmd"
    cell.data_type = "s"
    book.save(path)
    with pytest.raises(EvidenceError, match=r"estimates!H2 \(note\): '=cmd' begins with '='"):
        read_book(path)


def test_all_faults_of_both_sheets_come_at_once(refused):
    message = refused(
        studies=[{**STUDY, "design": "trial"}],
        estimates=[{**NUMBER, "value": "0,6"}, {**NUMBER, "place": datetime.date(2021, 3, 4)}],
    )
    assert message.startswith("in.xlsx has 4 faults")
    for part in ("studies!C2", "estimates!F2", "estimates!G3", "stands in row 2 already"):
        assert part in message


def test_columns_that_are_unknown_missing_or_twice(tmp_path):
    path = save(tmp_path / "in.xlsx", studies=[STUDY], estimates=[{**NUMBER, "hr": 1}])
    book = openpyxl.load_workbook(path)
    book["studies"].cell(1, 2).value = "design"
    book.save(path)
    with pytest.raises(EvidenceError) as caught:
        read_book(path)
    for part in (
        "design stands there twice",
        "the column site is missing",
        "estimates!H1: 'hr' is no column",
    ):
        assert part in str(caught.value)


def test_files_that_are_no_spreadsheet(tmp_path, monkeypatch):
    (tmp_path / "a.xlsx").write_text("study_id,site\n", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as packed:
        packed.writestr("x.txt", "x" * 2000)
    for name, says in (("a", "is not an .xlsx file"), ("b", "that can be read"), ("c", "there is no file")):
        with pytest.raises(EvidenceError, match=says):
            read_book(tmp_path / f"{name}.xlsx")
    with pytest.raises(EvidenceError, match="has no sheet studies or estimates; its sheets: other"):
        read_book(save(tmp_path / "d.xlsx", other=[{"a": 1}]))
    monkeypatch.setattr(spreadsheet, "MAX_UNPACKED", 1000)
    with pytest.raises(EvidenceError, match="unpacks to"):
        read_book(tmp_path / "b.xlsx")
    monkeypatch.setattr(spreadsheet, "MAX_BYTES", 10)
    with pytest.raises(EvidenceError, match="at most 0 MB"):
        read_book(tmp_path / "b.xlsx")


def test_a_template_offers_the_words_and_keeps_ranges_as_text(tmp_path):
    write_raw(tmp_path / "data")
    curate(tmp_path)
    made = add_study_book(data_folder(tmp_path), "lee_2021", tmp_path / "lee_2021.xlsx")
    book = openpyxl.load_workbook(made.files[0])
    sheet = book["estimates"]
    head = {cell.value: cell for cell in sheet[1]}
    assert sheet.cell(2, head["stage"].column).number_format == "@"
    assert sheet.cell(2, head["value"].column).number_format == "General"
    letter = head["measure"].column_letter
    (choice,) = [v for v in sheet.data_validations.dataValidation if f"{letter}2" in v.sqref]
    assert choice.formula1.startswith("=words!$")
    column = choice.formula1.split("$")[1]
    words = [c.value for c in book["words"][column]]
    assert words[0] == "measure" and "hazard_ratio" in words
    with pytest.raises(EvidenceError, match="is there already; it is not overwritten"):
        add_study_book(data_folder(tmp_path), "lee_2021", made.files[0])
