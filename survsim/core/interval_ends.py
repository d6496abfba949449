"""The two ends of the interval in which an event is known to lie, read at every door that takes them.

An end that is not known is no missing value: the event came before `high`, or was not seen yet. R's interval2 codes both as NA,
and who left such patients out, the earliest and the latest of all, would bias what is estimated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from survsim.core import times
from survsim.core.checks import BoolArray, FloatArray, positions
from survsim.core.complete import complete_columns
from survsim.core.errors import InputError
from survsim.core.kinds import as_numbers

LOW = "0 where the event came before high"
HIGH = "inf where the event was not seen yet"


def complete_ends(
    low: Any, high: Any, missing: str, *, data: Any = None, names: Sequence[str] | None = None
) -> tuple[Any, Any, Any]:
    """Ends, and the frame beside them, without the rows that lack a value where `missing` is "drop"; see `complete_columns`."""
    columns = {f"low ({LOW})": low, f"high ({HIGH})": high}
    (low, high), data = complete_columns(columns, missing, data=data, names=names)
    return low, high, data


def read_ends(low: Any, high: Any, unit: str) -> tuple[FloatArray, FloatArray]:
    """(n,) low and high in `unit`, near-ties joined, ``0 <= low <= high``, high inf where no event was seen."""
    (left, no_left), (right, no_right) = (
        _read(name, values, unit) for name, values in (("low", low), ("high", high))
    )
    if left.size != right.size or not left.size:
        raise InputError(f"low has {left.size} values and high {right.size}; give one of each a patient.")
    unknown = no_left & no_right
    _refuse(
        low,
        (unknown, "neither low nor high is known", "such rows say nothing of the event; leave them out"),
        (no_left & ~unknown, "low is not known", f"low is {LOW} (left-censored)"),
        (no_right & ~unknown, "high is not known", f"high is {HIGH} (right-censored)"),
    )
    _refuse(
        low, (np.isposinf(left), "low is infinite", f"low is the last time without event, high is {HIGH}")
    )
    seen = np.isfinite(right)
    for name, values in (("low", left), ("high", right[seen])):
        times.refuse_overflow(name, values)
    left, right = times.join_ends(left, right)
    _refuse(
        low,
        (left < 0.0, "low is below 0", "check the dates behind it"),
        (right < left, "low is above high", "check the dates behind both"),
    )
    return left, right


def _read(name: str, values: Any, unit: str) -> tuple[FloatArray, BoolArray]:
    """The numbers, and where an end is not known: missing, or minus infinity."""
    array, missing = as_numbers(name, values, unit)
    if array.ndim != 1:
        raise InputError(f"{name} must be one-dimensional; got shape {array.shape}. Pass one column.")
    unknown = np.isnan(array) | np.isneginf(array)
    return array, unknown if missing is None else unknown | missing


def _refuse(of: Any, *faults: tuple[BoolArray, str, str]) -> None:
    """All faults in one message: what is wrong, where, and what to do."""
    told = [f"{fact} in {positions(where, of=of)}: {advice}" for where, fact, advice in faults if where.any()]
    if told:
        raise InputError("; ".join(told) + ".")
