"""Endpoints by the names that a study declares; an abbreviation or a slip is refused with the name that was meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from survsim.evidence.bring_in.spreadsheet import Book
from survsim.evidence.raw.declared import Row
from survsim.evidence.raw.endpoints import endpoint_fault, meant_endpoint
from survsim.evidence.raw.literature import literature_sets
from survsim.evidence.raw.sets import read_raw


def known_endpoints(raw: Path) -> dict[str, str]:
    """Endpoints of a study, declared or used by a number, with their abbreviations (empty where none is declared)."""
    declared = read_raw(raw / "declared", "endpoints", raw)
    found = {row["endpoint"]: row.get("abbreviation", "") for row in declared.rows} if declared else {}
    for folder in literature_sets(raw):
        used = read_raw(folder, "estimates", raw)
        for row in used.rows if used else ():
            if row.get("endpoint"):
                found.setdefault(row["endpoint"], "")
    return found


def checked_endpoints(raw: Path, book: Book) -> tuple[Book, list[str]]:
    """Cells that name an endpoint which the study does not have, and the rows as they were probably meant.

    The rows are for finding their other faults in the same round; with a fault nothing is written.
    """
    known = known_endpoints(raw)
    faults: list[str] = []
    rows = dict(book.rows)
    for table in ("estimates", "curves"):
        rows[table] = [_row(table, row, known, book, faults) for row in book.rows.get(table, ())]
    return replace(book, rows={table: found for table, found in rows.items() if table in book.rows}), faults


def _row(table: str, row: Row, known: Mapping[str, str], book: Book, faults: list[str]) -> Row:
    name = row.get("endpoint", "")
    if not name or name in known:
        return row
    key = row.get("estimate_id") or row.get("curve_id") or ""
    at = book.places.address(table, key, "endpoint") or f"{table} (endpoint)"
    near = meant_endpoint(name, known)
    faults.append(f"{at}: {endpoint_fault(name, known)}")
    return {**row, "endpoint": near or next(iter(known), "")}
