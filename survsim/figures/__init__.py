"""Pictures of result objects, one kind a file. `Result.plot` arrives here, at call time.

The registry names, for each result class, the function that draws it: ``module:function`` below this
package. A drawing function takes ``(result, ax, **options)`` and returns the axes.
"""

from __future__ import annotations

import importlib
from typing import Any

from survsim.core.errors import InputError

DRAWERS: dict[str, str] = {}


def draw(result: Any, ax: Any = None, **options: Any) -> Any:
    """Draw `result` by the function registered for its class or the nearest parent that has one."""
    for cls in type(result).__mro__:
        if cls.__name__ in DRAWERS:
            module, function = DRAWERS[cls.__name__].split(":")
            return getattr(importlib.import_module(f"survsim.figures.{module}"), function)(
                result, ax, **options
            )
    raise InputError(f"{type(result).__name__} has no picture; .to_frame() has its numbers.")
