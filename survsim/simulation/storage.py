"""A simulation result on disk: JSON for what was run, Parquet for the arrays, CSV for people."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from survsim._version import __version__
from survsim.core.errors import InputError
from survsim.core.files import atomic_open, file_sha256, write_json, write_text
from survsim.core.provenance import from_nodes
from survsim.simulation.fingerprint import RESULT_FORMAT

if TYPE_CHECKING:
    from survsim.simulation.outcomes import SimulationResult

_PLAIN = ("n_patients", "n_draws", "seed", "horizon", "time_unit", "conf_level", "fingerprint")
_LISTS = ("strategies", "labels", "states", "death_states", "measures", "taus")
_ARRAYS = ("counts", "means", "mc_covariance", "grid")


def save_simulation(simulation: SimulationResult, path: str | os.PathLike[str]) -> None:
    """Write ``result.json``, one Parquet file an array and ``outcomes.csv`` to a folder, each whole or not.

    Equal results give equal bytes.
    """
    folder = Path(path)
    if folder.suffix in (".csv", ".json", ".parquet"):
        raise InputError(f"a simulation is saved to a folder; got the file name {str(path)!r}.")
    for name in _ARRAYS:
        _write_array(folder / f"{name}.parquet", getattr(simulation, name))
    write_text(folder / "outcomes.csv", simulation.to_frame().to_csv(index=False, lineterminator="\n"))
    nodes: dict[str, Any] = {}
    root = simulation.provenance.to_nodes(nodes)
    content = {
        "format": RESULT_FORMAT,
        "version": __version__,
        "checksums": {name: file_sha256(folder / f"{name}.parquet") for name in _ARRAYS},
        "shapes": {name: list(getattr(simulation, name).shape) for name in _ARRAYS},
        "provenance": {"root": root, "nodes": nodes},
        **{name: getattr(simulation, name) for name in _PLAIN},
        **{name: list(getattr(simulation, name)) for name in _LISTS},
    }
    # last, so that a folder with result.json is complete
    write_json(folder / "result.json", content)


def load_simulation(path: str | os.PathLike[str]) -> SimulationResult:
    """Read a folder that `save_simulation` wrote.

    Raises
    ------
    InputError
        if the folder holds no complete result, one of another format, or files that changed since.
    """
    from survsim.simulation.outcomes import SimulationResult

    folder = Path(path)
    note = folder / "result.json"
    if not note.is_file():
        raise InputError(
            f"{folder} holds no finished result (no result.json); simulate with out={str(path)!r}."
        )
    try:
        content = json.loads(note.read_text(encoding="utf-8"))
    except ValueError:
        raise InputError(
            f"{note} is not JSON; it was changed after it was written. Simulate again."
        ) from None
    if content.get("format") != RESULT_FORMAT:
        raise InputError(
            f"{folder.name} holds results of format {content.get('format')!r} (survsim {content.get('version')}); "
            f"this is survsim {__version__} with {RESULT_FORMAT!r}. Simulate again, or read it with that version."
        )
    arrays: dict[str, Any] = {}
    for name in _ARRAYS:
        file = folder / f"{name}.parquet"
        if not file.is_file() or file_sha256(file) != content["checksums"][name]:
            raise InputError(f"{file} is missing or changed since it was written; simulate again.")
        arrays[name] = _read_array(file, content["shapes"][name])
    provenance = from_nodes(content["provenance"]["root"], content["provenance"]["nodes"])
    lists: dict[str, Any] = {name: tuple(content[name]) for name in _LISTS}
    plain: dict[str, Any] = {name: content[name] for name in _PLAIN}
    return SimulationResult(provenance=provenance, **arrays, **lists, **plain)


def _write_array(path: Path, array: np.ndarray) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    with atomic_open(path, "wb") as file:
        parquet.write_table(pa.table({"value": array.ravel()}), file)


def _read_array(path: Path, shape: list[int]) -> np.ndarray:
    from pyarrow import parquet

    return parquet.read_table(path)["value"].to_numpy().reshape(shape)
