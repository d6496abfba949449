"""Text cells into typed columns: numbers become float64 (NaN where empty), words stay words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from survsim.core.errors import EvidenceError
from survsim.evidence.schema.table import Table

if TYPE_CHECKING:
    import pandas as pd

NUMERIC = ("number", "integer", "year")


def numbers(cells: pd.Series) -> pd.Series:
    """float64 of text cells; NaN where a cell is empty or no number."""
    import pandas as pd

    values = pd.to_numeric(cells.to_numpy(), errors="coerce")
    return pd.Series(values, index=cells.index, dtype="float64")


def typed(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The table with numeric columns as float64; raise on a cell that is no number."""
    # a shallow copy: cells of words are those of the text, and of a million rows a second set is half a gigabyte
    made = frame.copy(deep=False)
    for column in table.columns:
        cells = frame[column.name]
        if column.kind in NUMERIC:
            values = numbers(cells)
            bad = values.isna().to_numpy() & (cells != "").to_numpy()
            if bad.any():
                raise EvidenceError(
                    f"{table.name}.csv, column {column.name}: {cells[bad].iloc[0]!r} is not a number. "
                    "Run survsim data check for all faults."
                )
            made[column.name] = values
    return made
