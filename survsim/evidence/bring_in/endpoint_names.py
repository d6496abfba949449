"""Endpoints by the names that a study declares; an abbreviation or a slip is refused with the name that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from survsim.evidence.bring_in.spreadsheet import Book
from survsim.evidence.raw.declared import Row
from survsim.evidence.raw.literature import literature_sets
from survsim.evidence.raw.sets import read_raw

USUAL = {
    "os": "overall_survival",
    "pfs": "progression_free_survival",
    "dfs": "disease_free_survival",
    "rfs": "recurrence_free_survival",
    "efs": "event_free_survival",
    "css": "disease_specific_survival",
    "dss": "disease_specific_survival",
    "orr": "response",
    "rr": "response",
    "ae": "toxicity",
}
"""What abbreviations mean in papers, where the study declares no other meaning."""
SHOWN = 12


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


def meant_endpoint(name: str, known: Mapping[str, str]) -> str:
    """The endpoint that an abbreviation, another spelling or a slip stands for; empty where none is near."""
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    short = {a.lower(): endpoint for endpoint, a in known.items() if a}
    found = short.get(plain) or USUAL.get(plain, "")
    if found in known:
        return found
    if plain in known:
        return plain
    near = difflib.get_close_matches(plain, known, 1, 0.6)
    return near[0] if near else ""


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
    if near:
        faults.append(f"{at}: {name}: did you mean {near}?")
    else:
        listed = ", ".join(list(known)[:SHOWN]) + (" ..." if len(known) > SHOWN else "")
        faults.append(
            f"{at}: {name!r} is no endpoint of this study; it has: {listed}. One that is new gets a row of its own "
            "in data/raw/declared/endpoints.csv first"
        )
    return {**row, "endpoint": near or next(iter(known), "")}
