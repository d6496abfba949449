"""Rows belong together by their labels where both sides carry labels, else by position."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from survsim.core.errors import InputError
from survsim.core.frames import as_frame, has_labels, is_table


def index_of(values: Any) -> Any:
    """The row labels of a pandas Series or frame; None for anything else."""
    return values.index if has_labels(values) else None


def labelled(labels: Any) -> Any:
    """Stored row labels as an index again."""
    if labels is None:
        return None
    import pandas as pd

    return pd.Index(labels)


def places(index: Any, own: Any, name: str, of: str) -> Any:
    """Where the rows labelled `index` are among those labelled `own`; None where they pair as they stand.

    Without labels on either side rows pair by position, and a wrong number of rows is left to the check
    of lengths, whose message says more.

    Raises
    ------
    InputError : the labels are not the same ones.
    """
    if own is None or index is None or own is index or len(own) != len(index) or own.equals(index):
        return None
    if own.is_unique and index.is_unique:
        place = own.get_indexer(index)
        if (place >= 0).all():
            return place
        stranger = own[int((index.get_indexer(own) < 0).argmax())]
        why = f"row {stranger!r} of {name} is not in {of}"
    else:
        why = "labels occur more than once, in another order"
    raise InputError(
        f"{name} and {of} carry different row labels ({why}), so their rows cannot be paired. Select both from one "
        f"frame, or pass {name}.to_numpy() if position is what pairs them."
    )


def in_order_of(index: Any, name: str, values: Any, of: str = "time") -> Any:
    """`values` in the row order of `index`; refused when the labels are not the same ones."""
    if is_table(values):
        values = as_frame(values, name)
    place = places(index, index_of(values), name, of)
    return values if place is None else values.iloc[place]


def by_names(names: Sequence[Any] | None, name: str, values: Any) -> Any:
    """`values` in the order of the studies `names`, where their row labels are those names.

    Labels that are no names (positions, say) pair as they stand, as do names that occur more than once.

    Raises
    ------
    InputError : some of the labels are names of the studies and others are not.
    """
    index = index_of(values)
    if index is None or names is None or not index.is_unique or len({*map(str, names)}) != len(names):
        return values
    place = {str(label): k for k, label in enumerate(index)}
    strangers = [str(one) for one in names if str(one) not in place]
    if len(strangers) == len(names) or len(index) != len(names):
        return values
    if strangers:
        raise InputError(
            f"{name} carries row labels that are names of studies, but none for {', '.join(strangers[:5])}. Give one row a "
            f"study, or pass {name}.to_numpy() if position is what pairs them."
        )
    return values.iloc[[place[str(one)] for one in names]]


def paired(**columns: Any) -> tuple[Any, ...]:
    """Columns in the row order of the first one that carries labels, in the order given."""
    first = next(((n, i) for n, v in columns.items() if (i := index_of(v)) is not None), None)
    if first is None:
        return tuple(columns.values())
    of, index = first
    return tuple(in_order_of(index, name, values, of) for name, values in columns.items())
