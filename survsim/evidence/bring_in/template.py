"""Empty rows for a new study: as CSV in the raw tables, or as a spreadsheet with the allowed words to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from survsim.core import files
from survsim.core.errors import EvidenceError
from survsim.core.files import room_for_a_book
from survsim.evidence.bring_in.spreadsheet import NEEDED
from survsim.evidence.bring_in.template_book import book_bytes
from survsim.evidence.bring_in.template_lists import lists_of
from survsim.evidence.raw import transaction
from survsim.evidence.raw.declared import Row
from survsim.evidence.raw.locate import WORDS_FILE, DataFolder
from survsim.evidence.raw.sets import (
    RawTable,
    checked_name,
    choose_set,
    merge,
    set_of_study,
    typed_columns,
    write_unchecked,
)
from survsim.evidence.schema.catalogue import tables
from survsim.evidence.schema.table import Column

SHEETS = ("studies", "estimates")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What was written for a new study: files, and the set its rows belong to."""

    files: tuple[Path, ...]
    words: Path | None
    set_name: str


def add_study(folder: DataFolder, study_id: str, *, set_name: str | None = None) -> Template:
    """Append one row to studies.csv and one to estimates.csv of a set, ready to be filled in."""
    with transaction.writing(folder):
        _refuse_known(folder, study_id)
        chosen = choose_set(folder.raw, set_name)
        merged = merge(folder.raw, chosen, _rows(study_id), all_columns=True)
        write_unchecked(folder, {chosen: merged.files}, {WORDS_FILE: allowed_words().to_bytes()})
    literature = folder.raw / "literature"
    written = tuple(literature / chosen / name for name in merged.files)
    return Template(files=written, words=literature / WORDS_FILE, set_name=chosen)


def add_study_book(folder: DataFolder, study_id: str, path: Path, *, set_name: str | None = None) -> Template:
    """Write a spreadsheet for a new study; nothing of the study folder changes until it is imported."""
    _refuse_known(folder, study_id)
    chosen = choose_set(folder.raw, set_name)
    if path.suffix != ".xlsx":
        raise EvidenceError(f"a spreadsheet is written as .xlsx; got {path.name}.")
    if path.exists():
        raise EvidenceError(
            f"{path} is there already; it is not overwritten. Rename it or choose another name."
        )
    with files.atomic_open(path, "wb") as file, room_for_a_book():
        file.write(book_bytes(study_id, lists_of(folder.raw)))
    return Template(files=(path,), words=None, set_name=chosen)


def allowed_words() -> RawTable:
    """One row a column that a person types: what it means, whether it must be filled, the words it may hold."""
    columns = ("table", "column", "must_be_filled", "kind", "unit", "allowed", "meaning")
    rows = []
    for name in SHEETS:
        for column in _columns(name):
            needed = "yes" if column.name in NEEDED[name] else ""
            cells = (
                name,
                column.name,
                needed,
                column.kind,
                column.unit,
                " ".join(column.allowed),
                column.description,
            )
            rows.append(dict(zip(columns, cells)))
    return RawTable(columns=columns, rows=tuple(rows))


def _refuse_known(folder: DataFolder, study_id: str) -> None:
    checked_name(study_id, "study")
    if not folder.raw.is_dir():
        raise EvidenceError(
            f"{folder.root} has no raw/ folder; studies are added to the raw tables of a study."
        )
    found = {known.lower(): at for known, at in set_of_study(folder.raw).items()}
    if study_id.lower() in found:
        raise EvidenceError(
            f"study {study_id} is there already, in raw/literature/{found[study_id.lower()]}/studies.csv; "
            "add numbers to it, or choose another id."
        )


def _rows(study_id: str) -> dict[str, list[Row]]:
    return {
        "studies": [{"study_id": study_id}],
        "estimates": [{"estimate_id": f"{study_id}_e01", "study_id": study_id}],
    }


def _columns(table: str) -> list[Column]:
    return [tables()[table].column(name) for name in typed_columns(table)]
