"""The optional libraries of the digitiser, asked for when one is needed."""

from __future__ import annotations

import importlib
from typing import Any

from survsim.core.errors import InputError


def need(module: str) -> Any:
    """The module of an optional library.

    Raises
    ------
    InputError : it is not installed; says the one command that installs all of them.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError(
            f"reading figures needs {module.partition('.')[0]}, which is not installed: pip install 'survsim[digitise]'"
        ) from None
