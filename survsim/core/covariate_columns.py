"""Which columns of a frame without a formula are covariates: all but those that the response was made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from survsim.core.errors import InputError
from survsim.core.origin import Part
from survsim.core.surv import Surv

_ROUNDING = 1e-9
"""By how much of the largest number a column may miss the times, which may have been converted or joined."""
_FIRST = 50
"""Rows that tell another column, before all are compared."""
_NO_CHANCE = 10
"""Different times that numbers without a name follow only if they are the times."""
_OUTCOME = {
    "time": "the times",
    "event": "the events",
    "cause": "the causes",
    "low": "the times",
    "high": "the times",
}


def covariate_columns(surv: Surv, data: Any, name: str = "data") -> Any:
    """`data` without the columns that the response was made of by name; what is no frame as it came.

    Parameters
    ----------
    surv : the response; it remembers what it was made of.
    data : frame or named column with the rows of `surv`.

    Raises
    ------
    InputError : a column is what the response was made of without being named, or is called as one that was and is another;
        no column is left.
    """
    if isinstance(data, np.ndarray):
        _refuse_times(surv, data, name)
    if not hasattr(data, "iloc") or len(data) != len(surv):
        return data  # the check of lengths says more
    columns = [data] if data.ndim == 1 else [data.iloc[:, k] for k in range(data.shape[1])]
    apart: list[int] = []
    found: dict[Any, str] = {}
    for k, column in enumerate(columns):
        named = [part for part in surv.origin.parts if part.named and part.label == column.name]
        if named:
            _refuse_namesake(surv, named[0], column, name)
            apart.append(k)
        elif what := _part_held(surv, column):
            found[column.name] = what
    if found:
        raise _outcome_among(found, name)
    if not apart:
        return data
    if len(apart) == len(columns):
        raise InputError(
            f"{name} has no column beside those that the response was made of ({_listed([c.name for c in columns])}), so no covariate "
            "is left. Add the columns of the covariates; or write a formula, which may name any column."
        )
    return data.iloc[:, [k for k in range(len(columns)) if k not in apart]]


def _refuse_times(surv: Surv, data: Any, name: str) -> None:
    """Refuse an array that holds the times; without names nothing else of a response is told from a covariate."""
    if data.ndim != 2 or len(data) != len(surv):
        return
    maybe: Sequence[int] = range(data.shape[1])
    if data.dtype.kind in "iuf":  # two rows tell other columns, all at once
        low, high = surv.time.argmin(), surv.time.argmax()
        with np.errstate(all="ignore"):
            gap = np.abs(data[low] * surv.time[high] - data[high] * surv.time[low])
            near = gap <= 2.0 * _ROUNDING * np.abs(data[high] * surv.time[high])
        maybe = near.nonzero()[0].tolist()
    k = next((k for k in maybe if _proportional(surv.time, data[:, k])), None)
    if k is not None and np.unique(surv.time).size >= _NO_CHANCE:
        raise InputError(
            f"column {k} of {name} holds the times of the response, which are no covariate. Leave it out, and the column of the "
            "events too if it is there."
        )


def _refuse_namesake(surv: Surv, part: Part, column: Any, name: str) -> None:
    if not _same(surv.origin.values(part), column):
        raise InputError(
            f"{name} has a column {column.name!r}, and the response was made of another column of this name (as {part.role}), with "
            f"other values, so it is not clear whether it is a covariate. Rename it if it is one; else leave it out, "
            f"{name}=frame.drop(columns={[column.name]!r})."
        )


def _part_held(surv: Surv, column: Any) -> str:
    """What of the response a column holds under another name, or as the column that was passed; empty if nothing."""
    for part in surv.origin.parts:
        called_so = part.label == column.name
        if (called_so or part.role in _OUTCOME) and _holds(
            surv.origin.values(part), column, part.role, called_so
        ):
            return _OUTCOME.get(part.role, f"the {part.role}")
    own = [("time", surv.time), ("event", surv.event), ("cause", surv.cause)]
    return next((_OUTCOME[r] for r, v in own if v is not None and _holds(v, column, r, False)), "")


def _holds(values: Any, column: Any, role: str, called_so: bool) -> bool:
    """Whether a column is the values: in any unit for times, under any labels for events and causes."""
    if called_so:
        return _same(values, column)
    if role in ("event", "cause"):
        return _parts_alike(values, column)
    return _proportional(values, column)


def _same(values: Any, column: Any) -> bool:
    """The same column, also where one of the two was scaled, shifted or labelled anew."""
    a, b = _numbers(values), _numbers(column)
    if a is None or b is None:
        return _parts_alike(values, column, least=1)
    low, high = int(np.argmin(a)), int(np.argmax(a))
    with np.errstate(over="ignore"):
        a, b = a - a[low], b - b[low]
    return _on_one_line(a, b, high) if a[high] != 0 else not b.any()


def _proportional(values: Any, column: Any) -> bool:
    """One positive factor between the numbers, of which there are at least two."""
    a, b = np.asarray(values), np.asarray(column)
    if not _in_proportion(a[:_FIRST], b[:_FIRST], constant=True):
        return False
    return _in_proportion(a, b, constant=False)


def _in_proportion(a: Any, b: Any, *, constant: bool) -> bool:
    """The same of some rows; `constant` is the answer where all of `a` is one number."""
    a, b = _numbers(a), _numbers(b)
    if a is None or b is None:
        return False
    high = int(np.argmax(a))
    if a[high] == a.min():
        return constant
    return bool(b[high] > 0) and _on_one_line(a, b, high)


def _on_one_line(a: Any, b: Any, high: int) -> bool:
    """Whether b is a times what it is at the largest a."""
    with np.errstate(all="ignore"):  # numbers beyond a float's are not equal
        return bool((np.abs(b / b[high] - a / a[high]) <= _ROUNDING).all())


def _parts_alike(values: Any, column: Any, least: int = 2) -> bool:
    """Whether two columns part the rows alike, into at least so many parts."""
    import pandas as pd

    a, b = np.asarray(values), np.asarray(column)
    try:
        for rows in (slice(0, _FIRST), slice(None)):
            codes, labels = pd.factorize(a[rows])
            if not np.array_equal(codes, pd.factorize(b[rows])[0]):
                return False
    except TypeError:  # values without a hash are no labels
        return False
    return len(labels) >= least


def _numbers(values: Any) -> Any:
    """Finite numbers as they are, None for other values."""
    array = np.asarray(values)
    if array.dtype.kind == "b":
        return array.astype(float)
    if array.dtype.kind not in "iuf" or not np.isfinite(array).all():
        return None
    return array.astype(float)


def _outcome_among(found: dict[Any, str], name: str) -> InputError:
    told = "; ".join(f"column {label!r} holds {what}" for label, what in found.items())
    return InputError(
        f"{name} without a formula is taken for the covariates, and holds the response: {told} of the response. Leave "
        f"{'it' if len(found) == 1 else 'them'} out, {name}=frame.drop(columns={[*found]!r}); or make the response of names, Surv.right('time', "
        "'event', data=frame, ...), whose columns are left out; or write a formula, which may name any column."
    )


def _listed(labels: Sequence[Any]) -> str:
    return ", ".join(map(repr, labels[:10]))
