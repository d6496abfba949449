"""Drawings with places beyond every page, or short files of endless drawings: refused in words, at once."""

from __future__ import annotations

import re

import numpy as np
import pytest

from survsim.digitising import digitise
from survsim.digitising.found import Refused
from survsim.digitising.opening.sketch import LONGEST_SIDE, sketched
from survsim.digitising.vector import svg_page
from survsim.digitising.vector.drawing import Drawing
from survsim.errors import InputError
from tests.helpers.small_figures import draw


@pytest.mark.parametrize(
    ("place", "spoilt", "message"),
    [
        (r'viewBox="[^"]*"', 'viewBox="0 0 1e30 1e30"', "has a page of 1e\\+30 by 1e\\+30"),
        (r'viewBox="[^"]*"', 'viewBox="0 0 1e999 5"', "has a page of inf by 5"),
        (r'viewBox="[^"]*"', 'viewBox="0 0 -5 5"', "has a page of -5 by 5"),
        ("<g ", '<g transform="scale(1e308) scale(1e308)" ', "leads out of every page"),
        ("<g ", '<g transform="translate(1e20)" ', "leads out of every page"),
        ("<g ", '<g transform="matrix(1,2)" ', "a transform that is none"),
    ],
)
def test_places_beyond_every_page(tmp_path, place, spoilt, message):
    path = draw(tmp_path / "a.svg")
    path.write_text(re.sub(place, spoilt, path.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        digitise(path)


def test_single_pieces_beyond_the_page_are_not_drawn(tmp_path):
    path = draw(tmp_path / "a.svg")
    more = (
        '<text x="1e400" y="3">x</text><text x="1e300" y="3" font-size="1e308">x</text>'
        '<image x="1e400" width="1" height="1"/><path d="M0 0L1e300 1e308" stroke="red" stroke-width="1e400"/>'
    )
    path.with_name("b.svg").write_text(path.read_text(encoding="utf-8").replace("</svg>", more + "</svg>"))
    np.testing.assert_array_equal(digitise(path).curve_time, digitise(tmp_path / "b.svg").curve_time)


def test_uses_of_uses_are_counted_before_they_are_drawn(monkeypatch):
    # 8 groups of 10 uses, each of the next: 10^8 lines.
    groups = "".join(f'<g id="l{k}">{f"""<use href="#l{k + 1}"/>""" * 10}</g>' for k in range(8))
    whole = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{groups}<path id="l8" d="M0 0L1 1"/></svg>'
    walked = []
    monkeypatch.setattr(svg_page._Page, "walk", lambda *given: walked.append(given))
    with pytest.raises(Refused, match="too many parts"):
        svg_page.read_svg(whole.encode())
    with pytest.raises(Refused, match="nested too deeply"):
        svg_page.read_svg(
            b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><g id="q"><use href="#q"/></g></svg>'
        )
    assert not walked


def test_what_is_counted_is_what_is_walked():
    # By hand: svg 1, g 1, its path 1; use 1 and the path 1 again; text 1; defs 1 with nothing of it: 7.
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><defs><path d="M0 0"/></defs><g id="a"><path d="M0 0L1 1"/></g>'
        '<use href="#a"/><text>t<tspan>s</tspan></text></svg>'
    )
    page = svg_page._Page(svg_page.ElementTree.fromstring(text))
    page.walk(svg_page.ElementTree.fromstring(text), np.eye(3), {}, 0)
    assert page.seen == 7
    svg_page.MOST, most = 6, svg_page.MOST
    try:
        with pytest.raises(Refused, match="too many parts"):
            page.count(svg_page.ElementTree.fromstring(text))
        svg_page.MOST = 7
        page.count(svg_page.ElementTree.fromstring(text))
    finally:
        svg_page.MOST = most


def test_the_picture_of_a_long_page_has_an_end():
    pixels, scale = sketched(Drawing(width=10.0, height=1e8, strokes=(), words=(), pictures=(), unread=()))
    assert max(pixels.shape) <= LONGEST_SIDE
    assert scale == pytest.approx(LONGEST_SIDE / 1e8)
