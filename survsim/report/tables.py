"""Tables for reports: a title, units in the heads, figures aligned, notes below."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim.core import cells, files
from survsim.core.checks import between, require_columns
from survsim.core.door import with_doors
from survsim.core.errors import InputError
from survsim.core.kinds import object_array
from survsim.core.names import HEADS
from survsim.core.result import format_number
from survsim.core.word_file import write_word

if TYPE_CHECKING:
    import pandas as pd

MISSING = "–"
NOT_STATED = "not stated"
"""Head of the rows whose group is missing."""
UNNAMED = "survsim-table-without-name"


@with_doors
class Table:
    """A table that a notebook shows; made by `table`."""

    __slots__ = ("frame", "html", "notes", "title")

    def __init__(self, html: str, frame: pd.DataFrame, title: str = "", notes: Sequence[str] = ()) -> None:
        self.html = html
        self.frame = frame
        self.title = title
        self.notes = tuple(notes)

    def _repr_html_(self) -> str:
        return self.html

    def to_latex(self) -> str:
        """The table as a `tabular` with the rules of booktabs; every sign of its text is printed, none run."""
        return cells.latex_table(self.frame, format_number)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the table whole or not at all, with its title and notes where the kind of file has a place for them.

        Parameters
        ----------
        path : ``name.docx`` for Word, ``name.html``, ``name.tex`` (a tabular) or ``name.csv``.

        Raises
        ------
        InputError : another kind of file.
        """
        suffix = Path(path).suffix.lower()
        if suffix == ".docx":
            write_word(path, self.frame, format_number, title=self.title, notes=self.notes)
        elif suffix in (".html", ".htm"):
            files.write_text(path, f'<!doctype html>\n<meta charset="utf-8">\n{self.html}\n')
        elif suffix == ".tex":
            files.write_text(path, self.to_latex())
        elif suffix == ".csv":
            files.write_text(
                path, cells.for_spreadsheets(self.frame).to_csv(index=False, lineterminator="\n")
            )
        else:
            raise InputError(f"tables are saved as .docx, .html, .tex or .csv; got {str(path)!r}.")

    def __repr__(self) -> str:
        return self.frame.to_string(index=False)


def table(
    frame: pd.DataFrame,
    *,
    title: str = "",
    labels: Mapping[str, str] | None = None,
    decimals: int | Mapping[str, int] = 2,
    group: str | None = None,
    notes: Sequence[str] | str = (),
    missing: str = MISSING,
) -> Table:
    """Show a frame as a table of a paper.

    Parameters
    ----------
    frame : the rows.
    title : above the table.
    labels : column -> head; only these columns are shown, in this order. All columns if None.
    decimals : for numbers, of all columns or by column; whole columns stay whole.
    group : column whose values head blocks of rows; those without one stand under "not stated".
    notes : lines below the table.
    missing : text for cells without a value.

    Returns
    -------
    Table : shown as HTML by a notebook, as text in a terminal.

    Raises
    ------
    InputError : `labels` or `group` that name a column the frame lacks.

    Example
    -------
    >>> import pandas as pd
    >>> from survsim.report import table
    >>> table(pd.DataFrame({"arm": ["a"], "months": [3.21]}), decimals=1)
    arm  months
      a    3.21
    """
    for count in decimals.values() if isinstance(decimals, Mapping) else (decimals,):
        decimal_places(count)
    heads = (
        dict(labels)
        if labels is not None
        else {str(c): HEADS.get(str(c), str(c).replace("_", " ")) for c in frame.columns}
    )
    if not frame.columns.is_unique:
        raise InputError("a table has each column once; rename those that stand there twice.")
    require_columns(frame, [*heads, *([group] if group is not None else [])])
    names = [*([group] if group is not None and group not in heads else []), *heads]
    # by place: pandas 3 makes text of a list of names, and text cannot hold half a sign
    places = [list(frame.columns).index(name) for name in names]
    shown = frame.reset_index(drop=True).iloc[:, places]
    shown, group = _printed(shown), None if group is None else cells.in_utf8(group)
    heads = {cells.in_utf8(c): cells.in_utf8(str(head)) for c, head in heads.items()}
    title, missing = cells.in_utf8(title), cells.in_utf8(missing)
    lines = [cells.in_utf8(line) for line in ([notes] if isinstance(notes, str) else notes)]
    made = _build(shown, heads, decimals, group, missing)
    made = made.tab_header(title=title) if title else made
    for line in lines:
        made = made.tab_source_note(line)
    return Table(_named(_looks(made).as_raw_html()), shown, title, lines)


def printed_as_it_is(frame: pd.DataFrame, *, title: str = "", notes: Sequence[str] | str = ()) -> Table:
    """A table whose cells and heads are finished: names that are the user's data keep each letter."""
    return table(frame, labels={c: c for c in frame.columns}, title=title, notes=notes, missing="")


def _printed(shown: pd.DataFrame) -> pd.DataFrame:
    """The table with cells and names that a page can hold: no half signs, no signalling NaN, whose comparison is an error."""
    out = shown.rename(columns=lambda name: cells.in_utf8(name) if isinstance(name, str) else name)
    for k, kind in enumerate(out.dtypes):
        if kind.kind not in "biufcmM":
            column = [_cell(value) for value in out.iloc[:, k]]
            if any(new is not old for new, old in zip(column, out.iloc[:, k])):
                out.isetitem(k, object_array(column))
    return out


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        made = cells.in_utf8(value)
        return value if made == value else made
    return None if isinstance(value, Decimal) and value.is_snan() else value


def decimal_places(decimals: Any) -> int:
    """How many decimals are shown, 0 to 15: a float has no more."""
    found = between("decimals", decimals, 0, 15, open_ends=False)
    if found != int(found):
        raise InputError(f"decimals must be a whole number; got {decimals!r}.")
    return int(found)


def _named(page: str) -> str:
    """The table under a name made of what it shows: the library would name it at random."""
    return page.replace(UNNAMED, "t" + hashlib.sha256(page.encode()).hexdigest()[:10])


def _build(
    shown: pd.DataFrame,
    heads: Mapping[str, str],
    decimals: int | Mapping[str, int],
    group: str | None,
    missing: str,
) -> Any:
    import great_tables

    headed = _headed(shown, decimals, group)
    made = great_tables.GT(_indented(headed), id=UNNAMED, groupname_col=group)
    for column in headed.columns:
        if headed[column].dtype.kind in "if":
            places = _places(headed[column], decimals)
            made = made.fmt_number(columns=[column], decimals=places, use_seps=False)
    made = made.sub_missing(missing_text=missing)
    return made.cols_label({c: heads[c] for c in heads if c != group})


def _places(column: pd.Series, decimals: int | Mapping[str, int]) -> int:
    """Decimals of a column of numbers; whole ones stay whole."""
    numbers = np.asarray(column.dropna(), dtype=float)
    if (np.floor(numbers) == numbers)[np.isfinite(numbers)].all():
        return 0
    return decimals.get(str(column.name), 2) if isinstance(decimals, Mapping) else decimals


def _headed(shown: pd.DataFrame, decimals: int | Mapping[str, int], group: str | None) -> pd.DataFrame:
    """The table with a head for the rows that have no group: the library knows no gap among heads."""
    if group is None or not shown[group].isna().any():
        return shown
    heads = shown[group]
    written = f"{{:.{_places(heads, decimals)}f}}".format if heads.dtype.kind in "if" else str
    words = [NOT_STATED if gap else written(head) for head, gap in zip(heads.tolist(), heads.isna())]
    out = shown.copy()
    out[group] = object_array(words)
    return out


def _indented(shown: pd.DataFrame) -> pd.DataFrame:
    """Labels that stand under another ("  stage II") with a blank that a browser does not swallow."""
    out = shown.copy()
    for k, kind in enumerate(out.dtypes):
        if kind.kind not in "biufcmM" and kind.name != "category":
            out.isetitem(
                k,
                [
                    f"\u2003{v[2:]}" if isinstance(v, str) and v.startswith("  ") else v
                    for v in out.iloc[:, k]
                ],
            )
    return out


def _looks(made: Any) -> Any:
    return made.tab_options(
        table_width="100%",
        table_font_size="13px",
        table_font_color="#1c2024",
        heading_align="left",
        heading_title_font_size="14px",
        heading_title_font_weight="bold",
        heading_border_bottom_style="none",
        table_border_top_color="#1c2024",
        table_border_bottom_color="#1c2024",
        column_labels_font_weight="bold",
        column_labels_border_top_style="none",
        column_labels_border_bottom_color="#1c2024",
        column_labels_border_bottom_width="1px",
        table_body_hlines_color="#eceef0",
        row_group_font_weight="bold",
        row_group_border_top_color="#d9dde1",
        row_group_border_bottom_color="#d9dde1",
        data_row_padding="4px",
        source_notes_font_size="12px",
    )
