"""Rows belong together by their labels where both sides carry labels, else by position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def places(index: Any, own: Any, name: str, of: str, what: str = "row") -> Any:
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
        why = f"{what} {stranger!r} of {name} is not in {of}"
    else:
        why = "labels occur more than once, in another order"
    raise InputError(
        f"{name} and {of} carry different {what} labels ({why}), so their {what}s cannot be paired. Select both from one "
        f"frame, or pass {name}.to_numpy() if position is what pairs them."
    )


def in_order_of(index: Any, name: str, values: Any, of: str = "time") -> Any:
    """`values` in the row order of `index`; refused when the labels are not the same ones."""
    if is_table(values):
        values = as_frame(values, name)
    place = places(index, index_of(values), name, of)
    return values if place is None else values.iloc[place]


def in_columns_of(columns: Any, name: str, values: Any, of: str) -> Any:
    """A frame with its columns in the order of `columns` (None: as they stand); other values as they came."""
    if columns is None or not hasattr(values, "columns"):
        return values
    place = places(columns, values.columns, name, of, "column")
    return values if place is None else values.iloc[:, place]


def names_in(values: Any) -> tuple[str, ...] | None:
    """Names of the rows of a pandas object: its labels, or None where these only count from 0 or occur twice."""
    index = index_of(values)
    if index is None or not index.is_unique or index.hasnans or list(index) == list(range(len(index))):
        return None
    return tuple(map(str, index))


def by_names(names: Sequence[Any] | None, name: str, values: Any) -> Any:
    """`values` in the order of the studies `names`, where their row labels are those names.

    Whole numbers that rise, as in a fresh frame or the rows selected from one, are no names and pair as they stand.

    Raises
    ------
    InputError : the labels are other ones than the names, or the same ones more than once in another order.
    """
    index = index_of(values)
    if index is None or names is None or len(index) != len(names):
        return values
    own, wanted = [str(label) for label in index], [str(one) for one in names]
    if own == wanted:
        return values
    if len({*own}) == len(own) and {*own} == {*wanted}:
        return values.iloc[[own.index(one) for one in wanted]]
    strangers = [one for one in wanted if one not in own]
    counting = index.dtype.kind in "iu" and index.is_monotonic_increasing and index.is_unique
    if counting and len(strangers) == len(wanted):
        return values
    raise InputError(
        f"{name} carries the row labels {', '.join(own[:5])}{' ...' if len(own) > 5 else ''}, and the studies are called "
        f"{', '.join(wanted[:5])}{' ...' if len(wanted) > 5 else ''}, so they cannot be paired by name. Name the studies in "
        f"what was pooled (labels=...), or pass {name}.to_numpy() if position is what pairs them."
    )


def paired(**columns: Any) -> tuple[Any, ...]:
    """Columns in the row order of the first one that carries labels, in the order given."""
    first = next(((n, i) for n, v in columns.items() if (i := index_of(v)) is not None), None)
    if first is None:
        return tuple(columns.values())
    of, index = first
    return tuple(in_order_of(index, name, values, of) for name, values in columns.items())


def paired_draws(columns: Mapping[str, Any], values: Any = None, of: str = "mean") -> dict[str, Any]:
    """Columns by name, one row a draw, in the order of the draws of `values`, else of the first that carries labels."""
    index = index_of(values)
    found: dict[str, Any] = {}
    for name, column in columns.items():
        found[name] = in_order_of(index, f"{name}", column, of)
        if index is None and (index := index_of(column)) is not None:
            of = f"{name}"
    return found
