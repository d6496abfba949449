"""The evidence as other people use it: one folder with a spreadsheet, citations, tables of effects, and an archive."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from survsim._version import __version__
from survsim.core import files as files_of_ours
from survsim.core.display import displayed
from survsim.core.errors import InputError
from survsim.evidence.ask.store import load_evidence
from survsim.evidence.hand_out.archive import archive_files
from survsim.evidence.hand_out.book import evidence_book
from survsim.evidence.raw.locate import data_folder
from survsim.interop.effect_tables import metafor_tables, revman_table

MARK = "survsim_export.txt"
"""Names a folder as one that an export made, which another export may replace; lists what was written."""
LEFT_BY_DESKTOPS = (".DS_Store", "Thumbs.db", "desktop.ini")
"""Files that a desktop leaves in a folder that was looked at."""
SHOWN = 10
"""Files that are named in a message."""


@displayed
@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceExport:
    """What was written: the folder, its files, and what somebody must settle before the archive is passed on."""

    folder: Path
    files: tuple[str, ...]
    open_questions: tuple[str, ...]


def export_evidence(
    folder: str | os.PathLike[str], path: str | os.PathLike[str] | None = None, *, replace: bool = False
) -> EvidenceExport:
    """Write the evidence for others, whole or not at all.

    ``evidence.xlsx`` has all tables; ``references.bib`` and ``.ris`` the studies; ``metafor.csv`` every number with an
    error on its analysis scale (``rma(yi, vi, data = read.csv("metafor.csv"))`` after choosing rows) and
    ``metafor_left_out.csv`` the others with the reason; ``revman.csv`` contrasts of treatments as generic inverse-variance
    rows; ``archive/`` is a folder for a repository of data: tables, descriptor, terms, card and checksums. No cell of any
    of them runs as a formula: an apostrophe stands before a sign that would begin one, in CSV also after a semicolon, a tab or
    a line end inside a cell, where a spreadsheet of another language parts the line.

    Parameters
    ----------
    folder : where to write; made if it is not there.
    path : a study folder or its data folder; default the nearest study, or the tables that came with survsim.
    replace : take the place of an earlier export; a folder that holds anything else is never touched. Where `folder` is a
        link, the folder that it leads to is the one written.

    Returns
    -------
    EvidenceExport

    Raises
    ------
    InputError : a folder that is there and holds something, be it a single file that no export wrote beside an earlier
        export.
    EvidenceError : tables that cannot be loaded.

    Example
    -------
    >>> import tempfile, pathlib, survsim
    >>> done = survsim.evidence.export_evidence(pathlib.Path(tempfile.mkdtemp()) / "for_others")
    >>> "metafor.csv" in done.files, "archive/SHA256SUMS" in done.files
    (True, True)
    """
    # what a link leads to is written, and the link stays
    target = Path(os.path.realpath(folder)) if Path(folder).is_symlink() else Path(folder)
    _put_back(target)
    _refuse_taken(target, replace)
    data = data_folder(path)
    store = load_evidence(path)
    references = store.references()
    archive, questions = archive_files(store, data, __version__)
    numbers, left_out = metafor_tables(store)
    about = (
        ("tables of", "curated evidence"),
        ("checksum", store.checksum),
        ("written by", f"survsim {__version__}"),
    )
    files = {
        "evidence.xlsx": evidence_book(store, about),
        "references.bib": references.to_bibtex().encode("utf-8"),
        "references.ris": references.to_ris().encode("utf-8"),
        "metafor.csv": numbers,
        "metafor_left_out.csv": left_out,
        "revman.csv": revman_table(store),
    } | {f"archive/{name}": content for name, content in archive.items()}
    files[MARK] = _mark(store.checksum, files)
    _refuse_foreign(target, files)
    _write(target, files)
    return EvidenceExport(folder=target, files=tuple(files), open_questions=questions)


def _put_back(target: Path) -> None:
    """An earlier export that a killed process had moved aside, and not yet replaced, is put back; its room is swept."""
    for room in sorted(target.parent.glob(f".{target.name}.export_*")):
        if not target.exists() and (room / "before").is_dir():
            with contextlib.suppress(OSError), files_of_ours.locked(room, 0.0) as free:
                if free:
                    (room / "before").rename(target)
    files_of_ours.sweep(target.parent, f".{target.name}.export_*")


def _refuse_taken(target: Path, replace: bool) -> None:
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file; name a folder.")
    if not target.is_dir() or not any(target.iterdir()):
        return
    if not (target / MARK).is_file():
        raise InputError(f"{target} holds other files; name a folder that is empty or not there.")
    if not replace:
        raise InputError(
            f"{target} holds an earlier export; say --replace (replace=True), or name another folder."
        )


def _mark(checksum: str, files: Iterable[str]) -> bytes:
    """What was written, from which tables: a later export replaces these files and no others."""
    return "\n".join([f"survsim {__version__}, tables {checksum}", *sorted(files), ""]).encode()


def _refuse_foreign(target: Path, files: Iterable[str]) -> None:
    """Refuse a folder with files that neither the earlier export wrote nor this one would."""
    if not target.is_dir():
        return
    mark = target / MARK
    own = {
        *files,
        MARK,
        *(mark.read_text(encoding="utf-8", errors="replace").splitlines() if mark.is_file() else ()),
    }
    foreign = sorted(
        p.relative_to(target).as_posix()
        for p in target.rglob("*")
        if (p.is_symlink() or not p.is_dir() or not any(p.iterdir())) and p.name not in LEFT_BY_DESKTOPS
    )
    foreign = [name for name in foreign if name not in own]
    if foreign:
        more = f" and {len(foreign) - SHOWN} more" if len(foreign) > SHOWN else ""
        raise InputError(
            f"{target} holds what no export wrote ({', '.join(map(repr, foreign[:SHOWN]))}{more}), and a folder is "
            "replaced whole; nothing was written. Move it elsewhere, or name another folder."
        )


def _write(target: Path, files: dict[str, bytes]) -> None:
    """Everything beside the target first, then in its place in one step; the room is locked while it is used."""
    rooms = f".{target.name}.export_"
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=rooms, dir=target.parent) as room,
        files_of_ours.locked(Path(room), 0.0),
    ):
        made = Path(room) / "made"
        for name, content in files.items():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            (made / name).write_bytes(content)
        if target.exists():
            target.rename(Path(room) / "before")
        try:
            made.rename(target)
        except OSError:
            if (Path(room) / "before").exists():
                (Path(room) / "before").rename(target)
            raise
