"""Options of the test command."""

from __future__ import annotations


def pytest_addoption(parser):
    parser.addoption(
        "--validate",
        action="store_true",
        default=False,
        help="run the long simulation grids and write their records again (hours)",
    )
