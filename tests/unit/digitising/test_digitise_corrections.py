"""Corrections by eye: kept as data, applied again, and made in widgets without a browser."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.digitising import correct, digitise
from survsim.errors import InputError
from tests.helpers.small_figures import draw


def test_what_the_widgets_say_is_saved_and_read_again(tmp_path):
    found = digitise(draw(tmp_path / "a.svg"), unit="months")
    corrector = correct(found)
    assert corrector.corrections.axes == {}
    _place, value = corrector.points["x"][1]
    assert value.value == 60.0
    value.value = 120.0
    corrector.names[0].value = "Renamed"
    again = corrector.apply()
    assert "Renamed" in again.arms
    assert again.curve_time.max() == pytest.approx(2 * found.curve_time.max(), rel=1e-4)
    corrector.save(tmp_path / "c.json")
    kept = digitise(tmp_path / "a.svg", unit="months", corrections=tmp_path / "c.json")
    np.testing.assert_array_equal(kept.curve_time, again.curve_time)
    assert kept.corrections["axes"]["x"][1][1] == 120.0


def test_a_stray_point_is_taken_out(tmp_path):
    found = digitise(draw(tmp_path / "a.svg"), unit="months")
    first = found.arms[0]
    stray = float(found.curve_time[found.curve_arm == 0][3])
    content = {"strays": [[first, stray]]}
    less = digitise(tmp_path / "a.svg", unit="months", corrections=content)
    assert less.curve_time.size == found.curve_time.size - 1
    assert stray not in less.curve_time[less.curve_arm == 0]
    with pytest.raises(InputError, match="which is no arm here"):
        digitise(tmp_path / "a.svg", corrections={"strays": [["nobody", 1.0]]})


def test_a_button_shows_what_was_refused(tmp_path):
    corrector = correct(digitise(draw(tmp_path / "a.svg"), unit="months"))
    corrector.strays.value = "no semicolon"
    corrector._safely(corrector.apply)
    assert "arm; time" in corrector.said.value
    corrector.strays.value = ""
    corrector._safely(corrector.apply)
    assert corrector.said.value == "done"


@pytest.mark.parametrize(
    "content",
    [
        '{"colour": 1}',
        "[1]",
        "{",
        '{"strays": [1]}',
        '{"strays": [["Treated", NaN]]}',
        '{"strays": [["Treated", 1e999]]}',
        '{"arms": {"A": "#1f77b4", "A": "#d62728"}}',
        '{"strays": [], "strays": []}',
        "[" * 100_000,
    ],
)
def test_a_damaged_file_of_corrections(tmp_path, content):
    path = draw(tmp_path / "a.svg")
    (tmp_path / "c.json").write_text(content)
    with pytest.raises(InputError, match="corrections"):
        digitise(path, corrections=tmp_path / "c.json")
    assert digitise(path).arms


@pytest.mark.parametrize(("at", "nearest"), [(9999, None), (-1, None), (0.0, None), ("rounded", "itself")])
def test_a_stray_that_meets_no_point_is_refused_and_the_nearest_is_named(tmp_path, at, nearest):
    found = digitise(draw(tmp_path / "a.svg"), unit="months")
    times = found.curve_time[found.curve_arm == 0]
    third = float(times[3])
    at = third + 0.01 if at == "rounded" else at
    with pytest.raises(InputError, match="which has none there") as said:
        digitise(tmp_path / "a.svg", unit="months", corrections={"strays": [[found.arms[0], at]]})
    last_or_first = float(times[-1] if at == 9999 else times[1])
    assert f"The nearest is at {third if nearest else last_or_first!r}" in str(said.value)


def test_a_stray_named_twice_is_one(tmp_path):
    found = digitise(draw(tmp_path / "a.svg"), unit="months")
    stray = [found.arms[0], float(found.curve_time[found.curve_arm == 0][3])]
    less = digitise(tmp_path / "a.svg", unit="months", corrections={"strays": [stray, stray]})
    assert less.curve_time.size == found.curve_time.size - 1
