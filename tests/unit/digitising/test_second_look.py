"""What looks doubtful at first: pieces beyond the end of a curve, pale lines, panels of which one cannot be followed."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from survsim.digitising import digitise
from survsim.digitising.raster.arm import Arm
from survsim.digitising.raster.follow import Way
from survsim.digitising.raster.inks import Ink, without_pale_greys
from survsim.digitising.raster.tails import without_tails
from survsim.digitising.raster.words import find_words
from survsim.errors import InputError
from tests.helpers.small_figures import TWO, panel

pytestmark = pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")


def _arm(own):
    own = np.asarray(own, dtype=bool)
    blank = np.zeros((20, len(own)), dtype=np.float32)
    black, white = np.zeros(3), np.full(3, 255.0)
    way = Way(0, np.full(len(own), 5), own, np.zeros(len(own), dtype=bool), 1.0)
    return Arm(Ink(black, blank, blank, 2.0, white), way)


@pytest.mark.parametrize(("behind", "columns"), [(20, 400), (300, 750)])
def test_only_a_short_piece_beyond_a_gap_is_cut_off_and_said(behind, columns):
    (arm,), said = without_tails([_arm([True] * 400 + [False] * 50 + [True] * behind)])
    assert len(arm.way.rows) == columns
    assert bool(said) == (columns == 400)


def test_of_the_greys_the_darkest_is_kept_and_every_colour():
    given = [
        np.array(c, dtype=np.float32) for c in ((20, 20, 20), (120, 118, 121), (200, 200, 200), (200, 20, 20))
    ]
    assert [c.tolist() for c in without_pale_greys(given)] == [[20, 20, 20], [200, 20, 20]]


def test_a_panel_that_cannot_be_followed_is_not_taken_for_its_neighbour(tmp_path):
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    when = np.linspace(0, 50, 300)
    left.plot(when, np.exp(-when / 30))
    left.set(xlim=(0, 52), ylim=(0, 1.05))
    panel(right, TWO)
    for ax, letter in ((left, "A"), (right, "B")):
        ax.set_title(letter, loc="left", fontweight="bold")
    path = tmp_path / "a.png"
    figure.savefig(path, dpi=150)
    with pytest.raises(InputError, match="no steps"):
        digitise(path, panel="A")
    assert len(digitise(path, panel="B").arms) == 2
    assert any("panel, A, was not read" in words for words in digitise(path).warnings)


def test_a_pale_point_keeps_the_digits_of_a_number_together():
    ink = np.zeros((60, 80), dtype=np.float32)
    ink[20:44, 10:24], ink[20:44, 36:50] = 1, 1
    assert len(find_words(ink)) == 2
    ink[41:44, 29:31] = 0.15
    assert len(find_words(ink)) == 1
