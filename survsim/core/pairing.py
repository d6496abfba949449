"""Rows belong together by their labels where both sides carry labels, else by position.

Studies have names as well (`labels=`), and what stands beside them finds its study in this order:

1. by row labels, where they are those of the columns that the studies came in: a sorted frame keeps them;
2. by position, where nobody gave labels: 0, 1, 2, ... in order under no name, as pandas counts by itself, names nothing;
3. by name, where the row labels are the names of the studies.

Anything else is refused, row numbers of which the columns of the studies had only some among it: those are other rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from survsim.core.errors import InputError
from survsim.core.frames import as_frame, has_labels, is_table

_BY_POSITION = "or, if position is what pairs them, take both from frames after .reset_index(drop=True)."


def index_of(values: Any) -> Any:
    """The row labels of a pandas Series or frame; None for anything else."""
    return values.index if has_labels(values) else None


def first_index(*columns: Any) -> Any:
    """The row labels of the first of the columns that carries some, or None."""
    return next((index for one in columns if (index := index_of(one)) is not None), None)


def kept(index: Any) -> Any:
    """Row labels as a result keeps them, in memory and in a file: whole numbers or text, else None."""
    return index if index is not None and index.inferred_type in ("integer", "string") else None


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
        f"frame; {_BY_POSITION if what == 'row' else f'or pass {name}.to_numpy() if position is what pairs them.'}"
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


def names_nothing(index: Any) -> bool:
    """Whether row labels only count 0, 1, 2, ... in order and have no name of their own: nobody gave them."""
    return index.name is None and list(index) == list(range(len(index)))


def names_in(values: Any) -> tuple[str, ...] | None:
    """Names of the rows of a pandas object: its labels, or None where nobody gave them or numbers occur twice.

    Words that occur twice are names still, of one study told twice; numbers that do come from frames put together.
    """
    index = index_of(values)
    if index is None or _has_gaps(index) or names_nothing(index):
        return None
    if not index.is_unique and index.inferred_type != "string":
        return None
    return tuple(map(str, index))


def _has_gaps(index: Any) -> bool:
    """Whether a label is missing, on any level."""
    levels = map(index.get_level_values, range(index.nlevels)) if index.nlevels > 1 else [index]
    return any(level.hasnans for level in levels)


def by_names(names: Sequence[Any] | None, name: str, values: Any, rows: Any = None) -> Any:
    """`values` in the order of the studies, by the rule at the head of this file.

    Parameters
    ----------
    names : what the studies are called; None where they are called nothing.
    rows : row labels of the columns that the studies came in; None where these had none. Whole numbers that rise, as in
        rows selected from a fresh frame, then pair by position unless some of them are names.

    Raises
    ------
    InputError : labels that are neither those of the rows nor the names, or that could be either in different orders.
    """
    values = as_frame(values, name) if is_table(values) else values
    index = index_of(values)
    known = [one for one in (rows, names) if one is not None]
    if index is None or not known or len(index) != len(known[0]):
        return values
    own, wanted = _texts(index), _texts(names)
    by_name = None if names_nothing(index) else _places(own, wanted)
    by_row = None if rows is None else _same_rows(index, rows)
    if by_row is not None and (by_name is None or index.name is None or index.name == rows.name):
        return values.iloc[by_row]
    if own == wanted:
        return values
    if names_nothing(index):
        by_position = rows is None or rows.name is not None or not {*index} & {*rows}
    else:
        rising = index.dtype.kind in "iu" and index.is_monotonic_increasing and index.is_unique
        by_position = rows is None and rising and not {*own} & {*wanted}
    if by_position:
        return values
    if by_name is not None and not (rows is None and _may_be_row_numbers(index, wanted)):
        return values.iloc[by_name]
    why = "cannot be paired by name" if by_name is None else "could be paired by name or by row number"
    raise InputError(
        f"{name} carries the row labels {_some(own)}, and the studies {_called(wanted, rows)}, so they {why}. Name the studies "
        f"in what was pooled (labels=...) and the rows alike (.set_index(...)); {_BY_POSITION}"
    )


def _called(names: list[str], rows: Any) -> str:
    """What the studies are known by, for a message."""
    parts = [f"are called {_some(names)}"] if names else []
    if rows is not None and _texts(rows) != names:
        parts.append(f"came in rows {_some(rows)}")
    return " and ".join(parts)


def _same_rows(index: Any, rows: Any) -> list[int] | None:
    return list(range(len(rows))) if index.equals(rows) else _places(list(index), list(rows))


def _texts(labels: Any) -> list[str]:
    return [] if labels is None else [str(label) for label in labels]


def _some(labels: Sequence[Any]) -> str:
    return f"{', '.join(map(str, labels[:5]))}{' ...' if len(labels) > 5 else ''}"


def _places(own: list[Any], wanted: list[Any]) -> list[int] | None:
    """Where each label wanted stands among one's own; None where they are not the same ones, once each."""
    where = {label: i for i, label in enumerate(own)}
    same = len(where) == len(own) and where.keys() == {*wanted}
    return [where[one] for one in wanted] if same else None


def _may_be_row_numbers(index: Any, wanted: list[str]) -> bool:
    """Whether names 0 to k - 1 in disorder meet whole numbers without a name that are those of a frame in disorder as well."""
    counted = [str(i) for i in range(len(wanted))]
    return index.name is None and index.dtype.kind in "iu" and wanted != counted and {*wanted} == {*counted}


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
