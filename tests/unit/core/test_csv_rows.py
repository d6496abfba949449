"""One limit of a cell, for every table that is read."""

from __future__ import annotations

import pytest

from survsim.core.csv_rows import MAX_CELL, csv_rows
from survsim.core.errors import InputError, ScenarioError
from survsim.evidence.raw.csv_text import parse_text

LONG = "x" * (MAX_CELL + 1)


def test_rows_are_read_with_quoted_line_ends():
    assert csv_rows('a,b\n"1\n2",3\n', "t.csv") == [["a", "b"], ["1\n2", "3"]]


@pytest.mark.parametrize(
    "text", [f"a,b\n1,{LONG}\n", f'a,b\n1,"{LONG}"\n', f'a,b\n1,"{LONG}', f"{LONG},b\n1,2\n"]
)
def test_a_cell_above_the_limit_is_told_in_words(text):
    with pytest.raises(ScenarioError, match=r"t.csv, .*line.*more than 131,072 characters.*quotation mark"):
        csv_rows(text, "t.csv", error=ScenarioError)
    found = parse_text(text, "t")
    assert found.frame is None and [f.rule for f in found.faults] == ["cell_too_long"]


@pytest.mark.parametrize("sign", ["x", "\u00fc"])
def test_a_cell_at_the_limit_is_read(sign):
    text = f"a,b\n1,{sign * MAX_CELL}\n"
    assert len(csv_rows(text, "t.csv")[1][1]) == MAX_CELL
    assert parse_text(text, "t").faults == ()


def test_another_kind_of_error_can_be_asked_for():
    with pytest.raises(InputError, match="after line"):
        csv_rows(f"a\n{LONG}", "t.csv")
