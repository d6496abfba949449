"""What a result was made from, as checksums: the data, the analysis's own files, the program."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import survsim
from survsim._version import __version__
from survsim.core import files
from survsim.report.study import Analysis, Study

MANIFEST = "manifest.json"
PACKAGE = Path(survsim.__file__).parent
ROOMS = ("kernels", "core", "estimate", "evidence", "simulation", "scenario")
"""The rooms a result depends on; figures and report change only what is shown."""


def tree_checksum(paths: Iterable[Path], base: Path) -> str:
    """SHA-256 over the names (relative to `base`) and contents of files, in the order of the names."""
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(f"{path.relative_to(base).as_posix()}\0{files.file_sha256(path)}\n".encode())
    return whole.hexdigest()


def analysis_checksum(analysis: Analysis) -> str:
    """Checksum of what a person wrote in analyses/<slug>: everything but results, front matter and hidden files."""
    folder = analysis.folder
    written = [
        p
        for p in folder.rglob("*")
        if p.is_file()
        and p.relative_to(folder).parts[0] not in ("results", "paper.yml")
        and not any(part.startswith((".", "__pycache__")) for part in p.relative_to(folder).parts)
    ]
    return tree_checksum(written, folder)


@functools.cache
def source_checksum(*rooms: str) -> str:
    """Checksum of the program: the files of some rooms of the package, or of all."""
    folders = [PACKAGE / room for room in rooms] if rooms else [PACKAGE]
    found = [
        p
        for folder in folders
        for p in folder.rglob("*")
        if p.suffix in {".py", ".css", ".j2", ".html", ".yml"}
    ]
    return tree_checksum(found, PACKAGE)


def data_checksum(study: Study) -> str:
    """Checksum of the evidence as the ledger of each analysis records it."""
    return str(survsim.load_evidence(study.data).checksum)


def strategies_checksum(study: Study) -> str:
    """Checksum of the files below data/ that are neither raw nor curated: strategies, for example."""
    rest = [
        p
        for p in study.data.rglob("*")
        if p.is_file() and p.relative_to(study.data).parts[0] not in {"raw", "curated"}
    ]
    return tree_checksum(rest, study.data)


def _as_read(other: Analysis) -> str:
    """Checksum of what a person wrote in another analysis and of the numbers it found, for one that reads them."""
    summary = other.results() / "summary.json"
    found = files.file_sha256(summary) if summary.is_file() else "no results yet"
    return hashlib.sha256(f"{analysis_checksum(other)}\n{found}\n".encode()).hexdigest()


def inputs_of(analysis: Analysis, *, quick: bool) -> dict[str, Any]:
    """Everything the results of an analysis depend on, as plain values."""
    read = {f"what {other.slug} holds": _as_read(other) for other in analysis.reads}
    return read | {
        "analysis": analysis_checksum(analysis),
        "data": data_checksum(analysis.study),
        "mode": "quick" if quick else "full",
        "source": source_checksum(*ROOMS),
        "strategies": strategies_checksum(analysis.study),
        "version": __version__,
    }


def write_manifest(folder: Path, inputs: dict[str, Any]) -> None:
    """Record in `folder` what its files were made from and what they are."""
    outputs = {
        p.relative_to(folder).as_posix(): files.file_sha256(p)
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != MANIFEST
    }
    files.write_json(folder / MANIFEST, {"inputs": inputs, "outputs": outputs})


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """What `write_manifest` recorded; None where there is no readable record."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        content = files.read_json(path)
    except ValueError:
        return None
    known = isinstance(content, dict) and all(isinstance(content.get(k), dict) for k in ("inputs", "outputs"))
    return content if known else None


def changed_outputs(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """Recorded files that are gone or hold something else now."""
    return [
        name
        for name, known in manifest["outputs"].items()
        if not (folder / name).is_file() or files.file_sha256(folder / name) != known
    ]
