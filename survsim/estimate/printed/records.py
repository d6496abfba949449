"""Rows as they are given: a selection from the evidence, its records, or mappings."""

from __future__ import annotations

from typing import Any

from survsim.core.errors import InputError


def records_of(rows: Any) -> Any:
    """The records of a selection; anything else as it is.

    A table is refused by name: its columns do not say which numbers belong together.
    """
    records = getattr(rows, "records", None)
    if records is not None:
        return records
    if hasattr(rows, "columns") and hasattr(rows, "iloc"):
        raise InputError(
            "a table came where rows are wanted. Give the selection itself (evidence.select(...)) or its .records; of a "
            "table of your own, table.to_dict('records') with the argument names of the function as columns."
        )
    return rows
