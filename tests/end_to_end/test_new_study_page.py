"""The first page of a new study: its disease, and what was not pooled, row by row."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

import survsim
from tests.end_to_end.test_new_study import User
from tests.helpers.report_texts import shown_raw


@pytest.fixture
def user(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    return User(monkeypatch, capsys)


@pytest.mark.slow
def test_the_title_page_names_the_disease_and_each_number_that_was_not_pooled(user, tmp_path):
    user("new", "thymic_carcinoma")
    study = tmp_path / "thymic_carcinoma"
    user.enter(study)
    typed = study / "data" / "raw" / "literature" / "example" / "estimates.csv"
    slip = typed.read_text(encoding="utf-8").replace(
        "example_2002_e01,example_2002,drug,drug,overall_survival",
        "example_2002_e01,example_2002,drug,drug,recurrence_free_survival",
    )
    typed.write_text(slip, encoding="utf-8")
    user("data", "curate")
    user("report")
    text = (study / "build" / "reports" / "01_evidence_base.html").read_text(encoding="utf-8")
    assert "<title>What is published on thymic carcinoma</title>" in text
    page = BeautifulSoup(text, "html.parser")
    said = " ".join(page.get_text().split())
    assert "endpoint recurrence-free survival: asked for overall survival" in said
    assert "measure survival probability: asked for hazard ratio" in said
    assert shown_raw(page) == []
    ledger = survsim.Ledger.load(study / "analyses" / "01_evidence_base" / "results" / "summary.json")
    assert ledger.numbers["not_pooled"].value == ledger.numbers["estimates.all"].value == 5
