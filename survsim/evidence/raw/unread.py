"""Files below data/raw that nothing reads: a table whose name is not quite one, in a place where none is looked for."""

from __future__ import annotations

import difflib
from pathlib import Path

from survsim.core.errors import EvidenceError
from survsim.evidence.raw.declared import FOLDER, NEEDED, Declared
from survsim.evidence.raw.literature import WITH_STUDIES
from survsim.evidence.raw.locate import WORDS_FILE

SETS = ("studies", *WITH_STUDIES, "cases")
"""Tables of a literature set."""
SHEETS = (".csv", ".tsv", ".xlsx", ".xls", ".ods")
"""Kinds of file that a table comes in; notes, papers and pictures may lie where they like."""
NEAR = 0.8
"""Likeness from which one name is taken for a slip of the pen in another."""


def unread(raw: Path, declared: Declared | None) -> dict[str, str]:
    """Files with rows that nothing reads, by their path below `raw`, each with the file that may be meant (or "").

    A declared table of a name of its own is a record of how the evidence was made, and is left alone unless its name is
    nearly that of a table, and so is the list of words that this package writes beside the sets. Patient-level files are read by name from the declared `patient_columns` and `patient_outcomes`.
    """
    found = {}
    patients = (
        {r["file"] for t in ("patient_columns", "patient_outcomes") for r in declared.rows(t)}
        if declared
        else None
    )
    for path in sorted(p for p in raw.rglob("*") if p.is_file() and p.suffix.lower() in SHEETS):
        place = path.relative_to(raw)
        if any(part.startswith((".", "~$")) for part in place.parts):
            continue
        kind, inner = place.parts[0], place.parts[1:]
        if kind == "literature":
            if inner != (WORDS_FILE,) and not (
                len(inner) == 2 and path.suffix == ".csv" and path.stem in SETS
            ):
                found[place.as_posix()] = _meant(path, SETS)
        elif kind == FOLDER:
            known = len(inner) == 1 and path.name in _files(tuple(NEEDED))
            if not known and _near(path, tuple(NEEDED)):
                found[place.as_posix()] = _meant(path, tuple(NEEDED))
        elif kind == "ipd" and patients is not None and Path(*inner).as_posix() not in patients:
            found[place.as_posix()] = _meant(path, tuple(Path(name).stem for name in patients))
    return found


def told(path: str, meant: str) -> str:
    """What is wrong with a file that nothing reads, and what to do."""
    if meant:
        return f"Nothing reads it, for tables are found by their names: call it {meant}, or move it out of data/raw."
    if path.startswith("ipd/"):
        return (
            "Nothing reads it: name its columns in data/raw/declared/patient_columns.csv and its outcomes in "
            "patient_outcomes.csv, or move it out of data/raw."
        )
    if path.startswith("literature/"):
        return (
            f"Nothing reads it: a set, data/raw/literature/<set>/, holds {', '.join(_files(SETS))}. Bring its rows in with "
            "survsim data import, or move it out of data/raw."
        )
    return "Nothing reads it, and a table of nearly its name is there; move it out of data/raw."


def refuse_misnamed(raw: Path, declared: Declared) -> None:
    """Raise `EvidenceError` where a table would be left out for its name alone."""
    wrong = {path: meant for path, meant in unread(raw, declared).items() if meant}
    for path, meant in wrong.items():
        raise EvidenceError(f"raw/{path}: {told(path, meant)}")


def _files(names: tuple[str, ...]) -> list[str]:
    return [f"{name}.csv" for name in names]


def _near(path: Path, names: tuple[str, ...]) -> str:
    """The table whose name is nearly this file's; empty where none is."""
    return next(iter(difflib.get_close_matches(path.stem.strip().lower(), names, 1, NEAR)), "")


def _meant(path: Path, names: tuple[str, ...]) -> str:
    """The file that is meant by this name; empty where no name is near, or where that file is there too."""
    name = f"{_near(path, names)}.csv"
    return "" if name == ".csv" or path.with_name(name).exists() else name
