"""What every command takes: --json, --quiet, --verbose; examples that parse; how to go on after Ctrl-C; no colour on wish."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import typer.main

from survsim.cli import main
from survsim.cli.console import progress
from survsim.cli.everywhere import EXAMPLES, GO_ON, commands, with_options
from survsim.report.new_study import new_study

ROOT = Path(__file__).parents[3]
ALL = dict(commands(with_options(typer.main.get_command(main.app))))
OUTSIDE = {
    "run": [], "report": [], "trace": ["01"], "data check": [], "data curate": [], "data completeness": [],
    "data migrate": [], "data diff": ["HEAD"], "data export": ["out"], "data import": ["x.xlsx"],
    "data add-study": ["lee_2021"], "data add-curve": ["lee_2021", "figure.png"],
}  # fmt: skip
"""Commands that work on the study one stands in, with what else they need."""


@pytest.fixture
def call(monkeypatch, capsys):
    def run(*words: str, code: int = 0) -> tuple[str, str]:
        monkeypatch.setattr(sys, "argv", ["survsim", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        shown = capsys.readouterr()
        assert ended.value.code == code, shown
        return shown.out, shown.err

    return run


@pytest.mark.parametrize("path", ALL)
def test_every_command_takes_them_and_shows_an_example_that_parses(path, call, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    out, _ = call(*path.split(), "--help")
    assert all(f"--{name}" in out for name in ("json", "quiet", "verbose"))
    for example in EXAMPLES[path]:
        assert example in out
        words = shlex.split(example)[1 + len(path.split()) :]
        assert ALL[path].make_context(path, words) is not None


@pytest.mark.parametrize("path", OUTSIDE)
def test_outside_a_study_a_command_says_so_and_writes_nothing(path, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, err = call(*path.split(), *OUTSIDE[path], code=2)
    assert err.startswith("survsim: no study ") and "change into one" in err.lower()
    out, err = call(*path.split(), *OUTSIDE[path], "--json", code=2)
    told = json.loads(out)
    assert err == "" and told["exit_code"] == 2 and "no study" in told["faults"][0]
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def study(tmp_path, monkeypatch):
    made = new_study("tumour", tmp_path)
    monkeypatch.chdir(made)
    return made


def test_answers_as_json_hold_what_was_found(study, call):
    ran = json.loads(call("run", "--quick", "--json")[0])
    assert ran["command"] == "run" and ran["exit_code"] == 0
    assert ran["results"] == {"01_evidence_base": "build/quick/01_evidence_base/results"}
    traced = json.loads(call("trace", "01", "pooled.k", "--quick", "--json")[0])
    assert traced["numbers"]["pooled.k"]["value"] == 2
    assert set(traced["rows"]) == {"estimates:example_2001_e01", "estimates:example_2002_e01"}
    curated = json.loads(call("data", "curate", "--json")[0])
    assert curated["rows"]["studies"] == 2 and curated["changed"] is False
    assert json.loads(call("data", "completeness", "--json")[0])["fields"]
    exported = json.loads(call("data", "export", "out", "--json")[0])
    assert "evidence.xlsx" in exported["files"]
    plain, _ = call("data", "curate")
    assert plain == "curated tables are up to date\n"


def test_quiet_keeps_the_answer_alone_and_verbose_says_where_an_error_came_from(study, call):
    assert "running the analysis" in call("run", "--quick")[1]
    out, err = call("run", "--quick", "--quiet")
    assert out.startswith("01_evidence_base: results in") and err == ""
    assert "Traceback" not in call("run", "none", code=2)[1]
    assert "Traceback" in call("run", "none", "--verbose", code=2)[1]


@pytest.mark.parametrize("command", ["run", "report", "data curate"])
def test_a_command_that_was_stopped_says_how_to_go_on(study, call, monkeypatch, command):
    def stopped(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("survsim.report.runner._run_into", stopped)
    monkeypatch.setattr("survsim.evidence.raw.transaction.replace", stopped)
    _, err = call(*command.split(), code=130)
    assert GO_ON.get(command, "Nothing was left half-written; give the same command again.") in err


@pytest.mark.parametrize("words", [["--help"], pytest.param(["data", "check"], marks=pytest.mark.long)])
def test_no_colour_is_printed_where_none_is_wanted(study, words):
    loud = os.environ | {"FORCE_COLOR": "1", "PYTHONPATH": str(ROOT)}
    loud.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "survsim", *words]
    coloured = subprocess.run(command, cwd=study, env=loud, capture_output=True, text=True, check=True)
    plain = subprocess.run(
        command, cwd=study, env=loud | {"NO_COLOR": "1"}, capture_output=True, text=True, check=True
    )
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    assert not colour.search(plain.stdout)
    if words == ["--help"]:
        assert colour.search(coloured.stdout)


def test_progress_of_every_command_begins_and_tells_warnings_in_the_words_of_the_command(capsys, monkeypatch):
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    with progress(lambda told: told.replace("panel", "--panel")) as say:
        say("01_evidence_base", "running")
        warnings.showwarning(UserWarning("panel is not given"), UserWarning, "file", 1)
    told = capsys.readouterr().err
    assert "01_evidence_base: running" in told
    assert "UserWarning: --panel is not given" in told
