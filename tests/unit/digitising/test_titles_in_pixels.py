"""Titles of pictures: a unit, the name of a panel, a hazard that is no incidence; and names of two lines."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

import survsim
from survsim.digitising.raster import ocr
from survsim.errors import EvidenceWarning, InputError
from tests.helpers.small_figures import TWO, panel
from tests.unit.digitising.test_labels_of_several_lines import ARMS, figure  # noqa: F401

pytestmark = pytest.mark.skipif(
    not ocr.present(), reason="tesseract, which reads words in pictures, is not on this machine"
)


def _hazards(path, title):
    rng = np.random.default_rng(5)
    drawing = Figure(figsize=(6, 4.5))
    ax = drawing.add_subplot()
    for k, scale in enumerate((18, 30)):
        t, h = np.sort(rng.exponential(scale, 80)), np.cumsum(1 / np.arange(80, 0, -1))
        ax.step(np.r_[0, t[h < 0.95]], np.r_[0, h[h < 0.95]], where="post", label=f"Arm {k}")
    ax.set(ylim=(0, 1), xlim=(0, 40), xlabel="Time (months)", ylabel=title)
    ax.legend(loc="lower right")
    drawing.savefig(path, dpi=130)
    return path


def test_a_cumulative_hazard_in_a_picture_is_refused(tmp_path):
    with pytest.raises(InputError, match="cumulative hazard"):
        survsim.digitise(_hazards(tmp_path / "h.png", "Nelson-Aalen cumulative hazard"), kind="incidence")


@pytest.mark.parametrize(
    ("title", "words"), [("Hazard (cumulative)", "no share of patients"), ("", "look the same")]
)
def test_what_may_be_a_hazard_is_said(tmp_path, title, words):
    with pytest.warns(EvidenceWarning):
        read = survsim.digitise(_hazards(tmp_path / "h.png", title), kind="incidence")
    assert any(words in said for said in read.warnings)
    assert read.unit == "months"


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_panels_of_a_picture_are_found_by_their_titles(tmp_path):
    drawing = Figure(figsize=(11, 4.6))
    for ax, title in zip(drawing.subplots(1, 2), ("A  Overall survival", "B  Progression-free survival")):
        panel(ax, TWO, marks=None)
        ax.set_title(title, loc="left")
    drawing.savefig(tmp_path / "two.png", dpi=150)
    assert survsim.digitise(tmp_path / "two.png", panel="Progression-free survival").panel.startswith("B")
    with pytest.raises(InputError, match="Overall survival"):
        survsim.digitise(tmp_path / "two.png")


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_names_of_two_lines_and_rows_under_their_labels_in_a_picture(figure, tmp_path):  # noqa: F811
    figure.savefig(tmp_path / "narrow.png", dpi=300)
    read = survsim.digitise(tmp_path / "narrow.png")
    assert {arm.partition(":")[0] for arm in read.arms} == set(ARMS)
    assert set(read.at_risk.arm) == set(read.arms)
    assert any("by their colour" in said for said in read.warnings)
