"""All tables as one spreadsheet: a sheet a table, numbers as numbers, text as text, the meaning of a column as its note."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from survsim.core.cells import HIDDEN
from survsim.core.files import room_for_a_book
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.typed import NUMERIC

if TYPE_CHECKING:
    import pandas as pd

    from survsim.evidence.ask.store import EvidenceStore
    from survsim.evidence.schema.table import Table

LONGEST = 32_767
"""Characters that a cell of a spreadsheet can hold."""


def evidence_book(store: EvidenceStore, about: tuple[tuple[str, str], ...]) -> bytes:
    """The tables of a store as .xlsx; the first sheet holds `about`, pairs of words, and what each sheet is."""
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    buffer = io.BytesIO()
    with room_for_a_book():
        cover = book.create_sheet("about")
        for pair in (*about, *((name, table.description) for name, table in tables().items())):
            cover.append([_text(cover, word) for word in pair])
        for name, table in tables().items():
            _sheet(book.create_sheet(name), table, store.table(name))
        book.save(buffer)
    return buffer.getvalue()


def _sheet(sheet: Any, table: Table, frame: pd.DataFrame) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.comments import Comment
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "B2"
    heads = []
    for column in table.columns:
        head = WriteOnlyCell(sheet, value=column.name)
        head.font = Font(bold=True)
        unit = f" ({column.unit})" if column.unit else ""
        head.comment = Comment(f"{column.description}{unit}", "survsim")
        heads.append(head)
    sheet.append(heads)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{len(frame) + 1}"
    numeric = [column.kind in NUMERIC for column in table.columns]
    for row in frame.itertuples(index=False, name=None):
        sheet.append([_number(c) if n else _text(sheet, c) for c, n in zip(row, numeric)])


def _number(cell: float) -> float | int | None:
    if cell != cell:
        return None
    return int(cell) if float(cell).is_integer() else float(cell)


def _text(sheet: Any, cell: object) -> Any:
    """A cell that is text whatever it begins with, and that a click does not turn into a formula; blank if empty."""
    from openpyxl.cell import WriteOnlyCell

    if str(cell) == "":
        return None
    made = WriteOnlyCell(sheet, value=HIDDEN.sub("", str(cell))[:LONGEST])
    made.data_type = "s"
    made.number_format = "@"
    made.quotePrefix = True
    return made
