"""Small axes drawn inside large ones: their curves, frames and marks are none of the large panel."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from survsim.digitising import digitise
from survsim.digitising.raster.insets import Rectangle, closed_frames
from tests.helpers.small_figures import TWO, arm, panel

pytestmark = pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")

LOW = (arm("Control", 1, scale=12.0), arm("Treated", 2, scale=16.0))
HIGH = (arm("Control", 1, n=60, scale=60.0), arm("Treated", 2, n=60, scale=150.0))
ABOVE_LATE, BELOW_EARLY = (0.6, 0.64, 0.36, 0.3), (0.1, 0.12, 0.36, 0.25)


def _drawn(path, arms, place, *, zoom=(0.0, 15.0), height=(0.5, 1.01), fraction=1.0, dpi=150):
    """Two arms with their first months drawn larger in a corner: the zoomed curves are cut off at the inner frame."""
    figure = Figure(figsize=(6, 4.4), layout="constrained")
    ax = figure.add_subplot()
    panel(ax, arms, marks=None, legend=False, percent=fraction > 1)
    small = ax.inset_axes(place)
    for one, colour in zip(arms, ("#1f77b4", "#d62728"), strict=True):
        x, y = np.r_[0.0, one.time, one.end], np.r_[1.0, one.survival, one.survival[-1]]
        small.step(x, fraction * y, where="post", color=colour, lw=0.8)
        small.plot(one.marks[:6], fraction * np.interp(one.marks[:6], x, y), "+", color=colour, ms=4)
    small.set(xlim=zoom, ylim=(fraction * height[0], fraction * height[1]))
    small.tick_params(labelsize=6)
    figure.savefig(path, dpi=dpi)
    return path


@pytest.mark.parametrize("form", ["a.svg", "a.pdf"])
@pytest.mark.parametrize(("arms", "place"), [(LOW, ABOVE_LATE), (HIGH, BELOW_EARLY)])
@pytest.mark.parametrize("fraction", [1.0, 100.0])
def test_curves_that_run_on_outside_the_inner_frame_are_left_out_of_a_drawing(
    tmp_path, form, arms, place, fraction
):
    read = digitise(_drawn(tmp_path / form, arms, place, fraction=fraction))
    assert len(read.arms) == 2
    assert sum(len(places) for _, places in read.marks.groupby("arm")) == 0
    for k, one in enumerate(sorted(arms, key=lambda a: -a.survival.mean())):
        found = read.curve_value[read.curve_arm == k][1:-1]
        np.testing.assert_allclose(found, one.survival, atol=1e-4)


@pytest.mark.parametrize("form", ["a.svg", "a.pdf"])
def test_lines_are_cut_off_in_groups_and_forms_too(tmp_path, form):
    """A zoom of later months begins and ends outside the inner axes on both sides."""
    path = _drawn(tmp_path / form, TWO, BELOW_EARLY, zoom=(20.0, 40.0), height=(0.2, 0.8))
    assert len(digitise(path).arms) == 2


@pytest.mark.parametrize("dpi", [72, 150])
@pytest.mark.parametrize(("arms", "place"), [(LOW, ABOVE_LATE), (HIGH, BELOW_EARLY)])
def test_an_inset_of_a_picture_adds_no_arms_whether_its_labels_can_be_read_or_not(tmp_path, dpi, arms, place):
    read = digitise(_drawn(tmp_path / "a.png", arms, place, dpi=dpi))
    assert len(read.arms) == 2
    assert any("inset was left out" in words for words in read.warnings)


def test_a_frame_through_which_a_line_runs_is_no_inset():
    dark = np.zeros((200, 300), dtype=bool)
    dark[60, 80:181], dark[140, 80:181], dark[60:141, 80], dark[60:141, 180] = True, True, True, True
    whole = Rectangle(0, 0, 299, 199)
    assert closed_frames(dark, whole) == [Rectangle(80, 60, 180, 140)]
    dark[100, 20:240] = True
    assert closed_frames(dark, whole) == []
