"""Reading and writing tables as text, cell for cell.

Nothing is parsed here: a table read and written again is the same bytes. What cannot be a table of ours
(another encoding, another delimiter, a file far too large) is one fault each.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from survsim.core.csv_rows import MAX_CELL, TOO_LONG
from survsim.core.errors import EvidenceError
from survsim.core.files import open_regular, read_regular
from survsim.evidence.schema.faults import Fault, error

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 512 * 2**20
MAX_COLUMNS = 400
MOST_FAULTS = 50
BLOCK = 2**24
"""Bytes parsed at a time: far above the longest row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTable:
    """A table as text, or None with the faults that made it unreadable."""

    frame: pd.DataFrame | None
    faults: tuple[Fault, ...] = ()


def read_text_table(path: Path, table: str, *, root: Path | None = None) -> ReadTable:
    """Read one CSV file as text cells; `root` is the folder that `path` must not leave."""
    early = _file_faults(path, table, root)
    if early:
        return ReadTable(frame=None, faults=tuple(early))
    raw = read_regular(path)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        fault = error(
            "encoding",
            table,
            "Save the file as UTF-8 (in a spreadsheet: CSV UTF-8).",
            row=f"line {line}",
            value=repr(raw[problem.start : problem.start + 4]),
        )
        return ReadTable(frame=None, faults=(fault,))
    # as bytes, in memory once: a text and its bytes side by side would be the peak of a check
    return _parsed(raw.removeprefix(codecs.BOM_UTF8), table)


def parse_text(content: str, table: str) -> ReadTable:
    """A table from text that was already decoded."""
    return _parsed(content.encode("utf-8"), table)


def _parsed(data: bytes, table: str) -> ReadTable:
    """A table from UTF-8 without a mark at its beginning."""
    names, faults = _header(data, table)
    if faults:
        return ReadTable(frame=None, faults=tuple(faults))
    frame, faults = _parse(data, table, names)
    return ReadTable(frame=frame, faults=tuple(faults))


def read_or_raise(path: Path, *, root: Path | None = None) -> pd.DataFrame:
    """The frame of one file; raise `EvidenceError` with every fault if it cannot be read."""
    found = read_text_table(path, path.stem, root=root)
    if found.frame is None:
        raise EvidenceError(f"{path.name} cannot be read. " + " ".join(str(f) for f in found.faults))
    return found.frame


def header_of(path: Path, *, root: Path | None = None) -> tuple[str, ...]:
    """Names of the columns of one file; none where it cannot be read, which is told when its rows are."""
    if _file_faults(path, path.stem, root):
        return ()
    with open_regular(path) as file:
        line = file.readline(MAX_CELL).removeprefix(codecs.BOM_UTF8)
    try:
        names, faults = _header(line, path.stem)
    except UnicodeDecodeError:
        return ()
    return () if faults else tuple(names)


def table_bytes(frame: pd.DataFrame) -> bytes:
    """The table as UTF-8 CSV: comma, minimal quotes, line feed."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(frame.itertuples(index=False, name=None))
    return buffer.getvalue().encode("utf-8")


def _file_faults(path: Path, table: str, root: Path | None) -> list[Fault]:
    if root is not None and not path.resolve().is_relative_to(root.resolve()):
        return [
            error(
                "path_outside",
                table,
                "Keep every table inside the study's data folder; links that leave it are not followed.",
                value=path.name,
            )
        ]
    if not path.is_file():
        return [error("missing_table", table, "Run survsim data curate.", value=path.name)]
    size = path.stat().st_size
    if size > MAX_BYTES:
        return [
            error(
                "file_too_large",
                table,
                f"A table of published numbers is never above {MAX_BYTES // 2**20} MB; check what was saved.",
                value=f"{size / 2**20:.0f} MB",
            )
        ]
    return []


def _header(data: bytes, table: str) -> tuple[list[str], list[Fault]]:
    """Column names, or what makes the file unreadable."""
    end = data.find(b"\n")
    line = (data if end < 0 else data[:end]).decode("utf-8")
    if not line.strip():
        return [], [error("empty_file", table, "Write at least the header row.")]
    if b"\x00" in data:
        return [], [error("encoding", table, "The file is binary, not CSV. Export it as CSV UTF-8.")]
    if "\r" in line.rstrip("\r"):
        remedy = "Lines end with a carriage return alone; save as CSV UTF-8 (not as CSV Macintosh)."
        return [], [error("unreadable", table, remedy)]
    try:
        names = next(csv.reader([line.rstrip("\r")]))
    except csv.Error as problem:
        if len(line) > MAX_CELL:
            return [], [error("cell_too_long", table, f"In the header {TOO_LONG}.")]
        return [], [error("unreadable", table, f"The header is no line of CSV ({problem}); export it again.")]
    if len(names) == 1 and (";" in line or "\t" in line):
        remedy = "Separate cells by commas (and decimals by points); export again as CSV UTF-8."
        return [], [error("delimiter", table, remedy, value=line[:40])]
    if len(names) > MAX_COLUMNS:
        remedy = (
            f"The header has {len(names)} columns; at most {MAX_COLUMNS} are read. Keep those of the schema."
        )
        return [], [error("too_many_columns", table, remedy, value=f"{len(names)} columns")]
    twice = sorted({n for n in names if names.count(n) > 1})
    return names, [
        error("duplicate_column", table, "Name each column once.", column=n, value=n) for n in twice
    ]


def _parse(data: bytes, table: str, names: list[str]) -> tuple[pd.DataFrame | None, list[Fault]]:
    import pyarrow
    from pyarrow import csv as arrow

    try:
        found = arrow.read_csv(
            pyarrow.BufferReader(data),
            read_options=arrow.ReadOptions(use_threads=False, block_size=BLOCK),
            parse_options=arrow.ParseOptions(newlines_in_values=True),
            convert_options=arrow.ConvertOptions(
                column_types=dict.fromkeys(names, pyarrow.string()),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except pyarrow.ArrowInvalid:
        return None, _ragged(data.decode("utf-8"), table)
    long = _too_long(found, table)
    if long:
        return None, long
    return found.to_pandas(use_threads=False, split_blocks=True, self_destruct=True), []


def _too_long(found: Any, table: str) -> list[Fault]:
    """Cells above the limit, the first of each column; Arrow reads them, and no other program of a reader's might."""
    import pyarrow.compute as pc

    faults = []
    for name in found.column_names if found.num_rows else ():
        # bytes first: they are at hand, and there are never fewer of them than characters
        if pc.max(pc.binary_length(found[name])).as_py() > MAX_CELL:
            wrong = pc.greater(pc.utf8_length(found[name]), MAX_CELL)
            if pc.any(wrong).as_py():
                row = pc.index(wrong, True).as_py() + 1
                faults.append(
                    error(
                        "cell_too_long",
                        table,
                        f"{TOO_LONG[0].upper()}{TOO_LONG[1:]}.",
                        row=f"row {row}",
                        column=name,
                    )
                )
    return faults


def _ragged(content: str, table: str) -> list[Fault]:
    try:
        return _widths(csv.reader(io.StringIO(content, newline="")), table)
    except csv.Error as problem:
        if "field larger" in str(problem):
            return [error("cell_too_long", table, f"{TOO_LONG[0].upper()}{TOO_LONG[1:]}.")]
        return [error("unreadable", table, f"The file is not a CSV table ({problem}); export it again.")]


def _widths(reader: Any, table: str) -> list[Fault]:
    width = len(next(reader))
    found: list[Fault] = []
    for cells in reader:
        if len(found) == MOST_FAULTS:
            break
        if len(cells) != width:
            found.append(
                error(
                    "ragged_row",
                    table,
                    f"The header has {width} columns. Quote cells that hold commas.",
                    row=f"line {reader.line_num}",
                    value=f"{len(cells)} cells",
                )
            )
    return found or [error("unreadable", table, "The file is not a CSV table; export it again.")]
