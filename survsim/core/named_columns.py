"""Columns named instead of passed: `Surv.right("time", "event", data=frame)`, and groups named later.

A response built so remembers its frame, and whatever takes a column per patient afterwards takes its name.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple

import numpy as np

from survsim.core.checks import BoolArray, as_labels, one_of, positions
from survsim.core.errors import EvidenceWarning, InputError, MissingValues, warn
from survsim.core.event_labels import refuse_look_alikes, warn_of_rest
from survsim.core.frames import as_frame
from survsim.core.kinds import no_label, object_array
from survsim.core.origin import LeftOut
from survsim.core.pairing import in_order_of, index_of, paired

MISSING = ("refuse", "drop")
GROUPING = ("stratum", "cluster", "id")
"""Arguments of a response that take labels, of which those of several columns can be joined."""


class Given(NamedTuple):
    """What came for a response: columns by argument, the frame, names of those that were named, rows left out."""

    values: dict[str, Any]
    frame: Any
    names: dict[str, tuple[Any, ...]]
    left_out: LeftOut | None


def column(frame: Any, name: Any, wanted_for: str) -> Any:
    """One column of a frame by its name, with what is there when it is not."""
    have = list(frame.columns)
    if name not in have:
        close = difflib.get_close_matches(str(name), list(map(str, have)), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        shown = ", ".join(map(str, have[:20]))
        raise InputError(f"{wanted_for}={name!r} is no column of data.{hint} It has: {shown}.")
    found = frame[name]
    if getattr(found, "ndim", 1) != 1:
        raise InputError(f"data has several columns called {name!r}; give them names of their own.")
    return found


def groups(frame: Any, by: Any, wanted_for: str = "by") -> Any:
    """The column `by`, or the combinations of the columns of ``"arm + stage"`` or a list of names as text ``"A, II"``."""
    names = parts_of(frame, by)
    parts = [column(frame, name, wanted_for) for name in names]
    if len(parts) == 1:
        return parts[0]
    import pandas as pd

    # A row that lacks one of them has no group: whoever asked refuses it, or leaves it out.
    whole = ~np.logical_or.reduce([gaps_of(part) for part in parts])
    labels = [as_labels(str(name), part[whole]).tolist() for name, part in zip(names, parts, strict=True)]
    joined = np.full(whole.size, None, dtype=object)
    joined[whole] = object_array(", ".join(map(str, row)) for row in zip(*labels, strict=True))
    return pd.Series(joined, index=parts[0].index, name=" + ".join(map(str, names)))


def parts_of(frame: Any, by: Any) -> list[Any]:
    """Names of the columns that a name, ``"arm + stage"`` or a list of names asks for."""
    if not isinstance(by, str):
        return list(by)
    return [by] if by in list(frame.columns) else [one.strip() for one in by.strip().lstrip("~").split("+")]


def resolved(frame: Any, name: str, values: Any, n: int) -> Any:
    """The column of `frame` that a text names, or the combinations of several; anything else as it came.

    A list of n labels is a column of labels; a list of texts of another length can only be meant as names.

    Raises
    ------
    InputError : a name without a frame, or one that the frame does not have.
    """
    if isinstance(values, str):
        if frame is None:
            raise InputError(
                f"{name}={values!r} names a column, but this response remembers no data; pass data=frame, build "
                f"it by Surv.right('time', 'event', data=frame, ...), or pass {name}=frame[{values!r}]."
            )
        return groups(frame, values, name)
    if not is_list_of_names(values, n, frame):
        return values
    if frame is None:
        raise InputError(
            f"{name} must have one value per time ({n}); got {len(values)}: {list(values)!r:.80}. If these are names of columns, this "
            "response remembers no data to find them in; pass data=frame, or build it by Surv.right('time', 'event', data=frame, ...)."
        )
    return groups(frame, values, name)


def is_list_of_names(values: Any, n: int, frame: Any) -> bool:
    """Whether a list can only be one of names of columns (some of them those of `frame`, where there is one): it has not n labels."""
    if not isinstance(values, list | tuple) or len(values) in (0, n):
        return False
    have = () if frame is None else {*frame.columns}
    texts = all(isinstance(one, str) or (isinstance(one, int | tuple) and one in have) for one in values)
    return texts and (frame is None or any(one in have for one in values))


def named(given: Mapping[str, Any], data: Any, missing: str) -> Given:
    """Each argument as its column where it was named, and the frame to remember (None without `data`).

    Raises
    ------
    InputError : a name without `data`, or one that `data` does not have.
    """
    one_of("missing", missing, MISSING)
    values = dict(given)
    names: dict[str, tuple[Any, ...]] = {}
    if data is None:
        for name, value in values.items():
            if isinstance(value, str):
                raise InputError(
                    f"{name}={value!r} names a column, but no data were given; "
                    f"pass data=frame, or the column itself: {name}=frame[{value!r}]."
                )
        frame = None
    else:
        frame = as_frame(data)
        names = {n: found for n, v in values.items() if (found := _names_of(n, v, frame))}
        values = {n: groups(frame, names[n], n) if n in names else v for n, v in values.items()}
        if missing == "refuse":
            _refuse_gaps({n: v for n, v in values.items() if n in names})
    if missing == "refuse":
        return Given(values, frame, names, None)
    values, frame, left_out = _complete(values, frame)
    return Given(values, frame, names, left_out)


def _names_of(name: str, value: Any, frame: Any) -> tuple[Any, ...]:
    """The columns that an argument names, several of them only where it takes labels; none where it is a column itself."""
    if _is_name(value, frame):
        return tuple(parts_of(frame, value)) if isinstance(value, str) and name in GROUPING else (value,)
    if is_list_of_names(value, len(frame), frame) and (len(value) == 1 or name in GROUPING):
        return tuple(value)
    return ()


def _is_name(value: Any, frame: Any) -> bool:
    """Whether a value names a column: text, a number (a file without a header) or a tuple that is one of the labels."""
    if isinstance(value, str | int | np.integer):
        return not isinstance(value, bool)
    return isinstance(value, tuple) and any(isinstance(c, tuple) and c == value for c in frame.columns)


def events(values: Any, marks: Any) -> BoolArray:
    """True where `values` is what marks an event: one label, or a list of them."""
    labels = as_labels("event", values)
    if labels.ndim != 1:
        raise InputError(f"event must be one column of labels; got shape {labels.shape}.")
    wanted = _wanted(marks)
    counts = Counter(labels.tolist())
    have = list(counts)
    strangers = [w for w in wanted if w not in have]
    if strangers or not wanted:
        shown = ", ".join(map(repr, have[:6]))
        what = repr(strangers[0]) if strangers else "an empty list"
        raise InputError(f"event_value must be among what event holds ({shown}); got {what}.")
    for mark in wanted:
        refuse_look_alikes("event_value", mark, [label for label in have if label not in wanted])
    warn_of_rest(counts, wanted)
    found: BoolArray = (
        np.isin(labels, wanted)
        if labels.dtype.kind != "O"
        else np.array([label in wanted for label in labels.tolist()], dtype=bool)
    )
    return found


def _wanted(marks: Any) -> list[Any]:
    """The labels that mark an event: one, or those of a list, an array, a column or a set."""
    if isinstance(marks, (list, tuple, set, frozenset)):
        found = list(marks)
    elif getattr(marks, "ndim", 0) == 1 or hasattr(marks, "to_list"):
        found = list(marks.tolist() if hasattr(marks, "tolist") else marks.to_list())
    else:
        found = [marks]
    for label in found:
        if not isinstance(label, Hashable) or getattr(label, "ndim", 0) != 0:
            raise InputError(f"event_value must be one label or a list of labels; got {marks!r:.80}.")
    return found


def _refuse_gaps(columns: Mapping[str, Any]) -> None:
    for name, values in columns.items():
        gaps = gaps_of(values)
        if gaps.any():
            raise MissingValues(f"{name} is missing in {positions(gaps, of=values)}")


def _complete(values: dict[str, Any], frame: Any) -> tuple[dict[str, Any], Any, LeftOut | None]:
    """The rows in which every column given has a value; how many were left out is said."""
    values = dict(zip(values, paired(**values)))
    labels = next((i for v in values.values() if (i := index_of(v)) is not None), None)
    frame = None if frame is None else in_order_of(labels, "data", frame, "the other columns")
    gaps = {n: gaps_of(v) for n, v in values.items() if v is not None}
    lengths = {g.size for g in gaps.values()}
    if len(lengths) > 1:
        return values, frame, None  # the check of lengths says more
    out = np.logical_or.reduce(list(gaps.values()))
    if not out.any():
        return values, frame, None
    if out.all():
        raise InputError("every row has a missing value; nothing is left to analyse.")
    why = ", ".join(f"{int(g.sum())} without {n}" for n, g in gaps.items() if g.any())
    warn(
        f"{int(out.sum())} of {out.size} rows left out ({why}): {positions(out, of=_labelled(values, frame))}.",
        EvidenceWarning,
    )
    kept = {n: v if v is None else rows_of(v, ~out) for n, v in values.items()}
    same = frame is not None and len(frame) == out.size
    index = index_of(frame) if labels is None and same else labels
    left_out = LeftOut(() if index is None else (index[out],), int(out.sum()), int(out.size))
    return kept, frame[~out] if same else frame, left_out


def _labelled(values: Mapping[str, Any], frame: Any) -> Any:
    """What tells the labels of the rows: the frame, or the first column that has some."""
    return frame if frame is not None else next((v for v in values.values() if index_of(v) is not None), None)


def gaps_of(values: Any) -> BoolArray:
    """(n,) True where a value is missing, or text that `as_labels` takes for no label either."""
    if isinstance(values, np.ma.MaskedArray):
        return np.ma.getmaskarray(values).astype(bool) | gaps_of(values.data)
    if hasattr(values, "isna"):
        found = np.asarray(values.isna(), dtype=bool)
        if found.ndim != 1 or getattr(values.dtype, "kind", "O") in "buifcmM":
            return found
        return found | np.fromiter(map(no_label, values), bool, found.size)
    rows = values.tolist() if hasattr(values, "tolist") else list(values)
    return np.fromiter(map(no_label, rows), bool, len(rows))


def rows_of(values: Any, keep: BoolArray) -> Any:
    """The rows that are kept, of a column, frame, array (one of categories keeps their order) or list."""
    if hasattr(values, "iloc") or hasattr(values, "dtype"):
        return values[keep]
    return [v for v, k in zip(values, keep.tolist(), strict=True) if k]
