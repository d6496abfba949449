"""Spoilt tables and drawings at the commands for curves: an answer or exit code 2 with one line, nothing half-written."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

from survsim.cli import main
from survsim.cli.csv_in import read_table
from survsim.errors import InputError
from tests.helpers.small_figures import draw

CELLS = (
    "",
    "nan",
    "inf",
    "-1",
    "1e308",
    "0",
    "0.5",
    "1",
    "2",
    "80",
    "abc",
    "=1+1",
    '"',
    "0,5",
    "\N{MINUS SIGN}1",
    "1e-320",
)


@pytest.fixture()
def call(monkeypatch, capsys, tmp_path):
    """Run a command in an empty folder; exit code, and what was said on the error stream."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["survsim", *map(str, words)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises(SystemExit) as ended:
                main.run()
        return ended.value.code, capsys.readouterr().err

    return run


def table(rng, header):
    """Two columns, most cells sound, some from the list of bad ones, some rows ragged."""
    rows = [header]
    level = (
        np.sort(rng.uniform(0, 1, 6))[::-1] if "survival" in header else np.sort(rng.integers(0, 60, 6))[::-1]
    )
    for t, v in zip(np.sort(rng.uniform(0, 40, 6)).round(1), level):
        cells = [f"{t:g}", f"{v:g}"]
        if rng.random() < 0.15:
            cells[rng.integers(2)] = str(rng.choice(CELLS))
        rows.append(",".join(cells + ["1"] * int(rng.random() < 0.03)))
    return "\n".join(rows) + "\n"


def test_spoilt_tables_are_reconstructed_or_refused(call, tmp_path):
    rng = np.random.default_rng(14)
    refused = 0
    for k in range(80):
        (tmp_path / "c.csv").write_text(table(rng, "time,survival"), encoding="utf-8")
        (tmp_path / "r.csv").write_text(table(rng, "time,n_risk"), encoding="utf-8")
        known = ("--at-risk", "r.csv") if rng.random() < 0.5 else ("--n", str(int(rng.integers(1, 80))))
        total = ("--total-events", str(int(rng.integers(0, 80)))) if rng.random() < 0.3 else ()
        method = ("--method", str(rng.choice(["optimised", "guyot", "ikm", "marked"])))
        code, said = call("reconstruct", "c.csv", *known, *total, *method, "--out", f"{k}.csv")
        assert code in (0, 2), (k, code, said)
        assert "Traceback" not in said
        assert (tmp_path / f"{k}.csv").exists() is (code == 0), (k, said)
        refused += code == 2
    assert 10 < refused < 80


def test_spoilt_drawings_are_read_or_refused(call, tmp_path):
    rng = np.random.default_rng(15)
    sound = draw(tmp_path / "a.svg").read_bytes()
    for k in range(25):
        spoilt = bytearray(sound)
        for place in rng.integers(0, len(spoilt), int(rng.integers(1, 30))):
            spoilt[place] = int(rng.choice(list(b'0123456789.-MLQz"<> e\xff\x00')))
        cut = len(spoilt) if rng.random() < 0.7 else int(rng.integers(1, len(spoilt)))
        (tmp_path / "b.svg").write_bytes(bytes(spoilt[:cut]))
        code, said = call("digitise", "b.svg", "--unit", "months", "--out", f"read{k}")
        assert code in (0, 2), (k, code, said)
        assert "Traceback" not in said
        assert (tmp_path / f"read{k}").exists() is (code == 0)


def test_the_line_that_names_the_separator_for_excel(tmp_path):
    file = tmp_path / "excel.csv"
    file.write_text("sep=;\ntime;survival\n0;1\n1,5;0,75\n")
    assert read_table(file)["time"].tolist() == [0.0, 1.5]
    file.write_text("sep=,\ntime,survival\n0,1\n1,5,0,75\n")
    with pytest.raises(InputError, match=r"line 4: 4 cells where the line of names has 2.*by semicolons"):
        read_table(file)
    file.write_text("sep=,\ntime,survival\n0,x\n")
    with pytest.raises(InputError, match="survival in line 3 is 'x', no number"):
        read_table(file)
