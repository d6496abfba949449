"""Patient-level files into the patient tables, by two declared tables that map columns and outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from survsim.core.errors import EvidenceError
from survsim.core.file_faults import meant
from survsim.evidence.raw.csv_text import read_or_raise
from survsim.evidence.raw.declared import Declared, Row, records
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.patients import TABLES

FOLDER = "ipd"


def read_patients(raw: Path, declared: Declared) -> dict[str, list[Row]]:
    """Rows of every patient table, by table; cells are moved, never changed."""
    files: dict[str, list[Row]] = {}
    out: dict[str, list[Row]] = {t.name: [] for t in TABLES}
    maps: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in declared.rows("patient_columns"):
        _refuse_target(row)
        columns = maps.setdefault((row["file"], row["dataset"], row["table"]), {})
        if row["column"] in columns:
            raise EvidenceError(
                f"declared/patient_columns.csv fills {row['column']} of {row['table']} twice, from "
                f"{columns[row['column']]!r} and from {row['source_column']!r} of {row['file']}; keep one row."
            )
        columns[row["column"]] = row["source_column"]
    for (file, dataset, table), columns in maps.items():
        names = tables()[table].names
        for cells in _file(raw, file, files):
            _need(file, cells, columns.values())
            moved = {name: cells[columns[name]] if name in columns else "" for name in names}
            out[table].append(moved | {"dataset": dataset})
    known: set[tuple[str, str, str]] = set()
    for row in declared.rows("patient_outcomes"):
        outcome = (row["file"], row["dataset"], row["endpoint"])
        if outcome in known:
            raise EvidenceError(
                f"declared/patient_outcomes.csv names {' '.join(map(repr, outcome))} twice; keep one row."
            )
        known.add(outcome)
        out["outcomes"].extend(_outcomes(_file(raw, row["file"], files), row))
    return out


def _refuse_target(row: Row) -> None:
    """Refuse a row of patient_columns whose table or column is none that patients have."""
    names = [t.name for t in TABLES]
    table, column = row["table"], row["column"]
    if table not in names:
        raise EvidenceError(
            f"declared/patient_columns.csv: {table!r} is no table of patients{meant(table, names)}; there are "
            f"{', '.join(names)}."
        )
    columns = [name for name in tables()[table].names if name != "dataset"]
    if column == "dataset":
        raise EvidenceError(
            "declared/patient_columns.csv: dataset is no cell of the file, it is said in the column dataset of each row."
        )
    if column not in columns:
        raise EvidenceError(
            f"declared/patient_columns.csv: {column!r} is no column of {table}{meant(column, columns)}; it has "
            f"{', '.join(columns)}."
        )


def _outcomes(rows: list[Row], how: Row) -> list[Row]:
    found = []
    for cells in rows:
        _need(how["file"], cells, (how["time_column"], how["event_column"], how["id_column"]))
        time, event = cells[how["time_column"]], cells[how["event_column"]]
        if time != "" and event != "":
            found.append(
                {
                    "dataset": how["dataset"],
                    "patient_id": cells[how["id_column"]],
                    "endpoint": how["endpoint"],
                    "time": time,
                    "time_unit": how["time_unit"],
                    "event": event,
                    "basis": how["basis"],
                }
            )
    return found


def _file(raw: Path, name: str, files: dict[str, list[Row]]) -> list[Row]:
    if name not in files:
        files[name] = records(read_or_raise(raw / FOLDER / name, root=raw))
    return files[name]


def _need(file: str, cells: Row, columns: Iterable[str]) -> None:
    missing = [c for c in columns if c not in cells]
    if missing:
        raise EvidenceError(
            f"{FOLDER}/{file} has no column {', '.join(missing)}; correct declared/patient_columns.csv."
        )
