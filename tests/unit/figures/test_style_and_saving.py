"""Looks of journals, sizes of sheets, and the files a journal takes."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from survsim import Surv, kaplan_meier, save_figure
from survsim.errors import InputError
from survsim.figures import journals, saving, style
from survsim.figures.sheet import inches

SURV = Surv.right([2, 5, 5, 8, 12, 20, 26, 30], [1, 1, 0, 1, 0, 1, 0, 1], unit="months")


@pytest.fixture()
def km():
    return kaplan_meier(SURV, by=["a", "b"] * 4)


@pytest.fixture()
def journal():
    yield style.use
    style.use("default")


def test_an_unknown_style_is_answered_with_the_list():
    with pytest.raises(
        InputError, match=r"style must be one of 'default', 'frontiers', 'lancet'.*got 'cell'"
    ):
        style.use("cell")


@pytest.mark.parametrize("name", list(journals.JOURNALS))
def test_a_column_of_the_journal_is_as_wide_as_it_says(km, journal, name):
    journal(name)
    look = journals.JOURNALS[name]
    for column in ("single", "double"):
        figure = km.plot(width=column).figure
        assert figure.get_figwidth() * 25.4 == pytest.approx(getattr(look, column))
    ax = km.plot()
    assert ax.figure.get_figwidth() * 25.4 <= max(look.double, 168.0)
    assert ax.xaxis.label.get_fontsize() == look.size
    assert ax.get_legend().get_texts()[0].get_fontsize() == look.small
    assert ax.lines[0].get_linewidth() == look.line


def test_a_free_font_stands_in_where_the_journals_own_is_missing(monkeypatch):
    look = journals.JOURNALS["frontiers"]
    monkeypatch.setattr(journals, "installed", lambda wanted: ("DejaVu Sans", "TeX Gyre Heros"))
    assert journals.fonts(look) == ["TeX Gyre Heros", "DejaVu Sans"]
    monkeypatch.setattr(journals, "installed", lambda wanted: ("Arial", "DejaVu Sans", "Noto Sans CJK JP"))
    assert journals.fonts(look) == ["Arial", "DejaVu Sans", "Noto Sans CJK JP"]


def test_the_users_settings_are_as_before(km, journal):
    journal("lancet")
    before = dict(matplotlib.rcParams)
    km.plot()
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"width": 85}, 'width must be a number with its unit, such as "85mm".*single or double.*got 85'),
        ({"width": "85"}, "got '85'"),
        ({"width": "3mm"}, "width must be between 20.32 mm and 2032 mm; got '3mm'"),
        ({"height": "single"}, "height must be a number with its unit"),
        ({"height": "25mm"}, "has no room for this picture with its words; make it .* mm high"),
    ],
)
def test_a_size_that_cannot_be_is_refused(km, size, message):
    with pytest.raises(InputError, match=message):
        km.plot(**size)


def test_both_sizes_are_kept_as_asked(km):
    figure = km.plot(width="9cm", height="4in").figure
    np.testing.assert_allclose(figure.get_size_inches(), [9 / 2.54, 4.0])


def test_the_size_of_the_users_own_figure_is_the_users(km):
    with pytest.raises(InputError, match="width and height are those of a new figure; leave out ax"):
        km.plot(Figure().add_subplot(), width="85mm")


def test_the_files_are_as_large_as_the_figure_and_hold_its_letters(km, tmp_path):
    made = save_figure(km.plot(width="85mm", height="70mm"), tmp_path / "fig1")
    assert [p.name for p in made] == ["fig1.pdf", "fig1.svg", "fig1.tiff", "fig1.png", "fig1.csv"]
    for path in made[2:4]:
        with Image.open(path) as picture:
            assert picture.size == (2007, 1653) and round(picture.info["dpi"][0]) == 600
    with Image.open(made[2]) as tiff:
        assert tiff.mode == "RGB" and tiff.info["compression"] == "tiff_lzw"
    pdf = made[0].read_bytes()
    assert b"/FontFile2" in pdf and b"/Type3" not in pdf
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    np.testing.assert_allclose([float(v) for v in box.groups()], [85 / 25.4 * 72, 70 / 25.4 * 72], rtol=1e-4)
    assert b"<text" not in made[1].read_bytes()


def test_the_numbers_beside_are_those_drawn(km, tmp_path):
    *_, table = save_figure(km.plot(), tmp_path / "fig", formats="png", dpi=72)
    frame = pd.read_csv(table)
    line = frame[(frame["kind"] == "line") & (frame["name"] == "curve:a")]
    np.testing.assert_allclose(line["x"], km.steps("a").time)
    np.testing.assert_allclose(line["y"], km.steps("a").estimate)
    at_risk = frame[frame["name"] == "risk:b:0"]
    assert at_risk["words"].tolist() == ["4"] or at_risk["words"].tolist() == [4.0]


def test_the_same_figure_gives_the_same_files(km, tmp_path):
    for name in ("one", "two"):
        save_figure(km.plot(width="85mm"), tmp_path / name / "fig", dpi=100)
    for kind in ("pdf", "svg", "tiff", "png", "csv"):
        first, second = ((tmp_path / name / f"fig.{kind}").read_bytes() for name in ("one", "two"))
        assert first == second, kind


def test_an_ending_asks_for_that_format_alone(km, tmp_path):
    made = save_figure([km.plot()], tmp_path / "fig.tif", dpi=72, data=False)
    assert [p.name for p in made] == ["fig.tiff"]


@pytest.mark.parametrize(
    ("given", "options", "message"),
    [
        (np.int64(3), {}, "fig must be a matplotlib figure.*got int64"),
        ("a string", {}, "fig must be a matplotlib figure, axes, or what .plot.. returned; got str"),
        (None, {"formats": ("jpeg",)}, "formats must be some of pdf, svg, eps, tiff, png; got 'jpeg'"),
        (None, {"formats": ()}, "got 'none'"),
        (None, {"dpi": 20}, "dpi must"),
        (Figure(figsize=(50, 50)), {}, "900 million pixels; give a smaller dpi"),
    ],
)
def test_what_cannot_be_saved_is_refused_and_nothing_is_written(km, tmp_path, given, options, message):
    with pytest.raises(InputError, match=message):
        save_figure(km.plot() if given is None else given, tmp_path / "fig", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_message(km, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"file.fig.pdf cannot be written .*choose a folder"):
        save_figure(km.plot(), tmp_path / "file" / "fig")
    with pytest.raises(InputError, match="path is a file name without its ending"):
        save_figure(km.plot(), "")


def test_a_read_only_folder_is_one_message(km, tmp_path, monkeypatch):
    def refuse(path, mode):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(saving.files, "atomic_open", refuse)
    with pytest.raises(InputError, match=r"fig.pdf cannot be written \(Permission denied\)"):
        save_figure(km.plot(), tmp_path / "fig")
    assert list(tmp_path.iterdir()) == []


def test_a_font_that_came_after_matplotlibs_list_is_found(tmp_path, monkeypatch):
    from matplotlib import font_manager

    source = font_manager.findfont("DejaVu Sans Mono")
    late = tmp_path / "LateSans-Regular.ttf"
    late.write_bytes(Path(source).read_bytes())
    broken = tmp_path / "LateSans-Bold.ttf"
    broken.write_text("no font")
    added = []
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(broken), str(late)])
    real = font_manager.fontManager.addfont
    monkeypatch.setattr(font_manager.fontManager, "addfont", lambda path: (real(path), added.append(path)))
    journals.installed.__wrapped__(("Late Sans",))
    assert added == [str(late)]
    font_manager.fontManager.ttflist = [f for f in font_manager.fontManager.ttflist if f.fname != str(late)]


@pytest.mark.parametrize("name", ["fo.jpeg", "fo.JPG", "fo.gif", "fo.docx"])
def test_an_ending_that_is_not_written_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"no figure is written as \.\w+; give pdf, svg, eps, tiff, png"):
        save_figure(Figure(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_full_stop_within_a_name_is_no_ending(tmp_path):
    made = save_figure(Figure(figsize=(2, 2)), tmp_path / "fig1.v2", formats="png", dpi=72, data=False)
    assert [one.name for one in made] == ["fig1.v2.png"]


def test_the_smallest_width_is_said_as_it_is():
    with pytest.raises(InputError, match=r"between 20.32 mm and 2032 mm; got '20mm'"):
        inches("height", "20mm", None)
