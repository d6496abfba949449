"""The sheet a new picture is drawn on: how wide and high it was asked to be, and what may grow.

A drawing function asks for a sheet of its usual size (`style.new_axes`); what the caller wrote as ``width="85mm"`` is
kept here meanwhile, so that no drawing function needs to know of it.
"""

from __future__ import annotations

import contextlib
import contextvars
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from survsim.core.errors import InputError
from survsim.figures.journals import Journal

INCHES = {"mm": 1 / 25.4, "cm": 1 / 2.54, "in": 1.0, "pt": 1 / 72.0}
SMALLEST, LARGEST = 0.8, 80.0
"""Inches a side may have."""
KEPT = "_survsim_sheet"


@dataclass(slots=True)
class Asked:
    """What the caller wrote (inches); `used` once a figure was made of it."""

    width: float | None = None
    height: float | None = None
    used: bool = False


@dataclass(slots=True, kw_only=True)
class Sheet:
    """What a figure of our own was made for.

    Attributes
    ----------
    width : of the figure (inches); height : as asked, or None when it may grow with what stands around the axes.
    usual : usual size of such a picture (inches), with the usual margins.
    rows, row : number of rows, and the height (inches) of one, for pictures in rows; 0 otherwise.
    """

    width: float
    height: float | None
    usual: tuple[float, float]
    rows: float = 0.0
    row: float = 0.0


_ASKED: contextvars.ContextVar[Asked | None] = contextvars.ContextVar("survsim_asked", default=None)


@contextlib.contextmanager
def asking(width: Any, height: Any, look: Journal) -> Iterator[Asked]:
    """In the block, new figures have this width and height."""
    asked = Asked(inches("width", width, look), inches("height", height, look))
    token = _ASKED.set(asked)
    try:
        yield asked
    finally:
        _ASKED.reset(token)


def asked() -> Asked | None:
    """What the caller wrote, inside a drawing; None outside."""
    return _ASKED.get()


def width_for(usual: float, look: Journal) -> float:
    """Width (inches) a picture gets that usually takes `usual`: the asked one, else no more than the page has."""
    wanted = _ASKED.get()
    if wanted is not None and wanted.width is not None:
        return wanted.width
    return usual if look.free == ("DejaVu Sans",) else min(usual, look.double / 25.4)


def inches(what: str, value: Any, look: Journal) -> float | None:
    """A width or height as it is written, "85mm", "single" (one column) or "double", in inches."""
    if value is None:
        return None
    columns = {"single": look.single, "double": look.double} if what == "width" else {}
    allowed = f'"85mm", "8.5cm", "3.35in" or "241pt"{", or single or double for columns" if columns else ""}'
    if isinstance(value, str) and value in columns:
        return columns[value] / 25.4
    found = (
        re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(mm|cm|in|pt)\s*", value)
        if isinstance(value, str)
        else None
    )
    if found is None:
        raise InputError(f"{what} must be a number with its unit, such as {allowed}; got {value!r}.")
    size = float(found[1]) * INCHES[found[2]]
    if not SMALLEST <= size <= LARGEST:
        raise InputError(
            f"{what} must be between {SMALLEST / INCHES['mm']:.5g} mm and {LARGEST / INCHES['mm']:.5g} mm; got {value!r}."
        )
    return size


def sheet_of(figure: Any) -> Sheet | None:
    """What the figure was made for, or None for a user's own figure."""
    return getattr(figure, KEPT, None)
