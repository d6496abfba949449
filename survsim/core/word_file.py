"""Tables as Word files (python-docx): rules above and below, no lines between, figures to the right."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from survsim.core import files
from survsim.core.cells import HIDDEN, as_text
from survsim.core.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


LETTER, EDGES, WIDEST = 0.078, 0.16, 44
"""Inches of a letter of nine points and of the edges of a cell; letters of a line that is not broken."""


def write_word(
    path: str | os.PathLike[str],
    frame: pd.DataFrame,
    number: Callable[[float], str],
    *,
    title: str = "",
    notes: Sequence[str] = (),
) -> None:
    """The frame as a table of a .docx file, written whole or not at all; `number` writes a number.

    Raises
    ------
    InputError : a table without columns, or a file that another program keeps from being written.
    """
    import docx

    if not len(frame.columns):
        raise InputError("a table without columns has nothing to print.")
    document = docx.Document()
    document.styles["Normal"].font.name, document.styles["Normal"].font.size = "Arial", docx.shared.Pt(9)
    if title:
        document.add_paragraph().add_run(_plain(title)).bold = True
    _add_table(document, frame, number)
    for note in notes:
        document.add_paragraph().add_run(_plain(note)).font.size = docx.shared.Pt(8)
    try:
        with files.atomic_open(path, "wb") as file:
            document.save(file)
    except PermissionError:
        raise InputError(
            f"{path} cannot be written; if it is open in another program, close it there; else choose a folder you may write to."
        ) from None


def _add_table(document: Any, frame: pd.DataFrame, number: Callable[[float], str]) -> None:
    numeric = [kind.kind in "iuf" for kind in frame.dtypes]
    table = document.add_table(rows=1, cols=len(numeric))
    _fill(table.rows[0], [str(c) for c in frame.columns], numeric, bold=True)
    for row in frame.itertuples(index=False, name=None):
        shown = [as_text(v, number if n else str) for v, n in zip(row, numeric)]
        _fill(table.add_row(), shown, numeric)
    _set_widths(document, table)
    _rule(table.rows[0], "top", 8)
    _rule(table.rows[0], "bottom", 4)
    _rule(table.rows[-1], "bottom", 8)
    _repeat_head(table.rows[0])


def dress_table(table: Any, heads: int, shares: Sequence[float]) -> None:
    """Give a table of a document its rules, its repeated heads and columns of given shares of the page's width.

    Parameters
    ----------
    table : of python-docx, with its rows.
    heads : rows of its head, which come again on each page.
    shares : of the width between the margins, one a column.
    """
    from docx.oxml import OxmlElement

    section = table.part.document.sections[0]
    room = section.page_width - section.left_margin - section.right_margin
    table.autofit = False
    for column, share in zip(table.columns, shares):
        column.width = round(room * share)
        for cell in column.cells:
            cell.width = round(room * share)
    _rule(table.rows[0], "top", 8)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for row in table.rows[:heads]:
        _repeat_head(row)
    if heads:
        _rule(table.rows[heads - 1], "bottom", 4)
    _rule(table.rows[-1], "bottom", 8)


def _fill(row: Any, texts: Sequence[str], numeric: Sequence[bool], *, bold: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    for cell, text, right in zip(row.cells, texts, numeric):
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_after = Pt(1)
        # An indented label ("  stage II") keeps its indent, which Word drops from text.
        paragraph.paragraph_format.left_indent = Pt(8) if text.startswith("  ") else Pt(0)
        paragraph.add_run(_plain(text).strip()).bold = bold
        if right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _set_widths(document: Any, table: Any) -> None:
    """Columns as wide as their words need, on a page turned sideways where upright has no room for the longest words."""
    from docx.shared import Inches

    columns = [[cell.text for cell in column.cells] for column in table.columns]
    least = [
        LETTER * (1 + max(len(w) for text in texts for w in (text.split() or [""]))) + EDGES
        for texts in columns
    ]
    whole = [LETTER * (1 + min(WIDEST, max(map(len, texts)))) + EDGES for texts in columns]
    section = document.sections[0]
    if sum(least) > (section.page_width - section.left_margin - section.right_margin) / 914400:
        section.page_width, section.page_height = section.page_height, section.page_width
        section.orientation = 1
    room = (section.page_width - section.left_margin - section.right_margin) / 914400
    spare = max(0.0, min(1.0, (room - sum(least)) / max(sum(whole) - sum(least), 1e-9)))
    shrink = min(1.0, room / sum(least))
    widths = [Inches(shrink * low + spare * max(high - low, 0.0)) for low, high in zip(least, whole)]
    table.autofit = False
    for column, width in zip(table.columns, widths):
        column.width = width
        for cell in column.cells:
            cell.width = width


def _rule(row: Any, side: str, eighths: int) -> None:
    """A line above or below a row, in eighths of a point."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for cell in row.cells:
        properties = cell._tc.get_or_add_tcPr()
        borders = properties.find(qn("w:tcBorders"))
        if borders is None:
            borders = OxmlElement("w:tcBorders")
            properties.append(borders)
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", str(eighths)), ("color", "1C2024")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)


def _repeat_head(row: Any) -> None:
    """The head comes again on each page."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def _plain(text: str) -> str:
    return HIDDEN.sub("", text)
