"""Tables that a person wrote: comma or semicolon, decimal point or comma, with the cell to blame in every refusal."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from survsim.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("time", "survival", "incidence", "n_risk", "at_risk", "risk", "surv", "value", "estimate")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?%?$")


def read_table(path: Path) -> pd.DataFrame:
    """The rows of a file with a column time; columns of numbers hold numbers.

    Raises
    ------
    InputError : no file, no table, no column time, or a cell that holds no number: says line, column and content.
    """
    import pandas as pd

    if not path.is_file():
        raise InputError(f"{path} is no file.")
    text = _text(path)
    separator = _separator(text)
    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=separator, dtype=str, skipinitialspace=True, skip_blank_lines=False
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise InputError(f"{path.name} is no table of comma-separated values: {error}") from None
    frame.columns = [str(c).strip().lower() for c in frame.columns]
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(
            f"{path.name} has rows with more cells than its first line has names; one name a column."
        )
    line = frame.index.to_numpy() + 2
    keep = frame.notna().any(axis=1).to_numpy()
    frame, line = frame[keep].reset_index(drop=True), line[keep]
    if "time" not in frame.columns or frame.empty:
        raise InputError(_no_time(path, list(frame.columns), frame.empty))
    for column in frame.columns:
        if column in NUMBERS:
            frame[column] = _numbers(path, column, frame[column].tolist(), line.tolist(), separator)
    return frame


def _no_time(path: Path, columns: list[str], empty: bool) -> str:
    if columns and all(_NUMBER.match(c.replace(",", ".")) for c in columns):
        return (
            f"{path.name} has no line of names: its first line is {', '.join(columns)}. Begin it with time,survival (or "
            "time,incidence; time,n_risk; time)."
        )
    if "time" in columns and empty:
        return f"{path.name} has no row below its line of names."
    return f"{path.name} needs a column time and at least one row; it has: {', '.join(columns)}."


def _text(path: Path) -> str:
    content = path.read_bytes()
    for mark, encoding in (
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"", "utf-8-sig"),
        (b"", "cp1252"),
    ):
        if content.startswith(mark) and not (mark == b"" and b"\x00" in content):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise InputError(f"{path.name} is no text. Save the table as comma-separated values (CSV).")


def _separator(text: str) -> str:
    """What parts the names of the first line: a semicolon or a tab where there is one, else a comma."""
    first = next((row for row in text.splitlines() if row.strip()), "")
    return next((sign for sign in (";", "\t") if sign in first), ",")


def _numbers(path: Path, column: str, cells: list[object], lines: list[int], separator: str) -> list[float]:
    found = []
    for cell, line in zip(cells, lines, strict=True):
        plain = cell.strip().replace("\N{MINUS SIGN}", "-") if isinstance(cell, str) else ""
        if separator != "," and plain.count(",") == 1 and "." not in plain:
            plain = plain.replace(",", ".")
        if not plain:
            raise InputError(f"{path.name}: line {line} has no {column}. Fill it in or take the line out.")
        if not _NUMBER.match(plain):
            raise InputError(f"{path.name}: {column} in line {line} is {cell!r:.40}, no number.")
        found.append(float(plain.rstrip("%")))
    return found
