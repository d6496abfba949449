"""Tables without pandas until somebody asks for a frame: named columns, made from rows or parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core.kinds import object_array

if TYPE_CHECKING:
    import pandas as pd

Columns = Mapping[str, Any]
"""Name -> array or sequence of one length; a single value stands for a column of it."""


def frame(columns: Columns) -> pd.DataFrame:
    """The columns as a frame of its own memory; a table of single values has one row."""
    import pandas as pd

    table = dict(columns)
    if table and not any(_is_column(value) for value in table.values()):
        table = {name: [value] for name, value in table.items()}
    try:
        return pd.DataFrame(table)
    except OverflowError:  # whole numbers beyond every float, which pandas would make floats
        large = {name: object_array(v) for name, v in table.items() if _overflows(v)}
        made = pd.DataFrame(table | {name: np.zeros(len(v)) for name, v in large.items()})
        return made.assign(**{k: pd.Series(v, index=made.index, dtype=object) for k, v in large.items()})


def from_rows(rows: Iterable[Any], names: Sequence[str]) -> dict[str, list[Any]]:
    """Columns of rows given as mappings or as sequences in the order of `names`."""
    table: dict[str, list[Any]] = {name: [] for name in names}
    for row in rows:
        values = [row[name] for name in names] if isinstance(row, Mapping) else row
        for name, value in zip(names, values, strict=True):
            table[name].append(value)
    return table


def stacked(parts: Iterable[Columns], names: Sequence[str]) -> dict[str, Any]:
    """The columns of the parts one below the other; single values are repeated along their part.

    A column that a part lacks is missing (NaN) there.
    """
    table: dict[str, list[Any]] = {name: [] for name in names}
    numeric = dict.fromkeys(names, True)
    for part in parts:
        size = next((len(v) for v in part.values() if _is_column(v)), 1)
        for name in names:
            value = part.get(name, np.nan)
            values = list(value) if _is_column(value) else [value] * size
            numeric[name] &= isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
            table[name].extend(values)
    return {name: np.array(v) if numeric[name] and v else v for name, v in table.items()}


def _is_column(value: Any) -> bool:
    return not isinstance(value, str | bytes | Mapping) and hasattr(value, "__len__")


def _overflows(value: Any) -> bool:
    import pandas as pd

    try:
        return len(pd.Series(value)) < 0
    except OverflowError:
        return True


def counted(words: pd.Series) -> pd.Series:
    """How often each word occurs, most often first and equals by name: `value_counts` leaves their order to the version of pandas."""
    return words.value_counts().sort_index().sort_values(ascending=False, kind="stable")
