"""What a command cannot write to, or cannot take, is said before the work, with what came."""

import sys

import pytest

from survsim.cli import main
from survsim.report.new_study import new_study
from survsim.scenario import run


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
