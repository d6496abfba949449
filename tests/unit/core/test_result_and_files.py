"""Results are values; files appear whole or not at all."""

import dataclasses
import os
import socket
import stat
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from survsim import Provenance
from survsim.core import files
from survsim.core.result import Result, format_number, result
from survsim.errors import InputError


@result
class Curve(Result):
    time: np.ndarray
    estimate: np.ndarray

    def columns(self):
        return {"time": self.time, "estimate": self.estimate}


def curve(n=3):
    return Curve(provenance=Provenance.of("test"), time=np.arange(n) * 1.0, estimate=np.linspace(1, 0, n))


def test_a_result_cannot_be_altered_but_the_callers_array_can():
    time = np.array([0.0, 1.0])
    made = Curve(provenance=Provenance.of("test"), time=time, estimate=time)
    with pytest.raises(ValueError, match="read-only"):
        made.time[0] = 5.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.time = time
    time[0] = 5.0
    assert time.flags.writeable


def test_printouts_are_short_for_long_tables():
    assert "100 rows, 20 shown" in repr(curve(100))
    assert "100 rows, 30 shown" in curve(100)._repr_html_()
    assert "rows" not in repr(curve())


def test_a_saved_result_comes_back_whole(tmp_path):
    curve().save(tmp_path / "curve.json")
    read = Curve.load(tmp_path / "curve.json")
    assert type(read) is Curve and read.provenance == curve().provenance
    pd.testing.assert_frame_equal(read.to_frame(), curve().to_frame(), check_exact=True)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_saved_tables_come_back(tmp_path, suffix):
    path = tmp_path / f"curve{suffix}"
    curve().save(path)
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet}[suffix]
    pd.testing.assert_frame_equal(read(path), curve().to_frame(), check_dtype=False)


def test_pickles_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"saved as \.json \(everything.*\.csv, \.parquet, \.tex or \.docx"):
        curve().save(tmp_path / "curve.pkl")


def test_a_result_without_picture_says_so():
    with pytest.raises(InputError, match="Curve has no picture"):
        curve().plot()


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.txt"
    files.write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), files.atomic_open(path) as file:
        file.write("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.txt"]


def test_json_refuses_not_a_number(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(tmp_path / "x.json", {"a": float("nan")})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (float("nan"), "NA"),
        (float("inf"), "Inf"),
        (-float("inf"), "-Inf"),
        (1e-7, "1.000e-07"),
        (12345.6, "12346"),
        (0.0, "0"),
    ],
)
def test_numbers_print_as_in_a_paper(value, text):
    assert format_number(value) == text


def test_a_link_stays_and_the_file_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    real = tmp_path / "far" / "real.txt"
    real.write_text("old")
    for name, target in (("link.txt", real), ("to_come.txt", tmp_path / "far" / "new.txt")):
        link = tmp_path / name
        link.symlink_to(target)
        files.write_text(link, "new")
        assert link.is_symlink() and target.read_text() == "new" and not target.is_symlink()
    assert sorted(p.name for p in (tmp_path / "far").iterdir()) == ["new.txt", "real.txt"]


def _pipe(path):
    os.mkfifo(path)


def _socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and sockets with a path are of Unix")
@pytest.mark.parametrize(("make", "word"), [(_pipe, "a pipe"), (_socket, "a socket"), (os.mkdir, "a folder")])
@pytest.mark.parametrize("through_a_link", [False, True])
def test_what_is_no_regular_file_is_refused_and_stays(tmp_path, monkeypatch, make, word, through_a_link):
    monkeypatch.chdir(tmp_path)  # the path of a socket has at most some hundred letters
    make("p")
    kind = stat.S_IFMT(Path("p").stat().st_mode)
    name = "p"
    if through_a_link:
        name = "link"
        Path(name).symlink_to("p")
    with pytest.raises(InputError, match=f"{name} is {word}.*nothing was written"):
        files.write_text(name, "x")
    assert stat.S_IFMT(Path("p").stat().st_mode) == kind
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted({"p", name})


def test_a_device_is_refused():
    with pytest.raises(InputError, match="is a device"):
        files.regular_target(os.devnull)
