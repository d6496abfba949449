"""A hash of everything that decides the numbers of a simulation, and of nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from survsim._version import __version__
from survsim.simulation.laws.schema import Checked

RESULT_FORMAT = "survsim-simulation/1"


def fingerprint(job: Any) -> str:
    """SHA-256 of a job: model, sizes, seed, what is looked at, and the version; the block size is left out."""
    content = {f.name: getattr(job, f.name) for f in dataclasses.fields(job) if f.name not in _NOT_NUMBERS}
    text = json.dumps([RESULT_FORMAT, __version__, plain(content)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


_NOT_NUMBERS = ("block_cells", "patient_folder")


def plain(item: Any) -> Any:
    """`item` as nested lists, dictionaries, numbers and text; equal content gives equal plain content."""
    if item is None or isinstance(item, bool | int | float | str):
        return item
    if isinstance(item, Checked):
        return [type(item).__name__, {name: plain(value) for name, value in item}]
    if isinstance(item, np.ndarray):
        array = np.ascontiguousarray(item)
        return ["array", list(array.shape), str(array.dtype), hashlib.sha256(array.tobytes()).hexdigest()]
    if isinstance(item, np.generic):
        return item.item()
    if isinstance(item, Mapping):
        return {str(k): plain(v) for k, v in item.items()}
    if isinstance(item, tuple | list):
        return [plain(v) for v in item]
    if dataclasses.is_dataclass(item):
        fields = {f.name: plain(getattr(item, f.name)) for f in dataclasses.fields(item)}
        return [type(item).__name__, fields]
    return [type(item).__name__, str(item)]
