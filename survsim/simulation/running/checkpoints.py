"""The run folder of a simulation: finished chunks on disk, so that a killed run goes on where it was."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from survsim._version import __version__
from survsim.core.checks import FloatArray
from survsim.core.errors import ScenarioError
from survsim.core.files import atomic_open, open_regular, read_json, write_json
from survsim.simulation.declared.fingerprint import (
    RESULT_FORMAT,
    exact_name,
    fingerprint,
    numbers,
    same_numbers,
)
from survsim.simulation.outcomes.pieces import Chunk, ChunkSums, Job
from survsim.simulation.outcomes.storage import NUMBERS, refuse_foreign
from survsim.simulation.running.chunks import shapes
from survsim.simulation.running.writing import how_to_write

_FIELDS = ("sums", "products", "counts")
_SIZES = ("patients", "draws", "seed")
_DAMAGE = (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)


def read_note(folder: Path) -> dict[str, Any]:
    """Content of the ``run.json`` of a run folder: format, version, fingerprint, patients, draws, seed.

    Raises
    ------
    ScenarioError
        if it is cut off, not JSON in UTF-8, or without the sizes and the seed of a run.
    """
    note = folder / "run.json"
    try:
        found = read_json(note)
    except (OSError, ValueError):
        found = None
    whole = isinstance(found, dict) and all(type(found.get(key)) is int for key in _SIZES)
    if not isinstance(found, dict) or not whole:
        raise ScenarioError(
            f"{note} does not say of which run it is: it was cut off or changed after it was written. "
            f"Delete it and run again with --out {folder} and the sizes and the seed of that run: chunks that "
            "belong to it are used, others made again. Or give another folder."
        )
    return found


class RunFolder:
    """Chunks of one run below a folder: ``run.json`` says of which run, ``chunks/`` holds its parts.

    Each chunk file also names its run and its number, so that a chunk of another run, or one copied over
    another, is never taken for what it is not.

    Raises
    ------
    ScenarioError
        if the folder holds another run or a damaged ``run.json``, or the disk cannot take a chunk.
    """

    def __init__(self, path: str | Path, job: Job) -> None:
        self.path = Path(path)
        self._job = job
        self._chunks = self.path / "chunks"
        self._numbers = numbers(job)
        content = {
            "format": RESULT_FORMAT,
            "version": __version__,
            "fingerprint": fingerprint(job),
            "run": exact_name(job),
            "patients": job.patients,
            "draws": job.draws,
            "seed": job.seed,
        }
        try:
            self._run = self._claim(content)
        except OSError as error:
            raise self._full(error) from None

    def _claim(self, content: dict[str, Any]) -> str:
        """The name by which the chunks of this run know it: given by the machine that began it."""
        note = self.path / "run.json"
        if not note.exists():
            refuse_foreign(self.path)
            self._chunks.mkdir(parents=True, exist_ok=True)
            with atomic_open(self.path / NUMBERS, "wb") as file:
                # Through memory: numpy writes to a file of its own accord, and a disk that is full goes unnoticed there.
                kept = io.BytesIO()
                np.save(kept, self._numbers)
                file.write(kept.getvalue())
            write_json(note, content)
            return str(content["run"])
        found = read_note(self.path)
        for key in ("format", "version"):
            if found.get(key) != content[key]:
                raise ScenarioError(
                    f"{self.path.name} holds a run of {key} {found.get(key)!r}; this is {content[key]!r}. "
                    "Runs are not mixed: give another folder, or resume with the version that began it."
                )
        differ = [k for k in _SIZES if found.get(k) != content[k]]
        known = self._known_numbers()
        if known is None:
            raise ScenarioError(
                f"{self.path.name}: {NUMBERS} is lost or damaged, so that nobody can say which run stands there. Delete the "
                "folder, or give another."
            )
        if found.get("fingerprint") != content["fingerprint"] or not same_numbers(known, self._numbers):
            what = ", ".join(f"{k} {found.get(k)} there, {content[k]} asked for" for k in differ)
            raise ScenarioError(
                f"{self.path.name} holds another run ({what or 'the model or the strategies changed'}). "
                "Give another folder, or go back to what the run began with."
            )
        return str(found.get("run"))

    def _known_numbers(self) -> FloatArray | None:
        """The numbers the run began with; None where the file is lost or damaged."""
        try:
            with open_regular(self.path / NUMBERS) as file:
                return np.asarray(np.load(file, allow_pickle=False), dtype=np.float64)
        except _DAMAGE:
            return None

    def load(self, chunk: Chunk) -> ChunkSums | None:
        """A finished chunk, or None if it is missing, damaged or of another run (it is then made again)."""
        file = self._file(chunk)
        if not file.exists():
            return None
        try:
            # opened here, because np.load leaves a damaged archive open
            with open_regular(file) as handle, np.load(handle, allow_pickle=False) as stored:
                if self._named(chunk) == (str(stored["run"]), int(stored["number"])):
                    part = ChunkSums(**{name: stored[name] for name in _FIELDS})
                    if self._whole(chunk, part) and str(stored["checksum"]) == self._checksum(chunk, part):
                        return part
        except _DAMAGE:
            pass
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise self._full(error) from None
        return None

    def _whole(self, chunk: Chunk, part: ChunkSums) -> bool:
        """Whether the arrays are of the shapes and kinds that the chunk comes to, and hold numbers."""
        wanted = shapes(self._job, chunk)
        return bool(np.isfinite(part.sums).all() and np.isfinite(part.products).all()) and all(
            getattr(part, name).shape == wanted[name]
            and getattr(part, name).dtype == (np.int64 if name == "counts" else np.float64)
            for name in _FIELDS
        )

    def has(self, chunk: Chunk) -> bool:
        """Whether a chunk is there and whole."""
        return self._file(chunk).exists() and self.load(chunk) is not None

    def store(self, chunk: Chunk, part: ChunkSums) -> None:
        """Write a finished chunk, whole or not at all."""
        try:
            with atomic_open(self._file(chunk), "wb") as file:
                run, number = self._named(chunk)
                arrays = {name: getattr(part, name) for name in _FIELDS}
                checksum = np.array(self._checksum(chunk, part))
                np.savez(file, **arrays, run=np.array(run), number=np.array(number), checksum=checksum)
        except OSError as error:
            raise self._full(error) from None

    def _checksum(self, chunk: Chunk, part: ChunkSums) -> str:
        """Of the numbers of a chunk and what it says of itself: those that an archive's own sums cannot tell from others."""
        made = hashlib.sha256(repr(self._named(chunk)).encode())
        for name in _FIELDS:
            made.update(np.ascontiguousarray(getattr(part, name)).tobytes())
        return made.hexdigest()

    def _named(self, chunk: Chunk) -> tuple[str, int]:
        """What the file of a chunk must say of itself: the name of its run (with the seed), its number."""
        return self._run, chunk.number

    def _file(self, chunk: Chunk) -> Path:
        return self._chunks / f"{chunk.number:06d}.npz"

    def _full(self, error: OSError) -> ScenarioError:
        return ScenarioError(
            f"{self.path} cannot be written ({error.strerror or error}). What is finished there is whole; "
            f"{how_to_write(error)} and run again with the same folder to go on."
        )
