"""Checks at the door. What passes here is not checked again further in."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.core.errors import InputError, MissingValues, in_short
from survsim.core.event_labels import likely_event
from survsim.core.frames import with_categories
from survsim.core.kinds import MADE_OF_GAPS, as_array, as_numbers, made_of_gaps, no_label, row_labels
from survsim.kernels import counting

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


_ROUNDING = 1e-12
_SQUARED = 1e150
"""Sums of squares of larger numbers overflow, and nothing that is measured reaches it."""
SMALLEST = 1.0 / _SQUARED
"""Of what must be above 0: squares of smaller numbers vanish, and the inverse of these overflows."""


def positions(mask: BoolArray, limit: int = 5, *, of: Any = None) -> str:
    """The first positions at which `mask` is true, for a message: ``rows 3, 7 and 12 more``.

    `of` is the column or frame they belong to; where its row labels differ from the positions, they are named too.
    """
    where = np.flatnonzero(mask)
    shown = ", ".join(str(i) for i in where[:limit])
    rest = f" and {where.size - limit} more" if where.size > limit else ""
    return f"{'row' if where.size == 1 else 'rows'} {shown}{rest}{row_labels(where[:limit].tolist(), of)}"


def one_of(name: str, value: object, allowed: Collection[Any]) -> Any:
    """Return `value` if it is among `allowed`, else raise with the list."""
    if getattr(value, "ndim", 0) or not isinstance(value, Hashable) or value not in allowed:
        raise InputError(f"{name} must be one of {', '.join(map(repr, allowed))}; got {value!r:.80}.")
    return value


def between(
    name: str, value: Any, low: float, high: float, *, open_ends: bool = True, unit: str | None = None
) -> float:
    """Return `value` as float if it lies between `low` and `high`, else raise; an infinite end is never part of the range.

    A quantity above 0 must be so by `SMALLEST`; shares may be smaller. With `unit` a duration (timedelta) is converted into it.
    """
    masked = isinstance(value, np.ma.MaskedArray) and bool(np.ma.getmaskarray(value).any())
    array = None if masked or isinstance(value, str) else as_array(name, value)
    if array is None or array.ndim or array.dtype.kind in "bcMSU":
        raise InputError(f"{name} must be a number; got {value!r}.")
    number = float(as_numbers(name, array.ravel(), unit)[0][0])
    if _SQUARED <= abs(number) < np.inf:
        raise InputError(f"{name} is {number:g}, beyond what can be computed with ({_SQUARED:g}).")
    if open_ends and high == np.inf and low == 0.0 < number < SMALLEST:
        raise InputError(
            f"{name} is {number:g}, so near to 0 that nothing can be computed with it ({SMALLEST:g}); check its unit."
        )
    inside = low < number < high if open_ends else low <= number <= high
    if open_ends and high == 1.0 and number > 1.0 - _ROUNDING:
        inside = False  # its complement has no digits left, and quantiles there are infinite
    if not inside or not np.isfinite(number):
        left = "(" if open_ends or low == -np.inf else "["
        right = ")" if open_ends or high == np.inf else "]"
        shown = value.item() if isinstance(value, np.generic) else value  # 0.0, not np.float64(0.0)
        raise InputError(f"{name} must lie in {left}{low:g}, {high:g}{right}; got {shown!r}.")
    return number


def whole_number(name: str, value: Any, most: float = 1e6, *, least: float = 1.0) -> int:
    """How many of something: a whole number from `least` to `most`."""
    found = between(name, value, least, most, open_ends=False)
    if found != int(found):
        raise InputError(f"{name} must be a whole number; got {value!r}.")
    return int(found)


def float_vector(
    name: str, values: Any, length: int | None = None, *, unit: str | None = None, truth: bool = False
) -> FloatArray:
    """One-dimensional float64 array without missing or infinite values; positions in the message.

    With `unit` durations are converted into it; with `truth` True/False count as 1/0.
    """
    array, missing = as_numbers(name, values, unit, truth=truth)
    if array.ndim != 1:
        raise InputError(f"{name} must be one-dimensional; got shape {array.shape}. Pass one column.")
    if length is not None and array.size != length:
        raise InputError(f"{name} has {array.size} values, but time has {length}. Lengths must agree.")
    if missing is not None and missing.any():
        raise _gap(name, f"{name} is missing in {positions(missing, of=values)}", length)
    # The sum is finite when every value is: one pass instead of two on the usual path.
    with np.errstate(over="ignore", invalid="ignore"):
        total = array.sum()
    if not -_SQUARED < total < _SQUARED and (np.abs(array) >= _SQUARED).any() and np.isfinite(array).all():
        worst = float(np.abs(array).max())
        raise InputError(
            f"{name} holds {worst:g}, beyond what can be computed with ({_SQUARED:g}); check its unit."
        )
    if not np.isfinite(total) and not np.isfinite(array).all():
        bad = ~np.isfinite(array)
        told = f"{name} must be finite; found {array[bad][0]} in {positions(bad, of=values)}"
        raise (
            _gap(name, told, length) if np.isnan(array[bad]).all() else InputError(f"{told}; correct those.")
        )
    return np.ascontiguousarray(array)


def _gap(name: str, told: str, length: int | None) -> InputError:
    """A column of rows has their number to agree with, all but the first of them; other numbers are no rows to leave out."""
    if length is not None or name == "time":
        return MissingValues(told, "impute them, and say which you did")
    return InputError(f"{told}; leave those out.")


def known(name: str, values: Any) -> FloatArray:
    """Finite numbers of any shape, none of them missing: what a method of a result is asked at."""
    array = numbers(name, values)
    if not np.isfinite(array).all():
        raise InputError(f"{name} must be finite numbers; got {array[~np.isfinite(array)][0]}.")
    return array


def shares(name: str, values: Any) -> FloatArray:
    """Shares strictly between 0 and 1, of any shape."""
    array = known(name, values)
    if not ((array > 0) & (array < 1)).all():
        raise InputError(
            f"{name} must be strictly between 0 and 1; got {array[(array <= 0) | (array >= 1)][0]:g}."
        )
    return array


def numbers(name: str, values: Any, *, truth: bool = False) -> FloatArray:
    """Numbers of any shape as float64, NaN where one is missing; text, dates, complex and far too large ones refused.

    With `truth` True/False count as 1/0.
    """
    array, missing = as_numbers(name, values, truth=truth)
    array = array if missing is None else np.where(missing, np.nan, array)
    with np.errstate(invalid="ignore"):
        huge = np.isfinite(array) & (np.abs(array) >= _SQUARED)
    if huge.any():
        worst = float(np.abs(array[huge]).max())
        raise InputError(
            f"{name} holds {worst:g}, beyond what can be computed with ({_SQUARED:g}); check its unit."
        )
    return array


def float_matrix(name: str, values: Any, *, truth: bool = True) -> FloatArray:
    """Numbers as (n, p) float64, one column from a vector; with `truth` True/False count as 1/0, as covariates do.

    Columns of a frame are taken one by one, so that text, dates and missing values are told by column and row;
    missing ones come back as NaN for the caller to refuse.
    """
    if hasattr(values, "columns"):
        made = []
        for k, column in enumerate(values.columns):
            numbers, missing = as_numbers(f"{name}[{column!r}]", values.iloc[:, k], truth=truth)
            made.append(numbers if missing is None else np.where(missing, np.nan, numbers))
        return np.column_stack(made) if made else np.empty((len(values), 0))
    found, missing = as_numbers(name, values, truth=truth)
    if missing is not None:
        found = np.where(missing, np.nan, found)
    return found[:, None] if found.ndim == 1 else found


def number_columns(frame: Any, columns: Sequence[str], where: str = "frame") -> None:
    """Columns that are there, with at least one row, and hold numbers."""
    require_columns(frame, columns, where)
    if not len(frame):
        raise InputError(f"{where} has no rows; there is nothing to draw.")
    for name in columns:
        float_vector(f"{where}[{name!r}]", frame[name])


def event_vector(values: Any, length: int, name: str = "event") -> BoolArray:
    """Boolean event indicator from True/False or 0/1, refusing the 1/2 coding by name."""
    if type(values) is np.ndarray and values.dtype == np.bool_ and values.shape == (length,):
        return values
    _refuse_words(name, values)
    numbers, missing = as_numbers(name, values, truth=True, wanted="be True/False or 0/1; found")
    if numbers.ndim != 1 or numbers.size != length:
        raise InputError(f"{name} must have one value per time ({length}); got shape {numbers.shape}.")
    missing = np.isnan(numbers) if missing is None else missing | np.isnan(numbers)
    if missing.any():
        raise MissingValues(f"{name} is missing in {positions(missing, of=values)}", "find out")
    ones = numbers == 1.0
    if not (ones | (numbers == 0.0)).all():
        values = np.unique(numbers)
        found = ", ".join(f"{v:g}" for v in values[:6])
        likely = likely_event(values.tolist())
        offer = (
            "Say by event_value which of them marks the event."
            if likely is None
            else f"If {likely:g} marks the event, pass event_value={likely:g}."
        )
        raise InputError(f"{name} must be True/False or 0/1; found {{{found}}}. {offer}")
    return ones


def _refuse_words(name: str, values: Any) -> None:
    """Words for what happened are no events until somebody says which of them is one."""
    array = as_array(name, values) if hasattr(values, "dtype") or isinstance(values, (list, tuple)) else None
    if array is None or array.ndim != 1 or array.dtype.kind not in "OUT":
        return
    words = list(dict.fromkeys(v for v in array.tolist() if isinstance(v, str)))
    if words:
        shown = ", ".join(map(repr, words[:4]))
        likely = likely_event(words)
        example = "" if likely is None else f", for example event_value={likely!r}"
        raise InputError(
            f"{name} must be True/False or 0/1; found the words {shown}{', ...' if len(words) > 4 else ''}. "
            f"Say by event_value which of them marks the event{example}."
        )


def label_codes(
    name: str, values: Any, length: int, *, narrow: bool = False
) -> tuple[IntArray, tuple[Any, ...]]:
    """Integer codes (n,) and the labels they stand for; a Categorical keeps its order, others sort.

    `narrow` allows codes of one byte, for whoever only counts with them.
    """
    if type(values) is np.ndarray and values.dtype == np.float64 and values.shape == (length,):
        kinds = (np.uint8, np.int64) if narrow else (np.int64,)
        for kind in kinds if counting.pays(length) else ():
            numbered = counting.codes_of_numbers(values, kind)
            if numbered is not None:
                return numbered[0], tuple(numbered[1])
    values = with_categories(values)
    categories = getattr(getattr(values, "cat", values), "categories", None)
    array = as_labels(name, values)
    if array.ndim != 1 or array.size != length:
        raise InputError(f"{name} must have one value per time ({length}); got shape {array.shape}.")
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


def as_labels(name: str, values: Any) -> NDArray[Any]:
    """Labels as an array, none of them missing: None, NaN, NaT, NA, masked, text without a letter or made of one of these."""
    if isinstance(values, np.ma.MaskedArray):
        hidden = np.ma.getmaskarray(values)
        if hidden.any():
            raise _unlabelled(name, hidden)
        values = values.data
    array = as_array(name, values)
    kind = array.dtype.kind
    if kind in "bui":
        return array
    if kind in "OT":
        if odd := [v for v in array.ravel() if not _is_hashable(v)]:
            raise InputError(
                f"{name} must hold labels, one value each; got {in_short(odd[0])} ({type(odd[0]).__name__})."
            )
        missing = np.array([no_label(v) for v in array.ravel()], bool)
    elif kind == "c":
        raise InputError(f"{name} must hold labels; got complex numbers.")
    elif kind in "mM":
        missing = np.isnat(array).ravel()
        if not missing.any():
            return _days(array)
    elif kind in "US":
        missing = _no_letters(array.ravel())
    else:
        missing = (array != array).ravel()
    if missing.any():
        raise _unlabelled(name, missing, values)
    return array


def _no_letters(text: NDArray[Any]) -> BoolArray:
    """Where text has no letter, or is that of a missing value."""
    missing = np.char.str_len(text) == 0
    if not missing.any() and np.char.isspace(text).any():
        missing = np.char.isspace(text)
    for made in MADE_OF_GAPS if text.dtype.kind == "U" else ():
        missing = missing | (text == made)
    return missing


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:  # a list, or a pair that holds one
        return False
    return True


def _days(array: NDArray[Any]) -> NDArray[Any]:
    """Dates and durations as labels that can be read, for numpy's own list would hold nanoseconds."""
    if array.dtype.kind == "m":
        return array.astype("m8[us]").astype(object)
    days = array.astype("M8[D]")
    return np.datetime_as_string(days if (days == array).all() else array)


def label_list(name: str, values: Any) -> list[Any]:
    """The labels as a list of plain Python values, none missing."""
    array = as_labels(name, values)
    if array.ndim != 1:
        raise InputError(f"{name} must be a list of labels; got {_example(values)}.")
    return list(array.tolist())


def _unlabelled(name: str, missing: BoolArray, of: Any = None) -> InputError:
    told = "" if of is None else made_of_gaps(as_array(name, of).ravel()[missing].tolist())
    return MissingValues(f"{name} is missing in {positions(missing, of=of)}{told}", "give them a label")


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
