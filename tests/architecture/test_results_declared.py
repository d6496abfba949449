"""A new result is not forgotten: it has an example for the tests, a picture or a word on one, and a place to be read from."""

from __future__ import annotations

import inspect
import pydoc
import re

import pytest

from survsim import _public
from survsim.figures.drawing import DRAWERS, ELSEWHERE
from tests.helpers.every_result import MAKERS, every_class

CLASSES = every_class()


def test_there_are_results():
    assert len(CLASSES) > 70


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_a_result_has_an_example_a_picture_or_a_hint_and_columns(cls):
    assert cls.__name__ in MAKERS, (
        "add an example to tests/helpers/every_result.py: it is tested for its file there"
    )
    pictured = [p.__name__ for p in cls.__mro__ if p.__name__ in DRAWERS or p.__name__ in ELSEWHERE]
    assert pictured, "add a picture to DRAWERS of survsim/figures/drawing.py, or where one is to ELSEWHERE"
    assert "columns" in {name for parent in cls.__mro__[:-2] for name in vars(parent)}
    known = cls.__name__ in _public.PUBLIC or cls.__name__ in _public.STORED
    assert known or cls.__subclasses__(), "a stored file finds the class by its public name"


def drawn(cls):
    return (
        next((p.__name__ for p in cls.__mro__ if p.__name__ in DRAWERS or p.__name__ in ELSEWHERE), "")
        in DRAWERS
    )


@pytest.mark.parametrize("cls", [c for c in CLASSES if drawn(c)], ids=lambda c: c.__name__)
def test_the_options_of_a_picture_are_typed_and_told(cls):
    first, axes, *options = inspect.signature(cls.plot).parameters.values()
    assert (first.name, axes.name, axes.default) == ("self", "ax", None)
    page = pydoc.render_doc(cls.plot, renderer=pydoc.plaintext)
    assert re.search(r"plot\(\s*self,\s*ax", page)  # Python 3.13 writes each argument on a line
    for option in options:
        assert option.kind is inspect.Parameter.KEYWORD_ONLY, f"{option}: spell the options out, by name"
        assert option.annotation is not option.empty, f"{option.name} has no type"
        told = re.search(rf"(^|[,;]) *{option.name}(, \w+)* : ", page, re.MULTILINE)
        assert told, f"the drawing function does not tell {option.name}"
