"""Where curves of pictures end: on their last level, on the axis, or outside the panel."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.digitising import digitise
from survsim.digitising.found import Hints
from survsim.digitising.raster.read import read_picture
from survsim.errors import InputError
from tests.unit.digitising.test_raster_reading import ARMS, Curve, curve, draw, pixels


def to_zero(seed: int, n: int = 60, scale: float = 14.0) -> Curve:
    """An arm whose last patient dies: its curve ends in a stroke down to the axis."""
    rng = np.random.default_rng(seed)
    event, leave = rng.exponential(scale, n), rng.uniform(10, 60, n)
    time, died = np.minimum(event, leave), event <= leave
    order = np.argsort(time)
    time, died = time[order], died[order]
    died[-1] = True
    survival = np.cumprod(1 - died / np.arange(n, 0, -1))
    return np.r_[0.0, time[died]], np.r_[1.0, survival[died]], float(time[-1]), time[~died]


def last(panel, k: int = 0) -> tuple[float, float]:
    trace = panel.traces[k]
    return float(panel.x_axis.value(trace.x[-1:])[0]), float(panel.y_axis.value(trace.y[-1:])[0])


@pytest.mark.parametrize("dash", ["-", "--"])
@pytest.mark.parametrize("seed", [101, 103, 105, 107, 109])
def test_a_curve_that_ends_at_0_is_read_down_to_the_axis(seed: int, dash: str) -> None:
    arm = to_zero(seed)
    figure, _ = draw([arm], ["tab:blue"], [dash], marks=dash == "-")
    (panel,) = read_picture(pixels(figure, 150))
    time, value = last(panel)
    assert value == pytest.approx(0.0, abs=1e-9)
    assert time == pytest.approx(arm[2], abs=0.15 if dash == "-" else 0.6)


def test_an_incidence_that_ends_at_1_is_read_up_to_it() -> None:
    time, survival, end, marks = to_zero(101)
    figure, _ = draw([(time, 1 - survival, end, marks)], ["tab:red"])
    (panel,) = read_picture(pixels(figure, 150), hints=Hints(kind="incidence"))
    assert last(panel) == (pytest.approx(end, abs=0.15), pytest.approx(1.0, abs=1e-9))


def test_a_fall_is_followed_across_another_curve() -> None:
    upper = (np.array([0.0, 5.0]), np.array([1.0, 0.2]), 58.0, np.array([]))
    lower = (np.array([0.0, 3.0, 30.0]), np.array([1.0, 0.4, 0.0]), 30.0, np.array([]))
    figure, _ = draw([upper, lower], ["tab:blue", "tab:red"])
    (panel,) = read_picture(pixels(figure, 150))
    ends = sorted(last(panel, k) for k in range(2))
    assert ends[0] == (pytest.approx(30.0, abs=0.15), pytest.approx(0.0, abs=1e-9))
    assert ends[1] == (pytest.approx(58.0, abs=0.3), pytest.approx(0.2, abs=0.006))


@pytest.mark.parametrize("seed", [1, 5, 8])
def test_a_mark_at_the_end_is_no_fall(seed: int) -> None:
    arm = curve(seed, 60, 30.0)
    figure, _ = draw([arm], ["tab:green"], marks=True)
    (panel,) = read_picture(pixels(figure, 150))
    assert last(panel)[1] == pytest.approx(arm[1][-1], abs=0.006)
    assert not any("its last fall" in words for words in panel.warnings)


def test_a_curve_that_runs_out_of_the_panel_ends_there_with_a_warning() -> None:
    figure, axes = draw(ARMS[:1], ["tab:blue"])
    axes.set_ylim(0.4, 1.02)
    (panel,) = read_picture(pixels(figure, 150))
    assert any("does not reach the axis" in words for words in panel.warnings) == (ARMS[0][1].min() < 0.4)
    assert last(panel)[1] > 0.4
    below = ARMS[0][0][ARMS[0][1] < 0.4]
    assert last(panel)[0] == pytest.approx(below[0], abs=0.4)


def test_curves_of_the_other_kind_are_refused_as_in_drawings(tmp_path) -> None:
    rising = [(time, 1 - survival, end, marks) for time, survival, end, marks in ARMS]
    for arms, kind, words in (
        (rising, "survival", "the curves rise: read it with kind='incidence'"),
        (ARMS, "incidence", "the curves fall: read it with kind='survival'"),
    ):
        figure, _ = draw(arms, ["tab:blue", "tab:red"])
        figure.savefig(tmp_path / "a.png", dpi=150)
        with pytest.raises(InputError, match=words):
            digitise(tmp_path / "a.png", kind=kind)
