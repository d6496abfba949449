"""Citations from BibTeX and RIS: empty cells are filled, nothing is overwritten silently."""

from __future__ import annotations

import csv
import time

import pytest

from survsim.core.errors import EvidenceError
from survsim.evidence.bring_in.citations_in import import_citations, read_citations
from survsim.evidence.raw.curate import curate
from survsim.evidence.raw.locate import data_folder
from tests.helpers.mini_study import write_raw

BIB = r"""
@article{alpha_2019, author = {M{\"u}ller, Anna-Maria and Beta, B.}, title = {A {Trial}}, journal = {J One},
  year = {2019}, volume = {1}, number = {2}, pages = {3--9}, doi = {https://doi.org/10.1/A}, pmid = {11}}
"""
RIS = """\
TY  - JOUR
ID  - 17
AU  - Beta, Bea C.
PY  - 2020
TI  - A registry
JO  - J Two
VL  - 5
SP  - 10
EP  - 12
DO  - 10.1/b
UR  - https://example.org/b
ER  -
"""


@pytest.fixture
def study(tmp_path):
    raw = write_raw(tmp_path / "data")
    file = raw / "literature" / "lung" / "studies.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("A trial,J One 2019;1(2):3-9", "A trial,"))
    curate(tmp_path)
    return tmp_path


def write(study, name, text):
    file = study / name
    file.write_bytes(text.encode("utf-8"))
    return file


def cells(study, name):
    with (study / "data" / "curated" / "studies.csv").open(encoding="utf-8", newline="") as file:
        return next(r for r in csv.DictReader(file) if r["study_id"] == name)


def test_an_entry_named_by_the_study_fills_and_keeps(study):
    done = import_citations(data_folder(study), write(study, "a.bib", BIB))
    assert [(c.column, c.says) for c in done.filled] == [("journal", "J One 2019;1(2):3-9")]
    assert [(c.column, c.has, c.says) for c in done.kept] == [("first_author", "Alpha A", "Müller AM")]
    assert cells(study, "alpha_2019")["journal"] == "J One 2019;1(2):3-9"
    assert cells(study, "alpha_2019")["first_author"] == "Alpha A"


def test_replacing_is_asked_for_and_said(study):
    done = import_citations(data_folder(study), write(study, "a.bib", BIB), replace=True)
    assert [c.column for c in done.replaced] == ["first_author"]
    assert cells(study, "alpha_2019")["first_author"] == "Müller AM"
    again = import_citations(data_folder(study), study / "a.bib")
    assert not (again.filled or again.kept or again.replaced or again.unmatched)


def test_an_entry_is_found_by_its_doi(study):
    done = import_citations(data_folder(study), write(study, "b.ris", RIS))
    assert {c.column: c.study for c in done.filled} == {"url": "beta_2020"}
    assert {c.column: c.says for c in done.kept} == {
        "first_author": "Beta BC",
        "journal": "J Two 2020;5:10-12",
    }


def test_a_study_named_by_hand(study):
    file = write(study, "c.bib", "@article{x, title={The fourth}, url={https://example.org/d}}")
    done = import_citations(data_folder(study), file, study="delta_2015")
    assert [(c.study, c.column) for c in done.filled] == [("delta_2015", "url")]


@pytest.mark.parametrize(
    ("text", "named", "says"),
    [
        ("@article{zzz, title={No}}", None, "no citation of in.bib belongs to a study"),
        (BIB + BIB.replace("{alpha_2019", "{again"), None, "two citations for study alpha_2019"),
        (BIB + BIB.replace("{alpha_2019", "{again"), "alpha_2019", "it holds 2 citations"),
        (BIB, "nobody", "there is no study nobody"),
        ("no entry at all", None, "begins 0 citations"),
    ],
)
def test_what_cannot_be_taken_changes_nothing(study, text, named, says):
    before = cells(study, "alpha_2019")
    with pytest.raises(EvidenceError, match=says):
        import_citations(data_folder(study), write(study, "in.bib", text), study=named)
    assert cells(study, "alpha_2019") == before


def test_a_title_that_a_spreadsheet_would_run_is_refused_whole(study):
    raw = (study / "data" / "raw" / "literature" / "lung" / "studies.csv").read_bytes()
    file = write(study, "in.bib", BIB.replace('M{\\"u}ller, Anna-Maria', "=cmd"))
    with pytest.raises(EvidenceError, match="formula_cell"):
        import_citations(data_folder(study), file, replace=True)
    assert (study / "data" / "raw" / "literature" / "lung" / "studies.csv").read_bytes() == raw


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(EvidenceError, match="there is no file"):
        read_citations(tmp_path / "a.bib")
    (tmp_path / "b.bib").write_bytes("@article{a, title={M\u00fcller}}".encode("latin-1"))
    with pytest.raises(EvidenceError, match="is not UTF-8"):
        read_citations(tmp_path / "b.bib")
    for name, text in (
        ("c.ris", f"{RIS}TY  - JOUR\nTI  - Not closed\n"),
        ("d.bib", f"{BIB}@article{{x, title={{open"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(EvidenceError, match="begins 2 citations, of which 1 can be read"):
            read_citations(tmp_path / name)


def first_author(tmp_path, authors):
    text = f"@article{{a, author = {{{authors}}}, title = {{T}}}}"
    return read_citations(write(tmp_path, "a.bib", text))[0].cells.get("first_author", "")


@pytest.mark.parametrize(
    ("authors", "right"),
    [
        ("others", ""),
        ("Lee, Anna B. and others", "Lee AB"),
        ("Lee, Jr., Anna B.", "Lee AB Jr"),
        ("Lee, III, Anna", "Lee A III"),
        ("{Surgeons and Sons, London} and Lee, A.", "Surgeons and Sons, London"),
        ("van der Berg, J.-P.", "van der Berg JP"),
        ('M{\\"u}ller, Anna', "Müller A"),
    ],
)
def test_the_first_author_is_printed_as_references_print_it(tmp_path, authors, right):
    """Vancouver style (ICMJE, Citing Medicine, ch. 1): family name, initials, then Jr, Sr or a numeral without a point."""
    assert first_author(tmp_path, authors) == right


def test_a_suffix_that_ris_puts_last(tmp_path):
    text = RIS.replace("Beta, Bea C.", "Beta, Bea C., Jr.")
    assert read_citations(write(tmp_path, "a.ris", text))[0].cells["first_author"] == "Beta BC Jr"


@pytest.mark.parametrize(
    ("lines", "right"),
    [
        ("AN  - 31234567\nDB  - PubMed\n", "31234567"),
        ("AN  - 31234567\nDB  - Ovid MEDLINE(R) ALL\n", "31234567"),
        ("AN  - 31234567\nDP  - NLM\n", "31234567"),
        ("AN  - MEDLINE:31234567\n", "31234567"),
        ("AN  - 2005123456\nDB  - Embase\n", ""),
        ("AN  - 31234567\nDB  - Embase\n", ""),
        ("AN  - 31234567\nDB  - Embase MEDLINE\n", ""),
        ("AN  - 31234567\nDB  - Scopus\n", ""),
        ("AN  - 2005123456\n", ""),
        ("AN  - WOS:000123456700001\n", ""),
    ],
)
def test_an_accession_number_is_a_pmid_where_the_database_is_pubmed(tmp_path, lines, right):
    (entry,) = read_citations(write(tmp_path, "a.ris", RIS.replace("ER  -", f"{lines}ER  -")))
    assert (entry.cells.get("pmid", ""), entry.assumed) == (right, "")


def test_a_number_without_a_database_is_taken_for_a_pmid_and_that_is_said(study):
    table = study / "data" / "raw" / "literature" / "lung" / "studies.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("10.1/b,12,", "10.1/b,,"), encoding="utf-8")
    text = RIS.replace("ER  -", "AN  - 31234567\nER  -")
    done = import_citations(data_folder(study), write(study, "b.ris", text))
    assert cells(study, "beta_2020")["pmid"] == "31234567"
    (said,) = done.assumed
    assert said.startswith("beta_2020: AN 31234567 is taken for a PMID, as no database is named")
    assert import_citations(data_folder(study), study / "b.ris").assumed == ()


def test_entries_that_share_a_line_are_two(tmp_path):
    file = tmp_path / "two.bib"
    file.write_text("@article{a, title={A}, year={2001}} @article{b, title={B @misc{x,}, year={2002}}\n")
    with pytest.raises(EvidenceError, match="check braces"):
        read_citations(file)
    file.write_text("@article{a, title={A}, year={2001}} @article{b, title={B}, year={2002}}\n")
    assert [(e.key, e.cells["title"]) for e in read_citations(file)] == [("a", "A"), ("b", "B")]


def test_a_field_that_stands_twice_is_told(tmp_path):
    file = tmp_path / "twice.bib"
    file.write_text('@article{one, title = {A, title = "x"}, note = "title = {no}", year = {2001}}\n')
    assert read_citations(file)[0].key == "one"
    file.write_text("@article{one, title = {A}, year = {2001},\n  Title = {B}}\n")
    with pytest.raises(EvidenceError, match="the citation one has the field title more than once; keep one"):
        read_citations(file)


def test_braces_without_end_are_told_in_our_words(tmp_path):
    file = tmp_path / "deep.bib"
    file.write_text("@article{a, title=" + "{" * 50_000 + "}" * 50_000 + "}")
    with pytest.raises(EvidenceError) as caught:
        read_citations(file)
    assert "recursion" not in str(caught.value)


@pytest.mark.parametrize(
    "around",
    ["%" * 200_000, "\n" * 200_000, "words and words\n" * 20_000, "@comment{" + "x " * 100_000 + "}"],
)
def test_what_stands_around_citations_costs_no_time(tmp_path, around):
    """The parser went through it letter by letter, seconds for a page, and a minute for a run of blank lines."""
    file = tmp_path / "long.bib"
    text = '@string{j = "J One"}\n\n@article{a, title={A\n\n{T}rial}, journal=j, year={2001}}'
    file.write_text(text)
    (wanted,) = read_citations(file)
    assert wanted.cells["journal"].startswith("J One")
    file.write_text(f"{around}\n{text}\n{around}\n")
    begun = time.process_time()
    assert read_citations(file) == [wanted]
    assert time.process_time() - begun < 5
