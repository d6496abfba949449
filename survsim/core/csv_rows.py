"""Rows of a CSV text, with one limit of a cell for every table of the package."""

from __future__ import annotations

import csv
import io
import re

from survsim.core.errors import InputError, SurvsimError

MAX_CELL = 131_072
"""Characters of one cell, as the csv module of Python has it; a quotation mark that is not closed makes longer ones."""
TOO_LONG = (
    f"a cell has more than {MAX_CELL:,} characters, which no cell of a table here has; look for a quotation mark that is "
    "not closed, or keep the text elsewhere and name its place"
)
"""What is said of a cell above the limit."""


_SEPARATOR = re.compile(r"\s*\"?sep=(.)\"?[ \t,;]*(?:\r\n|\r|\n|$)", re.IGNORECASE)


def without_separator(text: str) -> tuple[str, str | None]:
    """The text without the line ``sep=;`` that Excel understands, and the sign it names; None where there is no such line.

    Example
    -------
    >>> without_separator("sep=;\\ntime;survival\\n")
    ('time;survival\\n', ';')
    """
    found = _SEPARATOR.match(text)
    return (text, None) if found is None else (text[found.end() :], found[1])


def csv_rows(text: str, name: str, *, error: type[SurvsimError] = InputError) -> list[list[str]]:
    """Cells of a CSV text, row by row.

    Raises
    ------
    SurvsimError : of the kind `error`, with the line: a cell above `MAX_CELL` characters, or no CSV.
    """
    return [row for _, row in numbered_rows(text, name, error=error)]


def numbered_rows(
    text: str, name: str, *, error: type[SurvsimError] = InputError, strict: bool = False
) -> list[tuple[int, list[str]]]:
    """The same, each row with the line it ends in; `strict` refuses a quotation mark that is not closed."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=strict)
    rows = []
    try:
        for row in reader:
            if max(map(len, row), default=0) > MAX_CELL:
                raise error(f"{name}, up to line {reader.line_num}: {TOO_LONG}.")
            rows.append((reader.line_num, row))
    except csv.Error as problem:
        long = "field larger" in str(problem)
        said = (
            TOO_LONG if long else f"it cannot be read as comma-separated values ({problem}); export it again"
        )
        # the reader has counted the lines before the one that it gave up
        raise error(f"{name}, after line {reader.line_num - 1}: {said}.") from None
    return rows
