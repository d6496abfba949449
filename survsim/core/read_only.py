"""Arrays that nobody can change: read-only copies or views inside our objects, never a flag on the caller's own."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from survsim.core.provenance import Provenance

COPIED_UP_TO = 65_536
"""Arrays of up to so many numbers are copied, so that what a caller does to the array it gave changes no result.
Larger ones are made by the estimator itself (patient-level input is copied by `Surv`) and are only viewed."""
_WITHOUT_ARRAYS = (Provenance, str, float, int, type(None))
"""What holds no array; the ancestry of a result may have thousands of steps, of plain values only."""


def read_only(value: Any) -> Any:
    """`value` with every array in it closed for writing: arrays, and those in tuples, lists and mappings.

    Objects that hold arrays (a design, a law, another result) stay the same objects; their arrays are closed.
    """
    if isinstance(value, np.ndarray):
        return _closed(value, copy=value.size <= COPIED_UP_TO)
    if isinstance(value, _WITHOUT_ARRAYS):
        return value
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(read_only(part) for part in value)
    if isinstance(value, list):
        return [read_only(part) for part in value]
    if isinstance(value, Mapping):
        return {key: read_only(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return type(value)(*(read_only(part) for part in value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        close_fields(value)
    return value


def close_fields(owner: Any) -> None:
    """Close the arrays among the fields of a frozen dataclass of this package."""
    if not type(owner).__module__.startswith("survsim."):
        return
    for field in dataclasses.fields(owner):
        value = getattr(owner, field.name, None)
        closed = read_only(value)
        if closed is not value:
            object.__setattr__(owner, field.name, closed)


def view(value: np.ndarray) -> np.ndarray:
    """A read-only view of an array that is our own already."""
    return _closed(value, copy=False)


def _closed(value: np.ndarray, *, copy: bool) -> np.ndarray:
    if not value.flags.writeable:
        return value
    own = value.copy() if copy else value.view()
    own.flags.writeable = False
    return own
