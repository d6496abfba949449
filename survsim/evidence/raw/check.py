"""All faults of a data folder in one run: unreadable files, checksums, and every registered rule."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from survsim.core import files
from survsim.core.display import displayed
from survsim.core.errors import EvidenceError
from survsim.evidence.raw.csv_text import read_text_table
from survsim.evidence.raw.curate import curated_tables, table_bytes_of
from survsim.evidence.raw.declared import Declared, declared_at
from survsim.evidence.raw.known_columns import REMEDY, unknown_columns
from survsim.evidence.raw.literature import half_sets, no_studies
from survsim.evidence.raw.locate import PENDING, DataFolder, data_folder
from survsim.evidence.raw.package import raw_checksums
from survsim.evidence.raw.table_faults import check_tables, lines_of
from survsim.evidence.raw.unread import told, unread
from survsim.evidence.rules.catalogue import apply_rules
from survsim.evidence.rules.tables import Tables
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.faults import ERROR, Fault, error, warning

if TYPE_CHECKING:
    import pandas as pd

MAX_HASHED = 2**28


@displayed
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What `survsim data check` found.

    Attributes
    ----------
    folder : the data folder.
    faults : every fault, errors first.
    rows : rows by readable table.
    """

    folder: Path
    faults: tuple[Fault, ...]
    rows: dict[str, int]

    @property
    def errors(self) -> tuple[Fault, ...]:
        """Faults that make a number unusable or wrong."""
        return tuple(f for f in self.faults if f.severity == ERROR)

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """Faults a reader must know of."""
        return tuple(f for f in self.faults if f.severity != ERROR)

    @property
    def exit_code(self) -> int:
        """2 with any error, else 0."""
        return 2 if self.errors else 0

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionary, for JSON."""
        return {
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "explained": sum(bool(f.explained) for f in self.warnings),
            "rows": self.rows,
            "faults": [f.to_dict() for f in self.faults],
        }


def check_evidence(path: str | os.PathLike[str] | None = None) -> CheckReport:
    """Check the curated tables of a study: every fault at once, nothing raised, nothing changed.

    Parameters
    ----------
    path : a study folder or its data folder; default as in `load_evidence`.

    Returns
    -------
    CheckReport : every fault with its table, row and what to do; `exit_code` is 0 where none is an error.

    Raises
    ------
    EvidenceError : no data folder there. What is wrong inside one is reported, not raised.

    Example
    -------
    >>> import survsim
    >>> survsim.check_evidence().exit_code
    0
    """
    folder = data_folder(path)
    frames: dict[str, pd.DataFrame] = {}
    faults: list[Fault] = []
    for name in tables():
        found = read_text_table(folder.curated / f"{name}.csv", name, root=folder.root)
        faults.extend(found.faults)
        if found.frame is not None:
            frames[name] = found.frame
    faults.extend(_files(folder))
    faults.extend(apply_rules(Tables(frames)))
    return CheckReport(
        folder=folder.root,
        faults=tuple(lines_of(faults, frames)),
        rows={name: len(frame) for name, frame in frames.items()},
    )


def _files(folder: DataFolder) -> list[Fault]:
    """Faults of the descriptor: damaged, other checksums, other raw files, paths that leave the folder."""
    try:
        content = files.read_json(folder.package)
        resources = {r["name"]: (str(r["path"]), str(r["hash"])) for r in content["resources"]}
        raw = dict(content.get("raw", {}))
        waiting = dict(content.get("waiting", {}))
    except FileNotFoundError:
        return [error("descriptor_missing", "datapackage", "Run survsim data curate.")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return [
            error(
                "descriptor_damaged", "datapackage", "Restore datapackage.json, or run survsim data curate."
            )
        ]
    faults = _resources(folder, resources)
    if (folder.root / PENDING).is_dir():
        faults.append(
            error("interrupted", "datapackage", "Run survsim data curate: it completes the change.")
        )
    if folder.curated.is_dir():
        extra = {p.name for p in folder.curated.glob("*.csv")} - {f"{n}.csv" for n in tables()}
        faults += [
            warning("unknown_table", "datapackage", "Nothing reads it; remove it.", value=n)
            for n in sorted(extra)
        ]
    remedy = "Begun, but in no table: it lacks {}. Fill it in and run survsim data curate."
    faults += [warning("waits", "datapackage", remedy.format(w), row=row) for row, w in waiting.items()]
    return faults + (_raw(folder, raw) if folder.raw.is_dir() else [])


def _resources(folder: DataFolder, resources: dict[str, tuple[str, str]]) -> list[Fault]:
    faults = []
    for name in tables():
        path, expected = resources.get(name, ("", ""))
        file = folder.curated / f"{name}.csv"
        if not path:
            faults.append(error("not_in_descriptor", name, "Run survsim data curate."))
        elif PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            faults.append(
                error("path_outside", name, "A table's path stays inside the data folder.", value=path)
            )
        elif file.is_file() and file.stat().st_size <= MAX_HASHED and _sha(file) != expected:
            faults.append(
                error(
                    "checksum",
                    name,
                    "The table was changed by hand; change data/raw and run survsim data curate.",
                    value=file.name,
                )
            )
    return faults


def _raw(folder: DataFolder, expected: dict[str, str]) -> list[Fault]:
    found = raw_checksums(folder.raw)
    changed = [n for n in sorted(set(found) | set(expected)) if found.get(n) != expected.get(n)]
    half = half_sets(folder.raw)
    faults = [
        error("set_incomplete", "datapackage", no_studies(name, has), row=f"raw/literature/{name}", value=has)
        for name, has in half.items()
    ]
    idle = unread(folder.raw, _declared(folder.raw))
    faults += [
        (error if meant else warning)(
            "file_unread", "datapackage", told(path, meant), row=f"raw/{path}", value=meant
        )
        for path, meant in idle.items()
    ]
    lost = unknown_columns(folder.raw)
    faults += [
        error("column_unread", "datapackage", f"Nothing reads it: {w}. {REMEDY}", row=f"raw/{path}")
        for path, wrong in lost.items()
        for w in wrong
    ]
    changed = [
        n for n in changed if PurePosixPath(n).parent.name not in half and not idle.get(n) and n not in lost
    ]
    begun = [] if half or lost or not any(n.startswith("literature/") for n in changed) else _begun(folder)
    faults += begun
    for name in changed:
        # What a row lacks says more than that its file is another.
        if not (begun and name.startswith("literature/")):
            what = "new" if name not in expected else "missing" if name not in found else "changed"
            faults.append(
                error(
                    "raw_changed",
                    "datapackage",
                    "The curated tables were made from other raw files; run survsim data curate.",
                    row=f"raw/{name}",
                    value=what,
                )
            )
    return faults


def _declared(raw: Path) -> Declared | None:
    """The declared tables; None where one cannot be read, which is told when the tables are made."""
    try:
        return declared_at(raw)
    except EvidenceError:
        return None


def _begun(folder: DataFolder) -> list[Fault]:
    """Rows of studies and numbers that were begun in data/raw and are in no table yet, each with what it lacks."""
    try:
        content = table_bytes_of(curated_tables(folder.raw))
    except EvidenceError as stopped:
        remedy = f"No table can be made of the typed ones: {stopped} Mend it, then run survsim data curate."
        return [error("raw_unreadable", "datapackage", remedy, row="raw/literature")]
    lacks: dict[tuple[str, str], list[str]] = {}
    for fault in check_tables(content):
        if fault.rule in LACKING and fault.table in ("studies", "estimates", "curves"):
            lacks.setdefault((fault.table, fault.row), []).append(fault.column)
    return [
        error(
            "waits",
            table,
            f"Begun in data/raw, and in no table yet: it lacks {', '.join(dict.fromkeys(columns))}. Fill it in, then run "
            "survsim data curate.",
            row=row,
        )
        for (table, row), columns in lacks.items()
        if row not in _first_column(folder.curated / f"{table}.csv")
    ]


LACKING = ("required_cell", "value_missing")
"""Rules of cells that must be filled."""


def _first_column(file: Path) -> set[str]:
    frame = read_text_table(file, file.stem).frame
    return set() if frame is None else set(frame.iloc[:, 0])


def _sha(file: Path) -> str:
    return f"sha256:{files.file_sha256(file)}"
