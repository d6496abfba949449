"""The tables as the validator sees them: text frames by name, numbers on demand, rows with names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from survsim.core.checks import BoolArray, FloatArray
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.faults import ERROR, Fault, error, warning
from survsim.evidence.schema.typed import numbers

if TYPE_CHECKING:
    import pandas as pd

MOST_PER_RULE = 1000
"""Faults listed for one rule and column; the rest are counted in one more."""


class Tables:
    """Readable tables of one data folder."""

    def __init__(self, frames: dict[str, pd.DataFrame]) -> None:
        self.frames = frames
        self._numbers: dict[tuple[str, str], FloatArray] = {}
        self._codes: dict[tuple[str, str], tuple[np.ndarray, list[str]]] = {}
        self._joined: dict[tuple[str, tuple[str, ...]], pd.Series] = {}

    def has(self, table: str, columns: tuple[str, ...]) -> bool:
        """Whether the table was readable and has the columns."""
        return table in self.frames and set(columns) <= set(self.frames[table].columns)

    def text(self, table: str, column: str) -> pd.Series:
        """Cells of one column."""
        return self.frames[table][column]

    def number(self, table: str, column: str) -> FloatArray:
        """Cells of one column as numbers, NaN where empty or not a number (another rule reports those)."""
        if (table, column) not in self._numbers:
            self._numbers[table, column] = numbers(self.frames[table][column]).to_numpy()
        return self._numbers[table, column]

    def names(self, table: str, columns: tuple[str, ...]) -> pd.Series:
        """The cells of some columns as one name a row, made once."""
        if (table, columns) not in self._joined:
            first, *others = (self.frames[table][c] for c in columns)
            for cells in others:
                first = first + "\x1f" + cells
            self._joined[table, columns] = first
        return self._joined[table, columns]

    def coded(self, table: str, column: str) -> tuple[np.ndarray, list[str]]:
        """For each cell the place of its words in the list of different ones, and that list."""
        if (table, column) not in self._codes:
            import pandas as pd

            found, unique = pd.factorize(self.frames[table][column].to_numpy())
            self._codes[table, column] = (found, list(unique))
        return self._codes[table, column]

    def matches(self, table: str, column: str, test: Callable[[str], bool]) -> BoolArray:
        """Whether each cell of a column passes a test, asked once for each different cell."""
        codes, values = self.coded(table, column)
        passed = np.array([test(v) for v in values], bool)
        return passed[codes] if passed.any() else np.zeros(codes.size, bool)

    def row_names(self, table: str, rows: np.ndarray) -> list[str]:
        """Names of some rows: their key cells joined by a slash, or their number when those are missing."""
        frame = self.frames[table]
        key = [k for k in tables()[table].key if k in frame.columns]
        if not key:
            return [f"row {i + 2}" for i in rows]
        cells = frame[key].iloc[rows]
        return [
            "/".join(row) or f"row {i + 2}" for i, row in zip(rows, cells.itertuples(index=False, name=None))
        ]

    def where(
        self,
        rule: str,
        table: str,
        wrong: BoolArray,
        remedy: str,
        *,
        column: str,
        severity: str = ERROR,
        shown: list[str] | None = None,
        cause: Callable[[], pd.Series | np.ndarray] | pd.Series | str = "",
    ) -> Iterator[Fault]:
        """One fault for each true position of `wrong`; `shown` replaces the cell in the report.

        `cause`, a name for all rows or what makes one for each row, joins what is one fault into one line.
        """
        make = error if severity == ERROR else warning
        rows = np.flatnonzero(wrong)
        if not rows.size:
            return
        listed = rows[:MOST_PER_RULE]
        cells = self.frames[table][column].to_numpy() if column in self.frames[table].columns else None
        causes = (
            cause
            if isinstance(cause, str)
            else np.asarray(cause() if callable(cause) else cause, dtype=object)
        )
        for position, (row, name) in enumerate(zip(listed, self.row_names(table, listed))):
            value = shown[position] if shown is not None else ("" if cells is None else cells[row])
            why = causes if isinstance(causes, str) else str(causes[row])
            yield make(rule, table, remedy, row=name, column=column, value=value, cause=why)
        if rows.size > listed.size:
            yield make(
                rule, table, remedy, row="more", column=column, value=f"{rows.size - listed.size} more rows"
            )
