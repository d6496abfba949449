"""Tables of an earlier version brought to the columns of this one: backup first, then the whole set or nothing."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from survsim.core.errors import EvidenceError
from survsim.evidence.raw import package, transaction
from survsim.evidence.raw.csv_text import read_or_raise, table_bytes
from survsim.evidence.raw.curate import curated_tables, frame_of, put_in_place
from survsim.evidence.raw.declared import FOLDER, Declared, Row, records
from survsim.evidence.raw.described import (
    ARM_DEFAULTS,
    CASE_MIX,
    ESTIMATE_DEFAULTS,
    NOT_STATED,
    STUDY_DEFAULTS,
    describe,
    fill,
    settle_origin,
)
from survsim.evidence.raw.locate import DataFolder, data_folder
from survsim.evidence.raw.table_faults import check_tables
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.faults import ERROR
from survsim.evidence.schema.pooling import NOT_REPORTED

if TYPE_CHECKING:
    import pandas as pd

NEW_TABLES = ("readings", "searches", "bias", "bias_priors", "censor_marks")
"""Tables that earlier versions did not have; they are made without rows."""
SIGNED = (
    ("bias", "judge", "judgement"),
    ("estimates", "extractor", "extraction"),
    ("estimates", "checked_by", "comparison"),
    ("estimates", "origin_set_by", "description"),
)
"""Table, column and kind of the readings that rows name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """What was changed, in words, and where the tables lie as they were."""

    changed: tuple[str, ...]
    backup: Path


def migrate(path: str | os.PathLike[str] | None = None) -> Migration:
    """Bring the data folder of an older study to the columns of this version.

    A study with raw files keeps them as typed: explanations of all rows get the count they are for, and the curated
    tables are made again. A folder of curated tables alone gets the new columns with the words for `not reported`.
    The folder is copied to ``backup_1`` (2, 3 ...) beside the tables before anything is written.

    Raises
    ------
    EvidenceError : errors that stood in the tables before; without raw files also columns that no version has, or a
        table that cannot be read. It says what to do, and nothing is then changed.
    """
    folder = data_folder(path)
    with transaction.writing(folder):
        done = _from_raw(folder) if folder.raw.is_dir() else _from_curated(folder)
    return done or Migration(changed=(), backup=folder.root)


def _from_raw(folder: DataFolder) -> Migration | None:
    declared = folder.raw / FOLDER / "known_warnings.csv"
    changed = [f"{name}: {what}" for name, what in _differences(folder, made_again=True)]
    counted = _counted(declared, folder.raw) if declared.is_file() else None
    if counted is None and not changed:
        return None
    with transaction.room(folder, "staged") as staged:
        # The whole set is made from a copy first: an error in it leaves the study as it was.
        shutil.copytree(folder.raw, staged, symlinks=True)
        if counted is not None:
            (staged / FOLDER / "known_warnings.csv").write_bytes(counted)
            changed.append("known_warnings: expected counts")
        _refuse_errors(_content(curated_tables(staged)))
        backup = _backup(folder)
        put_in_place(folder, {} if counted is None else {f"{FOLDER}/known_warnings.csv": counted}, staged)
    return Migration(changed=tuple(changed), backup=backup)


def _from_curated(folder: DataFolder) -> Migration | None:
    changed = [f"{name}: {what}" for name, what in _differences(folder)]
    if not changed:
        return None
    rows = {name: _read(folder, name) for name in tables()}
    endpoints = Declared(tables={"endpoints": rows["endpoints"]})
    empty = dict.fromkeys(tables()["studies"].names, "")
    study_of = {study["study_id"]: {**empty, **study} for study in rows["studies"]}
    for row in rows["estimates"]:
        fill(row, {**dict.fromkeys(tables()["estimates"].names, ""), **ESTIMATE_DEFAULTS})
        study = study_of.get(row["study_id"], empty)
        settle_origin(row, endpoints, study["read_what"])
        describe(row, endpoints, study)
    for row in rows["arms"]:
        fill(row, ARM_DEFAULTS | dict.fromkeys(CASE_MIX, NOT_REPORTED))
    for row in rows["studies"]:
        fill(row, STUDY_DEFAULTS)
    rows["readings"] += _named_readings(rows)
    content = _content(rows)
    counted = _expected(content["known_warnings"], content)
    content["known_warnings"] = content["known_warnings"] if counted is None else counted
    _refuse_errors(content)
    backup = _backup(folder)
    descriptor = package.descriptor(content, folder.raw)
    curated = {f"{name}.csv": data for name, data in content.items()}
    transaction.replace(folder, {}, curated, package.to_bytes(descriptor))
    return Migration(changed=tuple(changed), backup=backup)


def _differences(folder: DataFolder, *, made_again: bool = False) -> list[tuple[str, str]]:
    """Tables that are missing or lack columns, in words.

    Columns that no version has, and tables that cannot be read, are refused; where the tables are made again from the
    raw files they are only told of: the backup keeps them.
    """
    found, unknown = [], []
    for name, table in tables().items():
        path = folder.curated / f"{name}.csv"
        if not path.is_file():
            if folder.curated.is_dir():
                found.append((name, "new table"))
            continue
        try:
            have = list(read_or_raise(path, root=folder.root).columns)
        except EvidenceError:
            if not made_again:
                raise
            found.append((name, "could not be read, made again from the raw files"))
            continue
        extra = [c for c in have if c not in table.names]
        unknown += [f"{name}.{c}" for c in extra]
        missing = [c for c in table.names if c not in have]
        if missing:
            found.append((name, f"{len(missing)} new columns"))
        if extra and made_again:
            found.append((name, f"left out {', '.join(extra[:5])}, which stands in the backup"))
        elif have != list(table.names) and not missing and not extra:
            found.append((name, "order of columns"))
    if unknown and not made_again:
        raise EvidenceError(
            f"no version of survsim has the columns {', '.join(unknown[:5])}; rename or remove them, then migrate again."
        )
    return found


def _read(folder: DataFolder, name: str) -> list[Row]:
    path = folder.curated / f"{name}.csv"
    if not path.is_file():
        if name not in NEW_TABLES:
            raise EvidenceError(f"curated/{name}.csv is missing; restore it from a copy, then migrate again.")
        return []
    return records(read_or_raise(path, root=folder.root))


def _named_readings(rows: dict[str, list[Row]]) -> list[Row]:
    """Rows for readings that half-migrated tables name and nobody has described."""
    known = {r["reading_id"] for r in rows["readings"]} | {"", NOT_STATED}
    named: dict[str, str] = {}
    for table, column, kind in SIGNED:
        for row in rows[table]:
            if row.get(column, "") not in known:
                named.setdefault(row[column], kind)
    what = "named in tables of an earlier version; nothing else is recorded"
    return [{"reading_id": r, "kind": kind, "date": "", "what": what} for r, kind in named.items()]


def _content(rows: dict[str, list[Row]]) -> dict[str, bytes]:
    filled = {n: [{c: r.get(c, "") for c in tables()[n].names} for r in found] for n, found in rows.items()}
    return {name: table_bytes(frame_of(name, found)) for name, found in filled.items()}


def _refuse_errors(content: dict[str, bytes]) -> None:
    faults = [f for f in check_tables(content) if f.severity == ERROR]
    if faults:
        shown = "\n".join(map(str, faults[:20]))
        raise EvidenceError(f"nothing was migrated; these errors have to be put right first.\n{shown}")


def _counted(declared: Path, raw: Path) -> bytes | None:
    """The explanations with counts, or None if every explanation of all rows has one."""
    frame = read_or_raise(declared, root=raw)
    return _with_counts(frame, _content(curated_tables(raw)))


def _expected(known: bytes, content: dict[str, bytes]) -> bytes | None:
    import io

    import pandas as pd

    frame = pd.read_csv(io.BytesIO(known), dtype=str, keep_default_na=False)
    return _with_counts(frame, content)


def _with_counts(frame: pd.DataFrame, content: dict[str, bytes]) -> bytes | None:
    every = frame["row_id"] == "*"
    if "expected" not in frame.columns:
        frame.insert(list(frame.columns).index("row_id") + 1, "expected", "")
        new = True
    else:
        new = bool((every & (frame["expected"] == "")).any())
    if not new:
        return None
    own = set(zip(frame["rule"], frame["table"], frame["row_id"]))
    found = Counter(
        (f.rule, f.table)
        for f in check_tables(content | {"known_warnings": b"rule,table,row_id,expected,explanation\n"})
        if f.severity != ERROR and (f.rule, f.table, f.row) not in own
    )
    blank = every & (frame["expected"] == "")
    counts = [
        str(found[rule, table]) for rule, table in zip(frame.loc[blank, "rule"], frame.loc[blank, "table"])
    ]
    frame.loc[blank, "expected"] = counts
    return table_bytes(frame)


def _backup(folder: DataFolder) -> Path:
    """Copy curated tables, raw files and descriptor beside them; a copy that was stopped has another name."""
    number = 1
    while (folder.root / f"backup_{number}").exists():
        number += 1
    target = folder.root / f"backup_{number}"
    with transaction.room(folder, "backup") as copy:
        copy.mkdir()
        for source in (folder.curated, folder.raw):
            if source.is_dir():
                shutil.copytree(source, copy / source.name, symlinks=True)
        if folder.package.is_file():
            shutil.copy2(folder.package, copy / folder.package.name)
        copy.rename(target)
    return target
