"""What is no curve of survival, or cannot be opened, is refused with the help it needs."""

from __future__ import annotations

import gzip
import sys

import numpy as np
import pytest

from survsim.digitising import digitise
from survsim.errors import InputError
from tests.helpers.small_figures import draw


def saved(tmp_path, form, paint):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4))
    paint(figure.add_subplot())
    figure.savefig(tmp_path / form)
    return tmp_path / form


X = np.linspace(0.0, 60.0, 80)


def bar_chart(ax):
    ax.bar(range(5), [1.0, 0.8, 0.6, 0.4, 0.3])


def smooth(ax):
    ax.plot(X, np.exp(-X / 30))
    ax.set_ylim(0, 1)


def logarithmic_time(ax):
    ax.step(X + 1, np.linspace(1, 0.2, 80), where="post")
    ax.set_xscale("log")
    ax.set_ylim(0, 1.02)


def logarithmic_height(ax):
    ax.step(X, np.linspace(1, 0.05, 80), where="post")
    ax.set_yscale("log")


def broken(ax):
    ax.step(X, np.linspace(1, 0.2, 80), where="post")
    ax.set_xticks([0, 12, 24, 36, 48, 60], ["0", "12", "24", "96", "108", "120"])


def hazard(ax):
    ax.step(X, np.linspace(0, 0.9, 80), where="post")
    ax.set_ylabel("Cumulative hazard")


def empty(ax):
    ax.set_xlim(0, 60)


@pytest.mark.parametrize("form", ["a.svg", "a.pdf"])
@pytest.mark.parametrize(
    ("paint", "words"),
    [
        (bar_chart, "bar chart|no step curve"),
        (smooth, "smooth line"),
        (logarithmic_time, "logarithmic|do not lie on one line|lie on a line"),
        (logarithmic_height, "logarithmic|lie on a line"),
        (broken, "broken or uneven"),
        (hazard, "cumulative hazard"),
        (empty, "no step curve"),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_what_is_no_curve_is_refused(tmp_path, form, paint, words):
    with pytest.raises(InputError, match=words):
        digitise(saved(tmp_path, form, paint))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"no figure at all", "unknown kind"),
        (b"%PDF-1.7 cut", "damaged"),
        (b"<svg><path", "damaged"),
        (gzip.compress(b"<svg>" * 10, mtime=0)[:20], "damaged"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M nan,nan L 1e999,2"/></svg>', "no pair of axes"),
        (
            b'<svg xmlns="http://www.w3.org/2000/svg"><g id="a"><use href="#a"/></g></svg>',
            "nested too deeply",
        ),
    ],
)
def test_a_file_that_is_no_figure(tmp_path, content, words):
    path = tmp_path / "figure.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match=words):
        digitise(path)


def test_a_drawing_is_known_by_its_content(tmp_path):
    path = draw(tmp_path / "a.svg")
    plain = digitise(path)
    for name, content in (("a.jpg", path.read_bytes()), ("b.png", gzip.compress(path.read_bytes()))):
        (tmp_path / name).write_bytes(content)
        np.testing.assert_array_equal(digitise(tmp_path / name).curve_value, plain.curve_value)


def test_a_page_of_a_document_is_named(tmp_path):
    import pypdfium2

    one = pypdfium2.PdfDocument(draw(tmp_path / "one.pdf"))
    book = pypdfium2.PdfDocument.new()
    for _ in range(2):
        book.import_pages(one)
    book.new_page(300, 300)
    book.save(tmp_path / "book.pdf")
    with pytest.raises(InputError, match=r"3 pages; with axes or large pictures: 1, 2\..*page="):
        digitise(tmp_path / "book.pdf")
    assert digitise(tmp_path / "book.pdf", page=2).page == 2
    with pytest.raises(InputError, match=r"3 page.*page 7"):
        digitise(tmp_path / "book.pdf", page=7)
    with pytest.raises(InputError, match="page= is for PDF"):
        digitise(draw(tmp_path / "a.svg"), page=1)


def test_a_picture_that_would_fill_the_memory(tmp_path):
    from PIL import Image

    Image.new("1", (20000, 20000)).save(tmp_path / "big.png")
    with pytest.raises(InputError, match="20000 x 20000 pixels"):
        digitise(tmp_path / "big.png")
    Image.new("RGB", (5, 5)).save(tmp_path / "dot.png")
    with pytest.raises(InputError, match="too few"):
        digitise(tmp_path / "dot.png")


def test_without_the_optional_libraries_one_command_is_named(tmp_path, monkeypatch):
    path = draw(tmp_path / "a.pdf")
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(InputError, match=r"pip install 'survsim\[digitise\]'"):
        digitise(path)


def test_arguments_of_another_kind(tmp_path):
    path = draw(tmp_path / "a.svg")
    for wrong in ({"kind": "hazard"}, {"unit": "moons"}, {"arms": "x"}, {"arms": ["a", "a"]}, {"axes": 3}):
        with pytest.raises(InputError):
            digitise(path, **wrong)
    with pytest.raises(InputError, match="there is no file"):
        digitise(tmp_path / "none.png")
