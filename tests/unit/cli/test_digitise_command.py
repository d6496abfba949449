"""`survsim digitise`: a folder of files, or one line and exit code 2."""

from __future__ import annotations

import json
import sys

import pytest

from survsim.cli import main
from tests.helpers.small_figures import draw


@pytest.fixture()
def call(monkeypatch, capsys, tmp_path):
    """Run the console script in an empty folder; give back exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["survsim", "digitise", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main.run()
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


def test_it_writes_a_folder_and_says_what_it_read(call, tmp_path):
    draw(tmp_path / "a.svg")
    code, out, err = call("a.svg", "--unit", "months", "--out", "read.1")
    assert code == 0
    assert "2 curve(s)" in out and "a.svg: reading" in err
    assert sorted(p.name for p in (tmp_path / "read.1").iterdir()) == [
        "at_risk.csv", "curves.csv", "marks.csv", "overlay.png", "report.json",
    ]  # fmt: skip


def test_the_report_as_json_and_arms_with_colours(call, tmp_path):
    draw(tmp_path / "a.pdf", legend=False)
    code, out, _ = call("a.pdf", "--json", "--out", "o", "--arms", "A=#1f77b4", "--arms", "B=#d62728")
    said = json.loads(out)
    assert code == 0 and said["arms"] == ["A", "B"] and said["tolerance"]["survival"] < 1e-4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a.svg", "--kind", "incidence"), "--kind survival"),
        (("a.svg", "--arms", "A", "--arms", "B", "--arms", "C"), "Help: --arms NAME=COLOUR says"),
        (("a.svg", "--panel", "D"), "no panel 'D'"),
        (("none.svg",), "no file"),
        (("a.svg", "--x-axis", "1-2"), "--x-axis reads"),
        (("a.svg", "--unit", "moons"), "--unit must be one of"),
        (("a.svg", "--arms", "A=#1f77b4", "--arms", "A=#d62728"), "names 'A' 2 times"),
        (("a.svg", "--arms", "A", "--arms", " A "), "names 'A' 2 times"),
        (("a.svg", "--arms", "A=#1f77b4", "--arms", "B"), "some arms a colour and 'B' none"),
        (("a.svg", "--arms", "n=80", "--arms", "B=red"), "some arms a colour and 'n=80' none"),
    ],
)
def test_a_refusal_ends_with_2_and_leaves_nothing(call, tmp_path, words, message):
    draw(tmp_path / "a.svg")
    code, out, err = call(*words, "--out", "o")
    assert code == 2 and out == "" and message in err
    assert not (tmp_path / "o").exists()


def test_names_that_hold_an_equals_sign_are_names(call, tmp_path):
    draw(tmp_path / "a.svg")
    code, out, _ = call("a.svg", "--json", "--out", "o", "--arms", "n=80", "--arms", "n=75")
    assert code == 0 and json.loads(out)["arms"] == ["n=80", "n=75"]


@pytest.mark.parametrize("name", ["overlay.png", "report.json"])
def test_what_it_reads_is_never_written_over(call, tmp_path, name):
    (tmp_path / "o").mkdir()
    draw(tmp_path / "a.svg")
    figure = tmp_path / ("o/overlay.png" if name == "overlay.png" else "a.svg")
    figure.write_bytes((tmp_path / "a.svg").read_bytes())
    (tmp_path / "o" / "report.json").write_text("{}")
    before = (tmp_path / "o" / name).read_bytes()
    more = ("--corrections", "o/report.json") if name == "report.json" else ()
    code, _, err = call(figure, *more, "--out", "o")
    assert code == 2 and "would write over" in err
    assert (tmp_path / "o" / name).read_bytes() == before


@pytest.mark.parametrize("name", ["curves.csv", "report.json", "overlay.png"])
def test_files_of_somebody_else_are_not_replaced(call, tmp_path, name):
    draw(tmp_path / "a.svg")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text('{"kind": "mine"}')
    code, _, err = call("a.svg", "--unit", "months", "--out", "mine")
    assert code == 2 and f"mine holds {name}, which no reading of a figure wrote" in err
    assert (tmp_path / "mine" / name).read_text() == '{"kind": "mine"}'
    assert [call("a.svg", "--unit", "months", "--out", "own")[0] for _ in range(2)] == [0, 0]
