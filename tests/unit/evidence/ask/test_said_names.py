"""What a reader calls studies, numbers and words of the tables."""

from __future__ import annotations

import pandas as pd
import pytest

import survsim
from survsim.evidence.ask.said_names import said_names

NAN = float("nan")


@pytest.fixture
def tables():
    studies = pd.DataFrame(
        [
            ("rades_2008_spine", "Rades D", 2008.0, "A", "rct"),
            ("rades_2008_match", "Rades", 2008.0, "B", "rct"),
            ("le_2011_x", "Le Rhun E", 2011.0, "C", "phase2_single_arm"),
            ("seer_9", "", 2019.0, "The outcome of tumours of the cord in a registry of all patients", "registry"),
            ("lone_1", "", NAN, "Six cases (title not shown)", "case_series"),
        ],
        columns=["study_id", "first_author", "year", "title", "design"],
    )  # fmt: skip
    estimates = pd.DataFrame(
        [("rades_2008_spine_e03", "rades_2008_spine"), ("alpha_t02", "seer_9"), ("odd_one", "lone_1")],
        columns=["estimate_id", "study_id"],
    ).assign(endpoint="progression_free_survival")
    arms = pd.DataFrame([("lone_1", "all", "Everyone")], columns=["study_id", "arm_id", "label"])
    return {"studies": studies, "estimates": estimates, "arms": arms}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rades_2008_spine", "Rades 2008, SPINE"),
        ("rades_2008_match", "Rades 2008, MATCH"),
        ("le_2011_x", "Le Rhun 2011"),
        ("le_2011", "Le Rhun 2011"),
        ("seer_9", "“outcome of tumours of the cord …” 2019"),
        ("lone_1", "“Six cases”"),
        ("rades_2008_spine_e03", "Rades 2008, SPINE, row 3"),
        ("alpha_t02", "“outcome of tumours of the cord …” 2019, row t2"),
        ("odd_one", "“Six cases”, odd one"),
        ("lone_1/all", "“Six cases”, Everyone"),
        ("progression_free_survival", "progression-free survival"),
        ("phase2_single_arm", "single-arm phase II"),
        ("rct", "randomised trial"),
        ("first_author", "first author"),
    ],
)
def test_each_name_is_said(tables, name, words):
    assert said_names(tables)[name] == words


def test_author_and_year_of_two_studies_name_neither(tables):
    assert "rades_2008" not in said_names(tables)


def test_every_study_and_number_of_this_study_has_words_of_its_own():
    evidence = survsim.load_evidence()
    names = evidence.names()
    for table, column in (("studies", "study_id"), ("estimates", "estimate_id"), ("cases", "case_id")):
        ids = [str(i) for i in evidence.table(table)[column]]
        said = [names[i] for i in ids]
        assert len(set(said)) == len(said), f"two of {table} are called alike"
        assert not [words for words in said if "_" in words]


def test_names_given_out_are_a_copy():
    evidence = survsim.load_evidence()
    evidence.names().clear()
    assert evidence.names()
