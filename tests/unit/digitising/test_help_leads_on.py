"""Whatever help a refusal names leads to a result when it is followed; help that asks for another file says so."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest

import survsim.digitising
from survsim import Surv, kaplan_meier
from survsim.digitising import digitise
from survsim.errors import InputError
from tests.helpers.small_figures import TWO, draw, panel

pytestmark = pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")

SOURCE = Path(survsim.digitising.__file__).parent
ANOTHER_FILE = r"^(a figure|another figure|a larger picture|the figure|the page|a picture|a PNG|a copy|save )"


def _two_panels(path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    for ax, title in zip(figure.subplots(1, 2), ("A", "B"), strict=True):
        panel(ax, TWO)
        ax.set_title(title, loc="left")
    figure.savefig(path, dpi=150)
    return path


def _without_numbers(path):
    """Axes without print, and two points of each as a person reads them off the picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), dpi=150)
    ax = figure.add_axes((0.15, 0.2, 0.8, 0.7))
    panel(ax, TWO, legend=False)
    ax.set(xticklabels=[], yticklabels=[], xlabel="", ylabel="")
    figure.savefig(path, dpi=150)
    places = ax.transData.transform([(12.0, 0.2), (48.0, 0.8)])
    tall = 600 if path.suffix == ".png" else 0
    return path, {
        "x": [(places[0, 0] - 0.5, 12.0), (places[1, 0] - 0.5, 48.0)],
        "y": [(tall - places[0, 1] - 0.5, 0.2), (tall - places[1, 1] - 0.5, 0.8)],
    }


def _first_year(path):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    ax = figure.add_subplot()
    ax.step(np.linspace(0, 1, 30), np.linspace(1, 0.3, 30), where="post")
    ax.set(xlim=(0, 1), ylim=(0, 1.02), xticks=np.linspace(0, 1, 6), yticks=np.linspace(0, 1, 6))
    figure.savefig(path, dpi=150)
    return path


def refused(path, **given):
    with pytest.raises(InputError) as error:
        digitise(path, **given)
    return str(error.value)


@pytest.mark.parametrize("form", ["a.png", "a.svg"])
def test_a_panel_is_named(tmp_path, form):
    path = _two_panels(tmp_path / form)
    assert "Help: panel=" in refused(path)
    assert "Help: panel=" in refused(path, panel="Q")
    assert len(digitise(path, panel="B").arms) == 2


def test_points_of_the_axes_are_given(tmp_path):
    path, axes = _without_numbers(tmp_path / "a.png")
    words = refused(path)
    assert "axes={'x':" in words
    assert len(digitise(path, axes=axes).arms) == 2


@pytest.mark.parametrize("form", ["a.png", "a.svg"])
def test_the_kind_is_given(tmp_path, form):
    rising = draw(tmp_path / form, incidence=True)
    assert "kind='incidence'" in refused(rising)
    assert len(digitise(rising, kind="incidence").arms) == 2
    falling = draw(tmp_path / f"f_{form}")
    assert "kind='survival'" in refused(falling, kind="incidence")
    assert len(digitise(falling).arms) == 2


@pytest.mark.parametrize("form", ["a.png", "a.svg"])
def test_colours_of_the_arms_are_given(tmp_path, form):
    path = draw(tmp_path / form)
    assert "arms={'name': 'colour', ...}" in refused(path, arms=["A", "B", "C"])
    words = refused(path, arms={"A": "#00ff00"})
    offered = re.findall(r"#[0-9a-f]{6}", words.partition("curves have")[2])
    assert "Help: arms= with one of these" in words or "arms={'name': 'colour', ...}" in words
    named = offered[:1] or ["#1f77b4"]
    assert digitise(path, arms={"A": named[0]}).arms == ("A",)


@pytest.mark.parametrize("form", ["a.png", "a.svg"])
def test_the_unit_of_a_first_year_is_given(tmp_path, form):
    path = _first_year(tmp_path / form)
    words = refused(path)
    if "unit='years'" in words:
        assert len(digitise(path, unit="years").arms) == 1


def test_a_page_is_given_and_left_out(tmp_path):
    import pypdfium2

    one = pypdfium2.PdfDocument(draw(tmp_path / "one.pdf"))
    book = pypdfium2.PdfDocument.new()
    for _ in range(2):
        book.import_pages(one)
    book.save(tmp_path / "book.pdf")
    assert "Help: page=" in refused(tmp_path / "book.pdf")
    assert "Help: page= from 1 to 2" in refused(tmp_path / "book.pdf", page=9)
    assert len(digitise(tmp_path / "book.pdf", page=2).arms) == 2
    picture = draw(tmp_path / "a.png")
    assert "Help: leave page= out" in refused(picture, page=1)
    assert len(digitise(picture).arms) == 2


def _helps():
    """Every help in the source that is written as text: the second argument of `Refused`, or `help=`."""
    for path in SOURCE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Refused":
                given = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "help")]
                for part in given:
                    text = "".join(str(c.value) for c in ast.walk(part) if isinstance(c, ast.Constant))
                    if text:
                        yield path.name, text


def test_every_help_names_an_argument_or_another_file():
    helps = list(_helps())
    assert len(helps) > 25
    arguments = r"\b(axes|arms|panel|page|unit|kind|corrections)="
    vague = [
        (name, text)
        for name, text in helps
        if not re.search(arguments, text) and not re.match(ANOTHER_FILE, text)
    ]
    assert vague == []


def test_a_colour_that_no_line_has_is_said_with_those_there_are(tmp_path):
    rng = np.random.default_rng(3)
    arm = np.array(["Control", "Drug"] * 60)
    time = rng.exponential(10, 120) * np.where(arm == "Drug", 1.6, 1.0) + 0.1
    surv = Surv.right(time.clip(0, 30), (rng.random(120) < 0.8) & (time < 30), unit="months")
    ax = kaplan_meier(surv, by=arm).plot(width="174mm", band=False)
    path = tmp_path / "own.png"
    ax.figure.savefig(path, dpi=200)
    with pytest.raises(
        InputError, match=r"no line has the colour given for 'Control'; lines have #135b93, #d68442.*arms="
    ):
        digitise(path, arms={"Control": "blue", "Drug": "orange"})
    assert digitise(path, arms={"Control": "#135b93", "Drug": "#d68442"}).arms == ("Control", "Drug")
