"""CSV that a person put beside a declared file: each row as wide as the line of names, and each name once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from survsim.core.csv_rows import numbered_rows, without_separator
from survsim.core.errors import InputError, ScenarioError
from survsim.core.files import read_regular

SHOWN = 120
"""Letters of a row that are shown."""


@dataclass(frozen=True, slots=True)
class NamedRows:
    """The rows of a file.

    Attributes
    ----------
    name : of the file, for messages.
    columns : names of its first line.
    lines, cells : for each row that is not empty, the line it stands in and its cells by column, without blanks around.
    """

    name: str
    columns: tuple[str, ...]
    lines: tuple[int, ...]
    cells: tuple[dict[str, str], ...]


def csv_text(path: Path) -> str:
    """The text of a CSV file, of which a byte-order mark is no part.

    Raises
    ------
    ScenarioError : no such file, or one that is not text in UTF-8.
    """
    try:
        return read_regular(path).decode("utf-8-sig")
    except FileNotFoundError:
        raise ScenarioError(
            f"{path.name} cannot be read: there is no such file beside the scenario."
        ) from None
    except InputError as error:
        raise ScenarioError(str(error)) from None
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{path.name} cannot be read as text in UTF-8 ({error}).") from None


def named_rows(text: str, name: str) -> NamedRows:
    """The rows of a CSV text, comma-separated.

    A cell too many is how a decimal comma shows (``50,0,200``), a cell too few how a lost one does: neither is passed over.

    Parameters
    ----------
    text : the content; name : what messages call the file.

    Raises
    ------
    ScenarioError : no line of names, a name that is empty or stands twice, a row wider or narrower than the line of names,
        a quotation mark that is not closed.

    Example
    -------
    >>> named_rows("age,rate\\n50, 0.01\\n", "m.csv").cells
    ({'age': '50', 'rate': '0.01'},)
    """
    text, told = without_separator(text)
    if told not in (None, ","):
        raise ScenarioError(
            f"{name} parts its cells by {told!r}; save it with commas, and decimals with a point."
        )
    before = 0 if told is None else 1
    rows = [(line + before, row) for line, row in numbered_rows(text, name, error=ScenarioError, strict=True)]
    found = [(line, row) for line, row in rows if any(cell.strip() for cell in row)]
    if not found:
        raise ScenarioError(f"{name} holds no line of names; begin it with the names of its columns.")
    head = [cell.strip() for cell in found[0][1]]
    _refuse_names(head, name)
    for line, row in found[1:]:
        if len(row) != len(head):
            raise ScenarioError(
                f"{name}, line {line}: {len(row)} cells where the line of names has {len(head)} ({','.join(row)[:SHOWN]}). "
                "Write decimals with a point, and a cell for each column."
            )
    return NamedRows(
        name,
        tuple(head),
        tuple(line for line, _ in found[1:]),
        tuple({key: cell.strip() for key, cell in zip(head, row)} for _, row in found[1:]),
    )


def _refuse_names(head: list[str], name: str) -> None:
    twice = list(dict.fromkeys(column for column in head if head.count(column) > 1 and column))
    if "" in head:
        raise ScenarioError(f"{name}: a column of the line of names is empty; give each column a name.")
    if twice:
        raise ScenarioError(
            f"{name}: the column {', '.join(twice)} stands there more than once; give each column a name of its own."
        )
