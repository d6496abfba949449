"""Translucent bands in pictures: drawn under or over the lines, of one arm or two, with dashed limits in their place."""

from __future__ import annotations

import numpy as np
import pytest

from survsim.digitising import digitise
from survsim.digitising.raster.inks import Ink
from survsim.digitising.raster.veils import (
    Veiled,
    area_colours,
    arms_behind,
    of_one_line,
    put_together,
    veiled,
)
from tests.helpers.small_figures import TWO, at, draw

pytestmark = pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")

GGPLOT = ("#F8766D", "#00BFC4")
SURVMINER = ("#E7B800", "#2E9FDF")


def error(read, name, one):
    frame = read.curves[read.curves["arm"] == name]
    grid = np.linspace(0.0, one.end, 500)
    place = np.searchsorted(frame["time"].to_numpy(), grid, side="right") - 1
    return float(np.abs(frame["survival"].to_numpy()[place] - at(one, grid)).mean())


@pytest.mark.parametrize("colours", [GGPLOT, SURVMINER, ("red", "blue")])
def test_bands_over_the_lines_of_two_arms(tmp_path, colours):
    path = draw(tmp_path / "a.png", band="over", colours=colours)
    read = digitise(path, arms={"Control": colours[0], "Treated": colours[1]})
    assert max(error(read, one.label, one) for one in TWO) < 0.004
    found = digitise(path)
    assert len(found.arms) == 2
    assert min(error(found, name, TWO[0]) for name in found.arms) < 0.004
    assert min(error(found, name, TWO[1]) for name in found.arms) < 0.004


@pytest.mark.parametrize("band", ["filled", "over"])
def test_a_band_of_one_arm(tmp_path, band):
    read = digitise(draw(tmp_path / "a.png", TWO[:1], band=band, colours=GGPLOT))
    assert len(read.arms) == 1
    assert error(read, read.arms[0], TWO[0]) < 0.004


def test_a_band_over_lines_in_jpeg(tmp_path):
    read = digitise(draw(tmp_path / "a.jpg", band="over", colours=GGPLOT))
    assert len(read.arms) == 2
    assert min(error(read, name, TWO[0]) for name in read.arms) < 0.006


def test_three_arms_of_which_one_has_a_mixed_colour_stay_three(tmp_path):
    """Purple is a mixture of red and blue, but no band lies behind it."""
    from tests.helpers.small_figures import arm

    arms = (*TWO, arm("Third", 9, scale=60.0))
    read = digitise(draw(tmp_path / "a.png", arms, colours=("red", "blue", "#800080")))
    assert len(read.arms) == 3


def _paper(colour):
    return np.full((200, 300, 3), colour, dtype=np.float32)


def test_a_line_under_a_band_is_known_by_its_way_from_the_ground():
    """A band of colour v and opacity 0.3 leaves 0.7 of the way from ground to line, in the same direction."""
    band, line = np.array([0.0, 191.0, 196.0]), np.array([248.0, 118.0, 109.0])
    rgb = _paper(255.0)
    ground = rgb.copy()
    ground[:, 150:] = 0.7 * 255 + 0.3 * band
    rgb[:] = ground
    rgb[100:103, :150] = line
    rgb[100:103, 150:] = 0.7 * line + 0.3 * band
    colours = [line.astype(np.float32), rgb[101, 200]]
    core = np.zeros(rgb.shape[:2], dtype=bool)
    core[101] = True
    assert veiled(rgb, ground, core, colours) == [Veiled(0, 1)]
    # The same two colours on one ground are two lines.
    assert veiled(rgb, _paper(255.0), core, colours) == []


def test_colours_of_areas_are_those_of_paper_and_bands():
    rgb = _paper(255.0)
    rgb[50:120, 40:200] = [180, 236, 237]
    rgb[100:103] = 0.0
    assert sorted(int(c.sum()) for c in area_colours(rgb)) == [180 + 236 + 237, 765]


def test_what_was_put_together_has_the_width_of_the_whole():
    half = np.zeros((60, 100), dtype=np.float32)
    other = half.copy()
    half[20:25, :30], other[20:25, 30:] = 1.0, 1.0
    white = np.full(3, 255.0, dtype=np.float32)
    inks = [Ink(white * 0, half, half, 1.0, white), Ink(white / 2, other, other, 1.0, white)]
    (whole,) = put_together(inks, [Veiled(0, 1)])
    assert whole.width == pytest.approx(5.0)
    assert bool((whole.share[22] == 1.0).all())


def test_of_greys_no_band_is_told():
    """Every grey is another one seen through a grey band."""
    rgb, ground = _paper(255.0), _paper(255.0)
    ground[:, 150:] = 194.0
    rgb[:] = ground
    rgb[100:103, :150], rgb[100:103, 150:] = 51.0, 90.0
    core = np.zeros(rgb.shape[:2], dtype=bool)
    core[101] = True
    assert veiled(rgb, ground, core, [rgb[101, 20], rgb[101, 200]]) == []


def test_two_lines_side_by_side_are_not_put_together():
    upper, lower = np.zeros((80, 100), dtype=np.float32), np.zeros((80, 100), dtype=np.float32)
    upper[20:23], lower[60:63] = 1.0, 1.0
    white = np.full(3, 255.0, dtype=np.float32)
    inks = [Ink(white * 0, upper, upper, 3.0, white), Ink(white / 2, lower, lower, 3.0, white)]
    assert of_one_line(inks, [Veiled(0, 1)]) == []
    ahead, behind = upper.copy(), upper.copy()
    ahead[:, 50:], behind[:, :50] = 0.0, 0.0
    inks = [Ink(white * 0, ahead, ahead, 3.0, white), Ink(white / 2, behind, behind, 3.0, white)]
    assert of_one_line(inks, [Veiled(0, 1)]) == [Veiled(0, 1)]


def test_areas_tell_how_many_bands_there_are():
    """Paper alone none; paper and a band one; with a second band and what both share two."""
    assert [arms_behind([np.zeros(3)] * k) for k in (1, 2, 3, 4, 5, 8)] == [0, 1, 2, 2, 3, 3]
