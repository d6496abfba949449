"""A CSV beside a declared file: rows as wide as the line of names, each name once, quotes closed."""

import pytest

from survsim.core.errors import ScenarioError
from survsim.core.plain_csv import csv_text, named_rows


def test_rows_come_with_their_lines_and_without_blanks():
    found = named_rows('age, rate\n\n50 ,"0.01"\n51,0.02\n\n', "m.csv")
    assert found.columns == ("age", "rate") and found.lines == (3, 4)
    assert found.cells == ({"age": "50", "rate": "0.01"}, {"age": "51", "rate": "0.02"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no line of names"),
        ("age,rate\n50,0,200\n", "m.csv, line 2: 3 cells where the line of names has 2 (50,0,200)"),
        ("age,rate\n50\n", "m.csv, line 2: 1 cells"),
        ("age,rate,rate\n50,1,2\n", "the column rate stands there more than once"),
        ("age,\n50,1\n", "a column of the line of names is empty"),
        ('age,rate\n50,"1\n51,2\n', "cannot be read as comma-separated values"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(text, told):
    with pytest.raises(ScenarioError) as refused:
        named_rows(text, "m.csv")
    assert told in str(refused.value)


def test_a_file_that_is_no_text_or_none_is_told(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="cannot be read as text in UTF-8"):
        csv_text(tmp_path / "a.csv")
    with pytest.raises(ScenarioError, match="no such file beside the scenario"):
        csv_text(tmp_path / "b.csv")


def test_the_line_that_names_the_separator_for_excel():
    found = named_rows("sep=,\nage,rate\n50,0.01\n", "m.csv")
    assert found.cells == ({"age": "50", "rate": "0.01"},) and found.lines == (3,)
    with pytest.raises(ScenarioError, match="parts its cells by ';'; save it with commas"):
        named_rows("sep=;\nage;rate\n50;0.01\n", "m.csv")
