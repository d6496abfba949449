"""What a command cannot write to, or cannot take, is said before the work, with what came."""

import os
import sys

import pytest

from survsim.cli import main
from survsim.core.files import file_sha256, read_json, read_regular
from survsim.core.json_files import read_typed_json
from survsim.core.plain_csv import csv_text
from survsim.errors import InputError, ScenarioError
from survsim.report.new_study import new_study
from survsim.scenario import run
from survsim.simulation.outcomes.storage import refuse_foreign


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(new_study("study", tmp_path, template="strategies"))

    def said(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["survsim", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        shown = "".join(capsys.readouterr())
        assert ended.value.code == 2, shown
        return shown

    return said


SIMULATE = ("simulate", "analyses/02_strategies/scenario.yml", "--patients", "20", "--draws", "2")


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("x.csv", "a simulation is saved to a folder; got the file name 'x.csv'"),
        ("taken", "'taken' is a file. Give another name"),
        ("taken/below", "'taken' is a file. Give another name"),
    ],
)
def test_a_place_that_is_no_folder_is_told_before_anything_is_simulated(
    say, tmp_path, monkeypatch, out, words
):
    (tmp_path / "study" / "taken").write_text("mine")

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was simulated")

    monkeypatch.setattr(run, "simulate", never)
    assert words in say(*SIMULATE, "--out", out)


def test_a_file_where_chunks_belong_is_no_lack_of_room(say, tmp_path):
    folder = tmp_path / "study" / "o"
    folder.mkdir()
    (folder / "chunks").write_text("mine")
    shown = say(*SIMULATE, "--out", "o")
    assert "chunks, which stands where a folder or a file of the run belongs" in shown and "room" not in shown


@pytest.mark.parametrize("command", ["run", "report"])
@pytest.mark.parametrize("typed", [("--workers", "0"), ("--workers=2.5",), ("--workers", "many")])
def test_a_number_of_workers_that_is_none_is_told(say, command, typed):
    assert f"got {typed[-1].rpartition('=')[2]}" in say(command, *typed)


def test_a_horizon_of_a_decision_is_told_to_the_last_digit(say, tmp_path):
    file = tmp_path / "study" / SIMULATE[1]
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("decision_tau: 24", "decision_tau: 24.00001"), encoding="utf-8")
    assert "24.00001 must be one of tau (12, 24)" in say(*SIMULATE, "--out", "o")


@pytest.mark.parametrize("name", ["outcomes.csv", "result.json", "means.parquet", "numbers.npy", "run.json"])
def test_a_folder_with_files_of_somebody_else_is_left_as_it_is(say, tmp_path, name):
    mine = tmp_path / "study" / "mine"
    mine.mkdir()
    (mine / name).write_text("precious")
    shown = say(*SIMULATE, "--out", "mine")
    assert f"mine holds {name}, which no simulation wrote" in shown
    assert [p.name for p in mine.iterdir()] == [name] and (mine / name).read_text() == "precious"


def test_the_tables_of_the_study_are_no_place_for_a_run(say, tmp_path):
    curated = tmp_path / "study" / "data" / "curated"
    before = {p.name: p.read_bytes() for p in curated.iterdir()}
    assert "holds outcomes.csv, which no simulation wrote" in say(*SIMULATE, "--out", "data/curated")
    assert {p.name: p.read_bytes() for p in curated.iterdir()} == before


def test_a_run_goes_into_its_own_folder_again(tmp_path, monkeypatch):
    monkeypatch.chdir(new_study("study", tmp_path, template="strategies"))
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", ["survsim", *SIMULATE, "--out", "mine"])
        with pytest.raises(SystemExit) as ended:
            main.run()
        assert ended.value.code == 0
    (tmp_path / "study" / "mine" / "run.json").unlink()
    (tmp_path / "study" / "mine" / "result.json").unlink()
    refuse_foreign(tmp_path / "study" / "mine")  # chunks beside their numbers are those of a run


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--out", ""), "Invalid value for '--out': a name of a file or a folder belongs here, and nothing"),
        (
            ("--out", "o", "--draws", "1_0"),
            "Invalid value for '--draws': a whole number belongs here; got 1_0.",
        ),
        (
            ("--out", "o", "--seed", "1.0"),
            "Invalid value for '--seed': a whole number belongs here; got 1.0.",
        ),
    ],
)
def test_what_only_a_programming_language_takes_for_a_place_or_a_number(say, words, told):
    assert told in say(*SIMULATE[:2], *words)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes among files")
def test_a_pipe_where_a_file_is_read_is_not_waited_on(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for read in (read_regular, read_json, file_sha256, read_typed_json):
        with pytest.raises(InputError, match="is a pipe where a file is read"):
            read(tmp_path / "pipe")
    with pytest.raises(ScenarioError, match="is a pipe where a file is read"):
        csv_text(tmp_path / "pipe")
