"""Files made to break a parser: each is refused in one message of ours, within seconds."""

from __future__ import annotations

import io
import time
import zipfile

import openpyxl
import pytest

from survsim.core.errors import InputError, SurvsimError
from survsim.core.ledger import Ledger
from survsim.core.yaml_files import parse_yaml
from survsim.evidence.bring_in.citations_in import read_citations
from survsim.evidence.bring_in.spreadsheet import read_book
from survsim.evidence.raw.csv_text import read_or_raise
from survsim.evidence.rules.consistency import _digits
from tests.unit.evidence.bring_in.test_spreadsheet import NUMBER, STUDY, save

SECONDS = 20.0


@pytest.fixture(autouse=True)
def in_time():
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < SECONDS


DOUBLED = "a0: &a0 [x, x]\n" + "".join(f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]\n" for k in range(1, 40))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("born: 2020-13-45\n", "month must be in 1..12"),
        (f"n: {'9' * 5000}\n", "Put it in quotes"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("a: " + "[" * 150 + "]" * 150, "more than 100 levels"),
        (DOUBLED, "more than 1000000 values, aliases written out"),
        ("a: &a [*a]\n", "an alias .* stands inside what it is the name of"),
        ("? {a: 1}\n: 2\n", "Only plain values are read"),
        ("a: \x07\n", "text"),
    ],
)
def test_a_hostile_yaml_is_one_message(text, says):
    with pytest.raises(SurvsimError, match=says):
        parse_yaml(text)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"a,b\rc,d\re,f\r", "carriage return alone"),
        (b"a,b\n1,2\n" + b'"' + b"x" * 200_000 + b"\n", r"cell_too_long.*quotation mark that is not closed"),
        (b"x" * 200_000 + b",b\n1,2\n", "In the header a cell has more than 131,072 characters"),
        (b"a,b\n1,\x002\n", "binary"),
        (b"a,b\n1,2,3\n", "ragged"),
        (b"\xff\xfea\x00", "UTF-8"),
    ],
)
def test_a_hostile_csv_is_one_message(tmp_path, data, says):
    file = tmp_path / "t.csv"
    file.write_bytes(data)
    with pytest.raises(SurvsimError, match=says):
        read_or_raise(file)


def test_a_csv_of_a_gigabyte_is_refused_unread(tmp_path):
    file = tmp_path / "t.csv"
    with file.open("wb") as opened:
        opened.truncate(2**30)
    with pytest.raises(SurvsimError, match="never above 512 MB"):
        read_or_raise(file)


@pytest.fixture
def book(tmp_path):
    return save(tmp_path / "in.xlsx", studies=[STUDY], estimates=[NUMBER])


def rewritten(path, part, change):
    """The same archive with one part changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            data = old.read(item.filename)
            new.writestr(item.filename, change(data) if item.filename.endswith(part) else data)
    path.write_bytes(buffer.getvalue())
    return path


ENTITIES = (
    b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (98 + k, b"&%c;" % (97 + k) * 10) for k in range(9))
    + b"]><worksheet><sheetData><row><c t='inlineStr'><is><t>&j;</t></is></c></row></sheetData></worksheet>"
)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"<row", b"<rwo", 1),
        lambda data: b"",
        lambda data: b"not xml",
        lambda data: data.replace(b'r="A1"', b'r="ZZZZZ0"'),
        lambda data: data.replace(b"<v>", b"<v>x", 1),
        lambda data: ENTITIES,
        lambda data: b"<a>" * 200_000,
    ],
)
def test_a_broken_sheet_is_one_message(book, change):
    with pytest.raises(SurvsimError, match=r"in\.xlsx"):
        read_book(rewritten(book, "sheet1.xml", change))


def test_a_stray_cell_in_the_last_place_costs_nothing(book):
    opened = openpyxl.load_workbook(book)
    opened["estimates"]["XFD90000"] = "x"
    opened.save(book)
    assert len(read_book(book).rows["estimates"]) == 1


def test_an_archive_that_unpacks_to_gigabytes_is_refused_unread(tmp_path):
    path = tmp_path / "in.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (129 * 2**20))
    with pytest.raises(SurvsimError, match="unpacks to 129 MB"):
        read_book(path)


ARTICLE = "@article{k, author={A, B}, title={T}, year={2019}}\n"


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("in.bib", '@string{a0 = "x"}\n' + "".join(f"@string{{a{k} = a{k - 1} # a{k - 1}}}\n" for k in range(1, 40))
         + "@article{k, title = a39}\n", "joined from others"),
        ("in.bib", '@string{a = "' + "x" * 100_000 + '"}\n@article{k, title = ' + " # ".join(["a"] * 1000) + "}\n",
         "written out"),
        ("in.bib", ARTICLE * 10_000, "at most 2000"),
        ("in.bib", "@article{k, title={" + "{" * 3000 + "}" * 3000 + "}}\n", "in.bib"),
        ("in.bib", "@article{k, title={T}\n", "in.bib"),
        ("in.bib", "@article{k, title = undefined_word}\n", "in.bib"),
        ("in.ris", "TY  - JOUR\n" * 2001, "at most 2000"),
        ("in.ris", "TY  - JOUR\nXX  - \nER\n", "in.ris"),
    ],
)  # fmt: skip
def test_a_hostile_citation_file_is_one_message(tmp_path, name, text, says):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SurvsimError, match=says):
        read_citations(file)


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "\xff", "[]", '{"format": 1}', '{"format": 1, "numbers": {"a": {"x": 1}}}', "{", "1e999"],
)
def test_a_damaged_summary_is_one_message(tmp_path, text):
    file = tmp_path / "summary.json"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"summary\.json"):
        Ledger.load(file)


@pytest.mark.parametrize("power", ["999", "\u00b2", "9" * 6000, "-400", "+"])
def test_a_power_of_ten_beyond_every_number_has_digits(power):
    """A cell of 1e999 ended in numpy's overflow, one with a raised two in a traceback."""
    assert abs(_digits(f"1.25e{power}")) <= 300


@pytest.mark.parametrize("name", ["a.bib", "a.ris"])
def test_a_byte_0_in_citations_is_told_of_the_file_that_holds_it(tmp_path, name):
    file = tmp_path / name
    file.write_bytes(
        b"@article{a, title={x\x00y}}" if name == "a.bib" else b"TY  - JOUR\nTI  - x\x00\nER  - \n"
    )
    with pytest.raises(SurvsimError, match=f"{name} holds a byte 0"):
        read_citations(file)


def test_a_year_of_eight_digits_is_not_cut_to_four(tmp_path):
    file = tmp_path / "a.ris"
    file.write_text("TY  - JOUR\nTI  - x\nPY  - 20201231\nER  - \n")
    assert read_citations(file)[0].cells["year"] == "20201231"
    file.write_text("TY  - JOUR\nTI  - x\nPY  - 2020/12/31/\nER  - \n")
    assert read_citations(file)[0].cells["year"] == "2020"
