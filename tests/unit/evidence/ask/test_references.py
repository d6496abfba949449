"""References are exactly the studies used, readable by other programs, honest about what is missing."""

from __future__ import annotations

import bibtexparser
import pandas as pd
import pytest
import rispy

import survsim
from survsim.evidence.ask.references import NO_AUTHOR, NO_YEAR, Reference, references_for, references_of

STUDIES = pd.DataFrame(
    [
        (
            "a_2007",
            "Homesley HD",
            2007.0,
            "A trial of 50% & more",
            "J Clin Oncol 2007;25(5):526-31",
            "10.1/a_b",
            "17",
            "",
            "",
        ),
        ("b", "", float("nan"), "", "", "", "", "NCT1", "https://x.org/a_b?c=1"),
    ],
    columns=["study_id", "first_author", "year", "title", "journal", "doi", "pmid", "nct", "url"],
)


def test_text_has_what_was_printed_and_says_what_was_not():
    found = references_of(STUDIES, ["a_2007", "b", "a_2007"])
    assert len(found) == 2
    first, second = found.text().splitlines()
    assert first == (
        "1. Homesley HD. A trial of 50% & more. J Clin Oncol 2007;25(5):526-31. doi:10.1/a_b. PMID 17."
    )
    assert second == f"2. {NO_AUTHOR}. [title not stated]. {NO_YEAR}. NCT1."


def test_bibtex_is_read_back():
    entries = bibtexparser.loads(references_of(STUDIES, ["a_2007", "b"]).to_bibtex()).entries
    assert [e["ID"] for e in entries] == ["a_2007", "b"]
    assert entries[0]["author"] == "Homesley, HD"
    assert (entries[0]["volume"], entries[0]["number"], entries[0]["pages"]) == ("25", "5", "526-31")
    assert entries[0]["title"] == r"A trial of 50\% \& more"
    assert NO_AUTHOR in entries[1]["author"]


def test_ris_is_read_back():
    entries = rispy.loads(references_of(STUDIES, ["a_2007", "b"]).to_ris())
    assert [e["id"] for e in entries] == ["a_2007", "b"]
    assert (entries[0]["start_page"], entries[0]["end_page"], entries[0]["doi"]) == ("526", "31", "10.1/a_b")
    assert entries[1]["authors"] == [NO_AUTHOR]


def test_special_characters_do_not_break_bibtex():
    text = Reference(name="x", author="O", title=r"a_b{c}\d~e^f#g$h").bibtex()
    assert bibtexparser.loads(text).entries[0]["ID"] == "x"


@pytest.mark.parametrize("suffix", [".bib", ".ris", ".txt"])
def test_references_are_saved_by_suffix(tmp_path, suffix):
    found = references_of(STUDIES, ["a_2007"])
    found.save(tmp_path / f"refs{suffix}")
    assert "Homesley" in (tmp_path / f"refs{suffix}").read_text(encoding="utf-8")
    with pytest.raises(survsim.errors.InputError, match=r"saved as \.bib"):
        found.save(tmp_path / "refs.doc")


def test_leaves_of_provenance_become_references_once():
    tables = {
        "estimates": pd.DataFrame({"estimate_id": ["a_e1", "a_e2"], "study_id": ["a_2007", "a_2007"]}),
        "studies": STUDIES,
        "cases": STUDIES.rename(columns={"study_id": "case_id"}).assign(case_id=["case_1", "case_2"]),
        "sources": pd.DataFrame({"source_id": ["people"], "citation": ["People et al. 2020"]}),
    }
    leaves = [
        "estimates:a_e1",
        "estimates:a_e2",
        "patients:people",
        "assumption:x/y",
        "cases:case_2",
        "patients:people",
    ]
    found = references_for(leaves, tables)
    assert [e.name for e in found.entries] == ["a_2007", "people", "case_2"]
    assert found.entries[1].text() == "People et al. 2020"
    assert found.to_frame()["name"].tolist() == ["a_2007", "people", "case_2"]


def test_a_selection_cites_exactly_its_studies():
    found = survsim.load_evidence().select(
        endpoint="overall_survival", measure="hazard_ratio", design="rct", allow_mixed="any"
    )
    assert {e.name for e in found.references().entries} == set(found.frame["study_id"])


@pytest.mark.parametrize(
    ("printed", "given"),
    [
        ("Tate Thigpen J", "Tate Thigpen, J"),
        ("Homesley HD", "Homesley, HD"),
        ("Ray-Coquard I", "Ray-Coquard, I"),
        ("Wang, Chunmeng", "Wang, Chunmeng"),
        ("El Shafie", "El Shafie"),
        ("Rades", "Rades"),
    ],
)
def test_the_family_name_is_told_from_the_initials(printed, given):
    entry = Reference(name="x", author=printed, title="T")
    assert bibtexparser.loads(entry.bibtex()).entries[0]["author"] == given
    assert f"AU  - {given}\n" in entry.ris()


def test_addresses_stand_in_bibtex_as_they_are():
    address = "https://example.org/a_b?x=1&y=%2C#z"
    text = Reference(name="x", author="O", title="T", url=address, doi="10.1/a_b").bibtex()
    entry = bibtexparser.loads(text).entries[0]
    assert (entry["url"], entry["doi"]) == (address, "10.1/a_b")


@pytest.mark.parametrize(
    ("cell", "journal", "volume", "number", "pages"),
    [
        ("J Clin Oncol 2022", "J Clin Oncol", "", "", ""),
        ("J Rehabil Med 2023;55", "J Rehabil Med", "55", "", ""),
        ("Neurospine 2022;19(2)", "Neurospine", "19", "2", ""),
        ("J Rehabil Med 39(2)", "J Rehabil Med", "39", "2", ""),
        ("Radiation Oncology 6:173", "Radiation Oncology", "6", "", "173"),
        ("Int J Gynecol Cancer 31(Suppl 4):A69.2", "Int J Gynecol Cancer", "31", "Suppl 4", "A69.2"),
        ("Sarcoma 2011;325189", "Sarcoma", "", "", "325189"),
        ("Gynecol Oncol 2018 Nov 8;152(1):31-37", "Gynecol Oncol", "152", "1", "31-37"),
        ("Gynecol Oncol 2004 (May);336-339", "Gynecol Oncol", "", "", "336-339"),
        ("Int J Radiat Oncol Biol Phys 2004-03-01", "Int J Radiat Oncol Biol Phys", "", "", ""),
        ("Eur J Health Econ 2013;15(1):7-18 (as shown)", "Eur J Health Econ", "15", "1", "7-18"),
        ("Cochrane Database Syst Rev 2013;(2):CD006812", "Cochrane Database Syst Rev", "", "2", "CD006812"),
        ("Clin Oncol (R Coll Radiol)", "Clin Oncol (R Coll Radiol)", "", "", ""),
        ("PLoS One (pone.0148312)", "PLoS One (pone.0148312)", "", "", ""),
    ],
)
def test_a_journal_is_taken_apart_as_it_was_typed(cell, journal, volume, number, pages):
    entry = Reference(name="x", author="Lee JW", title="t", journal=cell)
    parts = entry.parts
    assert parts["journal"] == journal
    assert tuple(parts.get(k, "") for k in ("volume", "number", "pages")) == (volume, number, pages)
    assert rispy.loads(entry.ris())[0]["journal_name"] == journal
    assert bibtexparser.loads(entry.bibtex()).entries[0]["journal"] == journal


def test_a_cell_that_names_no_journal_is_a_remark_and_so_is_the_trial():
    entry = Reference(
        name="x", title="t", journal="97(10):1669-1678 (journal not shown)", nct="NCT1", pmid="17"
    )
    read = rispy.loads(entry.ris())[0]
    assert read["type_of_reference"] == "GEN"
    assert read["notes"] == ["97(10):1669-1678 (journal not shown); NCT1"]
    assert read["name_of_database"] == "PubMed"
    assert "journal_name" not in read
    found = bibtexparser.loads(entry.bibtex()).entries[0]
    assert found["ENTRYTYPE"] == "misc"
    assert found["note"] == "97(10):1669-1678 (journal not shown); NCT1"


def test_every_reference_of_the_shipped_tables_is_read_back_by_other_programs():
    found = survsim.load_evidence().references()
    ris, bib = rispy.loads(found.to_ris()), bibtexparser.loads(found.to_bibtex()).entries
    names = [e.name for e in found.entries]
    assert [r["id"] for r in ris] == [b["ID"] for b in bib] == names
    for entry, one, other in zip(found.entries, ris, bib):
        assert one["title"] == " ".join((entry.title or "[title not stated]").split())
        assert one.get("doi", "") == other.get("doi", "") == entry.doi
        journal = one.get("journal_name", "")
        assert journal == other.get("journal", "").replace("\\&", "&")
        # A journal keeps no year of its own, which would stand beside that of the reference.
        assert not journal or not journal.rstrip(")").endswith(entry.year or "no year"), entry.name
