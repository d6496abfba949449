"""All tables of the evidence by name."""

from __future__ import annotations

from survsim.evidence.schema import bias, curves, literature, patients, records
from survsim.evidence.schema.table import Table


def tables() -> dict[str, Table]:
    """All tables by name, in the order in which they are written and checked."""
    found = (*literature.TABLES, *curves.TABLES, *patients.TABLES, *records.TABLES, *bias.TABLES)
    return {t.name: t for t in found}
