"""Names that are read with doubt are said; pieces of curves, limits and keys are no names."""

from __future__ import annotations

import warnings

import pytest

from survsim.digitising import digitise
from survsim.digitising.raster import names, ocr
from survsim.digitising.raster.ocr import present
from tests.helpers.small_figures import draw

TABLE = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"


def _row(sure, text):
    return "\t".join(["5", "1", "1", "1", "1", "1", "0", "0", "9", "9", str(sure), text]) + "\n"


def test_the_least_sure_word_counts():
    assert ocr._words(TABLE + _row(96.2, "New") + _row(41.0, "drug")) == ("New drug", 0.41)
    assert ocr._words(TABLE + _row(-1, "") + _row(90, "A") + _row(10, "|")) == ("A |", 0.9)
    assert ocr._words(TABLE) == ("", 0.0)


def _read(path, **given):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return digitise(path, **given)


@pytest.mark.parametrize("sure", [0.5, 0.95])
def test_a_doubtful_name_is_said_with_the_call_that_mends_it(tmp_path, monkeypatch, sure):
    texts = iter(["Contro1", "Treated"] * 20)
    monkeypatch.setattr(names, "read_surely", lambda _: (next(texts), sure))
    monkeypatch.setattr(names, "present", lambda: True)
    path = draw(tmp_path / "a.png")
    read = _read(path)
    said = [words for words in read.warnings if "read with doubt" in words]
    assert len(said) == (2 if sure < 0.7 else 0)
    if said:
        assert all(
            any(repr(arm) in words for words in said) and "arms=['A', 'B']" in said[0] for arm in read.arms
        )
        assert not [w for w in _read(path, arms=["Treated", "Control"]).warnings if "read with doubt" in w]


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_limits_and_marks_are_no_names(tmp_path):
    path = draw(tmp_path / "a.png", band="dashed", legend=False)
    assert all(arm.startswith("arm ") for arm in digitise(path).arms)


@pytest.mark.filterwarnings("ignore::survsim.errors.EvidenceWarning")
def test_labels_beside_patches_of_bands(tmp_path):
    """A key with the patch of its band, as ggplot draws it, stands close to its label."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    from tests.helpers.small_figures import TWO, panel

    figure = Figure(figsize=(7, 5), layout="constrained")
    ax = figure.add_subplot()
    colours = ("#F8766D", "#00BFC4")
    panel(ax, TWO, colours=colours, band="over", legend=False)
    keys = [(Patch(color=c, alpha=0.3, lw=0), Line2D([], [], color=c, lw=2)) for c in colours]
    figure.legend(keys, [one.label for one in TWO], loc="outside upper center", ncols=2, frameon=False)
    figure.savefig(tmp_path / "a.png", dpi=150)
    found = digitise(tmp_path / "a.png").arms
    assert sorted(found) == (["Control", "Treated"] if present() else ["arm 1", "arm 2"])


@pytest.mark.parametrize(("second", "doubted"), [("", True), ("Treated", False)])
def test_a_curve_without_a_name_among_named_ones_is_doubted(tmp_path, monkeypatch, second, doubted):
    texts = iter(["Control", second] * 20)
    monkeypatch.setattr(names, "read_surely", lambda _: (next(texts), 0.95))
    monkeypatch.setattr(names, "present", lambda: True)
    read = _read(draw(tmp_path / "a.png"))
    assert any("may be no curves of their own" in words for words in read.warnings) == doubted
