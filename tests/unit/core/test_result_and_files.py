"""Results are values; files appear whole or not at all."""

import dataclasses

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
