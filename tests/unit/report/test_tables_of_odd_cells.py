"""Tables of frames and files that pandas, the page or the disk cannot take as they come: shown, or refused in words."""

from __future__ import annotations

from decimal import Decimal

import docx
import pandas as pd
import pytest

from survsim import Surv, kaplan_meier
from survsim.errors import InputError
from survsim.report import load_results, table, table_survival

FRAME = pd.DataFrame({"n": [3, 4], "share": [0.25, 0.5], "arm": ["a", None]})


def test_a_frame_of_arrow_is_the_table_of_its_numbers():
    assert table(FRAME.convert_dtypes(dtype_backend="pyarrow")).html.count("<td") == table(FRAME).html.count(
        "<td"
    )
    assert ">0.25<" in table(FRAME.convert_dtypes(dtype_backend="pyarrow")).html
    assert ">3<" in table(FRAME.convert_dtypes(dtype_backend="pyarrow")).html


def test_a_signalling_nan_is_a_missing_cell():
    assert ">gone<" in table(pd.DataFrame({"a": [Decimal("sNaN"), Decimal(1)]}), missing="gone").html


def test_half_signs_out_of_names_of_files_are_shown_as_such(tmp_path):
    half = "f\udcff"
    # columns of text in pandas 3 cannot hold half a sign, those of objects can
    frame = pd.DataFrame({0: pd.Series([half], dtype=object), 1: [1.0]})
    frame.columns = pd.Index([half, "b"], dtype=object)
    made = table(frame, title=half, notes=half, group=half)
    assert "f\ufffd" in made.html and half not in made.html
    for name in ("a.html", "a.csv", "a.tex", "a.docx"):
        made.save(tmp_path / name)
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").startswith("f\ufffd,")


def test_a_time_given_twice_is_shown_once():
    km = kaplan_meier(Surv.right([2, 3, 5, 9], [1, 1, 1, 0], unit="months"), conf_type="none")
    assert table_survival(km, [3, 6, 3]).frame.iloc[0].tolist() == [
        "All patients",
        "4",
        "3",
        "4",
        "50%",
        "25%",
    ]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.csv", b""), ("a.csv", b"a,b\n1,2,3\n\xff"), ("a.csv", b"a,b\n1,2\n1,2,3\n"), ("a.csv", b"a\x00,b\n1,2\n"),
        ("a.parquet", b"PAR1 no more"), ("a.parquet", b""),
    ],
)  # fmt: skip
def test_a_damaged_result_table_is_told(tmp_path, monkeypatch, file, content):
    (tmp_path / "results").mkdir()
    monkeypatch.setenv("SURVSIM_RESULTS", str(tmp_path / "results"))
    (tmp_path / "results" / file).write_bytes(content)
    with pytest.raises(InputError, match=r"is damaged or no table .* run the analysis again"):
        load_results("a")
    for name in ("x" * 300, "a\x00b"):
        with pytest.raises(InputError, match="has no result table"):
            load_results(name)


@pytest.mark.parametrize(
    "groups",
    [["x", None], ["x", float("nan")], pd.array(["x", pd.NA], dtype="string"), pd.Categorical(["x", None])],
)
def test_rows_without_a_group_stand_under_a_head_that_says_so(groups):
    made = table(pd.DataFrame({"a": [1, 2], "g": groups, "b": ["y", None]}), group="g")
    assert ">x<" in made.html and ">not stated<" in made.html
    assert made.html.count("–") == 1  # the missing cell


@pytest.mark.parametrize(
    ("groups", "heads"),
    [
        ([12.0, float("nan")], ("12", "not stated")),
        ([0.5, float("nan")], ("0.50", "not stated")),
        ([12.0, 24.0], ("12", "24")),
        (pd.array([1, None], "Int64"), ("1", "not stated")),
        (pd.to_datetime(["2020-03-01", None]), ("2020-03-01 00:00:00", "not stated")),
    ],
)
def test_numbers_and_dates_may_be_groups(groups, heads):
    made = table(pd.DataFrame({"a": [1, 2], "g": groups}), group="g")
    assert all(f">{head}<" in made.html for head in heads)


def test_what_is_missing_is_said_in_word_and_latex_as_numbers_are(tmp_path):
    gaps = pd.DataFrame(
        {
            "share": [0.5, None],
            "n": pd.array([1, None], "Int64"),
            "site": ["ovary", None],
            "stage": pd.array(["I", pd.NA], "string"),
            "seen": pd.to_datetime(["2020-03-01", None]),
        }
    )
    made = table(gaps, group="site")
    made.save(tmp_path / "t.docx")
    last = docx.Document(str(tmp_path / "t.docx")).tables[0].rows[2]
    assert [cell.text for cell in last.cells] == ["NA"] * 5
    assert r"NA & NA & NA & NA & NA \\" in made.to_latex()
