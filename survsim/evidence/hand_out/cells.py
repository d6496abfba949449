"""Tables for other programs: cells as they are, none that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from survsim.core.cells import not_run
from survsim.evidence.raw.conversions import is_number


def safe(cell: object) -> str:
    """The cell as text; what would run is led by an apostrophe, after a separator inside it too; a missing number is empty."""
    text = "" if cell is None or cell != cell else str(cell)
    return text if is_number(text) else not_run(text)


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table for other programs: UTF-8 with a line of names, cells that no spreadsheet runs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([safe(c) for c in row] for row in rows)
    return out.getvalue().encode("utf-8")
