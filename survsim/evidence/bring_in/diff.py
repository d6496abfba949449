"""What changed between two states of the evidence: rows that came, went or hold other cells."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survsim.core.display import displayed
from survsim.core.errors import EvidenceError
from survsim.evidence.raw.csv_text import read_or_raise
from survsim.evidence.raw.locate import DataFolder, data_folder
from survsim.evidence.schema.catalogue import tables

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class CellChange:
    """One cell that is not what it was."""

    row: str
    column: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDiff:
    """What changed in one table.

    Attributes
    ----------
    table : name.
    came, went : names of rows (key cells joined by a slash).
    changed : cells of rows that both states have.
    columns_came, columns_went : columns that one state does not have; their cells are not listed.
    """

    table: str
    came: tuple[str, ...]
    went: tuple[str, ...]
    changed: tuple[CellChange, ...]
    columns_came: tuple[str, ...] = ()
    columns_went: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.came or self.went or self.changed or self.columns_came or self.columns_went)


@displayed
@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceDiff:
    """What changed between two states, by table, in the order of the schema; unchanged tables are not listed."""

    tables: tuple[TableDiff, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, for JSON."""
        return {"tables": [asdict(t) for t in self.tables]}


def diff_evidence(old: str | os.PathLike[str], new: str | os.PathLike[str] | None = None) -> EvidenceDiff:
    """Compare the curated tables of two studies (or data folders) row by row, by key; order is nothing.

    Parameters
    ----------
    old : a study folder or its data folder.
    new : the other one; default as in `load_evidence`.

    Returns
    -------
    EvidenceDiff : for each table that differs the rows added, removed and changed.

    Raises
    ------
    EvidenceError : a folder without curated tables.

    Example
    -------
    >>> from survsim.evidence import diff_evidence
    >>> from survsim.evidence.raw.locate import data_folder
    >>> diff_evidence(data_folder().root).tables
    ()
    """
    before, after = _with_tables(old), _with_tables(new)
    found = (_table_diff(name, _read(before, name), _read(after, name)) for name in tables())
    return EvidenceDiff(tables=tuple(t for t in found if t))


def _with_tables(path: str | os.PathLike[str] | None) -> DataFolder:
    folder = data_folder(path)
    if not folder.curated.is_dir():
        raise EvidenceError(f"{path or folder.root} has no curated tables; run survsim data curate there.")
    return folder


def _read(folder: DataFolder, name: str) -> pd.DataFrame | None:
    path = Path(folder.curated / f"{name}.csv")
    return read_or_raise(path, root=folder.root) if path.exists() else None


def _table_diff(name: str, old: pd.DataFrame | None, new: pd.DataFrame | None) -> TableDiff:
    if old is None or new is None:
        return TableDiff(
            table=name,
            came=() if new is None else tuple(_keyed(new, name).index),
            went=() if old is None else tuple(_keyed(old, name).index),
            changed=(),
        )
    before, after = _keyed(old, name), _keyed(new, name)
    shared = after.index[after.index.isin(before.index)]
    columns = [c for c in new.columns if c in old.columns]
    was, now = before.loc[shared, columns].to_numpy(), after.loc[shared, columns].to_numpy()
    changed = tuple(
        CellChange(row=str(shared[i]), column=columns[j], old=was[i, j], new=now[i, j])
        for i, j in zip(*(was != now).nonzero())
    )
    return TableDiff(
        table=name,
        came=tuple(after.index[~after.index.isin(before.index)]),
        went=tuple(before.index[~before.index.isin(after.index)]),
        changed=changed,
        columns_came=tuple(c for c in new.columns if c not in old.columns),
        columns_went=tuple(c for c in old.columns if c not in new.columns),
    )


def _keyed(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table by the names of its rows; a name that repeats is numbered in the order of the whole rows.

    Rows of tables without a usable key are named by all their cells.
    """
    import pandas as pd

    key = [k for k in tables()[name].key if k in frame.columns] or list(frame.columns)
    names = frame[key[0]].str.cat(frame[key[1:]], sep="/")
    if names.duplicated().any():
        order = frame.assign(**{"": names}).sort_values(["", *frame.columns]).index
        count = names.loc[order].groupby(names.loc[order]).cumcount().reindex(frame.index)
        names = names + count.map(lambda n: f"#{n + 1}" if n else "")
    return frame.set_index(pd.Index(names, name="row"))
