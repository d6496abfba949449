"""Checks at the door. What passes here is not checked again further in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.core.errors import InputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def positions(mask: BoolArray, limit: int = 5) -> str:
    """The first positions at which `mask` is true, for a message: ``rows 3, 7 and 12 more``."""
    where = np.flatnonzero(mask)
    shown = ", ".join(str(i) for i in where[:limit])
    rest = f" and {where.size - limit} more" if where.size > limit else ""
    return f"{'row' if where.size == 1 else 'rows'} {shown}{rest}"


def one_of(name: str, value: object, allowed: Collection[Any]) -> Any:
    """Return `value` if it is among `allowed`, else raise with the list."""
    if value not in allowed:
        raise InputError(f"{name} must be one of {', '.join(map(repr, allowed))}; got {value!r}.")
    return value


def between(name: str, value: float, low: float, high: float, *, open_ends: bool = True) -> float:
    """Return `value` as float if it lies between `low` and `high`, else raise."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number; got {value!r}.") from None
    inside = low < number < high if open_ends else low <= number <= high
    if not inside:
        brackets = "()" if open_ends else "[]"
        raise InputError(f"{name} must lie in {brackets[0]}{low:g}, {high:g}{brackets[1]}; got {value!r}.")
    return number


def float_vector(name: str, values: Any, length: int | None = None) -> FloatArray:
    """One-dimensional float64 array without missing or infinite values; positions in the message."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"{name} must hold numbers; got {_example(values)}. Convert text and dates to numbers first."
        ) from None
    if array.ndim != 1:
        raise InputError(f"{name} must be one-dimensional; got shape {array.shape}. Pass one column.")
    if length is not None and array.size != length:
        raise InputError(f"{name} has {array.size} values, but time has {length}. Lengths must agree.")
    # The sum is finite when every value is: one pass instead of two on the usual path.
    if not np.isfinite(array.sum()) and not np.isfinite(array).all():
        bad = ~np.isfinite(array)
        raise InputError(
            f"{name} must be finite; found {array[bad][0]} in {positions(bad)}. "
            "Drop those rows or impute them, and say which you did."
        )
    return np.ascontiguousarray(array)


def event_vector(values: Any, length: int) -> BoolArray:
    """Boolean event indicator from True/False or 0/1, refusing the 1/2 coding by name."""
    array = np.asarray(values)
    if array.ndim != 1 or array.size != length:
        raise InputError(f"event must have one value per time ({length}); got shape {array.shape}.")
    if array.dtype == np.bool_:
        return array
    try:
        numbers = array.astype(np.float64)
    except (TypeError, ValueError):
        raise InputError(f"event must be True/False or 0/1; found {_example(array)}.") from None
    if np.isnan(numbers).any():
        raise InputError(f"event is missing in {positions(np.isnan(numbers))}; drop those rows or find out.")
    ones = numbers == 1.0
    if not (ones | (numbers == 0.0)).all():
        found = ", ".join(f"{v:g}" for v in np.unique(numbers)[:6])
        raise InputError(
            f"event must be True/False or 0/1; found {{{found}}}. "
            "If 2 marks the event, pass `event=(status == 2)`."
        )
    return ones


def label_codes(name: str, values: Any, length: int) -> tuple[IntArray, tuple[Any, ...]]:
    """Integer codes (n,) and the labels they stand for; a Categorical keeps its order, others sort."""
    categories = getattr(getattr(values, "cat", values), "categories", None)
    array = np.asarray(values)
    if array.ndim != 1 or array.size != length:
        raise InputError(f"{name} must have one value per time ({length}); got shape {array.shape}.")
    if array.dtype.kind in "buiUS":
        missing = np.zeros(1, bool)
    elif array.dtype.kind == "f":
        missing = array != array
    else:
        missing = np.array([v is None or v != v for v in array], bool)
    if missing.any():
        raise InputError(f"{name} is missing in {positions(missing)}; give those rows a label or drop them.")
    if categories is not None:
        seen = set(array.tolist())
        labels = tuple(c for c in categories if c in seen)
        lookup = {label: code for code, label in enumerate(labels)}
        return np.fromiter((lookup[v] for v in array.tolist()), np.int64, length), labels
    if array.dtype.kind in "bui" and array.size > 4096:
        # Small whole numbers are counted, not sorted: ten times faster at a million rows.
        low = int(array.min())
        if int(array.max()) - low < 65_536:
            shifted: IntArray = array.astype(np.int64)
            if low:
                shifted -= low
            present = np.flatnonzero(np.bincount(shifted))
            names = tuple((present + low).astype(array.dtype).tolist())
            if present.size == present[-1] + 1:
                return shifted, names
            places = np.zeros(int(present[-1]) + 1, np.int64)
            places[present] = np.arange(present.size)
            return places[shifted], names
    try:
        unique, codes = np.unique(array, return_inverse=True)
    except TypeError:
        raise InputError(f"{name} mixes kinds of labels ({_example(array)}); use one kind.") from None
    return codes.astype(np.int64), tuple(unique.tolist())


def require_columns(frame: Any, columns: Sequence[str], where: str = "data") -> None:
    """Raise with all missing columns at once, and with what is there."""
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        have = ", ".join(map(str, list(frame.columns)[:20]))
        raise InputError(f"{where} has no column {', '.join(map(repr, missing))}; it has: {have}.")


def _example(values: Any) -> str:
    try:
        first = next(iter(values))
    except (TypeError, StopIteration):
        return repr(values)[:60]
    first = first.item() if isinstance(first, np.generic) else first
    return f"{first!r} ({type(first).__name__})"
