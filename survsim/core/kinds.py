"""What a column holds: numbers and durations are taken, dates, text and truth values are told apart.

numpy turns almost anything into a float without a word: dates become nanoseconds since 1970, "6_0" becomes
60, a masked value the number below its mask. Each is a wrong number that looks right, so it stops here.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from survsim.core import units
from survsim.core.errors import InputError, in_short

NUMBERS = "hold numbers; got"
Missing = NDArray[np.bool_] | None
MADE_OF_GAPS = frozenset({"nan", "NaN", "NaT", "<NA>"})
"""Text that pandas and numpy make of a missing value, and nobody of a group. "None" may be one (no adjuvant treatment), and "NA" (North
America, not applicable)."""
_LARGEST = float(np.finfo(np.float64).max)
_TICKS_PER_DAY = {
    "W": 1 / 7,
    "D": 1.0,
    "h": 24.0,
    "m": 1440.0,
    "s": 86_400.0,
    "ms": 86_400e3,
    "us": 86_400e6,
    "ns": 86_400e9,
    "ps": 86_400e12,
    "fs": 86_400e15,
    "as": 86_400e18,
}


def is_missing(value: Any) -> bool:
    """True for None, NaN, NaT, pandas' NA (whose comparison with itself has no truth value) and a masked value."""
    if value is None or value is np.ma.masked or type(value).__name__ == "NAType":
        return True
    try:
        return bool(value != value)
    except (TypeError, ValueError, ArithmeticError):  # a signalling NaN of `decimal` cannot be compared
        return isinstance(value, Decimal)


def no_label(value: Any) -> bool:
    """True for what is missing, for text without a letter, and for the text that a missing value was turned into."""
    return is_missing(value) or (isinstance(value, str) and (value in MADE_OF_GAPS or not value.strip()))


def made_of_gaps(values: Iterable[Any]) -> str:
    """What a message says where one of the values is a missing one that was turned into text; "" where none is."""
    found = next((v for v in values if isinstance(v, str) and v in MADE_OF_GAPS), None)
    if found is None:
        return ""
    return f" (the text {str(found)!r} is what .astype(str) makes of a missing value; a label that means it is spelt otherwise)"


def as_numbers(
    name: str, values: Any, unit: str | None = None, *, truth: bool = False, wanted: str = NUMBERS
) -> tuple[NDArray[np.float64], Missing]:
    """Values as float64, NaN where they are missing, and where that is (None when the kind cannot say, as for plain floats).

    With `unit`, durations (timedelta) are converted into it. `truth` lets True/False pass as 1/0.
    """
    values = with_masks(values)
    if isinstance(values, np.ma.MaskedArray):
        hidden = np.ma.getmaskarray(values)
        kept = values.data.copy()
        kept[hidden] = np.zeros((), values.dtype)[()]
        found, missing = as_numbers(name, kept, unit, truth=truth, wanted=wanted)
        found = np.where(hidden, np.nan, found)
        return found, hidden if missing is None else hidden | missing
    array = as_array(name, values)
    kind = array.dtype.kind
    if kind in "fiu" or (kind == "b" and truth):
        return array.astype(np.float64, copy=False), None
    if kind == "m":
        gaps = np.isnat(array)
        return np.where(gaps, np.nan, _durations(name, array, unit)), gaps
    if kind == "O":
        return _objects(name, array, unit, truth, wanted, values)
    raise wrong_kind(name, array, 0, wanted, values)


def with_masks(values: Any) -> Any:
    """Rows in a list as one masked array where one of them is masked, for numpy would drop the masks."""
    if isinstance(values, (list, tuple)) and any(isinstance(v, np.ma.MaskedArray) and v.ndim for v in values):
        try:
            return np.ma.stack([np.ma.asarray(v) for v in values])
        except ValueError:  # rows of different lengths, which the check of shapes refuses
            return values
    return values


def as_array(name: str, values: Any) -> NDArray[Any]:
    """numpy's array of the values, keeping apart what numpy would melt into one kind."""
    if hasattr(values, "columns") and hasattr(values, "iloc"):
        raise InputError(f"{name} must be one column; got a frame with columns {list(values.columns)[:5]}.")
    kinds = {*map(type, values)} if isinstance(values, (list, tuple)) else set()
    if type(np.ma.masked) in kinds:
        return object_array(None if one is np.ma.masked else one for one in values)
    if len(kinds) > 1 and any(isinstance(v, (bool, np.bool_, str, bytes, timedelta, date)) for v in values):
        # [1.0, True] would become 1.0, 1.0 and ["a", nan] the text "nan".
        return object_array(values)
    if isinstance(values, (set, frozenset, dict)) or hasattr(values, "__next__"):
        raise InputError(
            f"{name} must be a list, array or column; got {type(values).__name__}, which has no rows."
        )
    try:
        return np.asarray(values)
    except (TypeError, ValueError):
        raise InputError(f"{name} must be one column of values; got {in_short(values)}.") from None


def dimensions(values: Any) -> int:
    """How many axes there are: 0 for one value, 1 for a list, also one whose rows are of different lengths."""
    try:
        return int(np.ndim(values))
    except ValueError:
        return 1


def object_array(values: Iterable[Any]) -> NDArray[Any]:
    """One-dimensional object array that keeps each value as it is, also where values are sequences."""
    kept = list(values)
    array = np.empty(len(kept), dtype=object)
    for i, value in enumerate(kept):
        array[i] = value
    return array


def row_labels(rows: Sequence[int], of: Any) -> str:
    """`` (labelled 'p4', 'p9')``: the labels of these rows in a frame or column of pandas, where they are no positions."""
    index = getattr(of, "index", None) if hasattr(of, "iloc") else None
    if index is None or not rows or max(rows) >= len(index):
        return ""
    labels = [index[row] for row in rows]
    plain = [one.item() if isinstance(one, np.generic) else one for one in labels]
    if plain == list(rows):
        return ""
    return f" (labelled {', '.join(repr(one) if isinstance(one, str) else str(one) for one in plain)})"


def wrong_kind(name: str, array: NDArray[Any], row: int, wanted: str, of: Any = None) -> InputError:
    """What the values are instead of numbers, and what to do."""
    at = f"row {row}{row_labels([row], of)}"
    flat = array.ravel()
    row = _first_text(flat, row)
    value = flat[row] if flat.size else None
    kind = array.dtype.kind
    plain = value if kind == "M" else value.item() if isinstance(value, np.generic) else value
    if kind == "M" or isinstance(plain, date):
        return InputError(
            f"{name} must {wanted} the date {str(plain)[:10]} in {at}. Subtract the date of origin, "
            f"for example {name}=frame.end - frame.start: durations are converted by the unit."
        )
    if kind == "b" or isinstance(plain, bool):
        return InputError(
            f"{name} must {wanted} {plain!r} (bool) in {at}. Truth values are no numbers here; "
            "check that the columns are in the right order."
        )
    return InputError(
        f"{name} must {wanted} {in_short(plain)} ({type(plain).__name__}) in {at}. "
        "Convert text and dates to numbers first."
    )


def _first_text(flat: NDArray[Any], row: int) -> int:
    """Where a whole column came as text, the first that is no number is to blame, not the first of all."""
    for k in range(row, flat.size):
        if not isinstance(flat[k], str):
            return row
        try:
            float(flat[k])
        except ValueError:
            return k
    return row


def _durations(name: str, array: NDArray[Any], unit: str | None) -> NDArray[np.float64]:
    """timedelta64 in `unit`, by one division so that whole days stay whole."""
    if unit is None:
        raise InputError(
            f"{name} must hold numbers; got durations (timedelta64). Divide them by the unit you mean, for example "
            f"{name} / np.timedelta64(1, 'D')."
        )
    code, step = np.datetime_data(array.dtype)
    ticks = np.where(np.isnat(array), 0, array.view(np.int64)) * float(step)
    if code in ("Y", "M"):
        return ticks * units.conversion_factor("years" if code == "Y" else "months", unit)
    if code not in _TICKS_PER_DAY:
        raise InputError(f"{name} holds durations without a unit (timedelta64 generic); give them one.")
    days = ticks * 7.0 if code == "W" else ticks / _TICKS_PER_DAY[code]
    return days / units.conversion_factor(unit, "days")


def _objects(
    name: str, array: NDArray[Any], unit: str | None, truth: bool, wanted: str, of: Any = None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    found, missing = np.full(array.shape, np.nan), np.zeros(array.shape, bool)
    spans = 0
    for row, (place, value) in enumerate(np.ndenumerate(array)):
        if is_missing(value):
            missing[place] = True
        elif isinstance(value, (timedelta, np.timedelta64)):
            spans += 1
            found[place] = _span(name, value, unit)
        elif isinstance(value, (bool, np.bool_)) and not truth:
            raise wrong_kind(name, array, row, wanted, of)
        elif isinstance(value, (numbers.Real, Decimal, np.bool_)):
            try:
                found[place] = float(value)
            except OverflowError:
                raise InputError(
                    f"{name} must be finite; the number in row {row}{row_labels([row], of)} is beyond {_LARGEST:.1e}."
                ) from None
        else:
            raise wrong_kind(name, array, row, wanted, of)
    if 0 < spans < int((~missing).sum()):
        raise InputError(f"{name} mixes durations with plain numbers; give all in one kind.")
    return found, missing


def _span(name: str, value: timedelta | np.timedelta64, unit: str | None) -> float:
    if isinstance(value, np.timedelta64) or unit is None:
        return float(_durations(name, np.array([value], dtype="timedelta64"), unit)[0])
    return float(value / timedelta(days=1)) / units.conversion_factor(unit, "days")
