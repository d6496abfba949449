"""A spreadsheet into a study: every fault of it at once, each with its cell; rows begun by hand elsewhere wait."""

from __future__ import annotations

import difflib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from survsim.core.errors import EvidenceError
from survsim.evidence.bring_in.endpoint_names import checked_endpoints
from survsim.evidence.bring_in.spreadsheet import Book, open_book, told
from survsim.evidence.raw import transaction
from survsim.evidence.raw.curate import curated_tables, put_in_place, table_bytes_of
from survsim.evidence.raw.declared import Row
from survsim.evidence.raw.literature import literature_sets
from survsim.evidence.raw.locate import DataFolder
from survsim.evidence.raw.sets import (
    Merged,
    RawTable,
    choose_set,
    linked_copy,
    merge,
    name_fault,
    raw_paths,
    read_raw,
    refuse_links,
    set_of_study,
    write_staged,
)
from survsim.evidence.raw.table_faults import check_tables
from survsim.evidence.schema.faults import Fault

EXCLUDED = ("item_id", "kind", "description", "identifier", "reason")
NO_NUMBER = "a median that was not reached is no number"
"""Why such a row is no estimate, in the words that `declared/excluded.csv` has for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did.

    Attributes
    ----------
    set_name : where the rows went; merged : what was added and replaced; changed : whether the tables moved.
    not_read : sheets that are none of the study's; not_reached : medians that are no numbers, named in declared/excluded.csv.
    waiting : rows begun by hand that cannot be curated yet, each with its file and what it lacks.
    """

    set_name: str
    merged: Merged
    changed: bool
    not_read: tuple[str, ...]
    not_reached: tuple[str, ...]
    waiting: tuple[str, ...]


def import_book(
    folder: DataFolder, file: Path, *, set_name: str | None = None, replace_rows: bool = False
) -> Imported:
    """Take the rows of a spreadsheet into a set and curate; all of it or nothing.

    Raises
    ------
    EvidenceError : with every fault of the spreadsheet, each with its cell.
    """
    book = open_book(file)
    with transaction.writing(folder):
        chosen = choose_set(folder.raw, set_name)
        refuse_links(folder, {chosen: {}})
        book, strangers = _without_strangers(folder.raw, book)
        book, unknown = checked_endpoints(folder.raw, book)
        faults = [*book.faults, *strangers, *unknown]
        merged = _merged(folder.raw, chosen, book, replace_rows=replace_rows, faults=faults)
        refuse_links(folder, {chosen: merged.files})
        changes = raw_paths({chosen: merged.files}) | _excluded(folder.raw, book)
        with transaction.room(folder, "staged") as staged:
            shutil.copytree(folder.raw, staged, copy_function=linked_copy, symlinks=True)
            for path, data in changes.items():
                write_staged(staged / path, data)
            with transaction.room(folder, "whole") as whole:
                shutil.copytree(staged, whole, copy_function=linked_copy, symlinks=True)
                waiting = _set_aside(folder, staged, book, faults)
                if faults:
                    raise EvidenceError(told(file.name, list(dict.fromkeys(faults))))
                lacks = dict(row.rsplit(": ", 1) for row in waiting)
                curation = put_in_place(folder, changes, staged, whole=whole, waiting=lacks)
    return Imported(
        set_name=chosen,
        merged=merged,
        changed=curation.changed,
        not_read=book.not_read,
        not_reached=book.not_reached,
        waiting=waiting,
    )


def _merged(raw: Path, chosen: str, book: Book, *, replace_rows: bool, faults: list[str]) -> Merged:
    """The rows put into the set; where they cannot be, the reason joins the faults."""
    try:
        return merge(raw, chosen, book.rows, replace=replace_rows)
    except EvidenceError as error:
        if not faults:
            raise
        faults.append(str(error))
        return Merged(files={}, added={}, replaced={})


def _without_strangers(raw: Path, book: Book) -> tuple[Book, list[str]]:
    """The spreadsheet without rows that name a study which nobody has, so that its other rows are checked; and those."""
    known = {*set_of_study(raw), *(row.get("study_id", "") for row in book.rows.get("studies", ()))} - {""}
    kept: dict[str, list[Row]] = {}
    faults = _wrong_names(book, set_of_study(raw))
    for table, rows in book.rows.items():
        strange = [row for row in rows if table != "studies" and row.get("study_id", "") not in known]
        kept[table] = [row for row in rows if row not in strange]
        for row in strange:
            study = row.get("study_id", "")
            at = book.places.address(table, _name(table, row), "study_id")
            near = difflib.get_close_matches(study, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            if study:
                faults.append(f"{at}: {study!r} is no study of this spreadsheet or of the evidence{hint}")
    return replace(book, rows=kept), faults


def _wrong_names(book: Book, known: Mapping[str, str]) -> list[str]:
    """New studies whose id is no name, as `add-study` refuses it."""
    names = [row.get("study_id", "") for row in book.rows.get("studies", ())]
    wrong = [(n, name_fault(n, "study")) for n in names if n and n not in known]
    faults = [f"{book.places.address('studies', n, 'study_id')}: {fault}" for n, fault in wrong if fault]
    for table, rows in book.rows.items():
        for column in ("estimate_id", "arm_id"):
            for name in dict.fromkeys(row.get(column, "") for row in rows):
                if name and (not name.isprintable() or name.startswith(".") or set(name) & set("/\\")):
                    row = next(r for r in rows if r.get(column, "") == name)
                    faults.append(
                        f"{book.places.address(table, _name(table, row), column)}: {name!r} is no name: a name stands on one line, "
                        "holds neither / nor \\ and begins with no full stop."
                    )
    return faults


def _name(table: str, row: Mapping[str, str]) -> str:
    from survsim.evidence.schema.catalogue import tables

    return "/".join(row.get(k, "") for k in tables()[table].key)


def _excluded(raw: Path, book: Book) -> dict[str, bytes]:
    """New content of declared/excluded.csv: medians that were not reached come, those that now have a value go."""
    path = raw / "declared" / "excluded.csv"
    table = _csv(path, raw)
    rows = {row["item_id"]: row for row in table.rows}
    reached = {row.get("estimate_id", "") for row in book.rows.get("estimates", ())} - set(book.not_reached)
    kept = {k: r for k, r in rows.items() if not (k in reached and r.get("reason") == NO_NUMBER)}
    for row in book.rows.get("estimates", ()):
        if row.get("estimate_id", "") in book.not_reached:
            kept[row["estimate_id"]] = {
                "item_id": row["estimate_id"],
                "kind": "estimate",
                "description": _described(row),
                "identifier": row.get("study_id", ""),
                "reason": NO_NUMBER,
            }
    if list(kept.values()) == list(table.rows):
        return {}
    columns = table.columns or EXCLUDED
    return {"declared/excluded.csv": RawTable(columns=columns, rows=tuple(kept.values())).to_bytes()}


def _csv(path: Path, raw: Path) -> RawTable:
    return read_raw(path.parent, path.stem, raw) or RawTable(columns=(), rows=())


def _described(row: Row) -> str:
    """``overall survival, median not reached, arm chemo, 95% interval from 20.1, table 2``."""
    parts = [row.get("endpoint", "").replace("_", " "), "median not reached", f"arm {row.get('arm_id', '')}"]
    limits = [f"{word} {row[c]}" for word, c in (("from", "conf_low"), ("to", "conf_high")) if row.get(c)]
    if limits:
        parts.append(f"interval {' '.join(limits)}")
    return ", ".join([*parts, row.get("place", "")])


def _set_aside(folder: DataFolder, staged: Path, book: Book, faults: list[str]) -> tuple[str, ...]:
    """Find the faults of the whole set; leave out rows begun by hand elsewhere; the rest joins `faults`."""
    waiting: list[str] = []
    for _ in range(ROUNDS):
        errors = _errors(staged, faults)
        own, others = _parted(errors, book)
        aside = _unfinished(folder, staged, others)
        if not aside:
            known = {line.split(" (")[0].split(":")[0] for line in faults}
            faults += [line for at, line in own if at.split(" (")[0].split(":")[0] not in known]
            faults += [f"beside the spreadsheet: {fault}" for fault in others]
            break
        waiting += aside
    return tuple(waiting)


ROUNDS = 20
"""How often rows are set aside: each round takes out every row that has a fault."""


def _errors(raw: Path, faults: list[str]) -> list[Fault]:
    """Errors of the tables made from `raw`; what stops them from being made at all joins the faults."""
    try:
        rows = curated_tables(raw)
    except EvidenceError as error:
        if not faults:
            faults.append(str(error))
        return []
    return [f for f in check_tables(table_bytes_of(rows)) if f.severity == "error"]


def _parted(errors: list[Fault], book: Book) -> tuple[list[tuple[str, str]], list[Fault]]:
    """Faults of the spreadsheet with their cells, and those of other rows."""
    own: list[tuple[str, str]] = []
    others: list[Fault] = []
    for fault in errors:
        cells = [at for name in (fault.row, *fault.also) if (at := _cell_of(fault, name, book))]
        if not cells:
            others.append(fault)
            continue
        shown = f" {fault.value!r}" if fault.value else ""
        rule = f" [{fault.rule}]"
        own += [(at, f"{at}:{shown} {fault.remedy}{rule}") for at in cells]
    return own, others


def _cell_of(fault: Fault, name: str, book: Book) -> str:
    """The cell of a fault; a group that has no sheet of its own stands where its first number does."""
    at = book.places.address(fault.table, name, fault.column)
    if at or fault.table != "arms":
        return at
    for row in book.rows.get("estimates", ()):
        if f"{row.get('study_id', '')}/{row.get('arm_id', '')}" == name:
            own = NAMED_IN_NUMBERS.get(fault.column, fault.column)
            shown = own if own in book.places.letters["estimates"] else "arm_id"
            return book.places.address("estimates", row.get("estimate_id", ""), shown)
    return ""


NAMED_IN_NUMBERS = {"label": "arm_label"}
"""Columns of a group under the name that they have beside its numbers."""


def _unfinished(folder: DataFolder, staged: Path, others: list[Fault]) -> list[str]:
    """Take rows with a fault that no curated table holds yet out of the staged files; what was taken, in words."""
    taken: list[str] = []
    for table in ("studies", "estimates"):
        wrong: dict[str, list[str]] = {}
        for fault in others:
            if fault.table == table and fault.row and not _curated(folder, table, fault.row):
                wrong.setdefault(fault.row, []).append(fault.column)
        for place in literature_sets(staged) if wrong else ():
            taken += _take_out(place, staged, table, wrong)
    return taken


def _take_out(place: Path, staged: Path, table: str, wrong: dict[str, list[str]]) -> list[str]:
    """Rows of one table of one set, and with a study everything that belongs to it."""
    key = "study_id" if table == "studies" else "estimate_id"
    held = read_raw(place, table, staged)
    names = [row[key] for row in held.rows if row.get(key) in wrong] if held else []
    taken = []
    for name in names:
        lacks = ", ".join(dict.fromkeys(wrong[name]))
        taken.append(f"raw/literature/{place.name}/{table}.csv, {name}: {lacks}")
    if names:
        _drop(place / f"{table}.csv", staged, key, names)
    if names and table == "studies":
        for other in sorted(p for folder in literature_sets(staged) for p in folder.glob("*.csv")):
            if other.stem != "studies":
                _drop(other, staged, "study_id", names)
    return taken


def _drop(path: Path, raw: Path, key: str, names: list[str]) -> None:
    held = _csv(path, raw)
    if key in held.columns and any(row[key] in names for row in held.rows):
        kept = replace(held, rows=tuple(row for row in held.rows if row[key] not in names))
        write_staged(path, kept.to_bytes())


def _curated(folder: DataFolder, table: str, name: str) -> bool:
    """Whether the curated table holds the row: taking it out would change an answer unseen."""
    path = folder.curated / f"{table}.csv"
    if not path.is_file():
        return False
    return (
        re.search(rf"^\"?{re.escape(name)}\"?,", path.read_text(encoding="utf-8"), re.MULTILINE) is not None
    )
