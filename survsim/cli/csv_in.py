"""Tables that a person wrote: comma or semicolon, decimal point or comma, with the cell to blame in every refusal."""

from __future__ import annotations

import csv
import io
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

from survsim.core.csv_rows import without_separator
from survsim.core.errors import InputError
from survsim.core.files import read_regular
from survsim.core.numerals import NUMERAL

if TYPE_CHECKING:
    import pandas as pd

COUNTS = ("n_risk", "at_risk", "risk")
NUMBERS = ("time", "survival", "incidence", "cumulative_incidence", *COUNTS, "surv", "value", "estimate")
_GROUPED = re.compile(r"[1-9]\d{0,2}([.,]\d{3})+$")
"""Three decimals or thousands: 3,000 is one to some and the other to others."""
_NUMBER = re.compile(rf"{NUMERAL.pattern}%?$")


def read_table(path: Path) -> pd.DataFrame:
    """The rows of a file with a column time; columns of numbers hold numbers.

    Raises
    ------
    InputError : no file, no table, no column time, a column twice, or a cell that holds no number or one that can be read in two
        ways: says line, column and content.
    """
    import pandas as pd

    if not path.is_file():
        raise InputError(f"{path} is no file.")
    text, told = without_separator(_text(path))
    before = 0 if told is None else 1
    separator = told or _separator(text)
    _refuse_twice(path, text, separator)
    try:
        # Text is text: an arm may be called None or NA. Only an empty cell is empty.
        frame = pd.read_csv(
            io.StringIO(text), sep=separator, dtype=str, skipinitialspace=True, skip_blank_lines=False,
            keep_default_na=False, na_values=[""],
        )  # fmt: skip
    except pd.errors.ParserError as error:
        raise InputError(_not_a_table(path, str(error), before)) from None
    except ValueError as error:
        raise InputError(f"{path.name} is no table of comma-separated values: {error}") from None
    frame.columns = [str(c).strip().lower() for c in frame.columns]
    if not isinstance(frame.index, pd.RangeIndex):
        raise InputError(
            f"{path.name}: every row has more cells than the line of names, which has {len(frame.columns)}. Name each column; where the "
            "comma is the sign of decimals, part the columns by semicolons."
        )
    line = frame.index.to_numpy() + 2 + before
    keep = frame.notna().any(axis=1).to_numpy()
    frame, line = frame[keep].reset_index(drop=True), line[keep]
    if "time" not in frame.columns or frame.empty:
        raise InputError(_no_time(path, list(frame.columns), frame.empty))
    for column in frame.columns:
        if column in (*COUNTS, "time"):
            _refuse_grouped(path, column, frame[column].tolist(), line.tolist())
        if column in NUMBERS:
            frame[column] = _numbers(path, column, frame[column].tolist(), line.tolist(), separator)
    return frame


def _refuse_twice(path: Path, text: str, separator: str) -> None:
    """Two columns of one name: which is meant, or are they two arms side by side?"""
    first = next(iter(text.splitlines()), "")
    names = [
        c.strip().lower()
        for row in csv.reader([first], delimiter=separator, skipinitialspace=True)
        for c in row
    ]
    twice = list(dict.fromkeys(c for c in names if c and names.count(c) > 1))
    if twice:
        raise InputError(
            f"{path.name} has the column {' and the column '.join(twice)} more than once. Keep one of each; several arms stand below "
            f"one another, named in a column arm: {separator.join(('arm', *dict.fromkeys(c for c in names if c != 'arm')))}."
        )


def _refuse_grouped(path: Path, column: str, cells: list[object], lines: list[int]) -> None:
    """A number that is one with decimals or one of thousands, where it matters.

    A count has no decimals, so that 3,000 patients may be 3 or 3000. Of times, three decimals are common: they are refused
    where they are in order as thousands and out of order as decimals.
    """
    plain = [str(cell).strip() for cell in cells]
    grouped = [bool(_GROUPED.match(cell)) for cell in plain]
    if not any(grouped) or (column == "time" and not _in_order_as_thousands(plain, grouped)):
        return
    k = grouped.index(True)
    thousands, decimals = plain[k].replace(",", "").replace(".", ""), plain[k].replace(",", ".")
    few = f"{float(decimals):g}" if decimals.count(".") == 1 else "no number"
    raise InputError(
        f"{path.name}: {column} in line {lines[k]} is {plain[k]!r}, which is {few} or {thousands}. Write it without a sign between "
        f"thousands: {thousands}{'' if few == 'no number' else f', or {few}'}."
    )


def _in_order_as_thousands(plain: list[str], grouped: list[bool]) -> bool:
    """Whether times rise when grouped ones are thousands, and do not when they are decimals."""
    whole = [cell.replace(",", "").replace(".", "") if g else cell for cell, g in zip(plain, grouped)]
    readings = []
    for cells in (whole, [cell.replace(",", ".") for cell in plain]):
        if not all(_NUMBER.match(cell) for cell in cells):
            return False
        times = [float(cell.rstrip("%")) for cell in cells]
        readings.append(all(a <= b for a, b in itertools.pairwise(times)))
    return readings[0] and not readings[1]


def _not_a_table(path: Path, said: str, before: int) -> str:
    """What pandas says of a row that is too wide, in words of a table."""
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", said)
    if found is None:
        return f"{path.name} is no table of comma-separated values: {said}"
    return (
        f"{path.name}, line {int(found[2]) + before}: {found[3]} cells where the line of names has {found[1]}. Where the comma is the "
        "sign of decimals, part the columns by semicolons."
    )


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
    content = read_regular(path)
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
