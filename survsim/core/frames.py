"""Data as a pandas frame: frames as they are, columns in a dictionary, tables of other libraries."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from survsim.core.errors import InputError

_UNLABELLED = "survsim: rows without labels"


def is_table(data: Any) -> bool:
    """Whether `data` has named columns but is no pandas frame: a mapping, or a table that pandas can be made of."""
    return isinstance(data, Mapping) or (
        hasattr(data, "to_pandas") and hasattr(data, "columns") and not hasattr(data, "iloc")
    )


def as_frame(data: Any, name: str = "data") -> Any:
    """`data` as a pandas frame with a row for each patient or study.

    Parameters
    ----------
    data : a pandas frame; a mapping of columns (n,), of which a single value holds for every row (all single: one row); a table of polars or
        pyarrow.

    Raises
    ------
    InputError : columns of different lengths, or anything without named columns.
    """
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        return _native(data)
    if isinstance(data, Mapping):
        import pandas as pd

        # Each door looks for tables, and `import survsim` opens doors: numpy waits until columns come.
        from survsim.core import tables
        from survsim.core.kinds import dimensions

        if data and all(dimensions(v) == 0 for v in data.values()):
            return _without_labels(pd.DataFrame([dict(data)]))
        try:
            frame = _native(tables.frame(data))
        except (ValueError, TypeError):
            given = ", ".join(f"{k!r}: {len(v) if hasattr(v, '__len__') else 1}" for k, v in data.items())
            raise InputError(
                f"{name} as a dictionary holds one column under each name, all of one length; got lengths "
                f"{{{given}}}."
            ) from None
        return frame if any(hasattr(v, "iloc") for v in data.values()) else _without_labels(frame)
    if hasattr(data, "to_pandas") and hasattr(data, "columns"):
        frame = _as_meant(data.to_pandas(), data)
        return _without_labels(frame) if type(frame.index).__name__ == "RangeIndex" else frame
    raise InputError(
        f"{name} must be a frame {'with the columns of the formula' if name == 'data' else 'with named columns'}, or a dictionary "
        f"of columns; got {type(data).__name__}."
    )


def _as_meant(frame: Any, table: Any) -> Any:
    """The pandas frame of a table, its decimals as numbers and categories without an order of their own in that of letters.

    A Categorical of polars numbers its labels as any frame of the process met them first: the group that others are
    compared with would be another one after other work. An Enum, and a dictionary of Arrow, keep the order they declare.
    """
    for name, kind in zip(frame.columns, getattr(table, "dtypes", frame.dtypes)):
        column = frame[name]
        if str(kind) == "Categorical" and hasattr(column, "cat"):
            labels = column.cat.remove_unused_categories()
            frame[name] = labels.cat.reorder_categories(sorted(labels.cat.categories))
        elif column.ndim == 1 and isinstance(next(iter(column.dropna()), None), Decimal):
            frame[name] = column.astype(float)
    return frame


def in_pandas(value: Any) -> Any:
    """A table of polars or pyarrow as a pandas frame, a column of theirs as an array; anything else as it came.

    Of a pandas frame or column the numbers come in the order of bytes of this machine.

    Raises
    ------
    InputError : a table of which nothing was computed yet.
    """
    if hasattr(value, "to_pandas"):
        if hasattr(value, "columns") and not hasattr(value, "iloc"):
            return as_frame(value)
        if type(value).__module__.partition(".")[0] in ("polars", "pyarrow"):
            return _column_as_meant(value)
    elif hasattr(value, "iloc"):
        return _native(value)
    elif hasattr(value, "collect_schema") and hasattr(value, "collect"):
        raise InputError(
            f"a {type(value).__name__} holds no rows before it is asked for them; pass .collect() of it."
        )
    return value


def _native(data: Any) -> Any:
    """A pandas frame or column whose numbers have the order of bytes of this machine; as it came where they have.

    Files of measuring devices, of netCDF and of FITS keep the other order, with which pandas selects and compares nothing.
    """
    if not hasattr(data, "columns"):
        return data.astype(data.dtype.newbyteorder("=")) if _is_turned(data.dtype) else data
    turned = [k for k, kind in enumerate(data.dtypes) if _is_turned(kind)]
    if not turned:
        return data
    found = data.copy(deep=False)
    for k in turned:
        found.isetitem(k, _native(data.iloc[:, k]))
    return found


def _is_turned(kind: Any) -> bool:
    """Whether a kind of numpy's has the other order of bytes; pandas' own kinds have none."""
    return hasattr(kind, "newbyteorder") and not kind.isnative


def _column_as_meant(value: Any) -> Any:
    """A column of polars or Arrow without labels: numpy's array, or categories in the order that a table keeps."""
    column = value.to_pandas()
    kind = str(getattr(column, "dtype", ""))
    if kind != "category":
        return column.to_numpy()
    import pandas as pd

    if str(getattr(value, "dtype", "")) != "Categorical":
        return pd.Categorical(column)
    labels = pd.Categorical(column).remove_unused_categories()
    return labels.reorder_categories(sorted(labels.categories))


def with_categories(column: Any) -> Any:
    """A pandas column whose kind is a dictionary of Arrow as pandas' own categories, in their order; others as they came."""
    if str(getattr(column, "dtype", "")).startswith("dictionary<") and hasattr(column, "astype"):
        import pandas as pd

        coded = column.array if hasattr(column, "iloc") else column
        made = pd.Categorical(coded.__arrow_array__().to_pandas())
        return pd.Series(made, index=column.index, name=column.name) if hasattr(column, "iloc") else made
    return column


def has_labels(data: Any) -> bool:
    """Whether the index of a pandas object was given by the user, and not made here for columns without one."""
    return hasattr(data, "iloc") and not getattr(data, "attrs", {}).get(_UNLABELLED, False)


def _without_labels(frame: Any) -> Any:
    frame.attrs[_UNLABELLED] = True
    return frame
