"""The four calls that go up the house: the picture of a result, its counterpart in another package, its table, its doubt.

Everything else imports downwards. These are methods of results, so that a user finds them where they look;
what they call is loaded when it is called, so that a fit needs neither matplotlib nor lifelines.
"""

from __future__ import annotations

import importlib
from typing import Any

UPWARD = {
    "plot": "survsim.figures.drawing:picture_of",
    "to_lifelines": "survsim.interop.lifelines_models:to_lifelines",
    "uncertainty": "survsim.estimate.reconstruction.uncertainty:uncertainty_of",
    "save": "survsim.report.regression_table:table_of",
}
"""Method of a result: module and function, above, that answers it; `save` asks only for Word, what a paper prints, `uncertainty`
reconstructs a curve again and again."""


def upward(method: str) -> Any:
    """The function that answers one of the methods of `UPWARD`."""
    return load(UPWARD[method])


def load(place: str) -> Any:
    """The function named by ``module:function``."""
    module, function = place.split(":")
    return getattr(importlib.import_module(module), function)
