"""Every kind of picture at the widths of journals: nothing off the sheet, nothing on something else, nothing lost.

The pictures at 85 mm are committed in ``gallery``; ``python -m tests.helpers.committed_gallery`` draws those that changed.
"""

from __future__ import annotations

import functools

import pytest
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.text import Text

from survsim.figures import style
from tests.helpers import committed_gallery
from tests.helpers.every_result import examples
from tests.helpers.gallery import KINDS, picture
from tests.helpers.pictures import faults


@functools.cache
def narrow(kind):
    """A picture 85 mm wide: its boxes are measured and its pixels compared."""
    return picture(kind, width="85mm").figure.figure


@pytest.mark.parametrize("width", ["85mm", "114mm", "174mm"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_fits_its_sheet(kind, width):
    figure = narrow(kind) if width == "85mm" else picture(kind, width=width).figure.figure
    assert figure.get_figwidth() * 25.4 == pytest.approx(float(width[:-2]))
    assert faults(figure) == []
    assert min(t.get_fontsize() for ax in figure.axes for t in [*ax.texts, ax.xaxis.label]) >= 5.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_the_committed_one(kind, tmp_path):
    changed = committed_gallery.difference(narrow(kind), kind, tmp_path)
    assert changed is None, f"{changed}\nif it is wanted: python -m tests.helpers.committed_gallery {kind!r}"


def test_every_committed_picture_has_its_kind():
    assert {path.name for path in committed_gallery.FOLDER.iterdir()} == {
        committed_gallery.place(kind).name for kind in KINDS
    }
    assert sum(path.stat().st_size for path in committed_gallery.FOLDER.iterdir()) < 2_000_000
    assert committed_gallery.main(["Kaplan-Meier"]) == 2


def seen(figure, classes):
    """What of these classes a figure shows: filled texts, and lines, bands and legends."""
    return figure.findobj(
        lambda part: (
            isinstance(part, classes)
            and part.get_visible()
            and (not isinstance(part, Text) or bool(part.get_text()))
        )
    )


@pytest.mark.parametrize("kind", ["KaplanMeier", "SimulatedSurvival", "EffectSizes"])
def test_a_part_that_goes_missing_is_no_longer_the_committed_picture(kind, tmp_path):
    """Planted: each of the first lines and bands of the axes, each label around them and each legend, one at a time."""
    figure = narrow(kind)
    axes = figure.axes[0]
    own = [*axes.lines[:3], *axes.collections[:3], axes.xaxis.label, *axes.texts[:4], *seen(figure, Legend)]
    parts = [part for part in own if part in seen(figure, (Text, Line2D, Collection, Legend))]
    assert len(parts) >= 3
    for part in parts:
        part.set_visible(False)
        assert committed_gallery.difference(figure, kind, tmp_path), part
        part.set_visible(True)
    assert committed_gallery.difference(figure, kind, tmp_path) is None


def test_a_curve_one_hundredth_lower_is_no_longer_the_committed_picture(tmp_path):
    axes = picture("KaplanMeier", width="85mm")
    curve = axes.lines[0]
    curve.set_ydata(curve.get_ydata() - 0.01)
    assert committed_gallery.difference(axes.figure.figure, "KaplanMeier", tmp_path)


@pytest.mark.parametrize("kind", ["KaplanMeier", "MetaAnalysis", "StrategyComparison", "swimmer"])
def test_it_fits_at_the_resolution_of_print_too(kind):
    assert faults(picture(kind, width="85mm").figure.figure, dpi=300) == []


@pytest.mark.parametrize("name", [n for n in ("frontiers", "lancet", "nature", "jco", "nejm")])
def test_it_fits_in_the_letters_of_a_journal(name):
    style.use(name)
    try:
        for kind in ("KaplanMeier", "MetaAnalysis"):
            figure = picture(kind, width="single").figure.figure
            assert figure.get_figwidth() * 25.4 == pytest.approx(style.current().single)
            assert faults(figure) == []
    finally:
        style.use("default")


@pytest.mark.parametrize("kind", ["KaplanMeier", "MetaAnalysis", "SimulatedSurvival", "Balance", "Decision"])
def test_on_axes_of_the_users_it_stays_in_its_cell(kind):
    figure = Figure(figsize=(7.0, 7.0))
    axes = figure.subplots(2, 2)
    for ax in axes.flat:
        assert examples(kind)[0].plot(ax) is ax
    assert faults(figure) == []


def test_the_users_own_engine_makes_the_room():
    figure = Figure(figsize=(7.0, 6.0), layout="constrained")
    for ax in figure.subplots(2, 1):
        examples("KaplanMeier")[0].plot(ax, title="Panel")
    assert faults(figure) == []
