"""The declared tables of a study: everything that curation decides, written by hand beside the raw files.

All of them are optional, so that a small study needs none; what they would have said gets the stated default.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from survsim.core.errors import EvidenceError
from survsim.evidence.raw.csv_text import read_or_raise

Row = dict[str, str]
FOLDER = "declared"
NEEDED: dict[str, tuple[str, ...]] = {
    "sources": ("source_id", "title", "kind", "citation", "licence"),
    "endpoints": ("endpoint", "abbreviation", "kind", "time_origin", "event", "censoring_rule"),
    "measures": ("printed", "measure", "value_unit"),
    "adjustments": ("printed", "adjustment", "adjusted_for"),
    "sites": ("site", "site_group", "histology", "population", "directness"),
    "annotations": ("table", "row_id", "column", "value", "why"),
    "corrections": ("table", "row_id", "column", "was", "became", "why", "by"),
    "origins": ("printed", "origin"),
    "readings": ("reading_id", "kind", "date", "what"),
    "searches": ("search_id", "question", "where", "terms", "date", "reading"),
    "bias": ("table", "row_id", "tool", "domain", "judgement", "support", "judge"),
    "bias_priors": ("tool", "judgement", "mean", "sd", "basis"),
    "overlaps": ("cluster_id", "study_id", "role", "certainty", "why"),
    "aliases": ("alias_id", "study_id", "alias_arm_id", "arm_id", "why"),
    "flags": ("table", "row_id", "column", "flag", "value", "explanation"),
    "excluded": ("item_id", "kind", "description", "identifier", "reason"),
    "known_warnings": ("rule", "table", "row_id", "explanation"),
    "patient_columns": ("file", "dataset", "table", "source_column", "column"),
    "patient_outcomes": (
        "file",
        "dataset",
        "id_column",
        "endpoint",
        "time_column",
        "time_unit",
        "event_column",
        "basis",
    ),
}
"""Columns each declared table must have; others are ignored."""


@dataclass(slots=True, kw_only=True)
class Declared:
    """Hand-written decisions, each as plain rows, read once."""

    tables: dict[str, list[Row]]
    _lookups: dict[tuple[str, str], dict[str, Row]] = field(default_factory=dict)
    _by_row: dict[str, dict[tuple[str, str], list[Row]]] = field(default_factory=dict)

    def rows(self, name: str) -> list[Row]:
        """Rows of one declared table; none if the study does not have it."""
        return self.tables.get(name, [])

    def lookup(self, name: str, key: str) -> dict[str, Row]:
        """Rows of one declared table by their key column; a key declared twice is an error."""
        if (name, key) not in self._lookups:
            found: dict[str, Row] = {}
            for row in self.rows(name):
                if row[key] in found:
                    raise EvidenceError(
                        f"{FOLDER}/{name}.csv declares {key} {row[key]!r} twice; keep one row."
                    )
                found[row[key]] = row
            self._lookups[name, key] = found
        return self._lookups[name, key]

    def annotations(self, table: str, row_id: str) -> list[Row]:
        """Annotations of one row of one table; a cell annotated twice is an error."""
        return self._of_row("annotations", table, row_id)

    def corrections(self, table: str, row_id: str) -> list[Row]:
        """Corrections of one row of one table; a cell corrected twice is an error."""
        return self._of_row("corrections", table, row_id)

    def _of_row(self, name: str, table: str, row_id: str) -> list[Row]:
        if name not in self._by_row:
            found: dict[tuple[str, str], list[Row]] = {}
            seen: set[tuple[str, str, str]] = set()
            for row in self.rows(name):
                cell = (row["table"], row["row_id"], row["column"])
                if cell in seen:
                    raise EvidenceError(f"{FOLDER}/{name}.csv names {' '.join(cell)} twice; keep one row.")
                seen.add(cell)
                found.setdefault(cell[:2], []).append(row)
            self._by_row[name] = found
        return self._by_row[name].get((table, row_id), [])


def declared_at(raw: Path) -> Declared:
    """The declared tables below a raw folder."""
    found = {}
    for path in sorted((raw / FOLDER).glob("*.csv")):
        frame = read_or_raise(path, root=raw)
        need_columns(frame, NEEDED.get(path.stem, ()), f"{FOLDER}/{path.name}")
        found[path.stem] = records(frame)
    return Declared(tables=found)


def need_columns(frame: Any, columns: tuple[str, ...], where: str) -> None:
    """Raise `EvidenceError` naming the columns that a typed table lacks."""
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        have = ", ".join(list(frame.columns)[:20])
        raise EvidenceError(f"{where} has no column {', '.join(missing)}; it has: {have}.")


def records(frame: Any) -> list[Row]:
    """Rows of a frame of text as plain dictionaries."""
    return [{str(k): str(v) for k, v in row.items()} for row in frame.to_dict("records")]
