"""The palette is told apart by every kind of sight: measured as CIEDE2000, whose own values are checked first."""

from __future__ import annotations

import itertools

import pytest

from survsim.figures.style import DASHES, PALETTE, colour, dash
from tests.helpers.colour_sight import SIGHT, ciede2000, seen

SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 3.1571, -77.2803), (50.0, 0.0, -82.7485), 2.8615),
    ((50.0, 2.8361, -74.0200), (50.0, 0.0, -82.7485), 3.4412),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0009), 7.1792),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
    ((50.0, -0.0010, 2.4900), (50.0, 0.0009, -2.4900), 4.8045),
    ((50.0, 2.5000, 0.0), (50.0, 0.0, -2.5000), 4.3065),
    ((50.0, 2.5000, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5000, 0.0), (61.0, -5.0, 29.0), 22.8977),
    ((50.0, 2.5000, 0.0), (56.0, -27.0, -3.0), 31.9030),
    ((50.0, 2.5000, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((36.4612, 47.8580, 18.3852), (36.2715, 50.5065, 21.2231), 1.4146),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]
"""Pairs of Lab colours and their difference, table 1 of Sharma, Wu & Dalal (2005)."""


@pytest.mark.parametrize(("one", "other", "difference"), SHARMA)
def test_differences_are_those_of_the_paper(one, other, difference):
    assert ciede2000(one, other) == pytest.approx(difference, abs=6e-5)
    assert ciede2000(other, one) == pytest.approx(difference, abs=6e-5)


def least(sight, colours=PALETTE):
    return min(ciede2000(seen(a, sight), seen(b, sight)) for a, b in itertools.combinations(colours, 2))


@pytest.mark.parametrize("sight", [s for s in SIGHT if s != "grey"])
def test_any_two_colours_differ_for_every_kind_of_sight(sight):
    assert least(sight) > 12.0


def test_they_differ_in_grey_the_first_four_clearly():
    assert least("grey") > 5.5
    assert least("grey", PALETTE[:4]) > 11.0


def test_the_measure_finds_the_palette_that_was_wrong():
    before = ("#1f5a85", "#c8641b", "#3c8d5a", "#9b4d8f")
    assert least("protanopia", before) < 4.0


def test_no_two_of_sixty_four_curves_have_colour_and_dash_in_common():
    assert len(set(map(str, DASHES))) == len(DASHES) == len(PALETTE)
    assert len({(colour(i), str(dash(i))) for i in range(64)}) == 64
