"""survsim: from the little that is published on a rare cancer to answers that can be trusted.

Names are loaded when first used: importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

from survsim._public import PUBLIC
from survsim._version import __version__

__all__ = ["__version__", *PUBLIC]


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'survsim' has no attribute {name!r}")
    value = getattr(importlib.import_module(PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *PUBLIC])
