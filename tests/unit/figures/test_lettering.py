"""Labels as they come: long, many, from the right, of other scripts, names out of files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.legend import Legend

from survsim import Surv, kaplan_meier
from survsim.core.names import readable
from survsim.errors import InputError
from survsim.figures import add_landmarks, add_medians, lettering, swimmer
from survsim.figures.lettering import as_seen, name_apart, told_apart, turned, wrapped
from tests.helpers.pictures import faults

RNG = np.random.default_rng(4)


def curves(labels, n=160):
    surv = Surv.right(np.round(RNG.exponential(14, n) + 0.3, 1), RNG.random(n) < 0.7, unit="months")
    return kaplan_meier(surv, by=[labels[i % len(labels)] for i in range(n)])


@pytest.mark.parametrize(
    "labels",
    [
        ["x" * 100_000, "word " * 9_000],
        ["x" * 200, "a long name of a strategy, " * 8],
        [f"group {i}" for i in range(40)],
        ["טיפול ראשון", "قبل العلاج"],
        ["cost $5_", "a_b$ and $c^2"],
        ["two\nlines", "tab\there"],
    ],
    ids=["without end", "200 letters", "40 groups", "from the right", "dollars", "control signs"],
)
@pytest.mark.parametrize("width", ["85mm", "174mm"])
def test_any_labels_fit(labels, width):
    ax = curves(labels).plot(width=width)
    assert faults(ax.figure) == []
    assert len([line for line in ax.lines if str(line.get_gid()).startswith("curve:")]) == len(labels)


def test_a_letter_that_no_font_has_is_one_message(monkeypatch):
    monkeypatch.setattr(lettering, "_letters", lambda families: frozenset("対…←→"))
    monkeypatch.setattr(lettering, "_elsewhere", lambda missing: None)
    with pytest.raises(InputError, match="no installed font has the letters '照' of the label '対照"):
        curves(["対照", "plain"]).plot()


def test_a_font_that_has_the_letter_is_found_by_itself():
    families = lettering.font_for("a", ["DejaVu Sans"])
    assert families is None
    assert lettering.font_for("\u2111", ["cmr10"]) not in (None, "cmr10")


@pytest.mark.parametrize("labels", [["RT", "\u2111"], ["\u2111", "RT"]])
def test_each_label_of_a_row_finds_a_font_that_has_its_letters(labels, monkeypatch):
    """Whichever comes first: here a font is found for black-letter I, which the usual one is told to lack."""
    usual = lettering._letters(("DejaVu Sans",))
    monkeypatch.setattr(
        lettering, "_letters", lambda families: usual - {"\u2111"} if len(families) == 1 else usual
    )
    monkeypatch.setattr(lettering, "_elsewhere", lambda missing: "DejaVu Serif")
    course = pd.DataFrame(
        {"label": labels, "kind": "event", "start": [1.0, 6.0], "stop": np.nan, "assumed": False}
    )
    ticks = swimmer(course, unit="months", end=9.0).get_yticklabels()
    assert ["DejaVu Serif" in t.get_fontfamily() for t in ticks if t.get_text() == "\u2111"] == [True]


def test_a_group_without_patients_has_no_curve_and_no_row():
    surv = Surv.right([2.0, 3, 5, 7], [1, 0, 1, 1], unit="months")
    by = pd.Categorical(["a", "b", "a", "b"], categories=["a", "b", "nobody"])
    ax = kaplan_meier(surv, by=by).plot(width="85mm")
    assert not [t for t in ax.texts if "nobody" in t.get_text()]
    assert {str(line.get_gid()) for line in ax.lines} >= {"curve:a", "curve:b"}
    assert faults(ax.figure) == []


def test_times_of_a_million_days_and_a_single_patient_fit():
    for time, event in (([1e6, 2e6, 3.1e6], [1, 1, 0]), ([3.0], [1])):
        ax = kaplan_meier(Surv.right(time, event, unit="days")).plot(width="85mm")
        assert faults(ax.figure) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hr_antiangiogenic", "hazard ratio, antiangiogenic"),
        ("hr", "hazard ratio"),
        ("homesley_2007_gog0161", "Homesley 2007, GOG0161"),
        ("homesley_2007_gog0161_e07", "Homesley 2007, GOG0161, row 7"),
        ("surgery_alone", "surgery alone"),
        ("rt_dose", "radiotherapy dose"),
        ("Overall survival", "Overall survival"),
        (3, "3"),
    ],
)
def test_names_out_of_files_are_read_as_words(name, words):
    assert readable(name) == words


def test_pieces_between_commas_are_read_one_by_one():
    assert readable("homesley_2007_gog0161, overall survival") == "Homesley 2007, GOG0161, overall survival"
    assert readable("as treated, then observed") == "as treated, then observed"


def test_two_rows_called_alike_are_told_apart():
    assert told_apart(["a", "a", "b"], ["one", "two", "three"]) == ["a, one", "a, two", "b"]
    assert told_apart(["a", "a"], ["one", "one"]) == ["a, one (1)", "a, one (2)"]


def test_lines_break_at_words_and_end_in_an_ellipsis():
    assert wrapped("one two three", 7, len) == "one two\nthree"
    assert wrapped("overlong words", 5, len) == "overl\nong\nwords"
    assert wrapped("a b c d e f", 1, len, most=3) == "a\nb\n…"
    assert wrapped("short", 10, len) == "short"


def test_of_words_with_a_name_only_the_name_is_shortened():
    assert wrapped("abc def ghi: 12 of 30", 7, len, most=3, name="abc def ghi") == "abc d…:\n12 of\n30"
    assert wrapped("before a name: 12", 6, len, most=1, name="a name") == "before\na…: 12"
    assert (
        wrapped("short: 1\n0.65 (0.38 to 1.11)", 8, len, most=1, name="short")
        == "short: 1\n0.65\n(0.38 to\n1.11)"
    )


@pytest.mark.parametrize("width", ["85mm", "174mm"])
def test_numbers_of_groups_with_names_without_end_stand(width):
    names = ["word " * 90, "another " * 60]
    km = curves(names)
    ax = km.plot(width=width)
    add_medians(ax, km)
    add_landmarks(ax, km, [12])
    told = {str(t.get_gid()): t.get_text().replace("\n", " ") for t in ax.texts}
    legend = [t.get_text().replace("\n", " ") for t in ax.get_legend().get_texts()]
    for k, (group, row) in enumerate(zip(km.groups, legend)):
        assert f"{km.n_patients[k]} patients, {km.n_events[k]} events, median " in row
        assert "%" in told[f"survival:12:{group}"]
        assert told[f"survival:12:{group}"].endswith(")")
        assert told[f"median-words:{group}"].endswith(")")
    assert faults(ax.figure) == []


def test_words_from_the_right_are_turned_and_joined():
    assert turned("abc") == "abc"
    assert turned("אבג") == "גבא"
    assert turned("אבג 12") == "12 גבא"
    assert turned("a (אב)") == "a (בא)"
    # Beh, joined on both sides: initial, medial, final, seen from the left as final, medial, initial.
    assert turned("\u0628\u0628\u0628") == "\ufe90\ufe92\ufe91"


def inked(text):
    """The columns of a text's pixels, drawn large, without the blank ones around."""
    figure = Figure(figsize=(3, 1), dpi=100)
    canvas = FigureCanvasAgg(figure)
    figure.text(0.1, 0.3, text, fontsize=40)
    canvas.draw()
    ink = 255 - np.asarray(canvas.buffer_rgba())[:, :, 0].astype(int)
    used = np.flatnonzero(ink.any(axis=0))
    return ink[:, used[0] : used[-1] + 1]


@pytest.mark.parametrize(
    ("first", "rest"), [("\u05d8", "\u05d9\u05dc"), ("\u062f", "\u0648\u0648")], ids=["Hebrew", "Arabic"]
)
@pytest.mark.parametrize("before", ["", "A "])
def test_words_from_the_right_are_read_from_the_right_as_drawn(first, rest, before):
    """Whatever matplotlib does with letters itself: the first letter of the last word is drawn at its right end."""
    drawn, alone = inked(as_seen(before + first + rest)), inked(first)
    assert np.abs(drawn[:, -alone.shape[1] :] - alone).mean() < 15


NAME = "\u05d8\u05dc"


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        (f"{NAME}: 16 patients, 12 events", f"{NAME}\n16 patients, 12 events"),
        (f"Median, {NAME}: 17 months (8 to 20)", f"Median, {NAME}\n17 months (8 to 20)"),
        (f"At 12 months, {NAME}: 50% alive", f"At 12 months, {NAME}\n50% alive"),
        (f"{NAME}: 16", f"{NAME}: 16"),
        ("chemo: 16 patients", "chemo: 16 patients"),
    ],
)
def test_a_sentence_that_counts_a_group_from_the_right_is_read_from_the_left(told, seen):
    assert name_apart(told) == seen


def test_the_legend_of_such_a_group_is_so():
    axes = curves([NAME, "chemo"]).plot(width="85mm")
    legend = next(child for child in axes.figure.findobj(Legend))
    said = [text.get_text().split("\n") for text in legend.get_texts()]
    assert [as_seen(NAME)] in [lines[:1] for lines in said]
    assert any(lines[0].startswith("chemo: 80 patients") for lines in said)
    assert all(lines[1].startswith("80 patients") for lines in said if lines[0] == as_seen(NAME))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("spinal_hgg29_rt_t02", "Spinal HGG29 RT, row t2"),
        ("waki_2009_lm85_s03", "Waki 2009, LM85, row s3"),
        ("homesley_2007_gog0161_e07", "Homesley 2007, GOG0161, row 7"),
        ("zhao_2016_sts_port_e01, hr_radiotherapy", "Zhao 2016, STS PORT, row 1, hazard ratio, radiotherapy"),
        ("Spinal HGG29 RT, row t2, PFS", "Spinal HGG29 RT, row t2, PFS"),
    ],
)
def test_rows_of_the_evidence_are_told_by_study_and_number(name, words):
    assert readable(name) == words


def test_the_reader_of_report_pictures_knows_a_name_out_of_a_file():
    from tests.helpers.report_texts import raw_names

    raw = ["hr antiangiogenic", "homesley_2007_gog0161", "spinal_hgg29_rt_t02, PFS"]
    assert raw_names([*raw, "hazard ratio, early anlotinib", "0.5", "Time (months)"]) == raw


def test_a_count_stays_with_what_it_counts_where_both_fit():
    lines = wrapped("chemo: 16 patients, 12 events, median 9.2", 20, len).split("\n")
    assert lines == ["chemo: 16 patients,", "12 events, median", "9.2"]
    assert wrapped("12 events", 7, len) == "12\nevents"
