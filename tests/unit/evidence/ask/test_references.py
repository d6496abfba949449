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
