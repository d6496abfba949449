"""Options of the test command."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# The test command tries the same examples each time, so that a red run means a change; `SURVSIM_EXPLORE=1` tries new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("explore" if os.environ.get("SURVSIM_EXPLORE") else "steady")


def pytest_addoption(parser):
    parser.addoption(
        "--validate",
        action="store_true",
        default=False,
        help="run the long simulation grids and write their records again (hours)",
    )


def pytest_collection_modifyitems(config, items):
    """What takes long and has a quicker test of its kind beside it runs with ``--validate`` only."""
    if not config.getoption("--validate"):
        left = pytest.mark.skip(reason="long: run by make validate")
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(left)
