"""Rules about single cells: present, of the right kind, of the vocabulary, safe to open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from survsim.core.cells import HIDDEN, would_run
from survsim.evidence.rules.rule import rule
from survsim.evidence.rules.tables import MOST_PER_RULE, Tables
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.faults import WARNING, Fault, error, warning
from survsim.evidence.schema.table import Column
from survsim.evidence.schema.typed import NUMERIC

Cells = NDArray[np.object_]
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
DATE_LIKE = re.compile(
    rf"\d{{1,4}}[-/ ]({_MONTHS})[a-z]*([-/ ]\d{{2,4}})?|({_MONTHS})[a-z]*[-/ ]\d{{1,4}}"
    r"|\d{4}-\d{2}-\d{2}( 00:00:00)?|\d{1,2}/\d{1,2}/\d{2,4}",
    re.IGNORECASE,
)
FEWEST_UNKNOWN = 20
DATES_ARE_ODD_IN = (
    "grade",
    "stage",
    "time",
    "value",
    "event_detail",
    "figo_stage",
    "rt_dose_gy",
    "rt_fractions",
)


@rule("missing_column")
def missing_column(t: Tables) -> Iterator[Fault]:
    """Every column of the schema is there."""
    for name, frame in t.frames.items():
        for column in tables()[name].names:
            if column not in frame.columns:
                yield error(
                    "missing_column",
                    name,
                    "Run survsim data migrate (it keeps a backup), or add the column.",
                    column=column,
                )


@rule("unknown_column")
def unknown_column(t: Tables) -> Iterator[Fault]:
    """No column is outside the schema; nothing reads such a column."""
    for name, frame in t.frames.items():
        unknown = [c for c in frame.columns if c not in tables()[name].names]
        if len(unknown) > FEWEST_UNKNOWN:
            yield error(
                "unknown_column",
                name,
                "Keep only the columns of the schema (data/README.md).",
                value=f"{len(unknown)} unknown columns: {', '.join(unknown[:3])} ...",
            )
            continue
        for column in unknown:
            yield warning(
                "unknown_column", name, "Correct the name or remove it; nothing reads it.", column=column
            )


@rule("required_cell")
def required_cell(t: Tables) -> Iterator[Fault]:
    """Cells that must be filled are."""
    for name, column, cells in _columns(t):
        if column.required:
            yield from t.where(
                "required_cell", name, cells == "", "Fill it in, or write not_stated.", column=column.name
            )


@rule("not_a_number")
def not_a_number(t: Tables) -> Iterator[Fault]:
    """Numeric cells hold numbers and nothing else."""
    for name, column, cells in _columns(t):
        if column.kind in NUMERIC:
            wrong = np.isnan(t.number(name, column.name)) & (cells != "")
            rows = np.flatnonzero(wrong)[:MOST_PER_RULE]
            if not rows.size:
                continue
            for row, row_id in zip(rows, t.row_names(name, rows)):
                kind, remedy = _number_remedy(cells[row])
                yield error(kind, name, remedy, row=row_id, column=column.name, value=cells[row])


@rule("not_finite")
def not_finite(t: Tables) -> Iterator[Fault]:
    """Numbers are finite."""
    for name, column, _ in _columns(t):
        if column.kind in NUMERIC:
            yield from t.where(
                "not_finite",
                name,
                np.isinf(t.number(name, column.name)),
                "Not reached is a note (conf_high_note), not a number.",
                column=column.name,
            )


@rule("not_whole")
def not_whole(t: Tables) -> Iterator[Fault]:
    """Counts, days and years are whole numbers."""
    for name, column, _ in _columns(t):
        if column.kind in ("integer", "year"):
            values = t.number(name, column.name)
            finite = np.where(np.isfinite(values), values, 0.0)
            yield from t.where(
                "not_whole", name, finite != np.floor(finite), "Write a whole number.", column=column.name
            )


@rule("implausible_year")
def implausible_year(t: Tables) -> Iterator[Fault]:
    """Years lie between 1900 and 2100."""
    for name, column, _ in _columns(t):
        if column.kind == "year":
            values = t.number(name, column.name)
            yield from t.where(
                "implausible_year",
                name,
                (values < 1900) | (values > 2100),
                "Check the year.",
                column=column.name,
            )


@rule("not_a_date")
def not_a_date(t: Tables) -> Iterator[Fault]:
    """Dates are written as 2013-05-26."""
    for name, column, _ in _columns(t):
        if column.kind == "date":
            wrong = t.matches(name, column.name, lambda c: re.fullmatch(r"(\d{4}-\d{2}-\d{2})?", c) is None)
            yield from t.where("not_a_date", name, wrong, "Write the date as YYYY-MM-DD.", column=column.name)


@rule("vocabulary")
def vocabulary(t: Tables) -> Iterator[Fault]:
    """Cells with a closed vocabulary use it."""
    for name, column, _ in _columns(t):
        if column.allowed:
            wrong = t.matches(name, column.name, partial(_outside, {"", *column.allowed}))
            yield from t.where(
                "vocabulary", name, wrong, f"Use one of: {', '.join(column.allowed)}.", column=column.name
            )


@rule("date_mangled")
def date_mangled(t: Tables) -> Iterator[Fault]:
    """No spreadsheet turned a range such as 3-4 into a date."""
    for name, column, _ in _columns(t):
        if column.kind == "text" and column.name in DATES_ARE_ODD_IN:
            wrong = t.matches(name, column.name, lambda c: DATE_LIKE.fullmatch(c) is not None)
            yield from t.where(
                "date_mangled",
                name,
                wrong,
                "A spreadsheet made a date of a range; type the range again as text.",
                column=column.name,
            )


@rule("formula_cell")
def formula_cell(t: Tables) -> Iterator[Fault]:
    """No cell would run as a formula when a spreadsheet opens the table."""
    for name, column, _ in _columns(t):
        if column.kind == "text":
            wrong = t.matches(name, column.name, would_run)
            yield from t.where(
                "formula_cell",
                name,
                wrong,
                "Remove the leading sign; a spreadsheet would run the cell as a formula.",
                column=column.name,
            )


@rule("control_character")
def control_character(t: Tables) -> Iterator[Fault]:
    """Cells hold no control characters and no marks that hide or turn text."""
    for name, column, _ in _columns(t):
        if column.kind != "text":
            continue  # a number with such a character is no number, which another rule says
        wrong = t.matches(name, column.name, lambda c: HIDDEN.search(c) is not None)
        yield from t.where(
            "control_character",
            name,
            wrong,
            "Type the cell again without control characters.",
            column=column.name,
        )


@rule("stray_space")
def stray_space(t: Tables) -> Iterator[Fault]:
    """Cells neither begin nor end with a space."""
    for name, column, _ in _columns(t):
        wrong = t.matches(name, column.name, lambda c: c != c.strip(" \u00a0"))
        yield from t.where(
            "stray_space",
            name,
            wrong,
            "Remove the space; words with it do not match.",
            column=column.name,
            severity=WARNING,
        )


def _columns(t: Tables) -> Iterator[tuple[str, Column, Cells]]:
    for name, frame in t.frames.items():
        for column in tables()[name].columns:
            if column.name in frame.columns and len(frame):
                yield name, column, frame[column.name].to_numpy()


def _outside(allowed: set[str], cell: str) -> bool:
    return cell not in allowed


def _number_remedy(cell: str) -> tuple[str, str]:
    if re.fullmatch(r"-?\d+,\d{1,2}|-?\d+,\d{4,}", cell.strip()):
        return "decimal_comma", "Write the decimal with a point."
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+", cell.strip()):
        return "thousands_comma", "Remove the comma between thousands (or write a decimal with a point)."
    if DATE_LIKE.fullmatch(cell.strip()):
        return (
            "date_mangled",
            "A spreadsheet made a date of a number or range; type it again from the source.",
        )
    if re.fullmatch(r"[<>]=?\s*[\d.]+", cell.strip()):
        return "not_a_number", "Put the sign into the qualifier column."
    return "not_a_number", "Write one number; words go into the note or qualifier column."
