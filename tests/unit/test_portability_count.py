"""How many tests the table of processors says were run."""

from __future__ import annotations

import pytest

from tests.portability import passed


@pytest.mark.parametrize(
    ("told", "right"),
    [
        ("16892 passed, 23 skipped in 1063.07s (0:17:43)", "16892"),
        ("354 passed in 11.06s", "354"),
        ("2 failed, 7 passed in 1.0s", "7"),
        ("3 skipped in 0.1s", "0"),
    ],
)
def test_passed_tests_are_counted_whatever_else_pytest_says(told, right):
    assert passed(told) == right
