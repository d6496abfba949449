"""A simulation result on disk: JSON for what was run, Parquet for the arrays, CSV for people."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from survsim._version import __version__
from survsim.core.cells import for_spreadsheets
from survsim.core.errors import InputError
from survsim.core.files import atomic_open, file_sha256, read_json, refuse_taken, write_json, write_text
from survsim.core.provenance import Nodes, from_nodes
from survsim.core.result import Result
from survsim.simulation.declared.fingerprint import RESULT_FORMAT
from survsim.simulation.outcomes.covariances import Covariances

S = TypeVar("S", bound=Result)

_PLAIN = ("n_patients", "n_draws", "seed", "horizon", "time_unit", "conf_level", "fingerprint")
_LISTS = ("strategies", "labels", "states", "death_states", "measures", "taus")
_LATER = ("units", "lower_is_better")
"""Lists that files of earlier versions lack."""
_OF_COHORTS = ("notes", "beside")
"""Lists that results of cohorts alone have."""
_IN_CYCLES = "in_cycles"
"""What is only written where it holds."""
_ARRAYS = ("counts", "means", "mc_covariance", "grid")


def save_simulation(simulation: Result, path: str | os.PathLike[str]) -> None:
    """Write ``result.json``, one Parquet file an array and ``outcomes.csv`` to a folder, each whole or not.

    Equal results give equal bytes.
    """
    folder = refuse_no_folder(path)
    refuse_foreign(folder)
    for name in _ARRAYS:
        _write_array(folder / f"{name}.parquet", getattr(simulation, name))
    write_text(
        folder / "outcomes.csv",
        for_spreadsheets(simulation.to_frame()).to_csv(index=False, lineterminator="\n"),
    )
    nodes = Nodes()
    root = simulation.provenance.to_nodes(nodes)
    content = {
        "format": RESULT_FORMAT,
        "version": __version__,
        "checksums": {name: file_sha256(folder / f"{name}.parquet") for name in _ARRAYS},
        "shapes": {name: list(getattr(simulation, name).shape) for name in _ARRAYS},
        "provenance": {"root": root, "nodes": nodes},
        **{name: getattr(simulation, name) for name in _PLAIN},
        **{name: list(getattr(simulation, name)) for name in _LISTS + _LATER},
        **{name: list(getattr(simulation, name)) for name in _OF_COHORTS if hasattr(simulation, name)},
        **({_IN_CYCLES: True} if getattr(simulation, _IN_CYCLES) else {}),
    }
    # last, so that a folder with result.json is complete
    write_json(folder / "result.json", content | {"checksum": _checksum(content)})


def refuse_no_folder(path: str | os.PathLike[str]) -> Path:
    """The folder that a simulation is to be saved to; refused where it is, or would lie below, a file.

    Asked before hours of work as well as when they are to be written.

    Raises
    ------
    InputError : the name of a file, or a place where a file stands.
    """
    folder = Path(path)
    if folder.suffix in (".csv", ".json", ".parquet"):
        raise InputError(f"a simulation is saved to a folder; got the file name {str(path)!r}.")
    for place in (folder, *folder.parents):
        if place.exists() and not place.is_dir():
            raise InputError(
                f"a simulation is saved to a folder; {str(place)!r} is a file. Give another name, or move the file away."
            )
    return folder


NUMBERS = "numbers.npy"
"""What the numbers of a run are kept in, beside its chunks."""
_NAMES = (*(f"{name}.parquet" for name in _ARRAYS), "outcomes.csv", "result.json", "run.json", NUMBERS)


def refuse_foreign(folder: Path) -> None:
    """Refuse a folder in which somebody else's files have the names of those of a run or of its result."""
    begun = (folder / "chunks").is_dir() and (folder / NUMBERS).is_file()
    ours = begun or any(_format(folder / name) == _KIND for name in ("run.json", "result.json"))
    refuse_taken(folder, _NAMES, ours, "simulation")


_KIND = RESULT_FORMAT.partition("/")[0]
"""What a result of any version is known by."""


def _format(note: Path) -> str:
    try:
        content = read_json(note)
    except (OSError, ValueError):
        return ""
    return str(content.get("format")).partition("/")[0] if isinstance(content, dict) else ""


def load_simulation(kind: type[S], path: str | os.PathLike[str]) -> S:
    """Read a folder that `save_simulation` wrote, as a result of class `kind`.

    Raises
    ------
    InputError
        if the folder holds no complete result, one of another format, or files that changed since.
    """
    folder = Path(path)
    note = folder / "result.json"
    if not note.is_file():
        raise InputError(
            f"{folder} holds no finished result (no result.json); simulate with out={str(path)!r}."
        )
    try:
        content = read_json(note)
    except ValueError:
        raise InputError(_changed(note, "it is not JSON")) from None
    if not isinstance(content, dict):
        raise InputError(_changed(note, f"it holds {type(content).__name__}, not the keys of a result"))
    if content.get("format") != RESULT_FORMAT:
        raise InputError(
            f"{folder.name} holds results of format {content.get('format')!r} (survsim {content.get('version')}); "
            f"this is survsim {__version__} with {RESULT_FORMAT!r}. Simulate again, or read it with that version."
        )
    _check_content(content, note)
    arrays: dict[str, Any] = {}
    for name in _ARRAYS:
        file = folder / f"{name}.parquet"
        if not file.is_file() or file_sha256(file) != content["checksums"][name]:
            raise InputError(f"{file} is missing or changed since it was written; simulate again.")
        arrays[name] = _read_array(file, content["shapes"][name])
    try:
        provenance = from_nodes(content["provenance"]["root"], content["provenance"]["nodes"])
    except (KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(_changed(note, "its provenance cannot be read")) from None
    _check_sum(content, note)
    lists: dict[str, Any] = {name: tuple(content[name]) for name in _LISTS}
    lists |= {name: tuple(content.get(name, ())) for name in _LATER}
    lists |= {name: tuple(content.get(name, ())) for name in _OF_COHORTS if hasattr(kind, name)}
    plain: dict[str, Any] = {name: content[name] for name in _PLAIN}
    plain[_IN_CYCLES] = bool(content.get(_IN_CYCLES, False))
    covariances = Covariances(arrays.pop("mc_covariance"))
    fields: dict[str, Any] = {"covariances": covariances, **arrays, **lists, **plain}
    return kind(provenance=provenance, **fields)


def _check_sum(content: dict[str, Any], note: Path) -> None:
    """Refuse a result whose values are not those that were written; files of earlier versions alone carry no checksum."""
    if "checksum" not in content and _release(content["version"]) < _release(__version__):
        return
    if "checksum" not in content:
        raise InputError(_changed(note, "its checksum was taken out"))
    if content.pop("checksum") != _checksum(content):
        raise InputError(_changed(note, "its checksum does not fit"))


def _checksum(content: dict[str, Any]) -> str:
    """Of the values that are written, as `write_json` writes them."""
    kept = {name: value for name, value in content.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _check_content(content: dict[str, Any], note: Path) -> None:
    """Refuse a result of a newer version, and one from which keys were taken."""
    version = content.get("version")
    if not isinstance(version, str) or not re.match(r"\d+(\.\d+)*", version):
        raise InputError(_changed(note, f"its version reads {version!r}, not text such as {__version__!r}"))
    if _release(version) > _release(__version__):
        raise InputError(
            f"{note.parent.name} was written by survsim {version}; this is {__version__}, which may read it wrongly. "
            "Install that version, or simulate again."
        )
    missing = [key for key in ("checksums", "shapes", "provenance", *_PLAIN, *_LISTS) if key not in content]
    tables = [content.get(key) for key in ("checksums", "shapes")]
    if not missing and not all(isinstance(t, dict) and set(_ARRAYS) <= set(t) for t in tables):
        missing = [f"{key} of {', '.join(_ARRAYS)}" for key in ("checksums", "shapes")]
    missing += [key for key in _LISTS if key in content and not isinstance(content[key], list)]
    if missing:
        raise InputError(_changed(note, f"it lacks {', '.join(missing)}"))


def _release(version: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _changed(note: Path, fault: str) -> str:
    return f"{note} was changed after it was written: {fault}. Simulate again."


def _write_array(path: Path, array: np.ndarray) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    with atomic_open(path, "wb") as file:
        parquet.write_table(pa.table({"value": array.ravel()}), file)


def _read_array(path: Path, shape: list[int]) -> np.ndarray:
    from pyarrow import parquet

    values = parquet.read_table(path)["value"].to_numpy()
    try:
        return values.reshape(shape)
    except (ValueError, TypeError):
        raise InputError(
            _changed(path.parent / "result.json", f"{path.name} is not of shape {shape}")
        ) from None
