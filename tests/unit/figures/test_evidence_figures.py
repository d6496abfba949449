"""The evidence map and the flow picture show the numbers of their results."""

from __future__ import annotations

import math

import matplotlib as mpl
import pytest

import survsim
from survsim.figures.evidence_map import COLOUR, FULL, LARGEST, SMALLEST

mpl.use("Agg")


@pytest.fixture(scope="module")
def selection():
    return survsim.load_evidence().select(endpoint=["overall_survival", "response"])


def gids(ax):
    return {p.get_gid(): p for p in ax.patches if p.get_gid()}


def test_every_cell_of_the_map_is_a_circle_and_every_other_a_gap(selection):
    found = selection.map()
    drawn = gids(found.plot(endpoints=("overall_survival", "response")))
    cells = found.to_frame()
    names = {"|".join(row) for row in cells[["site_group", "treatment", "endpoint", "design"]].to_numpy()}
    assert {g for g in drawn if not g.startswith("gap:")} == names
    gaps = {"gap:" + "|".join(row) for row in found.gaps().to_numpy()}
    assert {g for g in drawn if g.startswith("gap:")} == gaps


def test_the_area_is_the_patients_and_the_colour_the_design(selection):
    found = selection.map()
    drawn = gids(found.plot(endpoints=2))
    for row in found.to_frame().itertuples():
        circle = drawn[f"{row.site_group}|{row.treatment}|{row.endpoint}|{row.design}"]
        expected = max(SMALLEST, LARGEST * math.sqrt(min(row.n_patient, FULL) / FULL))
        assert circle.radius == pytest.approx(expected)
        if row.n_patient > 0:
            assert mpl.colors.to_hex(circle.get_facecolor()) == COLOUR[row.design]
        else:
            assert circle.get_facecolor()[3] == 0.0


def test_one_endpoint_fits_on_given_axes(selection):
    from matplotlib.figure import Figure

    ax = Figure(figsize=(6, 4)).add_subplot()
    assert selection.map().plot(ax, endpoints=("response",)) is ax
    assert len(ax.get_xticks()) == len(selection.map().treatments)


def test_an_endpoint_that_is_not_there_is_refused(selection):
    with pytest.raises(survsim.errors.InputError, match="got 'toxicity'"):
        selection.map().plot(endpoints=("toxicity",))


def test_the_flow_picture_has_a_box_for_each_step(selection):
    flow = selection.flow()
    texts = {t.get_gid(): t.get_text() for t in flow.plot().texts if t.get_gid()}
    steps = len(flow.reasons)
    assert set(texts) == {f"left:{i}" for i in range(steps)} | {f"out:{i}" for i in range(1, steps)}
    last = steps - 1
    assert texts[f"left:{last}"] == f"{flow.numbers_left[-1]} numbers of {flow.studies_left[-1]} studies"
    assert f"left out: {flow.numbers_out[1]} numbers" in texts["out:1"]


def test_no_box_of_the_flow_overflows(selection):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    ax = selection.flow().plot()
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    boxes = [p.get_window_extent(renderer) for p in ax.patches if p.get_width() > 0]
    for text in ax.texts:
        if text.get_gid():
            extent = text.get_window_extent(renderer)
            assert any(
                b.x0 <= extent.x0 and b.x1 >= extent.x1 and b.y0 <= extent.y0 and b.y1 >= extent.y1
                for b in boxes
            ), text.get_text()
