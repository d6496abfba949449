"""Where the widths of each journal come from is said in the table, in the docstring and in the manual, alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from survsim.figures import style
from survsim.figures.journals import JOURNALS

PAGE = (Path(__file__).parents[3] / "docs/how_to/figure_for_journal.md").read_text(encoding="utf-8")
WORDS = {
    "publisher": "the publisher's page",
    "third party": "third parties",
    "working values": "working values",
}


@pytest.mark.parametrize("name", [n for n in JOURNALS if n != "default"])
def test_the_manual_says_where_widths_come_from(name):
    look = JOURNALS[name]
    (row,) = [line for line in PAGE.splitlines() if line.startswith("| `") and f"`{name}`" in line]
    assert WORDS[look.widths_from] in row
    assert f"{look.single:g} mm" in row and f"{look.double:g} mm" in row
    assert (look.page != "") == (look.widths_from != "working values")


def test_the_docstring_says_it_too():
    told = " ".join((style.use.__doc__ or "").split())
    assert "publisher's page (89 and 183 mm)" in told and "third parties" in told and "working values" in told
