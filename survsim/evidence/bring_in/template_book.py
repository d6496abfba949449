"""The spreadsheet for a new study: heads with notes, words to choose from, and colour on every cell still to be filled."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from survsim.evidence.bring_in.spreadsheet import NEEDED, WORDS_SHEET
from survsim.evidence.bring_in.template_lists import Choice
from survsim.evidence.raw.sets import typed_columns
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.table import Column
from survsim.evidence.schema.typed import NUMERIC

SHEETS = ("studies", "estimates")
LAST_ROW = 500
"""Rows of a template whose cells are prepared: text cells as text, words to choose from."""
COLOUR = "FFE08A"
"""Of cells that must be filled."""
WITH_HORIZON = ("survival_probability", "rmst")
WITH_UNIT = ("median", "mean", "rmst", "rate", "person_time")
"""Measures whose row says to when, and in what unit."""
Lists = Mapping[tuple[str, str], Choice]


def book_bytes(study_id: str, lists: Lists) -> bytes:
    """The workbook with the first row of each sheet begun."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    sheets = {name: book.create_sheet(name) for name in SHEETS}
    words = book.create_sheet(WORDS_SHEET)
    place = 1
    begun = {
        "studies": {"study_id": study_id},
        "estimates": {"estimate_id": f"{study_id}_e01", "study_id": study_id},
    }
    for name, sheet in sheets.items():
        columns = [tables()[name].column(column) for column in typed_columns(name)]
        for position, column in enumerate(columns, start=1):
            _head(sheet, position, column, name)
            choice = lists.get((name, column.name))
            if choice is not None:
                _choices(sheet, position, column.name, choice, words, place)
                place += 1
        _colours(sheet, name, [column.name for column in columns])
        for position, column in enumerate(columns, start=1):
            if column.name in begun[name]:
                sheet.cell(2, position).value = begun[name][column.name]
        sheet.freeze_panes = "B2"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _head(sheet: Any, position: int, column: Column, table: str) -> None:
    """Head with a note, and cells as text where they hold text."""
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    needed = column.name in NEEDED[table]
    head = sheet.cell(1, position, column.name)
    head.font = Font(bold=True)
    if needed:
        head.fill = PatternFill("solid", fgColor=COLOUR)
    must = "Must be filled. " if needed else ""
    sometimes = f"Must be filled {_sometimes(column.name)}. " if _sometimes(column.name) else ""
    reached = (
        " NR, NE and not reached are taken." if column.name in ("value", "conf_low", "conf_high") else ""
    )
    unit = f" ({column.unit})" if column.unit else ""
    head.comment = Comment(f"{must}{sometimes}{column.description}{unit}{reached}", "survsim")
    sheet.column_dimensions[get_column_letter(position)].width = max(12, len(column.name) + 3)
    if column.kind not in NUMERIC:
        for row in range(2, LAST_ROW + 1):
            # As text, so that no range becomes a date.
            sheet.cell(row, position).number_format = "@"


def _sometimes(column: str) -> str:
    """When a cell must be filled that need not always be."""
    return {
        "time": f"for {' and '.join(WITH_HORIZON)}",
        "value_unit": f"for {', '.join(WITH_UNIT)}",
        "conf_level": "beside an interval",
    }.get(column, "")


def _choices(sheet: Any, position: int, name: str, choice: Choice, words: Any, place: int) -> None:
    """A list to choose from, its words in a column of the sheet of words."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    letter, source = get_column_letter(position), get_column_letter(place)
    for row, word in enumerate((name, *choice.words), start=1):
        words.cell(row, place, word)
    listed = DataValidation(
        type="list",
        formula1=f"={WORDS_SHEET}!${source}$2:${source}${len(choice.words) + 1}",
        allow_blank=True,
        showErrorMessage=choice.strict,
    )
    listed.error = "Choose one of the words of the list."
    listed.add(f"{letter}2:{letter}{LAST_ROW}")
    sheet.add_data_validation(listed)


def _colours(sheet: Any, table: str, names: list[str]) -> None:
    """Every cell that must be filled is coloured while it is empty, in each row that has been begun."""
    from openpyxl.formatting.rule import FormulaRule
    from openpyxl.styles import PatternFill
    from openpyxl.utils import get_column_letter

    letters = {name: get_column_letter(i) for i, name in enumerate(names, start=1)}
    last = get_column_letter(len(names))
    begun = f"COUNTA($A2:${last}2)>0"
    rules = {name: begun for name in names if name in NEEDED[table]}
    if table == "estimates":
        rules |= {
            "time": _is_one_of(letters["measure"], WITH_HORIZON),
            "value_unit": _is_one_of(letters["measure"], WITH_UNIT),
            "conf_level": f"AND(COUNTA(${letters['conf_low']}2,${letters['conf_high']}2)>0,"
            f'${letters["conf_note"]}2<>"level_not_stated")',
        }
    fill = PatternFill("solid", bgColor=COLOUR, fgColor=COLOUR)
    for name, needed in rules.items():
        letter = letters[name]
        sheet.conditional_formatting.add(
            f"{letter}2:{letter}{LAST_ROW}",
            FormulaRule(formula=[f"AND({needed},LEN(TRIM({letter}2))=0)"], fill=fill),
        )


def _is_one_of(letter: str, words: tuple[str, ...]) -> str:
    listed = ",".join(f'${letter}2="{word}"' for word in words)
    return f"OR({listed})"
