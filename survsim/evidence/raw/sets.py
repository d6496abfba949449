"""Adding rows to the raw literature tables of a study: the whole set is curated first, then put in place."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from survsim.core import files
from survsim.core.errors import EvidenceError
from survsim.evidence.raw import transaction
from survsim.evidence.raw.csv_text import read_or_raise, table_bytes
from survsim.evidence.raw.curate import Curation, put_in_place
from survsim.evidence.raw.declared import Row, records
from survsim.evidence.raw.literature import TYPED_COLUMN, literature_sets
from survsim.evidence.raw.locate import DataFolder
from survsim.evidence.schema.catalogue import tables

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,59}")
SHOWN = 80
"""Signs of a wrong name that are shown."""
OWN_SET = "published"
"""Set that new studies go to when a study folder has none of its own in the columns of the schema."""
EXAMPLE_SET = "example"
"""Set of invented studies that `survsim new` writes; nothing is ever added to it."""
COMPUTED = {"studies": ("source_id", "evidence_grade")}
"""Columns of the schema that curation fills and nobody types."""
SETS_TABLES = ("studies", "estimates", "arms", "curves", "at_risk", "censor_marks")

Files = dict[str, dict[str, bytes]]
"""New content by set and file name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """One raw table: its columns in order and its rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def to_bytes(self) -> bytes:
        """The table as CSV."""
        import pandas as pd

        rows = [{c: row.get(c, "") for c in self.columns} for row in self.rows]
        return table_bytes(pd.DataFrame(rows, columns=list(self.columns), dtype=str))


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Rows merged into a set.

    Attributes
    ----------
    files : new content of the tables that change.
    added, replaced : names of rows by table.
    """

    files: dict[str, bytes]
    added: dict[str, tuple[str, ...]]
    replaced: dict[str, tuple[str, ...]]


def typed_columns(table: str) -> tuple[str, ...]:
    """Columns of the schema that a person types."""
    return tuple(c for c in tables()[table].names if c not in COMPUTED.get(table, ()))


def checked_name(name: str, what: str) -> str:
    """`name` if it may name a study or a set (and so a folder); letters, digits and underscores only."""
    fault = name_fault(name, what)
    if fault:
        raise EvidenceError(f"{fault}.")
    return name


def name_fault(name: str, what: str) -> str:
    """Why `name` may not name a study or a set; empty where it may."""
    if NAME.fullmatch(name):
        return ""
    shown = repr(name) if len(name) <= SHOWN else f"{name[:SHOWN]!r}... ({len(name)} signs)"
    return (
        f"{what} {shown} is not a name: use letters, digits and underscores, at most 60, for example "
        f"{'lee_2021' if what == 'study' else OWN_SET}"
    )


def read_raw(folder: Path, name: str, raw: Path) -> RawTable | None:
    """One table of a set as typed; None if the set does not have it."""
    path = folder / f"{name}.csv"
    if not path.exists():
        return None
    frame = read_or_raise(path, root=raw)
    return RawTable(columns=tuple(frame.columns), rows=tuple(records(frame)))


def set_of_study(raw: Path) -> dict[str, str]:
    """The set each study stands in."""
    found: dict[str, str] = {}
    for folder in literature_sets(raw):
        table = read_raw(folder, "studies", raw)
        for row in table.rows if table else ():
            found.setdefault(row.get("study_id", ""), folder.name)
    return found


def choose_set(raw: Path, wanted: str | None) -> str:
    """The set that new rows go to: the one named, else the only own one, else ``published``."""
    if wanted is not None:
        name = checked_name(wanted, "set")
        if name == EXAMPLE_SET:
            raise EvidenceError(f"the set {EXAMPLE_SET} holds invented studies only; choose another --set.")
        if _is_typed(raw / "literature" / name, raw):
            raise EvidenceError(
                f"the set {name} is in the typed format (it has a column {TYPED_COLUMN}); rows in the columns of the "
                "schema go into another set: choose another --set."
            )
        return name
    own = [p.name for p in literature_sets(raw) if p.name != EXAMPLE_SET and not _is_typed(p, raw)]
    if len(own) > 1 and OWN_SET not in own:
        raise EvidenceError(f"which set? There are {', '.join(own)}; name one with --set.")
    return own[0] if len(own) == 1 else OWN_SET


def _is_typed(folder: Path, raw: Path) -> bool:
    table = read_raw(folder, "estimates", raw)
    return table is not None and TYPED_COLUMN in table.columns


def merge(
    raw: Path,
    set_name: str,
    incoming: dict[str, list[Row]],
    *,
    replace: bool = False,
    all_columns: bool = False,
) -> Merged:
    """Rows of `incoming` put into a set: new keys are added, equal rows are left, different ones are refused.

    Parameters
    ----------
    raw : the raw folder.
    set_name : folder below raw/literature.
    incoming : rows by table, in columns of the schema.
    replace : let rows that differ take the place of those with their key.
    all_columns : write every column that a person types, so that empty cells can be filled in.

    Raises
    ------
    EvidenceError : with every row that differs from one that is there.
    """
    folder = raw / "literature" / set_name
    elsewhere = {s: at for s, at in set_of_study(raw).items() if at != set_name}
    conflicts = [
        f"study {row['study_id']} is in the set {elsewhere[row['study_id']]}"
        for row in incoming.get("studies", [])
        if row["study_id"] in elsewhere
    ]
    out, added, replaced = {}, {}, {}
    for name, rows in incoming.items():
        old = read_raw(folder, name, raw) or RawTable(columns=(), rows=())
        used = set(typed_columns(name)) if all_columns or not old.columns else _filled(rows)
        columns = _ordered(name, {*old.columns, *used, *tables()[name].key}, old.columns)
        merged, new, other = _merge_rows(name, old.rows, rows, columns)
        if other and not replace:
            conflicts += other.values()
        added[name], replaced[name] = tuple(new), tuple(other) if replace else ()
        if new or replaced[name] or (all_columns and columns != old.columns):
            out[f"{name}.csv"] = RawTable(columns=columns, rows=tuple(merged)).to_bytes()
    if conflicts:
        shown = "; ".join(conflicts[:20]) + (
            f"; and {len(conflicts) - 20} more" if len(conflicts) > 20 else ""
        )
        raise EvidenceError(f"rows that are there already would change, nothing was written: {shown}. "
                            "Give other names, or repeat with --replace.")  # fmt: skip
    return Merged(files=out, added=added, replaced=replaced)


def commit(folder: DataFolder, changes: Files) -> Curation:
    """Put new raw files in place and curate, or leave everything as it was if the whole set has an error.

    To be called inside `transaction.writing`, which also holds what `changes` were merged from.
    """
    refuse_links(folder, changes)
    if not raw_paths(changes):
        return put_in_place(folder, {}, folder.raw)
    with transaction.room(folder, "staged") as staged:
        shutil.copytree(folder.raw, staged, copy_function=linked_copy, symlinks=True)
        for path, data in raw_paths(changes).items():
            write_staged(staged / path, data)
        return put_in_place(folder, raw_paths(changes), staged)


def write_unchecked(folder: DataFolder, changes: Files, beside: dict[str, bytes]) -> None:
    """Put raw files in place that a person has still to fill in, and files `beside` the sets; none is curated."""
    refuse_links(folder, changes)
    own = {f"literature/{name}": data for name, data in beside.items()}
    transaction.replace(folder, raw_paths(changes) | own, None, b"")


def raw_paths(changes: Files) -> transaction.RawFiles:
    """New content of sets by its path below the raw folder."""
    return {
        f"literature/{set_name}/{name}": data
        for set_name, content in changes.items()
        for name, data in content.items()
    }


def refuse_links(folder: DataFolder, changes: Files) -> None:
    """Nothing is written through a link: it may lead out of the study."""
    literature = folder.raw / "literature"
    tables_of = [literature / path.removeprefix("literature/") for path in raw_paths(changes)]
    for path in (folder.raw, literature, *(literature / name for name in changes), *tables_of):
        if path.is_symlink():
            raise EvidenceError(f"{path.name} in data/raw is a link; nothing is written through it.")


def write_staged(path: Path, data: bytes) -> None:
    """A file of a staged copy; it may be a second name of the study's own, or a link, so never written through."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        path.unlink()
    with files.atomic_open(path, "wb") as file:
        file.write(data)


def linked_copy(source: str, target: str) -> str:
    """A second name for a file, or a copy of it where the disk has no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _filled(rows: list[Row]) -> set[str]:
    return {name for row in rows for name, cell in row.items() if cell != ""}


def _ordered(table: str, used: set[str], old: tuple[str, ...]) -> tuple[str, ...]:
    """Columns as they were when nothing is new; else in the order of the schema, unknown ones last."""
    if used == set(old):
        return old
    known = [c for c in tables()[table].names if c in used]
    return (*known, *(c for c in old if c not in known))


def _merge_rows(
    table: str, old: tuple[Row, ...], rows: list[Row], columns: tuple[str, ...]
) -> tuple[list[Row], list[str], dict[str, str]]:
    """All rows, names of new ones, and for each that differs from its twin what differs."""
    key = tables()[table].key
    place = {tuple(row.get(k, "") for k in key): i for i, row in enumerate(old)}
    merged = list(old)
    new: list[str] = []
    other: dict[str, str] = {}
    for row in rows:
        at = tuple(row.get(k, "") for k in key)
        name = "/".join(at)
        if at not in place:
            place[at] = len(merged)
            merged.append(row)
            new.append(name)
            continue
        was = merged[place[at]]
        cells = [c for c in columns if row.get(c, "") != was.get(c, "")]
        if cells:
            first = cells[0]
            other[name] = (
                f"{table} {name}: {first} is {was.get(first) or 'empty'}, the new row has {row.get(first) or 'empty'}"
            )
            merged[place[at]] = {**was, **{c: row.get(c, "") for c in typed_columns(table)}}
    return merged, new, other
