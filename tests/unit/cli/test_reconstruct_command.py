"""`survsim reconstruct`: files in, patients out, one line and exit code 2 for what cannot be."""

import json
import sys

import pandas as pd
import pytest

from survsim.cli import main


@pytest.fixture()
def call(monkeypatch, capsys, tmp_path):
    """Run the command in a folder with a curve and a risk table."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "curve.csv").write_text("time,survival\n2,0.9\n5,0.7\n9,0.6\n")
    (tmp_path / "risk.csv").write_text("time,n_risk\n0,10\n6,7\n")

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["survsim", "reconstruct", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


def test_patients_are_written(call):
    code, out, _ = call("curve.csv", "--at-risk", "risk.csv", "--out", "ipd.csv")
    assert code == 0
    assert "10 patients, 4 events" in out
    made = pd.read_csv("ipd.csv")
    assert made.columns.tolist() == ["time", "event"]
    assert sorted(made.time[made.event == 1]) == [2, 5, 5, 9]


def test_arms_entry_and_json(call, tmp_path):
    (tmp_path / "two.csv").write_text("arm,time,survival\na,2,0.9\na,5,0.7\nb,2,0.8\nb,6,0.5\n")
    (tmp_path / "risks.csv").write_text("arm,time,n_risk\na,0,10\na,4,9\nb,0,20\nb,4,16\n")
    code, out, _ = call("two.csv", "--at-risk", "risks.csv", "--total-events", "3", "--out", "ipd.csv")
    assert code == 2
    code, out, _ = call(
        "two.csv", "--at-risk", "risks.csv", "--out", "ipd.csv", "--json", "--method", "guyot"
    )
    assert code == 0
    assert {arm: found["n_event"] for arm, found in json.loads(out).items()} == {"a": 3, "b": 10}
    (tmp_path / "late.csv").write_text("time,n_risk\n0,10\n4,14\n8,9\n")
    code, _, err = call("curve.csv", "--at-risk", "late.csv", "--out", "late_ipd.csv")
    assert code == 2
    assert "--entry" in err
    assert not (tmp_path / "late_ipd.csv").exists()
    assert call("curve.csv", "--at-risk", "late.csv", "--entry", "--out", "late_ipd.csv")[0] == 0
    assert pd.read_csv("late_ipd.csv").columns.tolist() == ["time", "event", "entry"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere.csv", "--n", "10"), "is no file"),
        (("curve.csv",), "give the numbers at risk"),
        (("risk.csv", "--n", "10"), "survival"),
    ],
)
def test_one_line_and_nothing_written(call, tmp_path, words, message):
    code, _, err = call(*words, "--out", "ipd.csv")
    assert code == 2
    assert message in err
    assert len(err.strip().splitlines()) <= 2
    assert not (tmp_path / "ipd.csv").exists()
