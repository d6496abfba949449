"""Every kind of picture at the widths of journals: nothing off the sheet, nothing on something else."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from survsim.figures import style
from tests.helpers.every_result import examples
from tests.helpers.gallery import KINDS, picture
from tests.helpers.pictures import faults


@pytest.mark.parametrize("width", ["85mm", "114mm", "174mm"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_fits_its_sheet(kind, width):
    figure = picture(kind, width=width).figure.figure
    assert figure.get_figwidth() * 25.4 == pytest.approx(float(width[:-2]))
    assert faults(figure) == []
    assert min(t.get_fontsize() for ax in figure.axes for t in [*ax.texts, ax.xaxis.label]) >= 5.0


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
