"""A curve that the reader lost is said, whatever its colour; marks, grids, words and median lines are no curves."""

from __future__ import annotations

import warnings

import pytest

from survsim.digitising import digitise
from survsim.digitising.raster import looks
from tests.helpers.small_figures import draw

GREYS = ("black", "0.55", "0.8")
FIGURES = {
    "colours": {},
    "black and grey": {"colours": GREYS, "marks": None},
    "a dashed one": {"colours": ("black", "0.4", "0.8"), "dashes": ("-", "--", "-")},
    "grid and median": {"grid": True, "median": True},
    "small": {"dpi": 100, "colours": GREYS},
}


def _said(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [words for words in digitise(path).warnings if "curve may be missing" in words]


@pytest.mark.parametrize("figure", FIGURES)
def test_a_lost_arm_is_said_and_none_where_all_were_found(tmp_path, monkeypatch, figure):
    path = draw(tmp_path / "a.png", **FIGURES[figure])
    assert _said(path) == []
    found = looks.find_arms
    monkeypatch.setattr(looks, "find_arms", lambda *given, **named: found(*given, **named)[:1])
    assert len(_said(path)) == 1


def test_nothing_is_said_of_other_lines_where_the_colours_were_given(tmp_path):
    path = draw(tmp_path / "a.png", colours=GREYS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = digitise(path, arms={"Control": "black"})
    assert not [words for words in read.warnings if "pale or dotted" in words]
