"""The panel: sliders drive the explorer, the picture and the table follow, and what is refused is said."""

from __future__ import annotations

import io
import statistics
import time

import numpy as np
import pytest

import survsim
from survsim.core.errors import InputError, ScenarioError
from survsim.figures.exploring import explore, table_of
from survsim.report.new_study import new_study


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    study = new_study("tumour", tmp_path_factory.mktemp("panel"), template="strategies")
    scenario = survsim.Scenario.from_yaml(study / "analyses/02_strategies/scenario.yml")
    return scenario, survsim.load_evidence(study)


@pytest.fixture
def panel(made):
    return explore(made[0], evidence=made[1], patients=1000)


def test_a_slider_redraws_picture_and_table(panel):
    before = panel.image.value
    panel.sliders["hr_progression"].value = 0.5
    assert panel.shown.difference[1] > 0 and panel.image.value != before
    assert f"{panel.shown.difference[1]:+.2f}" in panel.table.value
    assert "Redrawn in" in panel.said.value and "same patients and luck" in panel.said.value
    panel.sliders["horizon"].value = 12
    assert panel.shown.horizon == 12 and "alive to 12" in panel.table.value


def test_the_drawn_lines_are_the_curves_and_the_axis_ends_at_the_horizon(panel):
    panel.sliders["horizon"].value = 30
    lines = panel._picture.lines
    assert [line.get_label() for line in lines] == ["usual care", "drug from the start"]
    for line, curve in zip(lines, panel.shown.survival, strict=True):
        assert np.array_equal(line.get_ydata(), curve)
    assert panel._picture.ax.get_xlim() == (0, 30)
    assert (
        lines[0].get_color() != lines[1].get_color() and lines[0].get_linestyle() != lines[1].get_linestyle()
    )


def test_back_to_the_start_redraws_once(panel, monkeypatch):
    start = panel.shown
    panel.sliders["hr_progression"].value = 1.8
    calls = []
    redraw = type(panel.explorer).redraw
    monkeypatch.setattr(
        type(panel.explorer), "redraw", lambda self, **v: calls.append(v) or redraw(self, **v)
    )
    panel.reset()
    assert calls == [{}] and np.array_equal(panel.shown.survival, start.survival)


def test_moves_that_come_from_several_threads_at_once_leave_the_picture_of_where_the_slider_stands(panel):
    from concurrent.futures import ThreadPoolExecutor

    slider = panel.sliders["hr_progression"]
    slider.value = 0.5
    expected = panel.png
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda v: setattr(slider, "value", v), np.linspace(0.6, 1.9, 18)))
    slider.value = 0.5
    assert panel.png == expected
    assert panel.shown.difference[1] == panel.explorer.redraw(hr_progression=0.5).difference[1]


def test_what_the_model_refuses_is_said_and_the_old_answer_stays(panel, monkeypatch):
    def refuses(self, **values):
        raise ScenarioError("no <such> model")

    old = panel.shown
    monkeypatch.setattr(type(panel.explorer), "redraw", refuses)
    panel.sliders["hr_progression"].value = 0.9
    assert panel.shown is old and "no &lt;such&gt; model" in panel.said.value


def test_a_label_that_is_markup_is_text(panel):
    import dataclasses

    shown = dataclasses.replace(panel.shown, labels=("<script>x</script>", "b"))
    assert "<script" not in table_of(shown)


def test_the_picture_is_a_png_in_which_nothing_is_cut(panel):
    from matplotlib.image import imread

    pixels = imread(io.BytesIO(panel.png), format="png")
    edges = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert pixels.shape[:2] == (396, 660) and (edges[:, :3] > 0.99).all()


def test_without_the_widgets_it_says_what_else_there_is(made, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(InputError, match=r"survsim\[explore\].*Explorer"):
        explore(made[0], evidence=made[1], patients=200)


def test_a_redraw_with_its_picture_stays_below_300_ms_of_processor_time(panel):
    took = []
    for value in (0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6):
        began = time.process_time()
        panel.sliders["hr_progression"].value = value
        took.append(time.process_time() - began)
    assert statistics.median(took) < 0.3
