"""Arrays that nobody can change: read-only copies or views inside our objects, never a flag on the caller's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from survsim.core.provenance import Provenance

COPIED_UP_TO = 65_536
"""Arrays of up to so many numbers are copied, so that what a caller does to the array it gave changes no result.
Larger ones are made by the estimator itself (patient-level input is copied by `Surv`) and are only viewed."""
_WITHOUT_ARRAYS = (Provenance, str, float, int, type(None))
"""What holds no array; the ancestry of a result may have thousands of steps, of plain values only."""
_HOW: dict[type, Callable[[Any], Any]] = {}
"""What closes values of each class met so far."""
_NAMES: dict[type, tuple[str, ...]] = {}
"""The fields of each class met so far."""


def read_only(value: Any) -> Any:
    """`value` with every array in it closed for writing: arrays, and those in tuples, lists and mappings.

    Objects that hold arrays (a design, a law, another result) stay the same objects; their arrays are closed.
    """
    kind = type(value)
    how = _HOW.get(kind) or _HOW.setdefault(kind, _how(kind))
    return value if how is _as_it_is else how(value)


def _how(kind: type) -> Callable[[Any], Any]:
    """What closes values of a class: asked once for each class, since every result asks of all that it holds."""
    if issubclass(kind, np.ndarray):
        return lambda value: _closed(value, copy=value.size <= COPIED_UP_TO)
    if issubclass(kind, _WITHOUT_ARRAYS) or getattr(kind, "_closes_its_arrays", False):
        return _as_it_is
    if issubclass(kind, tuple):
        if hasattr(kind, "_fields"):
            return lambda value: kind(*(read_only(part) for part in value))
        return _closed_tuple
    if issubclass(kind, list):
        return lambda value: [read_only(part) for part in value]
    if issubclass(kind, Mapping):
        return lambda value: {key: read_only(part) for key, part in value.items()}
    if dataclasses.is_dataclass(kind) and kind.__module__.startswith("survsim."):
        names = tuple(field.name for field in dataclasses.fields(kind))
        return lambda value: _closed_fields(value, names)
    return _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _closed_tuple(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if all(_HOW.get(type(part)) is _as_it_is for part in value):  # names, most often
        return value if type(value) is tuple else tuple(value)
    return tuple(read_only(part) for part in value)


def _closed_fields(owner: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        value = getattr(owner, name, None)
        kind = type(value)
        if _HOW.get(kind) is _as_it_is or (isinstance(value, np.ndarray) and not value.flags.writeable):
            continue
        closed = read_only(value)
        if closed is not value:
            object.__setattr__(owner, name, closed)
    return owner


def close_fields(owner: Any) -> None:
    """Close the arrays among the fields of a frozen dataclass."""
    kind = type(owner)
    names = _NAMES.get(kind) or _NAMES.setdefault(kind, tuple(f.name for f in dataclasses.fields(owner)))
    _closed_fields(owner, names)


def view(value: np.ndarray) -> np.ndarray:
    """A read-only view of an array that is our own already."""
    return _closed(value, copy=False)


def _closed(value: np.ndarray, *, copy: bool) -> np.ndarray:
    if not value.flags.writeable:
        return value
    own = value.copy() if copy else value.view()
    own.flags.writeable = False
    return own
