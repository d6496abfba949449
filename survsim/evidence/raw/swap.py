"""Replacing a set of tables in one step.

The new set, with its descriptor, is written into a folder beside the old one. Then the two folders change
names in one system call where the system has it (Linux), else by two renames that are undone or completed
when the folder is next opened. Last the descriptor moves out of the new folder to its place; until then
readers use the one inside. A reader therefore always finds one whole set.
"""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

from survsim.core import files
from survsim.evidence.raw.locate import PACKAGE_FILE, DataFolder

_NEXT = ".curated.next"
_OLD = ".curated.old"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def replace_folder(folder: DataFolder, tables: dict[str, bytes], descriptor: bytes) -> bool:
    """Make `folder.curated` hold exactly `tables` and the descriptor fit them; False if nothing changed."""
    finish(folder)
    if _same(folder, tables, descriptor):
        return False
    new = folder.root / _NEXT
    shutil.rmtree(new, ignore_errors=True)
    for name, data in {**tables, PACKAGE_FILE: descriptor}.items():
        with files.atomic_open(new / name, "wb") as file:
            file.write(data)
    if folder.curated.is_dir():
        _exchange(new, folder.curated)
    else:
        new.rename(folder.curated)
    finish(folder)
    return True


def finish(folder: DataFolder) -> None:
    """Complete what an interrupted replacement left: a descriptor inside, an old set beside."""
    new = folder.root / _NEXT
    if not folder.curated.is_dir() and (new / PACKAGE_FILE).is_file():
        new.rename(folder.curated)
    inner = folder.curated / PACKAGE_FILE
    if inner.is_file():
        inner.replace(folder.root / PACKAGE_FILE)
    shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(folder.root / _OLD, ignore_errors=True)


def _same(folder: DataFolder, tables: dict[str, bytes], descriptor: bytes) -> bool:
    if not folder.curated.is_dir() or {p.name for p in folder.curated.iterdir()} != set(tables):
        return False
    if not folder.package.is_file() or folder.package.read_bytes() != descriptor:
        return False
    return all((folder.curated / name).read_bytes() == data for name, data in tables.items())


def exchange(new: Path, old: Path) -> None:
    """Let two folders change names; `old` may be missing."""
    if old.is_dir():
        _exchange(new, old)
    else:
        old.parent.mkdir(parents=True, exist_ok=True)
        new.rename(old)


def _exchange(new: Path, old: Path) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if hasattr(library, "renameat2"):
        done = library.renameat2(_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(old), _RENAME_EXCHANGE)
        if done == 0:
            return
    spare = old.with_name(_OLD)
    shutil.rmtree(spare, ignore_errors=True)
    old.rename(spare)
    new.rename(old)
    shutil.rmtree(spare, ignore_errors=True)
