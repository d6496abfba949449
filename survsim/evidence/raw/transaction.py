"""One change of a study's data: raw files and the tables made from them, all of it or nothing.

Under the lock of the data folder everything new is written into a folder beside, which then gets the name
``.pending`` in one step: from there on the change is made, whatever happens. It is put in place file by file, and
what a killed process had still to put in place the next command that writes does first. The curated set changes
names with the new one in one system call (Linux), so that a reader always finds a whole set.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from survsim.core import files
from survsim.core.errors import EvidenceError, EvidenceWarning, warn
from survsim.evidence.raw.locate import CURATED, PACKAGE_FILE, PENDING, DataFolder

WAIT = 60.0
"""Seconds for which a command waits until another has written; one that writes takes two."""
_BEFORE = "before.json"
_OLD = ".curated.old"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2

RawFiles = dict[str, bytes]
"""New content by path below the raw folder, with slashes."""


@contextlib.contextmanager
def writing(folder: DataFolder) -> Iterator[None]:
    """Alone with the data folder, after what a killed command left has been completed.

    Raises
    ------
    EvidenceError : another command kept the folder for a minute, or the disk cannot take the change.
    """
    try:
        with files.locked(folder.root, WAIT) as free:
            if not free:
                raise EvidenceError(
                    f"another survsim command has been writing to {folder.root} for {WAIT:.0f} seconds; nothing was "
                    "written. Wait until it ends, or end it, and repeat."
                )
            complete(folder)
            yield
    except OSError as problem:
        begun = (folder.root / PENDING).is_dir()
        raise EvidenceError(
            f"the data in {folder.root} cannot be changed ({problem.strerror or problem}"
            f"{f': {problem.filename}' if problem.filename else ''}); "
            + ("the change is whole on the disk and will be completed" if begun else "nothing was changed")
            + ". Make room or give leave to write, and repeat the command."
        ) from None


def replace(folder: DataFolder, raw: RawFiles, curated: dict[str, bytes] | None, descriptor: bytes) -> bool:
    """Put raw files in place and, unless None, the curated set with its descriptor; False if nothing changed.

    To be called inside `writing`.
    """
    raw = {path: data for path, data in raw.items() if _bytes(folder.raw / path) != data}
    if curated is not None and _same(folder, curated, descriptor):
        curated = None
    if not raw and curated is None:
        return False
    with room(folder, "new") as new:
        for path, data in raw.items():
            _write(new / "raw" / path, data)
        for name, data in ({**curated, PACKAGE_FILE: descriptor} if curated is not None else {}).items():
            _write(new / CURATED / name, data)
        before = {path: _sha(folder.raw / path) for path in raw}
        _write(new / _BEFORE, json.dumps(before).encode())
        new.rename(folder.root / PENDING)
    complete(folder)
    return True


@contextlib.contextmanager
def room(folder: DataFolder, name: str) -> Iterator[Path]:
    """The path of a folder to make beside the tables, gone afterwards; what was there is removed."""
    path = folder.root / f".{name}.part"
    shutil.rmtree(path, ignore_errors=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def complete(folder: DataFolder) -> None:
    """Put in place what a change had still to put in place; each step may be the last and is then done again."""
    pending = folder.root / PENDING
    if pending.is_dir():
        edited = _edited(folder, pending)
        if edited:
            warn(
                f"a change of {folder.root} that was interrupted is given up, because raw/{edited} was edited since. "
                "Repeat what was interrupted.",
                EvidenceWarning,
            )
        else:
            _put_in_place(folder, pending)
    inner = folder.curated / PACKAGE_FILE
    if inner.is_file():
        inner.replace(folder.root / PACKAGE_FILE)
    for left in (pending, folder.root / _OLD, *folder.root.glob(".*.part")):
        shutil.rmtree(left, ignore_errors=True)


def _put_in_place(folder: DataFolder, pending: Path) -> None:
    for new in sorted((pending / "raw").rglob("*")):
        if new.is_file():
            target = folder.raw / new.relative_to(pending / "raw")
            target.parent.mkdir(parents=True, exist_ok=True)
            new.replace(target)
    tables = pending / CURATED
    # The descriptor is inside the new set until it has changed places with the old one.
    if (tables / PACKAGE_FILE).is_file():
        _exchange(tables, folder.curated)


def _edited(folder: DataFolder, pending: Path) -> str:
    """A raw file still to be replaced that is not what it was when the change was made; empty if there is none."""
    note = pending / _BEFORE
    before: dict[str, str] = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
    for path, was in before.items():
        if (pending / "raw" / path).is_file() and _sha(folder.raw / path) != was:
            return path
    return ""


def _same(folder: DataFolder, tables: dict[str, bytes], descriptor: bytes) -> bool:
    if not folder.curated.is_dir() or {p.name for p in folder.curated.iterdir()} != set(tables):
        return False
    if _bytes(folder.package) != descriptor:
        return False
    return all(_bytes(folder.curated / name) == data for name, data in tables.items())


def _exchange(new: Path, old: Path) -> None:
    """Let two folders change names; `old` may be missing."""
    if not old.is_dir():
        new.rename(old)
        return
    library = ctypes.CDLL(None, use_errno=True)
    if hasattr(library, "renameat2"):
        done = library.renameat2(_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(old), _RENAME_EXCHANGE)
        if done == 0:
            return
    spare = old.with_name(_OLD)
    shutil.rmtree(spare, ignore_errors=True)
    old.rename(spare)
    new.rename(old)


def _write(path: Path, data: bytes) -> None:
    with files.atomic_open(path, "wb") as file:
        file.write(data)


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _sha(path: Path) -> str:
    return files.file_sha256(path) if path.is_file() else ""
