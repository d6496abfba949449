"""Examples of results for `every_result`, of what came later: one small example, or a few, a class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.helpers import panel_visits

MAKERS: dict[str, Callable[[], Any]] = {
    "PanelMultistate": lambda: [panel_visits.fit(None), panel_visits.fit("z")],
}
