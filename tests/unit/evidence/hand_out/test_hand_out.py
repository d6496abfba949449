"""What leaves: no cell runs, every table comes back, the archive's checksums are right."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re

import numpy as np
import openpyxl
import pytest
import yaml

import survsim
from survsim.evidence.hand_out.archive import archive_files
from survsim.evidence.hand_out.book import evidence_book
from survsim.evidence.hand_out.cells import csv_bytes, safe
from survsim.evidence.raw.curate import curate
from survsim.evidence.raw.locate import data_folder
from survsim.evidence.schema.catalogue import tables
from tests.helpers.mini_study import write_raw


@pytest.fixture
def study(tmp_path):
    write_raw(tmp_path / "data")
    curate(tmp_path)
    return tmp_path


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "@SUM(A1)", "\t=1", "-2+3", "  =A1", "-n/a", "\r=1"])
def test_a_cell_that_would_run_is_led_by_an_apostrophe(cell):
    found = safe(cell)
    assert found.startswith("'") or not found.lstrip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("cell", ["-0.5", "1e-05", "Table 2", "a=b", ""])
def test_numbers_and_plain_words_stay(cell):
    assert safe(cell) == cell


def test_missing_numbers_are_empty_and_commas_are_quoted():
    text = csv_bytes(("a", "b"), [(np.nan, 'x, "y"'), (None, "=1")]).decode()
    assert list(csv.reader(io.StringIO(text))) == [["a", "b"], ["", 'x, "y"'], ["", "'=1"]]


def test_a_separator_inside_a_cell_begins_no_formula():
    assert csv_bytes(("a", "b"), [("x", "note;=1+1")]) == b"a,b\nx,note;'=1+1\n"


def test_the_spreadsheet_holds_every_table_as_it_is(study):
    store = survsim.load_evidence(study)
    book = openpyxl.load_workbook(io.BytesIO(evidence_book(store, (("checksum", store.checksum),))))
    assert book.sheetnames == ["about", *tables()]
    for name, table in tables().items():
        rows = list(book[name].iter_rows(values_only=True))
        assert rows[0] == table.names
        frame = store.table(name)
        assert len(rows) - 1 == len(frame)
        for got, want in zip(rows[1:], frame.itertuples(index=False, name=None)):
            for g, w in zip(got, want):
                assert (g is None and (w == "" or w != w)) or g == w


def test_text_that_looks_like_a_formula_is_text_in_the_spreadsheet(study):
    store = survsim.load_evidence(study)
    store._text["flags"]["explanation"] = "=HYPERLINK(1)"
    book = openpyxl.load_workbook(io.BytesIO(evidence_book(store, ())))
    cells = [c for row in book["flags"].iter_rows() for c in row if c.value == "=HYPERLINK(1)"]
    assert cells
    assert {c.data_type for c in cells} == {"s"}
    assert all(c.quotePrefix for c in cells)


def test_the_archive_is_whole_and_says_what_is_open(study):
    store = survsim.load_evidence(study)
    files, questions = archive_files(store, data_folder(study), "9.9")
    sums = dict(reversed(line.split("  ")) for line in files["SHA256SUMS"].decode().splitlines())
    assert set(sums) == set(files) - {"SHA256SUMS"}
    assert all(hashlib.sha256(files[name]).hexdigest() == code for name, code in sums.items())
    for resource in json.loads(files["datapackage.json"])["resources"]:
        assert f"sha256:{sums[resource['path']]}" == resource["hash"]
    assert questions == ("there is no LICENSE beside the data folder; choose one",)
    (study / "LICENSE").write_text("terms", encoding="utf-8")
    files, questions = archive_files(store, data_folder(study), "9.9")
    assert (files["LICENSE"], questions) == (b"terms", ())


def test_the_card_counts_what_is_there(study):
    store = survsim.load_evidence(study)
    files, _ = archive_files(store, data_folder(study), "9.9")
    card = files["README.md"].decode()
    assert f"{len(store.studies)} studies" in card
    assert store.checksum in card
    assert "| people | Two patients | CC0 |" in card


def test_an_empty_cell_is_blank_and_rows_can_be_filtered(study):
    store = survsim.load_evidence(study)
    table = store.table("estimates")
    sheet = openpyxl.load_workbook(io.BytesIO(evidence_book(store, ())))["estimates"]
    at = [c.value for c in sheet[1]].index("grade") + 1
    assert set(table["grade"]) == {""}
    assert {sheet.cell(row, at).value for row in range(2, len(table) + 2)} == {None}
    assert sheet.auto_filter.ref.endswith(str(len(table) + 1))


def test_the_archive_is_cited_as_a_data_set_by_the_authors_of_the_study(study):
    (study / "CITATION.cff").write_text(
        "cff-version: 1.2.0\ntype: software\ntitle: A program\nauthors:\n  - family-names: Lee\n",
        encoding="utf-8",
    )
    files, _ = archive_files(survsim.load_evidence(study), data_folder(study), "1")
    cited = yaml.safe_load(files["CITATION.cff"])
    assert (cited["type"], cited["title"]) == ("dataset", "Curated evidence")
    assert cited["authors"] == [{"family-names": "Lee"}]
    assert b"  CITATION.cff\n" in files["SHA256SUMS"]


def test_the_archive_holds_every_file_that_it_speaks_of(study):
    files, _ = archive_files(survsim.load_evidence(study), data_folder(study), "0")
    said = files["README.md"].decode() + files.get("CITATION.cff", b"").decode()
    named = set(re.findall(r"`([\w/]+\.(?:bib|csv|json|md))`", said)) | set(
        re.findall(r"\((\w+\.bib)\)", said)
    )
    assert {"references.bib", "datapackage.json", "terms.csv"} <= named
    assert named <= set(files)
    assert b"@" in files["references.bib"]
