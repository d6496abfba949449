"""The run folder of a simulation: finished chunks on disk, so that a killed run goes on where it was."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from survsim._version import __version__
from survsim.core.errors import ScenarioError
from survsim.core.files import atomic_open, write_json
from survsim.simulation.chunks import Chunk, ChunkSums, Job
from survsim.simulation.fingerprint import RESULT_FORMAT, fingerprint

_FIELDS = ("sums", "products", "counts")


class RunFolder:
    """Chunks of one run below a folder: ``run.json`` says of which run, ``chunks/`` holds its parts.

    Raises
    ------
    ScenarioError
        if the folder holds another run, or the disk cannot take a chunk.
    """

    def __init__(self, path: str | Path, job: Job) -> None:
        self.path = Path(path)
        self._chunks = self.path / "chunks"
        content = {
            "format": RESULT_FORMAT,
            "version": __version__,
            "fingerprint": fingerprint(job),
            "patients": job.patients,
            "draws": job.draws,
            "seed": job.seed,
        }
        try:
            self._claim(content)
        except OSError as error:
            raise self._full(error) from None

    def _claim(self, content: dict[str, Any]) -> None:
        note = self.path / "run.json"
        if not note.exists():
            self._chunks.mkdir(parents=True, exist_ok=True)
            write_json(note, content)
            return
        found = json.loads(note.read_text(encoding="utf-8"))
        for key in ("format", "version"):
            if found.get(key) != content[key]:
                raise ScenarioError(
                    f"{self.path.name} holds a run of {key} {found.get(key)!r}; this is {content[key]!r}. "
                    "Runs are not mixed: give another folder, or resume with the version that began it."
                )
        differ = [k for k in ("patients", "draws", "seed") if found.get(k) != content[k]]
        if found.get("fingerprint") != content["fingerprint"]:
            what = ", ".join(f"{k} {found.get(k)} there, {content[k]} asked for" for k in differ)
            raise ScenarioError(
                f"{self.path.name} holds another run ({what or 'the model or the strategies changed'}). "
                "Give another folder, or go back to what the run began with."
            )

    def load(self, chunk: Chunk) -> ChunkSums | None:
        """A finished chunk, or None if it is missing or damaged (it is then made again)."""
        file = self._file(chunk)
        if not file.exists():
            return None
        try:
            # opened here, because np.load leaves a damaged archive open
            with file.open("rb") as handle, np.load(handle, allow_pickle=False) as stored:
                return ChunkSums(**{name: stored[name] for name in _FIELDS})
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            file.unlink(missing_ok=True)
            return None

    def has(self, chunk: Chunk) -> bool:
        """Whether a chunk is there and whole."""
        return self._file(chunk).exists() and self.load(chunk) is not None

    def store(self, chunk: Chunk, part: ChunkSums) -> None:
        """Write a finished chunk, whole or not at all."""
        try:
            with atomic_open(self._file(chunk), "wb") as file:
                np.savez(file, **{name: getattr(part, name) for name in _FIELDS})
        except OSError as error:
            raise self._full(error) from None

    def _file(self, chunk: Chunk) -> Path:
        return self._chunks / f"{chunk.number:06d}.npz"

    def _full(self, error: OSError) -> ScenarioError:
        return ScenarioError(
            f"{self.path} cannot be written ({error.strerror or error}). What is finished there is whole; "
            "make room and run again with the same folder to go on."
        )
