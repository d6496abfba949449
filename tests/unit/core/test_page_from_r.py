"""The page for those who come from R names functions and methods that exist."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from survsim._public import PUBLIC, load

PAGE = Path(__file__).resolve().parents[3] / "docs" / "from_r.md"
ROWS = re.findall(r"^\|.*\|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
OUTSIDE = {"C", "I", "cr", "diag", "solve", "expm", "sqrt"}
"""Of formulas, and of linear algebra where a line says how a number follows."""
CALLS = sorted({name for row in ROWS for span in re.findall(r"`([^`]*)`", row) for name in re.findall(r"(\.?[A-Za-z_]\w*)\(", span)} - OUTSIDE)  # fmt: skip
CLASSES = [load(name) for name in PUBLIC if inspect.isclass(load(name))]


def test_the_page_has_its_tables():
    assert len(ROWS) > 40
    assert {"cox_ph", ".predict_median", "pool_two_arms"} <= set(CALLS)


@pytest.mark.parametrize("call", CALLS)
def test_what_the_page_says_to_type_is_there(call):
    if call.startswith("."):
        assert any(callable(getattr(cls, call[1:], None)) for cls in CLASSES)
    else:
        assert call in PUBLIC
