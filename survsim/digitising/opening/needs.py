"""The optional libraries of the digitiser, asked for when one is needed. (Pillow comes with matplotlib.)"""

from __future__ import annotations

from typing import Any

from survsim.core.errors import InputError


def need(name: str) -> Any:
    """The module of an optional library: cv2, pypdfium2, svgelements or ipywidgets.

    Raises
    ------
    InputError : it is not installed; says the one command that installs all of them.
    """
    try:
        if name == "cv2":
            import cv2

            return cv2
        if name == "pypdfium2":
            import pypdfium2

            return pypdfium2
        if name == "svgelements":
            import svgelements

            return svgelements
        import ipywidgets
    except ImportError:
        raise InputError(
            f"reading figures needs {name}, which is not installed: pip install 'survsim[digitise]'"
        ) from None
    return ipywidgets
