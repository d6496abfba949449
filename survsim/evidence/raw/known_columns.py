"""Columns of raw tables that nothing reads: a name that is misspelt, or has a blank before it, would lose its cells."""

from __future__ import annotations

from pathlib import Path

from survsim.core.errors import EvidenceError
from survsim.core.file_faults import meant
from survsim.evidence.raw.csv_text import header_of
from survsim.evidence.raw.declared import FOLDER, NEEDED
from survsim.evidence.raw.literature import TYPED_COLUMN, TYPED_FORMAT, WITH_STUDIES, literature_sets
from survsim.evidence.schema.catalogue import tables

OF_THE_GROUP = ("treatment_class",)
"""Columns of the group that stand beside its numbers, under names of their own."""
TYPED_ONLY = tuple(
    name for name in TYPED_FORMAT if name not in ("endpoint", "measure", "value", "n_arm", "p_value", "place")
)
"""Columns of the typed format under names that the schema does not have."""
TAKES_THE_PLACE = {
    "time_months": ("time",),
    "n_events": ("n_event",),
    "stage_group": ("stage",),
    "comparator_arm_id": ("comparator",),
    "adjusted": ("adjustment", "adjusted_for"),
    "ci_lower": ("conf_low", "conf_low_note"),
    "ci_upper": ("conf_high", "conf_high_note"),
    "ci_level": ("conf_level", "conf_note"),
    "measure": ("value_unit",),
    "p_value": ("p_qualifier", "p_note"),
    "place": ("route",),
}
"""Columns of the schema that the typed format fills from another: typed beside it, their cells would be written over."""
ALSO_READ = {
    "topics": ("estimate_id", "topic", "state", "event_detail", "time_origin"),
    "annotations": ("by",),
}
"""Columns that are read, or kept as the record of a decision, of tables that no curated table is."""
NOTES = ("note", "comment")
"""Columns that any raw table may have for whoever types it; nothing reads them where the schema has no such column."""


def unknown_columns(raw: Path) -> dict[str, tuple[str, ...]]:
    """By path below `raw`: each column that nothing reads, in words, with the name that may be meant."""
    found = {}
    for path, known, taken in _tables(raw):
        columns = header_of(path, root=raw)
        wrong = [_told(c, known, taken) for c in columns if c not in known or c in taken]
        if wrong:
            found[path.relative_to(raw).as_posix()] = tuple(wrong)
    return found


def refuse_unknown_columns(raw: Path) -> None:
    """Raise `EvidenceError` naming every column whose cells would be lost."""
    found = unknown_columns(raw)
    if found:
        lines = "\n".join(f"raw/{path}: {'; '.join(wrong)}" for path, wrong in found.items())
        raise EvidenceError(
            f"columns that nothing reads, so that their cells would be lost:\n{lines}\n{REMEDY}"
        )


REMEDY = "Correct the name, remove the column, or call it note, which is for whoever types the table."


def _tables(raw: Path) -> list[tuple[Path, tuple[str, ...], dict[str, str]]]:
    """Each raw table that is read, the columns that it may have, and those that another takes the place of."""
    schema = tables()
    found: list[tuple[Path, tuple[str, ...], dict[str, str]]] = []
    sets = literature_sets(raw)
    for name in ("studies", *WITH_STUDIES, "cases"):
        for path in sorted((raw / "literature").glob(f"*/{name}.csv")):
            if name != "cases" and path.parent not in sets:
                continue  # of a set without its studies no row is read, which is told by itself
            own = schema[name].names if name in schema else ()
            typed = name == "estimates" and TYPED_COLUMN in header_of(path, root=raw)
            if name == "estimates":
                own = (*own, *schema["arms"].names, *OF_THE_GROUP, *(TYPED_ONLY if typed else ()))
            taken = {c: by for by, columns in TAKES_THE_PLACE.items() for c in columns} if typed else {}
            found.append((path, (*own, *ALSO_READ.get(name, ()), *NOTES), taken))
    for path in sorted((raw / "case").glob("*timeline.csv")):
        found.append((path, (*schema["case_timeline"].names, *NOTES), {}))
    for name, needed in NEEDED.items():
        path = raw / FOLDER / f"{name}.csv"
        if path.is_file():
            own = schema[name].names if name in schema else ()
            found.append((path, (*needed, *own, *ALSO_READ.get(name, ()), *NOTES), {}))
    return found


def _told(column: str, known: tuple[str, ...], taken: dict[str, str]) -> str:
    if column in taken:
        return f"{column!r} is filled from {taken[column]} in the typed format (the table has a column {TYPED_COLUMN})"
    if not column.strip():
        return "a column without a name (write.csv(..., row.names = FALSE) writes none)"
    return f"{column!r}{meant(column, known)}"
