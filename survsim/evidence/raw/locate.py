"""Where the evidence of this study lies: the folder one stands in, or the tables that came with survsim."""

from __future__ import annotations

import importlib.metadata
import os
from dataclasses import dataclass
from pathlib import Path

from survsim.core.errors import EvidenceError

PACKAGE_FILE = "datapackage.json"
CURATED = "curated"
INSTALLED_IN = Path(__file__).resolve().parents[3]
"""The folder that holds the package: a checkout, ``site-packages``, or what ``pip install --target`` was given."""
WORDS_FILE = "allowed_words.csv"
"""Beside the sets: what each column may hold, written with the empty rows of a new study."""
PENDING = ".pending"
"""A change that is made but not yet in place; the next command that writes completes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFolder:
    """A data folder: `root` holds ``datapackage.json`` and ``curated/`` (and ``raw/`` in a study)."""

    root: Path

    @property
    def curated(self) -> Path:
        """The folder of curated tables."""
        return self.root / CURATED

    @property
    def raw(self) -> Path:
        """The folder of files as typed from the sources."""
        return self.root / "raw"

    @property
    def package(self) -> Path:
        """The descriptor with schema and checksums: beside the tables while a swap is being finished."""
        inner = self.curated / PACKAGE_FILE
        return inner if inner.is_file() else self.root / PACKAGE_FILE


def find_study(start: str | os.PathLike[str] | None = None) -> Path | None:
    """The nearest folder upwards from `start` (default: the working directory) that is a study."""
    here = Path(start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if _is_data(folder / "data"):
            return folder
    return None


def data_folder(path: str | os.PathLike[str] | None = None) -> DataFolder:
    """The data folder meant by `path`: a study, its data folder, its curated folder, or None to search."""
    if path is not None:
        return DataFolder(root=_given(Path(path)))
    study = find_study()
    if study is not None:
        return DataFolder(root=study / "data")
    for folder in (*_shipped(), INSTALLED_IN / "data"):
        if _is_data(folder):
            return DataFolder(root=folder)
    raise EvidenceError(
        "no evidence was found: neither a study (a folder with data/curated) upwards from here, nor the tables "
        "that come with survsim. Stand in a study, pass its path, or make one with survsim new NAME."
    )


def _given(path: Path) -> Path:
    for folder in (path / "data", path, path.parent):
        if (folder / CURATED).is_dir() or (folder / "raw").is_dir():
            return folder
    what = "has no curated/ or raw/ folder" if path.exists() else "does not exist"
    raise EvidenceError(f"{path} {what}; pass a study folder or its data folder.")


def _is_data(folder: Path) -> bool:
    # Many projects have a folder data/raw; only one with literature or a curated set is a study of ours.
    return (folder / CURATED / "estimates.csv").is_file() or (folder / "raw" / "literature").is_dir()


def _shipped() -> list[Path]:
    """Where the tables installed under ``share/survsim`` may be: where the record of the installation says, and beside the package.

    ``pip install --target`` moves the files after it wrote the record, which then names a folder that never was.
    """
    try:
        files = importlib.metadata.files("survsim") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    recorded = [
        Path(str(file.locate())).resolve().parent
        for file in files
        if file.name == PACKAGE_FILE and file.parent.name == "survsim"
    ]
    return [*recorded, INSTALLED_IN / "share" / "survsim"]
