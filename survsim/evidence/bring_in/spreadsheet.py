"""Rows from a spreadsheet: cells as typed, never a formula, a date or a number with a comma; all faults at once."""

from __future__ import annotations

import datetime
import io
import re
import time
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from survsim.core.cells import HIDDEN, would_run
from survsim.core.errors import EvidenceError
from survsim.core.file_faults import meant
from survsim.core.files import read_regular
from survsim.evidence.raw.conversions import is_number
from survsim.evidence.raw.declared import Row
from survsim.evidence.raw.sets import SETS_TABLES, typed_columns
from survsim.evidence.rules.cells import DATE_LIKE, DATES_ARE_ODD_IN
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.table import Column
from survsim.evidence.schema.typed import NUMERIC

WORDS_SHEET = "words"
MAX_BYTES = 20 * 2**20
MAX_UNPACKED = 128 * 2**20
MAX_SECONDS = 30
_BROKEN = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OSError,
    SyntaxError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OverflowError,
    RuntimeError,
)
"""What a damaged or malicious archive, or XML inside it, ends in."""
MAX_ROWS = 100_000
MOST = 50
"""Faults that are listed before the rest is counted."""
NEEDED = {
    "studies": ("study_id", "site", "design", "read_what"),
    "estimates": ("estimate_id", "study_id", "arm_id", "endpoint", "measure", "value", "place"),
    "arms": ("study_id", "arm_id"),
    "curves": (
        "curve_id",
        "study_id",
        "arm_id",
        "endpoint",
        "time",
        "time_unit",
        "survival",
        "place",
        "route",
    ),
    "at_risk": ("curve_id", "study_id", "arm_id", "time", "time_unit", "n_risk", "place"),
    "censor_marks": ("curve_id", "study_id", "arm_id", "time", "time_unit"),
}
"""Columns that have no default: each row of a sheet fills them."""


NOT_REACHED = re.compile(
    r"n\.?\s?r\.?|n\.?\s?e\.?|n/r|n/e|not[ _-]?(yet )?reached|not[ _-]?(estimable|evaluable|estimated)",
    re.IGNORECASE,
)
"""How papers print that a median, or a limit of its interval, was not reached."""
LIMITS = ("conf_low", "conf_high")


@dataclass(slots=True, kw_only=True)
class Places:
    """Where the rows of a spreadsheet stand: row numbers by table and name, letters of columns by table."""

    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    letters: dict[str, dict[str, str]] = field(default_factory=dict)

    def address(self, table: str, name: str, column: str) -> str:
        """``estimates!Q4 (value)``, or the row alone where the column is not in the sheet; empty for other rows."""
        row = self.rows.get((table, name))
        if row is None:
            return ""
        letter = self.letters[table].get(column)
        told = f" ({column})" if column else ""
        return f"{table}!{letter}{row}{told}" if letter else f"{table}! row {row}{told}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Rows of a spreadsheet by table, in columns of the schema, and the sheets that were not read.

    `faults` are cells that cannot be taken; `places` says where each row stands; `not_reached` are numbers that were
    printed as not reached, which are no numbers.
    """

    rows: dict[str, list[Row]]
    not_read: tuple[str, ...]
    faults: tuple[str, ...] = ()
    places: Places = field(default_factory=Places)
    not_reached: tuple[str, ...] = ()


def read_book(path: Path, wanted: tuple[str, ...] = SETS_TABLES) -> Book:
    """Read the sheets `wanted` of an .xlsx file; the first row of a sheet holds the names of columns.

    Raises
    ------
    EvidenceError : with every cell that cannot be taken, each with its address.
    """
    book = open_book(path, wanted)
    if book.faults:
        raise EvidenceError(told(path.name, list(book.faults)))
    return book


def told(name: str, faults: list[str]) -> str:
    """All faults of a spreadsheet, one a line."""
    shown = "\n".join(faults[:MOST]) + (f"\n... and {len(faults) - MOST} more" if len(faults) > MOST else "")
    return f"{name} has {len(faults)} faults; nothing was written.\n{shown}"


def open_book(path: Path, wanted: tuple[str, ...] = SETS_TABLES) -> Book:
    """The same as `read_book`, with the cells that cannot be taken listed and left empty.

    Raises
    ------
    EvidenceError : a file that is no spreadsheet, or has none of the sheets.
    """
    content = _checked_bytes(path)
    try:
        rows, faults, names, places, missing = _sheets(content, wanted)
    except _BROKEN:
        raise EvidenceError(
            f"{path.name} is not a spreadsheet that can be read; save it as .xlsx again."
        ) from None
    if not rows:
        have = ", ".join(names)
        raise EvidenceError(f"{path.name} has no sheet {' or '.join(wanted[:2])}; its sheets: {have}.")
    not_read = tuple(n for n in names if n not in rows and n != WORDS_SHEET)
    return Book(rows=rows, not_read=not_read, faults=tuple(faults), places=places, not_reached=tuple(missing))


def _sheets(
    content: bytes, wanted: tuple[str, ...]
) -> tuple[dict[str, list[Row]], list[str], tuple[str, ...], Places, list[str]]:
    """Rows of the sheets wanted by table, faults, the names of all sheets, places, and what was not reached."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    try:
        rows: dict[str, list[Row]] = {}
        faults: list[str] = []
        places, missing = Places(), list[str]()
        end = time.monotonic() + MAX_SECONDS
        for name in wanted:
            if name in book.sheetnames:
                sheet = book[name]
                # The size that the file states of itself may be a million rows of 16,384 cells around one stray cell.
                if hasattr(sheet, "reset_dimensions"):
                    sheet.reset_dimensions()
                rows[name], found = _sheet(name, sheet, end, places, missing)
                faults += found
        return rows, faults, tuple(book.sheetnames), places, missing
    finally:
        book.close()


def _checked_bytes(path: Path) -> bytes:
    if not path.is_file():
        raise EvidenceError(f"there is no file {path}; check the name.")
    if path.stat().st_size > MAX_BYTES:
        raise EvidenceError(
            f"{path.name} has {path.stat().st_size / 2**20:.0f} MB; a spreadsheet of published numbers has at most "
            f"{MAX_BYTES // 2**20} MB."
        )
    content = read_regular(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(item.file_size for item in packed.infolist())
    except zipfile.BadZipFile:
        raise EvidenceError(
            f"{path.name} is not an .xlsx file; save it as .xlsx (not .xls, not CSV)."
        ) from None
    if unpacked > MAX_UNPACKED:
        raise EvidenceError(
            f"{path.name} unpacks to {unpacked / 2**20:.0f} MB; it is no table of published numbers."
        )
    return content


def _sheet(
    name: str, sheet: Any, end: float, places: Places, missing: list[str]
) -> tuple[list[Row], list[str]]:
    """Rows of one sheet and its faults; wholly empty rows are passed over."""
    lines = sheet.iter_rows()
    header = _header(name, next(lines, ()))
    faults = _header_faults(name, header)
    if faults:
        return [], faults
    places.letters[name] = {column.name: _address(i, 0)[:-1] for i, column in header.items()}
    rows: list[Row] = []
    seen: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(lines, start=2):
        if number > MAX_ROWS:
            return rows, [*faults, f"{name}: more than {MAX_ROWS} rows; remove what is empty below the table"]
        if time.monotonic() > end:
            return rows, [
                *faults,
                f"{name}: not read within {MAX_SECONDS} seconds; import fewer rows at a time",
            ]
        cells = [(header[i], c) for i, c in enumerate(line) if i in header and c.value not in (None, "")]
        if not cells:
            continue
        row, wrong, found, reached = _row(name, cells)
        faults += found
        faults += [
            f"{name}!{_address(i, number)} ({column.name}): is empty and must be filled"
            for i, column in header.items()
            if column.name in NEEDED[name]
            and row.get(column.name, "") == ""
            and column.name not in wrong
            and (reached or column.name != "value")
        ]
        key = tuple(row.get(k, "") for k in tables()[name].key)
        if all(key) and key in seen:
            faults.append(f"{name}!A{number}: {'/'.join(key)} stands in row {seen[key]} already; rename one")
        seen.setdefault(key, number)
        places.rows.setdefault((name, "/".join(key)), number)
        rows.append(row)
        if not reached:
            missing.append("/".join(key))
    return rows, faults


def _row(name: str, cells: list[tuple[Column, Any]]) -> tuple[Row, set[str], list[str], bool]:
    """One row, its columns that are wrong, their faults, and whether its value was reached."""
    row: Row = {}
    wrong: set[str] = set()
    faults: list[str] = []
    notes: Row = {}
    reached = True
    for column, cell in cells:
        printed = isinstance(cell.value, str) and NOT_REACHED.fullmatch(cell.value.strip())
        if printed and name == "estimates" and column.name in LIMITS:
            notes[f"{column.name}_note"] = "not_reached"
            continue
        if printed and name == "estimates" and column.name == "value":
            reached = False
            continue
        row[column.name], fault = _cell(column, cell)
        if fault:
            wrong.add(column.name)
            faults.append(f"{name}!{cell.coordinate} ({column.name}): {fault}")
    measure = row.get("measure", "")
    if not reached and measure not in ("median", ""):
        at = next(c.coordinate for k, c in cells if k.name == "value")
        faults.append(
            f"{name}!{at} (value): a {measure} that was not reached is no number; remove the row, or correct measure "
            "(only a median can be not reached)"
        )
    # What somebody typed into the column of notes stands.
    return {**notes, **row}, wrong, faults, reached


def _header(name: str, line: Any) -> dict[int, Column]:
    """Columns by position; a name that is none of the table's stands for itself."""
    known = {c: tables()[name].column(c) for c in typed_columns(name)}
    names = {i: str(c.value).strip() for i, c in enumerate(line) if c.value is not None}
    return {i: known.get(n, Column(name=n, kind="text", description="")) for i, n in names.items()}


def _header_faults(name: str, header: dict[int, Column]) -> list[str]:
    names = [c.name for c in header.values()]
    faults = [
        f"{name}!{_address(i, 1)}: {n!r} is no column of this table; a template has them all "
        "(survsim data add-study ID --xlsx)"
        for i, n in zip(header, names)
        if n not in typed_columns(name)
    ]
    twice = [n for n in dict.fromkeys(names) if names.count(n) > 1]
    faults += [f"{name}!row 1: the column {n} stands there twice" for n in twice]
    return faults + [f"{name}!row 1: the column {n} is missing" for n in NEEDED[name] if n not in names]


def _cell(column: Column, cell: Any) -> tuple[str, str]:
    """Text of one cell, and what is wrong with it."""
    value = cell.value
    if cell.data_type == "f":
        return "", "holds a formula; paste the value in its place"
    if cell.data_type == "e":
        return "", f"holds the error {value}; type the value"
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return (
            "",
            f"is a date ({value}), which a spreadsheet makes of a range such as 3-4; set the cell to text, type it again",
        )
    if isinstance(value, bool):
        return "", "is TRUE or FALSE; write yes or no as text"
    if isinstance(value, float):
        text = str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    else:
        text = str(value).strip(" \u00a0\n")
    return text, "; ".join(_text_faults(column, text))


def _text_faults(column: Column, text: str) -> Iterator[str]:
    if column.kind in NUMERIC:
        if text and not is_number(text):
            yield _number_fault(text)
        return
    if would_run(text):
        yield f"{text[:20]!r} begins with {text[0]!r}, which a spreadsheet would run; remove the sign"
    if HIDDEN.search(text):
        yield f"{text[:20]!r} holds a control character or a mark that hides or turns text; type it again"
    if column.name in DATES_ARE_ODD_IN and DATE_LIKE.fullmatch(text):
        yield f"{text!r} looks like a date made of a range; set the cell to text, type the range again"
    if column.allowed and text and text not in column.allowed:
        yield f"{text!r} is not one of: {', '.join(column.allowed)}{meant(text, column.allowed)}"


def _number_fault(text: str) -> str:
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+", text):
        return f"{text!r} has a comma; write decimals with a point and thousands without a sign"
    if re.fullmatch(r"-?\d+,\d+", text):
        return f"{text!r} has a decimal comma; write it with a point"
    if DATE_LIKE.fullmatch(text):
        return f"{text!r} is a date made of a number or range; type it again from the source"
    return f"{text!r} is not one number; words and signs go into the note and qualifier columns"


def _address(column: int, row: int) -> str:
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(column + 1)}{row}"
