"""A new study that simulates: its report runs at once, and what is missing or misspelt is said."""

from __future__ import annotations

import json
import re
import sys

import jsonschema
import pytest
from bs4 import BeautifulSoup

import survsim
from survsim.cli import main
from survsim.core.errors import InputError
from survsim.report.new_study import new_study
from survsim.scenario.file_schemas import file_schema
from tests.helpers.report_texts import shown_raw


def survsim_says(monkeypatch, capsys, *words: str, code: int = 0) -> str:
    monkeypatch.setattr(sys, "argv", ["survsim", *words])
    with pytest.raises(SystemExit) as ended:
        main.run()
    shown = "".join(capsys.readouterr())
    assert ended.value.code == code, shown
    return shown


@pytest.fixture
def study(tmp_path, monkeypatch):
    made = new_study("tumour", tmp_path, template="strategies")
    monkeypatch.chdir(made)
    return made


@pytest.mark.slow
@pytest.mark.long
def test_a_new_study_of_strategies_reaches_a_page_at_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert "01_evidence_base and 02_strategies" in survsim_says(
        monkeypatch, capsys, "new", "tumour", "--template", "both"
    )
    monkeypatch.chdir(tmp_path / "tumour")
    survsim_says(monkeypatch, capsys, "report", "--quick")
    pages = tmp_path / "tumour" / "build" / "quick"
    page = (pages / "02_strategies.html").read_text(encoding="utf-8")
    assert (pages / "01_evidence_base.html").is_file()
    for one in pages.glob("*.html"):
        assert shown_raw(BeautifulSoup(one.read_text(encoding="utf-8"), "html.parser")) == [], one.name
    assert "EXAMPLE, NOT EVIDENCE" in page and page.count("<figure") + page.count("<img") >= 2
    assert "drug from the start" in page and "Restricted mean survival time to 24 months" in page


def test_the_numbers_of_the_example_are_those_of_its_declaration(study, monkeypatch, capsys):
    """Usual care is a chain of three exponential ways, whose mean time alive to 24 months has a closed form."""
    survsim_says(monkeypatch, capsys, "run", "--quick")
    ledger = survsim.Ledger.load(study / "build/quick/02_strategies/results/summary.json")
    simulation = survsim.simulation.SimulationResult.load(
        study / "build/quick/02_strategies/results/simulation"
    )
    scenario = survsim.Scenario.from_yaml(study / "analyses/02_strategies/scenario.yml")
    drawn = survsim.scenario.scenario_parameters(scenario, draws=60, evidence=survsim.load_evidence()).draws()
    expected = mean_alive(drawn["progression_rate"], drawn["other_death_rate"], drawn["death_rate"], 24.0)
    told = ledger.numbers["months.usual_care"]
    assert told.value == pytest.approx(expected, abs=4 * told.mc_std_error)
    assert simulation.labels == ("usual care", "drug from the start")
    assert ledger.numbers["gain.drug_first"].value > 0
    assert str(ledger.numbers["notice"].value).startswith("EXAMPLE, NOT EVIDENCE")


def mean_alive(progress, other, death, tau):
    """Mean over the draws of the integral of P(alive) for stable -> progressed -> dead with competing death."""
    import numpy as np

    leave = progress + other
    first = (1 - np.exp(-leave * tau)) / leave
    late = (1 - np.exp(-death * tau)) / death
    return float(np.mean(first + progress / (death - leave) * (first - late)))


def test_a_scenario_without_a_program_says_that_run_py_is_missing(study, monkeypatch, capsys):
    (study / "analyses/02_strategies/run.py").unlink()
    for words in (("report",), ("run",), ("report", "02_strategies"), ("run", "02")):
        shown = survsim_says(monkeypatch, capsys, *words, code=2)
        assert "analyses/02_strategies has scenario.yml and protocol.yml and report.py but no run.py" in shown
        assert "survsim new EXAMPLE --template strategies" in shown


def test_a_template_that_is_none_writes_nothing(tmp_path):
    with pytest.raises(InputError, match="did you mean strategies"):
        new_study("tumour", tmp_path, template="strategy")
    assert list(tmp_path.iterdir()) == []


def test_faults_of_a_scenario_reach_the_terminal_one_a_line(study, monkeypatch, capsys):
    path = study / "analyses/02_strategies/scenario.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("horizon: 60", "horizn: 60").replace("seed: 20201", "seed: no"), encoding="utf-8"
    )
    lines = survsim_says(monkeypatch, capsys, "simulate", str(path), "--explain", code=2).splitlines()
    assert len(lines) == 4 and lines[0].startswith("survsim: scenario.yml cannot be used")
    assert any(re.search("horizn: unknown key.*did you mean 'horizon'", line) for line in lines)


def test_the_command_prints_the_schema(monkeypatch, capsys):
    shown = survsim_says(monkeypatch, capsys, "schema", "scenario")
    assert shown == file_schema("scenario")
    jsonschema.Draft202012Validator.check_schema(json.loads(shown))
    assert "did you mean strategy" in survsim_says(monkeypatch, capsys, "schema", "strategi", code=2)
