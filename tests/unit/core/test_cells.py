"""What a cell holds reaches no other program as a command: spreadsheets, browsers, LaTeX."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from survsim import Surv, kaplan_meier
from survsim.core.cells import HIDDEN, for_spreadsheets, latex, latex_table, not_run, would_run
from survsim.report import table

RUN = ["=1+1", " =1+1", "\n=1+1", "\t=1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\uff1d1+1", "\uff20SUM(1)", "+1+cmd",
       '"=1', "'=1", "\r=1", "\u3000=1", "@SUM(1)"]  # fmt: skip
PLAIN = ["table 2", "a = b", "3-4", "", "-", "p < 0.05", "x@y.org"]
HIDING = ["a\x07b", "a\u202eb", "a\u2066b", "a\u200fb", "a\x85b", "a\u2028b", "a\ufeffb"]
PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "</td><script>alert(1)</script>",
    "<iframe src=javascript:alert(1)>",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    "<a href=javascript:alert(1)>x</a>",
    "<style>*{display:none}</style>",
    "<!--<script>-->alert(1)",
    "<ScRiPt>alert(1)</ScRiPt>",
    "<body onload=alert(1)>",
    "<math><mtext></mtext></math>",
    "<details open ontoggle=alert(1)>",
    "&lt;script&gt;<script>alert(1)</script>",
    "<b>bold</b>",
]


@pytest.mark.parametrize("text", RUN)
def test_what_a_spreadsheet_would_run_is_seen_and_quoted(text):
    assert would_run(text)
    (safe,) = for_spreadsheets(pd.DataFrame({"a": [text]}))["a"]
    assert safe.startswith("'") and safe.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a;=1+1", "a;'=1+1"),
        ("a; =1+1", "a;' =1+1"),
        ("a\t@SUM(1)", "a\t'@SUM(1)"),
        ("a\n=1+1", "a\n'=1+1"),
        ("=1;+cmd|' /C calc'!A0;b", "'=1;'+cmd|' /C calc'!A0;b"),
        ("a;-2+cmd|' /C calc'!A0", "a;'-2+cmd|' /C calc'!A0"),
        ("a;-2.+cmd|x", "a;'-2.+cmd|x"),
        ("stage I; +/- chemo", "stage I;' +/- chemo"),
        ("60 Gy; -3 months; b", "60 Gy; -3 months; b"),
        ("a; -0.5;1e-3;", "a; -0.5;1e-3;"),
        ("a;b=c", "a;b=c"),
        ("-3.2", "-3.2"),
    ],
)
def test_a_separator_inside_a_cell_begins_no_formula(text, safe):
    """Read as a program whose list separator is the semicolon reads it: no part begins with a sign that runs."""
    assert not_run(text) == safe
    assert for_spreadsheets(pd.DataFrame({"a": [text]}))["a"].tolist() == [safe]


@pytest.mark.parametrize("text", PLAIN)
def test_plain_text_is_left_alone(text):
    assert not would_run(text)
    assert HIDDEN.search(text) is None


@pytest.mark.parametrize("text", HIDING)
def test_marks_that_hide_or_turn_text_are_seen(text):
    assert HIDDEN.search(text)


def test_numbers_and_negative_numbers_in_text_stay_as_they_are():
    frame = pd.DataFrame({"x": [-1.5, 2.0], "t": ["-3.2", "-inf"], "=c": ["a", None]})
    safe = for_spreadsheets(frame)
    assert safe["x"].tolist() == [-1.5, 2.0]
    assert safe["t"].tolist() == ["-3.2", "-inf"]
    assert list(safe.columns) == ["x", "t", "'=c"]


@pytest.fixture
def named():
    def made(text):
        surv = Surv.right([1.0, 2, 3, 4], [1, 1, 0, 1], unit="months")
        return kaplan_meier(surv, np.array([text, "b", text, "b"]))

    return made


def test_a_saved_table_runs_nowhere(named, tmp_path):
    named("=cmd|' /C calc'!A0").save(tmp_path / "km.csv")
    assert "\n'=cmd" in (tmp_path / "km.csv").read_text(encoding="utf-8")
    named(r"50% \input{/etc/passwd} & x_1 $y$ #~^").save(tmp_path / "km.tex")
    text = (tmp_path / "km.tex").read_text(encoding="utf-8")
    said = r"50\% \textbackslash{}input\{/etc/passwd\} \& x\_1 \$y\$ \#\textasciitilde{}\textasciicircum{}"
    assert said in text
    assert text.count(r"\\") == 1 + len(named("x").to_frame())


def test_latex_of_a_table_counts_its_columns():
    made = table(pd.DataFrame({"arm_1": ["a & b"], "n": [3]})).to_latex()
    assert made.splitlines()[2] == r"arm\_1 & n \\"
    assert made.splitlines()[4] == r"a \& b & 3 \\"
    assert latex("a\u202eb\nc") == "ab c"


@pytest.mark.parametrize("text", PAYLOADS)
def test_text_is_no_markup_in_a_page(named, text):
    frame = pd.DataFrame({"study": [text], text: [1.0]})
    for page in (
        named(text)._repr_html_(),
        table(frame)._repr_html_(),
        table(frame, title="t", group="study")._repr_html_(),
    ):
        assert text.lower() not in page.lower()
        assert "<script" not in page.lower()
        assert "<b>bold" not in page


def test_a_row_of_latex_that_begins_with_a_bracket_or_a_star_is_no_option_of_the_row_before():
    # LaTeX: \\[length], \\*, \midrule[width] and \toprule[width] look through line ends for what they take.
    frame = pd.DataFrame(
        {"[age]": ["[40, 60)", "*", "  [60, 80]", "(80, 90]", ""], "n": [1, 2, 3, 4, 5], "*": ["[x]"] * 5}
    )
    rows = latex_table(frame, str).splitlines()
    assert rows[2] == r"{}[age] & n & * \\"
    assert rows[4:9] == [
        r"{}[40, 60) & 1 & [x] \\",
        r"{}* & 2 & [x] \\",
        r"\quad [60, 80] & 3 & [x] \\",
        r"(80, 90] & 4 & [x] \\",
        r" & 5 & [x] \\",
    ]


def test_a_table_by_intervals_is_saved_for_latex(tmp_path):
    age = pd.Series([45.0, 50, 65, 70])
    s = Surv.right([1.0, 2, 3, 4], [1, 1, 1, 0], unit="months")
    kaplan_meier(s, by=pd.cut(age, [40, 60, 80], right=False)).save(tmp_path / "k.tex")
    text = (tmp_path / "k.tex").read_text(encoding="utf-8")
    assert "{}[40" in text and "{}[60" in text
    assert not [line for line in text.splitlines() if line.startswith(("[", "*"))]
